"""Sessions and people over the API."""

from __future__ import annotations

from flask import request
from pydantic import BaseModel, Field

from guanxue import accounts
from guanxue.accounts import levels, signin
from guanxue.accounts.forms import claim_attempt, try_code
from guanxue.core.db import begin_writing
from guanxue.core.errors import SecondFactorNeeded
from guanxue.core.i18n import lazy as _
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor


class Credentials(BaseModel):
    """Phone and password."""

    phone: str = Field(max_length=40)
    password: str = Field(max_length=1024)


class SignIn(Credentials):
    """Phone, password, and the second factor of those who have one: a code of the app or of the paper."""

    code: str = Field("", max_length=40)


class Shown(BaseModel):
    """A second factor: a code of the app or of the paper."""

    code: str = Field(max_length=40)


class Asked(BaseModel):
    """Whom to send a code to, to prove the number before registering."""

    phone: str = Field(max_length=40)


class NewPerson(Credentials):
    """Somebody who wants to learn. `code` proves the number where codes are sent."""

    name: str = Field(max_length=100)
    terms_version: str = Field("", max_length=40)
    code: str = Field("", max_length=40)


def _person(person: accounts.Person) -> dict:
    return {"id": str(person.id), "name": person.name, "phone_masked": accounts.mask_phone(person.phone)}


@operation("POST", "/session", summary=_("登录，得到令牌"), body=SignIn, signed_in=False, reads_first=True)
def open_session(body: SignIn):
    """A bearer token; no cookie. Who has a second factor sends it in the same call."""
    person = accounts.prove(body.phone, body.password, request.remote_addr or "")
    has_factor = accounts.has_second_factor(person.id)
    if has_factor and not body.code:
        raise SecondFactorNeeded(_("还要验证器应用里的 6 位数字，请放在 code 里再发一次。"))
    if has_factor:
        claim_attempt(accounts.factor_key(person.id), most_a_day=accounts.FACTOR_TRIES_A_DAY)
    begin_writing()
    if has_factor:
        accounts.show_second_factor(current_actor(), person.id, body.code)
    device = request.headers.get("User-Agent", "")
    accounts.tell_of_new_device(person, device)
    token = accounts.start_session(person, "bearer", device, is_proved=has_factor)
    return {"token": token, "person": _person(person)}


@operation("POST", "/session/second-factor", summary=_("再次出示两步验证"), body=Shown, reads_first=True)
def show_second_factor(body: Shown):
    """For twelve hours what needs it opens to this session."""
    actor = current_actor()
    claim_attempt(accounts.factor_key(actor.id), most_a_day=accounts.FACTOR_TRIES_A_DAY)
    begin_writing()
    accounts.show_second_factor(actor, actor.id, body.code)
    accounts.prove_session(actor.session_id)


@operation("POST", "/codes", summary=_("给手机号发注册验证码"), body=Asked, signed_in=False)
def send_code(body: Asked):
    """The same answer whether the number is known or not; 404 where the site sends no messages."""
    accounts.ask_code(body.phone, "register", request.remote_addr or "")
    return {}, 202


@operation("DELETE", "/session", summary=_("退出登录"))
def close_session():
    """End the session this request came with."""
    accounts.end_session(current_actor(), current_actor().session_id)
    if signin.bearer() is None:
        signin.forget_in_browser()


@operation("POST", "/people", summary=_("注册"), body=NewPerson, signed_in=False, reads_first=True)
def register(body: NewPerson):
    """A new person; where codes are sent, one that came to the number proves it."""
    phone = accounts.checked_phone(body.phone)
    hashed = accounts.hash_password(body.password, phone)
    code_id = try_code(phone, "register", body.code) if accounts.can_send() else None
    begin_writing()
    if code_id is not None:
        accounts.use_code(code_id, phone, "register")
    person = accounts.register_person(current_actor(), phone=phone, password_hash=hashed, name=body.name,
                                      terms_version=body.terms_version, source="api")
    if code_id is not None:
        accounts.arrive_by_code(person)
    return _person(person), 201


@operation("GET", "/me/sessions", summary=_("我的登录"))
def my_sessions():
    """Where I am signed in."""
    items = [{
        "id": str(s.id), "kind": s.kind, "device": s.device, "created_at": s.created_at.isoformat(),
        "last_seen_at": s.last_seen_at.isoformat(), "current": s.id == current_actor().session_id,
        "method": s.method, "proved_at": s.proved_at.isoformat() if s.proved_at else None,
    } for s in accounts.list_sessions(current_actor().id)]
    return {"items": items, "total": len(items), "page": 1, "per_page": max(1, len(items))}


@operation("DELETE", "/me/sessions/<int:id>", summary=_("结束一个登录"))
def end_session(id: int):
    """End one of my sessions."""
    accounts.end_session(current_actor(), id)


@operation("GET", "/me/identity", summary=_("我的身份确认到哪一步"))
def my_identity():
    """The level (0 phone, 1 stated, 2 seen, 3 matched), the documents masked, and whether one waits for an officer."""
    known = levels.list_known(current_actor().id)
    return {
        "level": max((k.level for k in known), default=0),
        "documents": [{
            "kind": k.document.kind, "country": k.document.country or None, "number_masked": k.document.masked,
            "level": k.level, "stated_at": k.document.stated_at.isoformat(), "waiting": k.document.asked_at is not None,
        } for k in known],
    }
