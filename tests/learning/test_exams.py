"""Exams: one device at a time, lost lines, time granted, two markers, being spared lessons; on both databases."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, text
from tests.clients import Browser, Learner, place, words
from tests.factories import GIFT, TEXT, make_course, make_person

from guanxue import accounts, courses, creditbank, learning, quizzes
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.learning.models import Completion
from guanxue.quizzes.models import Attempt, LateSave, Mark, Opinion

LEARNER, TEACHER, OTHER, REVIEWER, INSPECTOR = (f"1380000000{n}" for n in range(1, 6))
SHORT = GIFT + "\n::q3::说说为什么要先停机再测量。{####旋转的主轴会卷住衣袖和手套。}\n"
QUIZ = "/learn/safe-measuring/quiz"


@pytest.fixture
def school(any_app):
    """A learner, two texts and a strict exam with a short answer, its teacher, another teacher, a reviewer, an inspector."""
    with any_app.test_request_context(), writing():
        make_person(LEARNER)
        teacher = make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "周工", "instructor")
        make_person(REVIEWER, "何静", "reviewer")
        make_person(INSPECTOR, "许明", "inspector")
        course = courses.create_course(teacher, title="安全测量", kind="skills-upgrading", slug="safe-measuring")
        for n in (1, 2):
            courses.add_lesson(teacher, course, title=f"读{n}", kind="text", body=f"{TEXT}\n\n第{n}篇。")
        quiz = courses.add_lesson(teacher, course, title="考核", kind="quiz", body=SHORT)
        courses.set_strict_exam(teacher, course, quiz.id, is_strict=True)
        courses.publish_course(SYSTEM, course)
    return any_app


@pytest.fixture
def plain(any_app):
    """A learner and a voluntary course of two texts and a quiz that the machine grades."""
    with any_app.test_request_context(), writing():
        make_person(LEARNER)
        make_course(videos_ms=(), texts=2)
    return any_app


def begin(app, who=None):
    """(program, attempt) of the learner in the course."""
    who = who or Learner(app, LEARNER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    return who, who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200)


def hold(who, attempt, page="p1"):
    return who.call("POST", f"/attempts/{attempt['attempt_id']}/hold", 200, page=page)["hold"]


def save(who, attempt, held, page="p1", status=200, **answers):
    """Save {question: (answer, seq, ago_ms)}."""
    told = {name: {"answer": a, "seq": seq, "ago_ms": ago} for name, (a, seq, ago) in answers.items()}
    return who.call("POST", f"/attempts/{attempt['attempt_id']}/saves", status, page=page, hold=held, answers=told)


def kept(app, attempt) -> dict:
    with app.app_context():
        return session.get(Attempt, attempt["attempt_id"]).answers


# ---- one device at a time


def test_an_older_save_that_comes_late_never_takes_a_newer_ones_place(plain):
    who, attempt = begin(plain)
    held = hold(who, attempt)
    assert save(who, attempt, held, q1=(True, 3, 0))["counted"] == ["q1"]
    told = save(who, attempt, held, q1=(False, 2, 5_000))
    assert (told["counted"], told["refused"], told["is_mine"]) == ([], [], True)
    assert kept(plain, attempt) == {"q1": True}
    save(who, attempt, held, q1=(None, 4, 0))
    assert kept(plain, attempt) == {}
    save(who, attempt, held, q1=(True, 3, 0))
    assert kept(plain, attempt) == {}, "what was cleared stays cleared"


def test_a_second_device_goes_on_where_the_first_was_and_the_first_is_told(plain):
    first, attempt = begin(plain)
    held = hold(first, attempt)
    right = first.right_answers(attempt)
    save(first, attempt, held, q1=(False, 1, 0))
    second, again = begin(plain, Learner(plain, LEARNER))
    assert again["attempt_id"] == attempt["attempt_id"] and again["answers"] == {"q1": False}
    assert [q["id"] for q in again["questions"]] == [q["id"] for q in attempt["questions"]]
    assert again["questions"] == attempt["questions"], "the same paper in the same order"
    other = hold(second, attempt, "p2")
    assert first.call("GET", f"/attempts/{attempt['attempt_id']}", 200)["is_here"] is False
    problem = first.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 409, q1=True)
    assert problem["type"].endswith("taken-over")
    assert first.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 409)["type"].endswith("taken-over")
    save(second, attempt, other, "p2", q1=(True, 1, 0))
    # What the first wrote without a line before the second went on fills gaps, and takes no newer answer's place.
    with clock.advance(60):
        told = save(first, attempt, held, q1=(False, 7, 90_000), q2=(right["q2"], 8, 90_000))
    assert told["is_mine"] is False and told["counted"] == ["q2"]
    with clock.advance(61):
        late = save(first, attempt, held, q2=(None, 9, 1_000))
    assert late["refused"] == ["q2"], "what was written after another device went on does not count"
    assert kept(plain, attempt) == {"q1": True, "q2": right["q2"]}
    assert second.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["passed"]
    assert save(first, attempt, held, q1=(False, 10, 200_000))["closed"] == "handed-in"
    with plain.app_context():
        assert session.scalar(select(func.count()).select_from(AuditLine).where(
            AuditLine.action == "quizzes.attempt.taken_over")) == 1


def test_the_page_asks_before_it_takes_over_and_an_old_form_hands_nothing_in(plain):
    first, attempt = begin(plain)
    browser = Browser(plain, LEARNER)
    assert "question-1" in browser.see(QUIZ), "whoever only began it holds up no one"
    chosen = first.right_answers(attempt)["q2"]
    save(first, attempt, hold(first, attempt), q2=(chosen, 1, 0))
    page = browser.see(QUIZ)
    assert "正在你的另一台设备上答" in page and "question-1" not in page
    browser.send(f"{QUIZ}/start")
    page = browser.see(QUIZ)
    assert "question-1" in page
    held = re.search(r'name="hold" value="(\d+)"', page)[1]
    second = Browser(plain, LEARNER)
    second.see(QUIZ)
    second.send(f"{QUIZ}/start")
    sent = {"attempt": attempt["attempt_id"], "hold": held, "q-q1": "true"}
    assert place(browser.send(f"{QUIZ}/submit", **sent)).endswith("moved=1")
    assert kept(plain, attempt) == {"q1": True, "q2": chosen}, "nothing that was written is lost"
    assert "还没有交卷" in browser.see(f"{QUIZ}?moved=1")
    with plain.app_context():
        assert quizzes.find_submission(attempt["attempt_id"]) is None
    here = re.search(r'name="hold" value="(\d+)"', second.see(QUIZ))[1]
    assert place(second.send(f"{QUIZ}/submit", **{**sent, "hold": here, "q-q1": "false"})) == QUIZ
    with plain.app_context():
        assert quizzes.find_submission(attempt["attempt_id"]).answers == {"q1": False, "q2": chosen}


def test_saves_of_others_and_saves_that_are_none_are_refused(plain):
    who, attempt = begin(plain)
    held = hold(who, attempt)
    assert save(who, attempt, held, status=422, q1=("maybe", 1, 0))
    assert save(who, attempt, held, status=422, q9=(True, 1, 0))
    assert save(who, attempt, held + 5, status=422, q1=(True, 1, 0))
    assert save(who, attempt, held, status=422, q1=(True, 0, 0))
    with plain.test_request_context(), writing():
        make_person(OTHER)
    stranger = Learner(plain, OTHER)
    for method, path in (("GET", ""), ("POST", "/hold"), ("POST", "/saves")):
        body = {"hold": 1, "answers": {}} if path == "/saves" else {}
        stranger.call(method, f"/attempts/{attempt['attempt_id']}{path}", 404, **body)
    assert kept(plain, attempt) == {}


# ---- a lost line, and time


def ends_in(app, attempt) -> float:
    with app.app_context():
        return (session.get(Attempt, attempt["attempt_id"]).expires_at - clock.now()).total_seconds()


def test_what_was_written_in_time_counts_within_the_grace_and_is_kept_as_evidence(plain):
    who, attempt = begin(plain)
    held, end = hold(who, attempt), ends_in(plain, attempt)
    right = who.right_answers(attempt)
    with clock.advance(end + 60):
        told = save(who, attempt, held, q1=(True, 1, 90_000), q2=(right["q2"], 2, 30_000))
    assert (told["counted"], told["refused"]) == (["q1"], ["q2"]), "the second was written after the end"
    with clock.advance(end + 125):
        told = save(who, attempt, held, q2=(right["q2"], 3, 200_000))
        assert (told["closed"], told["counted"]) == ("over", [])
        assert who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["score"] == 50
    with plain.app_context():
        (late,) = session.scalars(select(LateSave)).all()
        assert sorted((x[0], x[2], x[4]) for x in late.document) == [("q1", 1, True), ("q2", 2, False)]
        assert late.received_at > late.expired_at
        assert max(row[3] for row in late.document if row[4]) < late.expired_at.timestamp() * 1000


def test_a_policy_without_a_grace_takes_nothing_after_the_end(plain, monkeypatch):
    monkeypatch.setattr("guanxue.learning.exams.grace_ms", lambda _enrolment: 0)
    who, attempt = begin(plain)
    held, end = hold(who, attempt), ends_in(plain, attempt)
    with clock.advance(end + 1):
        assert save(who, attempt, held, q1=(True, 1, 90_000))["closed"] == "over"
    assert kept(plain, attempt) == {}


def test_time_granted_in_advance_lengthens_the_attempt_and_each_extension(school):
    who = Learner(school, LEARNER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    browser, address = Browser(school, TEACHER), "/teach/safe-measuring/exams"
    with school.app_context():
        number = session.scalar(text("SELECT id FROM learning_enrolment"))
    browser.see(address)
    form = {"number": str(number), "percent": "50", "reason": "别的原因"}
    for wrong in ({"number": "999"}, {"percent": "7"}, {"reason": "", "more": ""}, {"number": "x"}):
        assert words(browser.send(f"{address}/time", 422, **{**form, **wrong}))
    browser.send(f"{address}/time", **form)
    browser.send(f"{address}/time", **form)
    assert browser.see(address).count("+50%</span></span>") == 1, "asked twice it is granted once"
    _who, attempt = begin(school, who)
    assert round(ends_in(school, attempt) / 60) == 45 and attempt["extension_s"] == 45 * 60
    more = who.call("POST", f"/attempts/{attempt['attempt_id']}/extension", 200)
    assert more["extensions_left"] == 9 and round(ends_in(school, attempt) / 60) == 90
    end = re.search(rf'action="({address}/time/\d+/end)"', browser.see(address))[1]
    browser.send(end)
    assert "+50%</span></span>" not in browser.see(address)
    Browser(school, OTHER).get(address, 404)
    Browser(school, LEARNER).get(address, 403)


# ---- two markers


def hand_in(app):
    who, attempt = begin(app)
    for lesson in who.lessons()[:-1]:
        who.watch(lesson["id"], lesson["duration_s"])
    answers = who.right_answers(attempt) | {"q3": "会卷住手套。"}
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **answers)
    return who, attempt, who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)


def opine(app, phone, attempt, permille, status=303, **more):
    browser = Browser(app, phone)
    number = next(n for n, q in enumerate(attempt["questions"], 1) if q["id"] == "q3")
    address = f"/teach/safe-measuring/marking/{attempt['attempt_id']}/{number}"
    page = browser.see(address)
    return page, browser.send(address, status, permille=str(permille), **more)


def result(who, attempt):
    return who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)


def test_two_mark_blind_and_the_mean_counts(school):
    who, attempt, told = hand_in(school)
    assert told["score"] is None and told["feedback"] == []
    opine(school, TEACHER, attempt, 500, remarks="说清楚一点")
    assert result(who, attempt)["waiting"] == 1, "one opinion decides nothing"
    page, _answer = opine(school, REVIEWER, attempt, 750)
    assert "说清楚一点" not in page and "批过" not in page, "the second sees nothing of the first"
    assert result(who, attempt)["passed"]
    with school.app_context():
        (mark,) = session.scalars(select(Mark)).all()
        assert (mark.permille, mark.is_joint, mark.by) == (625, True, "system:joint")
        assert session.scalar(select(func.count()).select_from(Completion)) == 1
        count, differences = creditbank.recompute()
        assert (count, differences) == (1, [])


def test_who_is_far_apart_needs_a_third_who_is_none_of_the_two(school):
    who, attempt, _told = hand_in(school)
    opine(school, TEACHER, attempt, 0)
    opine(school, REVIEWER, attempt, 1000)
    assert result(who, attempt)["waiting"] == 1
    page = Browser(school, TEACHER).see("/teach/safe-measuring/marking")
    assert "没有等批改的答案" in page, "the first is not asked again"
    assert "已经批过" in words(opine_again(school, TEACHER, attempt, 1000))
    with school.test_request_context(), writing():
        third = make_person("13800000009", "梁工", "reviewer")
        course = courses.get_course("safe-measuring", third)
        (waiting,) = learning.list_waiting(third, course)
        learning.mark_answer(third, course, waiting.attempt_id, waiting.number, permille=250, remarks="", reason="")
    assert result(who, attempt)["score"] == 75  # two right, a quarter of the third
    with school.app_context():
        assert session.scalar(select(Mark.permille)) == 250
        assert [x.place for x in session.scalars(select(Opinion).order_by(Opinion.id))] == [1, 2, 3]
        trail = session.scalars(select(AuditLine.action).where(AuditLine.action.like("quizzes.answer%"))).all()
        assert sorted(trail) == ["quizzes.answer.judged"] * 3 + ["quizzes.answer.marked"]


def opine_again(app, phone, attempt, permille):
    number = next(n for n, q in enumerate(attempt["questions"], 1) if q["id"] == "q3")
    browser, address = Browser(app, phone), f"/teach/safe-measuring/marking/{attempt['attempt_id']}/{number}"
    assert "你批过这个答案了" in browser.see(address)
    return browser.send(address, 409, permille=str(permille))


def test_what_two_marked_is_raised_only_by_somebody_else_and_never_lowered(school):
    who, attempt, _told = hand_in(school)
    opine(school, TEACHER, attempt, 500)
    opine(school, REVIEWER, attempt, 500)
    with school.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        number = next(n for n, q in enumerate(attempt["questions"], 1) if q["id"] == "q3")
        third = make_person("13800000009", "梁工", "reviewer")
        teacher = accounts.find_person_by_phone(TEACHER)
        first = actor_of(teacher)
        with pytest.raises(quizzes.NotForYou):
            learning.mark_answer(first, course, attempt["attempt_id"], number, permille=750, remarks="", reason="看漏了")
        with pytest.raises(quizzes.DecidedAlready):
            learning.mark_answer(third, course, attempt["attempt_id"], number, permille=250, remarks="", reason="太松")
        learning.mark_answer(third, course, attempt["attempt_id"], number, permille=1000, remarks="", reason="看漏了")
    assert result(who, attempt)["score"] == 100


def actor_of(person):
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


def test_an_opinion_that_was_changed_by_sql_is_named_when_credits_are_derived_again(school):
    hand_in_and_mark(school)
    with school.app_context(), session.get_bind().connect().execution_options(is_writing=True) as c, c.begin():
        drop_guard(c, "quizzes_opinion")
        c.execute(text("UPDATE quizzes_opinion SET permille = 0 WHERE place = 1"))
    with school.app_context():
        _count, differences = creditbank.recompute()
        assert [d for d in differences if "对不上" in str(d.why)]


def hand_in_and_mark(app):
    who, attempt, _told = hand_in(app)
    opine(app, TEACHER, attempt, 750)
    opine(app, REVIEWER, attempt, 750)
    return who, attempt


def drop_guard(connection, table):
    if connection.dialect.name == "sqlite":
        for name in connection.execute(text("SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name=:t"), {"t": table}).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
    else:
        connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def test_a_reviewer_sees_only_answers_of_strict_exams(plain):
    with plain.test_request_context(), writing():
        make_person(REVIEWER, "何静", "reviewer")
        make_course("asked", videos_ms=(), texts=1, gift=SHORT)
    who = Learner(plain, LEARNER)
    who.call("PUT", "/courses/asked/enrolment", 200)
    attempt = who.call("POST", f"/quizzes/{who.lessons('asked')[-1]['id']}/attempts", 200)
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q3="会卷住")
    who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
    browser = Browser(plain, REVIEWER)
    assert "asked" not in browser.see("/teach/marking")
    assert "会卷住" not in browser.see("/teach/asked/marking")
    browser.get(f"/teach/asked/marking/{attempt['attempt_id']}/3", 404)


# ---- being spared the lessons


def score_first(app, answers=None, who=None):
    who, attempt = begin(app, who)
    who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **(answers or who.right_answers(attempt)))
    return who, who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)


def completions(app):
    with app.app_context():
        count, differences = creditbank.recompute()
        assert [str(d.why) for d in differences] == []
        return session.scalars(select(Completion)).all()


def test_a_good_first_try_may_spare_the_lessons_and_hours_count_what_was_studied(plain):
    browser = Browser(plain, LEARNER)
    who = Learner(plain, LEARNER)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    assert "第一次就考到 80 分" in browser.see(QUIZ)
    one = who.lessons()[0]
    who.watch(one["id"], one["duration_s"])
    who, told = score_first(plain, who=who)
    assert told["passed"] and completions(plain) == [], "nothing is completed before the person says so"
    page = browser.see(QUIZ)
    assert "可以免修其余的课" in page and "不再加学时" in page and "读2" in page
    assert place(browser.send("/learn/safe-measuring/test-out")) == "/courses/safe-measuring"
    (done,) = completions(plain)
    quiz = who.lessons()[-1]
    assert done.content_ms == round((one["duration_s"] + quiz["duration_s"]) * 1000)
    assert len(done.evidence["tested_out"]) == 1
    assert "免修，不算学时" in browser.see("/courses/safe-measuring")
    browser.send("/learn/safe-measuring/test-out")
    two = who.lessons()[1]
    who.watch(two["id"], two["duration_s"])
    assert len(completions(plain)) == 1, "again is the same, and later study changes nothing that was written"
    assert who.call("GET", "/me/credits", 200)["total"] == 1


def test_who_goes_on_studying_gets_everything(plain):
    who, _told = score_first(plain)
    for lesson in who.lessons()[:-1]:
        who.watch(lesson["id"], lesson["duration_s"])
    (done,) = completions(plain)
    assert "tested_out" not in done.evidence and done.content_ms == round(sum(x["duration_s"] for x in who.lessons()) * 1000)
    assert who.call("POST", "/courses/safe-measuring/test-out", 200)["completed_at"] == done.completed_at.isoformat()


def test_a_second_try_spares_nothing(plain):
    who, told = score_first(plain, {"q1": False})
    assert not told["passed"]
    who.call("POST", "/courses/safe-measuring/test-out", 409)
    score_first(plain, who=who)
    assert who.call("POST", "/courses/safe-measuring/test-out", 409)["type"].endswith("cannot-test-out")
    assert "可以免修" not in Browser(plain, LEARNER).see(QUIZ) and completions(plain) == []


def test_an_abandoned_first_try_was_the_first(plain):
    who, attempt = begin(plain)
    with clock.advance(30 * 3600):
        who, told = score_first(plain, who=Learner(plain, LEARNER))
        assert told["passed"]
        who.call("POST", "/courses/safe-measuring/test-out", 409)
    assert attempt


def test_a_completion_that_says_it_was_spared_without_ground_is_named(plain):
    who, _told = score_first(plain)
    who.call("POST", "/courses/safe-measuring/test-out", 200)
    with plain.app_context(), session.get_bind().connect().execution_options(is_writing=True) as c, c.begin():
        drop_guard(c, "quizzes_submission")
        c.execute(text("UPDATE quizzes_submission SET answers = '{}', score = 0"))
    with plain.app_context():
        _count, differences = creditbank.recompute()
        assert differences


# ---- what a paper tells


def test_the_inspector_and_the_teacher_see_exactly_the_paper_that_the_attempt_had(school):
    who, attempt, _told = hand_in(school)
    with school.app_context():
        row = session.get(Attempt, attempt["attempt_id"])
        paper = quizzes.get_paper(row.paper_id)
        assert quizzes.paper_of(paper.document, paper.draw, row.seed) == quizzes.questions_for_learner(row)
        fingerprint = quizzes.fingerprint(row)
    teacher = Browser(school, TEACHER)
    page = teacher.see("/teach/safe-measuring/exams")
    assert attempt["attempt_id"] in page and "林小莲" not in page
    page = teacher.see(f"/teach/safe-measuring/exams/{attempt['attempt_id']}")
    assert fingerprint in page and "林小莲" not in page and "会卷住手套" in page
    shown = [o["html"] for o in next(q for q in attempt["questions"] if q["id"] == "q2")["options"]]
    at = [page.index(f" {html}") for html in shown]
    assert at == sorted(at), "in the order of that day"
    Browser(school, OTHER).get(f"/teach/safe-measuring/exams/{attempt['attempt_id']}", 404)
    inspector = Browser(school, INSPECTOR)
    assert attempt["attempt_id"] in inspector.see("/oversight/exams")
    assert attempt["attempt_id"] in inspector.see(f"/oversight/exams?attempt={attempt['attempt_id']}")
    assert attempt["attempt_id"] not in inspector.see("/oversight/exams?course=nothing")
    page = inspector.send(f"/oversight/exams/{attempt['attempt_id']}", 200).get_data(as_text=True)
    assert fingerprint in page and "林小莲" in page
    inspector.send("/oversight/exams/nothing", 404)
    teacher.send(f"/oversight/exams/{attempt['attempt_id']}", 403)
    with school.app_context():
        assert session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == "quizzes.paper.inspected")) == 1


def test_blank_papers_gather_no_key(plain):
    """Every try handed in blank: a voluntary quiz explains after the last try what was answered, and nothing was."""
    who = Learner(plain, LEARNER)
    for _n in range(3):
        _who, attempt = begin(plain, who)
        told = who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
        assert not told["passed"] and not any("right_html" in x or "explanation_html" in x for x in told["feedback"])
    assert told["attempts_left"] == 0
    page = Browser(plain, LEARNER).see(QUIZ)
    assert "与主轴平行" not in page and "防止卷入" not in page


def test_a_strict_exam_tells_nothing_question_by_question_before_a_pass(school):
    who = Learner(school, LEARNER)
    for _n in range(3):
        _who, attempt = begin(school, who)
        who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=True)
        told = who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
        assert told["feedback"] == [] and told["score"] == 33
    page = Browser(school, LEARNER).see(QUIZ)
    assert "逐题看" not in page and "与主轴平行" not in page and "防止卷入" not in page


def test_an_inspector_who_sits_an_exam_is_not_shown_its_answers(school):
    who, attempt = begin(school, Learner(school, INSPECTOR))
    inspector = Browser(school, INSPECTOR)
    inspector.see("/oversight/exams")
    inspector.send(f"/oversight/exams/{attempt['attempt_id']}", 404)
