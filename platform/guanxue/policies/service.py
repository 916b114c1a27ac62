"""Publishing policies."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.policies.defaults import EFFECTIVE_ON, SHIPPED
from guanxue.policies.models import Policy
from guanxue.policies.rules import Numbers


def publish_policy(actor: Actor, *, code: str, title: str, numbers: dict, effective_on: date) -> Policy:
    """Publish the next version of a policy. Needs "administer". Raises Invalid when a number is absurd."""
    actor.require("administer")
    try:
        Numbers.from_document(numbers)
    except ValueError as error:
        raise Invalid(_("规则的数字有误：%(why)s", why=str(error))) from None
    version = (session.scalar(select(func.max(Policy.version)).where(Policy.code == code)) or 0) + 1
    policy = Policy(code=code, version=version, title=title, document=numbers, effective_on=effective_on,
                    published_at=clock.now())
    session.add(policy)
    session.flush()
    audit.record(actor, "policies.policy.published", f"policy:{policy.id}", {"name": policy.name, "numbers": numbers})
    return policy


def load_defaults(actor: Actor) -> None:
    """Publish the shipped policies that are not there yet; safe to repeat."""
    for code, version, title, numbers in SHIPPED:
        there = session.scalar(select(Policy.id).where(Policy.code == code, Policy.version == version))
        if there is None:
            publish_policy(actor, code=code, title=title, numbers=numbers,
                           effective_on=date.fromisoformat(EFFECTIVE_ON))
