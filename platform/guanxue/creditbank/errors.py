"""What can go wrong at the credit bank's counter."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchRecord(NotFound):
    """No record has this code."""


class NotAsShown(Conflict):
    """What would follow is no longer what was shown."""

    code = "not-as-shown"


class NeedsSecond(Conflict):
    """Somebody was rewarded for it: a second person has to agree."""

    code = "needs-second"


class NewerVersion(Conflict):
    """Another version of the rules was published after the one that the new one was written from."""

    code = "newer-version"
