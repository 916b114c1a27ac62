"""A class's roster: who is on it, bringing a list after a look at it, taking somebody off."""

from __future__ import annotations

from flask import Response, make_response, redirect, request, url_for

from guanxue import classes
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.telling import class_values, names_of, phone_of, told_of
from guanxue.core import sheets
from guanxue.core.errors import Conflict, Invalid, Problem
from guanxue.core.i18n import gettext
from guanxue.core.web.dispatch import current_actor, takes_upload
from guanxue.core.web.pages import page, personal

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_PASTED = 60_000


@blueprint.get("/teach/classes/<code>/roster")
def class_roster(code: str) -> Response:
    """Everybody on it, and ways to add some."""
    return _roster_page(classes.get_class_at_work(current_actor(), code))


def _roster_page(cls: classes.TrainingClass, problem: Problem | None = None) -> Response:
    places = classes.list_places(cls.id)
    names = names_of(places)
    return personal(page(
        "classes/roster.html", problem.status if problem else 200, cls=class_values(cls),
        may_lead=classes.may_lead(current_actor(), cls) and cls.state in ("draft", "open"),
        added=request.args.get("added", ""), waiting=request.args.get("waiting", ""),
        rows=[{"id": p.id, "name": names[p.id], "roster_name": p.name if p.name != names[p.id] else "", "phone": phone_of(p),
               "state": p.state, "words": classes.STATES[p.state], "turn": classes.turn_of(p) if p.state == "waiting" else 0,
               "promised_at": p.undertaking_at, "reason": p.reason} for p in places],
        typed=request.form.get("lines", "")[:MOST_PASTED] if problem else "", **told_of(problem)))


@blueprint.post("/teach/classes/<code>/roster")
@takes_upload(sheets.MOST_FILE_BYTES + 256 * 1024)
def class_roster_look(code: str) -> Response:
    """What a list would bring, line by line; nothing is written yet."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    file = request.files.get("file")
    try:
        if file is not None and file.filename:
            read = classes.read_roster(file.read(sheets.MOST_FILE_BYTES + 1), file.filename)
        else:
            read = classes.read_lines(request.form.get("lines", "")[:MOST_PASTED])
    except Invalid as problem:
        return _roster_page(cls, problem)
    room = max(0, cls.seats - classes.count_seated(cls.id))
    return personal(page(
        "classes/roster_look.html", cls=class_values(cls), refused=[{"number": r.number, "text": r.text,
            "why": r.why} for r in read.refused],
        rows=[{"number": x.number, "name": x.name, "phone": x.phone} for x in read.lines], room=room,
        lines="\n".join(f"{x.name}\t{x.phone}" for x in read.lines)))


@blueprint.post("/teach/classes/<code>/roster/confirm")
def class_roster_add(code: str) -> Response:
    """Put the lines that were looked at on the roster."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    try:
        read = classes.read_lines(request.form.get("lines", "")[:MOST_PASTED])
        added, waiting = classes.add_people(current_actor(), cls, read.lines)
    except (Invalid, Conflict) as problem:
        return _roster_page(cls, problem)
    return redirect(url_for(".class_roster", code=cls.code, added=added, waiting=waiting), 303)


@blueprint.post("/teach/classes/<code>/roster/<int:place_id>/remove")
def class_roster_remove(code: str, place_id: int) -> Response:
    """Take somebody off, with a reason."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    try:
        classes.remove_person(current_actor(), cls, classes.get_place(cls, place_id), request.form.get("reason", ""))
    except (Invalid, Conflict) as problem:
        return _roster_page(cls, problem)
    return redirect(url_for(".class_roster", code=cls.code), 303)


@blueprint.get("/teach/classes/roster.xlsx")
def class_roster_blank() -> Response:
    """An empty list to fill in."""
    current_actor().must_be_person()
    table = sheets.write_workbook(gettext("名册"), [gettext("姓名"), gettext("手机号")], [], widths=(16, 20))
    response = make_response(table)
    response.headers["Content-Type"] = XLSX
    response.headers["Content-Disposition"] = 'attachment; filename="roster.xlsx"'
    return response
