"""Pure rules: what may be credited, amounts as people read them, codes."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.policies import Numbers, Worth

# No letter or digit that can be taken for another when read aloud or from a photocopy.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 12


def new_code() -> str:
    """Twelve characters by chance, about 59 bits: cannot be guessed through a throttle."""
    return "".join(secrets.choice(ALPHABET) for _n in range(CODE_LENGTH))


def normal_code(text: str) -> str:
    """A code as typed: any case, blanks and hyphens anywhere."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).upper() if c.isalnum())[:40]


def spaced_code(code: str) -> str:
    """ABCD-EFGH-JKMN."""
    return "-".join(code[i:i + 4] for i in range(0, len(code), 4))


def decimal_text(milli: int, *, signed: bool = False) -> str:
    """Thousandths as people read them: 18 → "0.018"; with a sign for a statement's lines."""
    sign = "-" if milli < 0 else "+" if signed else ""
    return f"{sign}{abs(milli) // 1000}.{abs(milli) % 1000:03}"


# ---- what may be credited


def within_year(numbers: Numbers, its: Worth, used_milli: int) -> Worth:
    """What of a course's worth the policy's year has room for: hours in whole steps, credit by the hours that are left."""
    room = max(0, numbers.yearly_cap_milli - used_milli)
    if not numbers.yearly_cap_milli or its.hours_milli <= room:
        return its
    hours = room - room % numbers.hour_step_milli
    return Worth(its.content_ms, hours, min(its.credits_milli, hours // numbers.class_hours_per_credit))


@dataclass(frozen=True)
class Bid:
    """A credit that wants to count: its course, and the hours it takes of a policy's year (`cap_milli` 0: no bound)."""

    course_id: int
    year: tuple[str, int] = ("", 0)
    hours_milli: int = 0
    cap_milli: int = 0


@dataclass(frozen=True)
class Held:
    """What a person was credited with already, as far as rules ask: courses, taken back or not; hours by policy and year."""

    course_ids: frozenset[int] = frozenset()
    hours: Mapping[tuple[str, int], int] = field(default_factory=dict)

    def with_bid(self, bid: Bid) -> Held:
        """The same and that credit more."""
        return Held(self.course_ids | {bid.course_id}, {**self.hours, bid.year: self.hours.get(bid.year, 0) + bid.hours_milli})


def refused_by(bid: Bid, held: Held) -> str:
    """The rule that forbids to credit a course to somebody who holds that much; "" where it counts.

    The one place for what accounts may hold: awards, merges and the recomputation all ask here.
    """
    if bid.course_id in held.course_ids:
        return "once"
    return "year" if bid.cap_milli and held.hours.get(bid.year, 0) + bid.hours_milli > bid.cap_milli else ""


def refusal_text(rule: str) -> object:
    """The rule in words."""
    return {
        "once": _("同一门课一个人只算一次，保留的账号已经认定过。"),
        "once-a-class": _("同一个培训班一个人只算一次，保留的账号已经认定过。"),
        "year": _("这一年的学时已经到了规则的上限。"),
        "overlap": _("学它的时候另一个账号也在播放，一个人不能同时看两节课。"),
    }[rule]


# ---- credits that follow their person

# Step → kind of its entries.
MOVES = {"merged": "merge", "parted": "part", "returned": "return"}
_REASONS = {
    ("merged", "off"): N_("账号并入：学分转到保留的账号"),
    ("merged", "on"): N_("账号并入：学分从另一个账号转来"),
    ("parted", "off"): N_("账号分开：学分回到原来的账号"),
    ("parted", "on"): N_("账号分开：学分回来了"),
    ("returned", "off"): N_("冲销之前，学分先回到原来的账号"),
    ("returned", "on"): N_("冲销之前，学分先回到原来的账号"),
}
_REFUSED = {
    "once": N_("账号并入：同一门课一个人只算一次，保留的账号已经有了"),
    "year": N_("账号并入：加上它，这一年的学时就超过规则的上限，不算"),
    "overlap": N_("账号并入：学它的时候另一个账号也在播放，不算"),
}


def move_key(code: str, step: str, word: str, entry: int) -> str:
    """The only-once key of an entry that takes a credit off ("off") or puts it on ("on")."""
    return f"{MOVES[step]}:{code}:{word}:{entry}"


def move_reason(step: str, word: str, rule: str) -> str:
    """Why such an entry was posted, as the ledger keeps it."""
    return _REFUSED[rule] if step == "merged" and rule else _REASONS[step, word]


def told_reason(step: str, word: str, rule: str) -> str:
    """The same in the reader's language."""
    return gettext(move_reason(step, word, rule))
