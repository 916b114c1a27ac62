"""How many questions an attempt draws of each pool: set on a page, frozen with the revision, counted in its hours; both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from tests.clients import Browser, Learner, place
from tests.factories import TEXT, make_person

from guanxue import courses, quizzes
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Invalid
from guanxue.courses.folders import read_folder
from guanxue.courses.models import Lesson
from guanxue.quizzes.models import Paper

TEACHER, LEARNER = "13800000002", "13800000001"
POOLED = "".join(f"$CATEGORY: {pool}\n\n" + "".join(f"::{pool}{n}::第{n}句。{{TRUE}}\n\n" for n in range(size))
                 for pool, size in (("停机", 6), ("测量", 4)))
teacher = Actor("person", 2, "陈师傅", frozenset({"teach"}))


@pytest.fixture
def school(any_app):
    """A teacher's draft with a quiz of two pools."""
    with any_app.test_request_context(), writing():
        make_person(LEARNER)
        author = make_person(TEACHER, "陈师傅", "instructor")
        course = courses.create_course(author, title="安全测量", kind="skills-upgrading", slug="safe-measuring")
        courses.add_lesson(author, course, title="读", kind="text", body=TEXT)
        courses.add_lesson(author, course, title="考核", kind="quiz", body=POOLED)
    return any_app


def quiz_of() -> tuple[courses.Course, Lesson]:
    course = courses.get_course("safe-measuring", SYSTEM)
    return course, next(x for x in courses.list_lessons(course.id) if x.kind == "quiz")


def publish(draw=None) -> courses.Revision:
    course, quiz = quiz_of()
    if draw is not None:
        courses.set_draw(teacher, course, quiz.id, draw)
    return courses.publish_course(SYSTEM, course)


def test_the_teacher_says_how_many_and_learners_get_so_many(school):
    with school.test_request_context():
        address = f"/teach/safe-measuring/lessons/{quiz_of()[1].id}/draw"
    browser = Browser(school, TEACHER)
    page = browser.see(address)
    assert "题库“停机”（6 道）抽几道" in page and "每人考 10 道" in page
    assert place(browser.send(address, **{"draw-0": "2", "draw-1": ""})) == address
    assert "每人考 6 道" in browser.see(address)
    with school.test_request_context(), writing():
        revision = publish()
        quiz = courses.lessons_of(revision.id)[-1]
        assert quiz.settings == {"draw": {"停机": 2}} and quiz.duration_ms == 6 * 60_000
        assert quizzes.get_paper(quiz.paper_id).question_count == 6
    who = Learner(school)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    lesson = who.lessons()[-1]["id"]
    first = who.call("POST", f"/quizzes/{lesson}/attempts", 200)
    assert len(first["questions"]) == 6
    assert who.call("POST", f"/quizzes/{lesson}/attempts", 200)["questions"] == first["questions"], "the same every time it is read"
    names = [q["id"] for q in first["questions"]]
    assert sum(n.startswith("停机") for n in names) == 2 and "pool" not in str(first)
    not_drawn = next(f"停机{n}" for n in range(6) if f"停机{n}" not in names)
    who.call("PUT", f"/attempts/{first['attempt_id']}/answers", 422, **{not_drawn: True})
    who.call("PUT", f"/attempts/{first['attempt_id']}/answers", 200, **dict.fromkeys(names, True))
    assert who.call("POST", f"/attempts/{first['attempt_id']}/submit", 200)["score"] == 100


@pytest.mark.parametrize("count", ["0", "7", "-1", "x", "1.5", "９９９９９"])
def test_a_number_no_pool_allows_is_told_at_its_field_and_nothing_is_kept(school, count):
    with school.test_request_context():
        address = f"/teach/safe-measuring/lessons/{quiz_of()[1].id}/draw"
    browser = Browser(school, TEACHER)
    browser.see(address)
    answer = browser.send(address, 422, **{"draw-0": count, "draw-1": "2"})
    assert "1 到 6" in answer.get_data(as_text=True) and f'value="{count}"' in answer.get_data(as_text=True)
    with school.test_request_context():
        assert courses.draw_of(quiz_of()[1]) == {}


def test_only_a_quiz_draws_and_only_its_teacher_says_so(school):
    with school.test_request_context():
        quiz = quiz_of()[1]
    with school.test_request_context(), writing():
        make_person("13800000003", "周工", "instructor")
        course, _quiz = quiz_of()
        with pytest.raises(Invalid):
            courses.set_draw(teacher, course, courses.list_lessons(course.id)[0].id, {"停机": 1})
    Browser(school, "13800000003").get(f"/teach/safe-measuring/lessons/{quiz.id}/draw", 404)
    with school.test_request_context():
        other = courses.list_lessons(quiz_of()[0].id)[0].id
    browser = Browser(school, TEACHER)
    assert "只有考核" in browser.get(f"/teach/safe-measuring/lessons/{other}/draw", 404).get_data(as_text=True)
    browser.see(f"/teach/safe-measuring/lessons/{quiz.id}/draw")
    browser.send(f"/teach/safe-measuring/lessons/{other}/draw", 404, **{"draw-0": "1"})
    Browser(school, TEACHER).get(f"/teach/safe-measuring/lessons/{quiz.id}9/draw", 404)


def test_papers_and_revisions_that_draw_nothing_keep_their_digest(school):
    with school.test_request_context(), writing():
        before = publish()
        questions = quizzes.read_gift(POOLED).questions
        paper = quizzes.create_paper(SYSTEM, title="别的", questions=questions)
        assert quizzes.create_paper(SYSTEM, title="别的", questions=questions, draw={}).id == paper.id
        assert publish({"停机": None, "测量": 4}).id == before.id, "as many as there are is all of them"
        drawing = publish({"停机": 3})
        assert drawing.number == 2 and session.scalar(select(func.count()).select_from(Paper)) == 2
        assert publish({"停机": 3}).id == drawing.id
        assert publish({}).number == 3


def test_a_pool_that_has_become_too_small_keeps_the_course_from_publication(school):
    with school.test_request_context(), writing():
        publish({"停机": 5})
        course, quiz = quiz_of()
        courses.edit_lesson(teacher, course, quiz.id, title="考核", body=POOLED.replace("停机", "安全"))
        with pytest.raises(Invalid, match="题库“停机”现在有 0 道题"):
            courses.publish_course(SYSTEM, course)
        courses.set_draw(teacher, course, quiz.id, {})
        courses.publish_course(SYSTEM, course)


def test_a_course_folder_carries_what_is_drawn_out_and_in(school, tmp_path):
    with school.test_request_context(), writing():
        first = publish({"停机": 2})
        courses.export_folder("safe-measuring", tmp_path / "out")
        assert read_folder(tmp_path / "out").lessons[-1].draw == {"停机": 2}
        assert courses.import_folder(SYSTEM, tmp_path / "out").id == first.id
    facts = (tmp_path / "out" / "course.yaml").read_text("utf-8")
    for wrong in ("quiz_draw:\n  停机: 7", "quiz_draw: 5", "quiz_draw:\n  停机: x", "quiz_draw:\n  没有: 1"):
        (tmp_path / "out" / "course.yaml").write_text(facts.split("quiz_draw")[0] + wrong, "utf-8")
        assert [f["field"] for f in read_folder(tmp_path / "out").faults] == ["course.yaml"]


def test_another_attempt_draws_others(school):
    with school.test_request_context(), writing():
        publish({"停机": 2, "测量": 2})
    drawn = set()
    for phone in range(8):
        with school.test_request_context(), writing():
            make_person(f"139000000{phone:02}", "人")
        who = Learner(school, f"139000000{phone:02}")
        who.call("PUT", "/courses/safe-measuring/enrolment", 200)
        attempt = who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200)
        drawn.add(tuple(q["id"] for q in attempt["questions"]))
    assert len(drawn) > 2  # 90 ways; eight alike is less likely than one in a trillion


# ---- levels, and how many a pool should hold

MIXED = "$CATEGORY: 测量\n\n" + "".join(
    f"// guanxue: {level}\n::{level}{n}::{level}第{n}句。{{TRUE}}\n\n" for level, size in (("easy", 6), ("hard", 3)) for n in range(size)
) + "".join(f"::plain{n}::平常第{n}句。{{TRUE}}\n\n" for n in range(3))


def mixed(**facts):
    course = courses.create_course(SYSTEM, title="安全测量", kind="skills-upgrading", slug="mixed", **facts)
    courses.add_lesson(SYSTEM, course, title="读", kind="text", body=TEXT)
    return course, courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=MIXED)


def test_so_many_of_each_level_are_drawn_and_what_nobody_marked_is_in_the_middle(any_db):
    course, quiz = mixed()
    questions = courses.questions_in(quiz)
    assert quizzes.levels_of(questions, "测量") == {"easy": 6, "middle": 3, "hard": 3}
    draw = {"测量": {"easy": 2, "middle": 1, "hard": 1}}
    courses.set_draw(SYSTEM, course, quiz.id, draw)
    revision = courses.publish_course(SYSTEM, course)
    paper = quizzes.get_paper(courses.lessons_of(revision.id)[-1].paper_id)
    assert paper.question_count == 4 and paper.draw == draw
    papers = [quizzes.paper_of(paper.document, paper.draw, f"{n:032x}") for n in range(30)]
    for shown in papers:
        assert sorted(q["id"].rstrip("0123456789") for q in shown) == ["easy", "easy", "hard", "plain"]
    assert len({tuple(q["id"] for q in shown) for shown in papers}) > 10
    assert papers == [quizzes.paper_of(paper.document, paper.draw, f"{n:032x}") for n in range(30)]
    for wrong in ({"easy": 7}, {"hard": 0}, {"middle": 4}):
        with pytest.raises(Invalid):
            courses.set_draw(SYSTEM, course, quiz.id, {"测量": wrong})


def test_a_subsidised_course_is_not_published_while_a_pool_holds_less_than_three_times_what_is_drawn(any_db):
    course, quiz = mixed(is_subsidised=True)
    for draw, missing in (({}, "还差 24 道"), ({"测量": 5}, "还差 3 道"), ({"测量": {"easy": 2, "hard": 2}}, "测量（难）”每人考 2 道，要有 6 道，现在有 3 道，还差 3 道")):
        courses.set_draw(SYSTEM, course, quiz.id, draw)
        with pytest.raises(Invalid) as refused:
            courses.publish_course(SYSTEM, course)
        assert missing in str(refused.value.message)
    courses.set_draw(SYSTEM, course, quiz.id, {"测量": {"easy": 2, "hard": 1}})
    assert courses.publish_course(SYSTEM, course).number == 1


def test_the_page_of_drawing_says_what_is_missing_and_takes_levels(school):
    with school.test_request_context():
        address = f"/teach/safe-measuring/lessons/{quiz_of()[1].id}/draw"
    browser = Browser(school, TEACHER)
    assert "题还不够多" in browser.see(address)
    page = browser.send(address, 422, **{"draw-0-hard": "1", "draw-1": "1"}).get_data(as_text=True)
    assert "填 1 到 0 之间" in page
    browser.send(address, **{"draw-0-middle": "2", "draw-1": "1", "strict": "yes"})
    page = browser.see(address)
    assert "题够多" in page and "每人考 3 道" in page and 'value="yes" checked' in page
    with school.test_request_context():
        _course, quiz = quiz_of()
        assert courses.draw_of(quiz) == {"停机": {"middle": 2}, "测量": 1} and courses.is_strict_exam(quiz)
    browser.send(address.removesuffix("draw") + "levels")


def test_measured_levels_are_taken_over_where_nobody_marked_any(school, monkeypatch):
    with school.test_request_context(), writing():
        publish()
    for n in range(3):
        with school.test_request_context(), writing():
            make_person(f"1390000100{n}")
        who = Learner(school, f"1390000100{n}")
        who.call("PUT", "/courses/safe-measuring/enrolment", 200)
        attempt = who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200)
        who.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, 停机0=True, 停机1=n == 0)
        who.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
    with school.test_request_context(), writing():
        course, quiz = quiz_of()
        assert courses.measured_levels(course, quiz) == {}, "three say too little"
        monkeypatch.setattr(quizzes, "FEWEST", 3)
        assert courses.take_levels(teacher, course, quiz) == 10
        levels = {q.id: q.level for q in courses.questions_in(quiz_of()[1])}
        assert (levels["停机0"], levels["停机1"], levels["测量0"]) == ("easy", "hard", "hard")
        assert courses.take_levels(teacher, course, quiz_of()[1]) == 0
