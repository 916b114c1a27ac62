"""The codes of a meeting that change every few seconds, and the stamp that keeps the moment of scanning.

A code proves that somebody saw the screen in the room within the last seconds. Who scans it may have to sign in to the site
first: opening the address (a GET, which writes nothing) turns the code into a stamp, signed by us, that says when it was
scanned and by which browser, so that signing in makes nobody late and the address is worth nothing on another phone.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from guanxue.classes import rules
from guanxue.classes.errors import CodeExpired
from guanxue.classes.models import IN, OUT, Meeting
from guanxue.core import clock
from guanxue.core.i18n import lazy as _
from guanxue.core.sealing import keyed_hash
from guanxue.core.settings import settings


@dataclass(frozen=True)
class Shown:
    """What the screen shows now. `token` goes into the QR code, `digits` are typed; how long until the token changes."""

    token: str
    digits: str
    ms_left: int


@dataclass(frozen=True)
class Seen:
    """What somebody saw: which meeting, in or out, when, by which way ("code" or "typed") and step."""

    meeting_id: int
    way: str
    at_ms: int
    by: str
    step: int


def _key(secret: str) -> bytes:
    return hmac.new(settings().derive_key("class-codes"), secret.encode(), "sha256").digest()


def shown_now(meeting: Meeting, way: str) -> Shown:
    """The codes of this moment, for the screen in the room."""
    now, key = clock.now_ms(), _key(meeting.secret)
    step = rules.step_of(now, rules.SCAN_STEP_MS)
    word = rules.scan_word(key, meeting.id, way, step)
    digits = rules.typed_digits(key, meeting.id, way, rules.step_of(now, rules.TYPED_STEP_MS))
    return Shown(f"{meeting.id}.{way}.{step}.{word}", digits, (step + 1) * rules.SCAN_STEP_MS - now)


def meeting_id_of(token: str) -> int:
    """Which meeting a token says it is for; 0 where it is none."""
    first = token.partition(".")[0]
    return int(first) if first.isascii() and first.isdigit() and len(first) < 10 else 0


def read_token(meeting: Meeting, token: str) -> Seen:
    """What a scanned token proves at this moment. Raises CodeExpired."""
    parts = token.split(".")
    if len(parts) == 4 and parts[1] in (IN, OUT) and parts[2].isascii() and parts[2].isdigit() and len(parts[2]) < 14:
        step, now = int(parts[2]), clock.now_ms()
        right = rules.scan_word(_key(meeting.secret), meeting.id, parts[1], step)
        if hmac.compare_digest(right.encode(), parts[3].encode()) and rules.is_shown(step, now, rules.SCAN_STEP_MS):
            return Seen(meeting.id, parts[1], now, "code", step)
    raise CodeExpired(_("这个码已经换了。请对着现场屏幕重新扫一次；拍下来或别人转发的码没有用。"))


def read_digits(meeting: Meeting, way: str, typed: str) -> Seen:
    """What six typed digits prove at this moment. Raises CodeExpired."""
    now, key = clock.now_ms(), _key(meeting.secret)
    step = rules.step_of(now, rules.TYPED_STEP_MS)
    for one in (step, step - 1):
        if hmac.compare_digest(rules.typed_digits(key, meeting.id, way, one).encode(), typed.encode()):
            return Seen(meeting.id, way, now, "typed", one)
    raise CodeExpired(_("数字不对，或者已经换了。请看现场屏幕上现在的 6 位数字。"))


def stamp(seen: Seen, bearer: str) -> str:
    """A signed word that `bearer` (a browser, or a browser and a person) saw it then."""
    told = f"{seen.meeting_id}.{seen.way}.{seen.at_ms}.{seen.step}"
    return f"{told}.{_sign(told, bearer)}"


def read_stamp(text: str, bearer: str) -> Seen:
    """What a stamp says, for the same bearer, while it holds. Raises CodeExpired."""
    told, _dot, sign = text.rpartition(".")
    parts = told.split(".")
    if len(parts) == 4 and hmac.compare_digest(_sign(told, bearer).encode(), sign.encode()):
        meeting_id, way, at_ms, step = int(parts[0]), parts[1], int(parts[2]), int(parts[3])
        if 0 <= clock.now_ms() - at_ms <= rules.STAMP_MS:
            return Seen(meeting_id, way, at_ms, "code", step)
    raise CodeExpired(_("扫码过去太久了，或者换了一部手机。请对着现场屏幕重新扫一次。"))


def _sign(told: str, bearer: str) -> str:
    return keyed_hash("class-stamp", f"{told}/{bearer}")[:32]
