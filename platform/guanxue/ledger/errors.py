"""What can go wrong with the ledger."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchEntry(NotFound):
    """No entry of that number."""


class NoSuchHead(NotFound):
    """No head of so many entries."""


class CannotRotate(Conflict):
    """The key cannot hand over to another one now."""

    code = "cannot-rotate"


class NothingToRewind(Conflict):
    """The ledger needs no rewind, or has a fault that none may excuse."""

    code = "nothing-to-rewind"


class AlreadyReversed(Conflict):
    """An entry is reversed at most once."""

    code = "already-reversed"
