"""What was issued, what was taken back, who was told what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import Model, UtcMoment


class Credential(Model):
    """A credential was issued for an award, or for a statement of the whole account (its `code` is then its own).

    `serial` is the code with the number of the edition: a corrected name makes a further edition of the same award, and this
    one is replaced by it. `digest` is the SHA-256 of the signed file, which says everything else. `entry_number` is the
    award's entry: what reverses it revokes the credential. `reason` says why there was a further edition (renamed, identified).
    """

    __tablename__ = "credentials_credential"
    __table_args__ = (UniqueConstraint("code", "edition"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(unique=True)
    code: Mapped[str]
    edition: Mapped[int]
    kind: Mapped[str]  # course, class, statement
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    entry_number: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), index=True)
    title: Mapped[str]
    status_index: Mapped[int] = mapped_column(unique=True)
    key_id: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    reason: Mapped[str] = mapped_column(default="")
    issued_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class CredentialFile(Model):
    """The signed file of a credential, with its holder's name: the same bytes whenever it is fetched. Goes with its person."""

    __tablename__ = "credentials_file"
    credential_id: Mapped[int] = mapped_column(ForeignKey("credentials_credential.id"), primary_key=True)
    token: Mapped[str]


class Revocation(Model):
    """A credential was revoked while its credit stands (a reversal revokes by itself, an edition replaces the one before)."""

    __tablename__ = "credentials_revocation"
    credential_id: Mapped[int] = mapped_column(ForeignKey("credentials_credential.id"), primary_key=True)
    reason: Mapped[str]
    authority: Mapped[str]
    by: Mapped[str]
    revoked_at: Mapped[datetime] = mapped_column(UtcMoment)


class Look(Model):
    """Somebody typed a name or four digits beside a code, to see whether they are the holder's. Told to the holder.

    Nothing of what was typed or of who typed it is kept. `way` is name or digits.
    """

    __tablename__ = "credentials_look"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    way: Mapped[str]
    is_match: Mapped[bool]
    looked_at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(Credential)
append_only(Revocation)
