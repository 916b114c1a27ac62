"""培训室: where many people study on the same machines, as they should."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import oversight
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.oversight.routes import blueprint


@blueprint.get("/oversight/rooms")
def rooms() -> Response:
    """All rooms, and the form for another."""
    current_actor().require("inspect")
    return _rooms_page()


def _rooms_page(problem: Problem | None = None) -> Response:
    return personal(page(
        "oversight/rooms.html", problem.status if problem else 200,
        rows=[{"id": r.id, "name": r.name, "place": r.place, "is_closed": r.closed_at is not None,
               "marks": len(oversight.list_marks(r.id))} for r in oversight.list_rooms()],
        values={name: request.form.get(name, "") for name in ("name", "place")},
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else ""))


@blueprint.post("/oversight/rooms")
def register_room() -> Response:
    """Register a room."""
    try:
        room = oversight.open_room(current_actor(), name=request.form.get("name", ""), place=request.form.get("place", ""))
    except Invalid as problem:
        return _rooms_page(problem)
    return redirect(url_for(".room", room_id=room.id), 303)


@blueprint.get("/oversight/rooms/<int:room_id>")
def room(room_id: int) -> Response:
    """One room: its machines and lines."""
    current_actor().require("inspect")
    return _room_page(oversight.get_room(room_id))


def _room_page(found: oversight.Room, problem: Problem | None = None) -> Response:
    return personal(page(
        "oversight/room.html", problem.status if problem else 200,
        room={"id": found.id, "name": found.name, "place": found.place, "is_closed": found.closed_at is not None},
        marks=[{"id": m.id, "kind": m.kind, "label": m.label, "sign": m.value[:6], "at": m.added_at}
               for m in oversight.list_marks(found.id)],
        label=request.form.get("label", ""), message=str(problem.message) if problem else ""))


@blueprint.post("/oversight/rooms/<int:room_id>")
def change_room(room_id: int) -> Response:
    """This machine, this line, take one out, or close the room."""
    actor, form = current_actor(), request.form
    actor.require("inspect")
    found, step, mark_id = oversight.get_room(room_id), form.get("step", ""), form.get("mark", "")
    try:
        if step == "device":
            oversight.mark_device(actor, room_id, form.get("label", ""))
        elif step == "network":
            oversight.mark_network(actor, room_id, form.get("label", ""))
        elif step == "remove" and is_row_id(mark_id):
            oversight.remove_mark(actor, room_id, int(mark_id))
        elif step == "close":
            oversight.close_room(actor, room_id)
        else:
            raise invalid_field("step", _("请选要做什么。"))
    except Invalid as problem:
        return _room_page(found, problem)
    return redirect(url_for(".room", room_id=room_id), 303)
