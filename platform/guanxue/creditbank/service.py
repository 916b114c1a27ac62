"""Turning learning outcomes into credits, once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guanxue import accounts, audit, classes, jobs, learning, ledger
from guanxue.classes import ClassCompletion
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.creditbank import judging, past, rules, wording
from guanxue.creditbank.judging import Verdict
from guanxue.creditbank.models import Award
from guanxue.creditbank.outcomes import Decision, Outcome
from guanxue.creditbank.past import Past
from guanxue.creditbank.queries import award_of, credited, unposted
from guanxue.creditbank.sources import get_source, list_sources
from guanxue.creditbank.studied import outcome_of_class, outcome_of_course
from guanxue.creditbank.versions import rules_for
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


def preview_all(outcomes: Sequence[Outcome]) -> list[Decision]:
    """What outcomes of one person would be given one after the other, each as if those before it were credited; nothing posted.

    They need not be earned yet: neither is their evidence asked for, how good they are, nor who the person is.
    """
    held, found = past.read(outcomes[0].person_id) if outcomes else None, []
    for outcome in outcomes:
        verdict = judging.judge(outcome, held, clock.now(), moves=True)
        given = verdict.given
        if given.credits_milli:
            held = held.with_outcome(replace(outcome, asked_milli=given.credits_milli, hours_milli=given.hours_milli))
        found.append(_decision(outcome, given.credits_milli, verdict.rule, {**verdict.facts, "bound_by": verdict.rule}))
    return found


def _judge(outcome: Outcome, held: Past | None = None) -> tuple[Decision, Verdict]:
    verdict = judging.judge(outcome, past.read(outcome.person_id) if held is None else held, clock.now())
    rule, given = verdict.rule, verdict.given.credits_milli
    if outcome.asked_milli and judging.waits(outcome):
        rule, given = "identity", 0
    elif given and (of_source := get_source(outcome.source).why_not(outcome)):
        rule, given = of_source, 0
    facts = {**verdict.facts, "bound_by": rule}
    return _decision(outcome, given, rule, facts), verdict


def _decision(outcome: Outcome, given: int, rule: str, facts: dict) -> Decision:
    return Decision(outcome, given, rule, facts.get("rules", ""),
                    tuple(wording.tell(facts, asked=outcome.asked_milli, given=given)))


def list_uncredited(person_id: int) -> list[Decision]:
    """What was finished and earned nothing, with the rule that says so; what only waits is list_waiting()."""
    merged = accounts.get_person(person_id).merged_into_id is not None
    open_ones = [] if merged else unposted(person_id)
    held = past.read(person_id) if open_ones else None
    decisions = [_judge(o, held if o.person_id == person_id else None)[0] for o in open_ones]
    return [d for d in decisions if not d.given_milli and d.rule not in ("", "identity")]


def _decided(outcome: Outcome, there: Award) -> Decision:
    document = past.document_at(there.entry_number)
    decision = _decision(outcome, credited(there), document.get("bound_by", ""), document)
    return replace(decision, entry_number=there.entry_number, code=there.code)


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
    """Everything the entry is explained by: what it is for, policy, measure, evidence; what the rules cut and left."""
    cut = {}
    if verdict.rule:
        cut = {"bound_by": verdict.rule, "asked_millicredits": outcome.asked_milli, "asked_hours_milli": outcome.hours_milli}
    version, finished_on = rules_for(outcome.finished_at, clock.now()), clock.city_day(outcome.finished_at)
    until = version.rules.valid_until(outcome.category, finished_on) if version else None
    valid = {"valid_until": until.isoformat()} if until else {}
    hours = {"class_hours_milli": verdict.given.hours_milli} if outcome.hours_milli else {}
    return {**past.document_of(outcome), **verdict.facts, **cut, **valid, **hours, "code": code}


def settle_person(person_id: int) -> None:
    """Post whatever of the person's can be credited now and is not yet: what waited to be known, what a contra entry left room
    for. Oldest first; again is the same. A merged account earns nothing more."""
    if accounts.get_person(person_id).merged_into_id is not None:
        return
    for source in list_sources():
        for outcome in source.list_outcomes(person_id):
            if award_of(outcome) is None and preview(outcome).given_milli:
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
