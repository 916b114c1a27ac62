"""Cases: what is claimed about what, who is concerned, on what evidence, and everything that was said and decided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.cases.rules import OPEN
from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Case(Model):
    """Somebody claims something about a record ("award:K7…", "person:17"). `state` and the days are where it stands now; all
    that happened is in its steps. `hear_until_on`: until then those concerned are waited for before it may be upheld; `due_on`:
    by then it is decided; `appeal_until_on`: the last day to appeal. `key` makes the same occasion one case.
    """

    __tablename__ = "cases_case"
    __table_args__ = (Index("ix_cases_case_state_due_on", "state", "due_on"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    claim: Mapped[str]
    key: Mapped[str | None] = mapped_column(unique=True)
    opened_by: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(UtcMoment)
    hear_until_on: Mapped[date]
    state: Mapped[str] = mapped_column(default=OPEN)
    due_on: Mapped[date]
    appeal_until_on: Mapped[date | None]


class Party(Model):
    """Somebody whom a case concerns: they read it, answer, are written to and may appeal."""

    __tablename__ = "cases_party"
    case_id: Mapped[int] = mapped_column(ForeignKey("cases_case.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)


class Exhibit(Model):
    """Something a case rests on, by its reference ("playback:12"); rooms above say how each kind is opened (openers.py)."""

    __tablename__ = "cases_exhibit"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases_case.id"), index=True)
    ref: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(UtcMoment)


class Step(Model):
    """Something happened in a case: opened, said, asked, added, decided, appealed, accepted, seen, withdrawn, closed,
    carried-out.

    `detail` of a decision: result, follows (a sentence), effects [{"what", "ref", "words"}], number (1, or 2 on an appeal),
    appeal_until (ISO day or ""), exhibits (how many there were then); of evidence added later: refs, hear_until (ISO day).
    """

    __tablename__ = "cases_step"
    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases_case.id"), index=True)
    step: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    detail: Mapped[dict] = mapped_column(JsonDocument, default=dict)
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(Case, free=("state", "due_on", "appeal_until_on"))
append_only(Party)
append_only(Exhibit)
append_only(Step)
