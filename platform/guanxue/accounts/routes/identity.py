"""A person states, corrects or takes back their citizen's number."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue.accounts import identity
from guanxue.accounts.forms import answered, claim_attempt, leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.core.db import begin_writing, end_work
from guanxue.core.errors import Problem
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal


@blueprint.get("/me/settings/identity", endpoint="identity")
def identity_page() -> Response:
    """My number as it is kept, or the form for it."""
    current_actor().must_be_person()
    return _identity()


@blueprint.post("/me/settings/identity", endpoint="identity_now")
@reads_first
def identity_now() -> Response:
    """State my number, or correct it. Every try counts: numbers of others could be tried out here."""
    actor = current_actor()
    actor.must_be_person()
    try:
        claim_attempt(f"identity:{actor.id}", most_a_day=10)
        begin_writing()
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
    return personal(answered(problem, page(
        "accounts/identity.html", problem.status if problem else 200, **told(problem),
        stated={"masked": stated.masked, "at": stated.stated_at,
                "is_fixed": identity.is_relied_on(stated)} if stated else None)))
