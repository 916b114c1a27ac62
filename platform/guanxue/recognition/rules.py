"""Pure rules of recognition: kinds of certificates, how their numbers are made, who may check and who may decide."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it

SKILL, QUALIFICATION, ABILITY, CONTEST = KINDS = ("skill-level", "qualification", "specific-ability", "competition")
KIND_WORDS = {
    SKILL: _("职业技能等级证书"), QUALIFICATION: _("职业资格证书"), ABILITY: _("专项职业能力证书"),
    CONTEST: _("技能竞赛成绩"),
}
WAITING, CHECKED, APPROVED, REFUSED, WITHDRAWN, TAKEN_BACK = STATES = (
    "waiting", "checked", "approved", "refused", "withdrawn", "taken-back")
STATE_WORDS = {
    WAITING: _("等核查"), CHECKED: _("查过了，等决定"), APPROVED: _("已认定"), REFUSED: _("没有通过"),
    WITHDRAWN: _("自己撤回了"), TAKEN_BACK: _("认定已收回"),
}
LIVE = (WAITING, CHECKED, APPROVED)  # whose number is in use
SPECIAL = 0  # 特级技师, above level 1
LEVELS = (5, 4, 3, 2, 1, SPECIAL)
SPECIAL_WORD = _("特级技师")
SCOPE_WORDS = {"city": _("市级"), "province": _("省级"), "national": _("国家级")}
RANKS = (1, 2, 3)
RANK_WORDS = {1: _("一等奖（第 1 名）"), 2: _("二等奖（第 2 名）"), 3: _("三等奖（第 3 名）")}
MOST_TEAM = 20
# What a look-up found.
MATCH, NONE, DIFFERS, NO_ANSWER = FOUND = ("match", "none", "differs", "no-answer")
FOUND_WORDS = {
    MATCH: _("查到了，姓名、编号、等级都对得上"), NONE: _("查不到这个编号"), DIFFERS: _("查到了，但有对不上的地方"),
    NO_ANSWER: _("查询的地方没有答复，打不开"),
}
SOURCES = {
    "national": _("技能人才评价证书全国联网查询"), "province": _("省人社厅的证书查询"),
    "issuer": _("打电话或写信问发证机构"), "original": _("当面看了证书原件"), "organiser": _("竞赛主办单位公布的名单"),
    "other": _("其他地方"),
}
# Why a certificate is not recognised.
REASONS = {
    "not-found": _("查不到这张证书"), "other-name": _("证书上的姓名和账号的姓名不一样"),
    "other-content": _("职业、等级或日期和查到的不一样"), "not-listed": _("这种证书不在转换表里"),
    "unreadable": _("图片看不清，编号核对不了"), "other": _("其他原因"),
}
# Why an officer opens the whole number and the pictures.
LOOKS = {"check": _("核查证书"), "appeal": _("处理申诉或争议"), "support": _("本人要求帮忙看")}
SAME_NUMBER = N_("两个人都交了同一个证书编号。一个编号只能给一个人换学分，要查明是谁的证书。")

# ---- numbers. domain.md §7: 1 letter and 21 digits; 特级技师 2 letters and 20 digits; the old 职业资格证书 16 digits. How a
# specific ability certificate is numbered we know from no source: letters and digits.

_MADE = {SKILL: re.compile(r"[YS]\d{21}", re.A), SPECIAL: re.compile(r"[A-Z]{2}\d{20}", re.A),
         QUALIFICATION: re.compile(r"\d{16}", re.A), ABILITY: re.compile(r"[A-Z0-9]{6,30}", re.A),
         CONTEST: re.compile(r"(?:[A-Z0-9]{4,40})?", re.A)}
_LENGTH = {SKILL: 22, SPECIAL: 22, QUALIFICATION: 16}
NUMBER_HINTS = {
    SKILL: _("22 位：1 个字母（Y 或 S）和 21 个数字；特级技师是 2 个字母和 20 个数字。"),
    QUALIFICATION: _("16 个数字。"), ABILITY: _("照着证书填，字母和数字。"), CONTEST: _("奖状上有编号就填，没有就空着。"),
}
LONGEST_NUMBER = 60


def normal_number(text: str) -> str:
    """The number as it is compared: wide digits, blanks, hyphens and small letters are all the same."""
    return re.sub(r"[\s\-_./·]", "", unicodedata.normalize("NFKC", text[:LONGEST_NUMBER])).upper()


def number_fault(kind: str, level: int | None, number: str) -> object | None:
    """What is wrong with how a normalised number is made, in words; None where it is well formed, which proves nothing yet."""
    make = SPECIAL if kind == SKILL and level == SPECIAL else kind
    if _MADE[make].fullmatch(number):
        return None
    if not number:
        return _("请填证书编号。")
    if make in _LENGTH and len(number) != _LENGTH[make]:
        return _("编号应是 %(n)s 位，现在是 %(m)s 位。请对着证书再看一遍。", n=_LENGTH[make], m=len(number))
    return {
        SKILL: _("编号的第 1 位应是字母 Y 或 S，后面 21 位都是数字。请对着证书再看一遍。"),
        SPECIAL: _("特级技师的编号前 2 位是字母，后面 20 位都是数字。请对着证书再看一遍。"),
        QUALIFICATION: _("编号应全是数字。请对着证书再看一遍。"),
    }.get(make, _("编号里只有字母和数字，不会这么短或这么长。请对着证书再看一遍。"))


def unlike(kind: str, level: int | None, number: str, issued_on: date) -> list[object]:
    """What a well-formed number says that the rest of the form does not: told to the person and the checker, no refusal.

    Places 14–15 of a skill level certificate's number are the year, place 16 the level (domain.md §7, a source of one hand).
    """
    if kind != SKILL or level == SPECIAL or not _MADE[SKILL].fullmatch(number):
        return []
    found = []
    if int(number[13:15]) not in (issued_on.year % 100, (issued_on.year - 1) % 100):
        found.append(_("编号的第 14、15 位一般是年份（%(a)s），填的发证日期是 %(b)s 年。", a=number[13:15], b=issued_on.year))
    if number[15] != str(level):
        found.append(_("编号的第 16 位一般是等级（%(a)s），填的是 %(b)s 级。", a=number[15], b=level))
    return found


def mask_number(number: str) -> str:
    """Its first three and last four characters, nothing of short ones but their length."""
    if len(number) < 12:
        return "*" * len(number)
    return number[:3] + "*" * (len(number) - 7) + number[-4:]


def contest_key(name: str) -> str:
    """A contest's name as it is compared: blanks, marks, the year and the word for "the n-th" make no other contest."""
    folded = unicodedata.normalize("NFKC", name).lower()
    folded = re.sub(r"(19|20)\d\d\s*年?(度)?|第[一二三四五六七八九十百\d]+届", "", folded)
    return "".join(c for c in folded if c.isalnum())


def with_year(name: str, year: int) -> str:
    """A contest's name with a year: that of the award where the name has none."""
    return name if re.search(r"(19|20)\d\d", name) else f"{name} {year}"


# ---- four eyes


@dataclass(frozen=True)
class Part:
    """Which parts somebody has in a certificate, under whichever account."""

    is_holder: bool = False
    is_filer: bool = False
    is_checker: bool = False
    has_refused: bool = False  # refused it before an appeal opened it again


def why_not_checker(part: Part) -> object | None:
    """Why somebody with these parts does not look it up: a sentence, or None."""
    if part.is_holder:
        return _("这是你自己的证书，要由别人核查。")
    return _("这张证书是你交进来的，要由别人核查。") if part.is_filer else None


def why_not_decider(part: Part) -> object | None:
    """Why somebody with these parts does not approve or refuse it: a sentence, or None."""
    if part.is_holder:
        return _("这是你自己的证书，要由别人决定。")
    if part.is_filer:
        return _("这张证书是你交进来的，要由别人决定。")
    if part.is_checker:
        return _("这张证书是你核查的，要由另一个人决定。")
    return _("上一次是你没有通过它，申诉以后要由别人决定。") if part.has_refused else None
