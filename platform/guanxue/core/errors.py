"""Problems that know their HTTP status, a sentence for people, and what must be remembered although the work is undone."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Problem(Exception):
    """Something a person or program did that cannot be done. Subclass it in a room's errors.py.

    `code` is the last word of the problem document's type; `fields` are dicts {"field", "message"};
    `remember` are callables run after the rollback in a short write transaction of their own (an audit line, a count);
    `extra` are further members of the problem document.
    """

    status = 400
    code = "bad-request"

    def __init__(
        self,
        message: object = "",
        *,
        code: str | None = None,
        fields: Iterable[dict] = (),
        remember: Iterable[Callable[[], object]] = (),
        extra: dict | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = list(fields)
        self.remember = tuple(remember)
        self.extra = extra or {}

    def __str__(self) -> str:
        return str(self.message)


class Unauthenticated(Problem):
    """Nobody is signed in, and somebody has to be."""

    status = 401
    code = "unauthenticated"


class Forbidden(Problem):
    """Signed in, but not allowed."""

    status = 403
    code = "forbidden"


class SecondFactorNeeded(Forbidden):
    """Signed in and allowed, but a second factor has to be shown first (again). Pages lead to where that is done."""

    code = "second-factor-needed"


class NotFound(Problem):
    """No such thing, or its existence is private."""

    status = 404
    code = "not-found"


class Conflict(Problem):
    """The thing's present state does not allow it."""

    status = 409
    code = "conflict"


class TooLarge(Problem):
    """More bytes than we take."""

    status = 413
    code = "too-large"


class Invalid(Problem):
    """The form of what was sent is wrong; `fields` say where."""

    status = 422
    code = "invalid"


class Crowded(Problem):
    """So many others are at slow work in this process that one more would hold up pages; `retry_after_s` says when again."""

    status = 503
    code = "busy"
    retry_after_s = 20


class TooMany(Problem):
    """Too often; `retry_after_s` says when again."""

    status = 429
    code = "too-many"

    def __init__(self, message: object = "", *, retry_after_s: int = 1, **more) -> None:
        super().__init__(message, **more)
        self.retry_after_s = retry_after_s
