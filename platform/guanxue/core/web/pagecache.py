"""Whole pages for signed-out visitors, kept in memory and keyed by the generation of what they show: never stale.

A page that carries anything personal (a form with a token, a name) must not be cached: the decorator keeps only answers
to visitors without a session, and refuses a body that sets a cookie.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from flask import Response, current_app, make_response, request

from guanxue.core import generation
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.headers import accepts_gzip, compress

MAX_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True)
class _Kept:
    body: bytes
    packed: bytes
    etag: str
    mimetype: str


class PageCache:
    """Least recently used pages up to MAX_BYTES, both plain and compressed. One an app."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, key: tuple) -> _Kept | None:
        """The kept page, now the most recently used."""
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
            return self._pages.get(key)

    def keep(self, key: tuple, page: _Kept) -> None:
        """Keep a page, dropping the longest unused ones over the limit."""
        with self._lock:
            if (old := self._pages.pop(key, None)) is not None:
                self._bytes -= len(old.body) + len(old.packed)
            self._pages[key] = page
            self._bytes += len(page.body) + len(page.packed)
            while self._bytes > MAX_BYTES:
                _key, dropped = self._pages.popitem(last=False)
                self._bytes -= len(dropped.body) + len(dropped.packed)


def cached_page(*depends_on: str) -> Callable[[Callable], Callable]:
    """Cache a GET view for visitors without a session, as long as the named generations stand still."""

    def wrap(view: Callable) -> Callable:
        @functools.wraps(view)
        def answer(**arguments):
            if current_actor().is_person or request.method not in ("GET", "HEAD"):
                return view(**arguments)
            key = (request.full_path, request.cookies.get("lang", ""), *map(generation.current, depends_on))
            cache: PageCache = current_app.extensions.setdefault("guanxue.pages", PageCache())
            kept = cache.find(key)
            if kept is None:
                response = make_response(view(**arguments))
                if response.status_code != 200 or "Set-Cookie" in response.headers:
                    return response
                body = response.get_data()
                etag = hashlib.sha256(body).hexdigest()[:16]
                kept = _Kept(body, compress(body), etag, response.mimetype)
                cache.keep(key, kept)
            return _send(kept)

        return answer

    return wrap


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
