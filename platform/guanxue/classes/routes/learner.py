"""Classes for learners: those they are in, those anybody may join, one of them."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, classes
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.telling import city_time_of, class_values, hours_of, meetings_of, told_of
from guanxue.core.errors import Conflict, Invalid, NotFound, Problem
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal


@blueprint.get("/classes")
def mine() -> Response:
    """My classes, and those that anybody may join."""
    actor = current_actor()
    joined = classes.list_mine(actor.id) if actor.is_person else []
    known = {c.id for c, p in joined if p.state != "withdrawn"}
    return personal(page(
        "classes/mine.html",
        rows=[{**class_values(c), "place": p.state, "place_words": classes.STATES[p.state],
               "is_moved_up": classes.is_just_moved_up(p),
               "next": _next(c)} for c, p in joined],
        public=[class_values(c) for c in classes.list_public() if c.id not in known]))


def _next(cls: classes.TrainingClass) -> dict | None:
    """The meeting that goes on or comes next."""
    return next((m for m in meetings_of(cls) if not (m["is_over"] or m["is_cancelled"])), None) if cls.state == "open" else None


@blueprint.get("/classes/<code>")
def one(code: str) -> Response:
    """A class as its learner sees it: when it meets, where I stand, my hours."""
    return _class_page(classes.get_class(current_actor(), code))


def _class_page(cls: classes.TrainingClass, problem: Problem | None = None) -> Response:
    actor = current_actor()
    place = classes.find_place(actor, cls)
    names = accounts.names_of([cls.manager_id, *classes.teacher_ids(cls.id)])
    return personal(page(
        "classes/class.html", problem.status if problem else 200, cls=class_values(cls), meetings=_my_meetings(cls, place),
        place=_place_values(cls, place) if place else None, manager=names.get(cls.manager_id, ""), promises=classes.PROMISES,
        teachers=[names.get(i, "") for i in classes.teacher_ids(cls.id)], **told_of(problem)))


def _my_meetings(cls: classes.TrainingClass, place: classes.Place | None) -> list[dict]:
    """Its meetings, each with how I stand there."""
    rows = {m.id: m for m in classes.list_meetings(cls.id)}
    found = []
    for told in meetings_of(cls):
        here = classes.roll_of(rows[told["id"]], [place])[0] if place else None
        found.append({**told, "since": city_time_of(here.since_ms) if here else "", "until": city_time_of(here.until_ms)
                      if here else "",
                      "minutes": here.attended_ms // 60_000 if here else 0, "by_roll": bool(here and here.way == "roll"),
                      "why": here.reason if here else ""})
    return found


def _place_values(cls: classes.TrainingClass, place: classes.Place) -> dict:
    standing, aside = classes.standing_of(cls, place), classes.set_aside_in(cls, place)
    return {
        "state": place.state, "words": classes.STATES[place.state], "reason": place.reason, "promised_at": place.undertaking_at,
        "turn": classes.turn_of(place) if place.state == "waiting" else 0, "is_moved_up": classes.is_just_moved_up(place),
        **hours_of(cls, place, standing),
        "share": standing.attended_ms * 100 // standing.taught_ms if standing.taught_ms else None,
        "is_enough": standing.is_enough, "is_course_done": standing.is_course_done,
        "set_aside": {code: f"attendance:{line}" for line, code in sorted(aside.items(), reverse=True)},
        "completed_at": getattr(classes.find_completion(place.id), "completed_at", None),
    }


@blueprint.post("/classes/<code>/join")
def join(code: str) -> Response:
    """Sign up, or say yes to an invitation."""
    actor = current_actor()
    actor.must_be_person()
    cls = classes.get_class(actor, code)
    try:
        classes.join_class(actor, cls, promises=request.form.get("promise") == "yes")
    except (Invalid, Conflict) as problem:
        return _class_page(cls, problem)
    return redirect(url_for(".one", code=cls.code), 303)


@blueprint.post("/classes/<code>/leave")
def leave(code: str) -> Response:
    """Give my seat up."""
    actor = current_actor()
    actor.must_be_person()
    cls = classes.get_class(actor, code)
    try:
        classes.leave_class(actor, cls)
    except (Conflict, NotFound) as problem:
        return _class_page(cls, problem)
    return redirect(url_for(".one", code=cls.code) if cls.is_public else url_for(".mine"), 303)
