"""What can go wrong with targets."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchProgramme(NotFound):
    """No programme or scheme of that code, or none that holds."""

    problem = "no-such-programme"


class NothingToMark(Conflict):
    """The threshold is not reached, or not any more: somebody else marked it meanwhile."""

    problem = "nothing-to-mark"
