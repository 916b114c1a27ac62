"""The one clock. Moments are aware UTC datetimes; days are days of the city (Asia/Shanghai)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")

# What tests add to the real clock, in seconds. Process-wide on purpose: threads of one test share a time.
_shift_s = 0.0


def now_ms() -> int:
    """Milliseconds since 1970 UTC."""
    return int((time.time() + _shift_s) * 1000)


def now() -> datetime:
    """This moment, aware, UTC."""
    return datetime.fromtimestamp(time.time() + _shift_s, UTC)


def moment_of(ms: int) -> datetime:
    """The moment of epoch milliseconds, aware, UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def today() -> date:
    """The city's calendar day."""
    return now().astimezone(CITY).date()


def city_day(moment: datetime) -> date:
    """The city's calendar day of a moment."""
    return moment.astimezone(CITY).date()


@contextmanager
def travel(to: datetime) -> Iterator[None]:
    """For tests and replays: inside the block the clock goes on from `to`."""
    with advance((to - now()).total_seconds()):
        yield


@contextmanager
def advance(seconds: float) -> Iterator[None]:
    """For tests and replays: inside the block the clock is `seconds` later."""
    global _shift_s
    before = _shift_s
    _shift_s += timedelta(seconds=seconds).total_seconds()
    try:
        yield
    finally:
        _shift_s = before
