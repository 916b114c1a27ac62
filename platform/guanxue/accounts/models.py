"""Tables of people, roles, sessions and organisations."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Organisation(Model):
    """A town, sub-district or park; a school, an enterprise, a bureau, an association.

    `map_column` and `map_row` are a town's place on the city's schematic map (from 0), not a coordinate. Who is `closed_at`
    keeps what it has and gets nothing new.
    """

    __tablename__ = "accounts_organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # street, town, park; school, enterprise, bureau, association
    name: Mapped[str]
    short_name: Mapped[str] = mapped_column(default="")
    name_en: Mapped[str]
    division_code: Mapped[str]
    industries: Mapped[list] = mapped_column(JsonDocument)
    industries_en: Mapped[list] = mapped_column(JsonDocument)
    position: Mapped[int] = mapped_column(default=0)
    map_column: Mapped[int | None]
    map_row: Mapped[int | None]
    closed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Person(Model):
    """Somebody who signs in with a phone number. `password_hash` is argon2id; a disabled person cannot sign in.

    `phone` is None once the number was given up (it went to another person, or the account was deleted). `phone_proved_at`
    is when a code sent to it last came back; `phone_disputed_at` when somebody else proved the number and said that it was
    not theirs before; `seen_at` is kept to the hour. A person merged into another, or deleted, stays
    as a row that records can name.
    """

    __tablename__ = "accounts_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(unique=True)
    phone_proved_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    phone_disputed_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    name: Mapped[str]
    password_hash: Mapped[str]
    town_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_organisation.id"))
    is_demo: Mapped[bool] = mapped_column(default=False)
    terms_version: Mapped[str] = mapped_column(default="")
    accepted_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"))
    erase_after_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    erased_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    seen_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)

    @property
    def ref(self) -> str:
        """"person:17": how rooms below name the person."""
        return f"person:{self.id}"


class Role(Model):
    """A person's role, within an organisation where the role has one."""

    __tablename__ = "accounts_role"
    __table_args__ = (UniqueConstraint("person_id", "role", "organisation_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    role: Mapped[str]
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_organisation.id"))


class Session(Model):
    """A signed-in browser or program. Only the key's sha256 is kept. `proved_at`: when a second factor was last shown.

    `method` is what opened it (password, code, register); None for sessions older than the question.
    """

    __tablename__ = "accounts_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # web, bearer
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    last_seen_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    proved_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    method: Mapped[str | None]
    device: Mapped[str] = mapped_column(default="")


class SigninFailure(Model):
    """A wrong password, counted by phone and by address; rows older than a day are dropped."""

    __tablename__ = "accounts_signin_failure"
    __table_args__ = (Index("ix_accounts_signin_failure_key_at", "key", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class SmsCode(Model):
    """A code that was sent to a number for one purpose. Only its keyed hash is kept; rows are what the limits count."""

    __tablename__ = "accounts_sms_code"
    __table_args__ = (Index("ix_accounts_sms_code_phone_sent_at", "phone", "sent_at"),
                      Index("ix_accounts_sms_code_address_sent_at", "address", "sent_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str]
    purpose: Mapped[str]
    address: Mapped[str]
    code_hash: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class SecondFactor(Model):
    """A person's authenticator app (RFC 6238). `last_step` is the newest time step a code was taken for: once each."""

    __tablename__ = "accounts_second_factor"
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class RecoveryCode(Model):
    """One of the codes on paper that stand in for a lost authenticator, once each. Only the keyed hash is kept."""

    __tablename__ = "accounts_recovery_code"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class StatedDocument(Model):
    """A document that a person stated: sealed, found by its keyed hash, shown masked. One document, one person.

    A corrected number is a new row in the place of the old, which goes: a wrong number may be somebody else's. A further
    document stands beside the first, and both stay with the person. `code` stays the same when the row follows its person to
    another account; what was checked names it. `asked_at` is since when somebody waits for an officer to look at it.
    """

    __tablename__ = "accounts_stated_document"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    kind: Mapped[str]  # kinds.KINDS
    country: Mapped[str] = mapped_column(default="")  # two letters of ISO 3166-1, of a passport alone
    number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    number_hash: Mapped[str] = mapped_column(unique=True)
    masked: Mapped[str]
    stated_at: Mapped[datetime] = mapped_column(UtcMoment)
    asked_at: Mapped[datetime | None] = mapped_column(UtcMoment, index=True)


class KeptNumber(Model):
    """What stays of a number that an erased person had stated, until the end of `until_on` (kept_numbers.py)."""

    __tablename__ = "accounts_kept_number"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    kind: Mapped[str]
    number_hash: Mapped[str] = mapped_column(index=True)
    masked: Mapped[str]
    until_on: Mapped[date]


class IdentityCheck(Model):
    """A step in knowing who somebody is, only added to: levels are worked out from these (levels.py), nowhere else.

    `step`: stated, corrected, removed, asked; seen, refused, matched, mismatched, unanswered; withdrawn (the check `of_id` was
    wrong), lapsed (all before it); disputed and claimed. `what` is what was looked at or why, as a word of rules; `note` is an
    officer's own sentence, `reference` a service's number for its answer: both go when the person is erased. No
    pictures, no numbers.
    """

    __tablename__ = "accounts_identity_check"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    document_code: Mapped[str] = mapped_column(index=True)
    step: Mapped[str]
    by: Mapped[str]
    of_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_identity_check.id"))
    what: Mapped[str] = mapped_column(default="")
    place: Mapped[str] = mapped_column(default="")
    looked_on: Mapped[date | None]
    reference: Mapped[str] = mapped_column(default="")
    note: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Consent(Model):
    """A person said yes (or no again) to one purpose, under one version of the document they were shown. Only added to."""

    __tablename__ = "accounts_consent"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    purpose: Mapped[str]
    version: Mapped[str]
    is_given: Mapped[bool]
    source: Mapped[str]  # register, api, settings
    at: Mapped[datetime] = mapped_column(UtcMoment)


class FormerName(Model):
    """A name that was corrected: what was issued before `until_at` bears it. Not append-only: a deletion takes it along."""

    __tablename__ = "accounts_former_name"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    name: Mapped[str]
    reason: Mapped[str]
    by: Mapped[str]
    until_at: Mapped[datetime] = mapped_column(UtcMoment)


class Merge(Model):
    """Two accounts of one person made one. `document` is what each room moved, so that it can be parted again."""

    __tablename__ = "accounts_merge"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kept_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    merged_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    by: Mapped[str]
    reason: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    merged_at: Mapped[datetime] = mapped_column(UtcMoment)
    parted_at: Mapped[datetime | None] = mapped_column(UtcMoment)


append_only(Consent)
append_only(IdentityCheck, free=("note", "reference"))
append_only(Merge, may_fill=("parted_at",))
