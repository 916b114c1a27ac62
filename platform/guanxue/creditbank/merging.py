"""The credits of two accounts of one person: each is taken off the one and put on the other by entries of its own.

An award, its entry, its code and its certificate stay what they were, under the account that earned them. A merge adds one
entry that takes the credit off (person → mint) and, where the rules allow it again, one that puts it on the account that stays
(mint → person); a parting adds the same the other way. Each names the merge, the first entry and the rule.
(docs/decisions/0010-merging.md)
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import accounts, courses, learning, ledger, policies
from guanxue.accounts import Effect, Merging, Plan
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import class_awards, rules, waiting, years
from guanxue.creditbank.models import Award, Move
from guanxue.creditbank.moving import give_back, move
from guanxue.creditbank.queries import (
    balance,
    bid_of,
    credited,
    credited_hours,
    held_by,
    is_spent,
    standing_moves,
    study_hours_milli,
    worth,
)
from guanxue.creditbank.service import award
from guanxue.learning import Completion


@dataclass(frozen=True)
class Step:
    """A credit of the merged account; `rule` forbids to count it again, "" allows it. Millicredits, milliseconds."""

    completion_id: int
    course_id: int
    amount: int
    hours_milli: int
    rule: str


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Each credit that stands, in the order in which it was earned; and what the account that stays holds afterwards.

    Raises CannotMerge where a credit of the other account would go on waiting for its person to be known.
    """
    waiting.must_not_wait(kept_id, merged_id)
    effects, steps, level = [], [], accounts.level_after_merge(kept_id, merged_id)
    posted = [c for c in learning.list_completions(kept_id) if _is_waiting(c) and waiting.is_known(c, level)]
    late = {c.id: years.given(c, worth(c)) for c in posted}
    counts, held = learning.foresee_completions(kept_id, merged_id), held_by(kept_id)
    for completion in posted:  # these are awarded first
        held = held.with_bid(bid_of(completion, late[completion.id].hours_milli))
    earned = [c for c in learning.list_completions(merged_id) if _stands(c)]
    titles = {c.id: c.title for c in courses.courses_by_id([c.course_id for c in earned]).values()}
    for completion in earned:
        its = _counted(completion)
        bid = bid_of(completion, its.hours_milli)
        rule = rules.refused_by(bid, held) or counts.get(completion.id, "")
        steps.append(Step(completion.id, completion.course_id, its.credits_milli, its.hours_milli, rule))
        if not rule:
            held = held.with_bid(bid)
        effects.append(_effect(steps[-1], titles[completion.course_id]))
    total = balance(kept_id) + sum(s.amount for s in steps if not s.rule) + sum(x.credits_milli for x in late.values())
    hours = study_hours_milli(kept_id) + sum(s.hours_milli for s in steps if not s.rule)
    hours += sum(x.hours_milli for x in late.values())
    attended, class_steps, more = class_awards.plan_class_merge(kept_id, merged_id)
    effects, total, hours = effects + attended, total + more[0], hours + more[1]
    told = _("合并以后，保留的账号一共 %(a)s 学分，%(h)s 学时。", a=rules.decimal_text(total), h=rules.decimal_text(hours))
    effects.append(Effect("balance.after", f"person:{kept_id}", told, total))
    return Plan(tuple(effects), (tuple(steps), tuple(c.id for c in posted), class_steps))


def _counted(completion: Completion) -> policies.Worth:
    """What its entry counts, or would if it were posted now."""
    there = _award_of(completion)
    if there is None:
        return years.given(completion, worth(completion))
    return policies.Worth(completion.content_ms, credited_hours(there), credited(there))


def _stands(completion: Completion) -> bool:
    """Is it worth something, and was that not taken back?"""
    there = _award_of(completion)
    return _is_waiting(completion) if there is None else not ledger.is_reversed(there.entry_number)


def _is_waiting(completion: Completion) -> bool:
    """A completion whose award is still to come (a job makes up for what failed)."""
    its = years.given(completion, worth(completion))
    return _award_of(completion) is None and its.credits_milli > 0 and not is_spent(completion)


def _award_of(completion: Completion) -> Award | None:
    return session.scalar(select(Award).where(Award.completion_id == completion.id))


def _effect(step: Step, title: str) -> Effect:
    subject, amount = f"course:{step.course_id}", rules.decimal_text(step.amount)
    if not step.rule:
        hours = rules.decimal_text(step.hours_milli)
        told = _("《%(title)s》的 %(a)s 学分（%(h)s 学时）转到保留的账号。", title=title, a=amount, h=hours)
        return Effect("credit.moved", subject, told, step.amount)
    told = _("《%(title)s》的 %(a)s 学分不再算一次：%(why)s", title=title, a=amount, why=rules.refusal_text(step.rule))
    return Effect("credit.refused", subject, told, step.amount)


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan. Gives {"size"}: how many entries the ledger had before the first of these."""
    years.wait_for_years(merging.kept_id, merging.merged_id)
    steps, posted, class_steps = plan.steps
    made = [(step, award(learning.get_completion(step.completion_id))) for step in steps]
    for completion_id in posted:
        award(learning.get_completion(completion_id))
    class_awards.award_waiting(merging.merged_id, merging.kept_id)
    size = (ledger.head() or {"size": 0})["size"]
    for step, one in made:
        move(actor, merging, one, "merged", step.rule, merging.merged_id, None if step.rule else merging.kept_id)
    class_awards.merge_classes(actor, merging, class_steps)
    return {"size": size}


# ---- undoing it


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Every credit of the merge that stands goes back; what was earned since stays."""
    moves = standing_moves(merging.code)
    titles = {c.id: c.title for c in courses.courses_by_id([m.course_id for m in moves]).values()}
    effects, steps, lost = [], [], 0
    for one in moves:
        amount = credited(session.get(Award, one.award_id))
        lost += amount if one.on_entry else 0
        steps.append(one.id)
        told = _("《%(title)s》的 %(a)s 学分回到原来的账号。", title=titles[one.course_id], a=rules.decimal_text(amount))
        effects.append(Effect("credit.returned", f"course:{one.course_id}", told, amount))
    returned, class_steps, class_lost = class_awards.plan_class_part(merging)
    effects, lost = effects + returned, lost + class_lost
    total = balance(merging.kept_id) - lost
    told = _("分开以后，这个账号有 %(a)s 学分。", a=rules.decimal_text(total))
    effects.append(Effect("balance.after", f"person:{merging.kept_id}", told, total))
    return Plan(tuple(effects), (tuple(steps), class_steps))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    steps, class_steps = plan.steps
    class_awards.part_classes(actor, merging, class_steps)
    for move_id in steps:
        give_back(actor, merging, session.get(Move, move_id), "parted")
    waiting.settle_soon(merging.kept_id)  # what goes leaves its room in the year
