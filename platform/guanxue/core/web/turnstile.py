"""How many requests this process works on at once: a few pages, and beside them some that only wait for a slow line.

The server has THREADS threads. Pages pass a turnstile that lets PAGES through at a time, as many as make sense in one
interpreter; whoever reads a long body off a line steps outside meanwhile and comes back in to finish. So eight phones that
send for minutes leave every page its place; a ninth is told to come again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from threading import BoundedSemaphore
from typing import TypeVar

from guanxue.core.errors import Crowded
from guanxue.core.i18n import lazy as _

T = TypeVar("T")
PAGES, STREAMS = 4, 8
THREADS = PAGES + STREAMS
_PLACE = "guanxue.turnstile"


class Turnstile:
    """A WSGI application that lets PAGES requests through at a time."""

    def __init__(self, app: Callable) -> None:
        self.app = app
        self._permits: SimpleQueue[None] = SimpleQueue()  # in C: a semaphore of threading costs each page ten times as much
        for _n in range(PAGES):
            self._permits.put(None)
        self._places = BoundedSemaphore(STREAMS)

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        environ[_PLACE] = self
        self._permits.get()
        try:
            return self.app(environ, start_response)
        finally:
            self._permits.put(None)

    def let_wait(self, wait: Callable[[], T]) -> T:
        """What it gives, while somebody else may come through."""
        self._permits.put(None)
        try:
            return wait()
        finally:
            self._permits.get()

    @contextmanager
    def stepped_out(self) -> Iterator[None]:
        """Inside, somebody else may come through. Raises Crowded when every thread but those of pages is outside."""
        if not self._places.acquire(blocking=False):
            raise Crowded(_("现在处理的文件太多，请过一会儿再试一次。"))
        self._permits.put(None)
        try:
            yield
        finally:
            self._permits.get()
            self._places.release()


def aside(environ: dict, wait: Callable[[], T]) -> T:
    """Wait for others beside the turnstile, where many may wait: who only waits takes nobody's place."""
    turnstile = environ.get(_PLACE)
    return wait() if turnstile is None else turnstile.let_wait(wait)


@contextmanager
def outside(environ: dict) -> Iterator[None]:
    """Step outside for what waits for somebody's line. Does nothing where there is no turnstile. Raises Crowded."""
    turnstile = environ.get(_PLACE)
    if turnstile is None:
        yield
        return
    with turnstile.stepped_out():
        yield
