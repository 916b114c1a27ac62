"""Changes to people, roles, sessions and towns. Passwords are hashed by the caller's edge before it begins writing."""

from __future__ import annotations

import secrets
from datetime import timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select, update
from sqlalchemy.exc import IntegrityError

from guanxue import audit
from guanxue.accounts import attempts, consent, rules
from guanxue.accounts.errors import NoSuchPerson, PhoneTaken, WrongCredentials
from guanxue.accounts.merging import must_not_be_merged
from guanxue.accounts.models import Organisation, Person, Role, Session
from guanxue.accounts.naming import checked_name
from guanxue.accounts.queries import CAPABILITIES, find_person_by_phone, find_town, get_person, get_town, key_hash
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid, NotFound
from guanxue.core.i18n import lazy as _

ROLES = tuple(CAPABILITIES)
SESSION_LENGTH = timedelta(days=30)
SEEN_EVERY = timedelta(hours=1)
# 19 MiB, 2 passes, 1 lane: OWASP's floor, so that many sign-ins at once do not fill a small server.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobody = _hasher.hash(secrets.token_hex(16))  # compared with when the phone is unknown: the same time either way

_PASSWORD_WORDS = {
    "short": _("密码至少 8 个字符。"),
    "long": _("密码最多 256 个字符。"),
    "common": _("这个密码太常见，容易被人猜到，请换一个。"),
    "phone": _("密码里不要包含自己的手机号。"),
}


def checked_phone(phone: str) -> str:
    """The normalised number. Raises Invalid."""
    normal = rules.normal_phone(phone)
    if normal is None:
        raise Invalid(_("手机号有误。"), fields=[{"field": "phone", "message": _("请输入 11 位手机号。")}])
    return normal


def hash_password(password: str, phone: str = "") -> str:
    """The argon2id hash; slow on purpose, so call it before begin_writing(). Raises Invalid for a weak password."""
    fault = rules.password_fault(password, phone)
    if fault:
        raise Invalid(_("密码不合要求。"), fields=[{"field": "password", "message": _PASSWORD_WORDS[fault]}])
    return _hasher.hash(password)


def register_person(
    actor: Actor, *, phone: str, password_hash: str, name: str, terms_version: str = "", is_demo: bool = False,
    town_slug: str | None = None, source: str = "register",
) -> Person:
    """A new person, with what they agreed to. `password_hash` from hash_password(). Raises Invalid, PhoneTaken."""
    phone, name = checked_phone(phone), checked_name(name)
    town = find_town(town_slug) if town_slug else None
    person = Person(phone=phone, name=name, password_hash=password_hash, is_demo=is_demo, created_at=clock.now(),
                    town_id=town.id if town else None)
    try:
        with session.begin_nested():
            session.add(person)
    except IntegrityError:
        raise PhoneTaken(_("这个手机号已经注册过，请直接登录。")) from None
    consent.note_registration(person, terms_version, source)
    audit.record(actor, "accounts.person.registered", person.ref)
    return person


def prove(phone: str, password: str, address: str) -> Person:
    """The person whose phone and password these are. Reads only; raises Invalid, TooMany, WrongCredentials, AccountMerged.

    WrongCredentials leaves a counted failure behind. Unknown numbers take as long and sound the same.
    """
    phone = checked_phone(phone)
    keys = [f"phone:{phone}", f"address:{rules.network_of(address)}"]
    for key, free in zip(keys, (rules.FREE_FAILURES_PHONE, rules.FREE_FAILURES_ADDRESS), strict=True):
        attempts.must_not_wait(key, free)
    person = find_person_by_phone(phone)
    try:
        is_right = _hasher.verify(person.password_hash if person else _nobody, password[: rules.LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        is_right = False
    if person is None or person.disabled_at or not is_right:
        raise WrongCredentials(_("手机号或密码不对。"), remember=[lambda: attempts.count_failure(*keys)])
    must_not_be_merged(person)
    return person


def start_session(person: Person, kind: str, device: str = "", *, method: str = "password", is_proved: bool = False) -> str:
    """A new session of the person; the key to hand out, which is kept nowhere.

    `method` is what opened it: password, code or register; `is_proved` says that a second factor was shown with it.
    Raises AccountMerged.
    """
    must_not_be_merged(person)
    key, now = secrets.token_urlsafe(32), clock.now()
    session.add(Session(person_id=person.id, key_hash=key_hash(key), kind=kind, created_at=now, last_seen_at=now,
                        expires_at=now + SESSION_LENGTH, device=device[:120], method=method,
                        proved_at=now if is_proved else None))
    session.execute(update(Person).where(Person.id == person.id).values(seen_at=now))
    attempts.forgive(f"phone:{person.phone}")
    session.flush()
    return key


def see(session_id: int) -> None:
    """Bookkeeping, to the hour: the session was used just now and holds for another while, and its person was seen."""
    now = clock.now()
    session.execute(update(Session).where(Session.id == session_id, Session.last_seen_at < now - SEEN_EVERY)
                    .values(last_seen_at=now, expires_at=now + SESSION_LENGTH))
    of_session = select(Session.person_id).where(Session.id == session_id).scalar_subquery()
    is_stale = or_(Person.seen_at.is_(None), Person.seen_at < now - SEEN_EVERY)
    session.execute(update(Person).where(Person.id == of_session, is_stale).values(seen_at=now)
                    .execution_options(synchronize_session=False))


def end_session(actor: Actor, session_id: int) -> None:
    """End one of the actor's own sessions. Raises NotFound for anybody else's."""
    row = session.get(Session, session_id)
    if row is None or row.person_id != actor.id:
        raise NotFound(_("没有这个登录。"))
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        audit.record(actor, "accounts.session.ended", f"session:{session_id}")
        session.flush()


def end_session_by_key(actor: Actor, key: str) -> None:
    """End the session of that key, if it holds."""
    session.execute(update(Session).where(Session.key_hash == key_hash(key), Session.revoked_at.is_(None))
                    .values(revoked_at=clock.now()))


def end_other_sessions(actor: Actor) -> int:
    """End every session of the actor but the present one; how many."""
    count = end_all_sessions(actor.id, keep_session_id=actor.session_id)
    audit.record(actor, "accounts.sessions.ended", actor.ref, {"count": count})
    return count


def end_all_sessions(person_id: int, *, keep_session_id: int | None) -> int:
    """End the person's sessions, all but the one to keep; how many."""
    return session.execute(
        update(Session)
        .where(Session.person_id == person_id, Session.revoked_at.is_(None), Session.id != (keep_session_id or 0))
        .values(revoked_at=clock.now())).rowcount


def change_password(actor: Actor, person: Person, password_hash: str, *, keep_session_id: int | None) -> None:
    """Set a new password and end every other session."""
    row = get_person(person.id)
    row.password_hash = password_hash
    end_all_sessions(row.id, keep_session_id=keep_session_id)
    audit.record(actor, "accounts.password.changed", row.ref)


def reset_password(actor: Actor, phone: str, password_hash: str) -> Person:
    """An administrator's reset: a new password, all sessions ended. Raises NoSuchPerson."""
    actor.require("administer")
    person = find_person_by_phone(checked_phone(phone))
    if person is None:
        raise NoSuchPerson(_("没有用这个手机号注册的人。"))
    change_password(actor, person, password_hash, keep_session_id=None)
    return person


def grant_role(actor: Actor, person: Person, role: str, organisation_slug: str | None = None) -> None:
    """Give a person a role; again is the same. Raises Forbidden, Invalid, NotFound."""
    if not actor.may("administer"):
        raise Forbidden(_("只有管理员可以授予角色。"))
    if role not in ROLES:
        raise Invalid(_("没有“%(role)s”这种角色。", role=role))
    organisation = None
    if organisation_slug:
        organisation = session.scalar(select(Organisation).where(Organisation.slug == organisation_slug))
        if organisation is None:
            raise NotFound(_("没有这个单位。"))
    organisation_id = organisation.id if organisation else None
    there = session.scalar(select(Role.id).where(
        Role.person_id == person.id, Role.role == role, Role.organisation_id.is_not_distinct_from(organisation_id)))
    if there is None:
        session.add(Role(person_id=person.id, role=role, organisation_id=organisation_id))
        audit.record(actor, "accounts.role.granted", person.ref, {"role": role, "organisation": organisation_slug})
        session.flush()


def set_town(actor: Actor, town_slug: str) -> None:
    """Say which town the actor belongs to: its tracks come first on their home page. Raises NoSuchTown."""
    person, town = get_person(actor.id), get_town(town_slug)
    person.town_id = town.id
    session.flush()
    audit.record(actor, "accounts.person.town_set", person.ref, {"town": town.slug})


KINDS = {"街道": "street", "镇": "town", "园区": "park"}


def load_towns(actor: Actor, rows: list[dict]) -> int:
    """Towns from the catalogue's table (town_id, name_zh, …), new or changed; safe to repeat. How many there are."""
    actor.require("administer")
    known = {o.slug: o for o in session.scalars(select(Organisation))}
    for position, row in enumerate(rows):
        town = known.get(row["town_id"]) or Organisation(slug=row["town_id"])
        town.kind = KINDS.get(row["kind"], "park")
        town.name, town.name_en, town.division_code = row["name_zh"], row["name_en"], row["division_code"]
        town.industries = [i for i in row["industries_zh"].split(";") if i]
        town.industries_en = [i.strip() for i in row["industries_en"].split(";") if i.strip()]
        town.short_name, town.position = row["short_zh"], position
        town.map_column, town.map_row = int(row["map_column"]), int(row["map_row"])
        session.add(town)
    session.flush()
    return len(rows)


# phone, name, role, organisation, town: the people a demonstration is walked through with.
DEMO_PEOPLE = [
    ("13900000001", "林小莲", None, None, "dalang"),
    ("13900000002", "陈志强", "instructor", None, None),
    ("13900000003", "黄秀英", "curator", "humen", "humen"),
    ("13900000004", "周建国", "enterprise_manager", "humen", "humen"),
    ("13900000005", "许明", "inspector", None, None),
    ("13900000006", "梁伟", "administrator", None, None),
    ("13900000007", "何静", "reviewer", None, None),
    ("13900000008", "苏敏", "support_agent", None, None),
    ("13900000009", "冯佩", "credit_officer", None, None),
    ("13900000010", "何桂香", None, None, "changan"),
    ("13900000011", "罗敏", "credit_officer", None, None),
]


def create_demo_people(actor: Actor, password_hash: str) -> None:
    """The demonstration's people that are not there yet; `password_hash` serves all."""
    for phone, name, role, organisation, town in DEMO_PEOPLE:
        if find_person_by_phone(phone):
            continue
        person = register_person(actor, phone=phone, password_hash=password_hash, name=name, terms_version="demo",
                                 is_demo=True, town_slug=town)
        if role:
            grant_role(actor, person, role, organisation)
