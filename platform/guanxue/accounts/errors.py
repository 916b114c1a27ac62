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


class NoSuchOrganisation(NotFound):
    """No school, enterprise or bureau of that slug."""


class NoSuchPerson(NotFound):
    """No such person."""


class NumberTaken(Conflict):
    """Another account stated this citizen's number; whose is never told."""

    code = "number-taken"


class NumberReliedOn(Conflict):
    """Records rest on the stated number."""

    code = "number-relied-on"


class AccountMerged(Conflict):
    """The account was merged into another, which is the one to sign in with."""

    code = "account-merged"


class CannotMerge(Conflict):
    """These two accounts cannot become one; `code` names the rule."""

    code = "cannot-merge"


class CannotPart(Conflict):
    """This merge cannot be undone (any more); `code` names the rule."""

    code = "cannot-part"


class NoSuchMerge(NotFound):
    """No merge of that code."""
