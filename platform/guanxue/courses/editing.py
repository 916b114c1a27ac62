"""Who changed a draft without being one of its authors: for the purpose of review they wrote it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import Model, UtcMoment, session
from guanxue.courses.models import Course, Revision


class Editor(Model):
    """Somebody who is no author of the course, an administrator, changed its draft; `changed_at` is the last time."""

    __tablename__ = "courses_editor"
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)
    changed_at: Mapped[datetime] = mapped_column(UtcMoment)


def note_editor(actor: Actor, course: Course) -> None:
    """Keep that the actor changes the draft. Of authors it is known, and the system reviews nothing."""
    if not actor.is_person or actor.id in course.author_ids:
        return
    there = session.get(Editor, (course.id, actor.id))
    if there is None:
        session.add(Editor(course_id=course.id, person_id=actor.id, changed_at=clock.now()))
    else:
        there.changed_at = clock.now()


def editor_ids(course: Course) -> set[int]:
    """Row ids of those who changed the draft since what is published was frozen."""
    since = select(Revision.published_at).where(Revision.id == course.revision_id).scalar_subquery()
    changed = select(Editor.person_id).where(Editor.course_id == course.id)
    return set(session.scalars(changed if course.revision_id is None else changed.where(Editor.changed_at > since)))
