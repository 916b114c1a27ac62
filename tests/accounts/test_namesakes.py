"""One person with two papers and two accounts: an officer is shown the other one before the same course is credited twice."""

from __future__ import annotations

import pytest
from tests.accounts.test_checking import (
    LEARNER,
    LOOKED,
    NUMBER,
    OFFICER,
    OTHER,
    SECOND,
    actor,
    any_people,
    people,
    proved,
    see,
    state,
)
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import accounts, audit, creditbank, policies
from guanxue.accounts import checking, identity, keeping, kinds, levels, matching, naming
from guanxue.accounts.namesakes import list_namesakes
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.core.errors import Invalid
from guanxue.policies import SEEN, STATED
from guanxue.policies.defaults import LIGHT_2

__all__ = ["any_people", "people", "proved"]
PASSPORT = "E12345678"


@pytest.fixture
def two_papers(people):
    """The code of a passport on a second account of the same name, whose first has an identity card that was seen."""
    with people.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        see(state())
        return state(OTHER, PASSPORT, kind=kinds.PASSPORT, country="CN")


def test_a_second_paper_under_a_seen_name_is_not_passed_until_the_officer_says_it_is_another_person(people, two_papers):
    with people.test_request_context(), writing():
        with pytest.raises(Invalid) as refused:
            see(two_papers, person_id=2, number=PASSPORT)
        assert [f["field"] for f in refused.value.fields] == ["not_same"] and accounts.level_of(2) == STATED
        step = see(two_papers, person_id=2, number=PASSPORT, not_same={1})
        assert accounts.level_of(2) == SEEN
        told = audit.list_lines(action="accounts.identity.checked")[0]
        assert told.detail == {"check": step.id, "not_same": [1]}


def test_who_was_not_shown_was_not_told_apart(people, two_papers):
    with people.test_request_context(), writing(), pytest.raises(Invalid):
        see(two_papers, person_id=2, number=PASSPORT, not_same={99})


def test_two_numbers_that_one_has_for_life_are_two_people_and_names_alone_are_no_question(people):
    with people.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        see(state())
        see(state(OTHER, SECOND), person_id=2, number=SECOND)
        assert accounts.level_of(2) == SEEN
        # The one who has shown a card is told apart from the other with any further paper.
        passport = state(OTHER, PASSPORT, kind=kinds.PASSPORT, country="CN")
        see(passport, person_id=2, number=PASSPORT)


def test_another_name_and_a_paper_nobody_has_seen_are_no_question(people):
    with people.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        state()
        see(state(OTHER, PASSPORT, kind=kinds.PASSPORT, country="CN"), person_id=2, number=PASSPORT)
        naming.correct_name(actor(LEARNER), "林小荷", "改了姓名")
        see(levels.list_known(1)[0].document.code)


@pytest.mark.parametrize("names", [["林小荷", "林小莲"], ["林小荷"]], ids=["to and fro", "for good"])
def test_a_person_who_renames_their_account_is_still_who_was_seen(any_people, names):
    with any_people.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        see(state())
        for name in names:
            naming.correct_name(actor(LEARNER), name, "写错了")
        assert accounts.level_of(1) == STATED
        passport = state(OTHER, PASSPORT, kind=kinds.PASSPORT, country="CN")
        with pytest.raises(Invalid):
            see(passport, person_id=2, number=PASSPORT)
        see(passport, person_id=2, number=PASSPORT, not_same={1})


def test_an_account_that_went_into_one_of_another_name_is_found_where_its_paper_is(any_people):
    with any_people.test_request_context(), writing():
        see(state())
        accounts.merge_accounts(actor(OTHER), 2, 1, reason="同一个人")
        new = make_person("13800000077").id
        assert [k.document.person_id for k in list_namesakes(_passport(new))] == [2]


def test_a_look_that_was_wrong_asks_nobody_unless_paid_credits_rest_on_the_paper(any_people):
    with any_people.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="要证件", effective_on=clock.today(),
                                numbers=LIGHT_2 | {"identity_at": "claim", "identity_level": SEEN})
        make_course(videos_ms=(3_000_000,))
        new = make_person("13800000077").id
        checking.withdraw_check(actor(), 1, see(state()).id, "看错了人")
        passport = _passport(new)
        assert list_namesakes(passport) == []
    Learner(any_people, LEARNER).finish()
    with any_people.test_request_context(), writing():
        assert list_namesakes(passport) == []
        look = see(levels.list_known(1)[0].document.code)
        assert creditbank.balance(1) == 72
        checking.withdraw_check(actor(), 1, look.id, "看错了人")
        assert [k.document.person_id for k in list_namesakes(passport)] == [1]


def test_a_card_that_another_name_was_seen_with_tells_nobody_apart(people):
    """Else a friend's card, brought along by a merge, would answer the question by itself."""
    with people.test_request_context(), writing():
        see(state())
        new = make_person("13800000077").id
        see(state(OTHER, SECOND), person_id=2, number=SECOND)
        accounts.merge_accounts(actor("13800000077"), new, 2, reason="同一个人")
        assert [k.document.person_id for k in list_namesakes(_passport(new))] == [1]


def _passport(person_id: int):
    identity.state_number(actor(accounts.get_person(person_id).phone), PASSPORT, agrees=True, kind=kinds.PASSPORT, country="CN")
    return next(k.document for k in levels.list_known(person_id) if k.document.kind == kinds.PASSPORT)


def test_capitals_make_no_other_name(any_people):
    with any_people.test_request_context(), writing():
        for who, name in ((LEARNER, "Nguyen Van An"), (OTHER, "NGUYEN VAN AN")):
            naming.correct_name(actor(who), name, "照护照")
        see(state(number="B1234567", kind=kinds.PASSPORT, country="VN"), number="B1234567")
        with pytest.raises(Invalid):
            see(state(OTHER, "B7654321", kind=kinds.PASSPORT, country="VN"), person_id=2, number="B7654321")


def test_a_service_that_saw_the_person_leaves_a_second_paper_to_the_officers(people, two_papers):
    with people.test_request_context(), writing():
        checking.ask_check(actor(OTHER), two_papers)
        checking.take_answer(two_papers, "林小莲", matching.Answer(matching.MATCH, levels.IN_PERSON, "GA-9"))
        assert accounts.level_of(2) == STATED and checking.count_waiting() == 1


def test_who_is_shown_beside_another_persons_paper_sees_that_they_were(people, two_papers, proved):
    """An officer who looks at a paper sees their masked numbers, too: the notice says so, and so does their list of looks."""
    learner = Browser(people, LEARNER)
    told = "看证件时列出了同名的账号"
    assert told not in words(learner.get("/me/settings/privacy"))
    Browser(people, OFFICER).see("/office/identity/2")
    page = words(learner.get("/me/settings/privacy"))
    assert told in page and "冯佩" in page and "打开了我的账号页" not in page
    assert "用着或用过和他一样的姓名" in words(learner.get("/privacy"))
    with people.test_request_context():
        assert [x["what"] for x in keeping.export(1)["looks"]] == ["listed"] and keeping.export(2)["looks"][0]["what"] == "opened"


def test_the_officers_page_names_the_other_account_and_masks_its_number(people, two_papers, proved):
    officer = Browser(people, OFFICER)
    page = officer.see("/office/identity/2")
    assert 'href="/office/identity/1"' in page and "990***************" in page and NUMBER not in page and "身份证" in page
    assert "不是同一个人" in page
    given = LOOKED | {"document": two_papers, "number": PASSPORT, "looked_on": clock.today().isoformat()}
    refused = words(officer.send("/office/identity/2/seen", 422, **given))
    assert "是不是同一个人" in refused and PASSPORT not in refused
    officer.send("/office/identity/2/seen", not_same="1", **given)
    with people.test_request_context():
        assert accounts.level_of(2) == SEEN
    assert "/office/identity/2" in officer.see("/office/identity/1")  # the other's page tells of this one from now on
