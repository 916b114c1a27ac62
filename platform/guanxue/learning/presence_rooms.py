"""Training rooms: an officer opens one, learners come in by its number, and the officer sees who is there.

The number changes every minute. Whoever knows it may be told it over a telephone: it shows that somebody in the room speaks to
them, not more. (docs/decisions/0022-presence.md)
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue import accounts, audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.learning import presence, proving
from guanxue.learning import presence_rules as checks
from guanxue.learning.models import RoomSeat, TrainingRoom

LONGEST_NAME = 60


@dataclass(frozen=True)
class Seated:
    """A learner in a room; `waits` where a presence check waits for them now."""

    person_id: int
    name: str
    joined_at: datetime
    waits: bool


def may_open_room(actor: Actor) -> bool:
    """Teachers, those who manage an enterprise or curate a town, administrators."""
    return actor.is_person and (actor.may("teach") or any(
        c.partition(":")[0] in ("enterprise", "curate") for c in actor.capabilities))


def open_room(actor: Actor, name: str) -> TrainingRoom:
    """Open a training room for twelve hours. Raises Forbidden, Invalid."""
    _must_open(actor)
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid(_("请写课堂的名称，最多 %(n)s 个字。", n=LONGEST_NAME),
                      fields=[{"field": "name", "message": _("请写课堂的名称，最多 %(n)s 个字。", n=LONGEST_NAME)}])
    room = TrainingRoom(person_id=actor.id, name=name, secret=secrets.token_bytes(32), opened_at=clock.now())
    session.add(room)
    session.flush()
    audit.record(actor, "learning.room.opened", f"room:{room.id}", {"name": name})
    return room


def _must_open(actor: Actor) -> None:
    actor.must_be_person()
    if not may_open_room(actor):
        raise Forbidden(_("你没有做这件事的权限。"))


def get_room(actor: Actor, room_id: int) -> TrainingRoom:
    """A room that the actor opened (an administrator: any). Raises Forbidden, NotFound."""
    _must_open(actor)
    room = session.get(TrainingRoom, room_id)
    if room is None or (room.person_id != actor.id and not actor.may("administer")):
        raise NotFound(_("没有这个课堂。"))
    return room


def is_room_open(room: TrainingRoom) -> bool:
    """Does it still take learners?"""
    return room.closed_at is None and clock.now() < room.opened_at + presence.ROOM_LASTS


def close_room(actor: Actor, room: TrainingRoom) -> None:
    """Close it; again is the same."""
    if room.closed_at is None:
        room.closed_at = clock.now()
        audit.record(actor, "learning.room.closed", f"room:{room.id}")
        session.flush()


def list_rooms(actor: Actor) -> list[TrainingRoom]:
    """The rooms that the actor opened, newest first. Raises Forbidden."""
    _must_open(actor)
    return list(session.scalars(select(TrainingRoom).where(TrainingRoom.person_id == actor.id)
                                .order_by(TrainingRoom.id.desc()).limit(20)))


def room_number(room: TrainingRoom) -> tuple[str, int]:
    """(the number that the room shows now, milliseconds until it changes)."""
    now = clock.now_ms()
    return checks.room_code(room.secret, now), checks.CODE_EVERY_MS - now % checks.CODE_EVERY_MS


def join_room(actor: Actor, code: str) -> TrainingRoom:
    """Come into the room that shows this number. Raises Invalid where none does."""
    actor.must_be_person()
    room = presence.find_room_by_code(code)
    if room is None:
        raise Invalid(_("没有哪个课堂现在显示这个数字。请看老师屏幕上最新的数字。"), fields=[
            {"field": "code", "message": _("没有哪个课堂现在显示这个数字。请看老师屏幕上最新的数字。")}])
    if room.person_id == actor.id:
        raise Invalid(_("这是你自己开的课堂。"), fields=[{"field": "code", "message": _("这是你自己开的课堂。")}])
    presence.take_seat(room, actor.id)
    return room


def list_seated(room: TrainingRoom) -> list[Seated]:
    """Who came in, those for whom a check waits first, then in the order in which they came."""
    seats, found = session.scalars(select(RoomSeat).where(RoomSeat.room_id == room.id)
                                   .order_by(RoomSeat.joined_at, RoomSeat.person_id)), []
    for seat in seats:
        person = accounts.find_person(seat.person_id)
        found.append(Seated(seat.person_id, person.name if person else "", seat.joined_at,
                            presence.find_open_check(seat.person_id) is not None))
    return sorted(found, key=lambda s: not s.waits)


def roll(actor: Actor, room: TrainingRoom, person_ids: Iterable[int]) -> int:
    """Those of the room are there: their waiting checks are proved. How many were. Raises Invalid where the room is closed."""
    if not is_room_open(room):
        raise Invalid(_("这个课堂已经关了。"))
    seated = {s.person_id for s in list_seated(room)}
    count = 0
    for person_id in sorted(seated & set(person_ids) - {room.person_id, actor.id}):
        check = presence.find_open_check(person_id)
        if check is not None and proving.prove_by_roll(actor, check, room.id):
            count += 1
            audit.record(actor, "learning.presence.rolled", f"check:{check.id}", {"room": room.id})
    return count
