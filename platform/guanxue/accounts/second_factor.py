"""A person's second factor: setting it up, showing it, the codes on paper, taking it away."""

from __future__ import annotations

import base64
import os
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from guanxue import audit
from guanxue.accounts import attempts, rules, totp
from guanxue.accounts.errors import WrongCode
from guanxue.accounts.models import Person, RecoveryCode, SecondFactor, Session
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.sealing import CannotOpen, keyed_hash, seal, unseal

PURPOSE = "second-factor"
SECRET_BYTES = 20  # what RFC 4226 recommends for SHA-1
TIME_TO_CONFIRM = timedelta(minutes=30)
TRIES_A_DAY = 50  # three codes hold at any moment: who knows the password may not guess on for months
RECOVERY_CODES = 10
# Codes on paper: without letters and digits that people take for each other.
_PAPER = "abcdefghjkmnpqrstuvwxyz23456789"
_PAPER_LENGTH = 10


@dataclass(frozen=True)
class FactorState:
    """How far a person's second factor is: off, being set up, or on since a moment with so many codes on paper left."""

    is_on: bool
    is_pending: bool
    since: datetime | None
    codes_left: int


def factor_state(person_id: int) -> FactorState:
    """The state of the person's second factor."""
    row = session.get(SecondFactor, person_id)
    left = session.scalar(select(func.count()).select_from(RecoveryCode).where(
        RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None)))
    since = row.confirmed_at if row else None
    return FactorState(since is not None, _is_pending(row), since, left or 0)


def _is_pending(row: SecondFactor | None) -> bool:
    # Not for long: whoever sits down at a forgotten screen later must not find somebody's secret there.
    return row is not None and row.confirmed_at is None and row.created_at > clock.now() - TIME_TO_CONFIRM


def has_second_factor(person_id: int) -> bool:
    """Did the person set up a second factor and confirm it?"""
    return session.scalar(select(SecondFactor.person_id).where(
        SecondFactor.person_id == person_id, SecondFactor.confirmed_at.is_not(None))) is not None


def begin_second_factor(actor: Actor) -> None:
    """A new secret for the actor's app, which counts from its confirmation on. Raises Conflict when one is on."""
    row = session.get(SecondFactor, actor.id)
    if row is not None and row.confirmed_at is not None:
        raise Conflict(_("两步验证已经开着。要换手机，请先关掉再重新设置。"))
    row = row or SecondFactor(person_id=actor.id)
    secret = base64.b32encode(os.urandom(SECRET_BYTES)).decode()
    row.secret_sealed, row.last_step, row.created_at = seal(PURPOSE, actor.ref, secret), 0, clock.now()
    session.add(row)
    session.flush()


def pending_secret(person_id: int) -> str:
    """The secret that is being set up, in base32, to type into the app. Raises NotFound when none is."""
    row = session.get(SecondFactor, person_id)
    if row is None or not _is_pending(row):
        raise NotFound(_("没有正在设置的两步验证。"))
    return _secret(row)


def _secret(row: SecondFactor) -> str:
    try:
        return unseal(PURPOSE, f"person:{row.person_id}", row.secret_sealed)
    except CannotOpen:  # the site has another key than when it was sealed: nobody's app works, and nothing else breaks
        raise _wrong() from None


def confirm_second_factor(actor: Actor, typed: str) -> list[str]:
    """The app shows the right code, so it counts from now on; the codes to print. Raises WrongCode, NotFound."""
    pending_secret(actor.id)
    _take_step(actor.id, rules.digits_of(typed))
    session.execute(update(SecondFactor).where(SecondFactor.person_id == actor.id).values(confirmed_at=clock.now()))
    audit.record(actor, "accounts.second_factor.set_up", actor.ref)
    prove_session(actor.session_id)
    attempts.forgive(factor_key(actor.id))
    return _print_codes(actor.id)


def show_second_factor(actor: Actor, person_id: int, typed: str) -> None:
    """A code of the person's app or of their paper was typed: each counts once. Raises WrongCode.

    Call attempts.claim_attempt(factor_key(person_id), most_a_day=TRIES_A_DAY) first, in a transaction of its own.
    """
    if not has_second_factor(person_id):  # one that is only being set up opens nothing
        raise _wrong()
    digits = rules.digits_of(typed)
    if len(digits) == totp.DIGITS:
        _take_step(person_id, digits)
    else:
        _take_paper(actor, person_id, typed)
    attempts.forgive(factor_key(person_id))


def factor_key(person_id: int) -> str:
    """Under which name guesses at the person's second factor are counted."""
    return f"factor:{person_id}"


def prove_session(session_id: int | None) -> None:
    """The session has shown a second factor just now."""
    session.execute(update(Session).where(Session.id == session_id).values(proved_at=clock.now()))


def new_recovery_codes(actor: Actor) -> list[str]:
    """Ten new codes to print; the old ones are worth nothing any more. Raises Conflict while the second factor is off."""
    if not has_second_factor(actor.id):
        raise Conflict(_("两步验证还没有开。"))
    audit.record(actor, "accounts.recovery_codes.printed", actor.ref)
    return _print_codes(actor.id)


def remove_second_factor(actor: Actor, person: Person) -> None:
    """Take the person's second factor away: their own wish, or an administrator's help. Sessions count as unproved again."""
    if actor.id != person.id:
        actor.require("administer")
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    session.execute(delete(SecondFactor).where(SecondFactor.person_id == person.id))
    session.execute(update(Session).where(Session.person_id == person.id).values(proved_at=None))
    attempts.forgive(factor_key(person.id))
    audit.record(actor, "accounts.second_factor.removed", person.ref)


def _take_step(person_id: int, digits: str) -> None:
    row = session.get(SecondFactor, person_id)
    if row is None:
        raise _wrong()
    secret = base64.b32decode(_secret(row))
    step = totp.matching_step(secret, digits, totp.step_of(clock.now()), row.last_step)
    # The condition is asked again while writing: of two that bring one code at once, one comes too late.
    taken = step is not None and session.execute(
        update(SecondFactor).where(SecondFactor.person_id == person_id, SecondFactor.last_step < step)
        .values(last_step=step)).rowcount
    if not taken:
        raise _wrong()


def _take_paper(actor: Actor, person_id: int, typed: str) -> None:
    taken = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.person_id == person_id, RecoveryCode.code_hash == _paper_hash(person_id, typed),
               RecoveryCode.used_at.is_(None))
        .values(used_at=clock.now())).rowcount
    if not taken:
        raise _wrong()
    audit.record(actor, "accounts.recovery_code.used", f"person:{person_id}")


def _print_codes(person_id: int) -> list[str]:
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(_PAPER) for _n in range(_PAPER_LENGTH)) for _m in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(person_id=person_id, code_hash=_paper_hash(person_id, code)) for code in codes)
    session.flush()
    return [f"{code[:5]}-{code[5:]}" for code in codes]


def _paper_hash(person_id: int, typed: str) -> str:
    plain = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", typed)).lower()
    return keyed_hash("recovery-code", f"{person_id}:{plain}")


def _wrong() -> WrongCode:
    return WrongCode(_("验证码不对，或者已经用过。"),
                     fields=[{"field": "code", "message": _("请输入应用里现在显示的 6 位数字。")}])
