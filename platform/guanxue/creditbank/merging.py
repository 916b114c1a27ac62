"""The credits of two accounts of one person: each is taken off the one and put on the other by entries of its own.

An award, its entry, its code and its certificate stay what they were, under the account that earned them. A merge adds one
entry that takes the credit off (person → mint) and, where the rules allow it again, one that puts it on the account that stays
(mint → person); a parting adds the same the other way. Each names the merge, the first entry and the rule.
(docs/decisions/0010-merging.md)
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from guanxue import courses, learning, ledger
from guanxue.accounts import Effect, Merging, Plan
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import rules
from guanxue.creditbank.models import Award, Move
from guanxue.creditbank.moving import give_back, move
from guanxue.creditbank.queries import balance, credited, held_by, is_spent, standing_moves, study_hours_milli, worth
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
    """Each credit that stands, in the order in which it was earned; and what the account that stays holds afterwards."""
    effects, steps = [], []
    counts, held = learning.foresee_completions(kept_id, merged_id), held_by(kept_id)
    earned = [c for c in learning.list_completions(merged_id) if _stands(c)]
    titles = {c.id: c.title for c in courses.courses_by_id([c.course_id for c in earned]).values()}
    for completion in earned:
        its = worth(completion)
        rule = rules.refused_by(completion.course_id, its.credits_milli, held) or counts.get(completion.id, "")
        steps.append(Step(completion.id, completion.course_id, its.credits_milli, its.hours_milli, rule))
        if not rule:
            held = held.with_course(completion.course_id)
        effects.append(_effect(steps[-1], titles[completion.course_id]))
    waiting = [c for c in learning.list_completions(kept_id) if _is_waiting(c)]
    total = balance(kept_id) + sum(s.amount for s in steps if not s.rule) + sum(worth(c).credits_milli for c in waiting)
    hours = study_hours_milli(kept_id) + sum(s.hours_milli for s in steps if not s.rule)
    hours += sum(worth(c).hours_milli for c in waiting)
    told = _("合并以后，保留的账号一共 %(a)s 学分，%(h)s 学时。", a=rules.decimal_text(total), h=rules.decimal_text(hours))
    effects.append(Effect("balance.after", f"person:{kept_id}", told, total))
    return Plan(tuple(effects), (tuple(steps), tuple(c.id for c in waiting)))


def _stands(completion: Completion) -> bool:
    """Is it worth something, and was that not taken back?"""
    there = _award_of(completion)
    return _is_waiting(completion) if there is None else not ledger.is_reversed(there.entry_number)


def _is_waiting(completion: Completion) -> bool:
    """A completion whose award is still to come (a job makes up for what failed)."""
    return _award_of(completion) is None and worth(completion).credits_milli > 0 and not is_spent(completion)


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
    steps, waiting = plan.steps
    made = [(step, award(learning.get_completion(step.completion_id))) for step in steps]
    for completion_id in waiting:
        award(learning.get_completion(completion_id))
    size = (ledger.head() or {"size": 0})["size"]
    for step, one in made:
        move(actor, merging, one, "merged", step.rule, merging.merged_id, None if step.rule else merging.kept_id)
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
    total = balance(merging.kept_id) - lost
    told = _("分开以后，这个账号有 %(a)s 学分。", a=rules.decimal_text(total))
    effects.append(Effect("balance.after", f"person:{merging.kept_id}", told, total))
    return Plan(tuple(effects), tuple(steps))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    for move_id in plan.steps:
        give_back(actor, merging, session.get(Move, move_id), "parted")
