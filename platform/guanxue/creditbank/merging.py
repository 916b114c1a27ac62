"""The credits of two accounts of one person: each is taken off the one and put on the other by entries of its own.

An award, its entry, its code and its certificate stay what they were, under the account that earned them. A merge adds one
entry that takes the credit off (person → mint) and, where the rules allow it again, one that puts it on the account that stays
(mint → person); a parting adds the same the other way. Each names the merge, the first entry and the rule.
(docs/decisions/0010-merging.md)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from guanxue import accounts, ledger
from guanxue.accounts import Effect, Merging, Plan
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import judging, past, rules, waiting
from guanxue.creditbank.models import Award, Move
from guanxue.creditbank.moving import counted_of, give_back, move
from guanxue.creditbank.outcomes import CLASS, COURSE, Outcome
from guanxue.creditbank.past import Past
from guanxue.creditbank.queries import award_of, balance, credited, list_awards, standing_moves, study_hours_milli
from guanxue.creditbank.service import TURN, credit
from guanxue.creditbank.sources import Source, list_sources
from guanxue.policies import PHONE, Worth


@dataclass(frozen=True)
class Step:
    """A credit of the merged account; `rule` forbids to count it again, "" allows it. Millicredits, thousandths of hours.

    `counted`: what of it counts, where the rest does already, and `cut` that rest.
    """

    source: str
    key: str
    amount: int
    hours_milli: int
    rule: str
    counted: Worth | None = None
    cut: int = 0


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Each credit that stands, in the order in which it was earned; and what the account that stays holds afterwards.

    Raises CannotMerge where a credit of the other account would go on waiting for its person to be known.
    """
    waiting.must_not_wait(kept_id, merged_id)
    level = accounts.level_after_merge(kept_id, merged_id)
    # What an account had that was deleted is asked of both: their documents come together before anything is awarded.
    former = partial(past.given_before, (kept_id, merged_id))
    held, late = _first_posted(kept_id, level, former)  # what waits for its award is awarded first
    effects, steps, opened = [], [], any(judging.waits(o) for o in late)
    for source in list_sources():
        counts, cuts = source.foresee_merge(kept_id, merged_id), source.foresee_cuts(kept_id, merged_id)
        for whole in _standing_of(source, merged_id, former):
            opened = opened or (award_of(whole) is None and judging.waits(whole))
            outcome, counted = cut(whole, cuts.get(whole.key))
            rule = judging.refused_by(outcome, held, clock.now()) or counts.get(outcome.key, "") or rule_of_cut(outcome)
            one = whole if rule else outcome
            steps.append(Step(source.name, one.key, one.asked_milli, one.hours_milli, rule, None if rule else counted,
                              whole.asked_milli - one.asked_milli))
            if not rule:
                held = held.with_outcome(outcome)
            effects += _effects(steps[-1], outcome.title)
    if opened:
        told = _("有学分在等确认身份，合并时凭证件记入。记入以后要再分开，只能请管理员办理。")
        effects.append(Effect("credit.opened", f"person:{kept_id}", told))
    gained = [s for s in steps if not s.rule]
    total = balance(kept_id) + sum(s.amount for s in gained) + sum(o.asked_milli for o in late)
    hours = study_hours_milli(kept_id) + sum(s.hours_milli for s in gained) + sum(o.hours_milli for o in late)
    told = _("合并以后，保留的账号一共 %(a)s 学分，%(h)s 学时。", a=rules.decimal_text(total), h=rules.decimal_text(hours))
    effects.append(Effect("balance.after", f"person:{kept_id}", told, total))
    return Plan(tuple(effects), (tuple(steps), tuple((o.source, o.key) for o in late)))


def _first_posted(kept_id: int, level: int, former: Callable[[str], int]) -> tuple[Past, list[Outcome]]:
    """What the account that stays holds once what it waits for is posted, and that as it will be given. What it goes on
    waiting for counts as held, too: it goes first everywhere."""
    held, late, subjects = replace(past.read(kept_id), former=former), [], set()
    for source in list_sources():
        for outcome in source.list_outcomes(kept_id):
            subjects |= {outcome.subject} if source.is_once else set()
            given = _given(outcome, held)
            if award_of(outcome) is None and given is not None and not judging.waits(outcome, level):
                late.append(given)
                held = held.with_outcome(given)
    return replace(held, subjects=frozenset(subjects)), late


def _given(outcome: Outcome, held: Past) -> Outcome | None:
    """An outcome that asks for what it would be given now; None where that is nothing."""
    its, source = judging.judge(outcome, held, clock.now()).given, next(s for s in list_sources() if s.name == outcome.source)
    if not its.credits_milli or source.why_not(outcome):
        return None
    return replace(outcome, asked_milli=its.credits_milli, hours_milli=its.hours_milli)


def _standing_of(source: Source, merged_id: int, former: Callable[[str], int]) -> list[Outcome]:
    """Outcomes of the account that goes in whose credit stands, or waits for its award; each asks for what it counts there."""
    held, found = replace(past.read(merged_id), former=former), []
    standing = held.standing()
    for outcome in source.list_outcomes(merged_id):
        there = award_of(outcome)
        if there is None:
            one = _given(outcome, held)
        else:
            one = as_it_stands(there, outcome.key) if there.entry_number in standing else None
        found += [one] if one is not None else []
    return found


def as_it_stands(award: Award, key: str) -> Outcome:
    """A posted credit as an outcome that asks for what its own entry counts."""
    return replace(past.outcome_of(past.document_at(award.entry_number), credited(award)), key=key)


def cut(outcome: Outcome, rest: Worth | None) -> tuple[Outcome, Worth | None]:
    """The outcome without what counts already on the account that stays, and what is left of it; None where all is."""
    if rest is None or rest.credits_milli >= outcome.asked_milli:
        return outcome, None
    left = Worth(rest.content_ms, min(rest.hours_milli, outcome.hours_milli), rest.credits_milli)
    document = outcome.document | {"content_ms": left.content_ms}
    return replace(outcome, asked_milli=left.credits_milli, hours_milli=left.hours_milli, document=document), left


def rule_of_cut(outcome: Outcome) -> str:
    """The rule that refuses an outcome of which nothing is left."""
    return "" if outcome.asked_milli else "attended"


def _effects(step: Step, title: str) -> list[Effect]:
    if not step.cut:
        return [_effect(step, title)]
    told = _("%(title)s的 %(a)s 学分不再算一次：%(why)s", title=named(step.source, title), a=rules.decimal_text(step.cut),
             why=rules.refusal_text("attended", step.source))
    return [_effect(step, title), Effect("credit.cut", f"{step.source}:{step.key.rpartition(':')[2]}", told, step.cut)]


def _effect(step: Step, title: str) -> Effect:
    subject, amount = f"{step.source}:{step.key.rpartition(':')[2]}", rules.decimal_text(step.amount)
    title, hours = named(step.source, title), rules.decimal_text(step.hours_milli)
    if step.rule:
        why = rules.refusal_text(step.rule, step.source)
        told = _("%(title)s的 %(a)s 学分不再算一次：%(why)s", title=title, a=amount, why=why)
        return Effect("credit.refused", subject, told, step.amount)
    told = _("%(title)s的 %(a)s 学分（%(h)s 学时）转到保留的账号。", title=title, a=amount, h=hours)
    return Effect("credit.moved", subject, told, step.amount)


def named(source: str, title: str) -> object:
    """A title as sentences name it."""
    if source == COURSE:
        return _("《%(title)s》", title=title)
    return _("培训班“%(title)s”", title=title) if source == CLASS else _("“%(title)s”", title=title)


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan. Gives {"size"}: how many entries the ledger had before the first of these."""
    wait_for_turn(TURN)
    steps, posted = plan.steps
    outcomes = {(o.source, o.key): o for person_id in (merging.merged_id, merging.kept_id)
                for source in list_sources() for o in source.list_outcomes(person_id)}
    for step in steps:
        credit(SYSTEM, outcomes[step.source, step.key])
    for name in posted:
        credit(SYSTEM, outcomes[name])
    size = ledger.size()
    for step in steps:
        one = award_of(outcomes[step.source, step.key])
        if one is not None:  # what is refused after all does not stop the merge
            move(actor, merging, one, "merged", step.rule, merging.merged_id, None if step.rule else merging.kept_id,
                 step.counted)
    return {"size": size}


# ---- undoing it


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Every credit of the merge that stands goes back; what was earned since stays.

    By an administrator alone where a credit was posted by a document that it would be parted from: else one document opened
    what waits on one account after the other.
    """
    effects, steps, lost = [], [], 0
    for one in standing_moves(merging.code):
        award = session.get(Award, one.award_id)
        amount, title = credited(award), past.document_at(award.entry_number)["title"]
        counted = counted_of(one)
        lost += (counted.credits_milli if counted else amount) if one.on_entry else 0
        steps.append(one.id)
        told = _("%(title)s的 %(a)s 学分回到原来的账号。", title=named(award.source, title), a=rules.decimal_text(amount))
        effects.append(Effect("credit.returned", award.item, told, amount))
    apart = _parted_from_document(merging, documents)
    if apart:
        told = _("凭证件记入的 %(a)s 学分，分开以后和证件不在一个账号上。不是那个人学的，要另外收回。",
                 a=rules.decimal_text(apart))
        effects.append(Effect("credit.apart", f"person:{merging.kept_id}", told, apart))
    total = balance(merging.kept_id) - lost
    told = _("分开以后，这个账号有 %(a)s 学分。", a=rules.decimal_text(total))
    effects.append(Effect("balance.after", f"person:{merging.kept_id}", told, total))
    return Plan(tuple(effects), (tuple(steps),), needs_administrator=bool(apart))


def _parted_from_document(merging: Merging, documents: dict) -> int:
    """Millicredits earned under rules that ask who it is, by an account that would be known less well while the other has a
    document: they were posted by that.
    """
    levels, found = accounts.levels_after_part(merging, documents), 0
    for own, other in ((merging.kept_id, merging.merged_id), (merging.merged_id, merging.kept_id)):
        for award in list_awards([own]) if levels[other] > PHONE else ():
            is_known = judging.level_asked(as_it_stands(award, award.key)) <= levels[own]
            found += 0 if is_known or ledger.is_reversed(award.entry_number) else credited(award)
    return found


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    for move_id in plan.steps[0]:
        give_back(actor, merging, session.get(Move, move_id), "parted")
    for person_id in (merging.kept_id, merging.merged_id):  # what goes leaves its room; what came meanwhile counts again
        waiting.settle_soon(person_id)
