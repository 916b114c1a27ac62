"""A person's name: corrected with a reason, while what was issued before bears the name of its day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from guanxue import audit
from guanxue.accounts import rules
from guanxue.accounts.events import PersonRenamed
from guanxue.accounts.identity import checked_reason, lapse_checks
from guanxue.accounts.models import FormerName, Person
from guanxue.accounts.queries import get_person, lock_person
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid, TooMany
from guanxue.core.i18n import lazy as _

LONGEST_NAME = 40
CHANGES_A_DAY = 5
ERASED = "已注销用户"  # stored in place of a name, whatever language the site speaks


def checked_name(text: str) -> str:
    """The name in one line. Raises Invalid."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= LONGEST_NAME or any(ord(c) < 32 for c in name):
        raise Invalid(_("姓名有误。"), fields=[{"field": "name", "message": _("请填写姓名，最多 40 个字。")}])
    return name


def correct_name(actor: Actor, text: str, reason: str) -> Person:
    """The actor's name from now on; the same name changes nothing. Raises Invalid, TooMany.

    Papers were seen with the name they bear: what was checked under another name counts no more. Other capitals make none.

    Names and reasons stand in a table of their own and not in the audit trail, so that a deletion takes them along.
    """
    actor.must_be_person()
    name, why = checked_name(text), checked_reason(reason)
    lock_person(actor.id)
    person = get_person(actor.id)
    if name == person.name:
        return person
    _must_not_be_too_many(person)
    session.add(FormerName(person_id=person.id, name=person.name, reason=why, by=actor.ref, until_at=clock.now()))
    is_other = not rules.are_one_name(person.name, name)
    person.name = name
    session.flush()
    if is_other:
        lapse_checks(actor, person.id, "renamed")
    audit.record(actor, "accounts.person.renamed", person.ref)
    events.emit(PersonRenamed(person.id))
    return person


def _must_not_be_too_many(person: Person) -> None:
    since = clock.now() - timedelta(days=1)
    if sum(former.until_at > since for former in list_former_names(person.id)) >= CHANGES_A_DAY:
        raise TooMany(_("今天试得太多次了，请明天再试，或者找管理员帮忙。"), retry_after_s=3600)


def list_former_names(person_id: int) -> list[FormerName]:
    """Names the person bore before, oldest first."""
    return list(session.scalars(select(FormerName).where(FormerName.person_id == person_id)
                                .order_by(FormerName.until_at, FormerName.id)))


def name_at(person: Person, moment: datetime) -> str:
    """The name the person bore at that moment."""
    return next((former.name for former in list_former_names(person.id) if former.until_at > moment), person.name)


def holder_at(person_id: int, moment: datetime) -> str:
    """What a stranger is told of whom something was issued to at that moment: 林**, or that the person is gone."""
    person = get_person(person_id)
    return str(_("已注销用户")) if person.erased_at else rules.mask_name(name_at(person, moment))
