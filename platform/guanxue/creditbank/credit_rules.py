"""The rules of crediting as data: caps, floors, duplicates, validity. Pure arithmetic on whole numbers, days of the city.

A document of them is what a city publishes (versions.py); what they do to an outcome is judging.py.
(docs/decisions/0029-credit-rules.md)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from guanxue.creditbank.outcomes import Holding

YEAR, SEMESTER, EVER = PERIODS = ("year", "semester", "ever")
CATEGORIES = ("secondary-vocational", "continuing-education", "skills-upgrading", "general-literacy")
_DIGITS = {c: str(n) for n, c in enumerate("一二三四五六七八九", 1)}
_ORDINAL = re.compile(r"第?([一二三四五六七八九])(?=[讲课章节期册部编]|$)|[（(]([一二三四五六七八九])[）)]")
_ROMAN = re.compile(r"(?<![a-z])(iv|v?i{1,3}|v)(?![a-z])")
_ROMANS = {"i": "1", "ii": "2", "iii": "3", "iv": "4", "v": "5", "vi": "6", "vii": "7", "viii": "8"}


@dataclass(frozen=True)
class Cap:
    """At most `most_milli` of credit in a period, over what it names: a category, one provider at a time, online study."""

    code: str
    period: str
    most_milli: int
    each_provider: bool = False
    provider_kind: str = ""  # only providers of that kind
    category: str = ""
    online: bool = False  # only what was studied online


@dataclass(frozen=True)
class Floor:
    """The least of a component (a mark, attendance in permille) that an outcome of a source needs; each has to be met."""

    source: str
    component: str
    least: int


@dataclass(frozen=True)
class CreditRules:
    """Everything a version decides. Amounts are millicredits, shares permille; 0 and () decide nothing.

    `counts_as` are one-way doors between categories: (from, to). `near_permille`: titles so alike are one course, of
    `near_sources` alone; `tell_permille`: so alike is told. `content_permille`: so much of the same lessons is the same course.
    `valid_months` by category: after them credit expires by an entry, told `warn_days` before. `window_months` by source: what
    was finished longer ago is not credited any more.
    """

    year_month: int = 1
    semester_month: int = 7
    caps: tuple[Cap, ...] = ()
    floors: tuple[Floor, ...] = ()
    near_permille: int = 0
    tell_permille: int = 0
    near_sources: tuple[str, ...] = ()
    content_permille: int = 0
    abbreviations: tuple[tuple[str, str], ...] = ()
    counts_as: tuple[tuple[str, str], ...] = ()
    valid_months: tuple[tuple[str, int], ...] = ()
    warn_days: int = 0
    window_months: tuple[tuple[str, int], ...] = ()
    provider_kinds: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not (1 <= self.year_month <= 12 and 1 <= self.semester_month <= 12) or self.year_month == self.semester_month:
            raise ValueError("a year and its second semester begin in two different months")
        codes = [c.code for c in self.caps]
        if len(set(codes)) < len(codes) or any(c.period not in PERIODS or c.most_milli < 0 for c in self.caps):
            raise ValueError("each cap needs a code of its own, a period and an amount that is not negative")
        if max(self.near_permille, self.tell_permille, self.content_permille) > 1000:
            raise ValueError("a share is above the whole")
        named = [*(c.category for c in self.caps if c.category), *(c for pair in self.counts_as for c in pair),
                 *(c for c, _months in self.valid_months)]
        if not set(named) <= set(CATEGORIES):
            raise ValueError("there is no such category")

    @classmethod
    def from_document(cls, document: dict) -> CreditRules:
        """From stored JSON; ValueError when something is unknown or has a shape that it cannot have."""
        try:
            told = {name: tuple(tuple(x) if isinstance(x, list) else x for x in value) if isinstance(value, list) else value
                    for name, value in document.items()}
            told["caps"] = tuple(Cap(**c) for c in document.get("caps", ()))
            told["floors"] = tuple(Floor(**f) for f in document.get("floors", ()))
            return cls(**told)
        except TypeError as error:
            raise ValueError(str(error)) from None

    def floors_on(self, source: str) -> list[Floor]:
        """The minimums that an outcome of a source has to meet."""
        return [f for f in self.floors if f.source == source]

    # ---- periods

    def period_of(self, period: str, day: date) -> tuple[int, int]:
        """(year, month) in which the period of a city day begins; (0, 0) for ever."""
        if period == EVER:
            return 0, 0
        beginnings = [self.year_month] if period == YEAR else [self.year_month, self.semester_month]
        days = [(year, month) for year in (day.year - 1, day.year) for month in beginnings]
        return max(d for d in days if d <= (day.year, day.month))

    # ---- caps

    def provider_kind_of(self, provider: str) -> str:
        """The kind of a provider, as the rules name it; "" where they do not."""
        return dict(self.provider_kinds).get(provider, "")

    def caps_on(self, category: str, provider: str, *, online: bool) -> list[Cap]:
        """The caps that bound such a credit."""
        return [c for c in self.caps if c.category in ("", category) and (online or not c.online)
                and c.provider_kind in ("", self.provider_kind_of(provider))]

    def left_under(self, cap: Cap, provider: str, day: date, held: Iterable[Holding], day_of) -> int:
        """What room a cap has for a credit of that provider on that day, beside what is held (`day_of` gives its city day)."""
        period = self.period_of(cap.period, day)
        used = sum(h.millicredits for h in held
                   if cap in self.caps_on(h.category, h.provider, online=h.is_online)
                   and (not cap.each_provider or h.provider == provider) and self.period_of(cap.period, day_of(h)) == period)
        return max(0, cap.most_milli - used)

    def may_count_as(self, category: str, wanted: str) -> bool:
        """May credit of a category count as another? Doors open one way; nothing goes through two."""
        return category == wanted or (category, wanted) in self.counts_as

    # ---- duplicates

    def normal_title(self, title: str) -> str:
        """A title without what does not tell two courses apart: blanks, marks, case, how an ordinal or an abbreviation is
        written."""
        text = unicodedata.normalize("NFKC", title).casefold()
        text = _ORDINAL.sub(lambda m: _DIGITS[m[1] or m[2]], text)
        text = re.sub("第(?=[0-9])", "", text)
        text = _ROMAN.sub(lambda m: _ROMANS[m[1]], text)
        for short, whole in self.abbreviations:
            text = text.replace(short, whole)
        return "".join(c for c in text if c.isalnum())

    def nearness(self, one: str, other: str) -> int:
        """How alike two titles are, permille: 1000 the same once normalised, else twice the pairs of letters in both ÷ all."""
        a, b = self.normal_title(one), self.normal_title(other)
        if a == b:
            return 1000
        pairs_a, pairs_b = ([t[n:n + 2] for n in range(len(t) - 1)] for t in (a, b))
        both = 0
        for pair in pairs_a:
            if pair in pairs_b:
                pairs_b.remove(pair)
                both += 1
        return min(999, 2000 * both // max(1, len(a) + len(b) - 2))

    # ---- validity

    def valid_until(self, category: str, finished_on: date) -> date | None:
        """The last city day on which such a credit stands; None where it does not expire."""
        months = dict(self.valid_months).get(category, 0)
        return months_later(finished_on, months) if months else None

    def window_of(self, source: str, finished_on: date) -> date | None:
        """The last day on which something finished then can still be credited; None without end."""
        months = dict(self.window_months).get(source, 0)
        return months_later(finished_on, months) if months else None


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month."""
    number = day.year * 12 + day.month - 1 + months
    year, month = divmod(number, 12)
    for last in range(day.day, 27, -1):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    return date(year, month + 1, min(day.day, 28))


def shared_permille(mine: Iterable[str], theirs: Iterable[str]) -> int:
    """How much of my content is in theirs; 0 where I have none."""
    own, others = set(mine), set(theirs)
    return len(own & others) * 1000 // len(own) if own else 0
