"""The certificates of two accounts of one person: nothing moves, they are found from the account that stays.

What is approved from then on is credited to that account; credit that was given follows its person as all credit does
(creditbank). Who may check or decide asks for all accounts of the holder.
"""

from __future__ import annotations

from sqlalchemy import func, select

from guanxue.accounts import Effect, Merging, Plan
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.recognition.models import Filing


def _count(person_id: int) -> int:
    return session.scalar(select(func.count()).select_from(Filing).where(Filing.person_id == person_id)) or 0


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """What is seen from the account that stays."""
    count = _count(merged_id)
    told = Effect("filings.seen", f"person:{merged_id}", _("交过的 %(n)s 张证书在保留的账号里看得到。", n=count), count)
    return Plan((told,) if count else (), (count,))


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Nothing moves."""
    return {"filings": plan.steps[0]}


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Each account sees its own again."""
    count = _count(merging.merged_id)
    told = Effect("filings.returned", f"person:{merging.merged_id}", _("交过的 %(n)s 张证书回到原来的账号。", n=count), count)
    return Plan((told,) if count else (), (count,))


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Nothing moves back."""
