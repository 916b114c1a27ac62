"""Finding tickets: the asker's own, and those that wait for staff."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.helpdesk.errors import NoSuchTicket
from guanxue.helpdesk.models import OPEN, Message, Ticket

PER_PAGE = 30


def get_ticket(actor: Actor, code: str) -> Ticket:
    """A ticket the actor may read: their own, a visitor's by its code, any one for staff. Raises NoSuchTicket."""
    ticket = session.scalar(select(Ticket).where(Ticket.code == code))
    if ticket is None or not (ticket.person_id is None or ticket.person_id == actor.id or actor.may("support")):
        raise NoSuchTicket(_("没有这条求助，可能是网址写错了。"))
    return ticket


def list_messages(ticket: Ticket) -> list[Message]:
    """What was said, in order."""
    return list(session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)))


def list_mine(person_id: int) -> list[Ticket]:
    """The person's tickets, the newest first."""
    return list(session.scalars(select(Ticket).where(Ticket.person_id == person_id).order_by(Ticket.id.desc()).limit(50)))


def list_tickets(state: str, page: int = 1) -> Page[Ticket]:
    """Tickets in a state; open ones by who has waited longest, others newest first."""
    total = session.scalar(select(func.count()).select_from(Ticket).where(Ticket.state == state)) or 0
    order = (Ticket.asked_at, Ticket.id) if state == OPEN else (Ticket.asked_at.desc(), Ticket.id.desc())
    rows = session.scalars(select(Ticket).where(Ticket.state == state).order_by(*order)
                           .offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def first_words(ticket_ids: list[int]) -> dict[int, str]:
    """How each of these tickets begins, by ticket id."""
    first = select(func.min(Message.id)).where(Message.ticket_id.in_(ticket_ids)).group_by(Message.ticket_id)
    return dict(session.execute(select(Message.ticket_id, Message.text).where(Message.id.in_(first))).all())


def count_open() -> int:
    """How many wait for staff."""
    return session.scalar(select(func.count()).select_from(Ticket).where(Ticket.state == OPEN)) or 0


def count_answered(person_id: int) -> int:
    """How many of the person's tickets have an answer they may not have read."""
    return session.scalar(select(func.count()).select_from(Ticket)
                          .where(Ticket.person_id == person_id, Ticket.state == "answered")) or 0


def count_since(moment: datetime, *, person_id: int | None = None, address: str = "") -> int:
    """How many tickets a person, or a visitor's address, has opened since."""
    whose = Ticket.person_id == person_id if person_id is not None else Ticket.address == address
    return session.scalar(select(func.count()).select_from(Ticket).where(whose, Ticket.opened_at > moment)) or 0


def count_words_since(ticket: Ticket, moment: datetime) -> int:
    """How often the asker has spoken in a ticket since."""
    return session.scalar(select(func.count()).select_from(Message).where(
        Message.ticket_id == ticket.id, Message.is_staff.is_(False), Message.said_at > moment)) or 0
