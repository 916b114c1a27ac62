"""Tries at an exam: what the one tells the next, what becomes of one whose time ran out, when the next may begin."""

# ruff: noqa: F401, F811 the fixtures are those of test_exams.py

from __future__ import annotations

from sqlalchemy import select
from tests.clients import Browser, Learner, words
from tests.factories import make_course
from tests.learning.test_exams import (
    LEARNER,
    QUIZ,
    begin,
    ends_in,
    hand_in_and_mark,
    hold,
    kept,
    plain,
    result,
    save,
    school,
)

from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.db import session, writing


def wrong(who, attempt):
    """Every question answered, none of them rightly."""
    options = next(q for q in attempt["questions"] if q["id"] == "q2")["options"]
    answers = {"q1": False, "q2": next(o["id"] for o in options if "Z" not in o["html"])}
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **answers)


def is_told(told) -> bool:
    """Does the outcome of a try tell the key?"""
    return any("right_html" in x or "explanation_html" in x for x in told["feedback"])


def waste(app, who, slug="safe-measuring", times=1):
    """(attempts): tries at the course's quiz that are handed in and wrong throughout."""
    made = []
    who.call("PUT", f"/courses/{slug}/enrolment", 200)
    for _n in range(times):
        attempt = who.call("POST", f"/quizzes/{who.lessons(slug)[-1]['id']}/attempts", 200)
        wrong(who, attempt)
        assert not result(who, attempt)["passed"]
        made.append(attempt)
    return made


# ---- whose device it is


def test_a_save_under_the_present_hold_counts_from_the_device_that_has_it(plain):
    first, attempt = begin(plain)
    held = hold(first, attempt)
    save(first, attempt, held, q1=(True, 1, 0))
    friend = Learner(plain, LEARNER)
    with clock.advance(60):
        for seq in (2, 3):
            told = save(friend, attempt, held, "friend", q2=(first.right_answers(attempt)["q2"], seq, 0))
            assert (told["counted"], told["refused"], told["is_mine"]) == ([], ["q2"], False)
        assert save(friend, attempt, held, "friend", q2=(None, 4, 90_000))["counted"] == ["q2"], "before anybody held it"
        assert save(first, attempt, held, q1=(False, 5, 0))["counted"] == ["q1"]
    assert kept(plain, attempt) == {"q1": False}
    with plain.app_context():
        lines = session.scalars(select(AuditLine).where(AuditLine.action == "quizzes.answers.elsewhere")).all()
        assert [x.detail["hold"] for x in lines] == [held], "said once, however often it is tried"


def test_another_page_of_the_same_device_saves_what_waited_there(plain):
    who, attempt = begin(plain)
    held = hold(who, attempt)
    assert save(who, attempt, held, "p2", q1=(True, 1, 0))["counted"] == ["q1"]
    other = hold(who, attempt, "p2")
    with clock.advance(60):
        assert save(who, attempt, held, "p2", q1=(False, 2, 90_000))["counted"] == ["q1"]
        assert save(who, attempt, other, "p2", q1=(True, 3, 0))["counted"] == ["q1"]


# ---- what a try tells the next one


def test_the_key_is_told_after_the_last_try_and_not_while_it_runs(plain):
    who = Learner(plain, LEARNER)
    first, _second = waste(plain, who, times=2)
    _who, third = begin(plain, who)
    assert not is_told(result(who, first)), "the last try has begun and is not handed in"
    with clock.advance(ends_in(plain, third) + 60):
        assert not is_told(result(Learner(plain, LEARNER), first)), "it may still be given more time"
    wrong(who, third)
    assert is_told(result(who, third)) and is_told(result(who, first))


def test_the_key_is_not_told_while_the_same_paper_is_sat_in_another_course(plain):
    with plain.test_request_context(), writing():
        make_course("again", videos_ms=(), texts=1)
    who = Learner(plain, LEARNER)
    spent = waste(plain, who, "again", 3)[-1]
    assert is_told(result(who, spent))
    _who, attempt = begin(plain, who)
    assert not is_told(result(who, spent))
    wrong(who, attempt)
    result(who, attempt)
    assert is_told(result(who, spent))


def test_who_has_passed_sits_no_further_try(school):
    who, attempt = hand_in_and_mark(school)
    assert result(who, attempt)["passed"]
    quiz = who.lessons()[-1]["id"]
    problem = who.call("POST", f"/quizzes/{quiz}/attempts", 409)
    assert problem["type"].endswith("passed-already") and "已经通过" in problem["detail"]
    browser = Browser(school, LEARNER)
    assert "/quiz/start" not in browser.see(QUIZ)
    assert "已经通过" in words(browser.send(f"{QUIZ}/start", 409))
