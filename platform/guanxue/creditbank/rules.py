"""Pure rules: what may be credited, amounts as people read them, codes."""

from __future__ import annotations

import secrets
import unicodedata
from dataclasses import dataclass, replace

from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_

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


@dataclass(frozen=True)
class Held:
    """What a person was credited with already, as far as rules ask: courses, taken back or not."""

    course_ids: frozenset[int] = frozenset()

    def with_course(self, course_id: int) -> Held:
        """The same and one course more."""
        return replace(self, course_ids=self.course_ids | {course_id})


def refused_by(course_id: int, amount: int, held: Held) -> str:
    """The rule that forbids to credit a course to somebody who holds that much; "" where it counts.

    The one place for caps: awards, merges and the recomputation all ask here. Today's only rule is once a course.
    """
    return "once" if course_id in held.course_ids else ""


def refusal_text(rule: str) -> object:
    """The rule in words."""
    return {
        "once": _("同一门课一个人只算一次，保留的账号已经认定过。"),
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
