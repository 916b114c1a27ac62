"""Why study is refused."""

from guanxue.core.errors import Conflict, Forbidden, NotFound


class NotEnrolled(Forbidden):
    """The person is not in this course (any more)."""

    code = "not-enrolled"


class CannotEnrol(Conflict):
    """There is nothing to study yet."""

    code = "not-open"


class NoSuchPlayback(NotFound):
    """No such playback of this person."""


class PassedAlready(Conflict):
    """The quiz was passed: no further try is needed, and none is given."""

    code = "passed-already"


class CannotTestOut(Conflict):
    """The first try at the quiz does not spare the lessons, or there are none to spare."""

    code = "cannot-test-out"


class LessonNotReady(Conflict):
    """The lesson's video is still in the making, or it is no lesson to play."""

    code = "not-ready"


class NoSuchTicket(NotFound):
    """No ticket with that code."""


class NotYourTicket(Forbidden):
    """The ticket is somebody else's."""

    code = "not-your-ticket"
