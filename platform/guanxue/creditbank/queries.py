"""Reading a person's credits; checking a record by its code."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue import accounts, courses, ledger
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.creditbank import past, rules, wording
from guanxue.creditbank.errors import NoSuchRecord
from guanxue.creditbank.models import Award, CreditPolicy, Move
from guanxue.creditbank.outcomes import Holding, Outcome
from guanxue.creditbank.sources import list_sources
from guanxue.creditbank.versions import list_versions
from guanxue.ledger import Entry

PER_PAGE = 20


@dataclass(frozen=True)
class Line:
    """A line of a statement. Amounts in millicredits, `content_ms` is what was learned.

    `class_hours_milli` is what the entry stands for, `hours_milli` the same with the sign of its amount. `about` is the code of
    the credit that it gives, moves, ends or takes back; `code` only where anybody may check it by this line.
    """

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
    asked: int = 0  # what it would have been without a bound, where one cut it; else 0
    bound_by: str = ""  # the rule that did
    sentences: tuple[object, ...] = ()  # how it was judged; () for what was posted before there were rules of crediting
    source: str = ""
    category: str = ""  # a kind of the catalogue; "" where nobody knows
    training_class: str | None = None  # the code of a class that was attended
    about: str = ""
    authority: str = ""  # on whose authority it was taken back
    valid_until: str = ""  # the last city day on which it stands
    institution: str = ""
    balance: int | None = None  # after it, where the whole account was read

    @property
    def hours_milli(self) -> int:
        """Thousandths of class hours, below zero where they go off the account."""
        return self.class_hours_milli if self.amount > 0 else -self.class_hours_milli


def balance(person_id: int) -> int:
    """Millicredits of a person."""
    return ledger.balance(f"person:{person_id}")


def study_hours_milli(person_id: int) -> int:
    """Thousandths of class hours of everything credited and not reversed; what followed from or to another account counts.

    What only expired was learned all the same.
    """
    return sum(hours * (1 if amount > 0 else -1) for _number, hours, amount in past.read(person_id).hours_by_line())


def list_holdings(person_id: int) -> list[Holding]:
    """Credits that stand on the person's account, neither reversed nor expired, in the order in which they came."""
    return list(past.read(person_id).standing().values())


def statement(person_id: int, page: int = 1) -> Page[Line]:
    """The person's entries, newest first."""
    found = ledger.statement(f"person:{person_id}", page, PER_PAGE)
    return Page(_lines(found.items), found.total, found.page, found.per_page)


def all_lines(person_id: int) -> list[Line]:
    """Every entry of the person, newest first."""
    return _lines(ledger.statement(f"person:{person_id}", 1, 100_000).items)


def has_awards_since(person_id: int, moment: datetime) -> bool:
    """Was the person awarded credits since then, or did any follow them from another account?"""
    own = select(Award.id).where(Award.person_id == person_id, Award.awarded_at >= moment)
    came = select(Move.id).where(Move.to_person_id == person_id, Move.on_entry.is_not(None), Move.moved_at >= moment)
    return any(session.scalar(query.limit(1)) is not None for query in (own, came))


def _lines(items: list[tuple[Entry, int]]) -> list[Line]:
    return list(lines_of([(entry, amount, json.loads(entry.document)) for entry, amount in items]))


def lines_of(items: list[tuple[Entry, int, dict]]) -> list[Line]:
    """(entry, amount, document) as lines, in as many queries for a thousand as for one."""
    numbers, undone = [e.number for e, _a, _d in items], {e.reverses for e, _a, _d in items if e.reverses is not None}
    documents = {e.number: d for e, _a, d in items}
    firsts = {n: documents[n] for n in undone if n in documents}
    firsts |= {n: json.loads(e.document) for n, e in ledger.entries_among(undone - firsts.keys()).items()} if undone else {}
    reversed_ones = ledger.reversed_among(numbers)
    codes = {a.entry_number: a.code for a in session.scalars(
        select(Award).where(Award.entry_number.in_([*numbers, *undone])))}
    moves = session.scalars(select(Move).where(Move.on_entry.in_(numbers))).all()
    standing = _standing(m.award_id for m in moves) if moves else {}
    moved = {m.on_entry: documents[m.on_entry]["award"] for m in moves if standing.get(m.award_id) is m}
    versions = {v.name: v for v in list_versions()}
    return [_line(e, amount, d, firsts.get(e.reverses, d), codes | moved, e.number in reversed_ones, versions)
            for e, amount, d in items]


def _standing(award_ids: Iterable[int]) -> dict[int, Move]:
    """By award: how it stands away from home."""
    newest = {m.award_id: m for m in session.scalars(
        select(Move).where(Move.award_id.in_(set(award_ids))).order_by(Move.id))}
    return {award_id: m for award_id, m in newest.items() if m.step == "merged"}


def _line(entry: Entry, amount: int, document: dict, first: dict, codes: dict[int, str], is_reversed: bool,
          versions: dict[str, CreditPolicy]) -> Line:
    asked, facts = document.get("asked_millicredits", 0), facts_of(first)
    judged = "rules" in document and "code" in document
    sentences = wording.tell(document, asked=asked or amount, given=amount, versions=versions) if judged and amount else ()
    reason = document.get("reason") or str(_("学完课程并通过考核"))
    return Line(
        number=entry.number, at=posted_at(entry), kind=entry.kind, amount=amount, course=document.get("course"),
        title=facts["title"], reason=reason if entry.kind == "reversal" else gettext(reason), code=codes.get(entry.number),
        policy=document.get("policy"), revision=document.get("revision"), content_ms=document.get("content_ms", 0),
        class_hours_milli=past.hours_of(first if entry.reverses is not None else document),
        class_hour_ms=document.get("class_hour_ms", 2_700_000),
        class_hours_per_credit=document.get("class_hours_per_credit", 0), is_reversed=is_reversed,
        asked=asked, bound_by=document.get("bound_by", document.get("rule", "") if asked else ""),
        sentences=tuple(sentences), source=facts["source"], category=category_of(facts), training_class=document.get("class"),
        about=document.get("award") or codes.get(entry.reverses or entry.number) or document.get("code", ""),
        authority=document.get("authority", ""), valid_until=document.get("valid_until", ""),
        institution=document.get("institution", ""))


def facts_of(document: dict) -> dict:
    """What an entry is about; what was judged once more stands under the source from which it first came."""
    facts = past.read_facts(document)
    return facts | {"source": document.get("first_source", facts["source"])}


def category_of(facts: dict) -> str:
    """The kind of the catalogue under which a credit stands; entries of the first years do not say it, their course does."""
    kind, _colon, slug = facts["subject"].partition(":")
    item = courses.find_item(slug) if not facts["category"] and kind == "course" else None
    return facts["category"] or (item.kind if item else "")


def unposted(person_id: int) -> list[Outcome]:
    """What was finished under the account and has no award, source by source, oldest first."""
    keys: dict[str, set[str]] = {}
    for source, key in session.execute(select(Award.source, Award.key).where(Award.person_id == person_id)):
        keys.setdefault(source, set()).add(key)
    found: list[Outcome] = []
    for source in list_sources():
        had = frozenset(keys.get(source.name, ()))
        its = source.list_unposted(person_id, had) if source.list_unposted else source.list_outcomes(person_id)
        found += [o for o in its if o.key not in had and award_of(o) is None]
    return found


def award_of(outcome: Outcome) -> Award | None:
    """The award of an outcome; None while it has none."""
    return session.scalar(select(Award).where(Award.source == outcome.source, Award.key == outcome.key))


def posted_at(entry: Entry) -> datetime:
    """When an entry was posted."""
    return datetime.fromisoformat(entry.posted_at.replace("Z", "+00:00"))


def find_award(code: str) -> Award | None:
    """The award with that code, as people type it."""
    return session.scalar(select(Award).where(Award.code == rules.normal_code(code)))


def list_awards(person_ids: Iterable[int]) -> list[Award]:
    """Awards that these accounts earned, oldest first."""
    return list(session.scalars(select(Award).where(Award.person_id.in_(list(person_ids))).order_by(Award.id)))


def credited(award: Award) -> int:
    """Millicredits that the award's own entry put on its person's account."""
    return dict(ledger.postings_of(award.entry_number))[f"person:{award.person_id}"]


# ---- credits that follow their person


def standing_move(award_id: int) -> Move | None:
    """How the award stands away from the account that earned it; None while it is at home."""
    newest = session.scalar(select(Move).where(Move.award_id == award_id).order_by(Move.id.desc()).limit(1))
    return newest if newest is not None and newest.step == "merged" else None


def standing_moves(merge_code: str) -> list[Move]:
    """Credits that a merge took off one account and that have not gone back, in order."""
    moves = session.scalars(select(Move).where(Move.merge_code == merge_code, Move.step == "merged").order_by(Move.id)).all()
    return [m for m in moves if standing_move(m.award_id) is m]


@dataclass(frozen=True)
class Refused:
    """A credit of a merged account that does not count again, and the rule in words. Millicredits."""

    code: str
    course: str
    title: str
    amount: int
    rule: str
    reason: str


def list_refused(person_id: int) -> list[Refused]:
    """Credits of accounts merged into the person's that do not count, while they stand merged."""
    moves = session.scalars(select(Move).where(
        Move.to_person_id == person_id, Move.step == "merged", Move.on_entry.is_(None)).order_by(Move.id)).all()
    return [_refused(m) for m in moves if standing_move(m.award_id) is m]


def _refused(move: Move) -> Refused:
    award = session.get(Award, move.award_id)
    document = past.document_at(award.entry_number)
    return Refused(award.code, document.get("course", ""), document["title"], credited(award), move.rule,
                   str(rules.refusal_text(move.rule, award.source)))


@dataclass(frozen=True)
class Verification:
    """What a stranger is told about a record. `fault` is why it is not valid.

    `merged_into`: the masked holder of the account that its account was merged into, "" where it was not; `is_counted` is
    False where the same course counts there already, so that two papers are one credit.
    """

    code: str
    is_valid: bool
    is_revoked: bool
    fault: str
    holder_masked: str
    line: Line
    proof: dict
    merged_into: str = ""
    is_counted: bool = True


def verify(code: str) -> Verification:
    """Check a record against the ledger and its signed head. Raises NoSuchRecord for an unknown code."""
    award = find_award(code)
    if award is None:
        raise NoSuchRecord(_("没有这个编号的记录。请核对编号，或扫描证书上的二维码。"))
    move = standing_move(award.id)
    entry = ledger.get_entry(award.entry_number)
    proof = ledger.proof(entry.number)
    fault = ledger.verify_proof(proof) or ""
    amount = next((a for account, a in ledger.postings_of(entry.number) if account == f"person:{award.person_id}"), 0)
    line = _lines([(entry, amount)])[0]
    holder = accounts.holder_at(award.person_id, award.awarded_at)
    merged_into = accounts.holder_at(move.to_person_id, clock.now()) if move else ""
    return Verification(award.code, not fault and not line.is_reversed, line.is_reversed, fault, holder, line, proof,
                        merged_into, move is None or move.on_entry is not None)
