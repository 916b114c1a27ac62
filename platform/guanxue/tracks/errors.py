"""What can go wrong with tracks."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchTrack(NotFound):
    """No such track, or it is not published yet."""


class NoSuchStage(NotFound):
    """No such stage, or course, in this track."""


class AlreadyInTrack(Conflict):
    """A course stands in a track once."""

    code = "already-in-track"


class NotPublished(Conflict):
    """The track is still its curators' draft."""

    code = "not-published"
