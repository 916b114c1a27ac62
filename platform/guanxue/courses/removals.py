"""What was taken out of a draft, so that it can be put back: kept for thirty days, shown in the builder."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses.errors import NotReady
from guanxue.courses.models import Course, Lesson, Removed

KEPT_FOR = timedelta(days=30)
LESSON, SECTION = "lesson", "section"
_APART = {"id", "course_id"}


def note_lesson(actor: Actor, lesson: Lesson) -> Removed:
    """Remember a lesson that is taken out."""
    columns = {c.name: getattr(lesson, c.name) for c in Lesson.__table__.columns if c.name not in _APART}
    document = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in columns.items()}
    return _noted(Removed(course_id=lesson.course_id, kind=LESSON, title=lesson.title, document=document,
                          asset_id=lesson.asset_id, subtitles_id=lesson.subtitles_id, removed_by=actor.ref,
                          removed_at=clock.now()))


def note_section(actor: Actor, course: Course, name: str, place: int, lesson_ids: list[int]) -> Removed:
    """Remember a heading that is taken away: its place among the headings (from 0), and which lessons stood under it."""
    return _noted(Removed(course_id=course.id, kind=SECTION, title=name, document={"place": place, "lessons": lesson_ids},
                          removed_by=actor.ref, removed_at=clock.now()))


def _noted(removed: Removed) -> Removed:
    session.add(removed)
    session.flush()
    return removed


def lesson_again(removed: Removed) -> Lesson:
    """The lesson as it was, not yet in the session; its slug may be taken by now."""
    known = {c.name for c in Lesson.__table__.columns} - _APART
    columns = {name: value for name, value in removed.document.items() if name in known}
    if columns.get("saved_at"):
        columns["saved_at"] = datetime.fromisoformat(columns["saved_at"])
    return Lesson(course_id=removed.course_id, **columns)


def list_removed(course: Course) -> list[Removed]:
    """What can still be put back, newest first."""
    return list(session.scalars(
        select(Removed).where(Removed.course_id == course.id, Removed.removed_at > clock.now() - KEPT_FOR)
        .order_by(Removed.id.desc())))


def get_removed(course: Course, removed_id: int) -> Removed:
    """One of those. Raises NotReady for what is there again, or has gone."""
    found = next((x for x in list_removed(course) if x.id == removed_id), None)
    if found is None:
        raise NotReady(_("已经放回去了，或者放得太久已经清掉了。"))
    return found


def forget_removed(course: Course | None = None) -> None:
    """For ever: all of a course's, or what is too old in every course."""
    gone = Removed.course_id == course.id if course is not None else Removed.removed_at <= clock.now() - KEPT_FOR
    session.execute(delete(Removed).where(gone))
