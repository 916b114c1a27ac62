"""Finding people, sessions and towns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, inspect, select

from guanxue.accounts.errors import NoSuchPerson, NoSuchTown
from guanxue.accounts.models import Organisation, Person, Role, Session
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import db, session
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Lent, Prepared

TOWN_KINDS = ("street", "town", "park")
# Role → capability; {} stands for the organisation's slug.
CAPABILITIES = {
    "instructor": "teach",
    "curator": "curate:{}",
    "enterprise_manager": "enterprise:{}",
    "inspector": "inspect",
    "reviewer": "review",
    "support_agent": "support",
    "credit_officer": "identify",
    "administrator": "administer",
}


def key_hash(key: str) -> str:
    """What is kept of a session key: a random 256-bit key needs no salt."""
    return hashlib.sha256(key.encode()).hexdigest()


@dataclass(frozen=True)
class SignedIn:
    """Whose session it is that a request came with, and what that person may do beyond learning."""

    id: int
    name: str
    phone: str | None
    town_id: int | None
    session_id: int
    last_seen_at: datetime
    proved_at: datetime | None
    terms_version: str
    erase_after_at: datetime | None
    capabilities: frozenset[str]


# A session holds while this is so, and until it expires.
_HOLDS = (Session.key_hash == bindparam("key_hash"), Session.revoked_at.is_(None), Person.disabled_at.is_(None),
          Person.merged_into_id.is_(None))
# Asked on every request of somebody signed in, so made once, and one question: a row for each role, one without for none.
_SIGNED_IN = Prepared(
    select(Person.id, Person.name, Person.phone, Person.town_id, Session.id.label("session_id"), Session.last_seen_at,
           Session.expires_at, Session.proved_at, Person.terms_version, Person.erase_after_at, Role.role, Organisation.slug)
    .join(Session, Session.person_id == Person.id)
    .outerjoin(Role, Role.person_id == Person.id)
    .outerjoin(Organisation, Organisation.id == Role.organisation_id)
    .where(*_HOLDS))
_HOLDER = Prepared(select(Person.id, Session.last_seen_at, Session.expires_at)
                   .join(Session, Session.person_id == Person.id).where(*_HOLDS))
_ROLES = (select(Role.role, Organisation.slug).outerjoin(Organisation, Organisation.id == Role.organisation_id)
          .where(Role.person_id == bindparam("person_id")))


def find_session(key: str) -> SignedIn | None:
    """Whose session has this key, while it holds: not revoked, not expired, the person not disabled."""
    rows = _SIGNED_IN.rows(key_hash=key_hash(key))
    if not rows or rows[0].expires_at <= clock.now():
        return None
    one = rows[0]
    return SignedIn(one.id, one.name, one.phone, one.town_id, one.session_id, one.last_seen_at, one.proved_at,
                    one.terms_version, one.erase_after_at,
                    _capabilities((row.role, row.slug) for row in rows))


def find_holder(on: Lent, key: str) -> tuple[int, datetime] | None:
    """(row id of the person whose session has this key, when it was last seen) while it holds, asked on that connection."""
    rows = _HOLDER.rows(on, key_hash=key_hash(key))
    return (rows[0].id, rows[0].last_seen_at) if rows and rows[0].expires_at > clock.now() else None


def list_sessions(person_id: int) -> list[Session]:
    """The person's sessions that still hold, newest first."""
    return list(session.scalars(
        select(Session)
        .where(Session.person_id == person_id, Session.revoked_at.is_(None), Session.expires_at > clock.now())
        .order_by(Session.last_seen_at.desc(), Session.id.desc())
    ))


def find_person(person_id: int) -> Person | None:
    """The person with that row id."""
    return session.get(Person, person_id)


def get_person(person_id: int) -> Person:
    """The person with that row id. Raises NoSuchPerson."""
    person = session.get(Person, person_id)
    if person is None:
        raise NoSuchPerson(_("没有这个人。"))
    return person


def accounts_of(person_id: int) -> list[int]:
    """Row ids of all accounts of a person: this one last, before it those that were merged into it."""
    found, ahead = [person_id], [person_id]
    while ahead:
        ahead = list(session.scalars(
            select(Person.id).where(Person.merged_into_id.in_(ahead), Person.id.not_in(found)).order_by(Person.id)))
        found = ahead + found
    return found


def all_accounts_of(person_id: int) -> list[int]:
    """Row ids of all accounts of the person behind this one, whichever of them it is."""
    kept = person_id
    while (onward := session.scalar(select(Person.merged_into_id).where(Person.id == kept))) is not None:
        kept = onward
    return accounts_of(kept)


def is_same_person(actor: Actor, refs: Iterable[str]) -> bool:
    """Is the actor behind one of these refs ("person:17"), under whichever account? Who may not decide alone asks this."""
    others = {ref for ref in refs if ref}
    if actor.ref in others or not (others and actor.is_person):
        return actor.ref in others
    return not others.isdisjoint(f"person:{one}" for one in all_accounts_of(actor.id))


def find_person_by_phone(phone: str) -> Person | None:
    """The person with that normalised phone number."""
    return session.scalar(select(Person).where(Person.phone == phone))


def names_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Names by person id."""
    return dict(session.execute(select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))).all())


def capabilities_of(person_id: int) -> frozenset[str]:
    """What the person may do beyond learning, as capabilities of an Actor."""
    return _capabilities(session.execute(_ROLES, {"person_id": person_id}))


def list_teaching_places(person_id: int, *, with_closed: bool = False) -> list[Organisation]:
    """The organisations the person teaches for, by name; those that are closed only where asked for."""
    found = session.scalars(
        select(Organisation).join(Role, Role.organisation_id == Organisation.id)
        .where(Role.person_id == person_id, Role.role == "instructor").order_by(Organisation.name))
    return [o for o in found if with_closed or o.closed_at is None]


def list_teachers_of(organisation_id: int) -> list[tuple[int, str]]:
    """(row id, name) of those who teach for the organisation and can sign in, by name."""
    return [tuple(row) for row in session.execute(
        select(Person.id, Person.name).join(Role, Role.person_id == Person.id)
        .where(Role.organisation_id == organisation_id, Role.role == "instructor", Person.disabled_at.is_(None),
               Person.merged_into_id.is_(None), Person.erased_at.is_(None)).order_by(Person.name, Person.id))]


def _capabilities(roles: Iterable) -> frozenset[str]:
    return frozenset(CAPABILITIES[role].format(slug or "") for role, slug in roles if role in CAPABILITIES)


def list_towns() -> list[Organisation]:
    """The 36 towns, sub-districts and parks, in the city's order."""
    return list(session.scalars(
        select(Organisation).where(Organisation.kind.in_(TOWN_KINDS)).order_by(Organisation.position, Organisation.id)))


def find_town(slug: str) -> Organisation | None:
    """The town of that slug."""
    return session.scalar(
        select(Organisation).where(Organisation.slug == slug, Organisation.kind.in_(TOWN_KINDS)))


def get_town(slug: str) -> Organisation:
    """The town of that slug. Raises NoSuchTown."""
    town = find_town(slug)
    if town is None:
        raise NoSuchTown(_("没有这个镇街或园区。"))
    return town


def lock_person(person_id: int) -> None:
    """Queue up behind whatever else this person is changing, until the transaction ends.

    Not the key itself: rows that refer to a person may still be written meanwhile, by who waits for nothing else of theirs.
    """
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update(key_share=True))


def has_demo_people() -> bool:
    """Does the database hold anybody of the demonstration? False while it has no tables yet."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table(Person.__tablename__):
            return False
        return connection.execute(select(Person.id).where(Person.is_demo).limit(1)).first() is not None
