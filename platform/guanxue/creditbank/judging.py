"""What of an outcome counts for somebody with that past: the one place where credit is bounded or refused.

Awards, previews, merges and the recomputation all ask here; nothing is read but the outcome, its policy, the version of the
rules of crediting, and the past as the ledger tells it. What is decided is explained by `facts`, which the entry keeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from guanxue import accounts, policies
from guanxue.core import clock
from guanxue.creditbank import past, rules
from guanxue.creditbank.credit_rules import Cap, CreditRules, shared_permille
from guanxue.creditbank.models import CreditPolicy
from guanxue.creditbank.outcomes import Holding, Outcome
from guanxue.creditbank.past import Past
from guanxue.creditbank.sources import get_source
from guanxue.creditbank.versions import rules_for
from guanxue.policies import Numbers, Worth

# Codes of rules; a cap is "cap:" and its code.
ONCE, FORMER, YEAR, FLOOR, WINDOW, SAME_TITLE, SAME_CONTENT, HIGHEST, CAP = (
    "once", "former", "year", "floor", "window", "same-title", "same-content", "highest-level", "cap")


@dataclass(frozen=True)
class Verdict:
    """What counts of an outcome, the code of the rule that bound it ("" where all of it counts), and what explains it."""

    given: Worth
    rule: str = ""
    facts: dict = field(default_factory=dict)


def asked_of(outcome: Outcome) -> Worth:
    """What it asks for."""
    return Worth(outcome.document.get("content_ms", 0), outcome.hours_milli, outcome.asked_milli)


def numbers_of(outcome: Outcome) -> Numbers | None:
    """The numbers of the training policy that it was studied under; None where it goes by none."""
    if outcome.policy_id is not None:
        return policies.get_policy(outcome.policy_id).numbers
    return numbers_named(outcome.document.get("policy", ""))


def numbers_named(name: str) -> Numbers | None:
    """The numbers of a training policy as entries name it ("light/2"); None for ""."""
    code, _slash, version = name.partition("/")
    return policies.get_version(code, int(version)).numbers if version else None


def level_needed(outcome: Outcome) -> int:
    """How well its person has to be known before it is credited."""
    numbers = numbers_of(outcome)
    return accounts.level_asked(numbers, "claim") if numbers else 0


def level_asked(outcome: Outcome) -> int:
    """How well its person had to be known, be it by its training policy before it is credited or by whoever recognised it."""
    return level_needed(outcome) or outcome.document.get("identity_level", 0)


def waits(outcome: Outcome, level: int | None = None) -> bool:
    """Is its person not known well enough yet, or would not be at that level? Then the credit waits (waiting.py)."""
    needed = level_needed(outcome)
    return needed > 0 and needed > (accounts.level_of(outcome.person_id) if level is None else level)


def judge(outcome: Outcome, held: Past, at: datetime, *, moves: bool = False) -> Verdict:
    """What of it counts at a moment for somebody who holds that much. `moves`: it was credited already and only follows its
    person, so nobody asks again how good or how old it is, nor what a deleted account had.

    What that had counts only where it is asked who somebody is: elsewhere nobody knows. (docs/decisions/0021-identity.md)
    """
    asked, version = asked_of(outcome), rules_for(outcome.finished_at, at)
    facts: dict = {"rules": version.name} if version else {}
    is_once = get_source(outcome.source).is_once
    if is_once and outcome.subject in held.ever():
        return Verdict(_nothing(asked), ONCE, facts)
    former = held.former(outcome.subject) if not moves and level_asked(outcome) else 0
    if is_once and former:
        return Verdict(_nothing(asked), FORMER, facts)
    holdings = list(held.credited().values())
    if version is not None:
        rule = "" if moves else _below(outcome, version.rules, at, facts)
        rule = rule or _double(outcome, version.rules, holdings, facts)
        if rule:
            return Verdict(_nothing(asked), rule, facts)
    given, rule = _above_before(outcome, asked, holdings, former, facts, moves=moves)
    in_year = _within_year(outcome, given, held)
    given, rule = in_year, rule if in_year == given else YEAR
    if version is not None:
        given, rule = _within_caps(outcome, version, given, rule, holdings, facts)
    return Verdict(given, rule if given != asked else "", facts)


def refused_by(outcome: Outcome, held: Past, at: datetime) -> str:
    """The rule that forbids to count a credit whole, as one that follows its person does or does not; "" where it counts."""
    return judge(outcome, held, at, moves=True).rule


def is_measured(outcome: Outcome, at: datetime) -> bool:
    """Does any floor ask how good it is?"""
    version = rules_for(outcome.finished_at, at)
    return version is not None and bool(version.rules.floors_on(outcome.source))


def _nothing(asked: Worth) -> Worth:
    return Worth(asked.content_ms, 0, 0)


# ---- how good, how old


def _below(outcome: Outcome, laws: CreditRules, at: datetime, facts: dict) -> str:
    """Completion is a conjunction of minimums, each of a component; and what is brought in is not too old."""
    floors = laws.floors_on(outcome.source)
    if floors:
        facts["components"] = dict(outcome.measure())
    for floor in floors:
        has = facts["components"].get(floor.component)
        if has is None or has < floor.least:
            facts["floor"] = [floor.component, floor.least, has]
            return FLOOR
    day = clock.city_day(outcome.finished_at)
    ends = [d for d in (laws.window_of(outcome.source, day), laws.valid_until(outcome.category, day)) if d is not None]
    last = min(ends, default=None)
    if last is not None and clock.city_day(at) > last:
        facts["window"] = last.isoformat()
        return WINDOW
    return ""


# ---- the same twice


def _double(outcome: Outcome, laws: CreditRules, holdings: list[Holding], facts: dict) -> str:
    """The same content counts once, and titles that are as good as the same are one course. Levels tell courses apart."""
    if outcome.source not in laws.near_sources:
        return ""
    others = [h for h in holdings if h.source == outcome.source and h.subject != outcome.subject]
    content = outcome.document.get("content", [])
    shared = max(((shared_permille(content, h.content), h) for h in others), key=lambda x: x[0], default=None)
    if laws.content_permille and shared and shared[0] >= laws.content_permille:
        facts["near"] = [shared[1].title, shared[0], shared[1].code]
        return SAME_CONTENT
    near = max(((laws.nearness(outcome.title, h.title), h) for h in others if h.level == outcome.level),
               key=lambda x: x[0], default=None)
    is_same = bool(near and laws.near_permille and near[0] >= laws.near_permille)
    if near and (is_same or (laws.tell_permille and near[0] >= laws.tell_permille)):
        facts["near"] = [near[1].title, near[0], near[1].code]
    return SAME_TITLE if is_same else ""


def _above_before(outcome: Outcome, asked: Worth, holdings: list[Holding], former: int, facts: dict, *,
                  moves: bool) -> tuple[Worth, str]:
    """A higher level adds the difference to what its subject was given before; the same or a lower one adds nothing.

    What moves is a difference already: it counts where both together are no more than the level is worth.
    """
    if get_source(outcome.source).is_once:
        return asked, ""
    had = sum(h.millicredits for h in holdings if h.subject == outcome.subject) + former
    if not had:
        return asked, ""
    if moves and had + asked.credits_milli <= outcome.document.get("asked_millicredits", asked.credits_milli):
        return asked, ""
    facts |= {"had": had, "former": former} if former else {"had": had}
    return _cut(asked, max(0, asked.credits_milli - had)), HIGHEST


# ---- bounds


def _within_year(outcome: Outcome, asked: Worth, held: Past) -> Worth:
    """Bounds of a training policy are bounds on online study: hours in a room are bounded by the room."""
    if "completed_at" not in outcome.document:
        return asked
    numbers = numbers_of(outcome)
    if numbers is None or not numbers.yearly_cap_milli:
        return asked
    return rules.within_year(numbers, asked, held.hours()[past.year_of(outcome.document)])


def _within_caps(outcome: Outcome, version: CreditPolicy, given: Worth, rule: str, holdings: list[Holding],
                 facts: dict) -> tuple[Worth, str]:
    """The least room of all caps on it; what is left of each afterwards is told."""
    laws, day = version.rules, clock.city_day(outcome.finished_at)
    caps = laws.caps_on(outcome.category, outcome.provider, online=outcome.is_online)
    left = {cap: laws.left_under(cap, outcome.provider, day, holdings, _day_of) for cap in caps}
    tightest = min(left, key=lambda cap: left[cap], default=None)
    if tightest is not None and left[tightest] < given.credits_milli:
        given, rule = _cut(given, left[tightest]), f"{CAP}:{tightest.code}"
    if left:
        facts["room"] = [_room(laws, cap, day, left[cap] - given.credits_milli) for cap in caps]
    return given, rule


def _room(laws: CreditRules, cap: Cap, day: date, left: int) -> list:
    year, month = laws.period_of(cap.period, day)
    return [cap.code, cap.most_milli, left, f"{year:04}-{month:02}" if year else ""]


def _day_of(holding: Holding) -> date:
    return clock.city_day(holding.finished_at)


def _cut(its: Worth, credits_milli: int) -> Worth:
    """As much of it as that many credits; class hours in the same measure, rounded down."""
    if not its.credits_milli or credits_milli >= its.credits_milli:
        return its
    return Worth(its.content_ms, its.hours_milli * credits_milli // its.credits_milli, credits_milli)
