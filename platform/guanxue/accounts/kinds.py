"""Kinds of documents, and what their numbers look like: as far as a rule is public, and no further.

What no public rule forbids is taken: a real paper that a form refuses is worse than a wrong number, which nobody else's
counts under and which an officer finds. Pure; where each rule is from stands with it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date

from guanxue.accounts import rules
from guanxue.core.i18n import lazy as _

CITIZEN, PASSPORT, HK_MACAO, TAIWAN, FOREIGN = "citizen-id", "passport", "hk-macao-permit", "taiwan-permit", "foreign-residence"
KINDS = (CITIZEN, PASSPORT, HK_MACAO, TAIWAN, FOREIGN)
# A renewed one has another number, which stands beside the first; of the others a person has one number for life.
RENEWED = frozenset({PASSPORT, FOREIGN})
NAMES = {
    CITIZEN: _("身份证、港澳台居民居住证"), PASSPORT: _("护照"), HK_MACAO: _("港澳居民来往内地通行证（回乡证）"),
    TAIWAN: _("台湾居民来往大陆通行证（台胞证）"), FOREIGN: _("外国人永久居留身份证"),
}
HINTS = {
    CITIZEN: _("18 位，最后一位可能是 X。"), PASSPORT: _("照着护照资料页右上角的号码输。"),
    HK_MACAO: _("H 或 M 开头，后面 8 位数字。"), TAIWAN: _("8 位数字。旧的本式台胞证是 10 位。"),
    FOREIGN: _("新卡 18 位，9 开头；旧卡 3 个字母加 12 位数字。"),
}
_CITIZEN_WORDS = {
    "length": _("身份证号是 18 位，请数一数有没有少填或多填。"),
    "characters": _("身份证号前 17 位都是数字，最后一位是数字或 X。"),
    "place": _("81、82、83 开头的是港澳台居民居住证，后面四位都是 0，请再看一遍。"),
    "date": _("第 7 到 14 位是出生日期，这里填的不是一个真实的日期。"),
    "future": _("第 7 到 14 位是出生日期，这里填的日期还没有到。"),
    "check": _("最后一位和前面的数字对不上，多半有一位抄错了，请对照身份证再看一遍。"),
}
_SHAPE_WORDS = {
    PASSPORT: _("护照号是 5 到 12 位字母和数字，至少有一位数字，请对照护照再看一遍。"),
    "CN": _("中国护照号是 9 位，E、G、D、S、P 开头，请对照护照再看一遍。"),
    HK_MACAO: _("回乡证号是 H 或 M 开头，后面 8 位数字（旧证 10 位），请对照证件再看一遍。"),
    TAIWAN: _("台胞证号是 8 位数字（旧的本式 10 位），请对照证件再看一遍。"),
    FOREIGN: _("新卡是 9 开头的 18 位，旧卡是 3 个字母加 12 位数字，请对照证件再看一遍。"),
}
# Not places whose people hold a passport of it: groups, tests, outlying areas, and where other documents of ours serve.
_NO_COUNTRIES = frozenset("AC AQ BV CP CQ DG EA EU EZ HM IC QO TA UM UN XA XB ZZ HK MO TW".split())
_SHAPES = {PASSPORT: r"(?=.*\d)[A-Z0-9]{5,12}", HK_MACAO: r"[HM][A-Z0-9]\d{7}", TAIWAN: r"\d{8}", FOREIGN: r"[A-Z]{3}\d{12}",
           "CN": r"E[0-9A-HJ-NP-Z]\d{7}|G\d{8}|[DSP][0-9E]\d{6,7}"}


@dataclass(frozen=True)
class Number:
    """A document's number as it is kept and compared, with its kind and, of a passport, the country."""

    kind: str
    country: str
    number: str

    @property
    def hashed_as(self) -> tuple[str, str]:
        """(purpose, text) of its keyed hash. Numbers of eighteen digits are of one space, whatever the card is called."""
        if self.kind == PASSPORT:
            return PASSPORT, f"{self.country}:{self.number}"
        return (CITIZEN if len(self.number) == rules.ID_LENGTH else self.kind), self.number

    @property
    def masked(self) -> str:
        """What pages show: for eighteen digits the first three, else the first two characters (rules.mask_citizen_id)."""
        if len(self.number) == rules.ID_LENGTH:
            return rules.mask_citizen_id(self.number)
        return self.number[:2] + "*" * (len(self.number) - 2)


def normal(kind: str, text: str) -> str:
    """The number as it is compared: wide letters, blanks, hyphens, brackets and small letters are all the same.

    A permit's last two digits that count how often it was issued go: the eight before them are its holder's for life (the
    exit and entry administration's notes on the permits of Hong Kong and Macao, 1999 and 2013, and of Taiwan, 2015).
    """
    plain = re.sub(r"[\s\-()（）]", "", unicodedata.normalize("NFKC", text)).upper()
    if kind == HK_MACAO and _is(r"[HM]\d{10}", plain):
        return plain[:9]
    if kind == TAIWAN and _is(r"\d{10}[A-Z]?", plain):
        return plain[:8]
    return plain


def name_of(kind: str, masked: str) -> object:
    """What a stated document is called: of those with a citizen's number the first digits tell which it is."""
    if kind != CITIZEN:
        return NAMES[kind]
    return _("港澳台居民居住证") if masked[:2] in ("81", "82", "83") else _("身份证")


def is_country(code: str) -> bool:
    """Can a passport be of this country, two letters of ISO 3166-1?"""
    return _is(r"[A-Z]{2}", code) and code not in _NO_COUNTRIES


def fault(kind: str, number: str, country: str, today: date) -> object | None:
    """What is wrong with a normalised number, as a sentence; None when it could be one.

    GB 11643 for the citizen's number; residents of Hong Kong, Macao and Taiwan have 810000, 820000 and 830000 in it (State
    Council, 国办发〔2018〕81号). Passports: letters and digits, at most nine in the line that machines read and longer ones
    elsewhere in it (ICAO 9303, part 4); Chinese ones as the exit and entry administration prints them. A foreigner's residence
    card: fifteen characters until 2023, since then eighteen, the first a 9, with the check digit of GB 11643 (National
    Immigration Administration, rules for the card of 2023). The other cards have no public check digit.
    """
    if kind == CITIZEN:
        found = rules.citizen_id_fault(number, today)
        return _CITIZEN_WORDS[found] if found else None
    if kind == FOREIGN and _is(r"9\d{16}[\dX]", number):
        found = rules.citizen_id_fault(number, today)
        return _CITIZEN_WORDS[found] if found else None
    shape = "CN" if kind == PASSPORT and country == "CN" else kind
    return None if _is(_SHAPES[shape], number) else _SHAPE_WORDS[shape]


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None  # other scripts have digits, too
