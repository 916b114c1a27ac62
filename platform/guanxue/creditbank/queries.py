"""Reading a person's credits; checking a record by its code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue import accounts, courses, learning, ledger, policies
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.creditbank import class_awards, rules, years
from guanxue.creditbank.errors import NoSuchRecord
from guanxue.creditbank.models import Award, ClassAward, ClassMove, Move
from guanxue.learning import Completion
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
    asked: int = 0  # what it would have been without a bound, where one cut it; else 0


def balance(person_id: int) -> int:
    """Millicredits of a person."""
    return ledger.balance(f"person:{person_id}")


def study_hours_milli(person_id: int) -> int:
    """Thousandths of class hours of everything credited and not reversed; what followed from or to another account counts."""
    return sum(line.class_hours_milli if line.amount > 0 else -line.class_hours_milli for line in all_lines(person_id)
               if line.kind in (*rules.MOVES.values(), *class_awards.MOVES.values())
               or (line.kind in ("completion", class_awards.ENTRY) and not line.is_reversed))


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
    return (any(session.scalar(query.limit(1)) is not None for query in (own, came))
            or class_awards.has_class_awards_since(person_id, moment))


def _lines(items: list[tuple[Entry, int]]) -> list[Line]:
    documents = {entry.number: json.loads(entry.document) for entry, _amount in items}
    reversed_ones = ledger.reversed_among(documents)
    codes = {a.entry_number: a.code for a in session.scalars(select(Award).where(Award.entry_number.in_(list(documents))))}
    codes |= {m.on_entry: documents[m.on_entry]["award"] for m in session.scalars(
        select(Move).where(Move.on_entry.in_(list(documents)))) if standing_move(m.award_id) is m}
    codes |= class_awards.class_codes(list(documents))
    return [_line(entry, amount, documents[entry.number], codes.get(entry.number), entry.number in reversed_ones)
            for entry, amount in items]


def _line(entry: Entry, amount: int, document: dict, code: str | None, is_reversed: bool) -> Line:
    content_ms, hour_ms = document.get("content_ms", 0), document.get("class_hour_ms", 2_700_000)
    reason = document.get("reason") or str(_("学完课程并通过考核"))
    reason = gettext(reason) if entry.kind in (*rules.MOVES.values(), *class_awards.KINDS) else reason
    return Line(
        number=entry.number, at=datetime.fromisoformat(entry.posted_at.replace("Z", "+00:00")), kind=entry.kind, amount=amount,
        course=document.get("course"), title=document.get("title", ""), reason=reason, code=code,
        policy=document.get("policy"), revision=document.get("revision"), content_ms=content_ms,
        class_hours_milli=document.get("class_hours_milli", content_ms * 1000 // hour_ms), class_hour_ms=hour_ms,
        class_hours_per_credit=document.get("class_hours_per_credit", 0), is_reversed=is_reversed,
        asked=document.get("asked_millicredits", 0))


def find_award(person_id: int, course_id: int) -> Award | None:
    """The person's award for a course."""
    return session.scalar(select(Award).where(Award.person_id == person_id, Award.course_id == course_id))


# ---- credits that follow their person


def worth(completion: Completion) -> policies.Worth:
    """What a completion is worth under its policy; lessons that were spared by testing out count for nothing."""
    spared = set(completion.evidence.get("tested_out", []))
    lessons = [(x.kind, x.duration_ms or 0) for x in courses.lessons_of(completion.revision_id) if x.id not in spared]
    return policies.worth_of(policies.get_policy(completion.policy_id).numbers, lessons)


def credited(award: Award) -> int:
    """Millicredits that the award's own entry put on its person's account."""
    return dict(ledger.postings_of(award.entry_number))[f"person:{award.person_id}"]


def bid_of(completion: Completion, hours_milli: int) -> rules.Bid:
    """A completion as the rules see it, with the hours that it counts."""
    policy = policies.get_policy(completion.policy_id)
    year = policy.code, clock.city_day(completion.completed_at).year
    return rules.Bid(completion.course_id, year, hours_milli, policy.numbers.yearly_cap_milli)


def credited_hours(award: Award) -> int:
    """Thousandths of class hours that the award's own entry counts."""
    entry = ledger.get_entry(award.entry_number)
    return _line(entry, 0, json.loads(entry.document), None, is_reversed=False).class_hours_milli


def held_by(person_id: int, *, with_waiting: bool = True) -> rules.Held:
    """What the person was credited with, as far as rules ask; with what waits for its award, unless that is what is asked."""
    ids = set(session.scalars(select(Award.course_id).where(Award.person_id == person_id)))
    came = select(Move).where(Move.to_person_id == person_id, Move.on_entry.is_not(None), Move.step == "merged")
    ids |= {m.course_id for m in session.scalars(came).all() if standing_move(m.award_id) is m}
    if with_waiting:
        ids |= {c.course_id for c in learning.list_completions(person_id)}
    return rules.Held(frozenset(ids), years.used(person_id))


def standing_move(award_id: int) -> Move | None:
    """How the award stands away from the account that earned it; None while it is at home."""
    newest = session.scalar(select(Move).where(Move.award_id == award_id).order_by(Move.id.desc()).limit(1))
    return newest if newest is not None and newest.step == "merged" else None


def standing_moves(merge_code: str) -> list[Move]:
    """Credits that a merge took off one account and that have not gone back, in order."""
    moves = session.scalars(select(Move).where(Move.merge_code == merge_code, Move.step == "merged").order_by(Move.id)).all()
    return [m for m in moves if standing_move(m.award_id) is m]


def is_spent(completion: Completion) -> bool:
    """Did evidence that the completion rests on earn a credit before, under an account that was merged and parted?"""
    shared = learning.shares_evidence(completion)
    return bool(shared) and session.scalar(select(Award.id).where(Award.completion_id.in_(shared)).limit(1)) is not None


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
    attended = [Refused(code, "", title, amount, "once", str(rules.refusal_text("once-a-class")))
                for code, title, amount in class_awards.list_refused_classes(person_id)]
    return [_refused(m) for m in moves if standing_move(m.award_id) is m] + attended


def _refused(move: Move) -> Refused:
    award = session.get(Award, move.award_id)
    document = json.loads(ledger.get_entry(award.entry_number).document)
    return Refused(award.code, document["course"], document["title"], credited(award), move.rule,
                   str(rules.refusal_text(move.rule)))


def list_capped(person_id: int) -> list[tuple[Completion, policies.Worth, int]]:
    """Finished courses that earned nothing since their year was full: (completion, its worth, the year)."""
    awarded = set(session.scalars(select(Award.completion_id).where(Award.person_id == person_id)))
    found = []
    for completion in learning.list_completions(person_id):
        its = worth(completion)
        if completion.id not in awarded and its.credits_milli and not years.given(completion, its).credits_milli:
            found.append((completion, its, clock.city_day(completion.completed_at).year))
    return found


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
    award, move = _by_code(rules.normal_code(code))
    if award is None:
        raise NoSuchRecord(_("没有这个编号的记录。请核对编号，或扫描证书上的二维码。"))
    entry = ledger.get_entry(award.entry_number)
    proof = ledger.proof(entry.number)
    fault = ledger.verify_proof(proof) or ""
    amount = next((a for account, a in ledger.postings_of(entry.number) if account == f"person:{award.person_id}"), 0)
    line = _lines([(entry, amount)])[0]
    holder = accounts.holder_at(award.person_id, award.awarded_at)
    merged_into = accounts.holder_at(move.to_person_id, clock.now()) if move else ""
    return Verification(award.code, not fault and not line.is_reversed, line.is_reversed, fault, holder, line, proof,
                        merged_into, move is None or move.on_entry is not None)


def _by_code(code: str) -> tuple[Award | ClassAward | None, Move | ClassMove | None]:
    """The award of a course or of a class with that code, and how it stands away from the account that earned it."""
    award = session.scalar(select(Award).where(Award.code == code))
    if award is not None:
        return award, standing_move(award.id)
    attended = class_awards.find_class_award(code)
    return attended, class_awards.standing_class_move(attended.id) if attended else None
