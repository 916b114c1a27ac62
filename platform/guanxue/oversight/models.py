"""From where people studied, registered training rooms, and what the detectors found."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Sighting(Model):
    """A playback or an attempt was opened from that browser and network: hashes with the site's key, "" where it is not known.

    Forgotten after thresholds.KEPT_FOR; equal hashes are all that can be told from them.
    """

    __tablename__ = "oversight_sighting"
    __table_args__ = (Index("ix_oversight_sighting_person_at", "person_id", "at"),
                      Index("ix_oversight_sighting_device", "device"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    ref: Mapped[str] = mapped_column(index=True)
    device: Mapped[str]
    network: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment, index=True)


class Room(Model):
    """A training room, where many people study on the same machines behind the same line, as they should."""

    __tablename__ = "oversight_room"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    place: Mapped[str] = mapped_column(default="")
    opened_by: Mapped[str]
    opened_at: Mapped[datetime] = mapped_column(UtcMoment)
    closed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class RoomMark(Model):
    """A machine ("device") or a line ("network") of a training room, by its hash, from when to when it belongs there."""

    __tablename__ = "oversight_room_mark"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("oversight_room.id"), index=True)
    kind: Mapped[str]
    value: Mapped[str] = mapped_column(index=True)
    label: Mapped[str] = mapped_column(default="")
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(UtcMoment)
    removed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Finding(Model):
    """A detector found something a person should look at; it changes nothing by itself. Answered once: dismissed, or a case.

    `key` makes the same occasion one finding; `refs` open its evidence, `facts` are its figures in plain values, `version` the
    thresholds it was found by.
    """

    __tablename__ = "oversight_finding"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    score: Mapped[int]  # how far beyond the threshold, in percent of it
    refs: Mapped[list] = mapped_column(JsonDocument)
    facts: Mapped[dict] = mapped_column(JsonDocument)
    version: Mapped[int]
    found_at: Mapped[datetime] = mapped_column(UtcMoment)
    answer: Mapped[str | None] = mapped_column(index=True)  # dismissed, case
    reason: Mapped[str | None]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases_case.id"))
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class FindingPerson(Model):
    """Somebody a finding is about."""

    __tablename__ = "oversight_finding_person"
    finding_id: Mapped[int] = mapped_column(ForeignKey("oversight_finding.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)


append_only(RoomMark, may_fill=("removed_at",))
append_only(Finding, may_fill=("answer", "reason", "case_id", "answered_by", "answered_at"))
append_only(FindingPerson)
