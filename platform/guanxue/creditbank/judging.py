"""What of an outcome counts for somebody with that past: the one place where credit is bounded or refused.

Awards, previews, merges and the recomputation all ask here; nothing is read but the outcome, its policy and the past.
"""

from __future__ import annotations

from dataclasses import dataclass

from guanxue import accounts, policies
from guanxue.creditbank import past, rules
from guanxue.creditbank.outcomes import Outcome
from guanxue.creditbank.past import Past
from guanxue.creditbank.sources import get_source
from guanxue.policies import Numbers, Worth


@dataclass(frozen=True)
class Verdict:
    """What counts of an outcome, and the code of the rule that bound it; "" where all of it counts."""

    given: Worth
    rule: str = ""


def asked_of(outcome: Outcome) -> Worth:
    """What it asks for."""
    return Worth(outcome.document.get("content_ms", 0), outcome.hours_milli, outcome.asked_milli)


def numbers_of(outcome: Outcome) -> Numbers | None:
    """The numbers of the training policy that it was studied under; None where it goes by none."""
    if outcome.policy_id is not None:
        return policies.get_policy(outcome.policy_id).numbers
    name = outcome.document.get("policy", "")
    code, _slash, version = name.partition("/")
    return policies.get_version(code, int(version)).numbers if version else None


def level_needed(outcome: Outcome) -> int:
    """How well its person has to be known before it is credited."""
    numbers = numbers_of(outcome)
    return accounts.level_asked(numbers, "claim") if numbers else 0


def waits(outcome: Outcome, level: int | None = None) -> bool:
    """Is its person not known well enough yet, or would not be at that level? Then the credit waits (waiting.py)."""
    needed = level_needed(outcome)
    return needed > 0 and needed > (accounts.level_of(outcome.person_id) if level is None else level)


def judge(outcome: Outcome, held: Past) -> Verdict:
    """What of it counts for somebody who holds that much."""
    asked = asked_of(outcome)
    if get_source(outcome.source).is_once and outcome.subject in held.ever():
        return Verdict(_nothing(asked), "once")
    given = _within_year(outcome, asked, held)
    return Verdict(given, "" if given == asked else "year")


def refused_by(outcome: Outcome, held: Past) -> str:
    """The rule that forbids to count a credit whole, as one that follows its person does or does not; "" where it counts."""
    return judge(outcome, held).rule


def _nothing(asked: Worth) -> Worth:
    return Worth(asked.content_ms, 0, 0)


def _within_year(outcome: Outcome, asked: Worth, held: Past) -> Worth:
    """Bounds of a training policy are bounds on online study: hours in a room are bounded by the room."""
    if "completed_at" not in outcome.document:
        return asked
    numbers = numbers_of(outcome)
    if numbers is None or not numbers.yearly_cap_milli:
        return asked
    return rules.within_year(numbers, asked, held.hours()[past.year_of(outcome.document)])
