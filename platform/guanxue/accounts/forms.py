"""What this room's forms say back: which field is wrong, and what a refused attempt leaves behind."""

from __future__ import annotations

from flask import Response

from guanxue import accounts
from guanxue.core.db import writing
from guanxue.core.errors import Problem


def leave_behind(problem: Problem | None) -> None:
    """The page answers the problem itself, so what it wants remembered is written here, in a transaction of its own."""
    if problem is not None and problem.remember:
        with writing():
            for leave in problem.remember:
                leave()


def told(problem: Problem | None) -> dict:
    """What a form's template shows of a problem: `message` above the form and `errors` by field; both empty without one."""
    if problem is None:
        return {"message": "", "errors": {}}
    return {"message": str(problem.message), "errors": {f["field"]: str(f["message"]) for f in problem.fields}}


def claim_attempt(key: str, *, most_a_day: int | None = None) -> None:
    """Count a guess and commit that, before anybody looks whether it is right. Raises TooMany."""
    with writing():
        accounts.claim_attempt(key, most_a_day=most_a_day)


def try_code(phone: str, purpose: str, typed: str) -> int:
    """The row of the code that was sent to the number, if that is what was typed; every try counts. Raises WrongCode."""
    with writing():
        accounts.count_try(phone, purpose)
    return accounts.check_code(phone, purpose, typed)


def answered(problem: Problem | None, response: Response) -> Response:
    """A form's answer: how long to wait where the problem says so, and never kept."""
    if problem is not None and hasattr(problem, "retry_after_s"):
        response.headers["Retry-After"] = str(problem.retry_after_s)
    response.headers["Cache-Control"] = "no-store"
    return response
