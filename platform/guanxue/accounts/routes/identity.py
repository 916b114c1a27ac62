"""A person states, corrects or takes back their citizen's number."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue.accounts import identity
from guanxue.accounts.forms import leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.core.db import end_work
from guanxue.core.errors import Problem
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.core.web.throttle import Throttle

# One's own number is typed a few times at most. Numbers of others could be tried out here, so few a day.
_tries = Throttle(per_second=10 / 86_400, burst=10)


@blueprint.get("/me/settings/identity", endpoint="identity")
def identity_page() -> Response:
    """My number as it is kept, or the form for it."""
    current_actor().must_be_person()
    return _identity()


@blueprint.post("/me/settings/identity", endpoint="identity_now")
def identity_now() -> Response:
    """State my number, or correct it."""
    actor = current_actor()
    actor.must_be_person()
    try:
        _tries.check(actor.id)
        identity.state_number(actor, request.form.get("number", ""), agrees=request.form.get("agrees") == "1")
    except Problem as problem:
        return _refused(problem)
    return redirect(url_for(".identity"), 303)


@blueprint.post("/me/settings/identity/withdraw")
def withdraw_identity() -> Response:
    """Take my number back."""
    current_actor().must_be_person()
    try:
        identity.withdraw_number(current_actor())
    except Problem as problem:
        return _refused(problem)
    return redirect(url_for(".identity"), 303)


def _refused(problem: Problem) -> Response:
    end_work(commit=False)  # whatever was half done is undone before what the problem leaves behind is written
    leave_behind(problem)
    return _identity(problem)


def _identity(problem: Problem | None = None) -> Response:
    """The page. What was typed is not put back into it: a whole number stands in no page's source."""
    stated = identity.find_identity(current_actor().id)
    response = personal(page(
        "accounts/identity.html", problem.status if problem else 200, **told(problem),
        stated={"masked": stated.masked, "at": stated.stated_at,
                "is_fixed": identity.is_relied_on(stated)} if stated else None))
    if problem is not None and hasattr(problem, "retry_after_s"):
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return response
