"""Calls of the API that are answered before Flask is asked: the few that the whole city sends all day.

Only while everything is as usual: a person whose session holds, a token where there is a cookie, a body as it should be, and
a room that has nothing to object. Whatever else there is about a request sends it on to Flask, as it came, so that every
refusal has one home and one wording. A room declares such a call in its api.py, beside the operation whose short way it is.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from flask import Flask
from werkzeug.http import parse_cookie

from guanxue.config import Settings
from guanxue.core.db import db
from guanxue.core.prepared import Lent
from guanxue.core.settings import settings
from guanxue.core.together import Together, Undone
from guanxue.core.web import dispatch, headers
from guanxue.core.web.api import PREFIX
from guanxue.core.web.cookies import SignedCookies
from guanxue.core.web.turnstile import aside

T = TypeVar("T")
MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Asked:
    """An early call: whose it is, what stands in the address, the body, the site it is for."""

    person_id: int
    id: str
    body: bytes
    site: Settings
    environ: dict
    together: Together

    def change(self, work: Callable[[Lent], T]) -> T:
        """Together.change(), waiting beside the turnstile."""
        return aside(self.environ, lambda: self.together.change(work))


Answer = Callable[[Asked], dict | None]  # what is answered with 200; None: ask Flask
_declared: list[tuple[re.Pattern, Answer]] = []


def early(path: str) -> Callable[[Answer], Answer]:
    """Declare the short way of POST `path` ("/playbacks/<id>/beats"). It gives what to answer with 200, or None: ask Flask."""
    before, after = (PREFIX + path).split("<id>")

    def declare(answer: Answer) -> Answer:
        _declared.append((re.compile(re.escape(before) + "([A-Za-z0-9_-]{1,100})" + re.escape(after)), answer))
        return answer

    return declare


class Early:
    """The early calls of one app."""

    def __init__(self, app: Flask, cookies: SignedCookies) -> None:
        self._app, self._cookies = app, cookies
        self._cookie_name = cookies.get_cookie_name(app)
        with app.app_context():
            self._site = settings()
            self._together = Together(db.engine)
            self._headers = [*headers.fixed_of(self._site), ("Content-Type", "application/json"),
                             ("Cache-Control", "private, no-store"), ("Vary", "Accept-Encoding, Cookie")]
        # Says whose session that key is, None also while bookkeeping is due: set where people are known, as is what follows.
        self.holder: Callable[[Lent, str], int | None] = lambda on, key: None
        # Takes the session's key out of what a session cookie says.
        self.key_in: Callable[[dict], str | None] = lambda values: None

    def answer(self, environ: dict, start_response: Callable) -> list[bytes] | None:
        """Answer it, or None: then Flask has to, which finds the request as it came."""
        if environ["REQUEST_METHOD"] != "POST" or environ.get("QUERY_STRING") or environ.get("SCRIPT_NAME"):
            return None
        call = self._call(environ["PATH_INFO"])
        if call is None:
            return None
        try:
            told = self._told(environ, *call)
        except Undone:
            return None
        except Exception:
            dispatch.log.exception("an early answer could not be given")
            return None
        if told is None:
            return None
        # No line in the log: what was done is kept, with its moment, and lines would be most of what the log holds.
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        of_this = [("Content-Length", str(len(body))), ("X-Request-Id", dispatch.new_request_id())]
        start_response("200 OK", self._headers + of_this)
        return [body]

    def _call(self, path: str) -> tuple[str, Answer] | None:
        for pattern, answer in _declared:
            if (match := pattern.fullmatch(path)) is not None:
                return match[1], answer
        return None

    def _told(self, environ: dict, id: str, answer: Answer) -> dict | None:
        key, length = self._key(environ), environ.get("CONTENT_LENGTH", "")
        is_json = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() == "application/json"
        if not key or not is_json or not length.isdecimal() or not 0 < int(length) <= MOST_BYTES:
            return None
        person_id = self._together.look(lambda on: self.holder(on, key))
        if person_id is None:
            return None
        body = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = io.BytesIO(body)  # for Flask, should it be asked
        return answer(Asked(person_id, id, body, self._site, environ, self._together))

    def _key(self, environ: dict) -> str | None:
        """The session's key of the bearer, or of a cookie that comes with its token."""
        bearer = dispatch.bearer_in(environ.get("HTTP_AUTHORIZATION", ""))
        if bearer:
            return bearer
        text = parse_cookie(environ.get("HTTP_COOKIE")).get(self._cookie_name)
        signed = self._cookies.read(self._app, text) if text else None
        if signed is None or signed.is_old or not self._cookies.takes(self._app, signed, environ.get("HTTP_X_CSRF_TOKEN", "")):
            return None
        return self.key_in(signed.values)


def install(app: dispatch.Dispatcher) -> None:
    """Answer early calls, where the database is one that small changes share a transaction of (core/together.py)."""
    made = app.extensions["guanxue.early"] = Early(app, app.session_interface)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            app.first_asked = (*app.first_asked, made.answer)
