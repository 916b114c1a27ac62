"""Whole pages kept in memory and keyed by the generation of what they show: never stale.

For visitors without a session a page is kept as it is. For people who are signed in it may be kept with holes where their
name and their form token go: it is made for a stand-in who is nobody, so that nothing of anybody can be in it but what
the view is given. What a page shows beyond the generations (counts, somebody's progress) is given as plain values: the
view's arguments are part of what a page is found by.
"""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, current_app, g, make_response, request
from flask_wtf.csrf import generate_csrf
from markupsafe import escape

from guanxue.core import generation
from guanxue.core.actor import Actor
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.headers import accepts_gzip, compress

MAX_BYTES = 24 * 1024 * 1024
_TOKEN_FIELD = "csrf_token"  # noqa: S105 the name under which Flask-WTF keeps a request's token in g
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


@dataclass(frozen=True)
class _Kept:
    body: bytes
    packed: bytes
    etag: str
    mimetype: str

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed)


@dataclass(frozen=True)
class _Holed:
    """A page in pieces: (what fills the hole before it: "", "name" or "token"; bytes; the same deflated, on a byte's edge)."""

    pieces: tuple[tuple[str, bytes, bytes], ...]
    mimetype: str
    cache_control: str

    @property
    def size(self) -> int:
        return sum(len(plain) + len(packed) for _hole, plain, packed in self.pieces)


class PageCache:
    """Least recently used pages up to MAX_BYTES, both plain and compressed. One an app."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple, _Kept | _Holed] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: tuple) -> _Kept | _Holed | None:
        """The kept page, now the most recently used."""
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def keep(self, key: tuple, page: _Kept | _Holed) -> None:
        """Keep a page, dropping the longest unused ones over the limit."""
        with self._lock:
            if (old := self._pages.pop(key, None)) is not None:
                self._bytes -= old.size
            self._pages[key] = page
            self._bytes += page.size
            while self._bytes > MAX_BYTES:
                _key, dropped = self._pages.popitem(last=False)
                self._bytes -= dropped.size


def cached_page(*depends_on: str | Callable[[], object], for_people: bool = False) -> Callable[[Callable], Callable]:
    """Keep a GET view's page for visitors without a session, as long as the named generations (or what is called) stand still
    and its arguments (hashable) are the same.

    With `for_people` also for people who are signed in; the view must show nothing of them but name, form token and
    what its arguments say.
    """

    def wrap(view: Callable) -> Callable:
        @functools.wraps(view)
        def answer(**arguments):
            is_person = current_actor().is_person
            if request.method not in ("GET", "HEAD") or (is_person and not for_people):
                return view(**arguments)
            key = (request.full_path, request.cookies.get("lang", ""), is_person, *arguments.values(),
                   *(generation.current(d) if isinstance(d, str) else d() for d in depends_on))
            cache: PageCache = current_app.extensions.setdefault("guanxue.pages", PageCache())
            kept = cache.find(key)
            if kept is None:
                kept = (_for_nobody if is_person else _for_visitors)(view, arguments)
                if isinstance(kept, Response):
                    return kept
                cache.keep(key, kept)
            return _fill(kept) if isinstance(kept, _Holed) else _send(kept)

        return answer

    return wrap


def _for_visitors(view: Callable, arguments: dict) -> _Kept | Response:
    """The view's page, to be kept as it is; answers that must not be kept as they are."""
    response = make_response(view(**arguments))
    if response.status_code != 200 or "Set-Cookie" in response.headers:
        return response
    body = response.get_data()
    return _Kept(body, compress(body), hashlib.sha256(body).hexdigest()[:16], response.mimetype)


def _send(kept: _Kept) -> Response:
    packed = accepts_gzip()
    response = Response(kept.packed if packed else kept.body, mimetype=kept.mimetype)
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.set_etag(kept.etag + ("-gz" if packed else ""))
    # Checked every time, sent only when changed. Cookie: the same address looks different to somebody signed in.
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.update(("Accept-Encoding", "Cookie"))
    return response.make_conditional(request)


# ---- pages with holes


def _for_nobody(view: Callable, arguments: dict) -> _Holed | Response:
    """The view's page made for a stand-in, cut at the marks that stand for name and token; other answers as they are."""
    marks = {"name": f"name{secrets.token_hex(16)}", "token": f"token{secrets.token_hex(16)}"}
    actor, person, token = g.actor, g.get("person"), g.get(_TOKEN_FIELD)
    g.actor, g.person = Actor("person", 0, marks["name"]), None
    setattr(g, _TOKEN_FIELD, marks["token"])
    try:
        response = make_response(view(**arguments))
    finally:
        g.actor, g.person = actor, person
        g.pop(_TOKEN_FIELD)
        if token is not None:
            setattr(g, _TOKEN_FIELD, token)
    if response.status_code != 200:
        return response
    return _Holed(_cut(response.get_data(), marks), response.mimetype,
                  response.headers.get("Cache-Control", "private, no-cache"))


def _cut(body: bytes, marks: dict[str, str]) -> tuple[tuple[str, bytes, bytes], ...]:
    hole_of = {mark.encode(): hole for hole, mark in marks.items()}
    parts = re.split(b"(" + b"|".join(hole_of) + b")", body)
    holes = ["", *(hole_of[mark] for mark in parts[1::2])]
    return tuple((hole, part, _deflate(part)) for hole, part in zip(holes, parts[::2], strict=True))


def _deflate(part: bytes) -> bytes:
    """Deflated so that anything may follow: nothing after it refers back to it."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(part) + packer.flush(zlib.Z_FULL_FLUSH)


def _stored(part: bytes) -> bytes:
    """A deflate block that holds the bytes as they are (at most 65,535 of them)."""
    return b"\x00" + struct.pack("<HH", len(part), len(part) ^ 0xFFFF) + part


def _fill(page: _Holed) -> Response:
    """The page for the present person. What was compressed stays so; only what goes into the holes is put between."""
    filling = {"name": str(escape(current_actor().name)).encode(), "token": generate_csrf().encode(), "": b""}
    body = b"".join(part for hole, plain, _packed in page.pieces for part in (filling[hole], plain))
    if accepts_gzip():
        stored = {hole: _stored(text) if text else b"" for hole, text in filling.items()}
        blocks = b"".join(part for hole, _plain, packed in page.pieces for part in (stored[hole], packed))
        end = b"\x01\x00\x00\xff\xff" + struct.pack("<II", zlib.crc32(body), len(body) & 0xFFFFFFFF)
        response = Response(GZIP_HEAD + blocks + end, mimetype=page.mimetype)
        response.headers["Content-Encoding"] = "gzip"
    else:
        response = Response(body, mimetype=page.mimetype)
    response.headers["Cache-Control"] = page.cache_control
    response.vary.update(("Accept-Encoding", "Cookie"))
    return response
