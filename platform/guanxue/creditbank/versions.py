"""Versions of the rules of crediting: which one holds, publishing the next. A published version never changes."""

from __future__ import annotations

from datetime import date, datetime, time

from sqlalchemy import func, select

from guanxue import audit, ledger
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import hold, session, wait_for_turn
from guanxue.core.errors import Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.creditbank.credit_rules import CreditRules
from guanxue.creditbank.defaults import SHIPPED
from guanxue.creditbank.errors import NewerVersion
from guanxue.creditbank.models import CreditPolicy

LONGEST_TITLE = 40
PUBLISHED = "creditbank.rules.published"


def list_versions() -> list[CreditPolicy]:
    """Every version, oldest first."""
    found = list(session.scalars(select(CreditPolicy).order_by(CreditPolicy.version)))
    for version in found:
        hold(version)
    return found


def get_credit_policy(version: int) -> CreditPolicy:
    """That version. Raises NotFound."""
    found = next((v for v in list_versions() if v.version == version), None)
    if found is None:
        raise NotFound(_("没有这个版本的学分规则。"))
    return found


def rules_for(finished_at: datetime, at: datetime) -> CreditPolicy | None:
    """The version by which something finished then is judged at a moment: of those published by then, the newest that had
    begun when it was finished; the first one also for what was finished before there were any. None before the first.
    """
    published = [v for v in list_versions() if v.published_at <= at]
    began = [v for v in published if v.effective_on <= clock.city_day(finished_at)]
    return max(began or published[:1], key=lambda v: (v.effective_on, v.version), default=None)


def current_credit_policy() -> CreditPolicy | None:
    """The version for what is finished now."""
    return rules_for(clock.now(), clock.now())


def newest_credit_policy() -> CreditPolicy:
    """The version published last, whether it holds yet or not. Raises NotFound."""
    found = list_versions()
    if not found:
        raise NotFound(_("还没有公布学分规则。"))
    return found[-1]


def check_credit_policy(*, title: str, document: dict, effective_on: date) -> CreditPolicy:
    """The next version as it would be published, not kept. Raises Invalid where something of it cannot be."""
    title = title.strip()
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise invalid_field("title", _("规则的名称 1 到 40 个字。"))
    if effective_on < clock.today():
        raise invalid_field("effective_on", _("规则从今天或以后的一天起用，不能倒回去。"))
    return _next(title, document, effective_on, clock.now())


def publish_credit_policy(actor: Actor, *, title: str, document: dict, effective_on: date, reason: str = "",
                          base: int | None = None) -> CreditPolicy:
    """Publish the next version, holding for what is finished from a city day on that is not over. Needs "administer".

    What was credited stays. `base` is the version that it was written from: raises NewerVersion where that is no longer the
    newest, Invalid where the document says something that cannot be.
    """
    actor.require("administer")
    wait_for_turn("credit-rules")
    made = check_credit_policy(title=title, document=document, effective_on=effective_on)
    if base is not None:
        check_still_newest(base)
    return _publish(actor, made, reason)


def check_still_newest(base: int) -> None:
    """Raise NewerVersion unless that version is the newest."""
    newest = newest_credit_policy().version
    if base != newest:
        raise NewerVersion(_("你写的时候，有人发布了第 %(n)s 版。你写的还没有发布。", n=newest))


def _next(title: str, document: dict, effective_on: date, at: datetime) -> CreditPolicy:
    try:
        CreditRules.from_document(document)
    except ValueError as error:
        raise Invalid(_("规则的数字有误：%(why)s", why=str(error))) from None
    version = (session.scalar(select(func.max(CreditPolicy.version))) or 0) + 1
    return CreditPolicy(version=version, title=title, document=document, effective_on=effective_on, published_at=at)


def _publish(actor: Actor, made: CreditPolicy, reason: str = "") -> CreditPolicy:
    session.add(made)
    session.flush()
    audit.record(actor, PUBLISHED, f"credit-rules:{made.version}",
                 {"name": made.name, "rules": made.document} | ({"reason": reason} if reason else {}))
    return made


def publications() -> dict[int, tuple[str, str]]:
    """{version: (the ref of who published it, why)}, from the audit trail."""
    return {int(line.subject.rpartition(":")[2]): (line.actor, line.detail.get("reason", ""))
            for line in audit.list_lines(action=PUBLISHED, limit=1000)}


def load_defaults(actor: Actor) -> None:
    """Publish the shipped versions that are not there yet; safe to repeat. Needs "administer".

    A site that has credited nothing yet counts them as published from their first day on; any other from now on, so that
    nothing it credited before is judged by them.
    """
    actor.require("administer")
    is_fresh = session.scalar(select(ledger.Entry.number).limit(1)) is None
    for version, title, document, effective_on in SHIPPED:
        if session.scalar(select(CreditPolicy.id).where(CreditPolicy.version == version)) is None:
            day = date.fromisoformat(effective_on)
            began = datetime.combine(day, time(), clock.CITY)
            _publish(actor, _next(title, document, day, min(began, clock.now()) if is_fresh else clock.now()))
