"""Published versions of targets, who chose which, and what a scheme rewarded."""

from __future__ import annotations

from datetime import date, datetime
from functools import cached_property

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment
from guanxue.programmes.rules import Target, read_target


class Programme(Model):
    """Version `version` of the programme or scheme `code`, holding from the city day `effective_on`."""

    __tablename__ = "programmes_programme"
    __table_args__ = (UniqueConstraint("code", "version"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    kind: Mapped[str]
    title: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    effective_on: Mapped[date]
    published_at: Mapped[datetime] = mapped_column(UtcMoment)

    @cached_property
    def target(self) -> Target:
        """Its document as rules read it."""
        return read_target(self.document)

    @property
    def name(self) -> str:
        """"dual-certificate/1": how marks and audit lines name it."""
        return f"{self.code}/{self.version}"


class Goal(Model):
    """Somebody chose a target, and may have left it."""

    __tablename__ = "programmes_goal"
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    chosen_at: Mapped[datetime] = mapped_column(UtcMoment)
    left_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Reward(Model):
    """A scheme's reward to somebody in a window: the `ordinal`-th of that person in the scheme, ever. Append-only."""

    __tablename__ = "programmes_reward"
    __table_args__ = (UniqueConstraint("code", "person_id", "ordinal"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    version: Mapped[int]
    window: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    ordinal: Mapped[int]
    marked_by: Mapped[str]
    marked_at: Mapped[datetime] = mapped_column(UtcMoment)


class Use(Model):
    """How much of a credit, named by the code it is verified by, a reward rests on. The credit stays. Append-only."""

    __tablename__ = "programmes_use"
    __table_args__ = (UniqueConstraint("reward_id", "credit_code"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    reward_id: Mapped[int] = mapped_column(ForeignKey("programmes_reward.id"))
    credit_code: Mapped[str] = mapped_column(index=True)
    millicredits: Mapped[int]


append_only(Programme)
append_only(Reward)
append_only(Use)
