"""The citizen's number a person states: sealed, found by its keyed hash, shown masked. One number, one person.

Whoever claims a number that another account stated is told so and no more; the trail of the account that holds it keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import audit
from guanxue.accounts import consent, rules
from guanxue.accounts.errors import NumberReliedOn, NumberTaken
from guanxue.accounts.models import Identity
from guanxue.accounts.queries import get_person, lock_person
from guanxue.core import clock, sealing
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid, NotFound
from guanxue.core.i18n import lazy as _

KIND = "citizen-id"
LONGEST_REASON = 200
_WORDS = {
    "length": _("身份证号是 18 位，请数一数有没有少填或多填。"),
    "characters": _("身份证号前 17 位都是数字，最后一位是数字或 X。"),
    "date": _("第 7 到 14 位是出生日期，这里填的不是一个真实的日期。"),
    "future": _("第 7 到 14 位是出生日期，这里填的日期还没有到。"),
    "check": _("最后一位和前面的数字对不上，多半有一位抄错了，请对照身份证再看一遍。"),
}
_reliers: dict[str, Callable[[int, datetime], bool]] = {}


def register_relier(room: str, rests: Callable[[int, datetime], bool]) -> None:
    """Ask the room too: has a record of the person been made since that moment, on the strength of the stated number?"""
    _reliers[room] = rests


def checked_number(text: str) -> str:
    """The normalised number. Raises Invalid with a sentence that says what is wrong, and never the number itself."""
    number = rules.normal_citizen_id(text)
    fault = rules.citizen_id_fault(number, clock.today())
    if fault:
        raise Invalid(_("身份证号有误。"), fields=[{"field": "number", "message": _WORDS[fault]}])
    return number


def checked_reason(text: str) -> str:
    """A reason somebody gave. Raises Invalid without one."""
    reason = " ".join(text.split())
    if not 2 <= len(reason) <= LONGEST_REASON or any(ord(c) < 32 for c in reason):
        raise Invalid(_("请写明原因。"), fields=[{"field": "reason", "message": _("请写明原因，2 到 200 个字。")}])
    return reason


def find_identity(person_id: int) -> Identity | None:
    """What the person stated."""
    return session.get(Identity, person_id)


def find_holder(text: str) -> int | None:
    """Row id of the person who stated this number, by its keyed hash; None too for what can be no number."""
    number = rules.normal_citizen_id(text)
    return session.scalar(select(Identity.person_id).where(Identity.number_hash == sealing.keyed_hash(KIND, number)))


def is_relied_on(identity: Identity) -> bool:
    """Does a record rest on this number, so that its owner can no longer change it alone?"""
    return any(rests(identity.person_id, identity.stated_at) for rests in _reliers.values())


def state_number(actor: Actor, text: str, *, agrees: bool) -> Identity:
    """The actor states their number, or corrects it while nothing rests on it. The same number again changes nothing.

    Raises Invalid, NumberTaken, NumberReliedOn.
    """
    actor.must_be_person()
    number = checked_number(text)
    if not agrees:
        raise Invalid(_("还没有同意。"), fields=[{"field": "agrees", "message": _("身份证号要你单独同意，我们才能保存。")}])
    lock_person(actor.id)
    there = find_identity(actor.id)
    if there is not None and there.number_hash != sealing.keyed_hash(KIND, number) and is_relied_on(there):
        raise NumberReliedOn(_("已有学分记在这个身份证号名下，不能自己改了。请联系管理员，说明原因后更正。"))
    consent.agree_to(actor, consent.IDENTITY, agrees=True)
    return _keep(actor, actor.id, number, "accounts.identity.corrected" if there else "accounts.identity.stated", {})


def correct_number(actor: Actor, person_id: int, text: str, reason: str) -> Identity:
    """An administrator corrects a number that records rest on, with a reason. Raises Invalid, NotFound, NumberTaken."""
    actor.require("administer")
    number, why = checked_number(text), checked_reason(reason)
    lock_person(person_id)
    if find_identity(person_id) is None:
        raise NotFound(_("这个人没有填过身份证号。"))
    return _keep(actor, person_id, number, "accounts.identity.corrected", {"reason": why})


def _keep(actor: Actor, person_id: int, number: str, action: str, detail: dict) -> Identity:
    """Write it down. A corrected number keeps the moment of the first: what came to rest on that one rests on this."""
    owner, hashed = get_person(person_id).ref, sealing.keyed_hash(KIND, number)
    row = find_identity(person_id) or Identity(person_id=person_id)
    if row.number_hash == hashed:
        return row
    _must_be_free(actor, hashed)
    try:
        with session.begin_nested():
            row.kind, row.masked, row.number_hash = KIND, rules.mask_citizen_id(number), hashed
            row.stated_at = row.stated_at or clock.now()
            row.number_sealed = sealing.seal(KIND, owner, number)
            session.add(row)
    except IntegrityError:  # the other one came first by a moment
        session.expire_all()
        _must_be_free(actor, hashed)
        raise
    audit.record(actor, action, owner, detail)
    return row


def _must_be_free(actor: Actor, hashed: str) -> None:
    holder = session.scalar(select(Identity.person_id).where(Identity.number_hash == hashed))
    if holder is not None:
        subject = f"person:{holder}"
        raise NumberTaken(
            _("这个身份证号已经登记在另一个账号上。如果那也是你的账号，请用那个账号登录，或把两个账号合并；如果不是，请联系我们核实。"),
            remember=[lambda: audit.record(actor, "accounts.identity.claimed", subject)])


def reveal_number(actor: Actor, person_id: int, reason: str) -> str:
    """The whole number, for an administrator who says why; the person sees who looked and why. Raises Invalid, NotFound."""
    actor.require("administer")
    why = checked_reason(reason)
    row = find_identity(person_id)
    if row is None:
        raise NotFound(_("这个人没有填过身份证号。"))
    owner = f"person:{person_id}"
    number = sealing.unseal(KIND, owner, row.number_sealed)
    audit.record(actor, "accounts.identity.seen", owner, {"reason": why})
    return number


def withdraw_number(actor: Actor) -> None:
    """Take the number and the consent to keep it back. Raises NumberReliedOn while records rest on it."""
    lock_person(actor.id)
    row = find_identity(actor.id)
    if row is not None and is_relied_on(row):
        raise NumberReliedOn(_("已有学分记在这个身份证号名下，要留着备查，暂时不能删。注销账号时会一起删掉。"))
    if row is not None:
        session.delete(row)
        audit.record(actor, "accounts.identity.withdrawn", f"person:{actor.id}")
    consent.agree_to(actor, consent.IDENTITY, agrees=False)
    session.flush()
