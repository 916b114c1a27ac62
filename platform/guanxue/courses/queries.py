"""Finding courses, revisions and lessons. visible_to() is the one place for row rights."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, or_, select, true

from guanxue import accounts, media, policies
from guanxue.accounts import Organisation, Person
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Prepared
from guanxue.courses import editing, rules
from guanxue.courses.errors import NoSuchCourse, NoSuchLesson
from guanxue.courses.models import SUBMITTED, Author, Course, CourseTown, Lesson, ReviewLine, Revision, RevisionLesson, Wish


def visible_to(actor: Actor) -> ColumnElement[bool]:
    """Everybody sees what is published or planned; authors their own; reviewers what was submitted."""
    if actor.may("administer"):
        return true()
    ways = [Course.revision_id.is_not(None), Course.is_planned]
    if actor.is_person:
        ways.append(_written_by(actor.id))
    if actor.may("review"):
        ways.append(Course.state == SUBMITTED)
    return or_(*ways)


def _written_by(person_id: int) -> ColumnElement[bool]:
    """Courses that the person owns or writes; not those they were only asked to."""
    writes = select(Author.course_id).where(
        Author.person_id == person_id, Author.accepted_at.is_not(None), Author.left_at.is_(None))
    return or_(Course.owner_id == person_id, Course.id.in_(writes))


def find_course(slug: str, actor: Actor) -> Course | None:
    """The course of that slug, where the actor may see it."""
    return session.scalar(select(Course).where(Course.slug == slug, visible_to(actor)))


def get_course(slug: str, actor: Actor) -> Course:
    """The course of that slug, where the actor may see it. Raises NoSuchCourse."""
    course = find_course(slug, actor)
    if course is None:
        raise NoSuchCourse(_("没有这门课。"))
    return course


def courses_by_id(course_ids: Iterable[int]) -> dict[int, Course]:
    """Courses by row id, whoever may see them."""
    return {c.id: c for c in session.scalars(select(Course).where(Course.id.in_(set(course_ids))))}


def may_review_course(actor: Actor, course: Course) -> bool:
    """A reviewer who was never its author, nor changed its draft since it was published, under any account: four eyes."""
    if not rules.may_review_course(actor, course):
        return False
    wrote = course.writer_ids | editing.editor_ids(course)
    return actor.id is None or wrote.isdisjoint(accounts.all_accounts_of(actor.id))


def list_own_courses(actor: Actor) -> list[Course]:
    """The courses the actor owns or writes, last worked on first."""
    return list(session.scalars(
        select(Course).where(_written_by(actor.id)).order_by(Course.updated_at.desc(), Course.id.desc())))


def list_submitted() -> list[Course]:
    """Courses that wait for a reviewer, longest waiting first."""
    return list(session.scalars(select(Course).where(Course.state == SUBMITTED).order_by(Course.updated_at)))


def list_lessons(course_id: int) -> list[Lesson]:
    """The draft's lessons in order."""
    return list(session.scalars(select(Lesson).where(Lesson.course_id == course_id).order_by(Lesson.position, Lesson.id)))


def find_made_with(course: Course, form_key: str) -> Lesson | None:
    """The draft's lesson that was made with the form of that key: what is sent twice, or in two parts, is one lesson."""
    return next((x for x in list_lessons(course.id) if form_key and x.form_key == form_key), None)


def find_lesson(lesson_id: int) -> Lesson | None:
    """The draft lesson with that row id, of whatever course."""
    return session.get(Lesson, lesson_id)


def get_lesson(course: Course, lesson_id: int) -> Lesson:
    """A lesson of the course's draft. Raises NoSuchLesson."""
    lesson = session.get(Lesson, lesson_id)
    if lesson is None or lesson.course_id != course.id:
        raise NoSuchLesson(_("没有这节课。"))
    return lesson


def get_revision(revision_id: int) -> Revision:
    """The frozen revision with that row id. Raises NoSuchCourse."""
    revision = session.get(Revision, revision_id)
    if revision is None:
        raise NoSuchCourse(_("没有这个版本的课程。"))
    return revision


class LessonName(NamedTuple):
    """What a lesson is called, its kind, and how long it is in milliseconds (None while its film is in the making)."""

    slug: str
    title: str
    kind: str
    duration_ms: int | None


def lessons_of(revision_id: int) -> list[RevisionLesson]:
    """The revision's lessons in order."""
    return list(session.scalars(
        select(RevisionLesson).where(RevisionLesson.revision_id == revision_id).order_by(RevisionLesson.position)))


def lessons_at(revisions: Iterable[tuple[str, int]]) -> dict[tuple[str, int], list[LessonName]]:
    """{(slug, number): its lessons in order} of revisions by their course's slug and number, in one query."""
    wanted, found = set(revisions), {}
    rows = session.execute(
        select(Course.slug, Revision.number, RevisionLesson.slug, RevisionLesson.title, RevisionLesson.kind,
               RevisionLesson.duration_ms)
        .join(Revision, Revision.course_id == Course.id).join(RevisionLesson, RevisionLesson.revision_id == Revision.id)
        .where(Course.slug.in_({slug for slug, _number in wanted}))
        .order_by(RevisionLesson.revision_id, RevisionLesson.position)) if wanted else ()
    for slug, number, *lesson in rows:
        if (slug, number) in wanted:
            found.setdefault((slug, number), []).append(LessonName(*lesson))
    return found


# Asked for every answer with a kept page of a course.
_AWAITED = Prepared(select(RevisionLesson.asset_id).where(
    RevisionLesson.revision_id == bindparam("revision_id"), RevisionLesson.duration_ms.is_(None),
    RevisionLesson.asset_id.is_not(None)))
_COUNT_WISHES = Prepared(select(func.count()).select_from(Wish).where(Wish.course_id == bindparam("course_id")))
_WISH = Prepared(
    select(Wish.person_id).where(Wish.course_id == bindparam("course_id"), Wish.person_id == bindparam("person_id")))
_TEACHER = Prepared(select(Person.name).join(Course, Course.owner_id == Person.id).where(Course.id == bindparam("course_id")))


def list_awaited_assets(revision_id: int) -> list[int]:
    """Row ids of the videos that the revision still waits for."""
    return [row.asset_id for row in _AWAITED.rows(revision_id=revision_id)]


def teacher_of(course_id: int) -> str:
    """The name of whoever the course belongs to, "" where that is nobody."""
    return _TEACHER.value(course_id=course_id) or ""


def get_revision_lesson(lesson_id: int) -> RevisionLesson:
    """A lesson of some revision. Raises NoSuchLesson."""
    lesson = session.get(RevisionLesson, lesson_id)
    if lesson is None:
        raise NoSuchLesson(_("没有这节课。"))
    return lesson


def lesson_states(lessons: Iterable[RevisionLesson]) -> dict[int, str]:
    """By lesson id: "ready", "preparing" (its video is in the making) or "failed"."""
    lessons = list(lessons)
    awaited = {x.asset_id for x in lessons if x.duration_ms is None and x.asset_id}
    failed = {a.id for a in media.list_assets(awaited) if a.state == "failed"}
    return {x.id: "ready" if x.duration_ms is not None else "failed" if x.asset_id in failed else "preparing" for x in lessons}


def policy_for(revision: Revision) -> policies.Policy:
    """The policy that somebody who joins the revision today gets: the version that holds of the one its course names."""
    return policies.current_policy(policies.get_policy(revision.policy_id).code)


def provider_of(course_id: int) -> str:
    """The code of the institution that a course belongs to; "city" where it belongs to none."""
    query = select(Organisation.slug).join(Course, Course.institution_id == Organisation.id).where(Course.id == course_id)
    return session.scalar(query) or "city"


def known_lengths(lessons: Iterable[RevisionLesson]) -> list[tuple[str, int]]:
    """(kind, ms) of each lesson whose length is known, as policies.worth_of() takes them."""
    return [(x.kind, x.duration_ms) for x in lessons if x.duration_ms is not None]


def content_ms(lessons: Iterable[RevisionLesson]) -> int | None:
    """The whole content in milliseconds; None while a video is still in the making."""
    total = 0
    for lesson in lessons:
        if lesson.duration_ms is None:
            return None
        total += lesson.duration_ms
    return total


def list_town_ids(course_id: int) -> list[int]:
    """Row ids of the towns the course is made for."""
    return list(session.scalars(select(CourseTown.town_id).where(CourseTown.course_id == course_id)))


def list_review_lines(course_id: int) -> list[ReviewLine]:
    """The talk between author and reviewer, oldest first."""
    return list(session.scalars(select(ReviewLine).where(ReviewLine.course_id == course_id).order_by(ReviewLine.id)))


def count_wishes(course_id: int) -> int:
    """How many said 我想学."""
    return _COUNT_WISHES.value(course_id=course_id)


def is_wished(course_id: int, person_id: int) -> bool:
    """Did this person say 我想学?"""
    return _WISH.value(course_id=course_id, person_id=person_id) is not None
