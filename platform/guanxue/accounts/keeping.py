"""What this room tells a person about themselves, and forgets when they go."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, or_, select, update

from guanxue import audit
from guanxue.accounts import consent, kept_numbers, levels, naming, people
from guanxue.accounts.erasure import TIME_TO_RETURN
from guanxue.accounts.events import PersonRenamed
from guanxue.accounts.keepers import Effect
from guanxue.accounts.models import (
    FormerName,
    IdentityCheck,
    Merge,
    Organisation,
    Person,
    RecoveryCode,
    Role,
    SecondFactor,
    Session,
    SigninFailure,
    SmsCode,
    StatedDocument,
)
from guanxue.accounts.queries import get_person
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _

# Table → where export() tells of it.
KEEPS = {
    "accounts_person": "account", "accounts_role": "roles", "accounts_session": "sessions",
    "accounts_stated_document": "documents", "accounts_identity_check": "identity_steps",
    "accounts_kept_number": "documents",  # of the erased alone, whom nobody exports
    "accounts_consent": "consents", "accounts_former_name": "former_names", "accounts_merge": "merges",
    "accounts_second_factor": "second_factor", "accounts_recovery_code": "second_factor",
}
NUMBERS_STAY_SINCE = date(2026, 11, 27)  # the edition of the privacy notice that tells of it
NOBODY = "!"  # no password has this hash


def export(person_id: int) -> dict:
    """Everything this room and the audit trail keep of the person; secrets (password, app, codes) only as facts."""
    person = get_person(person_id)
    town = session.get(Organisation, person.town_id) if person.town_id else None
    factor = session.get(SecondFactor, person_id)
    return {
        "account": {"id": person.id, "name": person.name, "phone": person.phone or "", "town": town.name if town else "",
                    "registered_at": person.created_at.isoformat(), "has_password": person.password_hash != NOBODY},
        "former_names": [{"name": f.name, "until_at": f.until_at.isoformat(), "reason": f.reason}
                         for f in naming.list_former_names(person_id)],
        "identity": {"level": levels.level_of(person_id)}, **_identity(person_id),
        "roles": [{"role": role, "organisation": name} for role, name in people.roles_of(person_id)],
        "consents": [{"purpose": c.purpose, "version": c.version, "is_given": c.is_given, "at": c.at.isoformat()}
                     for c in consent.list_consents(person_id)],
        "sessions": [_session(s) for s in session.scalars(
            select(Session).where(Session.person_id == person_id).order_by(Session.id.desc()))],
        "second_factor": {"since": factor.confirmed_at.isoformat()} if factor and factor.confirmed_at else {},
        "merges": [{"code": m.code, "merged_at": m.merged_at.isoformat(),
                    "parted_at": m.parted_at.isoformat() if m.parted_at else ""} for m in _merges(person_id)],
        "looks": [{"what": look.what, "reason": look.reason, "at": look.at.isoformat()} for look in consent.list_looks(person)],
        "trail": _trail(person),
    }


def _identity(person_id: int) -> dict:
    """The person's documents masked, and each step in knowing who they are without the one who took it."""
    steps = session.scalars(select(IdentityCheck).where(IdentityCheck.person_id == person_id).order_by(IdentityCheck.id))
    return {
        "documents": [{"kind": k.document.kind, "country": k.document.country, "number_masked": k.document.masked,
                       "stated_at": k.document.stated_at.isoformat(), "level": k.level} for k in levels.list_known(person_id)],
        "identity_steps": [{"step": f"document.{s.step}", "at": s.at.isoformat(),
                            "looked_on": s.looked_on.isoformat() if s.looked_on else "",
                            "place": s.place, "what": s.what, "reference": s.reference, "note": s.note} for s in steps],
    }


def _session(s: Session) -> dict:
    return {"kind": s.kind, "device": s.device, "created_at": s.created_at.isoformat(),
            "last_seen_at": s.last_seen_at.isoformat(), "ended_at": s.revoked_at.isoformat() if s.revoked_at else ""}


def _merges(person_id: int) -> list[Merge]:
    return list(session.scalars(select(Merge).where(or_(Merge.kept_id == person_id, Merge.merged_id == person_id))
                                .order_by(Merge.id)))


def _trail(person: Person) -> list[dict]:
    """What was done to the person, and what they did: never who else had a part in it."""
    lines = audit.list_lines_about(person.ref, limit=5000)
    return [{"at": x.at.isoformat(), "action": x.action, "subject": _subject(x, person), "by_me": x.actor == person.ref}
            for x in lines]


def _subject(line: audit.AuditLine, person: Person) -> str:
    """What a line of the person's own was about; another person is not named."""
    is_other = line.subject.startswith("person:") and line.subject != person.ref
    return line.subject if line.actor == person.ref and not is_other else ""


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget who the person is. The row stays, so that records can name it; consents stay as proof that they were given."""
    person = get_person(person_id)
    phone = person.phone
    session.execute(delete(SigninFailure).where(SigninFailure.key == f"phone:{phone}"))
    session.execute(delete(SmsCode).where(SmsCode.phone == (phone or "")))
    if _could_know(person):
        kept_numbers.keep_numbers(person_id)
    for table in (Session, Role, SecondFactor, RecoveryCode, StatedDocument, FormerName):
        session.execute(delete(table).where(table.person_id == person_id))
    session.execute(update(IdentityCheck).where(IdentityCheck.person_id == person_id).values(note="", reference=""))
    person.name, person.phone, person.password_hash, person.town_id = f"{naming.ERASED} {person_id}", None, NOBODY, None
    person.phone_proved_at = person.phone_disputed_at = person.seen_at = None
    person.erased_at = person.disabled_at = clock.now()
    session.flush()
    events.emit(PersonRenamed(person_id))
    return left(person_id)


def _could_know(person: Person) -> bool:
    """Could the person read that something of their numbers stays, when they asked to be forgotten?"""
    asked_before = person.erase_after_at and clock.city_day(person.erase_after_at - TIME_TO_RETURN) < NUMBERS_STAY_SINCE
    return not asked_before


def left(person_id: int) -> list[Effect]:
    """What stays of an erased person in this room, and why; also told before."""
    until = kept_numbers.kept_until(person_id) if _could_know(get_person(person_id)) else None
    numbers = [] if until is None else [Effect("number.kept", f"person:{person_id}", _(
        "你领过要凭证件才给的学分：证件号只留开头几位和一串认不出原号的校验码，不留姓名，%(day)s 以后删掉。用来查账；"
        "用同一个证件再开账号，同一门课、同一项竞赛不再给学分，同一个职业的证书只补差额。", day=until.isoformat()))]
    return [
        *numbers,
        Effect("consent.kept", "accounts", _("你同意过什么、什么时候同意的，以“已注销用户”保留：这是当时得到过同意的凭据。")),
        Effect("trail.kept", "audit", _("操作记录以“已注销用户”保留：记录只增不改，用来查明每个学分的来历。")),
    ]
