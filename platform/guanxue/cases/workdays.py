"""Working days of the city: weekdays, less the public holidays, plus the weekend days that are worked instead.

workdays.csv holds each year as the State Council publishes it (2026: the notice of 4 November 2025). A year that is not in
it yet has weekends alone, so a term that reaches into it may end too early on a holiday: `guanxue doctor` says so.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path

FILE = Path(__file__).with_name("workdays.csv")
LOOK_AHEAD = timedelta(days=21)  # the notice comes in November: from the second week of December on it is asked for


@lru_cache(maxsize=1)
def _special() -> dict[date, bool]:
    """Days that are not what their weekday says: is each one worked?"""
    with FILE.open(encoding="utf-8", newline="") as rows:
        return {date.fromisoformat(row["day"]): row["is_work"] == "1" for row in csv.DictReader(rows)}


def is_workday(day: date) -> bool:
    """Is that day worked in the city?"""
    return _special().get(day, day.weekday() < 5)


def add_workdays(day: date, count: int) -> date:
    """The `count`-th working day after that day: what begins today is not over before tomorrow."""
    while count > 0:
        day += timedelta(days=1)
        count -= is_workday(day)
    return day


def workdays_until(today: date, due: date) -> int:
    """How many working days are left after today, up to and with the due one; negative once it is past."""
    if due < today:
        return -workdays_until(due, today)
    return sum(is_workday(today + timedelta(days=n)) for n in range(1, (due - today).days + 1))


def missing_years(today: date) -> list[int]:
    """The years that terms begun soon may reach into and that have no calendar yet."""
    known = {day.year for day in _special()}
    return sorted({today.year, (today + LOOK_AHEAD).year} - known)
