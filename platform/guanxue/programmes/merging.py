"""The goals of two accounts of one person. Rewards stay where they were marked: they name credits, and follow those."""

from __future__ import annotations

from sqlalchemy import select

from guanxue.accounts import Effect, Merging, Plan
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.programmes.models import Goal
from guanxue.programmes.queries import find_goal, list_goals


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Goals that only the other account chose."""
    mine = list_goals(kept_id)
    steps = tuple(code for code in list_goals(merged_id) if code not in mine)
    told = Effect("goals.moved", "programmes", _("%(n)s 个学习目标转过来。", n=len(steps)), len(steps))
    return Plan((told,) if steps else (), steps)


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan; gives what the way back needs."""
    now, left = clock.now(), []
    for code in plan.steps:
        mine = find_goal(merging.kept_id, code)
        if mine is None:
            session.add(Goal(person_id=merging.kept_id, code=code, chosen_at=now))
        else:
            mine.left_at = None
    for goal in session.scalars(select(Goal).where(Goal.person_id == merging.merged_id, Goal.left_at.is_(None))).all():
        goal.left_at = now
        left.append(goal.code)
    session.flush()
    return {"came": list(plan.steps), "left": sorted(left)}


def plan_part(merging: Merging, documents: dict) -> Plan:
    """What came goes back."""
    document = documents.get("programmes", {"came": [], "left": []})
    count = len(document["came"])
    told = Effect("goals.returned", "programmes", _("%(n)s 个学习目标回到原来的账号。", n=count), count)
    return Plan((told,) if count else (), (tuple(document["came"]), tuple(document["left"])))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    came, left = plan.steps
    for code in came:
        mine = find_goal(merging.kept_id, code)
        if mine is not None and mine.left_at is None:
            mine.left_at = clock.now()
    for code in left:
        theirs = find_goal(merging.merged_id, code)
        if theirs is not None:
            theirs.left_at = None
    session.flush()
