"""What can go wrong with people and sign-ins."""

from guanxue.core.errors import Conflict, Invalid, NotFound, Unauthenticated
from guanxue.core.i18n import lazy as _


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


class NoSuchDocument(NotFound):
    """The person stated no document of that code."""


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


class IdentityNeeded(Conflict):
    """A policy wants to know the person better at this moment. Pages tell the way there and lead back; nothing is lost.

    `needed` and `level` are of policies.LEVELS, `moment` is "enrol", "exam" or "claim".
    """

    code = "identity-needed"

    def __init__(self, needed: int, level: int, moment: str) -> None:
        words = {"enrol": _("这门课报名前，要先确认你的身份。"),
                 "exam": _("这门课考核前，要先确认你的身份。学过的都算，不会丢。")}
        super().__init__(words.get(moment, _("领学分前，要先确认你的身份。学过的都算，不会丢。")),
                         extra={"needed": needed, "level": level, "moment": moment})
        self.needed, self.level, self.moment = needed, level, moment
