"""What can go wrong with a case."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchCase(NotFound):
    """No such case, or it is about somebody else."""


class NotNow(Conflict):
    """The case's state does not allow it."""

    code = "not-now"
