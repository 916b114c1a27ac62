"""Tables of people, roles, sessions and organisations."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import JsonDocument, Model, UtcMoment


class Organisation(Model):
    """A town, sub-district or park; later schools, enterprises and bureaux.

    `map_column` and `map_row` are its place on the city's schematic map (from 0), not a coordinate.
    """

    __tablename__ = "accounts_organisation"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # street, town, park
    name: Mapped[str]
    short_name: Mapped[str] = mapped_column(default="")
    name_en: Mapped[str]
    division_code: Mapped[str]
    industries: Mapped[list] = mapped_column(JsonDocument)
    industries_en: Mapped[list] = mapped_column(JsonDocument)
    position: Mapped[int] = mapped_column(default=0)
    map_column: Mapped[int | None]
    map_row: Mapped[int | None]


class Person(Model):
    """Somebody with a phone number. `password_hash` is argon2id; a disabled person cannot sign in."""

    __tablename__ = "accounts_person"
    id: Mapped[int] = mapped_column(primary_key=True)
    phone: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    town_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_organisation.id"))
    is_demo: Mapped[bool] = mapped_column(default=False)
    terms_version: Mapped[str] = mapped_column(default="")
    accepted_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcMoment)
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
    """A signed-in browser or program. Only the key's sha256 is kept."""

    __tablename__ = "accounts_session"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    key_hash: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]  # web, bearer
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    last_seen_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    device: Mapped[str] = mapped_column(default="")


class SigninFailure(Model):
    """A wrong password, counted by phone and by address; rows older than a day are dropped."""

    __tablename__ = "accounts_signin_failure"
    __table_args__ = (Index("ix_accounts_signin_failure_key_at", "key", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)
