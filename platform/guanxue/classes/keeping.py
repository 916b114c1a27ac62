"""What this room tells a person about their classes, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import and_, delete, or_, select

from guanxue import accounts
from guanxue.accounts import Effect
from guanxue.classes.models import (
    COMPLETED,
    DRAFT,
    OPEN,
    WITHDRAWN,
    Attendance,
    ClassCompletion,
    Meeting,
    Place,
    Teacher,
    TrainingClass,
)
from guanxue.classes.places import move_up
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _

# Table → where export() tells of it.
KEEPS = {"classes_class": "managed", "classes_teacher": "taught", "classes_place": "classes",
         "classes_attendance": "attendance",
         "classes_completion": "completions"}


def export(person_id: int) -> dict:
    """The classes somebody was in, when they were there, what they completed; those they manage and teach."""
    places = session.execute(select(Place, TrainingClass).join(TrainingClass, TrainingClass.id == Place.class_id)
                             .where(Place.person_id == person_id).order_by(Place.id)).all()
    rows = session.execute(
        select(Attendance, Meeting.title).join(Place, Place.id == Attendance.place_id)
        .join(Meeting, Meeting.id == Attendance.meeting_id).where(Place.person_id == person_id).order_by(Attendance.id))
    done = session.execute(select(ClassCompletion, TrainingClass.title).join(TrainingClass,
        TrainingClass.id == ClassCompletion.class_id)
                           .where(ClassCompletion.person_id == person_id).order_by(ClassCompletion.id))
    return {
        "classes": [{"code": c.code, "title": c.title, "begins_on": c.begins_on.isoformat(), "ends_on": c.ends_on.isoformat(),
                     "state": p.state, "reason": p.reason, "undertaking_at": _told(p.undertaking_at)} for p, c in places],
        "attendance": [{"title": title, "kind": a.kind, "way": a.way, "since": _moment(a.from_ms), "until": _moment(a.to_ms),
                        "reason": a.reason} for a, title in rows],
        "completions": [{"title": title, "attended_ms": c.attended_ms, "completed_at": c.completed_at.isoformat()}
                        for c, title in done],
        "managed": [{"code": c.code, "title": c.title} for c in session.scalars(
            select(TrainingClass).where(TrainingClass.manager_id == person_id).order_by(TrainingClass.id))],
        "taught": [{"code": c.code, "title": c.title} for c in session.scalars(
            select(TrainingClass).join(Teacher, Teacher.class_id == TrainingClass.id)
            .where(Teacher.person_id == person_id).order_by(TrainingClass.id))],
    }


def _moment(ms: int | None) -> str:
    return clock.moment_of(ms).isoformat() if ms is not None else ""


def _told(moment) -> str:
    return moment.isoformat() if moment else ""


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Leave running classes, forget names and numbers on rosters. That somebody was there stays: hours and money rest on it."""
    person = accounts.get_person(person_id)
    theirs = or_(Place.person_id == person_id, and_(Place.person_id.is_(None), Place.phone == (person.phone or "-")))
    classes: set[int] = set()
    for place in session.scalars(select(Place).where(theirs)).all():
        place.name, place.reason, place.phone = str(_("已注销用户")), "", None
        if place.state not in (COMPLETED, WITHDRAWN):
            place.state, place.withdrawn_at = WITHDRAWN, clock.now()
            classes.add(place.class_id)
    session.execute(delete(Teacher).where(Teacher.person_id == person_id, Teacher.class_id.in_(
        select(TrainingClass.id).where(TrainingClass.state.in_((DRAFT, OPEN))))).execution_options(synchronize_session=False))
    session.flush()
    for class_id in sorted(classes):
        move_up(actor, session.get(TrainingClass, class_id))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("attendance.kept", "classes", _(
        "培训班的签到和结业记录以“已注销用户”保留：学时和补贴凭它们核查。名册上的姓名和手机号会删掉。"))]
