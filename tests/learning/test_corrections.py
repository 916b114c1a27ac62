"""A faulty key put right: who gains gains once, nobody loses, two people decide, learners are told; on both databases."""

from __future__ import annotations

import re
import threading

import pytest
from sqlalchemy import func, select, text
from tests.clients import Browser, Learner, place, words
from tests.factories import TEXT, make_person

from guanxue import accounts, courses, creditbank, jobs, learning, quizzes
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.learning import judging
from guanxue.learning.models import Completion

LEARNER, TEACHER, REVIEWER, SECOND, THIRD = (f"1380000000{n}" for n in range(1, 6))
# The key says X; the truth is Z.
GIFT = """::q1::主轴停稳以后才能测量工件。{TRUE}

::q2::车床的纵向轴是哪一根？{=X轴 ~Z轴 ~Y轴}
"""
Q2 = "/teach/safe-measuring/corrections/1/2"
teacher = Actor("person", 2, "陈师傅", frozenset({"teach"}))
reviewer = Actor("person", 3, "何静", frozenset({"review"}))
EVERYONE, RIGHT = {"everyone": True}, {"right": [1]}


@pytest.fixture
def school(any_app):
    """A course whose second question has a faulty key, its teacher, a reviewer, three learners."""
    with any_app.test_request_context(), writing():
        make_person(LEARNER)
        author = make_person(TEACHER, "陈师傅", "instructor")
        make_person(REVIEWER, "何静", "reviewer")
        make_person(SECOND, "阿强")
        make_person(THIRD, "阿珍")
        course = courses.create_course(author, title="安全测量", kind="skills-upgrading", slug="safe-measuring")
        courses.add_lesson(author, course, title="读", kind="text", body=TEXT)
        courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
        courses.publish_course(SYSTEM, course)
    return any_app


def hand_in(app, phone, axis, truth=True):
    """Study, answer with that axis, hand in: (program, what was answered, attempt id)."""
    who = Learner(app, phone)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    reading, quiz = who.lessons()
    if not who.call("GET", f"/lessons/{reading['id']}", 200)["completed"]:
        who.watch(reading["id"], reading["duration_s"])
    attempt = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    options = next(q for q in attempt["questions"] if q["id"] == "q2")["options"]
    answers = {"q1": truth, "q2": next(o["id"] for o in options if axis in o["html"])}
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **answers)
    return who, who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200), attempt["attempt_id"]


def put_right(app, decision, question="q2"):
    """Ask and confirm, and let the worker do what follows."""
    with app.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        paper = courses.list_papers(course.id)[0].paper_id
        asked = learning.ask_correction(teacher, course, paper, question, decision, reason="答案写错了，应该是Z轴。")
        learning.answer_correction(reviewer, asked.id, is_confirmed=True)
    jobs.run_waiting(app)
    return asked.id


def awards(app) -> int:
    """How many awards there are; and deriving everything again finds no difference."""
    with app.test_request_context():
        _count, differences = creditbank.recompute()
        assert [str(d.why) for d in differences] == []
        return session.scalar(text("SELECT count(*) FROM creditbank_award"))


def test_who_passes_by_a_corrected_key_completes_and_is_credited_once(school):
    who, told, attempt = hand_in(school, LEARNER, "Z")
    assert (told["score"], told["passed"]) == (50, False) and awards(school) == 0
    put_right(school, RIGHT)
    assert awards(school) == 1
    told = who.call("POST", f"/attempts/{attempt}/submit", 200)
    assert (told["score"], told["passed"]) == (100, True) and told["feedback"][1]["corrected"] and "Z轴" in told["feedback"][1]["right_html"]
    assert who.call("GET", "/me/courses", 200)["items"][0]["completed"]
    with school.test_request_context(), writing():
        learning.correct_later(quizzes.KeyCorrected(1, 1))
    jobs.run_waiting(school)
    with school.test_request_context():
        completion = session.scalars(select(Completion)).one()
        key = session.scalar(text("SELECT key FROM quizzes_regrade"))
        assert completion.evidence["regrades"] == [[attempt, 1, key]]
        assert session.scalar(select(func.count()).select_from(AuditLine).where(
            AuditLine.action == "quizzes.regrade.confirmed")) == 1
    assert awards(school) == 1


def test_nobody_loses_what_they_honestly_had(school):
    who, told, attempt = hand_in(school, LEARNER, "X")
    assert told["passed"] and awards(school) == 1
    put_right(school, RIGHT)
    again = who.call("POST", f"/attempts/{attempt}/submit", 200)
    assert (again["score"], again["passed"]) == (100, True) and awards(school) == 1
    assert "成绩不变" in Browser(school, LEARNER).see("/learn/safe-measuring/quiz")
    assert "答案有误" not in Browser(school, LEARNER).see("/me")


def test_whoever_hands_in_afterwards_is_judged_by_the_corrected_key(school):
    put_right(school, RIGHT)
    assert hand_in(school, LEARNER, "X")[1]["score"] == 50
    assert hand_in(school, SECOND, "Z")[1]["score"] == 100
    assert awards(school) == 1
    with school.app_context():
        assert session.scalars(select(Completion)).one().evidence["regrades"]
    assert "答案有误" not in Browser(school, SECOND).see("/learn/safe-measuring/quiz"), "their own score never was another"


def test_a_question_for_everyone_counts_for_everyone(school):
    _who, told, _attempt = hand_in(school, LEARNER, "Y")
    assert told["score"] == 50
    put_right(school, EVERYONE)
    assert awards(school) == 1
    page = Browser(school, LEARNER).see("/learn/safe-measuring/quiz")
    assert "第 2 题答案有误，已更正，你的成绩从 50 改为 100。" in page and "你因此及格了" in page and "不计对错" in page
    assert "你的成绩从 50 改为 100" in Browser(school, LEARNER).see("/me")


def test_two_corrections_never_take_back_what_the_first_gave(school):
    who, _told, attempt = hand_in(school, LEARNER, "Z")
    put_right(school, {"right": [1]})
    put_right(school, {"right": [2]})
    assert who.call("POST", f"/attempts/{attempt}/submit", 200)["score"] == 100 and awards(school) == 1
    assert hand_in(school, SECOND, "Z")[1]["score"] == 50 and hand_in(school, THIRD, "Y")[1]["score"] == 100
    assert awards(school) == 2


def test_the_first_attempt_that_passes_now_is_named_and_later_ones_change_nothing(school):
    who, _told, first = hand_in(school, LEARNER, "Z")
    _who, told, second = hand_in(school, LEARNER, "X")
    assert told["passed"] and awards(school) == 1
    put_right(school, RIGHT)
    with school.app_context():
        assert session.scalars(select(Completion)).one().evidence["attempts"][0][1] == second
    assert awards(school) == 1


def test_a_decision_happens_once(school):
    put_right(school, RIGHT)
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        for again in (RIGHT, {"right": [1]}):
            with pytest.raises((quizzes.DecidedAlready, Exception)):
                learning.ask_correction(teacher, course, 1, "q2", again, reason="答案写错了。")
        with pytest.raises(quizzes.DecidedAlready):
            learning.answer_correction(reviewer, 1, is_confirmed=True)


def test_asking_twice_is_one_request_and_nothing_changes_before_a_second_person_confirms(school):
    hand_in(school, LEARNER, "Z")
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        asked = [learning.ask_correction(teacher, course, 1, "q2", RIGHT, reason="答案写错了。").id for _n in range(2)]
        assert asked[0] == asked[1]
    jobs.run_waiting(school)
    assert awards(school) == 0
    for actor in (Actor("person", 2, "陈师傅", frozenset({"teach", "review"})), Actor("person", 2, "", frozenset({"teach", "administer"}))):
        with school.test_request_context(), writing(), pytest.raises(Exception, match="另一个人"):
            learning.answer_correction(actor, asked[0], is_confirmed=True)
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM quizzes_regrade")) == 0


def test_who_took_the_quiz_does_not_confirm_its_correction(school):
    with school.test_request_context(), writing():
        learning.ask_correction(teacher, courses.get_course("safe-measuring", SYSTEM), 1, "q2", RIGHT, reason="答案写错了。")
    hand_in(school, REVIEWER, "Z")
    with school.test_request_context(), writing(), pytest.raises(quizzes.NotForYou):
        learning.answer_correction(reviewer, 1, is_confirmed=True)


def test_a_reviewer_whose_own_attempt_is_open_does_not_confirm_its_correction(school):
    who = Learner(school, REVIEWER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200)
    with pytest.raises(quizzes.NotForYou):
        put_right(school, RIGHT)


def test_the_preview_says_who_gains_who_passes_and_who_keeps_more(school):
    hand_in(school, LEARNER, "Z")
    hand_in(school, SECOND, "X")
    hand_in(school, THIRD, "Y")
    browser = Browser(school, TEACHER)
    page = words(browser.get(f"{Q2}?what=key&right=1"))
    assert "3 份交过的答卷里有这道题" in page and "1 份会加分，其中 1 份因此及格" in page
    assert "林** ： 50 → 100" in page.replace("林**：", "林** ： ") and "1 份按新答案会减分，但保留原来的分" in page
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM quizzes_regrade_request")) == 0
    seen = browser.see(f"{Q2}?what=key&right=1")
    assert 'name="right" value="1"' in seen
    assert place(browser.send(Q2, what="key", right="1", reason="纵向轴是Z轴，答案写成了X轴。")) == "/teach/safe-measuring/corrections"
    assert "等审核人确认" in browser.see("/teach/safe-measuring/corrections")
    second = Browser(school, REVIEWER)
    assert "纵向轴是哪一根" in second.see("/oversight/corrections")
    assert "1 份会加分" in second.see("/oversight/corrections/1")
    second.send("/oversight/corrections/1", decision="confirm")
    jobs.run_waiting(school)
    assert awards(school) == 2
    assert "已更正" in browser.see("/teach/safe-measuring/corrections") and "已经更正" in second.see("/oversight/corrections/1")


def test_a_refusal_says_why_and_changes_nothing(school):
    hand_in(school, LEARNER, "Z")
    browser, second = Browser(school, TEACHER), Browser(school, REVIEWER)
    browser.see(f"{Q2}?what=everyone")
    browser.send(Q2, what="everyone", reason="题目有问题，大家都不会。")
    second.see("/oversight/corrections/1")
    second.send("/oversight/corrections/1", 422, decision="refuse")
    second.send("/oversight/corrections/1", decision="refuse", remarks="题目没有问题。")
    second.send("/oversight/corrections/1", 409, decision="confirm")
    assert "题目没有问题。" in browser.see("/teach/safe-measuring/corrections") and awards(school) == 0


@pytest.mark.parametrize("form", [{"what": "key"}, {"what": "key", "right": "0"}, {"what": "key", "right": "7"}, {},
                                  {"what": "key", "right": "1", "reason": ""}])
def test_what_is_no_correction_is_told_and_kept_nowhere(school, form):
    browser = Browser(school, TEACHER)
    browser.see(Q2)
    browser.send(Q2, 422, **{"reason": "答案写错了。", **form})
    for wrong in ("/teach/safe-measuring/corrections/1/9", "/teach/safe-measuring/corrections/9/1"):
        browser.get(wrong, 404)
        browser.send(wrong, 404, what="everyone", reason="答案写错了。")
    Browser(school, REVIEWER).get("/oversight/corrections/9", 404)
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM quizzes_regrade_request")) == 0


def test_a_correction_after_a_new_revision_still_reaches_the_old_paper(school):
    who, _told, attempt = hand_in(school, LEARNER, "Z")
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        quiz = next(x for x in courses.list_lessons(course.id) if x.kind == "quiz")
        courses.edit_lesson(SYSTEM, course, quiz.id, title="考核", body=GIFT.replace("=X轴 ~Z轴", "~X轴 =Z轴"))
        courses.publish_course(SYSTEM, course)
        papers = courses.list_papers(course.id)
        assert [p.revisions for p in papers] == [(2,), (1,)]
        asked = learning.ask_correction(teacher, course, papers[1].paper_id, "q2", RIGHT, reason="第一版写错了。")
        learning.answer_correction(reviewer, asked.id, is_confirmed=True)
    jobs.run_waiting(school)
    assert who.call("POST", f"/attempts/{attempt}/submit", 200)["passed"] and awards(school) == 1


def test_no_order_of_saving_and_no_repetition_changes_what_is_earned(school):
    who = Learner(school)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    attempt = who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200)
    axis = {o["html"][0]: o["id"] for o in attempt["questions"][1]["options"]}
    for answers in ({"q2": axis["Z"]}, {"q1": False}, {"q2": axis["X"], "q1": None}, {"q1": True}, {"q1": True}):
        who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **answers)
    told = [who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200) for _n in range(3)]
    assert told[0]["score"] == 100 and told[0] == told[1] == told[2]


def test_after_a_while_a_learners_own_page_no_longer_tells_of_it(school):
    hand_in(school, LEARNER, "Z")
    put_right(school, RIGHT)
    with clock.advance(61 * 86_400):
        assert "答案有误" not in Browser(school, LEARNER).see("/me")


def test_addresses_of_forms_carry_the_question(school):
    page = Browser(school, TEACHER).see("/teach/safe-measuring/corrections")
    assert re.search(r'href="/teach/safe-measuring/corrections/1/2"', page)


@pytest.mark.both_databases
def test_what_is_handed_in_while_the_key_is_put_right_misses_nothing(school):
    who = Learner(school)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    reading, quiz = who.lessons()
    who.watch(reading["id"], reading["duration_s"])
    attempt = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    axis = next(o["id"] for o in attempt["questions"][1]["options"] if "Z" in o["html"])
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=True, q2=axis)
    with school.test_request_context(), writing():
        learning.ask_correction(teacher, courses.get_course("safe-measuring", SYSTEM), 1, "q2", RIGHT, reason="答案写错了。")
    handed_in, settled, faults = threading.Event(), threading.Event(), []

    def submit():
        with school.test_request_context(), writing():
            learning.submit_attempt(Actor("person", 1), attempt["attempt_id"])
            handed_in.set()
            settled.wait(1)  # committed only after the worker has been there, if it can be

    def confirm():
        handed_in.wait(10)
        with school.test_request_context(), writing():
            learning.answer_correction(reviewer, 1, is_confirmed=True)
        jobs.run_waiting(school)
        settled.set()

    def run(work):
        try:
            work()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in (submit, confirm)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == [] and awards(school) == 1


def merged(app, kept, into):
    """The first number's account goes into the second's: one person from now on."""
    with app.test_request_context(), writing():
        ids = [accounts.find_person_by_phone(phone).id for phone in (kept, into)]
        session.execute(text("UPDATE accounts_person SET merged_into_id = :to WHERE id = :id"), {"id": ids[0], "to": ids[1]})


def test_who_asked_under_an_account_that_was_merged_into_theirs_does_not_confirm(school):
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        session.execute(text("UPDATE courses_course SET owner_id = NULL"))  # the teacher wrote nothing of it: only asking counts
        asker = Actor("person", 2, "陈师傅", frozenset({"administer", "teach"}))
        learning.ask_correction(asker, course, 1, "q2", RIGHT, reason="答案写错了。")
    merged(school, TEACHER, REVIEWER)
    with school.test_request_context(), writing():
        assert not learning.may_answer(reviewer, quizzes.get_request(1))
        with pytest.raises(quizzes.NotForYou):
            quizzes.confirm_regrade(reviewer, 1)
        with pytest.raises(quizzes.NotForYou):
            quizzes.refuse_regrade(reviewer, 1, remarks="答案没有错。")


def test_a_key_can_be_put_right_again_also_back_to_what_an_earlier_decision_said(school):
    first, _told, of_first = hand_in(school, LEARNER, "Y")
    put_right(school, {"right": [2]})  # Y: a mistake
    put_right(school, {"right": [1]})  # Z
    put_right(school, {"right": [2]})  # it was Y after all
    assert hand_in(school, SECOND, "Y")[1]["score"] == 100 and hand_in(school, THIRD, "Z")[1]["score"] == 50
    assert first.call("POST", f"/attempts/{of_first}/submit", 200)["score"] == 100
    assert awards(school) == 2
    with school.app_context():
        keys = session.scalars(text("SELECT key FROM quizzes_regrade ORDER BY id")).all()
    assert len(set(keys)) == 3


def test_what_was_asked_about_another_key_is_asked_again_before_it_gives_anything(school):
    who, _told, attempt = hand_in(school, LEARNER, "Y")
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        stale = learning.ask_correction(teacher, course, 1, "q2", {"right": [2]}, reason="答案写错了，是Y轴。").id
    put_right(school, RIGHT)
    with school.test_request_context(), writing(), pytest.raises(quizzes.DecidedAlready, match="再提一次"):
        learning.answer_correction(reviewer, stale, is_confirmed=True)
    jobs.run_waiting(school)
    assert who.call("POST", f"/attempts/{attempt}/submit", 200)["score"] == 50 and awards(school) == 0
    with school.test_request_context(), writing():
        learning.answer_correction(reviewer, stale, is_confirmed=False, remarks="已经更正为Z轴。")


def test_one_that_fails_holds_up_nobody_else_and_is_tried_again(school, monkeypatch, caplog):
    handed_in = [hand_in(school, phone, "Z")[2] for phone in (LEARNER, SECOND, THIRD)]
    broken, settle = sorted(handed_in)[0], judging.complete_quiz

    def fail(enrolment, lesson):
        settle(enrolment, lesson)
        if failing and enrolment.person_id == whose:
            raise RuntimeError("the disk is full")

    with school.app_context():
        whose = quizzes.get_attempt_of(quizzes.get_submission(broken)).person_id
    failing = [True]
    monkeypatch.setattr(judging, "complete_quiz", fail)
    put_right(school, RIGHT)
    assert awards(school) == 2, "the others have theirs, and of the failed one nothing is half-written"
    with school.app_context():
        assert [(j.state, broken in (j.failure or "")) for j in jobs.list_jobs() if j.name == "learning.settle_correction"] == [
            ("waiting", True)]
    assert any(broken in r.getMessage() for r in caplog.records)
    failing.clear()
    with clock.advance(3600):
        jobs.run_waiting(school)
        assert awards(school) == 3


def test_names_of_who_gains_are_masked(school):
    hand_in(school, LEARNER, "Z")
    for page in (Browser(school, TEACHER).see(f"{Q2}?what=key&right=1"),):
        assert "林小莲" not in page and "林**" in page.replace("＊", "*")
