"""Schools, training institutions, enterprises and bureaux, and who teaches for them. Towns come with the catalogue's table."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from guanxue import audit
from guanxue.accounts.errors import NoSuchOrganisation
from guanxue.accounts.models import Organisation, Person, Role
from guanxue.accounts.queries import find_person_by_phone, list_teachers_of
from guanxue.accounts.service import checked_phone, grant_role
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Invalid
from guanxue.core.i18n import lazy as _

ORGANISATION_KINDS = {"school": _("学校"), "training": _("培训机构"), "enterprise": _("企业"), "bureau": _("主管部门")}
LONGEST_ORGANISATION_NAME = 60


@dataclass(frozen=True)
class Listed:
    """An organisation and how many teach for it."""

    organisation: Organisation
    teachers: int


def list_organisations(actor: Actor) -> list[Listed]:
    """All but towns: those at work first, by kind and name."""
    actor.require("administer")
    count = (select(func.count()).select_from(Role).join(Person, Person.id == Role.person_id)
             .where(Role.organisation_id == Organisation.id, Role.role == "instructor", Person.disabled_at.is_(None),
                    Person.merged_into_id.is_(None), Person.erased_at.is_(None)).scalar_subquery())
    rows = session.execute(select(Organisation, count).where(Organisation.kind.in_(ORGANISATION_KINDS))).all()
    kinds = list(ORGANISATION_KINDS)
    listed = [Listed(o, n) for o, n in rows]
    return sorted(listed, key=lambda x: (
        x.organisation.closed_at is not None, kinds.index(x.organisation.kind), x.organisation.name))


def get_organisation(actor: Actor, slug: str) -> Organisation:
    """The organisation of that slug, no town. Raises NoSuchOrganisation."""
    actor.require("administer")
    found = session.scalar(select(Organisation).where(Organisation.slug == slug, Organisation.kind.in_(ORGANISATION_KINDS)))
    if found is None:
        raise NoSuchOrganisation(_("没有这个单位。"))
    return found


def create_organisation(actor: Actor, *, name: str, kind: str, slug: str = "") -> Organisation:
    """A new one. Raises Invalid with fields, Forbidden."""
    actor.require("administer")
    if kind not in ORGANISATION_KINDS:
        raise Invalid(_("单位信息有误。"), fields=[{"field": "kind", "message": _("请选择单位的类别。")}])
    made = Organisation(slug=slug or f"o-{secrets.token_hex(4)}", kind=kind, name=_checked(name), name_en="", division_code="",
                        industries=[], industries_en=[])
    session.add(made)
    session.flush()
    audit.record(actor, "accounts.organisation.created", f"organisation:{made.id}", {"name": made.name, "kind": kind})
    return made


def rename_organisation(actor: Actor, organisation: Organisation, name: str) -> None:
    """Another name; pages that show it show the new one. Raises Invalid."""
    actor.require("administer")
    before, after = organisation.name, _checked(name, organisation.id)
    if before == after:
        return
    organisation.name = after
    session.flush()
    generation.bump("catalogue")
    audit.record(actor, "accounts.organisation.renamed", f"organisation:{organisation.id}", {"from": before, "to": after})


def _checked(name: str, own_id: int | None = None) -> str:
    name = " ".join(name.split())
    why = None
    if not 2 <= len(name) <= LONGEST_ORGANISATION_NAME or not name.isprintable():
        why = _("名称应有 2 到 %(n)s 个字。", n=LONGEST_ORGANISATION_NAME)
    elif session.scalar(select(Organisation.id).where(Organisation.name == name, Organisation.id != (own_id or 0))) is not None:
        why = _("已经有叫这个名称的单位。")
    if why is not None:
        raise Invalid(_("单位信息有误。"), fields=[{"field": "name", "message": why}])
    return name


def close_organisation(actor: Actor, organisation: Organisation) -> None:
    """No course can be given to it any more; what it has it keeps. Again is the same."""
    actor.require("administer")
    if organisation.closed_at is None:
        organisation.closed_at = clock.now()
        session.flush()
        audit.record(actor, "accounts.organisation.closed", f"organisation:{organisation.id}")


def reopen_organisation(actor: Actor, organisation: Organisation) -> None:
    """It can be chosen again. Again is the same."""
    actor.require("administer")
    if organisation.closed_at is not None:
        organisation.closed_at = None
        session.flush()
        audit.record(actor, "accounts.organisation.reopened", f"organisation:{organisation.id}")


def add_teacher(actor: Actor, organisation: Organisation, phone: str) -> Person:
    """Somebody teaches for it from now on; whoever was no teacher becomes one. Again is the same.

    Raises Invalid for what is nobody's number, Conflict where the account or the organisation is shut.
    """
    actor.require("administer")
    if organisation.closed_at is not None:
        raise Conflict(_("这个单位已经停用，先恢复再加老师。"))
    person = find_person_by_phone(checked_phone(phone))
    if person is None:
        why = _("没有用这个手机号注册的人。请他先注册。")
        raise Invalid(why, fields=[{"field": "phone", "message": why}])
    if person.disabled_at is not None or person.merged_into_id is not None or person.erased_at is not None:
        raise Conflict(_("这个账号停用了，不能加。"))
    grant_role(actor, person, "instructor", organisation.slug)
    return person


def remove_teacher(actor: Actor, organisation: Organisation, person_id: int) -> None:
    """Somebody teaches for it no longer. Their courses stay theirs and its. Again is the same."""
    actor.require("administer")
    gone = session.execute(delete(Role).where(
        Role.person_id == person_id, Role.role == "instructor", Role.organisation_id == organisation.id)).rowcount
    if gone:
        audit.record(actor, "accounts.role.withdrawn", f"person:{person_id}",
                     {"role": "instructor", "organisation": organisation.slug})


def list_teachers(organisation: Organisation) -> list[tuple[int, str, bool]]:
    """(row id, name, do they teach only here) of who teaches for it, by name."""
    found = list_teachers_of(organisation.id)
    elsewhere = set(session.scalars(select(Role.person_id).where(
        Role.person_id.in_([one for one, _name in found]), Role.role == "instructor",
        Role.organisation_id.is_distinct_from(organisation.id))))
    return [(one, name, one not in elsewhere) for one, name in found]
