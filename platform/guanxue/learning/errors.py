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


class LessonNotReady(Conflict):
    """The lesson's video is still in the making, or it is no lesson to play."""

    code = "not-ready"
