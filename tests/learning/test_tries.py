"""Tries at an exam: what the one tells the next, what becomes of one whose time ran out, when the next may begin."""

# ruff: noqa: F401, F811 the fixtures are those of test_exams.py

from __future__ import annotations

from tests.clients import Browser, Learner, words
from tests.factories import make_course
from tests.learning.test_exams import (
    LEARNER,
    QUIZ,
    begin,
    ends_in,
    hand_in_and_mark,
    plain,
    result,
    school,
)

from guanxue.core import clock
from guanxue.core.db import writing


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
