"""Certificates that ask for credit, their pictures, what was done about them, tables of them, and what they are worth."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment
from guanxue.recognition.conversion import Table
from guanxue.recognition.rules import WAITING


class Conversion(Model):
    """Version `version` of what certificates are worth, holding from that day of the city on."""

    __tablename__ = "recognition_conversion"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    document: Mapped[dict] = mapped_column(JsonDocument)
    effective_on: Mapped[date]
    published_by: Mapped[str]
    published_at: Mapped[datetime] = mapped_column(UtcMoment)

    @cached_property
    def table(self) -> Table:
        """Its numbers."""
        return Table.from_document(self.document)

    @property
    def name(self) -> str:
        """"certificates/1": how entries name it."""
        return f"certificates/{self.version}"


class Contest(Model):
    """A competition as checkers named it: results of one contest and year are one outcome. `key` is its folded name."""

    __tablename__ = "recognition_contest"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(UtcMoment)


class Batch(Model):
    """A table of certificates that an officer or a town brought. `digest` is that of its lines: the same table is one batch."""

    __tablename__ = "recognition_batch"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str] = mapped_column(unique=True)
    filename: Mapped[str]
    count: Mapped[int]
    brought_by: Mapped[str]
    brought_at: Mapped[datetime] = mapped_column(UtcMoment)


class Filing(Model):
    """A certificate that asks for credit. `level` 5…1, 0 for 特级技师; `scope`, `rank`, `contest`, `team_size` of competitions.

    `state` is where it stands now, all that happened is in its steps. `contest_id` is which contest a checker says it was,
    `credited_to_id` the account that it was approved for: the one that its person signed in with then. The number is sealed,
    found by its keyed hash; both go with an erased person, but the hash of what was approved stays.
    """

    __tablename__ = "recognition_filing"
    __table_args__ = (Index("ix_recognition_filing_state_filed_at", "state", "filed_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    kind: Mapped[str]
    number_hash: Mapped[str | None] = mapped_column(index=True)
    number_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    number_masked: Mapped[str]
    occupation_id: Mapped[int | None] = mapped_column(ForeignKey("standards_occupation.id"))
    level: Mapped[int | None]
    contest: Mapped[str] = mapped_column(default="")
    contest_id: Mapped[int | None] = mapped_column(ForeignKey("recognition_contest.id"))
    scope: Mapped[str] = mapped_column(default="")
    rank: Mapped[int | None]
    team_size: Mapped[int] = mapped_column(default=1)
    issuer: Mapped[str]
    issued_on: Mapped[date]
    conversion_id: Mapped[int] = mapped_column(ForeignKey("recognition_conversion.id"))
    batch_id: Mapped[int | None] = mapped_column(ForeignKey("recognition_batch.id"), index=True)
    filed_by: Mapped[str]
    filed_at: Mapped[datetime] = mapped_column(UtcMoment)
    state: Mapped[str] = mapped_column(default=WAITING)
    credited_to_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)

    @property
    def ref(self) -> str:
        """"filing:AB12…": how cases and the trail name it."""
        return f"filing:{self.code}"


class Proof(Model):
    """A picture or PDF of a certificate, sealed on the disk. Without a filing it waits for its form; `gone_at`: deleted."""

    __tablename__ = "recognition_proof"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    filing_id: Mapped[int | None] = mapped_column(ForeignKey("recognition_filing.id"), index=True)
    form: Mapped[str]  # jpg, png, pdf
    size_bytes: Mapped[int]
    digest: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(UtcMoment)
    gone_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Step(Model):
    """Something happened to a certificate: filed, disputed, looked-up, approved, refused, reopened, withdrawn, seen,
    take-back-asked, take-back-dropped, taken-back.

    Of a look-up: `source` (rules.SOURCES), `looked_on`, `found` (rules.FOUND), `reference`. `text` is for the person to read.
    `detail`: of a filing the digests of its pictures, of a decision its look-up, of a refusal its reason.
    """

    __tablename__ = "recognition_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    filing_id: Mapped[int] = mapped_column(ForeignKey("recognition_filing.id"), index=True)
    step: Mapped[str]
    source: Mapped[str] = mapped_column(default="")
    looked_on: Mapped[date | None]
    found: Mapped[str] = mapped_column(default="")
    reference: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict] = mapped_column(JsonDocument, default=dict)
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Look(Model):
    """An officer opened a certificate's number and pictures, and why."""

    __tablename__ = "recognition_look"
    id: Mapped[int] = mapped_column(primary_key=True)
    filing_id: Mapped[int] = mapped_column(ForeignKey("recognition_filing.id"), index=True)
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Use(Model):
    """A number that has earned its credit: its key is there once, so two approvals at the same moment are one. Taking the
    recognition back gives the number free again."""

    __tablename__ = "recognition_use"
    filing_id: Mapped[int] = mapped_column(ForeignKey("recognition_filing.id"), primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)


append_only(Conversion)
append_only(Contest)
append_only(Batch)
append_only(Filing, free=("state", "contest_id", "number_hash", "number_sealed"), may_fill=("credited_to_id",))
append_only(Proof, may_fill=("filing_id", "gone_at"), may_go="gone_at")
append_only(Step)
append_only(Look)
