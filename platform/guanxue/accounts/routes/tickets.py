"""What the browser's signed cookie remembers between the steps of a code: which number was asked, and which code was right.

Numbers stay out of addresses this way. A ticket is worth one use: whoever spends it marks the code as used (use_code()).
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import session

from guanxue.core import clock

HOLDS_MS = 900_000


@dataclass(frozen=True)
class Ticket:
    """The right code was typed for this number and purpose; the code's row is still unused."""

    code_id: int
    phone: str
    purpose: str


def keep_asked(purpose: str, phone: str) -> None:
    """A code for the purpose was asked for this number."""
    session["asked"] = [purpose, phone, clock.now_ms() + HOLDS_MS]


def asked(purpose: str) -> str | None:
    """The number a code was asked for; None when it is long ago or was for something else."""
    kept_purpose, phone, until_ms = session.get("asked") or ("", "", 0)
    return phone if kept_purpose == purpose and until_ms > clock.now_ms() else None


def keep(ticket: Ticket) -> None:
    """The right code came: the next steps may rely on it for a quarter of an hour."""
    session["ticket"] = [ticket.code_id, ticket.phone, ticket.purpose, clock.now_ms() + HOLDS_MS]


def find(*purposes: str) -> Ticket | None:
    """The ticket, when it holds and is for one of the purposes."""
    code_id, phone, purpose, until_ms = session.get("ticket") or (0, "", "", 0)
    return Ticket(code_id, phone, purpose) if purpose in purposes and until_ms > clock.now_ms() else None


def drop() -> None:
    """Forget what was asked and which code was right."""
    session.pop("asked", None)
    session.pop("ticket", None)
