"""Signing in and out with what the screen in the room shows: scanned, or six digits typed.

Opening the scanned address writes nothing: it turns the code into a stamp with the moment of scanning, for this browser alone.
Who is not signed in to the site goes to do that and comes back with the stamp, on time.
"""

from __future__ import annotations

import secrets

from flask import Response, redirect, request, url_for

from guanxue import accounts, classes
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.telling import city_time_of, class_values, meeting_values, told_of
from guanxue.core import clock
from guanxue.core.db import begin_writing, writing
from guanxue.core.errors import Conflict, Invalid, NotFound, Problem, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal

COOKIE, DAYS_90 = "signing", 90 * 86_400


def _device() -> str:
    """The random name of this browser, new where it has none."""
    kept = request.cookies.get(COOKIE, "")
    return kept if 20 < len(kept) < 64 and kept.isascii() else secrets.token_urlsafe(24)


def _keep(response: Response, device: str) -> Response:
    """Let the browser keep its name: by it one phone that signs in several people is seen."""
    response.set_cookie(COOKIE, device, max_age=DAYS_90, path="/classes", httponly=True, samesite="Lax",
                        secure=settings().base_url.startswith("https://"))
    return response


def _found(code: str) -> classes.TrainingClass:
    """The class, for whoever scanned: what the page shows of it stands on the screen in the room."""
    cls = classes.find_class(code)
    if cls is None or cls.state == "draft":
        raise NotFound(_("没有这个培训班。"))
    return cls


@blueprint.get("/classes/<code>/sign")
def sign(code: str) -> Response:
    """Where the screen's code leads: one button. Or the six digits."""
    cls, actor, device = _found(code), current_actor(), _device()
    token, stamp, done = (request.args.get(name, "")[:200] for name in ("c", "t", "done"))
    try:
        if token:
            meeting = classes.get_meeting(cls, classes.meeting_id_of(token))
            stamp = classes.stamp(classes.read_token(meeting, token), device)
        if not actor.is_person:
            back = url_for(".sign", code=cls.code, **({"t": stamp} if stamp else {}))
            return _keep(redirect(url_for("accounts.login", next=back), 303), device)
        if done:
            return _done_page(cls, classes.get_meeting(cls, int(done) if is_row_id(done) else 0))
        seen = classes.read_stamp(stamp, device) if stamp else None
    except Conflict as problem:
        return _keep(_page(cls, problem=problem), device)
    return _keep(_page(cls, seen, stamp), device)


def _page(cls: classes.TrainingClass, seen: classes.Seen | None = None, stamp: str = "",
          problem: Problem | None = None) -> Response:
    actor, now = current_actor(), clock.now_ms()
    place = classes.find_place(actor, cls)
    open_ones = [(m, way) for m in classes.list_meetings(cls.id, with_cancelled=False) for way in ("in", "out")
                 if classes.is_window(now, classes.begins_ms(m), classes.ends_ms(m), way) and _is_next(m, place, way)]
    meeting = classes.get_meeting(cls, seen.meeting_id) if seen else None
    return personal(page(
        "classes/sign.html", problem.status if problem else 200, cls=class_values(cls), stamp=stamp,
        seen={"way": seen.way, "at": city_time_of(seen.at_ms)} if seen else None, meeting=meeting_values(meeting)
        if meeting else None,
        choices=[{"value": f"{m.id}-{way}", "title": m.title, "way": way} for m, way in open_ones],
        asks_promise=place is not None and place.undertaking_at is None, is_on_roster=place is not None,
        promises=classes.PROMISES,
        chosen=request.form.get("meeting", ""), **told_of(problem)))


def _is_next(meeting: classes.Meeting, place: classes.Place | None, way: str) -> bool:
    """Is that what they have to do next there: in while they are not, out once they are; nothing where the roll said it all?"""
    here = classes.roll_of(meeting, [place])[0] if place else None
    if here is None:
        return True
    is_in = here.since_ms is not None and here.until_ms is None
    return is_in == (way == "out") and not (here.way == "roll" and here.until_ms is not None)


def _done_page(cls: classes.TrainingClass, meeting: classes.Meeting) -> Response:
    place = classes.find_place(current_actor(), cls)
    if place is None:
        raise NotFound(_("没有这个培训班。"))
    here = classes.roll_of(meeting, [place])[0]
    return personal(page("classes/signed.html", cls=class_values(cls), meeting=meeting_values(meeting),
                         name=current_actor().name,
                         since=city_time_of(here.since_ms), until=city_time_of(here.until_ms),
                         minutes=here.attended_ms // 60_000))


@blueprint.post("/classes/<code>/sign")
@reads_first
def sign_now(code: str) -> Response:
    """Sign in or out."""
    actor = current_actor()
    actor.must_be_person()
    cls, device, form = _found(code), _device(), request.form
    stamp = form.get("stamp", "")[:200]
    try:
        seen = classes.read_stamp(stamp, device) if stamp else _typed(cls)
        begin_writing()
        cls = _found(code)
        meeting = classes.get_meeting(cls, seen.meeting_id)
        where = classes.Where(request.remote_addr or "", request.headers.get("User-Agent", ""), device)
        classes.sign(actor, cls, meeting, seen, where, promises=form.get("promise") == "yes")
    except classes.NotSignedIn as problem:  # the same code once more would be refused again
        return _keep(_page(cls, problem=problem), device)
    except (Invalid, Conflict, NotFound, TooMany) as problem:
        return _keep(_page(cls, *_again(stamp, device), problem=problem), device)
    return _keep(redirect(url_for(".sign", code=cls.code, done=meeting.id), 303), device)


def _again(stamp: str, device: str) -> tuple[classes.Seen | None, str]:
    """What was scanned holds for another try, as long as it holds."""
    try:
        return (classes.read_stamp(stamp, device), stamp) if stamp else (None, "")
    except Conflict:
        return None, ""


def _typed(cls: classes.TrainingClass) -> classes.Seen:
    """What the typed digits prove; each try is counted before it is looked at. Raises CodeExpired, Invalid, TooMany."""
    form = request.form
    meeting_id, _dash, way = form.get("meeting", "").partition("-")
    digits = "".join(c for c in form.get("digits", "") if c.isdigit())
    if not is_row_id(meeting_id) or way not in ("in", "out") or len(digits) != 6 or not digits.isascii():
        why = _("请输入现场屏幕上的 6 位数字。")
        raise Invalid(why, fields=[{"field": "digits", "message": why}])
    meeting = classes.get_meeting(cls, int(meeting_id))
    with writing():
        accounts.claim_attempt(f"classes.sign:{current_actor().id}:{meeting.id}:{way}")
    return classes.read_digits(meeting, way, digits)
