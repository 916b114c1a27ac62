"""How long the number of a deleted account is kept for its credits: by it the same is not given again (judging.py)."""

from __future__ import annotations

from datetime import date, datetime

from guanxue import accounts
from guanxue.core import clock
from guanxue.creditbank import judging, past
from guanxue.creditbank.queries import list_awards


def kept_until(person_id: int, since: datetime) -> date | None:
    """To which city day it has to be traceable whose the credits since that moment are, of policies that ask who it is."""
    days = []
    for award in list_awards(accounts.all_accounts_of(person_id)):
        if award.awarded_at < since:
            continue
        numbers = judging.numbers_named(past.document_at(award.entry_number).get("policy", ""))
        if numbers and accounts.level_asked(numbers, "claim"):
            days.append(_years_after(clock.city_day(award.awarded_at), numbers.retention_years))
    return max(days, default=None)


def _years_after(day: date, years: int) -> date:
    """The same day so many years later; of a 29 February the 28th."""
    return day.replace(year=day.year + years, day=28 if (day.month, day.day) == (2, 29) else day.day)
