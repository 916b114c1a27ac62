"""What can go wrong with credentials."""

from __future__ import annotations

from guanxue.core.errors import Conflict, NotFound, Problem


class NoSuchCredential(NotFound):
    """No such credential, or it is somebody else's."""

    code = "no-such-credential"


class NotIssuable(Conflict):
    """Nothing stands for which a credential could be issued now."""

    code = "not-issuable"


class NotPrinted(Problem):
    """The paper could not be made."""

    status = 503
    code = "not-printed"
