"""A meeting while it goes on: the screen in the room, whose code changes, and the roll that a teacher calls."""

from __future__ import annotations

import segno
from flask import Response, jsonify, redirect, request, url_for

from guanxue import accounts, classes
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.telling import city_time_of, class_values, meeting_values, names_of, told_of
from guanxue.core import clock
from guanxue.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal

WAYS = ("in", "out")


def _loaded(code: str, meeting_id: int) -> tuple[classes.TrainingClass, classes.Meeting]:
    cls = classes.get_class_at_work(current_actor(), code)
    return cls, classes.get_meeting(cls, meeting_id)


@blueprint.get("/teach/classes/<code>/meetings/<int:meeting_id>")
def meeting_roll(code: str, meeting_id: int) -> Response:
    """Who is here, who is not; marking by hand."""
    return _roll_page(*_loaded(code, meeting_id))


def _roll_page(cls: classes.TrainingClass, meeting: classes.Meeting, problem: Problem | None = None) -> Response:
    actor = current_actor()
    places = [p for p in classes.list_places(cls.id) if p.state in ("invited", "enrolled", "completed")]
    names, roll = names_of(places), classes.roll_of(meeting, places)
    mine = set(accounts.all_accounts_of(actor.id))
    rows = [{"id": h.place.id, "name": names[h.place.id], "since": city_time_of(h.since_ms), "until": city_time_of(h.until_ms),
             "minutes": h.attended_ms // 60_000, "way": h.way, "reason": h.reason, "shares_phone": h.shares_phone,
             "is_me": h.place.person_id in mine, "is_done": h.place.state == "completed"} for h in roll]
    may_teach = classes.may_teach(actor, cls)
    begins, ends, now = classes.begins_ms(meeting), classes.ends_ms(meeting), clock.now_ms()
    is_over = may_teach and classes.is_roll_over(actor, cls, meeting)
    asked = request.form.get("place", "") if problem else ""
    return personal(page(
        "classes/roll.html", problem.status if problem else 200, cls=class_values(cls), meeting=meeting_values(meeting),
        rows=rows,
        came=sum(bool(r["since"]) for r in rows), gone=sum(bool(r["until"]) for r in rows), marks=classes.MARKS,
        may_teach=may_teach, roll_over=classes.ROLL_OVER if is_over else "", is_in=classes.is_window(now, begins, ends, "in"),
        is_out=classes.is_window(now, begins, ends, "out"), may_mark=now >= begins - 1_800_000 and cls.state in ("open",
            "closed") and not is_over,
        unsigned=len(classes.list_unsigned(cls, meeting)) if now >= ends and not is_over else 0,
        asked=int(asked) if is_row_id(asked) else 0,
        given={k: request.form.get(k, "") if problem else "" for k in ("mark", "at", "reason")}, **told_of(problem)))


@blueprint.post("/teach/classes/<code>/meetings/<int:meeting_id>/roll")
def meeting_mark(code: str, meeting_id: int) -> Response:
    """Say of somebody that they were there, came late, left early, or did not come."""
    cls, meeting = _loaded(code, meeting_id)
    classes.must_teach(current_actor(), cls)
    form = request.form
    try:
        place = classes.get_place(cls, int(form["place"]) if is_row_id(form.get("place", "")) else 0)
        at = _moment_in(meeting, form.get("at", ""))
        mark = classes.Mark(form.get("mark", ""), at if form.get("mark") == "late" else None,
                            at if form.get("mark") == "left" else None)
        if mark.what == "left":  # who had signed in late and left early came when they came
            here = classes.roll_of(meeting, [place])[0]
            mark = classes.Mark("left", here.since_ms, at)
        classes.call_roll(current_actor(), cls, meeting, place, mark, form.get("reason", ""))
    except (Invalid, Conflict, Forbidden) as problem:
        return _roll_page(cls, meeting, problem)
    return redirect(url_for(".meeting_roll", code=cls.code, meeting_id=meeting.id) + f"#p{place.id}", 303)


def _moment_in(meeting: classes.Meeting, text: str) -> int | None:
    """The moment of a time of day such as 09:20 in the meeting, epoch milliseconds; None where it is none."""
    try:
        hour, minute = (int(x) for x in text.strip().replace("：", ":").split(":")[:2])
        begins = meeting.begins_at.astimezone(clock.CITY)
        moment = round(begins.replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
    return moment + 86_400_000 if moment < classes.begins_ms(meeting) else moment


@blueprint.post("/teach/classes/<code>/meetings/<int:meeting_id>/finish")
def meeting_finish(code: str, meeting_id: int) -> Response:
    """Whoever signed in and forgot to sign out was there to the end."""
    cls, meeting = _loaded(code, meeting_id)
    classes.must_teach(current_actor(), cls)
    try:
        classes.close_meeting(current_actor(), cls, meeting, request.form.get("reason", ""))
    except (Invalid, Conflict) as problem:
        return _roll_page(cls, meeting, problem)
    return redirect(url_for(".meeting_roll", code=cls.code, meeting_id=meeting.id), 303)


# ---- the screen


@blueprint.get("/teach/classes/<code>/meetings/<int:meeting_id>/screen")
def meeting_screen(code: str, meeting_id: int) -> Response:
    """The code for everybody in the room, large; it changes every ten seconds, without scripts too."""
    cls, meeting, way = _for_screen(code, meeting_id)
    return personal(page("classes/screen.html", cls=class_values(cls), meeting=meeting_values(meeting), way=way,
                         **_shown(cls, meeting, way)))


@blueprint.get("/teach/classes/<code>/meetings/<int:meeting_id>/screen.json")
def meeting_screen_now(code: str, meeting_id: int) -> Response:
    """The same for the screen's script."""
    cls, meeting, way = _for_screen(code, meeting_id)
    return personal(jsonify(_shown(cls, meeting, way)))


def _for_screen(code: str, meeting_id: int) -> tuple[classes.TrainingClass, classes.Meeting, str]:
    cls, meeting = _loaded(code, meeting_id)
    classes.must_teach(current_actor(), cls)
    way = request.args.get("way", "in")
    if way not in WAYS:
        raise NotFound(_("没有这个页面。"))
    return cls, meeting, way


def _shown(cls: classes.TrainingClass, meeting: classes.Meeting, way: str) -> dict:
    """Picture, digits, how long they hold, who is here; no code outside the time for it."""
    is_now = (cls.state == "open" and meeting.cancelled_at is None
              and classes.is_window(clock.now_ms(), classes.begins_ms(meeting), classes.ends_ms(meeting), way))
    places = [p for p in classes.list_places(cls.id) if p.state in ("invited", "enrolled", "completed")]
    roll = classes.roll_of(meeting, places)
    told = {"is_now": is_now, "qr": "", "digits": "", "ms_left": 5_000, "seated": len(places),
            "count": sum((h.since_ms if way == "in" else h.until_ms) is not None for h in roll)}
    if is_now:
        now = classes.shown_now(meeting, way)
        address = settings().base_url + url_for(".sign", code=cls.code, c=now.token)
        told |= {"qr": segno.make(address, error="m", micro=False).svg_data_uri(border=3, dark="#000000", light="#FFFFFF",
            omitsize=True),
                 "digits": f"{now.digits[:3]} {now.digits[3:]}", "ms_left": now.ms_left}
    return told
