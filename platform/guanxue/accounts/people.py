"""What administrators do about people: finding them, shutting an account, opening it again. Everything leaves a line."""

from __future__ import annotations

from sqlalchemy import func, select, update

from guanxue import audit
from guanxue.accounts import identity, naming, rules
from guanxue.accounts.models import Organisation, Person, Role, Session
from guanxue.accounts.queries import get_person
from guanxue.accounts.second_factor import has_second_factor, remove_second_factor
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page

PER_PAGE = 20
WAYS = ("phone", "number", "name")


def find_people(actor: Actor, way: str, text: str, page: int = 1) -> Page[Person]:
    """People by the whole phone number, the whole citizen's number, or a part of the name; newest first; all without a text.

    What was looked for stands in no log: the trail has only the way. Raises Invalid for what can be neither.
    """
    actor.require("administer")
    query = select(Person)
    if text.strip():
        query = query.where(_matches(way, text))
        audit.record(actor, "accounts.people.searched", "people", {"way": way})
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = session.scalars(query.order_by(Person.id.desc()).limit(PER_PAGE).offset((page - 1) * PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def _matches(way: str, text: str):
    if way == "phone":
        phone = rules.normal_phone(text)
        if phone is None:
            raise Invalid(_("手机号有误。"), fields=[{"field": "text", "message": _("请输入 11 位手机号。")}])
        return Person.phone == phone
    if way == "number":
        found = identity.find_holders(text)
        if not found:
            identity.checked_number(text)  # says what is wrong with a citizen's number, which most of them are
        return Person.id.in_(found)
    if way == "name":
        return Person.name.contains(naming.checked_name(text), autoescape=True)
    raise Invalid(_("请选一种查找方式。"), fields=[{"field": "way", "message": _("请选一种查找方式。")}])


def open_file(actor: Actor, person_id: int) -> Person:
    """The person, for an administrator who looks at them; the look is kept. Raises NoSuchPerson."""
    actor.require("administer")
    person = get_person(person_id)
    audit.record(actor, "accounts.person.opened", person.ref)
    return person


def roles_of(person_id: int) -> list[tuple[str, str]]:
    """(role, name of the organisation or "") of a person."""
    rows = session.execute(select(Role.role, Organisation.name).outerjoin(Organisation, Organisation.id == Role.organisation_id)
                           .where(Role.person_id == person_id).order_by(Role.id))
    return [(role, name or "") for role, name in rows]


def count_administrators() -> int:
    """How many may administer now."""
    return session.scalar(select(func.count(func.distinct(Role.person_id))).join(Person, Person.id == Role.person_id)
                          .where(Role.role == "administrator", Person.disabled_at.is_(None))) or 0


def disable_person(actor: Actor, person_id: int, reason: str) -> None:
    """Shut an account: its sessions end, nobody signs in. Again is the same. Raises Invalid, Conflict, NoSuchPerson."""
    actor.require("administer")
    why, person = identity.checked_reason(reason), get_person(person_id)
    if person.id == actor.id:
        raise Conflict(_("不能停用自己的账号。"))
    if person.disabled_at is None:
        person.disabled_at = clock.now()
        end_sessions(person.id)
        audit.record(actor, "accounts.person.disabled", person.ref, {"reason": why})


def enable_person(actor: Actor, person_id: int, reason: str) -> None:
    """Open a shut account again. Raises Invalid, Conflict, NoSuchPerson."""
    actor.require("administer")
    why, person = identity.checked_reason(reason), get_person(person_id)
    if person.erased_at is not None:
        raise Conflict(_("这个账号已经注销，不能恢复。"))
    if person.disabled_at is not None:
        person.disabled_at = None
        audit.record(actor, "accounts.person.enabled", person.ref, {"reason": why})


def reset_second_factor(actor: Actor, person_id: int, reason: str) -> None:
    """Take a lost authenticator away, so that its owner can set up another. Raises Invalid, Conflict, NoSuchPerson."""
    actor.require("administer")
    why, person = identity.checked_reason(reason), get_person(person_id)
    if person.id == actor.id:  # whoever sits down at an open screen has no code
        raise Conflict(_("自己的两步验证请在“设置”里关。"))
    if not has_second_factor(person_id):
        raise Conflict(_("这个人没有开两步验证。"))
    remove_second_factor(actor, person)
    audit.record(actor, "accounts.second_factor.reset", person.ref, {"reason": why})


def end_sessions(person_id: int) -> None:
    """Sign the person out everywhere."""
    session.execute(update(Session).where(Session.person_id == person_id, Session.revoked_at.is_(None))
                    .values(revoked_at=clock.now()))
