"""What can go wrong with the ledger."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchEntry(NotFound):
    """No entry of that number."""


class AlreadyReversed(Conflict):
    """An entry is reversed at most once."""

    code = "already-reversed"
