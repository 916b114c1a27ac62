"""A forgotten password: by a code to the number, with a second proof where a number alone is not enough."""

from __future__ import annotations

from flask import Response, request

from guanxue import accounts
from guanxue.accounts.forms import answered, leave_behind, told
from guanxue.accounts.routes import blueprint, tickets
from guanxue.accounts.routes.codes import RESET, ask_number, ask_officer, check, enter, next_path, onward, send, show_proof
from guanxue.accounts.routes.signin import begin_session
from guanxue.core.db import begin_writing
from guanxue.core.errors import Problem
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page


@blueprint.get("/forgot")
def forgot() -> Response:
    """Which number? Where no messages are sent: whom to ask."""
    return ask_number(RESET) if accounts.can_send() else ask_officer("no-messages")


@blueprint.post("/forgot")
def send_reset_code() -> Response:
    """Send it; nobody is told whether the number has an account."""
    return send(RESET)


@blueprint.get("/forgot/code")
def enter_reset_code() -> Response:
    """Type it."""
    return enter(RESET)


@blueprint.post("/forgot/code", endpoint="check_reset_code")
@reads_first
def check_reset_code() -> Response:
    """Right? Then the new password."""
    return check(RESET)


def _behind() -> tuple[tickets.Ticket, accounts.Person] | None:
    ticket = tickets.find("reset")
    person = accounts.find_person_by_phone(ticket.phone) if ticket else None
    return (ticket, person) if ticket and person else None


@blueprint.get("/forgot/password")
def new_password() -> Response:
    """The new password, and the second proof where one is needed."""
    found = _behind()
    return _new_password(found[1]) if found else onward(".forgot")


def _new_password(person: accounts.Person, problem: Problem | None = None) -> Response:
    standing = accounts.standing_of(person)
    proofs = standing.to_reset
    if proofs is None or person.disabled_at:
        return ask_officer("disabled" if person.disabled_at else "trusted" if standing.is_trusted else "no-proof")
    return answered(problem, page("accounts/new_password.html", problem.status if problem else 200, next=next_path(),
                                  kind=proofs[0] if proofs else "", **told(problem)))


@blueprint.post("/forgot/password", endpoint="new_password_now")
@reads_first
def new_password_now() -> Response:
    """Set it: every session ends, the number gets a notice, and this browser comes in."""
    found = _behind()
    if found is None:
        return onward(".forgot")
    ticket, person = found
    proofs = accounts.standing_of(person).to_reset
    if proofs is None or person.disabled_at:
        return _new_password(person)
    kind = proofs[0] if proofs else ""
    try:
        hashed = accounts.hash_password(request.form.get("password", ""), ticket.phone)
        show_proof(person, kind, proofs)
        begin_writing()
        accounts.use_code(ticket.code_id, ticket.phone, ticket.purpose)
    except Problem as problem:
        leave_behind(problem)
        return _new_password(person, problem)
    accounts.reset_by_code(current_actor(), person, hashed)
    return begin_session(accounts.get_person(person.id), "code", is_proved=kind == "factor")
