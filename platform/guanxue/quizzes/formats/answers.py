"""What teachers write as an answer: letters, ticks and crosses, words for gaps, numbers with a tolerance."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.lines import CIRCLED, fold

RIGHT = {"对", "正确", "√", "✓", "✔", "☑", "t", "true", "是", "y", "yes", "对的", "v", "right", "正确的"}
WRONG = {"错", "错误", "×", "✗", "✘", "☒", "f", "false", "否", "n", "no", "错的", "x", "wrong", "不对", "不正确", "错误的", "✕",
         "╳", "ⅹ"}
_LETTERS = re.compile(r"(?:选|应选|故选|本题选)?\s*([A-Z](?:\s*[,、;/和与及|+]?\s*[A-Z])*)\s*[.。;；]?")
_LETTER_AND_WORDS = re.compile(r"(?:选)?\s*\(?([A-Z])\s*([.、):,])\s*(?=\S)")
_MARKED_LETTER = re.compile(r"(?<![^\s;,、.()])[A-L](?=\s*(?:[.、):,;(]|$))")  # "C." after "A.停机;"
_LISTED_LETTER = re.compile(r"[A-L](?![A-Za-z0-9])")  # "C" of "B, C 都对"
NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_UNIT = r"(?:\s*[%‰°℃Ωμa-zA-Z\u4e00-\u9fff/·²³㎜㎡]{1,8})?"
_TOLERANCE = re.compile(rf"({NUMBER})({_UNIT})\s*(?:±|\+/-|\+-)\s*(\d+(?:\.\d+)?)({_UNIT})")
_RANGE = re.compile(rf"({NUMBER})({_UNIT})\s*(?:~|至|到|\.\.|-)\s*({NUMBER})({_UNIT})")
_ONE = re.compile(rf"({NUMBER})({_UNIT})")
_NUMBERED = re.compile(rf"(?:[(（]\d[)）]|[{CIRCLED}]|第[一二三四五六七八九\d][空个]\s*[:：]?|(?<!\S)\d[.、．](?!\d))\s*")
_BETWEEN = (r"[;；\n]+", r"[,，]+", r"、+", r"\s{2,}", r"\s+", r"[;；,，、\s|]+")
_OR = re.compile(r"(?<!\s)\s*(?:或者|或)\s*")
_APART = re.compile(r"(?<!\\)[|｜]|(?<!\s)\s+[/／]\s+")
_STROKE = re.compile(r"(?<!\\)[/／]")
_KEPT_STROKE = re.compile(r"\\([/／|｜])")
_VALUE = re.compile(r"\s*[+\-±<>≤≥~]?\s*\d[\d.]*\s*[%‰°℃Ωμa-zA-Z一-龥]{0,4}\s*")
_NAMES = {"i/o", "ac/dc", "dc/ac", "tcp/ip", "a/d", "d/a", "n/a", "cad/cam", "ok/ng"}
_PARTS = {"%": 100, "‰": 1000}
LONGEST_NUMBER = 40


def letters_of(raw: str) -> str | None:
    """The letters an answer names, in order and once each ("A、C" → "AC", "②" → "B", "B. 停机" → "B"); None for other words.

    None as well where further letters stand among words ("A.停机；C.断电"): the first alone would be another answer.
    """
    text = fold(raw).strip().strip("()[]【】\"'“”")
    for n, sign in enumerate(CIRCLED):
        text = text.replace(sign, chr(65 + n))
    text = text.strip().upper()
    if found := _LETTERS.fullmatch(text):
        return "".join(dict.fromkeys(c for c in found[1] if "A" <= c <= "Z"))
    if found := _LETTER_AND_WORDS.match(text):
        is_listed = found[2] in "、," and _LISTED_LETTER.match(text, found.end())
        return None if is_listed or _MARKED_LETTER.search(text, found.end(1)) else found[1]
    return None


def truth_of(raw: str) -> bool | None:
    """True or False of a tick, a cross or a word for it; None for other words."""
    word = fold(raw).strip().strip("()[]【】。.;；,，!").strip().casefold()
    return True if word in RIGHT else False if word in WRONG else None


def plain_number(value: Decimal) -> str:
    """As people write it: no exponent, no noughts at the end."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def range_text(low: Decimal, high: Decimal) -> str:
    """As a question keeps it: "low..high"."""
    return f"{plain_number(low)}..{plain_number(high)}"


def range_of(raw: str) -> tuple[str, str] | None:
    """("low..high", unit) of "3.14±0.01", "3.1~3.2" or "50 mm"; None for other words. Raises nothing for absurd numbers."""
    text = fold(raw).strip().rstrip("。.;； ")
    if len(text) > LONGEST_NUMBER:
        return None
    try:
        if found := _TOLERANCE.fullmatch(text):
            middle, tolerance, (unit, other) = Decimal(found[1]), Decimal(found[3]), _units(found)
            if unit and other in _PARTS and other != unit:  # 220V±10 %: of those 220
                tolerance, other = abs(middle) * tolerance / _PARTS[other], ""
            return _kept(middle - tolerance, middle + tolerance, unit or other) if _is_one_unit(unit, other) else None
        if found := _RANGE.fullmatch(text):
            low, high, units = Decimal(found[1]), Decimal(found[3]), _units(found)
            return _kept(low, high, units[0] or units[1]) if low <= high and _is_one_unit(*units) else None
        if found := _ONE.fullmatch(text):
            return _kept(Decimal(found[1]), Decimal(found[1]), found[2])
    except InvalidOperation:
        return None
    return None


def _units(found: re.Match) -> tuple[str, str]:
    return (found[2] or "").strip(), (found[4] or "").strip()


def _is_one_unit(unit: str, other: str) -> bool:
    return not unit or not other or unit == other


def _kept(low: Decimal, high: Decimal, unit: str | None) -> tuple[str, str] | None:
    if max(abs(low), abs(high)) > Decimal("1e15") or (low and abs(low) < Decimal("1e-12")):
        return None
    return range_text(low, high), (unit or "").strip()


def has_tolerance(raw: str) -> bool:
    """Does the answer say how far off one may be?"""
    return _TOLERANCE.fullmatch(fold(raw).strip().rstrip("。.;； ")) is not None


def accepted(raw: str) -> list[str]:
    """The answers that are taken for one gap: "停机/关机" and "停机或关机" are two, "或门" and "380V/220V" are one.

    A stroke between blanks and a bar always part two answers, a backslash before either makes it a sign like others.
    """
    text, found = raw.strip(), []
    for piece in _APART.split(text):
        for part in [piece] if is_one_with_stroke(piece) else _STROKE.split(piece):
            words = [x.strip(" 。") for x in _OR.split(part.strip())]
            found += words if all(words) else [part.strip(" 。")]
    found = list(dict.fromkeys(_KEPT_STROKE.sub(r"\1", x) for x in found if x))
    return found or ([raw.strip()] if raw.strip() else [])


def escaped(words: str) -> str:
    """The words of one answer as accepted() reads them back."""
    return re.sub(r"([/／|｜])", r"\\\1", words)


def is_one_with_stroke(raw: str) -> bool:
    """Is the stroke part of one answer: a formula, fraction, unit, value or name (I=U/R, 1/2, r/min, 380V/220V, I/O)?"""
    text = fold(raw).strip()
    if _STROKE.search(text) is None:
        return False
    is_unit = re.fullmatch(r"[\d.]*\s*[a-zA-Zμ]{1,3}/[a-zA-Zμ²³]{1,4}", text)
    is_value = all(_VALUE.fullmatch(x) for x in text.split("/"))
    return "=" in text or is_unit is not None or is_value or text.casefold() in _NAMES


def stroke_doubt(raw: str) -> object | None:
    """What is to be looked at where a stroke could be meant in two ways; None where nothing is doubtful."""
    for piece in _APART.split(raw.strip()):
        parts = [x.strip() for x in _STROKE.split(piece)]
        if is_one_with_stroke(piece):
            return _("答案“%(what)s”当作一个，没有按“/”拆开；几种写法都算对的，请在 / 两边各空一格。", what=piece.strip()[:30])
        told = [x.isascii() for x in parts if x]
        if len(parts) > 1 and (all(told) or (len(parts) > 2 and any(told))):
            return _("答案“%(what)s”按 %(n)s 个收，填哪个都算对；如果它是一个答案，请写成 %(one)s。", what=piece.strip()[:30],
                     n=len(parts), one=escaped(piece.strip()[:30]))
    return None


def for_gaps(raw: str, gaps: int) -> list[str] | None:
    """The answer's words gap by gap, or None where they cannot be told apart into so many."""
    text = raw.strip()
    numbered = _NUMBERED.split(text)
    tries = [numbered] if len(numbered) == gaps + 1 and not numbered[0].strip() else []
    tries += [re.split(sign, text) for sign in _BETWEEN]
    for parts in tries:
        parts = [p.strip(" ;；,，、。\n") for p in parts if p.strip(" ;；,，、。\n")]
        if len(parts) == gaps:
            return parts
    return None
