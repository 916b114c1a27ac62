"""Pure rules: what may be credited, amounts as people read them, codes."""

from __future__ import annotations

import secrets
import unicodedata

from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.creditbank.outcomes import CLASS
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


def refusal_text(rule: str, source: str) -> object:
    """The rule that refused a credit of that source, in words."""
    return {
        "once": _("同一门课一个人只算一次，保留的账号已经认定过。"),
        "once-a-class": _("同一个培训班一个人只算一次，保留的账号已经认定过。"),
        "year": _("这一年的学时已经到了规则的上限。"),
        "overlap": _("学它的时候，保留的账号也在播放或者上课，一个人不能同时在两处学。"),
        "attended": _("上课的时候，保留的账号也在播放或者上别的课，一个人不能同时在两处学。"),
        "same-title": _("和保留的账号认定过的一门课是同一门。"),
        "same-content": _("和保留的账号认定过的一门课内容一样。"),
        "highest-level": _("同一个工种只按最高的一级算，保留的账号已经有了。"),
        "cap": _("加上它，就超过学分规则的上限。"),
    }[_of_source(rule, source)]


# ---- credits that follow their person

_REASONS = {
    ("merged", "off"): N_("账号并入：学分转到保留的账号"),
    ("merged", "on"): N_("账号并入：学分从另一个账号转来"),
    ("parted", "off"): N_("账号分开：学分回到原来的账号"),
    ("parted", "on"): N_("账号分开：学分回来了"),
    ("returned", "off"): N_("冲销之前，学分先回到原来的账号"),
    ("returned", "on"): N_("冲销之前，学分先回到原来的账号"),
}
_OF_CLASSES = {"merged": N_("账号并入：培训班的学分跟着人走"), "parted": N_("账号分开：培训班的学分回到原来的账号")}
_REFUSED = {
    "once": N_("账号并入：同一门课一个人只算一次，保留的账号已经有了"),
    "once-a-class": N_("账号并入：同一个培训班一个人只算一次，保留的账号已经有了"),
    "year": N_("账号并入：加上它，这一年的学时就超过规则的上限，不算"),
    "overlap": N_("账号并入：学它的时候另一个账号也在播放，不算"),
    "attended": N_("账号并入：上课的时候另一个账号也在学，不算"),
    "cut": N_("账号并入：培训班的学分跟着人走，另一个账号同时在学的时间不再算"),
    "same-title": N_("账号并入：保留的账号已经有同一门课，不算"),
    "same-content": N_("账号并入：保留的账号已经有内容一样的课，不算"),
    "highest-level": N_("账号并入：同一个工种只按最高的一级算，保留的账号已经有了"),
    "cap": N_("账号并入：加上它，就超过学分规则的上限，不算"),
}


def move_reason(source: str, step: str, word: str, rule: str) -> str:
    """Why an entry that takes a credit of that source off an account, or puts it on one, was posted: as the ledger keeps it."""
    if step == "merged" and rule:
        return _REFUSED[_of_source(rule, source)]
    return _OF_CLASSES.get(step, _REASONS[step, word]) if source == CLASS else _REASONS[step, word]


def _of_source(rule: str, source: str) -> str:
    return "once-a-class" if rule == "once" and source == CLASS else rule.partition(":")[0]
