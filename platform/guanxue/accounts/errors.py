"""What can go wrong with people and sign-ins."""

from guanxue.core.errors import Conflict, Invalid, NotFound, Unauthenticated


class WrongCredentials(Unauthenticated):
    """Phone or password is wrong; which of them is never told."""

    code = "wrong-credentials"


class WrongCode(Invalid):
    """A code that was sent, shown by an app or printed on paper is wrong, used up or too old; which of them is never told."""

    code = "wrong-code"


class WrongProof(Invalid):
    """What was given as a second proof does not fit what the account holds."""

    code = "wrong-proof"


class PhoneTaken(Conflict):
    """Somebody registered with this number."""

    code = "phone-taken"


class NoSuchTown(NotFound):
    """No town, sub-district or park of that name."""


class NoSuchPerson(NotFound):
    """No such person."""
