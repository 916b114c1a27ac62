"""What can go wrong with an attempt, its marks and its key."""

from guanxue.core.errors import Conflict, Forbidden, NotFound


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


class TakenOver(Conflict):
    """Another device, or another page of this one, went on with the attempt."""

    code = "taken-over"


class AwaitsMarks(Conflict):
    """What was handed in last waits for a person to mark it."""

    code = "awaits-marks"


class NotForYou(Forbidden):
    """It is the person's own work: somebody else has to do this."""

    code = "own-work"


class DecidedAlready(Conflict):
    """It was decided before; it is not decided again."""

    code = "decided"
