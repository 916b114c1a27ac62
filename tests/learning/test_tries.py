"""Tries at an exam: what the one tells the next, what becomes of one whose time ran out, when the next may begin."""

# ruff: noqa: F401, F811 the fixtures are those of test_exams.py

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.clients import Browser, Learner, place, words
from tests.factories import TEXT, make_course, make_person
from tests.learning.test_exams import (
    LEARNER,
    QUIZ,
    REVIEWER,
    TEACHER,
    actor_of,
    begin,
    completions,
    ends_in,
    hand_in,
    hand_in_and_mark,
    hold,
    kept,
    plain,
    result,
    save,
    school,
)

from guanxue import accounts, courses, learning, quizzes
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.jobs import run_waiting
from guanxue.quizzes.models import Attempt


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


def test_a_blank_try_takes_no_late_answers_once_the_next_was_begun(plain):
    who, blank = begin(plain)
    with clock.advance(ends_in(plain, blank) + 5):
        assert is_told(result(who, waste(plain, Learner(plain, LEARNER), times=2)[-1])), "nothing can be added to the blank one"
    with clock.advance(ends_in(plain, blank) + 60):
        who = Learner(plain, LEARNER)
        right, held = who.right_answers(blank), hold(who, blank)
        told = save(who, blank, held, q1=(right["q1"], 1, 90_000), q2=(right["q2"], 2, 90_000))
        assert (told["counted"], told["closed"]) == ([], "over") and kept(plain, blank) == {}
        assert not result(who, blank)["passed"]


def test_the_key_is_not_told_while_an_answer_may_come_that_a_lost_line_held_up(plain):
    who = Learner(plain, LEARNER)
    spent = waste(plain, who, times=2)[-1]
    _who, last = begin(plain, who)
    for _n in range(10):
        who.call("POST", f"/attempts/{last['attempt_id']}/extension", 200)
    for after, is_over in ((10, False), (130, True)):
        with clock.advance(ends_in(plain, last) + after):
            assert is_told(result(Learner(plain, LEARNER), spent)) == is_over


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


POOLS = "".join(f"$CATEGORY: {area}\n\n" + "".join(f"::{area}{n}::第{n}条。{{TRUE}}\n\n" for n in range(4)) for area in ("停机", "测量", "清扫"))


@pytest.mark.parametrize("draw, told", [
    ({"停机": 1, "测量": 1, "清扫": 1}, []), ({"停机": 4, "测量": 2, "清扫": 1}, ["停机", "其余的题"]),
    ({"停机": 3, "测量": 3, "清扫": 3}, ["停机", "测量", "清扫"])])
def test_a_strict_exam_tells_of_areas_and_of_no_single_question(any_app, draw, told):
    with any_app.test_request_context(), writing():
        make_person(LEARNER)
        teacher = make_person("13800000002", "陈师傅", "instructor")
        course = courses.create_course(teacher, title="安全测量", kind="skills-upgrading", slug="safe-measuring")
        courses.add_lesson(teacher, course, title="读", kind="text", body=TEXT)
        quiz = courses.add_lesson(teacher, course, title="考核", kind="quiz", body=POOLS)
        courses.set_draw(teacher, course, quiz.id, draw)
        courses.set_strict_exam(teacher, course, quiz.id, is_strict=True)
        courses.publish_course(SYSTEM, course)
    who, attempt = begin(any_app)
    answer(who, attempt, **{attempt["questions"][0]["id"]: True})
    assert not result(who, attempt)["passed"]
    page = Browser(any_app, LEARNER).see(QUIZ)
    assert re.findall(r'<li class="row"><span class="grow">([^<]+)</span><span class="num">\d+%</span>', page) == told
    assert ("各部分答对多少" in page) == bool(told)


# ---- when the next may begin, and what waits


def test_the_moment_of_the_next_try_is_told_as_it_is(plain):
    for n in range(3):
        with clock.advance(n * 11.5 * 3600):
            who = Learner(plain, LEARNER)
            waste(plain, who)
    with plain.app_context():
        first = min(x.started_at for x in session.scalars(select(Attempt)))
    at = first + timedelta(hours=24)
    with clock.travel(at - timedelta(minutes=5)):
        browser = Browser(plain, LEARNER)
        told = re.search(r"3 次机会已用完。先回头看看课程，([\d: -]+) 起可以再考", browser.see(QUIZ))[1]
        assert told in words(browser.send(f"{QUIZ}/start", 409))
        moment = datetime.fromisoformat(told).replace(tzinfo=clock.CITY)
        assert timedelta() <= moment - at < timedelta(minutes=1)
    with clock.travel(moment):
        begin(plain, Learner(plain, LEARNER))


@pytest.mark.parametrize("cooldown_ms, told", [(86_400_000, "24 小时内最多考 3 次"), (1_800_000, "30 分钟内最多考 3 次"),
                                               (5_400_000, "90 分钟内最多考 3 次"), (0, "")])
def test_how_often_it_may_be_tried_is_told_in_hours_or_minutes(plain, monkeypatch, cooldown_ms, told):
    monkeypatch.setattr("guanxue.learning.limits_of", lambda _enrolment, _lesson: quizzes.Limits(3, cooldown_ms))
    who = Learner(plain, LEARNER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    page = Browser(plain, LEARNER).see(QUIZ)
    assert told in page and ("最多考" in page) == bool(told) and "时间不够随时可以加" in page


def test_what_was_put_right_for_everybody_no_longer_waits_for_a_teacher(school):
    who, attempt, _told = hand_in(school)
    browser = Browser(school, LEARNER)
    assert "等老师批改" in browser.see("/me")
    with school.test_request_context(), writing():
        teacher, reviewer = (actor_of(accounts.find_person_by_phone(x)) for x in (TEACHER, REVIEWER))
        course = courses.get_course("safe-measuring", SYSTEM)
        asked = learning.ask_correction(teacher, course, courses.list_papers(course.id)[0].paper_id, "q3", {"everyone": True},
                                        reason="这道题出得不对")
        learning.answer_correction(reviewer, asked.id, is_confirmed=True)
    assert result(who, attempt)["passed"] and "等老师批改" not in browser.see("/me")


# ---- a try whose time ran out


def answer(who, attempt, **answers):
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **(answers or who.right_answers(attempt)))


def handed_in(app, attempt):
    """What was handed in of the attempt; None where nothing was."""
    with app.app_context():
        return quizzes.find_submission(attempt["attempt_id"])


def lines_of(app, action) -> int:
    with app.app_context():
        return session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == action))


def test_what_was_saved_is_handed_in_once_no_more_time_can_be_asked_for(plain):
    who, attempt = begin(plain)
    for lesson in who.lessons()[:-1]:
        who.watch(lesson["id"], lesson["duration_s"])
    answer(who, attempt)
    end = ends_in(plain, attempt)
    with clock.advance(end + 29 * 60):
        run_waiting(plain)
        assert handed_in(plain, attempt) is None, "the learner may still ask for more time"
        assert "自动交卷" in Browser(plain, LEARNER).see(QUIZ)
    with clock.advance(end + 31 * 60):
        run_waiting(plain)
        run_waiting(plain)
        assert handed_in(plain, attempt).score == 100
        assert "通过了" in Browser(plain, LEARNER).see(QUIZ)
        assert len(completions(plain)) == 1 and Learner(plain, LEARNER).call("GET", "/me/credits", 200)["total"] == 1
    assert lines_of(plain, "learning.attempt.handed_in") == 1


def test_more_time_is_waited_for_and_the_grace_of_the_last_too(plain):
    who, attempt = begin(plain)
    answer(who, attempt)
    for _n in range(10):
        who.call("POST", f"/attempts/{attempt['attempt_id']}/extension", 200)
    end = ends_in(plain, attempt)
    with clock.advance(end + 60):
        run_waiting(plain)
        assert handed_in(plain, attempt) is None, "an answer that a lost line holds up still counts"
    with clock.advance(end + 130):
        run_waiting(plain)
        assert handed_in(plain, attempt).score == 100


def test_what_nobody_answered_is_not_handed_in(plain):
    _who, attempt = begin(plain)
    with clock.advance(ends_in(plain, attempt) + 31 * 60):
        run_waiting(plain)
        assert handed_in(plain, attempt) is None
        page = Browser(plain, LEARNER).see(QUIZ)
        assert "就这样交卷" not in page and "开始考核" in page


def test_for_who_left_nothing_is_handed_in_and_it_lies_there_when_they_come_back(plain):
    who, attempt = begin(plain)
    answer(who, attempt)
    who.call("DELETE", "/courses/safe-measuring/enrolment", 204)
    with clock.advance(ends_in(plain, attempt) + 31 * 60):
        run_waiting(plain)
        assert handed_in(plain, attempt) is None
        who = Learner(plain, LEARNER)
        who.call("PUT", "/courses/safe-measuring/enrolment", 200)
        browser = Browser(plain, LEARNER)
        page = browser.see(QUIZ)
        assert "就这样交卷" in page and "接着答" not in page, "what lies there is still theirs to hand in"
        browser.send(f"{QUIZ}/submit", attempt=attempt["attempt_id"], lapsed="1")
        assert handed_in(plain, attempt).score == 100


def test_the_next_try_hands_in_the_one_before_and_is_not_begun_where_that_passed(plain):
    who, attempt = begin(plain)
    answer(who, attempt)
    with clock.advance(ends_in(plain, attempt) + 60):
        browser = Browser(plain, LEARNER)
        browser.see(QUIZ)
        assert place(browser.send(f"{QUIZ}/start")) == QUIZ
        assert handed_in(plain, attempt).score == 100
        assert "通过了" in browser.see(QUIZ)


def test_a_program_that_begins_the_next_try_hands_in_the_one_before(plain):
    who, attempt = begin(plain)
    answer(who, attempt)
    with clock.advance(ends_in(plain, attempt) + 31 * 60):
        who = Learner(plain, LEARNER)
        problem = who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 409)
        assert problem["type"].endswith("passed-already")
        assert handed_in(plain, attempt).score == 100, "though the answer was a refusal"


def test_one_that_failed_is_handed_in_and_the_next_begins(plain):
    who, attempt = begin(plain)
    answer(who, attempt, q1=True)
    with clock.advance(ends_in(plain, attempt) + 60):
        _who, again = begin(plain, Learner(plain, LEARNER))
        assert again["attempt_id"] != attempt["attempt_id"] and again["answers"] == {}
        assert handed_in(plain, attempt).score == 50


def test_one_with_short_answers_waits_for_a_teacher_and_no_further_try_is_used_up(school):
    who, attempt = begin(school)
    answer(who, attempt, q1=True, q3="会卷住手套。")
    with clock.advance(ends_in(school, attempt) + 60):
        browser = Browser(school, LEARNER)
        browser.see(QUIZ)
        assert place(browser.send(f"{QUIZ}/start")) == QUIZ
        assert handed_in(school, attempt).short_count == 1
        assert "等老师批改" in browser.see(QUIZ)
        assert "等老师批改" in words(browser.send(f"{QUIZ}/start", 409))


def test_one_out_of_time_is_handed_in_from_another_device(plain):
    browser, other = Browser(plain, LEARNER), Browser(plain, LEARNER)
    who = Learner(plain, LEARNER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    browser.see(QUIZ)
    browser.send(f"{QUIZ}/start")
    page = browser.see(QUIZ)
    attempt = {"attempt_id": re.search(r'data-attempt="([^"]+)"', page)[1]}
    held = re.search(r'name="hold" value="(\d+)"', page)[1]
    told = browser.client.post(f"/api/v1/attempts/{attempt['attempt_id']}/saves", headers={"X-CSRF-Token": browser.token},
                               json={"page": "p", "hold": int(held), "answers": {"q1": {"answer": True, "seq": 1}}})
    assert told.get_json()["counted"] == ["q1"]
    other.see(QUIZ)
    assert place(other.send(f"{QUIZ}/submit", attempt=attempt["attempt_id"], lapsed="1")).endswith("moved=1"), "it still runs"
    assert handed_in(plain, attempt) is None
    with clock.advance(ends_in(plain, attempt) + 600):
        other = Browser(plain, LEARNER)
        assert "就这样交卷" in other.see(QUIZ)
        assert place(other.send(f"{QUIZ}/submit", attempt=attempt["attempt_id"], lapsed="1")) == QUIZ
        assert handed_in(plain, attempt).answers == {"q1": True}


def test_of_a_merged_account_nothing_is_handed_in_and_its_open_try_keeps_the_key_closed(plain):
    with plain.test_request_context(), writing():
        kept_one = make_person("13800000005", "林小莲")
    other = Learner(plain, "13800000005")
    spent = waste(plain, other, times=2)[-1]
    who, attempt = begin(plain)
    answer(who, attempt)
    with plain.test_request_context(), writing():
        merged = accounts.find_person_by_phone(LEARNER).id
        accounts.merge_accounts(SYSTEM, kept_one.id, merged, reason="同一个人的两个账号")
    told = result(other, spent)
    assert told["attempts_left"] == 0 and not is_told(told)
    with clock.advance(ends_in(plain, attempt) + 31 * 60):
        run_waiting(plain)
        assert handed_in(plain, attempt) is None, "what was not handed in is not carried over"
        assert is_told(result(Learner(plain, "13800000005"), spent))
