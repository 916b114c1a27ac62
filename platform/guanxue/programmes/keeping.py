"""What this room tells a person about their goals and rewards, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import delete, select

from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.programmes import queries
from guanxue.programmes.models import Goal, Reward

# Table → where export() tells of it.
KEEPS = {"programmes_goal": "goals", "programmes_reward": "rewards"}


def export(person_id: int) -> dict:
    """Goals that the person chose, and what schemes rewarded, with the credits it rests on."""
    goals = session.scalars(select(Goal).where(Goal.person_id == person_id).order_by(Goal.chosen_at))
    rewards = list(session.scalars(select(Reward).where(Reward.person_id == person_id).order_by(Reward.id)))
    uses = queries.uses_of(r.id for r in rewards)
    return {
        "goals": [{"code": g.code, "chosen_at": g.chosen_at.isoformat(), "left_at": g.left_at.isoformat() if g.left_at else ""}
                  for g in goals],
        "rewards": [{"scheme": f"{r.code}/{r.version}", "window": r.window, "marked_at": r.marked_at.isoformat(),
                     "credits": [{"code": u.credit_code, "millicredits": u.millicredits} for u in uses[r.id]]}
                    for r in rewards],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Goals go. Rewards stay: a scheme has to be able to show what it paid for."""
    session.execute(delete(Goal).where(Goal.person_id == person_id).execution_options(synchronize_session="fetch"))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("rewards.kept", "programmes", _(
        "哪些学分用于哪个奖励的标记以“已注销用户”保留：同一笔学分不会被奖励两次，凭它们查。"))]
