"""What became of a class: who was at which meeting, hours in the room and online; as a page, as tables, as a file."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response, make_response

from guanxue import accounts, classes
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.roster import XLSX
from guanxue.classes.routes.telling import city_time_of, class_values, hours_of, meetings_of, names_of, phone_of
from guanxue.core import clock, sheets
from guanxue.core.errors import NotFound
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal


def _grid(cls: classes.TrainingClass) -> tuple[list[dict], list[dict]]:
    """(meetings that are not called off, a row for each person on the roster)."""
    meetings = classes.list_meetings(cls.id, with_cancelled=False)
    places = [p for p in classes.list_places(cls.id) if p.state in ("invited", "enrolled", "completed")]
    names, rolls = names_of(places), [classes.roll_of(m, places) for m in meetings]
    rows = []
    for n, place in enumerate(places):
        standing = classes.standing_of(cls, place)
        rows.append({
            "name": names[place.id], "phone": phone_of(place), "state": place.state, "words": classes.STATES[place.state],
            "cells": [_cell(meeting, roll[n]) for meeting, roll in zip(meetings, rolls, strict=True)],
            "share": standing.attended_ms * 100 // standing.taught_ms if standing.taught_ms else None,
            "is_enough": standing.is_enough, "is_course_done": standing.is_course_done,
            **hours_of(cls, place, standing),
            "promised_at": place.undertaking_at, "credit": _credit(place)})
    return [m for m in meetings_of(cls) if not m["is_cancelled"]], rows


def _credit(place: classes.Place) -> str:
    completion = classes.find_completion(place.id)
    return clock.city_day(completion.completed_at).isoformat() if completion else ""


def _cell(meeting: classes.Meeting, here: classes.Here) -> dict:
    """One person at one meeting: ✓ whole, minutes of a part, – not there, ? not signed out, nothing before it begins."""
    whole = (classes.ends_ms(meeting) - classes.begins_ms(meeting) - sum(b - a for a, b in meeting.breaks)) // 60_000
    minutes = here.attended_ms // 60_000
    is_ahead = here.since_ms is None and here.way != "roll" and meeting.begins_at > clock.now()
    state = ("ahead" if is_ahead else "open" if here.since_ms is not None and here.until_ms is None
             else "none" if here.since_ms is None
             else "whole" if minutes >= whole else "part")
    return {"state": state, "minutes": minutes, "since": city_time_of(here.since_ms), "until": city_time_of(here.until_ms),
            "is_roll": here.way == "roll", "reason": here.reason}


@blueprint.get("/teach/classes/<code>/report")
def class_report(code: str) -> Response:
    """Who was at which meeting, and everybody's hours."""
    cls = classes.get_class_at_work(current_actor(), code)
    meetings, rows = _grid(cls)
    return personal(page("classes/report.html", cls=class_values(cls), meetings=meetings, rows=rows))


@blueprint.get("/teach/classes/<code>/report.<form>")
def class_report_table(code: str, form: str) -> Response:
    """The same as a table for Excel."""
    cls = classes.get_class_at_work(current_actor(), code)
    if form not in ("xlsx", "csv"):
        raise NotFound(_("没有这种格式。"))
    meetings, rows = _grid(cls)
    heading = [gettext("姓名"), gettext("手机号"), gettext("状态"), *(f"{m['on']} {m['begins']} {m['title']}"
        for m in meetings),
               gettext("出勤率（百分比）"), gettext("线下学时"), gettext("线上学时"), gettext("合计学时"), gettext("结业日期")]
    table = [[r["name"], r["phone"], str(r["words"]), *(_cell_text(c) for c in r["cells"]),
              r["share"] if r["share"] is not None else "",
              r["room_milli"] / 1000, r["online_milli"] / 1000, r["sum_milli"] / 1000, r["credit"]] for r in rows]
    made = (sheets.write_workbook(gettext("考勤"), heading, table, widths=[12, 16, 12, *[18] * len(meetings), 10, 10, 10, 10,
        12])
            if form == "xlsx" else sheets.write_csv(heading, table))
    response = make_response(made)
    response.headers["Content-Type"] = XLSX if form == "xlsx" else "text/csv; charset=utf-8"
    name = quote(f"{cls.title}-{gettext('考勤')}.{form}")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{cls.code}.{form}\"; filename*=UTF-8''{name}"
    return personal(response)


def _cell_text(cell: dict) -> str:
    if cell["state"] == "none":
        return gettext("未到") if cell["is_roll"] else ""
    span = f"{cell['since']}–{cell['until'] or '?'}"
    by_roll = gettext("（补记：%(why)s）", why=cell["reason"]) if cell["is_roll"] else ""
    return f"{span} {gettext('%(n)s 分钟', n=cell['minutes'])}{by_roll}"


@blueprint.get("/teach/classes/<code>/file")
def class_file(code: str) -> Response:
    """The class's file for the archive: plan, teachers, meetings with what was changed, roster with undertakings and hours."""
    cls = classes.get_class_at_work(current_actor(), code)
    _meetings, rows = _grid(cls)
    names = accounts.names_of([cls.manager_id, *classes.teacher_ids(cls.id)])
    return personal(page("classes/file.html", cls=class_values(cls), meetings=meetings_of(cls), rows=rows,
                         manager=names.get(cls.manager_id, ""), promises=classes.PROMISES,
                         teachers=[names.get(one, "") for one in classes.teacher_ids(cls.id)]))
