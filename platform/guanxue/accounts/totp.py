"""Codes of an authenticator app: RFC 6238 over RFC 4226, six digits, a new one every 30 seconds. Pure."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

STEP_S = 30
DIGITS = 6
WINDOW = 1  # steps before and after the present one that are taken: clocks of phones are not exact


def code_of(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one time step."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at:at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10 ** digits:0{digits}}"


def step_of(moment: datetime) -> int:
    """The time step a moment lies in."""
    return int(moment.timestamp()) // STEP_S


def matching_step(secret: bytes, typed: str, present: int, newest_taken: int) -> int | None:
    """The step whose code was typed, within the window and newer than the newest that was taken; None for none."""
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        is_code = hmac.compare_digest(code_of(secret, step).encode(), typed.encode())
        if is_code and step > newest_taken:
            found = step
    return found
