"""An administrator decides whose a number is, after looking at papers: another number for an account, or none."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts import identity
from guanxue.accounts.forms import told
from guanxue.accounts.routes import blueprint
from guanxue.core.actor import Actor
from guanxue.core.errors import Conflict, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal


def _officer(person_id: int) -> tuple[Actor, accounts.Person]:
    """Who decides, and about whom. Raises the refusals."""
    actor = current_actor()
    actor.require("administer")
    actor.require_proved()
    return actor, accounts.get_person(person_id)


@blueprint.get("/admin/people/<int:person_id>/phone")
def officer_phone(person_id: int) -> Response:
    """The number of somebody's account, whether it is disputed, and what may be done about it."""
    return _page(_officer(person_id)[1])


def _page(person: accounts.Person, problem: Problem | None = None) -> Response:
    return personal(page(
        "accounts/officer_phone.html", problem.status if problem else 200, **told(problem), name=person.name,
        person_id=person.id, phone_masked=accounts.mask_phone(person.phone), disputed_at=person.phone_disputed_at,
        seen_at=person.seen_at, is_me=person.id == current_actor().id, phone=request.form.get("phone", "")))


@blueprint.post("/admin/people/<int:person_id>/phone", endpoint="officer_phone_now")
def officer_phone_now(person_id: int) -> Response:
    """Give the account another number: its owner showed who they are."""
    actor, person = _officer(person_id)
    try:
        why = _reason(actor, person)
        accounts.change_phone(actor, person, request.form.get("phone", ""), is_proved=False, reason=why)
    except Problem as problem:
        return _page(person, problem)
    return redirect(url_for(".person", person_id=person_id), 303)


@blueprint.post("/admin/people/<int:person_id>/phone/release")
def officer_release(person_id: int) -> Response:
    """Take the number from the account: it went to somebody else."""
    actor, person = _officer(person_id)
    try:
        accounts.release_phone(actor, person, reason=_reason(actor, person))
    except Problem as problem:
        return _page(person, problem)
    return redirect(url_for(".person", person_id=person_id), 303)


def _reason(actor: Actor, person: accounts.Person) -> str:
    if actor.id == person.id:
        raise Conflict(_("自己的号码请在“设置”里换。"))
    return identity.checked_reason(request.form.get("reason", ""))
