"""Credentials of two accounts of one person: each stays what it was issued as, under the account it was issued to.

Whoever has the credit has its credential: the account that stays finds those of the merged one by their codes. A wrong name
on one is corrected by a further edition. So nothing moves, and a parting has nothing to give back.
"""

from __future__ import annotations

from sqlalchemy import func, select

from guanxue.accounts import Effect, Merging, Plan
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.credentials.models import Credential


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Said before: they stay valid, under the name they bear."""
    count = session.scalar(select(func.count()).select_from(Credential).where(Credential.person_id == merged_id))
    told = _("%(n)s 份证书照旧有效，保留的账号里也能找到；要换成现在的姓名，可以重新出具。", n=count)
    return Plan((Effect("credentials.stay", "credentials", told, count),) if count else (), ())


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Nothing moves."""
    return {}


def plan_part(merging: Merging, documents: dict) -> Plan:
    """Nothing goes back."""
    return Plan((), ())


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Nothing goes back."""
