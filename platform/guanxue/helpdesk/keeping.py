"""What this room tells a person about their calls for help, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import and_, delete, or_, select

from guanxue import accounts
from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.helpdesk.models import Message, Ticket

# Table → where export() tells of it.
KEEPS = {"helpdesk_ticket": "tickets", "helpdesk_message": "tickets"}


def export(person_id: int) -> dict:
    """The person's tickets with everything said in them."""
    spoken_in = select(Message.ticket_id).where(Message.person_id == person_id, Message.is_staff.is_(False))
    is_mine = or_(Ticket.person_id == person_id, and_(Ticket.person_id.is_(None), Ticket.id.in_(spoken_in)))
    mine = session.scalars(select(Ticket).where(is_mine).order_by(Ticket.id))
    return {"tickets": [{"code": t.code, "topic": t.topic, "opened_at": t.opened_at.isoformat(),
                         "context": t.context if t.person_id else {}, "messages": _messages(t, person_id)} for t in mine]}


def _messages(ticket: Ticket, person_id: int) -> list[dict]:
    """The whole thread of the person's own ticket; of a visitor's only their words."""
    query = select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)
    rows = session.scalars(query if ticket.person_id else query.where(Message.person_id == person_id))
    return [{"is_staff": m.is_staff, "text": m.text, "said_at": m.said_at.isoformat()} for m in rows]


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget the person's own tickets, also those asked before signing in. What they said as staff stays with the askers."""
    phone = accounts.get_person(person_id).phone
    is_mine = or_(Ticket.person_id == person_id, Ticket.contact == (phone or "-"))
    mine = select(Ticket.id).where(is_mine)
    session.execute(delete(Message).where(Message.ticket_id.in_(mine)).execution_options(synchronize_session=False))
    session.execute(delete(Ticket).where(is_mine))
    said = (Message.person_id == person_id, Message.is_staff.is_(False))  # in a visitor's ticket, whose code they held
    session.execute(delete(Message).where(*said).execution_options(synchronize_session=False))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """Nothing of one's own stays."""
    return []
