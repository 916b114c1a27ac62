"""Training rooms: officers register the machines and the lines on which many people study in turn, as they should."""

from __future__ import annotations

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field, plain_text
from guanxue.oversight import queries
from guanxue.oversight.errors import NoSuchRoom
from guanxue.oversight.hashing import device_hash, network_hash
from guanxue.oversight.models import Room, RoomMark

LONGEST = 60


def open_room(actor: Actor, *, name: str, place: str = "") -> Room:
    """Register a room. Needs "inspect". Raises Invalid."""
    actor.require("inspect")
    room = Room(name=checked_text("name", name, LONGEST), place=plain_text(place)[:LONGEST], opened_by=actor.ref,
                opened_at=clock.now())
    session.add(room)
    session.flush()
    audit.record(actor, "oversight.room.opened", f"training-room:{room.id}", {"name": room.name})
    return room


def close_room(actor: Actor, room_id: int) -> None:
    """From now on it is no training room any more; again is the same."""
    actor.require("inspect")
    room = queries.get_room(room_id)
    if room.closed_at is None:
        room.closed_at = clock.now()
        session.flush()
        audit.record(actor, "oversight.room.closed", f"training-room:{room.id}")


def mark_device(actor: Actor, room_id: int, label: str = "") -> RoomMark:
    """The machine that the actor uses right now belongs to the room. Raises Invalid where it cannot be told."""
    if not actor.where.device:
        raise invalid_field("device", _("认不出这台设备：浏览器没有留下标记。请刷新页面再试。"))
    return _mark(actor, room_id, "device", device_hash(actor.where), label)


def mark_network(actor: Actor, room_id: int, label: str = "") -> RoomMark:
    """The line that the actor is on right now belongs to the room. Raises Invalid where it cannot be told."""
    if not actor.where.network:
        raise invalid_field("network", _("认不出现在的网络。"))
    return _mark(actor, room_id, "network", network_hash(actor.where.network), label)


def _mark(actor: Actor, room_id: int, kind: str, value: str, label: str) -> RoomMark:
    actor.require("inspect")
    room = queries.get_room(room_id)
    there = next((m for m in queries.list_marks(room.id) if (m.kind, m.value) == (kind, value)), None)
    if there is not None:
        return there
    mark = RoomMark(room_id=room.id, kind=kind, value=value, label=plain_text(label)[:LONGEST], added_by=actor.ref,
                    added_at=clock.now())
    session.add(mark)
    session.flush()
    audit.record(actor, "oversight.room.marked", f"training-room:{room.id}", {"kind": kind, "label": mark.label})
    return mark


def remove_mark(actor: Actor, room_id: int, mark_id: int) -> None:
    """It does not belong there any more. Raises NoSuchRoom."""
    actor.require("inspect")
    mark = session.get(RoomMark, mark_id)
    if mark is None or mark.room_id != room_id:
        raise NoSuchRoom(_("没有这台设备。"))
    if mark.removed_at is None:
        mark.removed_at = clock.now()
        session.flush()
        audit.record(actor, "oversight.room.unmarked", f"training-room:{room_id}", {"kind": mark.kind, "label": mark.label})
