"""Down is a call, up is an event. Only wiring.py says who listens.

A listener runs at once, in the emitter's transaction. One registered with `settle` runs inside a savepoint: when it
fails, what it did is undone, the emitter's work stays, and `settle(event)` enqueues a job that does it later, once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import current_app

from guanxue.core.db import session

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Listener:
    fn: Callable
    settle: Callable | None


def _listeners() -> dict[type, list[_Listener]]:
    return current_app.extensions.setdefault("guanxue.listeners", {})


def listen(event_class: type, fn: Callable, *, settle: Callable | None = None) -> None:
    """Call fn(event) for every event of that class in this app."""
    _listeners().setdefault(event_class, []).append(_Listener(fn, settle))


def emit(event: object) -> None:
    """Tell every listener, in the order they were registered."""
    for listener in _listeners().get(type(event), []):
        if listener.settle is None:
            listener.fn(event)
        else:
            _tell_apart(listener, event)


def _tell_apart(listener: _Listener, event: object) -> None:
    try:
        with session.begin_nested():
            listener.fn(event)
    except Exception:
        log.exception("listener %s failed; its work is left to a job", getattr(listener.fn, "__qualname__", listener.fn))
        listener.settle(event)
