"""Six-digit codes that go to a phone: asked for, limited, tried, used once; and notices to the number.

Whether a number belongs to somebody changes nothing that its asker could see: the same rows are written and the same job is
enqueued for every number, and only the worker, later, looks whether there is anybody to send it to. Codes and limits are
rows, so they hold for all processes.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, select, true, update

from guanxue import jobs
from guanxue.accounts import rules
from guanxue.accounts.errors import WrongCode
from guanxue.accounts.gateway import find_gateway
from guanxue.accounts.models import SmsCode
from guanxue.accounts.queries import find_person_by_phone
from guanxue.accounts.service import checked_phone
from guanxue.core import clock
from guanxue.core.db import session, wait_for_turn
from guanxue.core.errors import NotFound, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.sealing import keyed_hash, seal, unseal
from guanxue.core.settings import settings

PURPOSES = ("signin", "register", "reset", "change")
# Codes for these go to numbers that nobody has yet; for the others only to somebody's own.
TO_ANY_NUMBER = ("register", "change")
CODE_MINUTES = 5
MOST_TRIES = 5
KEEP = timedelta(days=2)  # the limits look back one day
_SEALED = "sms-message"
_DAY_S = 86_400


def ask_code(phone: str, purpose: str, address: str) -> None:
    """Have a code sent to the number. Raises Invalid, TooMany, and NotFound where no messages are sent."""
    if not settings().sms:
        raise NotFound(_("这个网站没有开通短信。"))
    phone, address = checked_phone(phone), rules.network_of(address)
    wait_for_turn("sms")
    now = clock.now()
    _must_be_within_limits(phone, address)
    session.execute(delete(SmsCode).where(SmsCode.sent_at < now - KEEP))
    code = f"{secrets.randbelow(1_000_000):06}"
    row = SmsCode(phone=phone, purpose=purpose, address=address, code_hash=_hash(phone, purpose, code), sent_at=now,
                  expires_at=now + timedelta(minutes=CODE_MINUTES))
    session.add(row)
    session.flush()
    _enqueue(f"code:{row.id}", phone, purpose, {"code": code, "minutes": str(CODE_MINUTES)},
             only_known=purpose not in TO_ANY_NUMBER)


def _must_be_within_limits(phone: str, address: str) -> None:
    now = clock.now()
    for whose, limits in ((SmsCode.phone == phone, rules.CODES_A_NUMBER), (SmsCode.address == address, rules.CODES_AN_ADDRESS),
                          (true(), ((settings().sms_a_day, _DAY_S),))):
        for most, window_s in limits:
            count, first = session.execute(select(func.count(), func.min(SmsCode.sent_at)).where(
                whose, SmsCode.sent_at > now - timedelta(seconds=window_s))).one()
            if count >= most:
                wait_s = window_s - int((now - (first or now)).total_seconds())
                raise TooMany(_too_many(wait_s), retry_after_s=wait_s)


def _too_many(wait_s: int) -> object:
    if wait_s <= 60:
        return _("验证码发得太频繁，请 %(n)s 秒后再试。", n=wait_s)
    return _("验证码发得太多了，请 %(n)s 分钟后再试。", n=-(-wait_s // 60))


def _enqueue(key: str, phone: str, template: str, params: dict[str, str], *, only_known: bool) -> None:
    sealed = seal(_SEALED, key, json.dumps({"phone": phone, "params": params}))
    jobs.enqueue("accounts.send_message", {
        "key": key, "template": template, "sealed": base64.b64encode(sealed).decode(), "only_known": only_known,
        "until_ms": clock.now_ms() + CODE_MINUTES * 60_000}, priority=5)


def notify(phone: str | None, template: str, params: dict[str, str] | None = None) -> None:
    """A notice from a fixed template to the number; nothing where there is none or no messages are sent."""
    if phone and settings().sms:
        _enqueue(f"notice:{secrets.token_hex(8)}", phone, template, params or {}, only_known=False)


@dataclass(frozen=True)
class Message:
    """What the worker hands to the gateway. `key` is the same however often it is handed over."""

    key: str
    phone: str
    template: str
    params: dict[str, str]


def open_message(payload: dict) -> Message | None:
    """The message of a job, if it is still worth sending and there is somebody to send it to."""
    if find_gateway() is None or clock.now_ms() > payload["until_ms"]:
        return None
    opened = json.loads(unseal(_SEALED, payload["key"], base64.b64decode(payload["sealed"])))
    if payload["only_known"] and not is_open_to_codes(opened["phone"]):
        return None
    return Message(payload["key"], opened["phone"], payload["template"], opened["params"])


def send_message(message: Message) -> None:
    """Hand it over; slow, so outside any transaction. Raises CannotSend."""
    gateway = find_gateway()
    if gateway is not None:
        gateway.send(message.key, message.phone, message.template, message.params)


def is_open_to_codes(phone: str) -> bool:
    """Is there somebody with that number whom a code could let in?"""
    person = find_person_by_phone(phone)
    return person is not None and person.disabled_at is None


def count_try(phone: str, purpose: str) -> None:
    """One of the newest code's five tries. Commit it before looking at what was typed. Never tells whether there is one."""
    newest = select(func.max(SmsCode.id)).where(SmsCode.phone == phone, SmsCode.purpose == purpose).scalar_subquery()
    session.execute(update(SmsCode).where(SmsCode.id == newest).values(tries=SmsCode.tries + 1)
                    .execution_options(synchronize_session=False))


def check_code(phone: str, purpose: str, typed: str) -> int:
    """The row of the code that was sent last to the number for the purpose, if that is what was typed. Raises WrongCode.

    Call count_try() first, in a transaction of its own. The code stays unused until use_code().
    """
    row = session.scalar(select(SmsCode).where(SmsCode.phone == phone, SmsCode.purpose == purpose)
                         .order_by(SmsCode.id.desc()).limit(1))
    expected = row.code_hash if row else _hash(phone, purpose, "")
    is_right = hmac.compare_digest(expected, _hash(phone, purpose, rules.digits_of(typed)))
    if row is None or not is_right or row.used_at or row.tries > MOST_TRIES or row.expires_at <= clock.now():
        raise wrong_code()
    return row.id


def use_code(code_id: int, phone: str, purpose: str) -> None:
    """The code's one use, in the transaction of what it is used for. Of two at once one comes too late. Raises WrongCode."""
    used = session.execute(
        update(SmsCode)
        .where(SmsCode.id == code_id, SmsCode.phone == phone, SmsCode.purpose == purpose, SmsCode.used_at.is_(None))
        .values(used_at=clock.now())).rowcount
    if not used:
        raise wrong_code()


def wrong_code() -> WrongCode:
    """Wrong, too old, tried too often or used: told the same."""
    return WrongCode(_("验证码不对或已过期，请核对，或重新获取。"),
                     fields=[{"field": "code", "message": _("请输入短信里的 6 位数字。")}])


def _hash(phone: str, purpose: str, code: str) -> str:
    return keyed_hash("sms-code", f"{purpose}:{phone}:{code}")
