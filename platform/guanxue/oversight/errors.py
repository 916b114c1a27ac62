"""What can go wrong at the board."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchFinding(NotFound):
    """No such finding."""


class NoSuchRoom(NotFound):
    """No such training room, or no such machine in it."""


class Answered(Conflict):
    """Somebody has answered it already."""

    code = "answered"
