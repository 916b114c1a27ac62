"""Codes by message: signing in with one, proving a number before registering, and whose an account behind a number is."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts.forms import answered, claim_attempt, leave_behind, told, try_code
from guanxue.accounts.routes import blueprint, tickets
from guanxue.accounts.routes.signin import welcome
from guanxue.core.db import begin_writing
from guanxue.core.errors import NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import own_site_path, page


@dataclass(frozen=True)
class Way:
    """One purpose of codes as three pages: give the number, type the code, go on."""

    purpose: str
    title: object
    number: str  # endpoint where the number is given
    ask: str  # endpoint that sends the code (again)
    enter: str  # endpoint where the code is typed
    onward: str  # endpoint the right code leads to


SIGN_IN = Way("signin", _("用短信验证码登录"), ".login_code", ".send_login_code", ".enter_login_code", ".whose")
REGISTER = Way("register", _("用手机号注册"), ".register", ".send_register_code", ".enter_register_code", ".register")
RESET = Way("reset", _("找回密码"), ".forgot", ".send_reset_code", ".enter_reset_code", ".new_password")


def onward(endpoint: str) -> Response:
    """To another step, with the page to go to in the end."""
    return redirect(url_for(endpoint, next=next_path() or None), 303)


def next_path() -> str:
    """Where to go in the end, on this site."""
    return own_site_path(request.values.get("next"), "")


def ask_number(way: Way, problem: Problem | None = None) -> Response:
    """The page where the number is given."""
    if not accounts.can_send():
        raise NotFound(_("这个网站没有开通短信。"))
    return answered(problem, page(
        "accounts/give_number.html", problem.status if problem else 200, title=str(way.title), action=url_for(way.ask),
        purpose=way.purpose, next=next_path(), phone=request.form.get("phone", ""), **told(problem)))


def send(way: Way) -> Response:
    """Have a code sent to the number of the form, or to the one asked before; the same answer for every number."""
    phone = request.form.get("phone") or tickets.asked(way.purpose) or ""
    try:
        phone = accounts.checked_phone(phone)
        accounts.ask_code(phone, way.purpose, request.remote_addr or "")
    except Problem as problem:
        return _enter(way, phone, problem) if tickets.asked(way.purpose) == phone else ask_number(way, problem)
    tickets.keep_asked(way.purpose, phone)
    return onward(way.enter)


def enter(way: Way) -> Response:
    """The page where the code is typed."""
    phone = tickets.asked(way.purpose)
    return _enter(way, phone) if phone else onward(way.number)


def _enter(way: Way, phone: str, problem: Problem | None = None) -> Response:
    return answered(problem, page(
        "accounts/enter_code.html", problem.status if problem else 200, title=str(way.title), purpose=way.purpose,
        phone_masked=accounts.mask_phone(phone), action=url_for(way.enter), again=url_for(way.ask), other=url_for(way.number),
        next=next_path(), **told(problem)))


def check(way: Way) -> Response:
    """Was it the code? Then on; an account that was in use lately is opened at once."""
    phone = tickets.asked(way.purpose)
    if phone is None:
        return onward(way.number)
    try:
        ticket = tickets.Ticket(try_code(phone, way.purpose, request.form.get("code", "")), phone, way.purpose)
        person = accounts.find_person_by_phone(phone)
        if person is None and way is not REGISTER:  # nobody got that code: it was guessed
            raise accounts.wrong_code()
    except Problem as problem:
        return _enter(way, phone, problem)
    tickets.keep(ticket)
    if way is SIGN_IN and not person.disabled_at and not accounts.standing_of(person).must_be_asked:
        return _come_in(ticket, person)
    return onward(".whose" if person and way is REGISTER else way.onward)


def _come_in(ticket: tickets.Ticket, person: accounts.Person, *, is_proved: bool = False) -> Response:
    """Spend the ticket and begin the session. Begins writing where that has not been done."""
    begin_writing()
    accounts.use_code(ticket.code_id, ticket.phone, ticket.purpose)
    accounts.arrive_by_code(person)
    return welcome(person, "code", is_proved=is_proved)


# ---- signing in by a code


@blueprint.get("/login/code")
def login_code() -> Response:
    """Which number?"""
    return ask_number(SIGN_IN)


@blueprint.post("/login/code")
def send_login_code() -> Response:
    """Send it."""
    return send(SIGN_IN)


@blueprint.get("/login/code/enter")
def enter_login_code() -> Response:
    """Type it."""
    return enter(SIGN_IN)


@blueprint.post("/login/code/enter", endpoint="check_login_code")
@reads_first
def check_login_code() -> Response:
    """Right? Then in."""
    return check(SIGN_IN)


# ---- proving the number before registering; the number is given at /register


@blueprint.post("/register/code")
def send_register_code() -> Response:
    """Send it, whether the number is known or not."""
    return send(REGISTER)


@blueprint.get("/register/code/enter")
def enter_register_code() -> Response:
    """Type it."""
    return enter(REGISTER)


@blueprint.post("/register/code/enter", endpoint="check_register_code")
@reads_first
def check_register_code() -> Response:
    """Right? Then name and password, or whose the account is that has this number."""
    return check(REGISTER)


# ---- whose is the account behind the number?


def _behind() -> tuple[tickets.Ticket, accounts.Person] | None:
    ticket = tickets.find("signin", "register")
    person = accounts.find_person_by_phone(ticket.phone) if ticket else None
    return (ticket, person) if ticket and person else None


@blueprint.get("/login/whose")
def whose() -> Response:
    """There is an account with this number: is it yours, and where that is in doubt, what else shows it?"""
    found = _behind()
    return _whose(found[1]) if found else onward(".login")


def _whose(person: accounts.Person, problem: Problem | None = None) -> Response:
    if person.disabled_at:
        return ask_officer("disabled")
    standing = accounts.standing_of(person)
    return answered(problem, page(
        "accounts/whose.html", problem.status if problem else 200, next=next_path(), name=standing.masked_name,
        seen_at=standing.seen_at, may_be_released=standing.may_be_released, proofs=standing.to_sign_in,
        is_trusted=standing.is_trusted,
        chosen=request.form.get("kind", ""),
        **told(problem)))


def ask_officer(why: str, status: int = 200) -> Response:
    """Here only a person can decide: whom to ask, and what to bring."""
    return answered(None, page("accounts/ask_officer.html", status, why=why))


@blueprint.post("/login/whose", endpoint="whose_mine")
@reads_first
def whose_mine() -> Response:
    """It is mine, with a second proof where one is needed."""
    found = _behind()
    if found is None:
        return onward(".login")
    ticket, person = found
    kind = request.form.get("kind", "")
    try:
        if person.disabled_at:
            return ask_officer("disabled")
        proofs = accounts.standing_of(person).to_sign_in
        show_proof(person, kind, proofs)
        return _come_in(ticket, person, is_proved=bool(proofs) and kind == "factor")
    except Problem as problem:
        leave_behind(problem)
        return _whose(person, problem)


def show_proof(person: accounts.Person, kind: str, proofs: tuple[str, ...]) -> None:
    """Check the second proof of the form, where one is needed. Leaves a writing transaction open for what follows."""
    typed = request.form.get("proof", "")
    if proofs and kind not in proofs:
        raise accounts.WrongProof(_("请选一种方式，证明账号是你的。"))
    if proofs and kind != "password":
        most = accounts.IDENTITY_TRIES_A_DAY if kind == "identity" else accounts.FACTOR_TRIES_A_DAY
        claim_attempt(accounts.proof_key(kind, person.id), most_a_day=most)
    if kind != "password":
        begin_writing()
    if proofs:
        try:
            accounts.show_second_proof(current_actor(), person, kind, typed, request.remote_addr or "")
        except Problem as problem:
            if problem.status == 401:
                problem.status, problem.message = 422, _("密码不对。")
            if problem.status == 422:
                words = problem.fields[0]["message"] if problem.fields else problem.message
                problem.fields = [{"field": "proof", "message": words}]
            raise


@blueprint.post("/login/whose/not-mine")
def not_mine() -> Response:
    """The number was somebody else's before: a quiet account loses it, for the others an officer decides."""
    found = _behind()
    if found is None:
        return onward(".login")
    if found[1].disabled_at:
        return ask_officer("disabled")
    if accounts.give_up_number(current_actor(), found[1]):
        return onward(".register")
    return ask_officer("disputed")
