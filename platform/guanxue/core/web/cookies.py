"""The browser's cookies: a signed one is checked once, however often it comes, and written anew once a day."""

from __future__ import annotations

import copy
import hmac
import time
from dataclasses import dataclass

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer

MOST_KEPT = 4096
REFRESH_S = 24 * 3600  # a browser in use keeps its cookie: it gets a fresh one when its own is that old


@dataclass
class Signed:
    """What a cookie of ours says, when it was signed (epoch seconds), and the form token that goes with it."""

    values: dict
    at: int
    form_token: str = ""

    @property
    def is_old(self) -> bool:
        """Is it time for a fresh one?"""
        return time.time() - self.at > REFRESH_S


class _Session(SecureCookieSession):
    is_old = False


class SignedCookies(SecureCookieSessionInterface):
    """Flask's sessions; those of browsers that come again and again are kept as they were found."""

    session_class = _Session

    def __init__(self) -> None:
        self._kept: dict[str, Signed] = {}
        self._tokens: dict[str, object] = {}  # what form tokens that came before say

    def takes(self, app: Flask, signed: Signed, token: str) -> bool:
        """Does the form token go with the cookie? As Flask-WTF decides it."""
        raw = signed.values.get("csrf_token")
        if not token or not raw:
            return False
        if token not in self._tokens:
            try:
                said = _tokens_of(app).loads(token)
            except BadData:
                return False
            if len(self._tokens) >= MOST_KEPT:
                self._tokens.clear()
            self._tokens[token] = said
        return hmac.compare_digest(str(raw), str(self._tokens[token]))

    def read(self, app: Flask, text: str) -> Signed | None:
        """What that cookie says; None unless we signed it and it still holds."""
        signed = self._kept.get(text)
        if signed is None:
            try:
                values, moment = self.get_signing_serializer(app).loads(text, return_timestamp=True)
            except BadSignature:
                return None
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            signed = self._kept[text] = Signed(values, int(moment.timestamp()), _form_token(app, values))
        return signed if 0 <= int(time.time()) - signed.at <= app.permanent_session_lifetime.total_seconds() else None

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession:
        """The session of a request."""
        text = request.cookies.get(self.get_cookie_name(app))
        signed = self.read(app, text) if text else None
        if signed is None:
            return self.session_class()
        session = self.session_class(copy.deepcopy(signed.values))
        session.is_old = signed.is_old
        return session

    def should_set_cookie(self, app: Flask, session: SecureCookieSession) -> bool:
        """When something changed, and once a day."""
        return session.modified or (session.permanent and session.is_old)


def _form_token(app: Flask, values: dict) -> str:
    """The form token for that session, as Flask-WTF makes and checks it; "" while the session has none."""
    raw = values.get("csrf_token")
    return _tokens_of(app).dumps(raw) if raw else ""


def _tokens_of(app: Flask) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")
