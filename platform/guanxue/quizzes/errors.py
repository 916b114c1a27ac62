"""What can go wrong with an attempt."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchAttempt(NotFound):
    """No attempt of that id, or somebody else's."""


class AttemptClosed(Conflict):
    """The attempt was handed in or its time is over."""

    code = "attempt-closed"


class NoAttemptsLeft(Conflict):
    """All attempts are used; later again."""

    code = "no-attempts-left"


class NoMoreTime(Conflict):
    """More time was asked for as often as it may be, or too late."""

    code = "no-more-time"
