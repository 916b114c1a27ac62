"""What can go wrong with a certificate that asks for credit."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchFiling(NotFound):
    """No such certificate, or it is somebody else's."""


class NoSuchBatch(NotFound):
    """No such table, or another town's."""


class NoSuchProof(NotFound):
    """No such picture, or it was deleted with its owner's account."""


class NotNow(Conflict):
    """The certificate is not where this can be done."""

    code = "not-now"


class NumberUsed(Conflict):
    """The number has earned its credit already, or somebody else says that it is theirs."""

    code = "number-used"
