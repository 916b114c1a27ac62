"""Deriving every credit again, from evidence, revisions, policies and merges, and comparing it with the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from guanxue import accounts, classes, courses, learning, ledger, policies
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import class_awards, rules, waiting, years
from guanxue.creditbank.models import Award
from guanxue.creditbank.moving import MINT
from guanxue.creditbank.queries import bid_of, credited, credited_hours, is_spent
from guanxue.learning import Completion

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
    """(how many completions were derived again, every difference). Reads only evidence, revisions, policies, merges, ledger."""
    completions = learning.list_completions(person_id)
    names = accounts.names_of(c.person_id for c in completions)
    found: list[Difference] = []
    known: set[str] = set()
    for completion in completions:
        known.add(_key(completion))
        found += _check(completion, names)
    found += _orphans("completion", known, person_id)
    found += _check_days({c.person_id for c in completions}, names)
    attended = [Difference(_who(person, accounts.names_of([person])), *rest)
                for person, *rest in class_awards.check_classes(person_id)]
    return len(completions) + len(classes.list_completions(person_id)), found + _check_moves(person_id) + attended


def _key(completion: Completion) -> str:
    return f"completion:{completion.person_id}:{completion.course_id}"


def _check(completion: Completion, names: dict[int, str]) -> Iterator[Difference]:
    """One completion, its content derived again, against its entry."""
    derived = learning.derive_completion(completion)
    pinned = policies.get_policy(completion.policy_id)
    held = policies.held_at(pinned.code, learning.get_enrolment(completion.enrolment_id).enrolled_at)
    numbers = (held or pinned).numbers
    entry = ledger.find_entry_by_key(_key(completion))
    should = years.given(completion, policies.worth_of(numbers, derived.lessons), entry.number if entry else None).credits_milli
    has = _credited(entry, completion.person_id) if entry else 0
    if has == 0 and should and _may_be_missing(completion):
        should = 0
    reasons = [str(f) for f in derived.faults]
    if held is None or held.id != pinned.id:
        reasons.append(str(_("报名那天用的不是这一版规则（%(name)s）。", name=pinned.name)))
    if completion.content_ms != derived.content_ms and not reasons:
        reasons.append(str(_("学习总时长与记录不符。")))
    if has != should or reasons:
        title = courses.get_revision(completion.revision_id).title
        why = "；".join(reasons) or str(_("金额不符。"))
        yield Difference(_who(completion.person_id, names), title, has, should, why)


def _check_days(person_ids: set[int], names: dict[int, str]) -> Iterator[Difference]:
    """Days on which more counted than a policy allows: milliseconds stand in for amounts."""
    why = str(_("这一天计入的时间超过了规则的上限。"))
    for person_id in sorted(person_ids):
        for day, derived_ms, most_ms in learning.list_over(person_id):
            yield Difference(_who(person_id, names), day.isoformat(), derived_ms, most_ms, why)


def _may_be_missing(completion: Completion) -> bool:
    """A completion earns nothing where a rule said so: what it rests on was credited before, or its course was; or not yet.

    What had found no room in its year finds none by the hours that left with a merge: they fill the other account's.
    """
    is_bounded = bool(policies.get_policy(completion.policy_id).numbers.yearly_cap_milli)
    if is_bounded and accounts.get_person(completion.person_id).merged_into_id is not None:
        return True
    return waiting.waits(completion) or is_spent(completion) or any(
        m.kept_id == completion.person_id and m.merged_at <= completion.completed_at
        and (m.parted_at is None or m.parted_at >= completion.completed_at)
        and completion.course_id in {course for _award, course, rule in _foreseen(m) if not rule}
        for m in accounts.list_merges(completion.person_id))


def _who(person_id: int, names: dict[int, str]) -> str:
    return f"{names.get(person_id, '')}（person:{person_id}）"


def _credited(entry: ledger.Entry, person_id: int) -> int:
    return sum(amount for account, amount in ledger.postings_of(entry.number) if account == f"person:{person_id}")


def _orphans(kind: str, known: set[str], person_id: int | None) -> Iterator[Difference]:
    """Entries that say they rest on a completion, or a merge, where there is none."""
    for entry in ledger.list_entries(kind):
        if entry.key in known:
            continue
        people = {int(a.removeprefix("person:")) for a, _amount in ledger.postings_of(entry.number) if a.startswith("person:")}
        for person in sorted(people):
            if person_id in (None, person):
                yield Difference(_who(person, accounts.names_of([person])), entry.key, _credited(entry, person), 0,
                                 str(_NO_GROUND[kind == "completion"]))


# ---- credits that followed their person


def _check_moves(person_id: int | None) -> list[Difference]:
    """Every merge worked out again: which entries there must be, and that there are these and no others."""
    found: list[Difference] = []
    known: set[str] = set()
    for merge in accounts.list_merges(person_id):
        for key, person, amount in _entries(merge):
            known.add(key)
            found += _compare(key, person, amount)
    for kind in rules.MOVES.values():
        found += _orphans(kind, known, person_id)
    return found


def _compare(key: str, person_id: int, amount: int) -> Iterator[Difference]:
    entry = ledger.find_entry_by_key(key)
    has = ledger.postings_of(entry.number) if entry else []
    if has != [(f"person:{person_id}", amount), (MINT, -amount)]:
        stored = sum(a for account, a in has if account == f"person:{person_id}")
        yield Difference(_who(person_id, accounts.names_of([person_id])), key, stored, amount, str(_("账号合并后的学分不符。")))


def _entries(merge) -> Iterator[tuple[str, int, int]]:
    """(key, person, millicredits) of every entry that a merge must have left in the ledger, there and back."""
    for award, _course, rule in _foreseen(merge):
        amount, number = credited(award), award.entry_number
        yield rules.move_key(merge.code, "merged", "off", number), merge.merged_id, -amount
        if not rule:
            yield rules.move_key(merge.code, "merged", "on", number), merge.kept_id, amount
        step = _way_back(merge, award)
        if step and not rule:
            yield rules.move_key(merge.code, step, "off", number), merge.kept_id, -amount
        if step:
            yield rules.move_key(merge.code, step, "on", number), merge.merged_id, amount


def _way_back(merge, award: Award) -> str:
    """How the credit went back to the account that earned it: with a reversal, with the parting, or not ("")."""
    returned = ledger.find_entry_by_key(rules.move_key(merge.code, "returned", "on", award.entry_number))
    if returned is not None and _reversed_at(award) > returned.number:
        return "returned"
    return "parted" if merge.parted_at is not None else ""


def _foreseen(merge) -> list[tuple[Award, int, str]]:
    """(award, course, rule) of every credit that stood on the merged account then, by what was in the ledger at that moment."""
    size = merge.document["creditbank"]["size"]
    beside = {step["from"]: step["beside"] for step in merge.document["learning"]["steps"]}
    held, found = _held_at(merge, size), []
    for award in _awards_at(merge.merged_id, size):
        if _reversed_at(award) <= size:
            continue
        completion = learning.get_completion(award.completion_id)
        bid = bid_of(completion, credited_hours(award))
        rule = rules.refused_by(bid, held)
        rule = rule or ("overlap" if learning.overlaps(completion, beside[completion.enrolment_id]) else "")
        held = held if rule else held.with_bid(bid)
        found.append((award, award.course_id, rule))
    return found


def _held_at(merge, size: int) -> rules.Held:
    """What the account that stayed was credited with then: its own, and what came with merges that stood."""
    own = {a.course_id for a in _awards_at(merge.kept_id, size)}
    own |= {c.course_id for c in learning.list_completions(merge.kept_id) if c.completed_at <= merge.merged_at}
    held = rules.Held(frozenset(own), years.used(merge.kept_id, size + 1))
    for other in accounts.list_merges(merge.kept_id):
        stood = other.parted_at is None or other.parted_at > merge.merged_at
        if other.id < merge.id and other.kept_id == merge.kept_id and stood:
            for award, course_id, rule in _foreseen(other):
                held = held.with_bid(rules.Bid(course_id)) if not rule and _reversed_at(award) > size else held
    return held


def _awards_at(person_id: int, size: int) -> list[Award]:
    return list(session.scalars(select(Award).where(Award.person_id == person_id, Award.entry_number <= size)
                                .order_by(Award.completion_id)))


def _reversed_at(award: Award) -> int:
    """The number of the entry that took the award back; larger than any where none did."""
    contra = ledger.find_entry_by_key(f"reversal:{award.entry_number}")
    return contra.number if contra else 2**62
