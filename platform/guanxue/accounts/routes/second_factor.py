"""The second factor: set up, shown again before sensitive pages, printed codes, taken away; and asked for at sign-in."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import segno
from flask import Response, g, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts import signin
from guanxue.accounts.forms import claim_attempt, leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.accounts.routes.signin import begin_session
from guanxue.core.actor import Actor
from guanxue.core.db import begin_writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import own_site_path, page, personal


@blueprint.get("/me/settings/second-factor")
def second_factor() -> Response:
    """Off: what it is and how to begin. Being set up: the QR code. On: show it, print codes, take it away."""
    current_actor().must_be_person()
    return _state()


def _state(problem: Problem | None = None, *, asked: str = "") -> Response:
    actor = current_actor()
    state = accounts.factor_state(actor.id)
    setting_up = _to_scan(accounts.pending_secret(actor.id)) if state.is_pending else None
    return personal(page("accounts/second_factor.html", problem.status if problem else 200, state=state, asked=asked,
                         setting_up=setting_up, is_proved=actor.is_proved, next=_next(), **told(problem)))


def _next() -> str:
    return own_site_path(request.values.get("next"), "")


def _to_scan(secret: str) -> dict:
    """The QR code as a picture, and the secret in groups of four, for those who type it."""
    name = f"{gettext('莞学')}:{accounts.mask_phone(g.person.phone) or g.person.id}"
    address = f"otpauth://totp/{quote(name)}?secret={secret}&issuer={quote(gettext('莞学'))}"
    return {"qr": segno.make(address, error="m").svg_data_uri(border=3, dark="#1B2420", light="#FFFFFF"),
            "address": address, "secret": " ".join(secret[n:n + 4] for n in range(0, len(secret), 4))}


@blueprint.post("/me/settings/second-factor/new", endpoint="new_second_factor")
@reads_first
def new_second_factor() -> Response:
    """Begin to set one up, after the password: whoever finds a phone unlocked may not."""
    current_actor().must_be_person()
    try:
        accounts.prove(g.person.phone or "", request.form.get("password", ""), request.remote_addr or "")
    except Problem as problem:
        leave_behind(problem)
        return _state(_beside("password", problem), asked="new")
    begin_writing()
    accounts.begin_second_factor(current_actor())
    return redirect(url_for(".second_factor", next=_next() or None), 303)


def _beside(field: str, problem: Problem) -> Problem:
    """The problem as a form's answer, told beside the field."""
    problem.status = 422 if problem.status == 401 else problem.status
    if problem.status == 422:
        problem.fields = [{"field": field, "message": problem.fields[0]["message"] if problem.fields else _("密码不对。")}]
    return problem


@blueprint.post("/me/settings/second-factor/confirm", endpoint="confirm_second_factor")
@reads_first
def confirm_second_factor() -> Response:
    """The first code of the app: from now on it counts. The codes to print are shown this once."""
    return _with_code(accounts.confirm_second_factor, "confirm")


@blueprint.post("/me/settings/second-factor/codes", endpoint="new_recovery_codes")
@reads_first
def new_recovery_codes() -> Response:
    """Ten new codes to print, after a code of the app."""
    return _with_code(_print_anew, "codes")


def _print_anew(actor: Actor, typed: str) -> list[str]:
    accounts.show_second_factor(actor, actor.id, typed)
    accounts.prove_session(actor.session_id)
    return accounts.new_recovery_codes(actor)


@blueprint.post("/me/settings/second-factor/show", endpoint="show_second_factor")
@reads_first
def show_second_factor() -> Response:
    """Show it again; for twelve hours sensitive pages open."""
    return _with_code(_show, "show")


def _show(actor: Actor, typed: str) -> None:
    accounts.show_second_factor(actor, actor.id, typed)
    accounts.prove_session(actor.session_id)


@blueprint.post("/me/settings/second-factor/remove", endpoint="remove_second_factor")
@reads_first
def remove_second_factor() -> Response:
    """Take it away, after a code."""
    return _with_code(_remove, "remove")


def _remove(actor: Actor, typed: str) -> None:
    accounts.show_second_factor(actor, actor.id, typed)
    accounts.remove_second_factor(actor, accounts.get_person(actor.id))


def _with_code(deed: Callable[[Actor, str], list[str] | None], asked: str) -> Response:
    """Do the deed with the code that was typed; codes it gives are shown, else on to where one came from."""
    actor = current_actor()
    actor.must_be_person()
    try:
        claim_attempt(accounts.factor_key(actor.id), most_a_day=accounts.FACTOR_TRIES_A_DAY)
        begin_writing()
        codes = deed(actor, request.form.get("code", ""))
    except Problem as problem:
        return _state(problem, asked=asked)
    if codes:
        return personal(page("accounts/recovery_codes.html", codes=codes, next=_next()))
    return redirect(_next() or url_for(".second_factor"), 303)


# ---- at sign-in


@blueprint.get("/login/second-factor")
def login_factor() -> Response:
    """The password or the code was right; the second factor is still missing."""
    if signin.held() is None:
        return redirect(url_for(".login"), 303)
    return _login_factor()


def _login_factor(problem: Problem | None = None) -> Response:
    return personal(page("accounts/login_factor.html", problem.status if problem else 200, next=_next(), **told(problem)))


@blueprint.post("/login/second-factor", endpoint="login_factor_now")
@reads_first
def login_factor_now() -> Response:
    """The second factor came: now the session begins."""
    held = signin.held()
    if held is None:
        return redirect(url_for(".login", next=_next() or None), 303)
    try:
        claim_attempt(accounts.factor_key(held.person_id), most_a_day=accounts.FACTOR_TRIES_A_DAY)
        begin_writing()
        accounts.show_second_factor(current_actor(), held.person_id, request.form.get("code", ""))
    except Problem as problem:
        return _login_factor(problem)
    return begin_session(accounts.get_person(held.person_id), held.method, is_proved=True)
