"""Help beside the learner: who is stuck asks from the page they are on, staff answers in the same thread.

Staff never acts as the learner and never signs in as them: it sees what the learner sent along, and speaks.
"""

from guanxue.helpdesk.errors import NoSuchTicket, TicketClosed
from guanxue.helpdesk.models import Message, Ticket
from guanxue.helpdesk.queries import (
    count_answered,
    count_open,
    first_words,
    get_ticket,
    list_messages,
    list_mine,
    list_tickets,
)
from guanxue.helpdesk.rules import TOPICS, is_late
from guanxue.helpdesk.service import answer, close, open_ticket, speak

__all__ = [
    "Ticket", "Message", "NoSuchTicket", "TicketClosed", "TOPICS", "is_late", "open_ticket", "speak", "answer",
    "close", "get_ticket", "list_messages", "list_mine", "list_tickets", "first_words", "count_open", "count_answered",
]
