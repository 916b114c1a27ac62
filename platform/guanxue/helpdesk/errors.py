"""What can go wrong at the help desk."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchTicket(NotFound):
    """No such ticket, or it is somebody else's."""


class TicketClosed(Conflict):
    """Both sides are done with it; a new one begins anew."""

    code = "ticket-closed"
