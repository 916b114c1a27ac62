"""What can be wrong with a video."""

from guanxue.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem


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


class BadHeader(Problem):
    """A header of an upload says nothing that can be understood."""

    code = "bad-header"


class NoSuchUpload(NotFound):
    """No such upload, or somebody else's."""


class UploadGone(Problem):
    """It expired or was deleted; nothing of it is left."""

    status = 410
    code = "upload-gone"


class WrongOffset(Conflict):
    """The piece does not begin where the file ends; `extra` says where that is."""

    code = "wrong-offset"


class TurnTaken(Conflict):
    """A newer connection writes this file."""

    code = "turn-taken"


class NotWhole(Conflict):
    """The file is asked for before its last byte has come."""

    code = "not-whole"


class WrongKind(Problem):
    """No video by its name and type, or a body of another type than it should be."""

    status = 415
    code = "wrong-kind"


class WrongChecksum(Problem):
    """The piece arrived damaged; nothing of it was kept."""

    status = 460
    code = "wrong-checksum"


class NoRoom(Problem):
    """The disk cannot take it."""

    status = 507
    code = "no-room"


class Busy(Problem):
    """Too many files are being sent at this moment."""

    status = 503
    code = "busy"

    def __init__(self, message: object = "", *, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Stopped(Exception):
    """The job was taken away in the middle of the work; nothing was published."""
