"""Short answers: handed in they wait, a teacher marks them blind, and then everything goes as after a pass at once; on both databases."""

from __future__ import annotations

import re
import threading
from contextlib import suppress

import pytest
from sqlalchemy import func, select, text
from tests.clients import Browser, Learner, place, words
from tests.factories import GIFT, TEXT, make_course, make_person

from guanxue import accounts, courses, creditbank, learning, quizzes
from guanxue.accounts.keepers import list_keepers
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.learning.models import Completion

LEARNER, TEACHER, OTHER = "13800000001", "13800000002", "13800000003"
SHORT = GIFT + """
::q3::说说为什么要先停机再测量。{####旋转的主轴会卷住衣袖和手套。}

::q4::量完以后做什么？{####擦干净，放回盒里。}
"""
REFERENCE = "旋转的主轴会卷住衣袖和手套"


@pytest.fixture
def school(any_app):
    """A learner, a course of one text and a quiz with two short answers, its teacher, and another teacher."""
    with any_app.test_request_context(), writing():
        make_person(LEARNER)
        teacher = make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "周工", "instructor")
        course = courses.create_course(teacher, title="安全测量", kind="skills-upgrading", slug="safe-measuring")
        courses.add_lesson(teacher, course, title="读", kind="text", body=TEXT)
        courses.add_lesson(teacher, course, title="考核", kind="quiz", body=SHORT)
        courses.publish_course(SYSTEM, course)
    return any_app


def hand_in(app, phone=LEARNER, shorts=("会卷住手套。", "擦干净放好。"), *, is_right=True):
    """Enrol, read the text, answer everything, hand in: (program, what was answered, attempt id)."""
    who = Learner(app, phone)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    reading, quiz = who.lessons()
    if not who.call("GET", f"/lessons/{reading['id']}", 200)["completed"]:
        who.watch(reading["id"], reading["duration_s"])
    attempt = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    answers = who.right_answers(attempt) if is_right else {"q1": False}
    for name, said in zip(("q3", "q4"), shorts, strict=True):
        answers |= {name: said} if said is not None else {}
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **answers)
    return who, who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200), attempt["attempt_id"]


def mark(app, *permilles, phone=TEACHER, status=303, **more):
    """Mark what waits, first first, as a teacher's browser does."""
    browser = Browser(app, phone)
    for permille in permilles:
        page = browser.see("/teach/safe-measuring/marking")
        address = re.search(r'href="(/teach/safe-measuring/marking/[^"]+)"', page)[1]
        browser.see(address)
        browser.send(address, status, permille=str(permille), **more)
    return browser


def credited(app) -> list[int]:
    """What was credited for every completion, and that deriving it all again says the same."""
    with app.test_request_context():
        count, differences = creditbank.recompute()
        assert [str(d.why) for d in differences] == []
        assert count == session.scalar(select(func.count()).select_from(Completion))
        return [session.scalar(text("SELECT count(*) FROM creditbank_award"))]


def test_what_is_handed_in_with_short_answers_waits_and_earns_nothing_yet(school):
    who, told, attempt = hand_in(school)
    assert (told["score"], told["passed"], told["waiting"]) == (None, False, 2)
    assert [f["points"] for f in told["feedback"]] == [1, 1, None, None]
    assert not any("right_html" in f or "explanation_html" in f for f in told["feedback"]) and REFERENCE not in str(told)
    assert credited(school) == [0]
    page = Browser(school, LEARNER).see("/learn/safe-measuring/quiz")
    assert "等老师批改" in page and "不占用下一次机会" in page and REFERENCE not in page and "/quiz/start" not in page
    assert "等老师批改的考核" in Browser(school, LEARNER).see("/me")


def test_no_further_attempt_is_used_up_while_one_waits(school):
    who, _told, _attempt = hand_in(school)
    quiz = who.lessons()[-1]
    refused = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 409)
    assert refused["type"].endswith("awaits-marks")
    browser = Browser(school, LEARNER)
    assert "等老师批改" in words(browser.send("/learn/safe-measuring/quiz/start", 409))
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM quizzes_attempt")) == 1
    mark(school, 0, 0)
    assert who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)["attempt_id"]


def test_when_the_last_answer_is_marked_the_course_is_complete_and_credited_once(school):
    who, _told, attempt = hand_in(school)
    mark(school, 1000)
    assert credited(school) == [0], "one answer still waits"
    mark(school, 500, remarks="再具体一点。")
    assert credited(school) == [1]
    told = who.call("POST", f"/attempts/{attempt}/submit", 200)
    assert (told["score"], told["passed"], told["waiting"]) == (87, True, 0)
    assert [f["points"] for f in told["feedback"]] == [1, 1, 1, 0.5] and told["feedback"][3]["remarks"] == "再具体一点。"
    assert who.call("GET", "/me/courses", 200)["items"][0]["completed"]
    assert "老师批改完了，87 分，通过了。" in Browser(school, LEARNER).see("/me")
    page = Browser(school, LEARNER).see("/learn/safe-measuring/quiz")
    assert "再具体一点。" in page and REFERENCE in page and "通过了" in page
    with school.app_context():
        completion = session.scalars(select(Completion)).one()
        marks = session.execute(text("SELECT attempt_id, id, permille FROM quizzes_mark ORDER BY id")).all()
        assert [tuple(m) for m in completion.evidence["marks"]] == [tuple(m) for m in marks]
        assert session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == "quizzes.answer.marked")) == 2


def test_marks_that_do_not_reach_the_pass_mark_earn_nothing_and_another_attempt_is_open(school):
    who, _told, attempt = hand_in(school, is_right=False)
    mark(school, 1000, 1000)
    told = who.call("POST", f"/attempts/{attempt}/submit", 200)
    assert (told["score"], told["passed"]) == (50, False) and credited(school) == [0]
    assert who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200)


def test_a_short_answer_left_empty_needs_nobody(school):
    _who, told, _attempt = hand_in(school, shorts=(None, "  "))
    assert (told["score"], told["passed"], told["waiting"]) == (50, False, 0)
    with school.test_request_context():
        teacher = Actor("person", 2, "", frozenset({"teach"}))
        assert learning.list_waiting(teacher, courses.get_course("safe-measuring", SYSTEM)) == []


def test_the_marker_does_not_see_whose_answer_it_is(school):
    hand_in(school)
    browser = Browser(school, TEACHER)
    page = browser.see("/teach/safe-measuring/marking")
    address = re.search(r'href="(/teach/safe-measuring/marking/[^"]+)"', page)[1]
    answer = browser.see(address)
    assert "会卷住手套。" in answer and REFERENCE in answer
    for seen in (page, answer):
        assert "林小莲" not in seen and LEARNER not in seen and LEARNER[-4:] not in seen
    assert ">1<" in browser.see("/me") or "批改" in browser.see("/me")


def test_what_is_handed_in_first_is_marked_first(school):
    with school.test_request_context(), writing():
        make_person("13800000004", "阿强")
    with clock.advance(-3600):
        hand_in(school, "13800000004", ("第一", None))
    hand_in(school, LEARNER, ("第二", "第三"))
    browser = Browser(school, TEACHER)
    page = browser.see("/teach/safe-measuring/marking")
    first = re.search(r'href="(/teach/safe-measuring/marking/[^"]+)"', page)[1]
    assert "第一" in browser.see(first)
    ahead = place(browser.send(first, permille="1000"))
    assert "第二" in browser.see(ahead)


def test_nobody_marks_their_own_answer_nor_another_teachers_course(school):
    hand_in(school, TEACHER)
    browser = Browser(school, TEACHER)
    assert "没有等批改的答案" in browser.see("/teach/safe-measuring/marking")
    with school.app_context():
        attempt = session.scalar(text("SELECT id FROM quizzes_attempt"))
    page = browser.see(f"/teach/safe-measuring/marking/{attempt}/3")
    assert "这是你自己的答卷" in page and 'name="permille"' not in page
    browser.send(f"/teach/safe-measuring/marking/{attempt}/3", 403, permille="1000")
    other = Browser(school, OTHER)
    other.get("/teach/safe-measuring/marking", 404)
    other.send(f"/teach/safe-measuring/marking/{attempt}/3", 404, permille="1000")
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM quizzes_mark")) == 0


@pytest.mark.parametrize(("form", "status"), [
    ({"permille": "999"}, 422), ({"permille": ""}, 422), ({"permille": "-1"}, 422), ({"permille": "1000", "remarks": "x" * 501}, 422)])
def test_an_impossible_mark_is_told_and_changes_nothing(school, form, status):
    hand_in(school)
    browser = Browser(school, TEACHER)
    address = re.search(r'href="(/teach/safe-measuring/marking/[^"]+)"', browser.see("/teach/safe-measuring/marking"))[1]
    browser.see(address)
    browser.send(address, status, **form)
    for wrong in (f"{address}9", address.replace("/marking/", "/marking/x")):
        browser.get(wrong, 404)
        browser.send(wrong, 404, permille="1000")
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM quizzes_mark")) == 0


def test_a_later_mark_needs_a_reason_and_only_goes_up_once_the_score_was_told(school):
    who, _told, attempt = hand_in(school, is_right=False)
    with school.test_request_context(), writing():
        teacher = Actor("person", 2, "陈师傅", frozenset({"teach"}))
        quizzes.mark_answer(teacher, attempt, "q3", permille=250)
        with pytest.raises(Exception, match="原因"):
            quizzes.mark_answer(teacher, attempt, "q3", permille=0)
        quizzes.mark_answer(teacher, attempt, "q3", permille=0, reason="看错了题")
        again = quizzes.mark_answer(teacher, attempt, "q3", permille=0)
        assert again.reason == "看错了题", "the same again is the same"
        quizzes.mark_answer(teacher, attempt, "q4", permille=1000)
    assert who.call("POST", f"/attempts/{attempt}/submit", 200)["score"] == 25
    with school.test_request_context(), writing():
        with pytest.raises(quizzes.DecidedAlready):
            quizzes.mark_answer(teacher, attempt, "q4", permille=500, reason="太松了")
        quizzes.mark_answer(teacher, attempt, "q3", permille=1000, reason="漏看了第二行")
    assert who.call("POST", f"/attempts/{attempt}/submit", 200)["score"] == 50
    assert credited(school) == [0]


def test_a_mark_raised_later_passes_and_completes_once(school):
    _who, _told, attempt = hand_in(school)
    mark(school, 0, 0)
    assert credited(school) == [0]
    with school.test_request_context(), writing():
        teacher = Actor("person", 2, "陈师傅", frozenset({"teach"}))
        quizzes.mark_answer(teacher, attempt, "q3", permille=500, reason="说对了一半")
    assert credited(school) == [1]
    with school.test_request_context(), writing():
        quizzes.mark_answer(teacher, attempt, "q3", permille=1000, reason="全说对了")
    assert credited(school) == [1]


def test_a_mark_that_was_tampered_with_is_found_when_credits_are_derived_again(school):
    hand_in(school)
    mark(school, 500, 500)
    assert credited(school) == [1]
    with school.app_context():
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        with session.get_bind().connect().execution_options(is_writing=True) as c, c.begin():
            c.exec_driver_sql("DROP TRIGGER guard_quizzes_mark_update" + ("" if is_sqlite else " ON quizzes_mark"))
            c.exec_driver_sql("UPDATE quizzes_mark SET permille = 1000")
    with school.test_request_context():
        _count, differences = creditbank.recompute()
        assert any("批改被改动过" in str(d.why) for d in differences)


def test_marks_come_with_the_answers_in_a_persons_copy_and_stay_when_they_go(school):
    hand_in(school)
    mark(school, 500, 500, remarks="可以。")
    with school.test_request_context():
        told = {k.room: k.export(1) for k in list_keepers()}["quizzes"]["attempts"][0]
        assert told["score"] == 75 and told["is_passed"] and [m["remarks"] for m in told["marks"]] == ["可以。", "可以。"]
        given = {k.room: k.export(2) for k in list_keepers()}["quizzes"]["marks_given"]
        assert len(given) == 2
    with school.test_request_context(), writing():
        for keeper in reversed(list_keepers()):
            keeper.erase(SYSTEM, 1)
    assert credited(school) == [1]


def test_what_waits_on_a_merged_account_counts_for_the_one_that_stays(school):
    with school.test_request_context(), writing():
        make_person("13800000005", "林小莲")
    hand_in(school)
    with school.test_request_context(), writing():
        accounts.merge_accounts(SYSTEM, 4, 1, reason="同一个人的两个账号")
    mark(school, 1000, 1000)
    with school.test_request_context():
        completion = session.scalars(select(Completion)).one()
        assert completion.person_id == 4 and completion.evidence["marks"]
    assert credited(school) == [1]


def test_course_without_short_answers_completes_with_the_same_evidence_as_ever(school):
    with school.test_request_context(), writing():
        make_course("plain", title="别的课", videos_ms=(60_000,))
    Learner(school).finish("plain")
    with school.app_context():
        completion = session.scalars(select(Completion)).one()
        assert set(completion.evidence) == {"playbacks", "attempts", "extensions", "answers"}
    assert credited(school) == [1]


@pytest.mark.both_databases
def test_two_teachers_who_mark_the_last_two_answers_at_once_complete_the_course_once(school):
    _who, _told, attempt = hand_in(school)
    ready, done, faults = threading.Barrier(2), threading.Barrier(2), []

    def give(question):
        try:
            with school.test_request_context(), writing():
                ready.wait(10)
                quizzes.mark_answer(Actor("person", 2, "陈师傅", frozenset({"teach"})), attempt, question, permille=1000)
                with suppress(threading.BrokenBarrierError):  # neither commits before the other has marked, if it can
                    done.wait(1)
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=give, args=(q,)) for q in ("q3", "q4")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == [] and credited(school) == [1]


def test_marking_what_somebody_who_left_for_good_had_handed_in_credits_nobody(school):
    hand_in(school)
    with school.test_request_context(), writing():
        for keeper in reversed(list_keepers()):
            keeper.erase(SYSTEM, 1)
    mark(school, 1000, 1000)
    assert credited(school) == [0]
    with school.app_context():
        assert session.scalar(select(func.count()).select_from(Completion)) == 0
