"""How a request becomes a transaction: load the actor, let the view decide, commit here or nowhere."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable

from flask import Flask, Response, current_app, g, request

from guanxue.core.actor import ANONYMOUS, Actor
from guanxue.core.db import begin_writing, end_work, session, writing
from guanxue.core.errors import Problem

log = logging.getLogger(__name__)
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def current_actor() -> Actor:
    """Who sent the present request."""
    return g.get("actor", ANONYMOUS)


def bearer_in(header: str) -> str | None:
    """The token of an Authorization header."""
    scheme, _space, token = header.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def reads_first(view: Callable) -> Callable:
    """Mark a writing view that does slow things first (hashing, taking an upload) and calls begin_writing() itself."""
    view.reads_first = True
    return view


def takes_upload(most_bytes: int, *, in_form: bool = True, most_text_bytes: int | None = None,
                 from_all: bool = False) -> Callable[[Callable], Callable]:
    """Mark a view that takes a file from a teacher: its requests may be that large, all others stay small.

    `from_all`: from whoever is signed in (a learner's photo of a certificate, an officer's table); the view itself limits how
    many they send.
    Not `in_form`: the file is the whole body. A form as large as that would lie on the disk before anybody looked at it.
    `most_text_bytes`: how much of a form may be text, which is kept in memory; the web frame's own bound where nothing is said.
    """

    def mark(view: Callable) -> Callable:
        view.most_bytes, view.takes_form, view.most_text_bytes = most_bytes, in_form, most_text_bytes
        view.takes_from_all = from_all
        return view

    return mark


def new_request_id() -> str:
    """An id that no other request has."""
    return secrets.token_hex(8)


def request_id() -> str:
    """The id that ties this request's log lines, audit lines and error page together."""
    if "request_id" not in g:
        g.request_id = new_request_id()
    return g.request_id


def keep_out_of_logs(*names: str) -> Callable[[Callable], Callable]:
    """For a view whose address holds a secret in these parts: whoever reads logs must not be able to use it."""
    def mark(view: Callable) -> Callable:
        view.kept_out_of_logs = names
        return view
    return mark


def told_path() -> str:
    """The request's path as logs may tell it."""
    view, path = current_app.view_functions.get(request.endpoint or ""), request.path
    for name in getattr(view, "kept_out_of_logs", ()):
        path = path.replace(str((request.view_args or {})[name]), "…")
    return path


def log_request(method: str, path: str, status: int, began: float, actor: Actor, request_id: str) -> None:
    """The line about a request; `began` by time.perf_counter()."""
    if log.isEnabledFor(logging.INFO):
        log.info("request", extra={"fields": {
            "method": method, "path": path, "status": status, "ms": round((time.perf_counter() - began) * 1000, 1),
            "actor": actor.ref, "request_id": request_id,
        }})


class Dispatcher(Flask):
    """Flask with one rule more: a writing request commits in the dispatch when its answer is below 400, else rolls back.

    (Not in after_request: that also runs after a crash.) Those `first_asked`, in turn, may answer before Flask looks at a
    request, and `last_told` sees each answer that Flask has finished.
    """

    first_asked: tuple[Callable[[dict, Callable], Iterable[bytes] | None], ...] = ()
    last_told: Callable[[Response], None] | None = None

    def wsgi_app(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        for ask in self.first_asked:
            if (answer := ask(environ, start_response)) is not None:
                return answer
        return super().wsgi_app(environ, start_response)

    def process_response(self, response: Response) -> Response:
        response = super().process_response(response)
        if self.last_told:
            self.last_told(response)
        return response

    def dispatch_request(self) -> Response:
        view = self.view_functions.get(request.endpoint or "")
        is_write = request.method not in SAFE_METHODS
        if is_write and not getattr(view, "reads_first", False):
            begin_writing()
        try:
            response = self.make_response(super().dispatch_request())
            end_work(commit=is_write and response.status_code < 400)
        except BaseException as problem:
            end_work(commit=False)
            _remember(problem)
            raise
        return response


def _remember(problem: BaseException) -> None:
    """Write what an error leaves behind, in a transaction of its own."""
    leavings = getattr(problem, "remember", ()) if isinstance(problem, Problem) else ()
    if not leavings:
        return
    try:
        with writing():
            for leave in leavings:
                leave()
    except Exception:
        log.exception("what the error %s should have left behind is lost", type(problem).__name__)


def after_answer(app: Flask, work: Callable[[], None]) -> None:
    """Do bookkeeping (last seen, a search log line) after this request's answer, in its own short transaction."""
    g.setdefault("after_answer", []).append(work)


def install(app: Flask) -> None:
    """Time requests, give them an id, run bookkeeping, leave no transaction open."""

    @app.before_request
    def _begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def _log(response: Response) -> Response:
        response.headers["X-Request-Id"] = request_id()
        if request.endpoint not in QUIET:
            began = g.get("began") or time.perf_counter()
            log_request(request.method, told_path(), response.status_code, began, current_actor(), request_id())
        return response

    @app.teardown_request
    def _end(_error: BaseException | None) -> None:
        bookkeeping = g.pop("after_answer", [])
        if not bookkeeping:
            return
        try:
            with writing():
                for work in bookkeeping:
                    work()
        except Exception:
            log.exception("bookkeeping after an answer failed")
            session.rollback()


QUIET = frozenset({"static", "operate.healthz", "operate.readyz", "operate.metrics", "media.file"})
