"""Changes: publishing targets, choosing one, marking credits as used for a reward."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select

from guanxue import accounts, audit, policies
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.programmes import queries, rules
from guanxue.programmes.defaults import SHIPPED
from guanxue.programmes.errors import NothingToMark
from guanxue.programmes.models import Goal, Programme, Reward, Use


def publish_programme(actor: Actor, *, code: str, kind: str, title: str, document: Mapping, effective_on: date) -> Programme:
    """Publish the next version of a programme or scheme, holding from a city day that is not over. Needs "administer".

    What schemes rewarded stays as it is. Raises Invalid with every fault.
    """
    actor.require("administer")
    check_programme(code=code, kind=kind, title=title, document=document, effective_on=effective_on)
    return _publish(actor, code, kind, title.strip(), document, effective_on)


def check_programme(*, code: str, kind: str, title: str, document: Mapping, effective_on: date) -> rules.Target:
    """The target that such a version would be. Raises Invalid with every fault."""
    found: list[object] = []
    if not policies.is_code(code) or kind not in (rules.PROGRAMME, rules.SCHEME):
        found.append(_("代号用小写字母、数字和连字符，最多 40 个字符。"))
    if not 1 <= len(title.strip()) <= rules.LONGEST_TITLE:
        found.append(_("名称 1 到 40 个字。"))
    if effective_on < clock.today():
        found.append(_("从今天或以后的一天起用，不能倒回去。"))
    try:
        target = rules.read_target(document)
    except ValueError:
        raise Invalid(_("数字或选项有误。")) from None
    found += rules.faults(target)
    if found:
        raise Invalid(str(found[0]), fields=[{"field": "target", "message": f} for f in found])
    return target


def _publish(actor: Actor, code: str, kind: str, title: str, document: Mapping, effective_on: date) -> Programme:
    version = (session.scalar(select(func.max(Programme.version)).where(Programme.code == code)) or 0) + 1
    programme = Programme(code=code, version=version, kind=kind, title=title, document=dict(document),
                          effective_on=effective_on, published_at=clock.now())
    session.add(programme)
    session.flush()
    audit.record(actor, "programmes.programme.published", f"programme:{programme.id}", {"name": programme.name})
    return programme


def load_defaults(actor: Actor) -> None:
    """Publish the shipped targets that are not there yet; safe to repeat. Needs "administer"."""
    actor.require("administer")
    for code, version, kind, title, document, effective_on in SHIPPED:
        there = session.scalar(select(Programme.id).where(Programme.code == code, Programme.version == version))
        if there is None:
            _publish(actor, code, kind, title, document, date.fromisoformat(effective_on))


# ---- goals


def choose_goal(actor: Actor, code: str) -> Goal:
    """Make a target one's own; again is the same. Raises NoSuchProgramme."""
    actor.must_be_person()
    queries.get_current(code)
    goal = queries.find_goal(actor.id, code)
    if goal is None:
        goal = Goal(person_id=actor.id, code=code, chosen_at=clock.now())
        session.add(goal)
    elif goal.left_at is not None:
        goal.chosen_at, goal.left_at = clock.now(), None
    session.flush()
    return goal


def leave_goal(actor: Actor, code: str) -> None:
    """Give a goal up; again is the same. Nothing that was earned changes."""
    actor.must_be_person()
    goal = queries.find_goal(actor.id, code)
    if goal is not None and goal.left_at is None:
        goal.left_at = clock.now()
        session.flush()


# ---- rewards


def mark_rewarded(actor: Actor, code: str, person_id: int) -> Reward:
    """Mark what somebody reached in a scheme as used for it: exactly its threshold, the oldest credits first. Needs "identify".

    The credits stay on the account; the scheme alone does not count that part of them again. Nobody marks their own. Raises
    NothingToMark where nothing is reached (any more), Forbidden, NoSuchProgramme, NotFound.
    """
    actor.require("identify")
    programme, person = queries.get_current(code), accounts.get_person(person_id)
    behind = accounts.all_accounts_of(person.id)
    if actor.id in behind:
        raise Forbidden(_("不能给自己做标记，请别的工作人员来做。"))
    if programme.kind != rules.SCHEME:
        raise NothingToMark(_("只有奖励方案才做标记。"))
    wait_for_turn(f"reward:{code}:{behind[-1]}")
    progress = queries.progress_of(programme, person.id)
    if not queries.is_due(programme, person.id, progress):
        raise NothingToMark(_("没有达到要求，或者已经标记过了。"))
    ordinal = session.scalar(select(func.count()).select_from(Reward).where(
        Reward.code == code, Reward.person_id == person.id)) + 1
    reward = Reward(code=code, version=programme.version, window=programme.target.window(clock.today()), person_id=person.id,
                    ordinal=ordinal, marked_by=actor.ref, marked_at=clock.now())
    session.add(reward)
    session.flush()
    marks = rules.to_mark(progress)
    session.add_all(Use(reward_id=reward.id, credit_code=credit, millicredits=milli) for credit, milli in marks)
    session.flush()
    audit.record(actor, "programmes.reward.marked", f"person:{person.id}", {
        "scheme": programme.name, "window": reward.window, "reward": reward.id, "credits": [list(m) for m in marks]})
    return reward
