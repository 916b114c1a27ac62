"""Whole pages kept in memory: never stale, and answered before Flask is asked.

A page is found by its address, the cookies that change its looks, whether its reader is signed in, the generations of what
it shows, and what its view says stands beside them (counts, somebody's progress). Numbers and values are read anew for
each answer, so what is found is what would be made now.

For people who are signed in a page is kept with holes where their name and their form token go: it is made for a stand-in
who is nobody, so that nothing of anybody can be in it but what the view is given.

Kept are the pages' deflated pieces alone, a seventh of what they say: nearly every browser takes them so.

Once an address has answered, `KeptPages.answer` answers it from the bare WSGI request. It knows GET, our cookies and what
the page at an address depends on; whatever else there is about a request (a bearer, bookkeeping that is due, a page not
made yet) sends it on to Flask.
"""

from __future__ import annotations

import functools
import hashlib
import re
import secrets
import struct
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from flask import Flask, Response, current_app, g, make_response, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import escape
from werkzeug.http import parse_cookie

from guanxue.core import generation
from guanxue.core.actor import ANONYMOUS, Actor
from guanxue.core.prepared import NeedsTransaction, without_transaction
from guanxue.core.web import dispatch, look
from guanxue.core.web.cookies import SignedCookies
from guanxue.core.web.headers import accepts_gzip

MOST_BYTES = 2 * 1024 * 1024
_AROUND = 2_500  # bytes that a kept page takes besides its pieces: key, headers, recipe
MOST_ADDRESSES = 2_000
_TOKEN_FIELD = "csrf_token"  # noqa: S105 the name under which Flask-WTF keeps a request's token in g
_GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_OF_ONE_ANSWER = frozenset({"content-length", "content-encoding", "etag", "set-cookie", "x-request-id", "x-shelf"})


@dataclass(frozen=True)
class _Recipe:
    """What the page at an address depends on."""

    depends_on: tuple[str | Callable[[], object], ...]
    for_people: bool
    beside: Callable[..., Hashable | None] | None
    arguments: dict

    def state(self, actor: Actor) -> tuple:
        """(generations, what stands beside them) as they are now."""
        numbers = tuple(generation.current(d) if isinstance(d, str) else d() for d in self.depends_on)
        return numbers, self.beside(actor, **self.arguments) if self.beside else ()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A stretch of a page, deflated so that anything may follow: nothing after it refers back to it.

    `hole` says what is filled in before it: "", "name" or "token". `length` and `crc` are of the plain bytes, the latter
    as what it takes to go on from the CRC-32 of whatever stands before.
    """

    hole: str
    packed: bytes
    length: int
    crc: int

    @classmethod
    def of(cls, hole: str, plain: bytes) -> _Piece:
        packer = zlib.compressobj(5, zlib.DEFLATED, -zlib.MAX_WBITS)  # 9 takes twice as long for two percent
        packed = packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)
        return cls(hole, packed, len(plain), zlib.crc32(plain) ^ zlib.crc32(bytes(len(plain))))

    def plain(self) -> bytes:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.packed)

    def crc_after(self, crc: int) -> int:
        return zlib.crc32(bytes(self.length), crc) ^ self.crc


@dataclass
class _Kept:
    """A page in pieces. `headers` are those of every answer with it, known once the first has gone out."""

    pieces: tuple[_Piece, ...]
    digest: str
    cache_control: str
    mimetype: str
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def size(self) -> int:
        return _AROUND + sum(len(piece.packed) for piece in self.pieces)


@dataclass(frozen=True)
class _Reader:
    """Who gets an answer, and what they already have."""

    name: str
    token: str
    session_token: str  # the token's unsigned half: the same as long as the token's like are taken
    takes_gzip: bool
    has: str  # If-None-Match
    headers: tuple[tuple[str, str], ...] = ()


class KeptPages:
    """Least recently used pages up to MOST_BYTES, compressed. One an app."""

    def __init__(self, app: Flask, cookies: SignedCookies) -> None:
        self._app, self._cookies = app, cookies
        self._cookie_name = cookies.get_cookie_name(app)
        self._pages: OrderedDict[tuple, _Kept] = OrderedDict()
        self._recipes: dict[tuple[str, str], _Recipe] = {}
        self._bytes = 0
        self._lock = threading.Lock()
        # Says whose session those values of a cookie name, and whether bookkeeping is due: set where people are known.
        self.recognise: Callable[[dict], tuple[Actor, bool]] = lambda values: (ANONYMOUS, False)
        # Headers that tell a browser whose page this is: never left with a page that others get, too.
        self.tell: Callable[[Actor], list[tuple[str, str]]] = lambda actor: []

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
                self._bytes -= old.size
            self._pages[key] = page
            self._bytes += page.size
            while self._bytes > MOST_BYTES:
                _key, dropped = self._pages.popitem(last=False)
                self._bytes -= dropped.size

    def learn(self, address: tuple[str, str], recipe: _Recipe) -> None:
        """Know what the page there depends on."""
        if len(self._recipes) >= MOST_ADDRESSES:
            self._recipes.clear()
        self._recipes[address] = recipe

    def answer(self, environ: dict, start_response: Callable) -> list[bytes] | None:
        """Answer from what is kept, or None: then Flask has to."""
        if environ["REQUEST_METHOD"] != "GET" or "HTTP_AUTHORIZATION" in environ:
            return None
        address = _address(environ)
        recipe = self._recipes.get(address)
        if recipe is None:
            return None
        began = time.perf_counter()
        try:
            with self._app.app_context(), without_transaction():
                found = self._look(environ, address, recipe)
        except NeedsTransaction:  # something has to be made anew
            return None
        except Exception:
            dispatch.log.exception("a kept page could not be looked for")
            return None
        if found is None:
            return None
        kept, actor, reader = found
        status, more, body = _filled(kept, reader)
        request_id = dispatch.new_request_id()
        dispatch.log_request(environ["REQUEST_METHOD"], _path(address), status, began, actor, request_id)
        start_response(_STATUS[status], [*kept.headers, *more, *reader.headers, ("X-Request-Id", request_id)])
        return [body]

    def _look(self, environ: dict, address: tuple[str, str], recipe: _Recipe) -> tuple[_Kept, Actor, _Reader] | None:
        cookies = parse_cookie(environ.get("HTTP_COOKIE"))
        text = cookies.get(self._cookie_name)
        signed = self._cookies.read(self._app, text) if text else None
        actor, is_due = self.recognise(signed.values) if signed else (ANONYMOUS, False)
        if actor.is_person and (is_due or signed.is_old or not recipe.for_people or not signed.form_token):
            return None
        kept = self.find(_key(environ, address, cookies, actor, recipe.state(actor)))
        if kept is None or not kept.headers:
            return None
        token, raw = (signed.form_token, signed.values[_TOKEN_FIELD]) if actor.is_person else ("", "")
        return kept, actor, _Reader(actor.name, token, raw, "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""),
                                    environ.get("HTTP_IF_NONE_MATCH", ""), tuple(self.tell(actor)))


_STATUS = {200: "200 OK", 304: "304 NOT MODIFIED"}


def install(app: dispatch.Dispatcher) -> None:
    """Ask kept pages first, and let the answers that Flask finishes leave their headers with the pages they show."""
    app.session_interface = SignedCookies()
    pages = app.extensions["guanxue.pages"] = KeptPages(app, app.session_interface)
    app.first_asked, app.last_told = (pages.answer,), _remember_headers


def kept_page(*depends_on: str | Callable[[], object], for_people: bool = False,
              beside: Callable[..., Hashable | None] | None = None) -> Callable[[Callable], Callable]:
    """Keep a GET view's page for visitors, as long as the named generations (or what is called) stand still.

    With `for_people` also for people who are signed in; the view must show nothing of them but name and form token.
    `beside(actor, **arguments)` says what else the page shows, as values that are equal as long as it looks the same;
    the view is given them as `beside`. None means that this one is not to be kept.
    """

    def wrap(view: Callable) -> Callable:
        @functools.wraps(view)
        def answer(**arguments):
            actor = dispatch.current_actor()
            if request.method not in dispatch.SAFE_METHODS or (actor.is_person and not for_people):
                return view(**arguments)
            recipe = _Recipe(depends_on, for_people, beside, arguments)
            numbers, stands = recipe.state(actor)
            given = {**arguments, "beside": stands} if beside else arguments
            return view(**given) if stands is None else _kept(view, given, recipe, (numbers, stands))

        return answer

    return wrap


def _kept(view: Callable, given: dict, recipe: _Recipe, state: tuple) -> Response:
    """The page as it is kept, made first if it has to be."""
    pages: KeptPages = current_app.extensions["guanxue.pages"]
    actor, address = dispatch.current_actor(), _address(request.environ)
    key = _key(request.environ, address, request.cookies, actor, state)
    kept = pages.find(key)
    if kept is None:
        kept = _for_nobody(view, given) if actor.is_person else _for_visitors(view, given)
        if isinstance(kept, Response):
            return kept
        pages.keep(key, kept)
    pages.learn(address, recipe)
    g.kept = kept
    token = generate_csrf() if actor.is_person else ""
    reader = _Reader(actor.name, token, session[_TOKEN_FIELD] if token else "", accepts_gzip(),
                     request.headers.get("If-None-Match", ""))
    status, more, body = _filled(kept, reader)
    response = Response(body, status, more, mimetype=kept.mimetype)
    response.headers["Cache-Control"] = kept.cache_control
    # Cookie: the same address looks different to somebody signed in.
    response.vary.update(("Accept-Encoding", "Cookie"))
    return response


def _remember_headers(response: Response) -> None:
    """Leave the headers of this finished answer with the kept page it shows, for those who get it without Flask."""
    kept = g.get("kept")
    if kept is not None and not kept.headers and response.status_code == 200:
        kept.headers = [(name, value) for name, value in response.headers if name.lower() not in _OF_ONE_ANSWER]


def _address(environ: dict) -> tuple[str, str]:
    return environ["PATH_INFO"], environ.get("QUERY_STRING", "")


def _path(address: tuple[str, str]) -> str:
    return address[0].encode("latin-1").decode("utf-8", "replace")


def _key(environ: dict, address: tuple[str, str], cookies, actor: Actor, state: tuple) -> tuple:
    language = cookies.get("lang", "")
    if language not in current_app.extensions["guanxue.languages"]:
        language = ""
    return address, language, look.of(cookies, environ.get("HTTP_SAVE_DATA")), actor.is_person, state


# ---- making


def _for_visitors(view: Callable, given: dict) -> _Kept | Response:
    """The view's page, to be kept as it is; answers that must not be kept as they are."""
    response = make_response(view(**given))
    if response.status_code != 200 or "Set-Cookie" in response.headers:
        return response
    return _cut(response, {})


def _for_nobody(view: Callable, given: dict) -> _Kept | Response:
    """The view's page made for a stand-in, cut at the marks that stand for name and token; other answers as they are."""
    marks = {"name": f"name{secrets.token_hex(16)}", "token": f"token{secrets.token_hex(16)}"}
    actor, person, token = g.actor, g.get("person"), g.get(_TOKEN_FIELD)
    g.actor, g.person = Actor("person", 0, marks["name"]), None
    setattr(g, _TOKEN_FIELD, marks["token"])
    try:
        response = make_response(view(**given))
    finally:
        g.actor, g.person = actor, person
        g.pop(_TOKEN_FIELD)
        if token is not None:
            setattr(g, _TOKEN_FIELD, token)
    return _cut(response, marks) if response.status_code == 200 else response


def _cut(response: Response, marks: dict[str, str]) -> _Kept:
    hole_of = {mark.encode(): hole for hole, mark in marks.items()}
    body = response.get_data()
    parts = re.split(b"(" + b"|".join(hole_of) + b")", body) if hole_of else [body]
    holes = ["", *(hole_of[mark] for mark in parts[1::2])]
    stretches = list(zip(holes, parts[::2], strict=True))
    digest = hashlib.sha256(b"\0".join(hole.encode() + part for hole, part in stretches)).hexdigest()
    return _Kept(tuple(_Piece.of(*stretch) for stretch in stretches), digest,
                 response.headers.get("Cache-Control", "private, no-cache"), response.mimetype)


# ---- sending


def _filled(kept: _Kept, reader: _Reader) -> tuple[int, list[tuple[str, str]], bytes]:
    """(status, the headers that are this answer's own, bytes). What was compressed stays so; holes are filled in between."""
    more, has_holes = [], len(kept.pieces) > 1
    if "no-store" not in kept.cache_control:
        of = f"{kept.digest}\0{reader.name}\0{reader.session_token}" if has_holes else kept.digest
        etag = f'"{hashlib.sha256(of.encode()).hexdigest()[:16]}{"-gz" if reader.takes_gzip else ""}"'
        more.append(("ETag", etag))
        if etag in reader.has:
            return 304, more, b""
    filling = {"name": str(escape(reader.name)).encode(), "token": reader.token.encode(), "": b""}
    if reader.takes_gzip:
        more.append(("Content-Encoding", "gzip"))
        body = _packed(kept, filling)
    else:
        body = b"".join([part for piece in kept.pieces for part in (filling[piece.hole], piece.plain())])
    more.append(("Content-Length", str(len(body))))
    return 200, more, body


def _packed(kept: _Kept, filling: dict[str, bytes]) -> bytes:
    """The page as gzip."""
    blocks, crc, length = [_GZIP_HEAD], 0, 0
    for piece in kept.pieces:
        text = filling[piece.hole]
        if text:
            blocks.append(_stored(text))
        blocks.append(piece.packed)
        crc = piece.crc_after(zlib.crc32(text, crc))
        length += len(text) + piece.length
    return b"".join([*blocks, b"\x01\x00\x00\xff\xff", struct.pack("<II", crc, length & 0xFFFFFFFF)])


def _stored(part: bytes) -> bytes:
    """A deflate block that holds the bytes as they are (at most 65,535 of them)."""
    return b"\x00" + struct.pack("<HH", len(part), len(part) ^ 0xFFFF) + part
