"""A person's account as a bank tells it: every entry with the balance after it, and statements of a year that add up.

The account is read once, whatever is asked of it. A statement's totals are sums of its lines: what a correction, an end or a
move takes away is taken from the year in which it happened, from the kind and the source of the credit it is about.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from guanxue import ledger
from guanxue.core import clock
from guanxue.creditbank import past, queries
from guanxue.creditbank.outcomes import Holding
from guanxue.creditbank.past import Past
from guanxue.creditbank.queries import Line
from guanxue.ledger import Entry

FORMAT = "guanxue-credit-statement/1"


@dataclass(frozen=True)
class Row:
    """An entry on the account with its document, and `facts` of the credit that it is about. Amounts in millicredits."""

    entry: Entry
    amount: int
    document: dict
    facts: dict
    hours_milli: int
    balance: int

    @cached_property
    def year(self) -> int:
        """The city's year in which it was posted."""
        return clock.city_day(queries.posted_at(self.entry)).year

    @cached_property
    def category(self) -> str:
        """The kind of the catalogue, "" where nobody knows."""
        return queries.category_of(self.facts)


@dataclass(frozen=True)
class Statement:
    """What happened on an account in a year, or ever (`year` None): rows from the oldest on, thousandths throughout."""

    year: int | None
    opening: int
    rows: tuple[Row, ...]

    @property
    def closing(self) -> int:
        """The balance at its end."""
        return self.opening + sum(r.amount for r in self.rows)

    @property
    def given(self) -> int:
        """What came."""
        return sum(r.amount for r in self.rows if r.amount > 0)

    @property
    def taken(self) -> int:
        """What went, below zero."""
        return sum(r.amount for r in self.rows if r.amount < 0)

    @property
    def hours_milli(self) -> int:
        """Class hours that came, less those that went."""
        return sum(r.hours_milli for r in self.rows)

    def by_category(self) -> dict[str, int]:
        """Millicredits by kind of the catalogue."""
        return _sums((r.category, r.amount) for r in self.rows)

    def by_source(self) -> dict[str, int]:
        """Millicredits by where they come from."""
        return _sums((r.facts["source"], r.amount) for r in self.rows)

    def lines(self) -> list[Line]:
        """The rows explained, in the same order."""
        return lines_of(self.rows)


@dataclass(frozen=True)
class Account:
    """Everything on a person's account, the oldest first, and the same as the ground on which credit is judged."""

    rows: tuple[Row, ...]
    past: Past

    @property
    def balance(self) -> int:
        """Millicredits."""
        return self.rows[-1].balance if self.rows else 0

    @property
    def hours_milli(self) -> int:
        """Thousandths of class hours, as study_hours_milli() tells them."""
        return sum(r.hours_milli for r in self.rows)

    @property
    def years(self) -> list[int]:
        """Years in which something happened, the newest first."""
        return sorted({r.year for r in self.rows}, reverse=True)

    @property
    def categories(self) -> list[str]:
        """Kinds that occur, the most frequent first."""
        return [kind for kind, _n in Counter(r.category for r in self.rows).most_common()]

    def choose(self, year: int | None = None, category: str | None = None) -> list[Row]:
        """Rows of that year and kind (of all, where none is named), the newest first."""
        return [r for r in reversed(self.rows) if year in (None, r.year) and category in (None, r.category)]

    def statement(self, year: int | None = None) -> Statement:
        """The statement of a year, or of everything."""
        rows = tuple(r for r in self.rows if year in (None, r.year))
        before = [r for r in self.rows if year is not None and r.year < year]
        return Statement(year, before[-1].balance if before else 0, rows)

    @property
    def holdings(self) -> list[Holding]:
        """Credits that stand, as list_holdings() gives them."""
        return list(self.past.standing().values())

    @property
    def ending(self) -> list[Holding]:
        """Of those the ones that end on a day, the next first."""
        return sorted((h for h in self.holdings if h.valid_until is not None), key=lambda h: h.valid_until)


def read_account(person_id: int) -> Account:
    """The person's account, in one query."""
    entries = [(e, amount, json.loads(e.document)) for e, amount in reversed(
        ledger.statement(f"person:{person_id}", 1, past.EVERY).items)]
    documents, rows, balance = {e.number: d for e, _amount, d in entries}, [], 0
    for entry, amount, document in entries:
        balance += amount
        about = documents.get(entry.reverses, document)
        sign = 1 if amount > 0 else -1
        rows.append(Row(entry, amount, document, queries.facts_of(about), sign * past.hours_of(about), balance))
    return Account(tuple(rows), Past(tuple(past.Line(e.number, d, amount, e.reverses) for e, amount, d in entries)))


def lines_of(rows: Iterable[Row]) -> list[Line]:
    """Rows explained, each with the balance after it."""
    rows = list(rows)
    lines = queries.lines_of([(r.entry, r.amount, r.document) for r in rows])
    return [replace(line, balance=row.balance) for line, row in zip(lines, rows, strict=True)]


def _sums(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for name, amount in pairs:
        found[name] += amount
    return dict(sorted(found.items()))


def document_of(statement: Statement, *, person_id: int, name: str, site: str, head: dict | None, at: datetime) -> dict:
    """The statement as a file for programs (docs/formats.md): whole thousandths, texts in the reader's language."""
    return {
        "format": FORMAT, "site": site, "account": f"person:{person_id}", "name": name, "year": statement.year,
        "made_at": at.isoformat(), "opening_millicredits": statement.opening, "closing_millicredits": statement.closing,
        "given_millicredits": statement.given, "taken_millicredits": statement.taken,
        "class_hours_milli": statement.hours_milli, "by_category": statement.by_category(), "by_source": statement.by_source(),
        "lines": [_line_document(line) for line in statement.lines()], "head": head}


def _line_document(line: Line) -> dict:
    return {
        "number": line.number, "at": line.at.isoformat(), "kind": line.kind, "source": line.source, "category": line.category,
        "title": line.title, "course": line.course, "class": line.training_class, "millicredits": line.amount,
        "class_hours_milli": line.hours_milli, "content_ms": line.content_ms, "balance_millicredits": line.balance,
        "code": line.code, "about": line.about, "is_reversed": line.is_reversed, "reason": line.reason,
        "authority": line.authority, "valid_until": line.valid_until or None, "policy": line.policy,
        "explained": [str(s) for s in line.sentences]}
