"""Asking for help and answering. Staff speaks as itself; nothing here acts as the asker."""

from __future__ import annotations

import secrets
from datetime import timedelta

from guanxue import accounts, audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field
from guanxue.helpdesk import queries, rules
from guanxue.helpdesk.errors import TicketClosed
from guanxue.helpdesk.models import ANSWERED, CLOSED, OPEN, Message, Ticket


def open_ticket(actor: Actor, *, topic: str, text: str, context: dict, contact: str = "", address: str = "") -> Ticket:
    """A person's ticket, or a visitor's, who leaves a phone number. Raises Invalid, TooMany.

    `context` is plain JSON about where they were; `address` the network address, kept for visitors alone to limit them.
    """
    if topic not in rules.TOPICS:
        raise invalid_field("topic", _("请选一类问题。"))
    text = checked_text("text", text, rules.LONGEST_TEXT)
    now = clock.now()
    if actor.is_person:
        contact = address = ""
        too_many = queries.count_since(now - timedelta(days=1), person_id=actor.id) >= rules.PERSON_A_DAY
    else:
        contact = accounts.checked_phone(contact)
        too_many = queries.count_since(now - timedelta(hours=1), address=address) >= rules.ADDRESS_AN_HOUR
    if too_many:
        raise TooMany(_("你提的问题已经很多了，请等等回复，或在原来的问题里接着说。"), retry_after_s=3600)
    ticket = Ticket(code=secrets.token_urlsafe(12), person_id=actor.id if actor.is_person else None, contact=contact,
                    address=address, topic=topic, context=context, state=OPEN, asked_at=now, opened_at=now)
    session.add(ticket)
    session.flush()
    _say(ticket, actor, text, is_staff=False)
    return ticket


def speak(actor: Actor, ticket: Ticket, text: str) -> None:
    """The asker goes on. Raises Invalid, TicketClosed, TooMany, Forbidden for anybody else."""
    if ticket.person_id is not None and ticket.person_id != actor.id:
        raise Forbidden(_("这是别人的求助。"))
    _must_not_be_closed(ticket)
    now = clock.now()
    if queries.count_words_since(ticket, now - timedelta(days=1)) >= rules.WORDS_A_DAY:
        raise TooMany(_("今天说得很多了，请等等回复。"), retry_after_s=3600)
    _say(ticket, actor, checked_text("text", text, rules.LONGEST_TEXT), is_staff=False)
    if ticket.state != OPEN:
        ticket.state, ticket.asked_at = OPEN, now
    session.flush()


def answer(actor: Actor, ticket: Ticket, text: str) -> None:
    """Staff speaks, as itself. Needs "support". Raises Invalid, TicketClosed, Forbidden for one's own ticket."""
    actor.require("support")
    if ticket.person_id is not None and ticket.person_id == actor.id:
        raise Forbidden(_("自己的求助要由别的同事来答。"))
    _must_not_be_closed(ticket)
    _say(ticket, actor, checked_text("text", text, rules.LONGEST_TEXT), is_staff=True)
    ticket.state, ticket.answered_at = ANSWERED, clock.now()
    session.flush()
    audit.record(actor, "helpdesk.ticket.answered", f"ticket:{ticket.id}")


def close(actor: Actor, ticket: Ticket) -> None:
    """Say that it is settled: the asker (a visitor by the code they hold) or staff. Again is the same."""
    is_asker = ticket.person_id is None or ticket.person_id == actor.id
    if not (is_asker or actor.may("support")):
        raise Forbidden(_("这是别人的求助。"))
    if ticket.state != CLOSED:
        ticket.state, ticket.closed_at = CLOSED, clock.now()
        session.flush()
        audit.record(actor, "helpdesk.ticket.closed", f"ticket:{ticket.id}")


def _must_not_be_closed(ticket: Ticket) -> None:
    if ticket.state == CLOSED:
        raise TicketClosed(_("这条求助已经了结。还有问题，请再提一个。"))


def _say(ticket: Ticket, actor: Actor, text: str, *, is_staff: bool) -> None:
    session.add(Message(ticket_id=ticket.id, person_id=actor.id if actor.is_person else None, is_staff=is_staff, text=text,
                        said_at=clock.now()))
    session.flush()
