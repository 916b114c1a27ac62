"""What can be wrong with a video."""

from guanxue.core.errors import Forbidden, Invalid, NotFound


class NoSuchAsset(NotFound):
    """No such video."""


class BadVideo(Invalid):
    """The file is no video we can use; the message says why."""

    code = "bad-video"


class BadFile(Invalid):
    """No picture, sound or attachment that lessons can bear; the message says why and what to do."""

    code = "bad-file"


class LinkExpired(Forbidden):
    """The signed address is forged or too old."""

    code = "link-expired"


class Stopped(Exception):
    """The job was taken away in the middle of the work; nothing was published."""
