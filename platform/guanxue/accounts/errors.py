"""What can go wrong with people and sign-ins."""

from guanxue.core.errors import Conflict, NotFound, Unauthenticated


class WrongCredentials(Unauthenticated):
    """Phone or password is wrong; which of them is never told."""

    code = "wrong-credentials"


class PhoneTaken(Conflict):
    """Somebody registered with this number."""

    code = "phone-taken"


class NoSuchTown(NotFound):
    """No town, sub-district or park of that name."""


class NoSuchPerson(NotFound):
    """No such person."""
