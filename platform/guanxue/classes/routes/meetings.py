"""When a class meets: adding, changing and calling off a meeting."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, redirect, request, url_for

from guanxue import classes
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.telling import class_values, day_of, meeting_values, number_of, time_of, told_of
from guanxue.core import clock
from guanxue.core.errors import Conflict, Invalid, Problem
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal

FIELDS = ("kind", "title", "place", "on", "begins", "ends", "breaks", "seats")


def _cls(code: str) -> classes.TrainingClass:
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    return cls


def _plan() -> classes.Plan:
    form = request.form
    seats = form.get("seats", "").strip()
    return classes.Plan(kind=form.get("kind", ""), title=form.get("title", ""), place=form.get("place", ""), on=day_of("on"),
                        begins=time_of("begins"), ends=time_of("ends"), breaks=form.get("breaks", ""),
                        seats=(number_of("seats") or 0) if seats else None)


def _form(cls: classes.TrainingClass, meeting: classes.Meeting | None, problem: Problem | None = None) -> Response:
    told, last = class_values(cls), classes.list_meetings(cls.id)[-1:]
    before = meeting_values(meeting or last[0]) if meeting or last else None
    ahead = min(max(cls.begins_on, clock.today() + timedelta(days=1)), cls.ends_on)
    values = {"kind": "theory", "title": "", "place": "", "on": ahead.isoformat(), "begins": "09:00", "ends": "12:00",
              "breaks": "", "seats": None}
    if before is not None:  # the next meeting is most often like the last
        values |= {k: before[k] for k in (FIELDS if meeting else ("kind", "place", "begins", "ends", "breaks", "seats"))}
    if problem is not None:
        values |= {k: request.form.get(k, "") for k in FIELDS}
    return personal(page(
        "classes/meeting_form.html", problem.status if problem else 200, cls=told, values=values, kinds=classes.KINDS,
        meeting_id=meeting.id if meeting else None, is_cancelled=meeting is not None and meeting.cancelled_at is not None,
        asks_reason=meeting is not None and cls.opened_at is not None,
        reason=request.form.get("reason", "") if problem else "", **told_of(problem)))


@blueprint.get("/teach/classes/<code>/meetings/new")
def meeting_new(code: str) -> Response:
    """The form for one more meeting."""
    return _form(_cls(code), None)


@blueprint.post("/teach/classes/<code>/meetings/new")
def meeting_add(code: str) -> Response:
    """Add it."""
    cls = _cls(code)
    try:
        classes.add_meeting(current_actor(), cls, _plan())
    except (Invalid, Conflict) as problem:
        return _form(cls, None, problem)
    return redirect(url_for(".class_at_work", code=cls.code) + "#meetings", 303)


@blueprint.get("/teach/classes/<code>/meetings/<int:meeting_id>/edit")
def meeting_edit(code: str, meeting_id: int) -> Response:
    """The form for changing it, or calling it off."""
    cls = _cls(code)
    return _form(cls, classes.get_meeting(cls, meeting_id))


@blueprint.post("/teach/classes/<code>/meetings/<int:meeting_id>/edit")
def meeting_change(code: str, meeting_id: int) -> Response:
    """Change it, with a reason once the class is open."""
    cls = _cls(code)
    meeting = classes.get_meeting(cls, meeting_id)
    try:
        classes.change_meeting(current_actor(), cls, meeting, _plan(), request.form.get("reason", ""))
    except (Invalid, Conflict) as problem:
        return _form(cls, meeting, problem)
    return redirect(url_for(".class_at_work", code=cls.code) + "#meetings", 303)


@blueprint.post("/teach/classes/<code>/meetings/<int:meeting_id>/cancel")
def meeting_cancel(code: str, meeting_id: int) -> Response:
    """Call it off, with a reason."""
    cls = _cls(code)
    meeting = classes.get_meeting(cls, meeting_id)
    try:
        classes.cancel_meeting(current_actor(), cls, meeting, request.form.get("reason", ""))
    except (Invalid, Conflict) as problem:
        return _form(cls, meeting, problem)
    return redirect(url_for(".class_at_work", code=cls.code) + "#meetings", 303)
