"""The tus protocol, version 1.0.0 (tus.io), under /upload/: videos come in pieces, over lines that break.

A piece is read off the line with no transaction open and outside the turnstile (core/web/turnstile.py), so that slow senders
take no page's place. How many may send at once is bounded here.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Blueprint, Response, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import MethodNotAllowed, RequestEntityTooLarge
from werkzeug.http import http_date

from guanxue import media
from guanxue.core.actor import Actor
from guanxue.core.db import end_work, writing
from guanxue.core.errors import Forbidden, Problem, TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.web.api import problem_response
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.turnstile import STREAMS, outside

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
PIECE = "application/offset+octet-stream"
MOST_BODY_BYTES = media.MOST_UPLOAD_BYTES + 1
MOST_OF_ONE = 3  # so many files at once one teacher may send through this process
DRAINED_BYTES = 16 * 1024**2  # what is read and thrown away, so that a browser hears why its piece was refused

blueprint = Blueprint("uploads", __name__, url_prefix="/upload")


class WrongVersion(Problem):
    """The caller speaks another version of the protocol, or none."""

    status = 412
    code = "wrong-version"


class LengthNeeded(Problem):
    """A body without Content-Length before a server that cannot tell its end."""

    status = 411
    code = "length-needed"


class Places:
    """Who is sending through this process just now. One place a file: a line that is cut and begun again takes no second."""

    def __init__(self) -> None:
        self._sending: dict[int, Counter[str]] = {}
        self._all = 0
        self._lock = threading.Lock()

    @contextmanager
    def take(self, person_id: int, code: str) -> Iterator[None]:
        """Raises Busy when all places are taken."""
        with self._lock:
            mine = self._sending.get(person_id, Counter())
            if self._all >= STREAMS or (code not in mine and len(mine) >= MOST_OF_ONE):
                raise media.Busy(_("同时上传的人太多，请等几秒，会自动接着传。"), retry_after_s=5)
            mine[code] += 1
            self._sending[person_id] = mine
            self._all += 1
        try:
            yield
        finally:
            self._leave(person_id, code)

    def _leave(self, person_id: int, code: str) -> None:
        with self._lock:
            mine = self._sending[person_id]
            mine[code] -= 1
            self._all -= 1
            if not mine[code]:
                del mine[code]
            if not mine:
                del self._sending[person_id]


places = Places()


# ---- what every answer has


@blueprint.before_request
def _speaks_tus() -> None:
    if request.method == "OPTIONS":
        return
    current_actor().require("teach")
    if request.headers.get("Tus-Resumable") != VERSION:
        raise WrongVersion(_("上传协议的版本不对，请刷新页面后再试。"))


@blueprint.after_request
def _tus_headers(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    response.headers["Cache-Control"] = "no-store"
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


@blueprint.errorhandler(Problem)
def _refused(problem: Problem) -> Response:
    response = problem_response(problem)
    if "offset" in problem.extra:
        response.headers["Upload-Offset"] = str(problem.extra["offset"])
    return response


@blueprint.errorhandler(CSRFError)
@blueprint.errorhandler(RequestEntityTooLarge)
def _shut(error: Exception) -> Response:
    """Before the views: whose session ended is told that, not that a form is old or a body large."""
    actor = current_actor()
    if not actor.is_person and "X-CSRF-Token" in request.headers:
        try:
            actor.must_be_person()
        except Problem as problem:
            return problem_response(problem)
    if isinstance(error, CSRFError):
        return problem_response(Forbidden(_("这一页放得太久，过期了。请刷新页面，接着传。"), code="csrf"))
    return problem_response(TooLarge(_("提交的内容太大了。")))


# ---- the protocol


@blueprint.route("/", methods=["OPTIONS"], provide_automatic_options=False)
@blueprint.route("/<code>", methods=["OPTIONS"], provide_automatic_options=False)
def options(code: str = "") -> Response:
    """What this server speaks."""
    return Response(status=204, headers={
        "Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(media.MOST_UPLOAD_BYTES),
        "Tus-Checksum-Algorithm": ",".join(media.CHECKSUMS)})


@blueprint.route("/", methods=["POST"], provide_automatic_options=False)
@reads_first
@takes_upload(MOST_BODY_BYTES, in_form=False)
def create() -> Response:
    """A new upload, perhaps with its first piece."""
    actor = current_actor()
    size = media.whole_number(request.headers.get("Upload-Length"), "Upload-Length")
    file = media.announced(size, request.headers.get("Upload-Metadata", ""))
    has_body = bool(request.content_length) or _is_chunked()
    if has_body:
        _must_be_piece()
        media.must_fit(size, 0, request.content_length)
    checksum = _checksum()
    with writing():
        upload = media.begin_upload(actor, file)
        code = upload.code
    is_film = file.aim != media.PACKAGE
    here = _take(actor, code, size, 0, checksum, is_film=is_film) if has_body else 0
    response = _progress(actor, code, here, 201, is_film=is_film)
    response.headers["Location"] = url_for(".offset", code=code)
    return response


@blueprint.route("/<code>", methods=["HEAD"], provide_automatic_options=False)
def offset(code: str) -> Response:
    """How much is here. Whoever asks will write next: an older connection that hangs is out."""
    upload = media.get_upload(current_actor(), code)
    size, is_open, metadata, expires_at = upload.size_bytes, upload.state == "open", upload.metadata_text, upload.expires_at
    end_work(commit=False)
    with outside(request.environ):
        here = media.take_turn(code, size) if is_open else size
    headers = {"Upload-Offset": str(here), "Upload-Length": str(size), "Upload-Expires": http_date(expires_at)}
    if metadata:
        headers["Upload-Metadata"] = metadata
    return Response(status=200, headers=headers)


@blueprint.route("/<code>", methods=["PATCH"], provide_automatic_options=False)
@reads_first
@takes_upload(MOST_BODY_BYTES, in_form=False)
def append(code: str) -> Response:
    """The next piece."""
    actor = current_actor()
    upload = media.get_upload(actor, code)
    size, is_film = upload.size_bytes, upload.aim != media.PACKAGE
    _must_be_piece()
    begins = media.whole_number(request.headers.get("Upload-Offset"), "Upload-Offset")
    checksum = _checksum()
    end_work(commit=False)
    here = _take(actor, code, size, begins, checksum, is_film=is_film)
    return _progress(actor, code, here, 204, is_film=is_film)


@blueprint.route("/<code>", methods=["DELETE"], provide_automatic_options=False)
@reads_first
def terminate(code: str) -> Response:
    """It is not wanted any more."""
    with writing():
        media.drop_upload(current_actor(), code)
    media.forget_arrived([code])
    return Response(status=204)


@blueprint.route("/<code>", methods=["POST"], provide_automatic_options=False)
@reads_first
@takes_upload(MOST_BODY_BYTES, in_form=False)
def overridden(code: str) -> Response:
    """For programs and proxies that know no PATCH or DELETE."""
    meant = {"PATCH": append, "DELETE": terminate}.get(request.headers.get("X-HTTP-Method-Override", "").upper())
    if meant is None:
        raise MethodNotAllowed(["HEAD", "PATCH", "DELETE", "OPTIONS"])
    return meant(code)


# ---- a piece


def _take(actor: Actor, code: str, size: int, begins: int, checksum: media.Checksum | None, *, is_film: bool) -> int:
    """Read the body into the file; how long that is then. A whole film is moved to its place at once."""
    length = request.content_length
    if length is None and not request.environ.get("wsgi.input_terminated"):
        if _is_chunked():
            raise LengthNeeded(_("请求没有说明内容的长度。"))
        length = 0
    read = request.environ["wsgi.input"].read
    with places.take(actor.id, code), outside(request.environ):
        try:
            here = media.receive(code, size, begins, read, length, checksum)
        except media.NoRoom:
            _drain(read, length)
            raise
        if here == size and is_film:
            media.keep_upload(code, size)
    return here


def _drain(read: Callable[[int], bytes], length: int | None) -> None:
    """Read on for a while: a browser whose piece is refused in the middle hears nothing unless it has sent all of it."""
    left = min(DRAINED_BYTES, DRAINED_BYTES if length is None else length)
    while left > 0 and (piece := read(min(left, media.PIECE_BYTES))):
        left -= len(piece)


def _progress(actor: Actor, code: str, here: int, status: int, *, is_film: bool) -> Response:
    """Write down how far it is and tell it; the last piece of a film makes a video of it."""
    with writing():
        upload = media.note_arrived(actor, code, here)
        size, expires_at = upload.size_bytes, upload.expires_at
    if here == size and is_film:
        digest = media.keep_upload(code, size)
        with writing():
            media.finish_upload(actor, code, digest)
    return Response(status=status, headers={"Upload-Offset": str(here), "Upload-Expires": http_date(expires_at)})


def _must_be_piece() -> None:
    if request.mimetype != PIECE:
        raise media.WrongKind(_("上传的内容应为 %(kind)s。", kind=PIECE))


def _is_chunked() -> bool:
    return "chunked" in request.headers.get("Transfer-Encoding", "").lower()


def _checksum() -> media.Checksum | None:
    """Upload-Checksum: an algorithm and a digest in base64. Raises BadHeader."""
    text = request.headers.get("Upload-Checksum")
    if text is None:
        return None
    algorithm, _space, digest = text.partition(" ")
    if algorithm not in media.CHECKSUMS:
        raise media.BadHeader(_("不认识这种校验方法：%(name)s。", name=algorithm[:20]))
    try:
        expected = base64.b64decode(digest, validate=True)
    except (binascii.Error, ValueError):
        expected = b""
    if len(expected) != media.CHECKSUMS[algorithm]().digest_size:
        raise media.BadHeader(_("请求头 %(name)s 读不懂。", name="Upload-Checksum"))
    return media.Checksum(algorithm, expected)
