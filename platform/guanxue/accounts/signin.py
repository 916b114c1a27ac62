"""Who is asking: the cookie's or the bearer's session key becomes an Actor before any view runs."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flask import Flask, Response, after_this_request, g, request, session
from flask_login import LoginManager, UserMixin, login_user, logout_user

from guanxue import accounts
from guanxue.accounts import rules
from guanxue.core import clock
from guanxue.core.actor import ANONYMOUS, Actor, Where
from guanxue.core.prepared import Lent
from guanxue.core.sealing import keyed_hash
from guanxue.core.web.dispatch import after_answer, bearer_in

# The cookie's session is looked up under this name by Flask-Login.
SESSION_KEY = "_user_id"
HELD_MS = 600_000
# A random mark that tells browsers apart, not people: many accounts on one are looked into (oversight).
DEVICE, DEVICE_S = "device", 400 * 86_400


class Carried(UserMixin):
    """What Flask-Login carries: not the person but one of their sessions, so that it can be ended."""

    def __init__(self, key: str) -> None:
        self.id = key


def install(app: Flask) -> None:
    """Set g.actor before every request. Visitors have no session row and no cookie."""
    manager = LoginManager(app)
    manager.session_protection = None  # addresses of phones change all day; the key itself is the proof
    manager.user_loader(Carried)

    @app.before_request
    def _who() -> None:
        g.actor, g.person = ANONYMOUS, None
        key = bearer() or (session.get(SESSION_KEY) if _has_cookie(app) else None)
        found = accounts.find_session(key) if key else None
        if found is None:
            return
        g.person, g.actor = found, replace(_actor(found), where=_where(found, app))
        if _is_seen_late(found):
            after_answer(app, lambda: accounts.see(found.session_id))

    app.extensions["guanxue.pages"].recognise = _recognise
    app.extensions["guanxue.early"].holder, app.extensions["guanxue.early"].key_in = _holder, _key_in


def _actor(found: accounts.SignedIn) -> Actor:
    return Actor("person", found.id, found.name, found.capabilities, found.session_id, found.proved_at)


def _where(found: accounts.SignedIn, app: Flask) -> Where:
    """From where the request came. A browser without a mark gets one with the answer to the next thing it sends."""
    network = rules.prefix_of(request.remote_addr or "")
    if bearer():
        return Where(f"session:{found.session_id}", network)
    mark = request.cookies.get(DEVICE, "")[:40]
    if not mark and request.method == "POST":
        mark = secrets.token_urlsafe(16)
        after_this_request(lambda answer: _keep_mark(answer, mark, app))
    return Where(mark, network)


def _keep_mark(answer: Response, mark: str, app: Flask) -> Response:
    answer.set_cookie(DEVICE, mark, max_age=DEVICE_S, httponly=True, samesite="Lax",
                      secure=app.config["SESSION_COOKIE_SECURE"])
    return answer


def _is_seen_late(found: accounts.SignedIn) -> bool:
    return _is_long_ago(found.last_seen_at)


def _is_long_ago(last_seen_at: datetime) -> bool:
    return last_seen_at < clock.now() - timedelta(hours=1)


def _recognise(cookie: dict) -> tuple[Actor, bool]:
    """Who comes with what the session cookie says, and whether bookkeeping is due: what _who() finds, for kept pages."""
    key = _key_in(cookie)
    found = accounts.find_session(key) if key else None
    return (_actor(found), _is_seen_late(found)) if found else (ANONYMOUS, False)


def _key_in(cookie: dict) -> str | None:
    return cookie.get(SESSION_KEY)


def _holder(on: Lent, key: str) -> int | None:
    """Whose session that is, for early calls; nobody's while bookkeeping is due."""
    found = accounts.find_holder(on, key)
    return found[0] if found and not _is_long_ago(found[1]) else None


def _has_cookie(app: Flask) -> bool:
    return app.config["SESSION_COOKIE_NAME"] in request.cookies


def bearer() -> str | None:
    """The bearer token of the request."""
    return bearer_in(request.headers.get("Authorization", ""))


def keep_in_browser(key: str) -> None:
    """Put the session key into the browser's cookie; whatever was in it before is dropped."""
    session.clear()
    login_user(Carried(key))
    session.permanent = True


@dataclass(frozen=True)
class Held:
    """Somebody who proved who they are with a password or a code, but has not shown their second factor yet."""

    person_id: int
    method: str


def hold(person: accounts.Person, method: str) -> None:
    """Remember in the browser's signed cookie, for ten minutes, that only the second factor is missing."""
    session["held"] = [person.id, method, stamp(person), clock.now_ms() + HELD_MS]


def held() -> Held | None:
    """Who is only short of a second factor; nobody once it is late, the password changed or the person was disabled."""
    person_id, method, tied_to, until_ms = session.get("held") or (0, "", "", 0)
    person = accounts.find_person(person_id) if until_ms > clock.now_ms() else None
    if person is None or person.disabled_at or not hmac.compare_digest(tied_to, stamp(person)):
        return None
    return Held(person_id, method)


def stamp(person: accounts.Person) -> str:
    """What a proof kept in a cookie is tied to: another number or password of the person voids it."""
    return keyed_hash("held", f"{person.id}:{person.phone}:{person.password_hash}")[:32]


def forget_in_browser() -> str | None:
    """Take the session key out of the browser's cookie and give it back."""
    key = session.get(SESSION_KEY)
    logout_user()
    session.clear()
    return key


def clear_site_data(response: Response) -> Response:
    """On leaving, let the browser drop the pages it kept. What lies in its storage base/offline.js takes away: only that knows
    what of it somebody else on the same phone has not sent yet.
    """
    response.headers["Clear-Site-Data"] = '"cache"'
    return response
