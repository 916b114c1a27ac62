"""Turning learning outcomes into credits, once; taking them back."""

from __future__ import annotations

from dataclasses import replace

from guanxue import accounts, audit, classes, jobs, learning, ledger
from guanxue.classes import ClassCompletion
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import judging, moving, past, rules
from guanxue.creditbank.judging import Verdict
from guanxue.creditbank.models import Award
from guanxue.creditbank.outcomes import Decision, Outcome
from guanxue.creditbank.queries import award_of, credited, find_award, standing_move
from guanxue.creditbank.sources import get_source, list_sources
from guanxue.creditbank.studied import outcome_of_class, outcome_of_course
from guanxue.learning import Completion

# Whoever credits, moves or takes back waits for this first, then for the ledger: two never wait for each other.
TURN = "credits"


def credit(actor: Actor, outcome: Outcome) -> Decision:
    """Post what an outcome is worth, at most once; again is the same. What is refused or waits is decided anew each time."""
    wait_for_turn(TURN)  # before anything is judged: two outcomes at once share what room there is
    there = award_of(outcome)
    if there is not None:
        return _decided(outcome, there)
    decision, verdict = _judge(outcome)
    if not decision.given_milli:
        if decision.rule not in ("", "identity"):
            audit.record(SYSTEM, "creditbank.credit.refused", outcome.ref or _ref(outcome),
                         {"rule": decision.rule, "millicredits": outcome.asked_milli})
        return decision
    made = _post(actor, outcome, verdict)
    return replace(decision, entry_number=made.entry_number, code=made.code)


def preview(outcome: Outcome) -> Decision:
    """The same judgement, nothing posted."""
    there = award_of(outcome)
    return _decided(outcome, there) if there is not None else _judge(outcome)[0]


def _judge(outcome: Outcome) -> tuple[Decision, Verdict]:
    verdict = judging.judge(outcome, past.read(outcome.person_id))
    rule, given = verdict.rule, verdict.given.credits_milli
    if outcome.asked_milli and judging.waits(outcome):
        rule, given = "identity", 0
    elif given and (of_source := get_source(outcome.source).why_not(outcome)):
        rule, given = of_source, 0
    return Decision(outcome, given, rule, outcome.document.get("policy", "")), verdict


def _decided(outcome: Outcome, there: Award) -> Decision:
    document = past.document_at(there.entry_number)
    return Decision(outcome, credited(there), document.get("rule", "") if "asked_millicredits" in document else "",
                    outcome.document.get("policy", ""), (), there.entry_number, there.code)


def _post(actor: Actor, outcome: Outcome, verdict: Verdict) -> Award:
    source, code, amount = get_source(outcome.source), rules.new_code(), verdict.given.credits_milli
    entry = ledger.post(
        actor, key=source.entry_key(outcome.key), kind=source.kind, document=_document(outcome, verdict, code),
        postings=[(source.mint, -amount), (f"person:{outcome.person_id}", amount)])
    made = Award(source=outcome.source, key=outcome.key, person_id=outcome.person_id, entry_number=entry.number, code=code,
                 awarded_at=clock.now())
    session.add(made)
    session.flush()
    audit.record(SYSTEM, "creditbank.credit.awarded", outcome.ref or _ref(outcome),
                 {"millicredits": amount, "entry": entry.number})
    return made


def _ref(outcome: Outcome) -> str:
    return f"{outcome.source}:{outcome.key}"


def _document(outcome: Outcome, verdict: Verdict, code: str) -> dict:
    """Everything the entry is explained by: what it is for, policy, measure, evidence; what a bound cut off."""
    cut = {}
    if verdict.rule:
        numbers = judging.numbers_of(outcome)
        cut = {"rule": verdict.rule, "asked_millicredits": outcome.asked_milli, "asked_hours_milli": outcome.hours_milli,
               "cap_milli": numbers.yearly_cap_milli if numbers else 0}
    hours = {"class_hours_milli": verdict.given.hours_milli} if outcome.hours_milli else {}
    return {**past.document_of(outcome), **cut, **hours, "code": code}


def take_back(actor: Actor, code: str, *, reason: str, authority: str) -> None:
    """Take a credit back by a contra entry, whatever its source. Needs "administer". Raises NoSuchEntry, AlreadyReversed,
    Invalid.

    One that followed its person to another account goes back to where it was earned first, and is reversed there.
    """
    actor.require("administer")
    found = find_award(code)
    if found is None:
        raise ledger.NoSuchEntry(_("没有这个编号的学分记录。"))
    wait_for_turn(TURN)
    moved = standing_move(found.id)
    moving.bring_home(actor, found)
    ledger.reverse(actor, found.entry_number, reason=reason, authority=authority)
    settle_person(moved.to_person_id if moved is not None else found.person_id)


def settle_person(person_id: int) -> None:
    """Post whatever of the person's can be credited now and is not yet: what waited to be known, what a contra entry left room
    for. Oldest first; again is the same. A merged account earns nothing more."""
    if accounts.get_person(person_id).merged_into_id is not None:
        return
    for source in list_sources():
        for outcome in source.list_outcomes(person_id):
            credit(SYSTEM, outcome)


# ---- courses and classes


def award(completion: Completion) -> Award | None:
    """The award of a completed course, posted if it is not yet; None for one that is worth nothing, refused or waits."""
    return _award(outcome_of_course(completion))


def award_attended(completion: ClassCompletion) -> Award | None:
    """The same of a completed class."""
    return _award(outcome_of_class(completion))


def _award(outcome: Outcome) -> Award | None:
    decision = credit(SYSTEM, outcome)
    if decision.rule == "identity":
        audit.record(SYSTEM, "creditbank.credit.waits", outcome.ref, {"for": "identity"})
    return award_of(outcome) if decision.entry_number else None


def award_completion(event: learning.CourseCompleted) -> Award | None:
    """Post what a completion is worth; again is the same. None when it is worth less than a thousandth, or waits."""
    return award(learning.get_completion(event.completion_id))


def award_later(event: learning.CourseCompleted) -> None:
    """What an award that failed is left to: a job, which tries until it is posted."""
    jobs.enqueue("credits.award", {"completion_id": event.completion_id}, key=str(event.completion_id), priority=10)


def award_class(event: classes.ClassCompleted) -> Award | None:
    """Post what a completed class is worth; again is the same. None when it is worth less than a thousandth, or waits."""
    return award_attended(classes.get_completion(event.completion_id))


def award_class_later(event: classes.ClassCompleted) -> None:
    """What an award that failed is left to: a job, which tries until it is posted."""
    jobs.enqueue("credits.award_class", {"completion_id": event.completion_id}, key=str(event.completion_id), priority=10)
