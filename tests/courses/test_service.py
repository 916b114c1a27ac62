"""From draft to frozen revision: four eyes, nothing published moves, plans stay honest; on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text
from tests import factories
from tests.factories import GIFT, OWN_WORK, TEXT, make_course, make_person

from guanxue import audit, courses, learning, media
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid, Unauthenticated
from guanxue.courses.models import PUBLISHED, RETURNED, SUBMITTED, Revision
from guanxue.media.service import finish_asset

KIND = "skills-upgrading"


@pytest.fixture
def people(any_db):
    """An author, another teacher, a reviewer, a learner."""
    return {role or "learner": make_person(f"1380000000{n}", f"人{n}", role.rstrip("2") if role else None)
            for n, role in enumerate((None, "instructor", "instructor2", "reviewer"))}


def draft(author, **more):
    course = courses.create_course(author, title="安全测量", kind=KIND, **more)
    courses.add_lesson(author, course, title="先停机", kind="text", body=TEXT)
    courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
    return course


def frozen(revision: Revision) -> list:
    """Everything a revision keeps, read from the database anew."""
    session.flush()
    session.expire_all()
    rows = session.execute(text(f"SELECT * FROM courses_revision_lesson WHERE revision_id = {revision.id} ORDER BY position"))
    whole = session.execute(text(f"SELECT * FROM courses_revision WHERE id = {revision.id}"))
    return [repr(tuple(r)) for r in (*whole, *rows)]


def plan(slug="plan-1", hours="32"):
    courses.load_plans(SYSTEM, [{
        "course_id": slug, "title_zh": "筹备中的课", "title_en": "A plan", "kind": "技能提升", "level": "四级/中级工",
        "occupation_id": "", "category_path": "x/y", "delivery": "online", "hours": hours, "syllabus": "一;二", "town_ids": ""}])
    return courses.get_course(slug, ANONYMOUS)


def test_a_course_goes_from_draft_through_review_to_a_frozen_revision(people):
    author, reviewer = people["instructor"], people["reviewer"]
    course = draft(author)
    assert courses.find_course(course.slug, ANONYMOUS) is None and courses.find_course(course.slug, author) is course
    courses.submit_course(author, course, claims=OWN_WORK)
    assert course.state == SUBMITTED and courses.list_submitted() == [course]
    courses.return_course(reviewer, course, "第一课太短。")
    assert course.state == RETURNED and courses.list_submitted() == []
    courses.submit_course(author, course, claims=OWN_WORK)
    revision = courses.approve_course(reviewer, course)
    assert (course.state, course.revision_id, revision.number) == (PUBLISHED, revision.id, 1)
    assert courses.find_course(course.slug, ANONYMOUS) is course
    assert [r.step for r in courses.list_review_lines(course.id)] == ["submitted", "returned", "submitted", "approved"]
    assert {"courses.course.submitted", "courses.course.approved", "courses.course.published"} <= {
        x.action for x in audit.list_lines(subject=f"course:{course.id}")}


def test_nobody_reviews_their_own_course_and_only_reviewers_review(people):
    author, reviewer = people["instructor"], people["reviewer"]
    course = draft(author)
    courses.submit_course(author, course, claims=OWN_WORK)
    both = type(author)("person", author.id, author.name, frozenset({"teach", "review", "administer"}))
    for actor, error in ((both, Forbidden), (author, Forbidden), (people["instructor2"], Forbidden), (people["learner"], Forbidden),
                         (ANONYMOUS, Unauthenticated)):
        with pytest.raises(error):
            courses.approve_course(actor, course)
        with pytest.raises(error):
            courses.return_course(actor, course, "不行")
    assert course.state == SUBMITTED and course.revision_id is None
    courses.approve_course(reviewer, course)


def test_what_does_not_wait_for_review_cannot_be_approved(people):
    course = draft(people["instructor"])
    with pytest.raises(courses.NotReady):
        courses.approve_course(people["reviewer"], course)
    courses.submit_course(people["instructor"], course, claims=OWN_WORK)
    courses.approve_course(people["reviewer"], course)
    with pytest.raises(courses.NotReady):
        courses.approve_course(people["reviewer"], course)


def test_returning_needs_a_reason(people):
    course = draft(people["instructor"])
    courses.submit_course(people["instructor"], course, claims=OWN_WORK)
    with pytest.raises(Invalid):
        courses.return_course(people["reviewer"], course, "  ")
    assert course.state == SUBMITTED


def test_a_course_in_review_stands_still(people):
    author = people["instructor"]
    course = draft(author)
    courses.submit_course(author, course, claims=OWN_WORK)
    lesson = courses.list_lessons(course.id)[0]
    for change in (lambda: courses.edit_lesson(author, course, lesson.id, title="x", body="y"),
                   lambda: courses.add_lesson(author, course, title="x", kind="text", body="y"),
                   lambda: courses.remove_lesson(author, course, lesson.id), lambda: courses.move_lesson(author, course, lesson.id, 1),
                   lambda: courses.edit_course(author, course, title="别的", kind=KIND, summary="", level=None, industry=""),
                   lambda: courses.submit_course(author, course, claims=OWN_WORK)):
        with pytest.raises(courses.NotReady):
            change()


def test_another_teacher_changes_nothing_of_mine(people):
    course, other = draft(people["instructor"]), people["instructor2"]
    lesson = courses.list_lessons(course.id)[0]
    for change in (lambda: courses.edit_lesson(other, course, lesson.id, title="x", body="y"),
                   lambda: courses.add_lesson(other, course, title="x", kind="text", body="y"),
                   lambda: courses.remove_lesson(other, course, lesson.id), lambda: courses.submit_course(other, course, claims=OWN_WORK)):
        with pytest.raises(Forbidden):
            change()
    with pytest.raises(courses.NoSuchLesson):
        courses.get_lesson(draft(other), lesson.id)


def test_edits_after_publication_do_not_touch_the_revision(people):
    author = people["instructor"]
    course = draft(author)
    courses.submit_course(author, course, claims=OWN_WORK)
    revision = courses.approve_course(people["reviewer"], course)
    before = frozen(revision)
    first, quiz = courses.list_lessons(course.id)
    courses.edit_lesson(author, course, first.id, title="改了", body="## 新\n\n新的内容。")
    courses.edit_lesson(author, course, quiz.id, title="新考核", body="::q::新题{TRUE}")
    courses.add_lesson(author, course, title="又一课", kind="text", body=TEXT)
    courses.edit_course(author, course, title="新名字", kind=KIND, summary="新", level=3, industry="")
    courses.remove_lesson(author, course, first.id)
    assert frozen(revision) == before
    courses.submit_course(author, course, claims=OWN_WORK)
    second = courses.approve_course(people["reviewer"], course)
    assert second.number == 2 and second.title == "新名字" and frozen(revision) == before


def test_the_same_content_is_the_same_revision(people):
    course = make_course()
    first = course.revision_id
    assert courses.publish_course(SYSTEM, course).id == first
    lesson = courses.list_lessons(course.id)[0]
    courses.edit_lesson(SYSTEM, course, lesson.id, title="变一下", body=lesson.body)
    assert courses.publish_course(SYSTEM, course).id != first
    assert session.scalar(select(Revision.number).where(Revision.id == course.revision_id)) == 2


def test_an_enrolment_keeps_the_revision_it_began_with(people):
    learner, course = people["learner"], make_course()
    enrolment = learning.enrol(learner, course)
    pinned = enrolment.revision_id
    courses.edit_lesson(SYSTEM, course, courses.list_lessons(course.id)[0].id, title="第一课（新）", body="## 新\n\n新的话。")
    courses.publish_course(SYSTEM, course)
    assert course.revision_id != pinned
    assert learning.enrol(learner, course).revision_id == pinned
    other = make_person("13800000020", "后来的人")
    assert learning.enrol(other, course).revision_id == course.revision_id


def test_a_duration_is_filled_once_and_reaches_every_revision_that_waits(people):
    course = courses.create_course(SYSTEM, title="旁白课", kind=KIND, slug="narrated")
    courses.add_lesson(SYSTEM, course, title="一", kind="video", body=TEXT)
    courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
    revision = courses.publish_course(SYSTEM, course)
    video = courses.lessons_of(revision.id)[0]
    assert video.duration_ms is None and courses.content_ms(courses.lessons_of(revision.id)) is None
    assert courses.lesson_states([video]) == {video.id: "preparing"}
    finish_asset(video.asset_id, version="v1", duration_ms=61_234, facts={})
    assert video.duration_ms == 61_234
    finish_asset(video.asset_id, version="v2", duration_ms=99_999, facts={})
    assert (video.duration_ms, media.get_asset(video.asset_id).version) == (61_234, "v1")


@pytest.mark.parametrize(("lessons", "word"), [
    ([], "至少"), ([("text", TEXT)], "考核"), ([("quiz", GIFT)], "至少"), ([("video", ""), ("quiz", GIFT)], "视频"),
    ([("text", "  "), ("quiz", GIFT)], "内容"),
])
def test_an_unfinished_draft_cannot_be_handed_in_and_is_told_why(people, lessons, word):
    author = people["instructor"]
    course = courses.create_course(author, title="半成品", kind=KIND)
    for kind, body in lessons:
        courses.add_lesson(author, course, title="课", kind=kind, body=body)
    with pytest.raises(Invalid) as problem:
        courses.submit_course(author, course, claims=OWN_WORK)
    assert any(word in str(f["message"]) for f in problem.value.fields)
    assert course.state == "draft"


@pytest.mark.parametrize("gift", ["", "这不是题", "::a::好题{TRUE}\n\n::b::坏题{=对 ~"])
def test_a_quiz_with_a_broken_question_is_refused_whole_and_named(people, gift):
    course = courses.create_course(people["instructor"], title="有坏题", kind=KIND)
    with pytest.raises(Invalid) as problem:
        courses.add_lesson(people["instructor"], course, title="考核", kind="quiz", body=gift)
    assert problem.value.fields and courses.list_lessons(course.id) == []


def test_the_quiz_stays_last_and_lessons_move_within_their_bounds(people):
    author = people["instructor"]
    course = draft(author)
    second = courses.add_lesson(author, course, title="再测量", kind="text", body=TEXT)
    names = lambda: [x.title for x in courses.list_lessons(course.id)]
    assert names() == ["先停机", "再测量", "考核"]
    courses.move_lesson(author, course, second.id, -1)
    courses.move_lesson(author, course, second.id, -1)
    assert names() == ["再测量", "先停机", "考核"]
    courses.move_lesson(author, course, courses.list_lessons(course.id)[-1].id, -1)
    courses.move_lesson(author, course, courses.list_lessons(course.id)[1].id, 1)
    assert names() == ["再测量", "先停机", "考核"]
    with pytest.raises(courses.NotReady):
        courses.add_lesson(author, course, title="又一份", kind="quiz", body=GIFT)


@pytest.mark.parametrize("facts", [{"title": "x"}, {"title": "很" * 81}, {"kind": "magic"}, {"level": 9}, {"industry": "astrology"}])
def test_wrong_facts_make_no_course(people, facts):
    with pytest.raises(Invalid):
        courses.create_course(people["instructor"], **{"title": "好名字", "kind": KIND, **facts})
    assert courses.list_own_courses(people["instructor"]) == []


def test_learners_make_no_courses(people):
    with pytest.raises(Forbidden):
        courses.create_course(people["learner"], title="我的课", kind=KIND)
    with pytest.raises(Unauthenticated):
        courses.create_course(ANONYMOUS, title="我的课", kind=KIND)


# ---- plans


def test_a_plan_is_listed_but_never_enrolled_in(people):
    course = plan()
    assert courses.find_item("plan-1").status == "planned" and courses.find_item("plan-1").credits_milli == 0
    with pytest.raises(learning.CannotEnrol):
        learning.enrol(people["learner"], course)


def test_wishing_twice_is_one_wish_and_can_be_taken_back(people):
    course, learner = plan(), people["learner"]
    courses.wish_for(learner, course)
    courses.wish_for(learner, course)
    assert courses.count_wishes(course.id) == 1 and courses.is_wished(course.id, learner.id)
    courses.withdraw_wish(learner, course)
    courses.withdraw_wish(learner, course)
    assert courses.count_wishes(course.id) == 0
    with pytest.raises(courses.NotReady):
        courses.wish_for(learner, make_course())


def test_a_plan_is_taken_on_by_one_teacher_and_keeps_its_place_until_published(people):
    course, author = plan(), people["instructor"]
    courses.take_on(author, course)
    with pytest.raises(courses.NotReady):
        courses.take_on(people["instructor2"], course)
    with pytest.raises(Forbidden):
        courses.take_on(people["learner"], plan("plan-2"))
    assert courses.find_item("plan-1").status == "planned"
    courses.edit_course(author, course, title="我写的名字", kind=KIND, summary="", level=None, industry="")
    assert plan().title == "我写的名字"  # loading the table again leaves a teacher's words alone
    courses.add_lesson(author, course, title="一", kind="text", body=TEXT)
    courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
    courses.submit_course(author, course, claims=OWN_WORK)
    courses.approve_course(people["reviewer"], course)
    item = courses.find_item("plan-1")
    assert item.status == "open" and item.hours_milli < item.planned_hours_milli  # hours are what the content is


def test_loading_plans_twice_is_the_same_plans(people):
    first, again = plan(), plan()
    assert first.id == again.id
    assert [i.slug for i in courses.snapshot().items] == ["plan-1"]
    assert factories.SYSTEM is SYSTEM
