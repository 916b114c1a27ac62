"""A new number: the password or a code to the old number, and a code to the new one."""

from __future__ import annotations

from flask import Response, current_app, g, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts.forms import answered, leave_behind, told, try_code
from guanxue.accounts.routes import blueprint, tickets
from guanxue.accounts.routes.codes import ask_officer
from guanxue.core.db import begin_writing
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal


@blueprint.get("/me/settings/phone")
def phone() -> Response:
    """My number, and how to change it."""
    current_actor().must_be_person()
    return _phone()


def _phone(problem: Problem | None = None) -> Response:
    by_code = request.values.get("by") == "code" or g.person.phone is None
    return personal(answered(problem, page(
        "accounts/phone.html", problem.status if problem else 200, phone_masked=accounts.mask_phone(g.person.phone),
        can_send=accounts.can_send(), by_code=by_code, phone=request.form.get("phone", ""),
        is_changed="changed" in request.args, **told(problem))))


@blueprint.post("/me/settings/phone/old-code")
def send_old_code() -> Response:
    """A code to the present number, for whoever does not know the password."""
    current_actor().must_be_person()
    try:
        accounts.ask_code(g.person.phone or "", "change", request.remote_addr or "")
    except Problem as problem:
        return _phone(problem)
    return redirect(url_for(".phone", by="code"), 303)


@blueprint.post("/me/settings/phone", endpoint="send_new_code")
@reads_first
def send_new_code() -> Response:
    """After the password or the old number's code: a code to the new number."""
    actor = current_actor()
    actor.must_be_person()
    if accounts.has_second_factor(actor.id):
        actor.require_proved()
    try:
        new = accounts.checked_phone(request.form.get("phone", ""))
        if new == g.person.phone:
            raise Invalid(_("这就是你现在的号码。"), fields=[{"field": "phone", "message": _("这就是你现在的号码。")}])
        code_id = _prove_old(g.person.phone or "")
        begin_writing()
        if code_id:
            accounts.use_code(code_id, g.person.phone, "change")
        accounts.ask_code(new, "change", request.remote_addr or "")
    except Problem as problem:
        leave_behind(problem)
        problem.status = 422 if problem.status == 401 else problem.status
        return _phone(problem)
    tickets.keep_asked(_asked_as(), new)
    return redirect(url_for(".enter_new_code"), 303)


def _prove_old(old: str) -> int | None:
    """The old number's code, or the password; the code's row where it was the code."""
    if request.form.get("by") == "code":
        return try_code(old, "change", request.form.get("code", ""))
    try:
        accounts.prove(old, request.form.get("password", ""), request.remote_addr or "")
    except Problem as problem:
        if problem.status == 401:
            problem.fields = [{"field": "password", "message": _("密码不对。")}]
        raise
    return None


def _asked_as() -> str:
    return f"change:{current_actor().id}"  # what somebody else began on this phone is not mine to finish


@blueprint.get("/me/settings/phone/code")
def enter_new_code() -> Response:
    """Type the code that came to the new number."""
    current_actor().must_be_person()
    new = tickets.asked(_asked_as())
    return _enter(new) if new else redirect(url_for(".phone"), 303)


def _enter(new: str, problem: Problem | None = None, *, is_taken: bool = False) -> Response:
    merging = url_for("accounts.merge") if is_taken and "accounts.merge" in current_app.view_functions else ""
    return personal(answered(problem, page(
        "accounts/new_phone.html", problem.status if problem else 200, phone_masked=accounts.mask_phone(new),
        is_taken=is_taken, merging=merging, **told(problem))))


@blueprint.post("/me/settings/phone/code", endpoint="phone_now")
@reads_first
def phone_now() -> Response:
    """The number changes: sessions elsewhere end, the old number gets a notice."""
    actor = current_actor()
    actor.must_be_person()
    new = tickets.asked(_asked_as())
    if new is None:
        return redirect(url_for(".phone"), 303)
    try:
        code_id = try_code(new, "change", request.form.get("code", ""))
        holder = accounts.find_person_by_phone(new)
        if holder is not None:
            tickets.keep(tickets.Ticket(code_id, new, _asked_as()))
            return _enter(new, accounts.PhoneTaken(_("这个号码已经是另一个账号的登录号。")), is_taken=True)
        begin_writing()
        accounts.use_code(code_id, new, "change")
        accounts.change_phone(actor, accounts.get_person(actor.id), new, is_proved=True)
    except Problem as problem:
        return _enter(new, problem)
    return _changed()


def _changed() -> Response:
    tickets.drop()
    return redirect(url_for(".phone", changed=1), 303)


@blueprint.post("/me/settings/phone/not-mine")
def phone_not_mine() -> Response:
    """The account that has the new number was somebody else's: a quiet one loses it, for the others an officer decides."""
    actor = current_actor()
    actor.must_be_person()
    ticket = tickets.find(_asked_as())
    holder = accounts.find_person_by_phone(ticket.phone) if ticket else None
    if ticket is None or holder is None or holder.id == actor.id:
        return redirect(url_for(".phone"), 303)
    if holder.disabled_at:
        return personal(ask_officer("disabled"))
    if not accounts.give_up_number(actor, holder):
        return personal(ask_officer("disputed"))
    accounts.use_code(ticket.code_id, ticket.phone, "change")
    accounts.change_phone(actor, accounts.get_person(actor.id), ticket.phone, is_proved=True)
    return _changed()
