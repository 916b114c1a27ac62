"""Presence checks: what each of mine was and how to make it up; training rooms; the schedule drawn again for inspectors."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, audit, courses, learning
from guanxue.core import clock
from guanxue.core.errors import Conflict, Invalid, NotFound, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.core.web.throttle import Throttle
from guanxue.learning.presence_rules import QUESTION
from guanxue.learning.presence_words import GAP_PROMPT, KINDS, OUTCOMES, PROMPTS, prompt_of
from guanxue.learning.routes import blueprint

SHOWN = 50
_codes = Throttle(per_second=0.2, burst=10)  # a room's number has six digits


# ---- mine


@blueprint.get("/me/presence")
def my_presence() -> Response:
    """Every check of mine: when, what was asked, how it ended, what it keeps back, until when that can be made up."""
    return _mine()


def _mine(problem: Problem | None = None) -> Response:
    actor = current_actor()
    actor.must_be_person()
    found = learning.list_told(actor.id)
    titles = {c.id: c for c in courses.courses_by_id({t.course_id for t in found}).values()}
    room = learning.find_room_of(actor.id)
    return personal(page(
        "learning/my_presence.html", problem.status if problem else 200, checks=[_line(t, titles) for t in found[:SHOWN]],
        waiting=_waiting(actor.id), room=room.name if room else "", more=max(0, len(found) - SHOWN),
        message=_message(problem), code=request.form.get("code", "")))


def _message(problem: Problem | None) -> str:
    """What stands above the page: the problem, or that the last answer was wrong."""
    if problem is not None:
        return str(problem.message)
    return str(_("不对。")) if request.method == "GET" and request.args.get("wrong") else ""


def _line(told: learning.Told, titles: dict) -> dict:
    now, course = told.now, titles[told.course_id]
    return {"code": told.check.code, "at": clock.moment_of(told.check.drawn_ms), "kind": KINDS[now.kind],
            "course": Name(course.title, course.title_en), "slug": course.slug, "lesson": told.lesson.title,
            "lesson_slug": told.lesson.slug, "outcome": OUTCOMES[now.outcome], "state": now.outcome, "is_silent": now.is_silent,
            "withheld_ms": told.withheld_ms, "until": clock.moment_of(told.until_ms) if told.until_ms else None,
            "left": told.makeups.left, "is_free": now.is_silent and told.makeups.left_silent > 0}


def _waiting(person_id: int) -> dict | None:
    """The check that waits, as a page without script asks it."""
    challenge = learning.find_challenge(person_id)
    if challenge is None:
        return None
    return {"code": challenge.code, "kind": challenge.kind, "prompt": prompt_of(challenge), "text": challenge.text,
            "options": list(enumerate(challenge.options)), "is_missed": challenge.is_missed, "is_late": challenge.left_ms == 0,
            "address": challenge.address,
            "others": [(kind, KINDS[kind]) for kind in challenge.others]}


@blueprint.post("/me/presence/join")
def join_room() -> Response:
    """Come into a training room by its number."""
    actor = current_actor()
    actor.must_be_person()
    _codes.check(actor.id)
    try:
        learning.join_room(actor, request.form.get("code", "")[:20])
    except Invalid as problem:
        return _mine(problem)
    return redirect(url_for(".my_presence"), 303)


@blueprint.post("/me/presence/<code>")
def answer_presence(code: str) -> Response:
    """Answer a check that waits, or have it asked in another way."""
    actor, form = current_actor(), request.form
    actor.must_be_person()
    _codes.check(actor.id)
    try:
        if form.get("kind"):
            learning.choose_check(actor, code, form["kind"])
        elif not learning.answer_check(actor, code, form.get("answer", "")):
            return redirect(url_for(".my_presence", wrong=1), 303)  # what answers with an error keeps no wrong answer
    except (Invalid, Conflict) as problem:
        return _mine(problem)
    return redirect(url_for(".my_presence"), 303)


@blueprint.get("/me/presence/<code>")
def make_up(code: str) -> Response:
    """Make up one stretch: what it was, its question, and the other way, to watch it again."""
    return _make_up_page(code)


def _make_up_page(code: str, problem: Problem | None = None) -> Response:
    actor = current_actor()
    told = learning.get_told(actor, code)
    course = courses.courses_by_id([told.course_id])[told.course_id]
    question = told.now.makeup if told.until_ms else None
    asked = {"text": question["text"], "options": list(enumerate(question["options"])),
             "prompt": GAP_PROMPT if question["text"] else PROMPTS[QUESTION]} if question else None
    return personal(page("learning/make_up.html", problem.status if problem else 200, question=asked,
                         check=_line(told, {course.id: course}), tries_left=max(0, learning.MAKEUP_TRIES - told.now.failed),
                         message=_message(problem)))


@blueprint.post("/me/presence/<code>/make-up")
def answer_make_up(code: str) -> Response:
    """Ask its question, or answer it."""
    actor, form = current_actor(), request.form
    actor.must_be_person()
    try:
        if "answer" not in form:
            learning.ask_make_up(actor, code)
        elif not learning.make_up(actor, code, form["answer"]):
            return redirect(url_for(".make_up", code=code, wrong=1), 303)
    except (Invalid, Conflict) as problem:
        return _make_up_page(code, problem)
    return redirect(url_for(".make_up", code=code), 303)


# ---- training rooms


@blueprint.get("/rooms")
def rooms() -> Response:
    """My training rooms, and a form to open one."""
    return _rooms()


def _rooms(problem: Problem | None = None) -> Response:
    actor = current_actor()
    rows = [{"id": r.id, "name": r.name, "at": r.opened_at, "is_open": learning.is_room_open(r)}
            for r in learning.list_rooms(actor)]
    return personal(page("learning/rooms.html", problem.status if problem else 200, rows=rows,
                         name=request.form.get("name", ""), message=str(problem.message) if problem else ""))


@blueprint.post("/rooms")
def open_room() -> Response:
    """Open a training room."""
    try:
        room = learning.open_room(current_actor(), request.form.get("name", ""))
    except Invalid as problem:
        return _rooms(problem)
    return redirect(url_for(".room", room_id=room.id), 303)


@blueprint.get("/rooms/<int:room_id>")
def room(room_id: int) -> Response:
    """Its number, large; who is in it and for whom a check waits."""
    return _room_page(room_id)


def _room_page(room_id: int, problem: Problem | None = None) -> Response:
    found = learning.get_room(current_actor(), room_id)
    is_open = learning.is_room_open(found)
    number, left_ms = learning.room_number(found)
    seated = [{"id": s.person_id, "name": s.name, "at": s.joined_at, "waits": s.waits} for s in learning.list_seated(found)]
    return personal(page(
        "learning/room.html", problem.status if problem else 200, is_open=is_open, seated=seated,
        room={"id": found.id, "name": found.name}, number=f"{number[:3]} {number[3:]}" if is_open else "", left_ms=left_ms,
        marked=request.args.get("marked", ""), message=str(problem.message) if problem else ""))


@blueprint.post("/rooms/<int:room_id>/roll")
def call_roll(room_id: int) -> Response:
    """Those who are ticked are there."""
    found = learning.get_room(current_actor(), room_id)
    ids = [int(x) for x in request.form.getlist("person") if x.isdecimal() and len(x) < 10]
    try:
        count = learning.roll(current_actor(), found, ids)
    except Invalid as problem:
        return _room_page(room_id, problem)
    return redirect(url_for(".room", room_id=room_id, marked=count), 303)


@blueprint.post("/rooms/<int:room_id>/close")
def close_room(room_id: int) -> Response:
    """Close it: its number is worth nothing any more."""
    learning.close_room(current_actor(), learning.get_room(current_actor(), room_id))
    return redirect(url_for(".rooms"), 303)


# ---- inspectors


@blueprint.get("/oversight/presence")
def presence_schedule() -> Response:
    """Whose checks are to be drawn again?"""
    current_actor().require("inspect")
    return personal(page("learning/presence_schedule.html", phone="", person=None, rows=[], message=""))


@blueprint.post("/oversight/presence")
def show_schedule() -> Response:
    """A person's checks as they are kept and as the seed draws them again; who looked is written down first."""
    actor, phone = current_actor(), request.form.get("phone", "")
    actor.require("inspect")
    try:
        person = accounts.find_person_by_phone(accounts.checked_phone(phone))
        if person is None:
            raise NotFound(_("没有这个手机号的账号。"))
    except (Invalid, NotFound) as problem:
        return personal(page("learning/presence_schedule.html", problem.status, phone=phone, person=None, rows=[],
                             message=str(problem.message)))
    audit.record(actor, "learning.presence.looked", f"person:{person.id}")
    rows = [{"number": d.check.number, "at": clock.moment_of(d.check.drawn_ms), "due_ms": d.check.due_ms,
             "again_ms": d.due_again_ms, "counted_ms": d.check.counted_ms, "policy": d.policy, "kind": KINDS[d.now.kind],
             "outcome": OUTCOMES[d.now.outcome], "silence_ms": d.silence_ms, "agrees": d.agrees,
             "extensions": d.now.extensions, "wrong": d.now.wrong} for d in learning.list_schedule(person.id)]
    return personal(page("learning/presence_schedule.html", phone=phone, message="", rows=rows,
                         person={"name": accounts.mask_name(person.name), "phone": accounts.mask_phone(person.phone)}))
