"""Reading a person's credits; checking a record by its code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue import accounts, ledger
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.creditbank import rules
from guanxue.creditbank.errors import NoSuchRecord
from guanxue.creditbank.models import Award
from guanxue.ledger import Entry

PER_PAGE = 20


@dataclass(frozen=True)
class Line:
    """A line of a statement. Amounts in millicredits, `content_ms` is what was learned."""

    number: int
    at: datetime
    kind: str
    amount: int
    course: str | None
    title: str
    reason: str
    code: str | None
    policy: str | None
    revision: int | None
    content_ms: int
    class_hours_milli: int
    class_hour_ms: int
    class_hours_per_credit: int
    is_reversed: bool


def balance(person_id: int) -> int:
    """Millicredits of a person."""
    return ledger.balance(f"person:{person_id}")


def study_hours_milli(person_id: int) -> int:
    """Thousandths of class hours of everything credited and not reversed."""
    return sum(line.class_hours_milli for line in _lines(ledger.statement(f"person:{person_id}", 1, 100_000).items)
               if line.kind == "completion" and not line.is_reversed)


def statement(person_id: int, page: int = 1) -> Page[Line]:
    """The person's entries, newest first."""
    found = ledger.statement(f"person:{person_id}", page, PER_PAGE)
    return Page(_lines(found.items), found.total, found.page, found.per_page)


def all_lines(person_id: int) -> list[Line]:
    """Every entry of the person, newest first."""
    return _lines(ledger.statement(f"person:{person_id}", 1, 100_000).items)


def has_awards_since(person_id: int, moment: datetime) -> bool:
    """Was the person awarded credits since then?"""
    return session.scalar(select(Award.id).where(Award.person_id == person_id, Award.awarded_at >= moment).limit(1)) is not None


def _lines(items: list[tuple[Entry, int]]) -> list[Line]:
    documents = {entry.number: json.loads(entry.document) for entry, _amount in items}
    reversed_ones = ledger.reversed_among(documents)
    codes = {a.entry_number: a.code for a in session.scalars(select(Award).where(Award.entry_number.in_(list(documents))))}
    return [_line(entry, amount, documents[entry.number], codes.get(entry.number), entry.number in reversed_ones)
            for entry, amount in items]


def _line(entry: Entry, amount: int, document: dict, code: str | None, is_reversed: bool) -> Line:
    content_ms, hour_ms = document.get("content_ms", 0), document.get("class_hour_ms", 2_700_000)
    reason = document.get("reason") or str(_("学完课程并通过考核"))
    return Line(
        number=entry.number, at=datetime.fromisoformat(entry.posted_at.replace("Z", "+00:00")), kind=entry.kind, amount=amount,
        course=document.get("course"), title=document.get("title", ""), reason=reason, code=code,
        policy=document.get("policy"), revision=document.get("revision"), content_ms=content_ms,
        class_hours_milli=content_ms * 1000 // hour_ms, class_hour_ms=hour_ms,
        class_hours_per_credit=document.get("class_hours_per_credit", 0), is_reversed=is_reversed)


def find_award(person_id: int, course_id: int) -> Award | None:
    """The person's award for a course."""
    return session.scalar(select(Award).where(Award.person_id == person_id, Award.course_id == course_id))


@dataclass(frozen=True)
class Verification:
    """What a stranger is told about a record. `fault` is why it is not valid."""

    code: str
    is_valid: bool
    is_revoked: bool
    fault: str
    holder_masked: str
    line: Line
    proof: dict


def verify(code: str) -> Verification:
    """Check a record against the ledger and its signed head. Raises NoSuchRecord for an unknown code."""
    award = session.scalar(select(Award).where(Award.code == rules.normal_code(code)))
    if award is None:
        raise NoSuchRecord(_("没有这个编号的记录。请核对编号，或扫描证书上的二维码。"))
    entry = ledger.get_entry(award.entry_number)
    proof = ledger.proof(entry.number)
    fault = ledger.verify_proof(proof) or ""
    amount = next((a for account, a in ledger.postings_of(entry.number) if account == f"person:{award.person_id}"), 0)
    line = _lines([(entry, amount)])[0]
    holder = accounts.holder_at(award.person_id, award.awarded_at)
    return Verification(award.code, not fault and not line.is_reversed, line.is_reversed, fault, holder, line, proof)


