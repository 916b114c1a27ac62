"""A learner's own notes at moments of lessons. Nobody else reads them, and they outlive a course's next revision."""

from __future__ import annotations

from sqlalchemy import func, select

from guanxue import courses
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text
from guanxue.learning.models import Enrolment, Note

LONGEST_NOTE, MOST_NOTES = 1000, 500


class TooManyNotes(Conflict):
    """A lesson's margin is full."""

    code = "too-many-notes"


def add_note(actor: Actor, enrolment: Enrolment, lesson: courses.RevisionLesson, text: str, at_ms: int = 0) -> Note:
    """Keep a note at a moment of a lesson (clipped to its length). Raises Invalid, TooManyNotes."""
    text = checked_text("text", text, LONGEST_NOTE)
    count = session.scalar(select(func.count()).select_from(Note).where(
        Note.person_id == actor.id, Note.course_id == enrolment.course_id)) or 0
    if count >= MOST_NOTES:
        raise TooManyNotes(_("这门课的笔记已经有 %(n)s 条，请先删掉一些。", n=MOST_NOTES))
    note = Note(person_id=actor.id, course_id=enrolment.course_id, lesson_slug=lesson.slug, text=text,
                at_ms=max(0, min(at_ms, lesson.duration_ms or 0)), written_at=clock.now())
    session.add(note)
    session.flush()
    return note


def change_note(actor: Actor, note_id: int, text: str) -> Note:
    """New words in the same place; no words take it away. Raises NotFound, Invalid."""
    note = get_note(actor, note_id)
    if text.strip():
        note.text = checked_text("text", text, LONGEST_NOTE)
    else:
        session.delete(note)
    session.flush()
    return note


def get_note(actor: Actor, note_id: int) -> Note:
    """The actor's own note. Raises NotFound."""
    note = session.get(Note, note_id)
    if note is None or note.person_id != actor.id:
        raise NotFound(_("没有这条笔记。"))
    return note


def list_notes(person_id: int, course_id: int | None = None, lesson_slug: str = "") -> list[Note]:
    """The person's notes, of a course and a lesson where given, in the order of the lesson's time."""
    query = select(Note).where(Note.person_id == person_id)
    if course_id is not None:
        query = query.where(Note.course_id == course_id)
    if lesson_slug:
        query = query.where(Note.lesson_slug == lesson_slug)
    return list(session.scalars(query.order_by(Note.course_id, Note.lesson_slug, Note.at_ms, Note.id)))
