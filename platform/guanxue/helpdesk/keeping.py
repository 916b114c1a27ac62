"""What this room tells a person about their calls for help, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import delete, or_, select

from guanxue import accounts
from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.helpdesk.models import Message, Ticket

# Table → where export() tells of it.
KEEPS = {"helpdesk_ticket": "tickets", "helpdesk_message": "tickets"}


def export(person_id: int) -> dict:
    """The person's tickets with everything said in them."""
    mine = session.scalars(select(Ticket).where(Ticket.person_id == person_id).order_by(Ticket.id))
    return {"tickets": [{"code": t.code, "topic": t.topic, "opened_at": t.opened_at.isoformat(),
                         "context": t.context, "messages": _messages(t)} for t in mine]}


def _messages(ticket: Ticket) -> list[dict]:
    rows = session.scalars(select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id))
    return [{"is_staff": m.is_staff, "text": m.text, "said_at": m.said_at.isoformat()} for m in rows]


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget the person's own tickets, also those asked before signing in. What they said as staff stays with the askers."""
    phone = accounts.get_person(person_id).phone
    is_mine = or_(Ticket.person_id == person_id, Ticket.contact == (phone or "-"))
    mine = select(Ticket.id).where(is_mine)
    session.execute(delete(Message).where(Message.ticket_id.in_(mine)).execution_options(synchronize_session=False))
    session.execute(delete(Ticket).where(is_mine))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """Nothing of one's own stays."""
    return []
