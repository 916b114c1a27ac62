"""Sessions and people over the API."""

from __future__ import annotations

from flask import request
from pydantic import BaseModel, Field

from guanxue import accounts
from guanxue.accounts import signin
from guanxue.core.db import begin_writing
from guanxue.core.i18n import lazy as _
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor


class Credentials(BaseModel):
    """Phone and password."""

    phone: str = Field(max_length=40)
    password: str = Field(max_length=1024)


class NewPerson(Credentials):
    """Somebody who wants to learn."""

    name: str = Field(max_length=100)
    terms_version: str = Field("", max_length=40)


def _person(person: accounts.Person) -> dict:
    return {"id": str(person.id), "name": person.name, "phone_masked": accounts.mask_phone(person.phone)}


@operation("POST", "/session", summary=_("登录，得到令牌"), body=Credentials, signed_in=False, reads_first=True)
def open_session(body: Credentials):
    """A bearer token; no cookie."""
    person = accounts.prove(body.phone, body.password, request.remote_addr or "")
    begin_writing()
    token = accounts.start_session(person, "bearer", request.headers.get("User-Agent", ""))
    return {"token": token, "person": _person(person)}


@operation("DELETE", "/session", summary=_("退出登录"))
def close_session():
    """End the session this request came with."""
    accounts.end_session(current_actor(), current_actor().session_id)
    if signin.bearer() is None:
        signin.forget_in_browser()


@operation("POST", "/people", summary=_("注册"), body=NewPerson, signed_in=False, reads_first=True)
def register(body: NewPerson):
    """A new person."""
    hashed = accounts.hash_password(body.password, body.phone)
    begin_writing()
    person = accounts.register_person(current_actor(), phone=body.phone, password_hash=hashed, name=body.name,
                                      terms_version=body.terms_version)
    return _person(person), 201


@operation("GET", "/me/sessions", summary=_("我的登录"))
def my_sessions():
    """Where I am signed in."""
    items = [{
        "id": str(s.id), "kind": s.kind, "device": s.device, "created_at": s.created_at.isoformat(),
        "last_seen_at": s.last_seen_at.isoformat(), "current": s.id == current_actor().session_id,
    } for s in accounts.list_sessions(current_actor().id)]
    return {"items": items, "total": len(items), "page": 1, "per_page": max(1, len(items))}


@operation("DELETE", "/me/sessions/<int:id>", summary=_("结束一个登录"))
def end_session(id: int):
    """End one of my sessions."""
    accounts.end_session(current_actor(), id)
