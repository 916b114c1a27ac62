"""What this room tells a person about their study, and forgets when they go."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select, update

from guanxue.accounts import Effect
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import Course, Revision, RevisionLesson
from guanxue.learning import evidence, presence, rules
from guanxue.learning.models import (
    Carry,
    Completion,
    Day,
    Enrolment,
    Lapse,
    Note,
    Playback,
    Presence,
    Progress,
    RoomSeat,
    Ticket,
    TrainingRoom,
)

# Table → where export() tells of it.
KEEPS = {"learning_enrolment": "enrolments", "learning_playback": "sittings", "learning_completion": "completions",
         "learning_note": "notes", "learning_carry": "carried", "learning_ticket": "tickets",
         "learning_presence": "presence", "learning_check": "checks", "learning_training_room": "rooms",
         "learning_room_seat": "seats", "learning_day": "days"}


def export(person_id: int) -> dict:
    """Enrolments with the intervals of each lesson that count, every sitting, completions, notes. Milliseconds."""
    enrolments = session.execute(select(Enrolment, Course.title).join(Course, Course.id == Enrolment.course_id)
                                 .where(Enrolment.person_id == person_id).order_by(Enrolment.id)).all()
    completions = session.execute(select(Completion, Course.title).join(Course, Course.id == Completion.course_id)
                                  .where(Completion.person_id == person_id).order_by(Completion.id))
    notes = session.execute(select(Note, Course.title).join(Course, Course.id == Note.course_id)
                            .where(Note.person_id == person_id).order_by(Note.id))
    return {
        "enrolments": [_enrolment(e, title) for e, title in enrolments],
        "sittings": _sittings(person_id),
        "tickets": _tickets(person_id),
        **_presence(person_id),
        "days": [{"day": d.day_on.isoformat(), "counted_ms": d.counted_ms} for d in session.scalars(
            select(Day).where(Day.person_id == person_id).order_by(Day.day_on))],
        "completions": [{"course": title, "completed_at": c.completed_at.isoformat(), "content_ms": c.content_ms}
                        for c, title in completions],
        "carried": [{"code": c.merge_code, "at": c.carried_at.isoformat(), "ended_at": _text(c.ended_at)} for c in
                    session.scalars(select(Carry).where(Carry.to_person_id == person_id).order_by(Carry.id))],
        "notes": [{"course": title, "lesson": n.lesson_slug, "at_ms": n.at_ms, "text": n.text,
                   "written_at": n.written_at.isoformat()} for n, title in notes],
    }


def _enrolment(e: Enrolment, title: str) -> dict:
    revision = session.get(Revision, e.revision_id)
    rows = session.execute(
        select(Progress, RevisionLesson.title).join(RevisionLesson, RevisionLesson.id == Progress.revision_lesson_id)
        .where(Progress.enrolment_id == e.id).order_by(RevisionLesson.position))
    return {
        "course": title, "revision": revision.number, "enrolled_at": e.enrolled_at.isoformat(),
        "studied_at": _text(e.studied_at), "left_at": _text(e.left_at),
        "lapsed_at": _text(session.scalar(select(func.max(Lapse.lapsed_at)).where(Lapse.enrolment_id == e.id))),
        "lessons": [{"lesson": lesson, "credited_ms": p.credited_ms, "is_complete": p.is_complete,
                     "intervals_ms": [list(span) for span in rules.unpack_spans(p.spans)]} for p, lesson in rows],
    }


def _presence(person_id: int) -> dict:
    """Checks with their steps (not what would tell an answer or the next check), and training rooms opened and visited."""
    found, state = presence.list_checks([person_id]), session.get(Presence, person_id)
    steps = presence.steps_of([c.id for c in found])
    rooms = session.scalars(select(TrainingRoom).where(TrainingRoom.person_id == person_id).order_by(TrainingRoom.id))
    seats = session.execute(select(RoomSeat.joined_at, TrainingRoom.name)
                            .join(TrainingRoom, TrainingRoom.id == RoomSeat.room_id)
                            .where(RoomSeat.person_id == person_id).order_by(RoomSeat.joined_at))
    return {
        "presence": [{"since": clock.moment_of(state.since_ms).isoformat(), "counted_ms": state.counted_ms}] if state else [],
        "checks": [{"at": clock.moment_of(c.drawn_ms).isoformat(), "counted_ms": c.counted_ms,
                    "steps": [{"at": clock.moment_of(s.at_ms).isoformat(), "what": s.what, "kind": s.document.get("kind", "")}
                              for s in steps[c.id]]} for c in found],
        "rooms": [{"name": r.name, "opened_at": r.opened_at.isoformat(), "closed_at": _text(r.closed_at)} for r in rooms],
        "seats": [{"name": name, "joined_at": at.isoformat()} for at, name in seats],
    }


def _text(moment: datetime | None) -> str:
    return moment.isoformat() if moment else ""


def _sittings(person_id: int) -> list[dict]:
    rows = session.execute(
        select(Playback, RevisionLesson.title).join(RevisionLesson, RevisionLesson.id == Playback.revision_lesson_id)
        .where(Playback.person_id == person_id).order_by(Playback.id))
    return [{"lesson": lesson, "opened_at": clock.moment_of(p.opened_ms).isoformat(),
             "ended_at": clock.moment_of(p.ended_ms).isoformat() if p.ended_ms else "", "granted_ms": p.granted_ms}
            for p, lesson in rows]


def _tickets(person_id: int) -> list[dict]:
    rows = session.execute(
        select(Ticket, RevisionLesson.title).join(RevisionLesson, RevisionLesson.id == Ticket.revision_lesson_id)
        .where(Ticket.person_id == person_id).order_by(Ticket.id))
    return [{"lesson": lesson, "device": t.device, "issued_at": clock.moment_of(t.issued_ms).isoformat(),
             "until": clock.moment_of(t.until_ms).isoformat(), "entries": t.entries} for t, lesson in rows]


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget notes and end everything that is open. Evidence stays: it is only ever added to, and credits rest on it."""
    session.execute(delete(Note).where(Note.person_id == person_id))
    evidence.end_playbacks(person_id)
    session.execute(update(Enrolment).where(Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
                    .values(left_at=clock.now()).execution_options(synchronize_session="fetch"))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("evidence.kept", "learning", _(
        "报名、学习时段和结业记录以“已注销用户”保留：学分凭它们认定，可以随时重新核算。"
        "没有认定学分的学习时段，过了计学规则写的年数就删掉。笔记删掉。"))]
