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
from guanxue.policies import rules
from guanxue.policies.defaults import SHIPPED
from guanxue.policies.models import Policy
from guanxue.policies.rules import Numbers


def publish_policy(actor: Actor, *, code: str, title: str, numbers: dict, effective_on: date) -> Policy:
    """Publish the next version of a policy, holding from a city day that is not over. Needs "administer".

    Whoever is enrolled, and what was earned, stays with the version of then. Raises Invalid when a number is absurd.
    """
    actor.require("administer")
    if not rules.is_code(code) or not 1 <= len(title.strip()) <= rules.LONGEST_TITLE:
        raise Invalid(_("规则的代号用小写字母、数字和连字符；名称 1 到 40 个字。"))
    if effective_on < clock.today():
        raise Invalid(_("规则从今天或以后的一天起用，不能倒回去。"))
    return _publish(actor, code, title.strip(), numbers, effective_on)


def _publish(actor: Actor, code: str, title: str, numbers: dict, effective_on: date) -> Policy:
    try:
        Numbers.from_document(numbers)
    except ValueError as error:
        raise Invalid(_("规则的数字有误：%(why)s", why=str(error))) from None
    version = (session.scalar(select(func.max(Policy.version)).where(Policy.code == code)) or 0) + 1
    policy = Policy(code=code, version=version, title=title, document=numbers, effective_on=effective_on,
                    published_at=clock.now())
    session.add(policy)
    session.flush()
    audit.record(actor, "policies.policy.published", f"policy:{policy.id}",
                 {"name": policy.name, "numbers": numbers, "effective_on": effective_on.isoformat()})
    return policy


def load_defaults(actor: Actor) -> None:
    """Publish the shipped policies that are not there yet; safe to repeat. Needs "administer"."""
    actor.require("administer")
    for code, version, title, numbers, effective_on in SHIPPED:
        there = session.scalar(select(Policy.id).where(Policy.code == code, Policy.version == version))
        if there is None:
            _publish(actor, code, title, numbers, date.fromisoformat(effective_on))
