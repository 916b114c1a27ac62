"""The rules of crediting as a form in the units people use (credits, percent, months), and what was written as a document.

A form is {name: values}. Fields of a list are "caps-0-most": its name, the row, the part; a row that says nothing is no row.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from guanxue.core.forms import Form, Reading, first
from guanxue.core.i18n import lazy as _
from guanxue.creditbank.credit_rules import CATEGORIES, PERIODS, CreditRules
from guanxue.creditbank.sources import get_source, source_names
from guanxue.creditbank.wording import COMPONENT_NAMES, SOURCE_NAMES, percent, plain

MOST_ROWS, MOST_MONTHS, MOST_DAYS, MOST_MARK = 60, 1200, 366, 100
LONGEST_WORD, LONGEST_REASON = 40, 200
EACH, ONLINE = "each", "online"
LISTS = {"caps": ("code", "period", "most", "providers", "kind", "category", "reach"),
         "floors": ("source", "component", "least"), "abbreviations": ("short", "whole"), "kinds": ("provider", "kind")}


@dataclass(frozen=True)
class Written:
    """What somebody wants to publish, and why."""

    title: str
    document: dict
    effective_on: date
    reason: str


def fields_of(rules: CreditRules) -> dict[str, list[str]]:
    """The form filled with rules."""
    found = {
        "year_month": [str(rules.year_month)], "semester_month": [str(rules.semester_month)],
        "content": [percent(rules.content_permille)], "near": [percent(rules.near_permille)],
        "tell": [percent(rules.tell_permille)], "near_sources": list(rules.near_sources),
        "counts_as": [f"{a}>{b}" for a, b in rules.counts_as], "warn_days": [str(rules.warn_days)]}
    found |= {f"valid-{category}": [str(months)] for category, months in rules.valid_months}
    found |= {f"window-{source}": [str(months)] for source, months in rules.window_months}
    rows = {
        "caps": [(c.code, c.period, plain(c.most_milli), EACH if c.each_provider else "", c.provider_kind, c.category,
                  ONLINE if c.online else "") for c in rules.caps],
        "floors": [(f.source, f.component, percent(f.least) if f.component == "attendance" else str(f.least))
                   for f in rules.floors],
        "abbreviations": rules.abbreviations, "kinds": rules.provider_kinds}
    for name, written in rows.items():
        found |= {f"{name}-{i}-{part}": [value] for i, row in enumerate(written)
                  for part, value in zip(LISTS[name], row, strict=True)}
    return found


def rows_shown(form: Form, name: str, *, more: bool = False) -> int:
    """How many rows of a list to draw: those of the form, and an empty one; `more`: one beyond those that were there."""
    there = [i for i in range(MOST_ROWS) if any(f"{name}-{i}-{part}" in form for part in LISTS[name])]
    last = there[-1] if there else -1
    is_filled = any(first(form, f"{name}-{last}-{part}") for part in LISTS[name])
    return min(MOST_ROWS, last + 1 + int(more or is_filled or not there))


def read(form: Form, institutions: Collection[str]) -> Written:
    """What was written; `institutions` are the codes there are. Raises Invalid, naming every field that cannot be so."""
    reading = _Reading(form, institutions)
    written = Written(reading.words("title", LONGEST_WORD), reading.document(), reading.day("effective_on"),
                      reading.words("reason", LONGEST_REASON))
    reading.refuse()
    return written


def is_same(rules: CreditRules, document: dict) -> bool:
    """Does the document decide what the rules decide, to the last number?"""
    reading = _Reading(fields_of(rules), {provider for provider, _kind in rules.provider_kinds})
    return reading.document() == document


class _Reading(Reading):
    """Reads a form of rules."""

    def __init__(self, form: Form, institutions: Collection[str]) -> None:
        super().__init__(form)
        self._institutions = institutions

    def document(self) -> dict:
        kinds = self._kinds()
        document = {
            "year_month": self._whole("year_month", 1, 12), "semester_month": self._whole("semester_month", 1, 12),
            "caps": self._caps({kind for _provider, kind in kinds}), "floors": self._floors(),
            "near_permille": self._permille("near"), "tell_permille": self._permille("tell"),
            "near_sources": [s for s in SOURCE_NAMES if s in self._form.get("near_sources", ())],
            "content_permille": self._permille("content"), "abbreviations": self._abbreviations(),
            "counts_as": [[a, b] for a in CATEGORIES for b in CATEGORIES
                          if a != b and f"{a}>{b}" in self._form.get("counts_as", ())],
            "valid_months": self._months("valid", CATEGORIES), "warn_days": self._whole("warn_days", 0, MOST_DAYS),
            "window_months": self._months("window", SOURCE_NAMES), "provider_kinds": kinds}
        if document["year_month"] == document["semester_month"]:
            self._fault("semester_month", _("第二个学期和一年不能从同一个月开始。"))
        return document

    # ---- lists

    def _rows(self, name: str) -> Iterator[str]:
        for i in range(MOST_ROWS):
            row = f"{name}-{i}"
            if not self._text(f"{row}-off") and any(self._text(f"{row}-{part}") for part in LISTS[name]):
                yield row

    def _caps(self, kinds: Collection[str]) -> list[dict]:
        found: list[dict] = []
        for row in self._rows("caps"):
            kind, category = self._text(f"{row}-kind"), self._choice(f"{row}-category", ("", *CATEGORIES))
            if kind and kind not in kinds:
                self._fault(f"{row}-kind", _("先在下面“机构的种类”里写明哪些机构是这一种。"))
            cap = {"period": self._choice(f"{row}-period", PERIODS), "most_milli": self._milli(f"{row}-most")}
            more = {"each_provider": self._choice(f"{row}-providers", ("", EACH)) == EACH, "provider_kind": kind,
                    "category": category, "online": self._choice(f"{row}-reach", ("", ONLINE)) == ONLINE}
            cap |= {name: value for name, value in more.items() if value}
            found.append({"code": _free_code(self._text(f"{row}-code"), cap, {c["code"] for c in found}), **cap})
        return found

    def _floors(self) -> list[dict]:
        found = []
        for row in self._rows("floors"):
            source = self._choice(f"{row}-source", SOURCE_NAMES)
            component = self._choice(f"{row}-component", COMPONENT_NAMES)
            if source in source_names() and component not in get_source(source).components:
                self._fault(f"{row}-component", _("%(source)s没有这一项，不能要求。", source=SOURCE_NAMES[source]))
            least = self._permille(f"{row}-least", is_needed=True) if component == "attendance" else self._whole(
                f"{row}-least", 0, MOST_MARK, is_needed=True)
            if any((f["source"], f["component"]) == (source, component) for f in found):
                self._fault(f"{row}-source", _("这一项上面已经有了。"))
            found.append({"source": source, "component": component, "least": least})
        return found

    def _abbreviations(self) -> list[list[str]]:
        # Titles are compared in small letters and half width (CreditRules.normal_title), so words are kept like that.
        return self._pairs("abbreviations", lambda row: [
            unicodedata.normalize("NFKC", self.words(f"{row}-{part}", LONGEST_WORD)).casefold() for part in ("short", "whole")])

    def _kinds(self) -> list[list[str]]:
        return self._pairs("kinds", lambda row: [
            self._choice(f"{row}-provider", self._institutions), self.words(f"{row}-kind", LONGEST_WORD)])

    def _pairs(self, name: str, read_row) -> list[list[str]]:
        found: list[list[str]] = []
        for row in self._rows(name):
            pair = read_row(row)
            if pair[0] and any(pair[0] == other for other, _its in found):
                self._fault(f"{row}-{LISTS[name][0]}", _("这一项上面已经有了。"))
            found.append(pair)
        return found

    def _months(self, mark: str, names: Collection[str]) -> list[list]:
        found = [[name, self._whole(f"{mark}-{name}", 0, MOST_MONTHS)] for name in names]
        return [pair for pair in found if pair[1]]

    # ---- fields

    def day(self, name: str) -> date:
        """A city day."""
        try:
            return date.fromisoformat(self._text(name))
        except ValueError:
            self._fault(name, _("请填从哪一天起用。"))
            return date.min

    def _whole(self, name: str, least: int, most: int, *, is_needed: bool = False) -> int:
        """A whole number; 0 where nothing is written and nothing is needed."""
        text = self._number(name) or ("" if is_needed or least else "0")
        if not re.fullmatch("[0-9]{1,4}", text) or not least <= int(text) <= most:
            self._fault(name, _("请写 %(a)s 到 %(b)s 的整数。", a=least, b=most))
            return 0
        return int(text)

    def _permille(self, name: str, *, is_needed: bool = False) -> int:
        """A percentage with at most one decimal."""
        text = self._number(name).rstrip("%") or ("" if is_needed else "0")
        found = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]))?", text)
        permille = int(found[1]) * 10 + int(found[2] or 0) if found else -1
        if not 0 <= permille <= 1000:
            self._fault(name, _("请写 0 到 100，最多一位小数。"))
            return 0
        return permille

    def _milli(self, name: str) -> int:
        """Credits with at most three decimals."""
        found = re.fullmatch(r"([0-9]{1,4})(?:\.([0-9]{1,3}))?", self._number(name))
        if not found:
            self._fault(name, _("请写学分，例如 60 或 1.5。"))
            return 0
        return int(found[1]) * 1000 + int((found[2] or "").ljust(3, "0"))

    def _number(self, name: str) -> str:
        return unicodedata.normalize("NFKC", self._text(name)).replace(" ", "")


def _free_code(code: str, cap: dict, taken: Collection[str]) -> str:
    """The code by which entries name a cap: the one it had, else one of what it bounds."""
    if re.fullmatch("[a-z0-9-]{1,60}", code) and code not in taken:
        return code
    parts = (cap["period"], EACH if "each_provider" in cap else "", "kind" if "provider_kind" in cap else "",
             cap.get("category", ""), ONLINE if "online" in cap else "")
    made = "-".join(filter(None, parts))
    return next(c for c in (made, *(f"{made}-{n}" for n in range(2, MOST_ROWS + 2))) if c not in taken)
