"""Floors over real evidence: what is measured of a course and of a class, and that a raised mark lifts over a floor; on both databases."""

from __future__ import annotations

import pytest
from tests.clients import Learner
from tests.factories import GIFT, TEXT, attend, make_class, make_course, make_person

from guanxue import accounts, classes, courses, creditbank, jobs, learning, ledger
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import begin_writing, writing
from guanxue.core.errors import Invalid
from guanxue.creditbank import raised, rule_form
from guanxue.creditbank.credit_rules import CreditRules
from guanxue.creditbank.defaults import CITY_1

PHONE = "13800000001"
# The key of the last one is wrong: whoever knows it gets three of four.
EXAM = GIFT + """
::q3::测量以前要先停机。{TRUE}

::q4::卡尺用完放回盒子里。{FALSE}
"""
teacher, reviewer = Actor("person", 2, "陈师傅", frozenset({"teach"})), Actor("person", 3, "何静", frozenset({"review"}))


def ask_for(**least: int) -> None:
    """Publish that much as the least of a course's mark (0…100) or attendance (permille), and of a class's attendance."""
    floors = [{"source": name.partition("_")[0], "component": name.partition("_")[2], "least": value} for name, value in least.items()]
    creditbank.publish_credit_policy(SYSTEM, title="有要求的", document={**CITY_1, "floors": floors}, effective_on=clock.today())


def refusals(person_id: int = 1) -> list[tuple[str, str]]:
    """(rule, what is told of the floor) of everything that was finished and earned nothing; deriving all again agrees."""
    assert creditbank.recompute()[1] == []
    return [(d.rule, "".join(str(s) for s in d.sentences if "要到" in str(s))) for d in creditbank.list_uncredited(person_id)]


@pytest.fixture
def school(any_app):
    """A learner, a teacher with a course of one text and an exam, a reviewer."""
    with any_app.test_request_context(), writing():
        make_person(PHONE)
        author = make_person("13800000002", "陈师傅", "instructor")
        make_person("13800000003", "何静", "reviewer")
        course = courses.create_course(author, title="安全测量", kind="skills-upgrading", slug="safe-measuring")
        courses.add_lesson(author, course, title="读", kind="text", body=TEXT)
        courses.add_lesson(author, course, title="考核", kind="quiz", body=EXAM)
        courses.publish_course(SYSTEM, course)
    return any_app


def finish(app) -> int:
    """Read it, answer truly; the score."""
    who = Learner(app)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    reading, quiz = who.lessons()
    who.watch(reading["id"], reading["duration_s"])
    return answer(who, quiz)


def answer(who, quiz) -> int:
    """What is true, which the key takes for three of four; the score."""
    attempt = who.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    answers = who.right_answers(attempt) | {"q3": True, "q4": True}
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **answers)
    return who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["score"]


def put_right(app) -> None:
    """The teacher says that the key is faulty, the reviewer agrees, the worker does what follows."""
    with app.test_request_context(), writing():
        paper = courses.list_papers(courses.get_course("safe-measuring", SYSTEM).id)[0].paper_id
        course = courses.get_course("safe-measuring", SYSTEM)
        asked = learning.ask_correction(teacher, course, paper, "q4", {"everyone": True}, reason="要放回盒子里。")
        learning.answer_correction(reviewer, asked.id, is_confirmed=True)
    jobs.run_waiting(app)


def test_a_mark_below_the_floor_earns_nothing_until_it_is_raised(school):
    with school.test_request_context(), writing():
        ask_for(course_mark=80, course_attendance=800)
    assert finish(school) == 75
    with school.test_request_context():
        assert creditbank.balance(1) == 0
        assert refusals() == [("floor", "成绩要到 80，现在是 75。每一项都要达到，不能互相补。")]
    put_right(school)
    with school.test_request_context():
        assert creditbank.balance(1) > 0 and refusals() == []
        document = ledger.proof(1)["entry"]["document"]
        assert document["components"] == {"attendance": 1000, "mark": 100}
    with school.app_context(), writing():
        jobs.enqueue("credits.settle_raised", {"paper_id": 1})  # twice is once
    jobs.run_waiting(school)
    with school.test_request_context():
        assert len(creditbank.list_awards([1])) == 1 and refusals() == []


def test_a_mark_that_rises_after_two_accounts_parted_is_credited_where_it_counts(school):
    """The second account sat the exam, the first read the text: together they completed it, and then they parted."""
    with school.test_request_context(), writing():
        make_person("13800000009")
        ask_for(course_mark=80)
    other, who = Learner(school, "13800000009"), Learner(school)
    for one in (other, who):
        one.call("PUT", "/courses/safe-measuring/enrolment", 200)
    reading, quiz = who.lessons()
    assert answer(other, quiz) == 75
    with school.test_request_context(), writing():
        code = accounts.merge_accounts(SYSTEM, 1, 4, reason="同一个人").code
    who.watch(reading["id"], reading["duration_s"])
    with school.test_request_context(), writing():
        accounts.part_accounts(SYSTEM, code, reason="不是")
    with school.test_request_context():
        assert [c.person_id for c in learning.list_completions()] == [1] and creditbank.balance(1) == 0
    put_right(school)
    with school.test_request_context():
        assert creditbank.balance(1) > 0 and creditbank.recompute()[1] == []


def test_who_cannot_be_credited_holds_up_nobody_else(school, monkeypatch):
    with school.test_request_context(), writing():
        ask_for(course_mark=80)
    finish(school)
    settle = creditbank.settle_person

    def breaks_for_zero(person_id):
        if person_id == 0:
            raise RuntimeError("broken")
        settle(person_id)

    monkeypatch.setattr(creditbank, "settle_person", breaks_for_zero)
    monkeypatch.setattr(raised, "accounts_behind", lambda _whose: [0, 1])
    put_right(school)
    with school.test_request_context():
        assert creditbank.balance(1) > 0
        assert [j.state for j in jobs.list_jobs() if j.name == "credits.settle_raised"] == ["waiting"], "it is tried again"


def test_what_meets_every_floor_is_credited_at_once(school):
    with school.test_request_context(), writing():
        ask_for(course_mark=75, course_attendance=1000)
    finish(school)
    with school.test_request_context():
        assert creditbank.balance(1) > 0 and refusals() == []


def test_a_course_is_attended_as_far_as_it_was_seen(any_app):
    with any_app.test_request_context(), writing():
        make_person(PHONE)
        make_course(videos_ms=(600_000, 600_000))
        ask_for(course_attendance=960)
    who = Learner(any_app)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    first, second, quiz = who.lessons()
    who.watch(first["id"], 550)  # the policy asks for nine tenths
    who.watch(second["id"], 600)
    assert who.pass_quiz(quiz["id"])["passed"]
    with any_app.test_request_context():
        assert creditbank.balance(1) == 0
        told = [("floor", "出勤率要到 96%，现在是 95.8%。每一项都要达到，不能互相补。")]
        assert refusals() == told
    who.watch(first["id"], 600)  # afterwards: the completion is what it was
    jobs.run_waiting(any_app)
    with any_app.test_request_context(), writing():
        creditbank.settle_person(1)
        assert creditbank.balance(1) == 0 and refusals() == told


@pytest.mark.parametrize(("course", "refused"), [
    ("safe-measuring", []), ("", [("floor", "成绩要到 90，但是它没有成绩。每一项都要达到，不能互相补。")])])
def test_a_class_has_the_mark_of_the_course_that_goes_with_it(any_app, course, refused):
    with any_app.test_request_context(), writing():
        author, one = make_person("13800000002", "陈师傅", "instructor"), make_person(PHONE)
        make_course()
        ask_for(class_mark=90)
        cls, meeting = make_class(author, is_public=True, course=course)
        classes.join_class(one, cls, promises=True)
        code = cls.code
    if course:
        Learner(any_app).finish()
    with any_app.test_request_context():
        begin_writing()
        cls = classes.get_class(author, code)
        meeting = classes.list_meetings(cls.id)[0]
        attend(one, cls, meeting)
        with clock.travel(meeting.ends_at):
            assert classes.close_class(author, cls) == 1
            assert refusals(one.id) == refused
            begin_writing()


@pytest.mark.parametrize(("least", "rule"), [(875, ""), (876, "floor")])
def test_a_class_is_attended_by_its_clock(any_db, least, rule):
    author, one = make_person("13800000002", "陈师傅", "instructor"), make_person(PHONE)
    ask_for(class_attendance=least)
    cls, meeting = make_class(author, is_public=True, hours=4)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting, since_s=0, until_s=3.5 * 3600)
    with clock.travel(meeting.ends_at):
        assert classes.close_class(author, cls) == 1
        assert [r for r, _told in refusals(one.id)] == ([rule] if rule else [])
        assert (creditbank.balance(one.id) > 0) is not bool(rule)
        begin_writing()


def test_nothing_is_asked_of_what_nobody_measures(app):
    form = rule_form.fields_of(CreditRules.from_document(CITY_1)) | {
        "title": ["规则"], "effective_on": ["2030-01-01"], "reason": ["会议决定"],
        "floors-0-source": ["certificate"], "floors-0-component": ["mark"], "floors-0-least": ["60"]}
    with app.test_request_context(), pytest.raises(Invalid) as refused:
        rule_form.read(form, set())
    assert {f["field"]: str(f["message"]) for f in refused.value.fields} == {"floors-0-component": "证书没有这一项，不能要求。"}
