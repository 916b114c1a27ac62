"""Checking credentials over the API: for systems of employers, schools and bureaux."""

from __future__ import annotations

from flask import request
from pydantic import BaseModel, Field

from guanxue import accounts, credentials, creditbank
from guanxue.core import clock
from guanxue.core.db import begin_writing, writing
from guanxue.core.i18n import lazy as _
from guanxue.core.web.api import operation
from guanxue.core.web.throttle import Throttle

LOOKS_A_DAY = 20  # of one code, by whomever: four digits cannot be tried out
_checks = Throttle(per_second=2, burst=30)
_looks = Throttle(per_second=0.1, burst=10)


class File(BaseModel):
    """A credential file."""

    credential: str = Field(max_length=1_000_000)


class Typed(BaseModel):
    """The holder's whole name, or the last four of their document."""

    typed: str = Field(min_length=1, max_length=40)


def check_throttle() -> None:
    """Slow down whoever asks for code after code."""
    _checks.check(request.remote_addr)


def compare(code: str, typed: str) -> bool:
    """Is what was typed the holder's? Counted before it is looked at. Raises TooMany, NoSuchRecord, Invalid."""
    credentials.checked_typed(typed)
    _looks.check(request.remote_addr)
    found = creditbank.normal_code(code)
    if credentials.find_issued(found) is None:
        creditbank.verify(found)
    with writing():
        accounts.claim_attempt(f"credentials.holder:{found}", most_a_day=LOOKS_A_DAY)
    begin_writing()
    return credentials.matches_holder(found, typed)


@operation("GET", "/credentials/<code>", summary=_("一份证书现在是否有效"), signed_in=False)
def credential(code: str):
    """Its serial, state and times; never the holder's name."""
    check_throttle()
    return told_of(must_find(code))


def must_find(code: str) -> credentials.Issued:
    """The newest credential of a code, or the one of a serial. Raises NoSuchCredential."""
    serial = credentials.read_serial(code.strip().upper())
    found = credentials.find_issued(*serial) if serial else credentials.find_issued(creditbank.normal_code(code))
    if found is None:
        raise credentials.NoSuchCredential(_("没有这个编号的证书。"))
    return found


def told_of(found: credentials.Issued) -> dict:
    """What a stranger is told of a credential."""
    row = found.credential
    return {"serial": row.serial, "code": row.code, "kind": row.kind, "title": row.title, "valid": found.is_valid,
            "state": found.state, "reason": found.reason, "newest": found.newest, "issued_at": row.issued_at.isoformat(),
            "expires_at": row.expires_at.isoformat() if row.expires_at else None, "key_id": row.key_id, "digest": row.digest}


@operation("POST", "/credentials/check", summary=_("核验一份证书文件"), body=File, signed_in=False, reads_first=True)
def check_file(body: File):
    """Signature, form, dates, and whether it was taken back, by what is known here and now."""
    check_throttle()
    return judge(body.credential)


def judge(text: str) -> dict:
    """What is said of a file, with what we know beyond it: how its credential stands."""
    seen = credentials.check(text, credentials.list_keys(), clock.now())
    serial = credentials.read_serial(str(seen.payload.get("id", "")).rpartition("/")[2])
    found = credentials.find_issued(*serial) if serial and seen.is_valid else None
    fault = seen.fault
    if found is not None and not found.is_valid:
        fault = "replaced" if found.state == "replaced" else "revoked"
    return {"valid": not fault, "fault": fault or None, "detail": seen.detail,
            "why": str(credentials.WHY[fault]) if fault else "", "key_id": seen.key_id,
            "state": found.state if found else None, "newest": found.newest if found else None,
            "credential": seen.payload or None}


@operation("POST", "/credentials/<code>/holder", summary=_("比对姓名或证件后四位"), body=Typed, signed_in=False,
           reads_first=True)
def holder(code: str, body: Typed):
    """Whether they are the holder's. The holder is told that somebody asked."""
    return {"matches": compare(code, body.typed)}
