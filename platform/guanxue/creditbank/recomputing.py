"""Deriving every credit again, from evidence, revisions, policies and merges, and comparing it with the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from guanxue import accounts, learning, ledger
from guanxue.core import clock
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import expiring, judging, past
from guanxue.creditbank.merging import as_it_stands, cut, rule_of_cut
from guanxue.creditbank.models import Award
from guanxue.creditbank.moving import move_key
from guanxue.creditbank.outcomes import COURSE, Outcome
from guanxue.creditbank.past import HYPOTHETICAL, Past
from guanxue.creditbank.queries import credited, find_award, list_awards, posted_at
from guanxue.creditbank.sources import Source, get_source, list_sources

_NO_GROUND = {True: _("账上有学分，但没有对应的结业记录。"), False: _("账上有转移的学分，但没有对应的合并。")}


@dataclass(frozen=True)
class Difference:
    """Where the ledger and the evidence do not agree; amounts in millicredits."""

    person: str
    course: str
    stored: int
    derived: int
    why: str


def recompute(person_id: int | None = None) -> tuple[int, list[Difference]]:
    """(how many outcomes were derived again, every difference). Reads only evidence, revisions, policies, merges, ledger."""
    count, found = 0, []
    for source in list_sources():
        outcomes = source.list_outcomes(person_id)
        count += len(outcomes)
        for outcome in outcomes:
            found += _check(source, outcome)
        found += _orphans(source.kind, {source.entry_key(o.key) for o in outcomes}, person_id)
        if source.name == COURSE:
            found += _check_days({o.person_id for o in outcomes})
    return count, found + _check_moves(person_id) + list(_check_expiries(person_id))


def _check(source: Source, outcome: Outcome) -> Iterator[Difference]:
    """One outcome, derived again and judged by what the ledger held before its entry, against that entry."""
    derived, entry = source.derive(outcome), ledger.find_entry_by_key(source.entry_key(outcome.key))
    asks = replace(outcome, asked_milli=derived.asked_milli, hours_milli=derived.hours_milli,
                   document=outcome.document | {"content_ms": derived.content_ms})
    at, document = posted_at(entry) if entry else clock.now(), past.document_at(entry.number) if entry else {}
    held = past.read(outcome.person_id, entry.number if entry else None)
    if entry is not None:  # by whose number it was known then may be kept no more: the entry says what a deleted account had
        held = replace(held, former=lambda subject: document.get("former", 0))
    verdict = judging.judge(asks, held, at)
    should = verdict.given.credits_milli
    has = _on(entry, outcome.person_id)
    if has == 0 and should and _may_be_missing(source, outcome):
        should = 0
    reasons = [str(f) for f in derived.faults]
    if document.get("evidence", "") != outcome.document.get("evidence", "") and entry is not None:
        reasons.append(str(_("账上写的依据不是这条结业记录。")))
    if entry is not None and document.get("rules", "") != verdict.facts.get("rules", ""):
        reasons.append(str(_("那时用的不是这一版学分规则（%(name)s）。", name=document.get("rules", ""))))
    if has != should or reasons:
        why = "；".join(reasons) or str(_("金额不符。"))
        yield Difference(_who(outcome.person_id), outcome.title, has, should, why)


def _check_days(person_ids: set[int]) -> Iterator[Difference]:
    """Days on which more counted than a policy allows: milliseconds stand in for amounts."""
    why = str(_("这一天计入的时间超过了规则的上限。"))
    for person_id in sorted(person_ids):
        for day, derived_ms, most_ms in learning.list_over(person_id):
            yield Difference(_who(person_id), day.isoformat(), derived_ms, most_ms, why)


def _may_be_missing(source: Source, outcome: Outcome) -> bool:
    """An outcome earns nothing where a rule said so: what it rests on was credited before, or its subject was; or not yet.

    What had found no room finds none by what left with a merge: that fills the other account's.
    """
    if _found_no_room(outcome):
        return True
    return judging.waits(outcome) or bool(source.why_not(outcome)) or any(
        m.kept_id == outcome.person_id and m.merged_at <= outcome.finished_at
        and (m.parted_at is None or m.parted_at >= outcome.finished_at)
        and outcome.subject in {one.subject for _award, one, rule in _foreseen(m) if not rule}
        for m in accounts.list_merges(outcome.person_id))


def _found_no_room(outcome: Outcome) -> bool:
    """Did it count for nothing before its account was merged, as it stands now?

    What a floor asked of it may have been raised since: what it was then nobody wrote down, so it may be so.
    """
    merges = [m for m in accounts.list_merges(outcome.person_id) if m.merged_id == outcome.person_id and m.parted_at is None]
    return any(judging.is_measured(outcome, m.merged_at)
               or not judging.judge(outcome, past.read(outcome.person_id, _size_of(m) + 1), m.merged_at).given.credits_milli
               for m in merges)


def _size_of(merge) -> int:
    """How many entries the ledger had before the first of a merge."""
    return (merge.document.get("creditbank") or {}).get("size", 0)


def _who(person_id: int) -> str:
    return f"{accounts.names_of([person_id]).get(person_id, '')}（person:{person_id}）"


def _on(entry: ledger.Entry | None, person_id: int) -> int:
    return sum(a for account, a in ledger.postings_of(entry.number) if account == f"person:{person_id}") if entry else 0


def _check_expiries(person_id: int | None) -> Iterator[Difference]:
    """Every entry that ended a credit: that its award says so, that the day was over, and for all of the credit."""
    for entry in ledger.list_entries(expiring.KIND):
        document = json.loads(entry.document)
        award = find_award(document.get("award", ""))
        first = past.document_at(award.entry_number) if award else {}
        until, day = first.get("valid_until", "9999"), clock.city_day(posted_at(entry)).isoformat()
        should = -credited(award) if award and until < day and entry.key == expiring.expiry_key(award.entry_number) else 0
        person = award.person_id if award else document.get("person", 0)
        if _on(entry, person) != should and person_id in (None, person):
            yield Difference(_who(person), document.get("title", entry.key), _on(entry, person), should, str(_("金额不符。")))


def _orphans(kind: str, known: set[str], person_id: int | None) -> Iterator[Difference]:
    """Entries that say they rest on a completion, or a merge, where there is none."""
    is_award = any(s.kind == kind for s in list_sources())
    for entry in ledger.list_entries(kind):
        if entry.key in known:
            continue
        people = {int(a.removeprefix("person:")) for a, _amount in ledger.postings_of(entry.number) if a.startswith("person:")}
        for person in sorted(people):
            if person_id in (None, person):
                yield Difference(_who(person), entry.key, _on(entry, person), 0, str(_NO_GROUND[is_award]))


# ---- credits that followed their person


def _check_moves(person_id: int | None) -> list[Difference]:
    """Every merge worked out again: which entries there must be, and that there are these and no others."""
    found: list[Difference] = []
    known: set[str] = set()
    for merge in accounts.list_merges(person_id):
        for source, key, person, amount in _entries(merge):
            known.add(key)
            found += _compare(source, key, person, amount)
    for source in list_sources():
        for kind in source.move_kinds:
            found += _orphans(kind, known, person_id)
    return found


def _compare(source: Source, key: str, person_id: int, amount: int) -> Iterator[Difference]:
    entry = ledger.find_entry_by_key(key)
    has = ledger.postings_of(entry.number) if entry else []
    if has != [(f"person:{person_id}", amount), (source.mint, -amount)]:
        yield Difference(_who(person_id), key, _on(entry, person_id), amount, str(_("账号合并后的学分不符。")))


def _entries(merge) -> Iterator[tuple[Source, str, int, int]]:
    """(source, key, person, millicredits) of every entry that a merge must have left in the ledger, there and back."""
    for award, outcome, rule in _foreseen(merge):
        source, amount, number = get_source(award.source), credited(award), award.entry_number
        counted = outcome.asked_milli  # on the account that stays
        yield source, move_key(source, merge.code, "merged", "off", number), merge.merged_id, -amount
        if not rule:
            yield source, move_key(source, merge.code, "merged", "on", number), merge.kept_id, counted
        step = _way_back(source, merge, award)
        if step and not rule:
            yield source, move_key(source, merge.code, step, "off", number), merge.kept_id, -counted
        if step:
            yield source, move_key(source, merge.code, step, "on", number), merge.merged_id, amount


def _way_back(source: Source, merge, award: Award) -> str:
    """How the credit went back to the account that earned it: with its end, with the parting, or not ("")."""
    returned = ledger.find_entry_by_key(move_key(source, merge.code, "returned", "on", award.entry_number))
    if returned is not None and _ended_at(award) > returned.number:
        return "returned"
    return "parted" if merge.parted_at is not None else ""


def _foreseen(merge) -> list[tuple[Award, Outcome, str]]:
    """(award, outcome, rule) of every credit that stood on the merged account then, by what was in the ledger at that
    moment."""
    size = _size_of(merge)
    held, found = _held_at(merge, size), []
    there = {(a.source, a.key): a for a in list_awards([merge.merged_id]) if a.entry_number <= size}
    for source in list_sources():
        for key in [o.key for o in source.list_outcomes(merge.merged_id)]:
            award = there.get((source.name, key))
            if award is None or _ended_at(award) <= size:
                continue
            outcome, _rest = cut(as_it_stands(award, key), source.cut_at_merge(merge, key))
            rule = (judging.refused_by(outcome, held, merge.merged_at) or source.rule_at_merge(merge, key)
                    or rule_of_cut(outcome))
            if not rule:
                held = held.with_outcome(outcome)
            found.append((award, outcome, rule))
    return found


def _held_at(merge, size: int) -> Past:
    """What the account that stayed was credited with then, and what it had completed: that goes first everywhere."""
    completed = {o.subject for source in list_sources() if source.is_once for o in source.list_outcomes(merge.kept_id)
                 if o.finished_at <= merge.merged_at}
    return replace(past.read(merge.kept_id, size + 1), subjects=frozenset(completed))


def _ended_at(award: Award) -> int:
    """The number of the entry that took the award back or ended it; larger than any where none did."""
    keys = f"reversal:{award.entry_number}", expiring.expiry_key(award.entry_number)
    ends = [ledger.find_entry_by_key(key) for key in keys]
    return min((e.number for e in ends if e is not None), default=HYPOTHETICAL)
