"""Credits wait until it is known who earned them: nothing is lost, each is posted once, and a policy asks at its moments."""

from __future__ import annotations

import pytest
from tests.accounts.test_checking import NUMBER
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import accounts, audit, courses, creditbank, learning, ledger, policies
from guanxue.accounts import checking, identity, levels
from guanxue.accounts.events import IdentityRaised
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import writing
from guanxue.creditbank.recomputing import recompute
from guanxue.jobs.worker import run_one
from guanxue.policies.defaults import LIGHT_2

LEARNER, OTHER, OFFICER = "13800000001", "13800000002", "13800000003"
OFFICER_ID = 3


def fill(app, at="claim", level=2):
    """Two learners and an officer; a course under a policy that asks at that moment to be known so far."""
    with app.test_request_context(), writing():
        make_person(LEARNER)
        make_person(OTHER)
        make_person(OFFICER, "冯佩", "credit_officer")
        policies.publish_policy(SYSTEM, code="light", title="实名的课", effective_on=clock.today(),
                                numbers={**LIGHT_2, "identity_at": at, "identity_level": level})
        make_course(videos_ms=(3_000_000,))
    return app


@pytest.fixture
def known_site(bare_app):
    return fill(bare_app)


def person(person_id=1):
    return Actor("person", person_id)


def state(person_id=1, number=NUMBER):
    return identity.state_number(person(person_id), number, agrees=True).code


def see(person_id=1):
    """The officer looks at the paper that the person stated."""
    return checking.record_seen(
        Actor("person", OFFICER_ID, "冯佩", frozenset({"identify"})), person_id, levels.list_known(person_id)[0].document.code,
        number=NUMBER, place="窗口", looked_on=clock.today(), is_original=True, is_person=True)


def test_a_credit_waits_for_its_person_and_is_posted_once_when_they_are_known(any_app):
    site = fill(any_app)
    Learner(site, LEARNER).finish()
    with site.test_request_context(), writing():
        assert len(learning.list_completions(1)) == 1 and creditbank.balance(1) == 0
        waiting = creditbank.list_waiting(1)
        assert [(w.title, w.needed) for w in waiting] == [("安全测量", 2)] and waiting[0].amount > 0
        assert audit.list_lines(action="creditbank.credit.waits")[0].detail == {"for": "identity"}
        assert recompute()[1] == []
        state()
        assert creditbank.balance(1) == 0  # stated is not seen
    with site.test_request_context(), writing():
        see()
        assert creditbank.balance(1) == waiting[0].amount and creditbank.list_waiting(1) == []
        creditbank.settle_person(1)
        events.emit(IdentityRaised(1, 2))
        assert len(ledger.list_entries("completion")) == 1
        assert recompute()[1] == []


def test_what_was_earned_stays_when_a_check_is_withdrawn_and_what_comes_later_waits(known_site):
    site = known_site
    Learner(site, LEARNER).call("PUT", "/courses/safe-measuring/enrolment", 200)
    with site.test_request_context(), writing():
        state()
        check = see()
        checking.withdraw_check(Actor("person", OFFICER_ID, "冯佩", frozenset({"identify"})), 1, check.id, "看错了人")
    Learner(site, LEARNER).finish()
    with site.test_request_context(), writing():
        assert creditbank.balance(1) == 0
        see()
        earned = creditbank.balance(1)
        check = levels.list_known(1)[0].standing[-1]
        checking.withdraw_check(Actor("person", OFFICER_ID, "冯佩", frozenset({"identify"})), 1, check.id, "看错了人")
        assert creditbank.balance(1) == earned > 0 and recompute()[1] == []


def test_a_settling_that_fails_costs_no_level_and_a_job_makes_up_for_it(known_site, monkeypatch):
    site = known_site
    Learner(site, LEARNER).finish()
    with monkeypatch.context() as broken:
        def fail(_actor, _outcome):
            raise RuntimeError("the ledger is away")
        broken.setattr("guanxue.creditbank.service.credit", fail)
        with site.test_request_context(), writing():
            state()
            see()
    with site.test_request_context():
        assert accounts.level_of(1) == 2 and creditbank.balance(1) == 0
    while run_one(site, heavy=False):
        pass
    with site.test_request_context():
        assert creditbank.balance(1) > 0 and recompute()[1] == []


def test_the_learner_sees_what_waits_and_the_one_way_on(known_site):
    site = known_site
    Learner(site, LEARNER).finish()
    browser = Browser(site, LEARNER)
    quiz = browser.see("/learn/safe-measuring/quiz")
    assert "学分等你确认身份" in quiz and "学分已存入" not in quiz
    page = browser.see("/me/credits")
    assert "等你确认身份" in page and "安全测量" in page and "/me/settings/identity?next=/me/credits" in page
    told = Learner(site, LEARNER).call("GET", "/me/credits", 200)
    assert told["balance"] == 0 and told["waiting"][0]["for"] == "identity" and told["waiting"][0]["amount"] > 0
    with site.test_request_context(), writing():
        state()
        see()
    assert "等你确认身份" not in browser.see("/me/credits")
    assert Learner(site, LEARNER).call("GET", "/me/credits", 200)["waiting"] == []


@pytest.mark.parametrize(("at", "level", "opens"), [("enrol", 1, state), ("enrol", 2, lambda: (state(), see()))])
def test_joining_waits_for_the_level_and_leads_there_and_back(bare_app, at, level, opens):
    site = fill(bare_app, at, level)
    browser = Browser(site, LEARNER)
    browser.see("/courses/safe-measuring")
    answer = browser.client.post("/courses/safe-measuring/enrol", data={"csrf_token": browser.token},
                                 headers={"Referer": "http://localhost/courses/safe-measuring"})
    said = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "先确认身份" in said and "next=/courses/safe-measuring" in said
    refused = Learner(site, LEARNER).call("PUT", "/courses/safe-measuring/enrolment", 409)
    assert refused["type"].endswith("identity-needed") and (refused["needed"], refused["level"]) == (level, 0)
    with site.test_request_context(), writing():
        opens()
    browser.send("/courses/safe-measuring/enrol")
    browser.send("/courses/safe-measuring/leave")
    with site.test_request_context(), writing():
        identity.withdraw_number(person())
    assert "先确认身份" in words(browser.send("/courses/safe-measuring/enrol", 409))  # coming back is joining
    with site.test_request_context():
        assert learning.find_enrolment(1, courses.get_course("safe-measuring", SYSTEM).id).left_at is not None


def test_an_exam_waits_for_the_level_while_everything_else_is_studied(bare_app):
    site = fill(bare_app, "exam", 1)
    learner = Learner(site, LEARNER)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    lessons = learner.lessons()
    assert learner.watch(lessons[0]["id"], lessons[0]["duration_s"])["lesson_completed"]
    assert learner.call("POST", f"/quizzes/{lessons[-1]['id']}/attempts", 409)["type"].endswith("identity-needed")
    browser = Browser(site, LEARNER)
    assert "去确认身份" in browser.see("/learn/safe-measuring/quiz")
    assert "学过的都算，不会丢" in words(browser.send("/learn/safe-measuring/quiz/start", 409))
    with site.test_request_context(), writing():
        state()
    assert learner.pass_quiz(lessons[-1]["id"])["passed"]
    with site.test_request_context():
        assert creditbank.balance(1) > 0 and recompute()[1] == []


def test_an_exam_that_runs_goes_on_when_the_level_falls(bare_app):
    site = fill(bare_app, "exam", 1)
    learner = Learner(site, LEARNER)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    quiz = learner.lessons()[-1]["id"]
    with site.test_request_context(), writing():
        state()
    first = learner.call("POST", f"/quizzes/{quiz}/attempts", 200)["attempt_id"]
    with site.test_request_context(), writing():
        identity.withdraw_number(person())
    assert learner.call("POST", f"/quizzes/{quiz}/attempts", 200)["attempt_id"] == first


def test_an_account_whose_credits_would_go_on_waiting_is_merged_once_its_person_is_known(known_site):
    site = known_site
    Learner(site, OTHER).finish()
    with site.test_request_context(), pytest.raises(accounts.CannotMerge, match="等确认身份"), writing():
        accounts.merge_accounts(SYSTEM, 1, 2, reason="同一个人")
    with site.test_request_context(), writing():
        state()
        see()
        code = accounts.merge_accounts(SYSTEM, 1, 2, reason="同一个人").code
        assert creditbank.balance(1) > 0 and creditbank.balance(2) == 0 and recompute()[1] == []
        accounts.part_accounts(SYSTEM, code, reason="不是同一个人")
        assert creditbank.balance(1) == 0 and creditbank.balance(2) > 0 and recompute()[1] == []


def test_what_waits_on_the_account_that_stays_is_posted_by_the_merge_that_makes_its_person_known(known_site):
    site = known_site
    Learner(site, LEARNER).finish()
    with site.test_request_context(), writing():
        state(2)
        see(2)
        foreseen = accounts.foresee_merge(SYSTEM, 1, 2)
        accounts.merge_accounts(SYSTEM, 1, 2, reason="同一个人")
        after = next(e.amount for e in foreseen.effects if e.what == "balance.after")
        assert creditbank.balance(1) == after > 0 and recompute()[1] == []


def test_a_person_who_states_a_document_later_loses_nothing_to_having_waited(known_site):
    site = known_site
    Learner(site, LEARNER).finish()
    with clock.advance(86_400 * 40), site.test_request_context(), writing():
        state()
        see()
        line = creditbank.statement(1).items[0]
        assert line.content_ms > 3_000_000 and recompute()[1] == []
