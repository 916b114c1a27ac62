"""Finding the policy that holds."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from guanxue.core import clock
from guanxue.core.db import hold, session
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.policies.models import Policy


def current_policy(code: str = "light", on: date | None = None) -> Policy:
    """The newest version of `code` that holds on a city day (today by default). Raises NotFound."""
    policy = session.scalar(
        select(Policy)
        .where(Policy.code == code, Policy.effective_on <= (on or clock.today()))
        .order_by(Policy.effective_on.desc(), Policy.version.desc())
        .limit(1)
    )
    if policy is None:
        raise NotFound(_("没有名为“%(code)s”的计学规则。", code=code))
    return policy


def find_current(code: str) -> Policy | None:
    """The version of `code` that holds today; None where none does."""
    return next((p for p in list_current() if p.code == code), None)


def get_version(code: str, version: int) -> Policy:
    """That version. Raises NotFound."""
    policy = session.scalar(select(Policy).where(Policy.code == code, Policy.version == version))
    if policy is None:
        raise NotFound(_("没有这个版本的计学规则。"))
    return policy


def held_at(code: str, moment: datetime) -> Policy | None:
    """The version of `code` that held at a moment: the newest that was published by then and whose day had come.

    What was published only later is asked where nothing was there yet: study that is replayed lies before the site's own days.
    """
    began = [p for p in list_policies() if p.code == code and p.effective_on <= clock.city_day(moment)]
    there = [p for p in began if p.published_at <= moment] or began
    return max(there, key=lambda p: (p.effective_on, p.version), default=None)


def newest(code: str) -> Policy:
    """The newest version of `code`, whether it holds yet or not. Raises NotFound."""
    policy = session.scalar(select(Policy).where(Policy.code == code).order_by(Policy.version.desc()).limit(1))
    if policy is None:
        raise NotFound(_("没有名为“%(code)s”的计学规则。", code=code))
    return policy


def list_current(on: date | None = None) -> list[Policy]:
    """Of each code the version that holds on a city day (today by default), by code."""
    holding = {p.code: p for p in sorted(list_policies(), key=lambda p: (p.effective_on, p.version))
               if p.effective_on <= (on or clock.today())}
    return [holding[code] for code in sorted(holding)]


def get_policy(policy_id: int) -> Policy:
    """The version with that row id. Raises NotFound."""
    policy = session.get(Policy, policy_id)
    if policy is None:
        raise NotFound(_("没有这个版本的计学规则。"))
    hold(policy)  # a version never changes, and one request asks for it again and again
    return policy


def list_policies() -> list[Policy]:
    """All versions, by code and version."""
    return list(session.scalars(select(Policy).order_by(Policy.code, Policy.version)))
