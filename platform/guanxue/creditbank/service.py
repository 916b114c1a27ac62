"""Turning completed learning into credits, once."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import accounts, audit, courses, jobs, learning, ledger, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import rules
from guanxue.creditbank.models import Award
from guanxue.learning import Completion

MINT = "mint:courses"


def award_completion(event: learning.CourseCompleted) -> Award | None:
    """Post what a completion is worth; again is the same. None when it is worth less than a thousandth."""
    return award(learning.get_completion(event.completion_id))


def award_later(event: learning.CourseCompleted) -> None:
    """What an award that failed is left to: a job, which tries until it is posted."""
    jobs.enqueue("credits.award", {"completion_id": event.completion_id}, key=str(event.completion_id), priority=10)


def award(completion: Completion) -> Award | None:
    """The award of a completion, posted if it is not yet."""
    there = session.scalar(select(Award).where(
        Award.person_id == completion.person_id, Award.course_id == completion.course_id))
    if there is not None:
        return there
    policy = policies.get_policy(completion.policy_id)
    amount = policies.credits_of(policy.numbers, completion.content_ms)
    if not amount:
        return None
    code = rules.new_code()
    entry = ledger.post(
        SYSTEM, key=f"completion:{completion.person_id}:{completion.course_id}", kind="completion",
        postings=[(MINT, -amount), (f"person:{completion.person_id}", amount)], document=_document(completion, policy, code))
    made = Award(completion_id=completion.id, person_id=completion.person_id, course_id=completion.course_id,
                 entry_number=entry.number, code=code, awarded_at=clock.now())
    session.add(made)
    session.flush()
    audit.record(SYSTEM, "creditbank.credit.awarded", f"completion:{completion.id}", {"millicredits": amount,
                                                                                       "entry": entry.number})
    return made


def _document(completion: Completion, policy: policies.Policy, code: str) -> dict:
    """Everything the entry is explained by: course, revision, policy, measure, evidence."""
    revision = courses.get_revision(completion.revision_id)
    return {
        "person": completion.person_id, "course": revision.document["slug"], "title": revision.title,
        "revision": revision.number, "revision_digest": revision.digest, "policy": policy.name,
        "content_ms": completion.content_ms, "class_hour_ms": policy.numbers.class_hour_ms,
        "class_hours_per_credit": policy.numbers.class_hours_per_credit, "evidence": completion.evidence_digest,
        "completed_at": completion.completed_at.isoformat(), "code": code,
    }


def reverse_award(actor: Actor, code: str, *, reason: str, authority: str) -> None:
    """Take an award back by a contra entry. Needs "administer". Raises NoSuchRecord, AlreadyReversed, Invalid."""
    actor.require("administer")
    found = session.scalar(select(Award).where(Award.code == rules.normal_code(code)))
    if found is None:
        raise ledger.NoSuchEntry(_("没有这个编号的学分记录。"))
    ledger.reverse(actor, found.entry_number, reason=reason, authority=authority)


# ---- deriving everything again


@dataclass(frozen=True)
class Difference:
    """Where the ledger and the evidence do not agree; amounts in millicredits."""

    person: str
    course: str
    stored: int
    derived: int
    why: str


def recompute(person_id: int | None = None) -> tuple[int, list[Difference]]:
    """(how many completions were derived again, every difference). Reads only evidence, revisions, policies and ledger."""
    completions = learning.list_completions(person_id)
    names = accounts.names_of(c.person_id for c in completions)
    found: list[Difference] = []
    known: set[str] = set()
    for completion in completions:
        key = f"completion:{completion.person_id}:{completion.course_id}"
        known.add(key)
        derived = learning.derive_completion(completion)
        numbers = policies.get_policy(completion.policy_id).numbers
        should = policies.credits_of(numbers, derived.content_ms)
        entry = ledger.find_entry_by_key(key)
        has = _credited(entry, completion.person_id) if entry else 0
        reasons = [str(f) for f in derived.faults]
        if completion.content_ms != derived.content_ms and not reasons:
            reasons.append(str(_("学习总时长与记录不符。")))
        if has != should or reasons:
            title = courses.get_revision(completion.revision_id).title
            why = "；".join(reasons) or str(_("金额不符。"))
            found.append(Difference(_who(completion.person_id, names), title, has, should, why))
    found += _orphans(known, person_id)
    return len(completions), found


def _who(person_id: int, names: dict[int, str]) -> str:
    return f"{names.get(person_id, '')}（person:{person_id}）"


def _credited(entry: ledger.Entry, person_id: int) -> int:
    return sum(amount for account, amount in ledger.postings_of(entry.number) if account == f"person:{person_id}")


def _orphans(known: set[str], person_id: int | None) -> list[Difference]:
    """Entries that say they rest on a completion where there is none."""
    found = []
    for entry in ledger.list_entries("completion"):
        person = int(entry.key.split(":")[1])
        if entry.key not in known and person_id in (None, person):
            found.append(Difference(_who(person, accounts.names_of([person])), entry.key, _credited(entry, person), 0,
                                    str(_("账上有学分，但没有对应的结业记录。"))))
    return found
