"""Tickets and what was said in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import JsonDocument, Model, UtcMoment

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"


class Ticket(Model):
    """Somebody asked for help. `context` is what the page and the server knew then; `contact` a visitor's phone number.

    Open: staff is to speak next; answered: the asker is; closed: neither. A visitor's ticket has no person and is opened by
    its code alone, which nobody can guess.
    """

    __tablename__ = "helpdesk_ticket"
    __table_args__ = (Index("ix_helpdesk_ticket_state_asked_at", "state", "asked_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    contact: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    topic: Mapped[str]
    context: Mapped[dict] = mapped_column(JsonDocument)
    state: Mapped[str] = mapped_column(default=OPEN)
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)  # when the oldest words nobody has answered were said
    opened_at: Mapped[datetime] = mapped_column(UtcMoment)
    answered_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    closed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Message(Model):
    """Something said in a ticket, by the asker (`person_id` None for a visitor) or by staff."""

    __tablename__ = "helpdesk_message"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("helpdesk_ticket.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    is_staff: Mapped[bool]
    text: Mapped[str]
    said_at: Mapped[datetime] = mapped_column(UtcMoment)
