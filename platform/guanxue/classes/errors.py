"""What can go wrong with classes."""

from guanxue.core.errors import Conflict, NotFound


class NoSuchClass(NotFound):
    """No such class, or it is none of theirs."""


class NoSuchMeeting(NotFound):
    """No such meeting of that class."""


class NoSuchPlace(NotFound):
    """Nobody like that on the roster."""


class ClassState(Conflict):
    """The class is not where this can be done."""

    code = "class-state"


class CodeExpired(Conflict):
    """The code was right once, or never; it is not now."""

    code = "code-expired"


class NotSignedIn(Conflict):
    """Who signs out was not signed in."""

    code = "not-signed-in"


class ElsewhereNow(Conflict):
    """They are signed in somewhere else at this moment."""

    code = "elsewhere-now"


class TheoryMissing(Conflict):
    """The theory that the policy demands before practice is not done."""

    code = "theory-missing"
