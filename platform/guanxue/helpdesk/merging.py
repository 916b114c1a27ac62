"""Tickets of two accounts of one person: the thread goes on where the person is."""

from __future__ import annotations

from sqlalchemy import select, update

from guanxue.accounts import Effect, Merging, Plan
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.helpdesk.models import Message, Ticket


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """All tickets of the account that goes in."""
    ids = tuple(session.scalars(select(Ticket.id).where(Ticket.person_id == merged_id).order_by(Ticket.id)))
    told = (Effect("tickets.moved", "helpdesk", _("%(n)s 条求助转过来。", n=len(ids)), len(ids)),) if ids else ()
    return Plan(told, ids)


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan; gives the tickets that moved."""
    _give(plan.steps, merging.merged_id, merging.kept_id)
    return {"tickets": list(plan.steps)}


def plan_part(merging: Merging, documents: dict) -> Plan:
    """The tickets that came along go back."""
    ids = tuple(documents.get("helpdesk", {"tickets": []})["tickets"])
    return Plan((Effect("tickets.returned", "helpdesk", _("合并时转过来的求助还回去。"), len(ids)),) if ids else (), ids)


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    _give(plan.steps, merging.kept_id, merging.merged_id)


def _give(ticket_ids: tuple[int, ...], from_id: int, to_id: int) -> None:
    session.execute(update(Ticket).where(Ticket.id.in_(ticket_ids), Ticket.person_id == from_id).values(person_id=to_id)
                    .execution_options(synchronize_session="fetch"))
    session.execute(update(Message).where(Message.ticket_id.in_(ticket_ids), Message.person_id == from_id,
                                          Message.is_staff.is_(False)).values(person_id=to_id)
                    .execution_options(synchronize_session="fetch"))
