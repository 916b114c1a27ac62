"""Turning completed learning into credits, once."""

from __future__ import annotations

from sqlalchemy import select

from guanxue import accounts, audit, courses, jobs, learning, ledger, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import rules, years
from guanxue.creditbank.class_awards import find_class_award, reverse_class_award
from guanxue.creditbank.models import Award
from guanxue.creditbank.moving import MINT, bring_home
from guanxue.creditbank.queries import bid_of, held_by, is_spent, standing_move, worth
from guanxue.learning import Completion


def award_completion(event: learning.CourseCompleted) -> Award | None:
    """Post what a completion is worth; again is the same. None when it is worth less than a thousandth, or waits."""
    made = award(completion := learning.get_completion(event.completion_id))
    if not accounts.is_known_for(completion.person_id, policies.get_policy(completion.policy_id).numbers, "claim"):
        audit.record(SYSTEM, "creditbank.credit.waits", f"completion:{completion.id}", {"for": "identity"})
    return made


def award_later(event: learning.CourseCompleted) -> None:
    """What an award that failed is left to: a job, which tries until it is posted."""
    jobs.enqueue("credits.award", {"completion_id": event.completion_id}, key=str(event.completion_id), priority=10)


def award(completion: Completion) -> Award | None:
    """The award of a completion, posted if it is not yet; None for one that is worth nothing, refused or waits."""
    there = session.scalar(select(Award).where(
        Award.person_id == completion.person_id, Award.course_id == completion.course_id))
    if there is not None:
        return there
    policy = policies.get_policy(completion.policy_id)
    if not accounts.is_known_for(completion.person_id, policy.numbers, "claim"):
        return None  # it waits (waiting.py)
    asked = worth(completion)
    if policy.numbers.yearly_cap_milli:
        years.wait_for_years(completion.person_id)  # two courses finished at once share the year's room
    its = years.given(completion, asked)
    amount = its.credits_milli
    if _is_refused(completion, asked, its) or not amount:
        return None
    code = rules.new_code()
    entry = ledger.post(
        SYSTEM, key=f"completion:{completion.person_id}:{completion.course_id}", kind="completion",
        postings=[(MINT, -amount), (f"person:{completion.person_id}", amount)],
        document=_document(completion, policy, asked, its, code))
    made = Award(completion_id=completion.id, person_id=completion.person_id, course_id=completion.course_id,
                 entry_number=entry.number, code=code, awarded_at=clock.now())
    session.add(made)
    session.flush()
    audit.record(SYSTEM, "creditbank.credit.awarded", f"completion:{completion.id}", {"millicredits": amount,
                                                                                       "entry": entry.number})
    return made


def _is_refused(completion: Completion, asked: policies.Worth, its: policies.Worth) -> bool:
    """Was the course credited already, under an account that was merged; has what it rests on earned a credit before; or is
    there no room left in the year?
    """
    rule = rules.refused_by(bid_of(completion, its.hours_milli), held_by(completion.person_id, with_waiting=False))
    rule = rule or ("evidence" if is_spent(completion) else "")
    rule = rule or ("year" if asked.credits_milli and not its.credits_milli else "")
    if rule:
        audit.record(SYSTEM, "creditbank.credit.refused", f"completion:{completion.id}",
                     {"rule": rule, "millicredits": asked.credits_milli})
    return bool(rule)


def _document(completion: Completion, policy: policies.Policy, asked: policies.Worth, its: policies.Worth, code: str) -> dict:
    """Everything the entry is explained by: course, revision, policy, measure, evidence; what a bound cut off."""
    revision = courses.get_revision(completion.revision_id)
    cut = {"rule": "year", "asked_millicredits": asked.credits_milli, "asked_hours_milli": asked.hours_milli,
           "cap_milli": policy.numbers.yearly_cap_milli}
    return {
        **(cut if its != asked else {}),
        "person": completion.person_id, "course": revision.document["slug"], "title": revision.title,
        "revision": revision.number, "revision_digest": revision.digest, "policy": policy.name,
        "content_ms": its.content_ms, "class_hours_milli": its.hours_milli,
        "class_hour_ms": policy.numbers.class_hour_ms,
        "class_hours_per_credit": policy.numbers.class_hours_per_credit, "evidence": completion.evidence_digest,
        "completed_at": completion.completed_at.isoformat(), "code": code,
    }


def reverse_award(actor: Actor, code: str, *, reason: str, authority: str) -> None:
    """Take an award back by a contra entry. Needs "administer". Raises NoSuchRecord, AlreadyReversed, Invalid.

    One that followed its person to another account goes back to where it was earned first, and is reversed there.
    """
    actor.require("administer")
    found = session.scalar(select(Award).where(Award.code == rules.normal_code(code)))
    if found is None and (attended := find_class_award(rules.normal_code(code))) is not None:
        reverse_class_award(actor, attended, reason=reason, authority=authority)
        return
    if found is None:
        raise ledger.NoSuchEntry(_("没有这个编号的学分记录。"))
    moved = standing_move(found.id)
    person_id = moved.to_person_id if moved is not None else found.person_id
    years.wait_for_years(person_id)
    bring_home(actor, found)
    ledger.reverse(actor, found.entry_number, reason=reason, authority=authority)
    _award_rest(person_id)


def _award_rest(person_id: int) -> None:
    """What was taken back leaves its room in the year: what had found none is awarded now, oldest first."""
    is_merged = accounts.get_person(person_id).merged_into_id is not None
    for completion in [] if is_merged else learning.list_completions(person_id):
        if policies.get_policy(completion.policy_id).numbers.yearly_cap_milli:
            award(completion)
