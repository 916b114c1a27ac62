"""Register, sign in, sign out, choose a language."""

from __future__ import annotations

from flask import Response, current_app, make_response, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts import signin
from guanxue.accounts.forms import leave_behind, told
from guanxue.accounts.routes import blueprint, tickets
from guanxue.core.db import begin_writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import own_site_path, page, tokenless

PROVES_NUMBER = ("register", "signin")  # a code that came for one of these proves the number of a new person


@blueprint.get("/register")
def register() -> Response:
    """The form for a new person; where codes are sent the number is proved first."""
    if accounts.can_send() and tickets.find(*PROVES_NUMBER) is None:
        return _form("accounts/register_number.html")
    return _form("accounts/register.html")


@blueprint.post("/register", endpoint="register_now")
@reads_first
def register_now() -> Response:
    """Make the person, sign in, go on."""
    form, ticket = request.form, tickets.find(*PROVES_NUMBER) if accounts.can_send() else None
    if accounts.can_send() and ticket is None:
        return redirect(url_for(".register", next=own_site_path(form.get("next"), "") or None), 303)
    phone = ticket.phone if ticket else form.get("phone", "")
    try:
        if not form.get("terms"):
            raise _missing("terms", _("请先阅读并同意用户协议和隐私说明。"))
        hashed = accounts.hash_password(form.get("password", ""), phone)
        begin_writing()
        if ticket:
            accounts.use_code(ticket.code_id, ticket.phone, ticket.purpose)
        person = accounts.register_person(current_actor(), phone=phone, password_hash=hashed,
                                          name=form.get("name", ""),
                                          terms_version=form.get("edition", accounts.current_edition()))
        if ticket:
            accounts.arrive_by_code(person)
    except Problem as problem:
        return _form("accounts/register.html", problem)
    return begin_session(person, "register")


@blueprint.get("/login")
def login() -> Response:
    """The form for signing in."""
    return _form("accounts/login.html")


@blueprint.post("/login", endpoint="login_now")
@reads_first
def login_now() -> Response:
    """Check phone and password, start a session, go on."""
    form = request.form
    try:
        person = accounts.prove(form.get("phone", ""), form.get("password", ""), request.remote_addr or "")
    except Problem as problem:
        leave_behind(problem)
        return _form("accounts/login.html", problem)
    begin_writing()
    return welcome(person, "password")


def welcome(person: accounts.Person, method: str, *, is_proved: bool = False) -> Response:
    """Begin the session, or ask for the second factor first; then on to where one came from. Inside a writing transaction."""
    if accounts.has_second_factor(person.id) and not is_proved:
        signin.hold(person, method)
        target = own_site_path(request.values.get("next"), "")
        return redirect(url_for(".login_factor", next=target or None), 303)
    return begin_session(person, method, is_proved=is_proved)


def begin_session(person: accounts.Person, method: str, *, is_proved: bool = False) -> Response:
    """A full session in this browser, and on to where one came from."""
    device = request.headers.get("User-Agent", "")
    accounts.tell_of_new_device(person, device)
    signin.keep_in_browser(accounts.start_session(person, "web", device, method=method, is_proved=is_proved))
    return redirect(own_site_path(request.form.get("next") or request.args.get("next"), "/me"), 303)


def _form(template: str, problem: Problem | None = None) -> Response:
    if current_actor().is_person and problem is None:
        return redirect(own_site_path(request.args.get("next"), "/me"), 303)
    target = own_site_path(request.values.get("next"), "")
    ticket = tickets.find(*PROVES_NUMBER) if accounts.can_send() else None
    response = page(template, problem.status if problem else 200, next=target, **told(problem), can_send=accounts.can_send(),
                    edition=accounts.current_edition(),
                    proved_phone=accounts.mask_phone(ticket.phone) if ticket else "",
                    values={k: request.form.get(k, "") for k in ("phone", "name")})
    if problem is not None and hasattr(problem, "retry_after_s"):
        response.headers["Retry-After"] = str(problem.retry_after_s)
    response.headers["Cache-Control"] = "no-store"
    return response


def _missing(field: str, message: object) -> Problem:
    problem = Problem(message, fields=[{"field": field, "message": message}])
    problem.status = 422
    return problem


@blueprint.post("/logout")
def logout() -> Response:
    """End this browser's session."""
    key = signin.forget_in_browser()
    if key:
        accounts.end_session_by_key(current_actor(), key)
    return signin.clear_site_data(redirect("/", 303))


@blueprint.post("/language")
@tokenless
def language() -> Response:
    """Choose the language of pages; kept in a cookie of this browser."""
    response = make_response(redirect(own_site_path(request.form.get("next"), "/"), 303))
    chosen = request.form.get("lang", "")
    if chosen in current_app.extensions["guanxue.languages"]:
        response.set_cookie("lang", chosen, max_age=31536000, samesite="Lax", httponly=True)
    return response
