"""What the credit bank awarded, and where it went with its person."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment
from guanxue.creditbank.credit_rules import CreditRules


class Award(Model):
    """The ledger entry of a learning outcome, and the code by which anybody can check it. `key` is once in its source."""

    __tablename__ = "creditbank_award"
    __table_args__ = (UniqueConstraint("source", "key"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    key: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    entry_number: Mapped[int] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    code: Mapped[str] = mapped_column(unique=True)
    awarded_at: Mapped[datetime] = mapped_column(UtcMoment)

    @property
    def item(self) -> str:
        """What was awarded as plans of merges name it: "course:12" by the row id at the end of the key."""
        return f"{self.source}:{self.key.rpartition(':')[2]}"


class Move(Model):
    """An award followed its person to another account, or went back. The award and its entry stay what they were.

    `step` is "merged", "parted", or "returned" (before an award that had moved is reversed or expires). `off_entry` takes the
    credit off one account, `on_entry` puts it on the other; where a rule allowed it only once there is no second, and `rule`
    names it.
    """

    __tablename__ = "creditbank_move"
    __table_args__ = (UniqueConstraint("merge_code", "award_id", "step"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    merge_code: Mapped[str]
    award_id: Mapped[int] = mapped_column(ForeignKey("creditbank_award.id"), index=True)
    step: Mapped[str]
    rule: Mapped[str] = mapped_column(default="")
    from_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    to_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    off_entry: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    on_entry: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    moved_at: Mapped[datetime] = mapped_column(UtcMoment)


class Rejudgement(Model):
    """An outcome is judged once more, and earns what it lacks: an appeal was upheld, or a taking back left room for the rest.

    `source` and `key` are the outcome's own; `why` is "appeal" or "room"; what is given is an award of the source "rejudged".
    """

    __tablename__ = "creditbank_rejudgement"
    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str]
    key: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    why: Mapped[str]
    reason: Mapped[str]
    authority: Mapped[str]
    by: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(UtcMoment)


class CreditPolicy(Model):
    """A version of the city's rules of crediting, for what is finished from the city day `effective_on` on."""

    __tablename__ = "creditbank_policy"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(unique=True)
    title: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    effective_on: Mapped[date]
    published_at: Mapped[datetime] = mapped_column(UtcMoment)

    @cached_property
    def rules(self) -> CreditRules:
        """The document with names."""
        return CreditRules.from_document(self.document)

    @property
    def name(self) -> str:
        """"credit/1": how entries and pages name it."""
        return f"credit/{self.version}"


append_only(Award)
append_only(Move)
append_only(Rejudgement)
append_only(CreditPolicy)
