"""Pasted text as lines: Word's soft breaks, odd blanks and full-width signs made plain enough to be read, none of it lost."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass

_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[\xa0\u2000-\u200a\u202f\u205f\u3000]")
_LONG_BLANK = re.compile(r"\s{9,}")  # nobody means more by more; a thousand would be tried in a thousand ways
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc]")
# Each sign of full width or of Word's own stands for one plain sign, so that places in both texts are the same.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN |= {ord(a): ord(b) for a, b in zip("—–−‒―〜∼～〔〕﹝﹞﹙﹚﹣﹕﹔﹐", "-----~~~()()()-:;,", strict=True)}
_BRACKET_FIRST = re.compile(r"\s*\(\s*([A-L√×✓✗✔✘对错TF]{0,4}|正确|错误)\s*\)\s*(?=(\d{1,3}\s*[.、)]\s*\D))")
_BULLET = re.compile(r"\s*[-•·▪◦]\s+(?=(?:\*\*)?[(\[]?[A-La-l]\s*[.、):])")  # of a list an assistant wrote in Markdown
_TICKED = re.compile(r"\s*[*√✓✔☑]\s*(?=[(\[]?[A-L]\s*[.、):])")
_PAGE = re.compile(
    r"\s*(?!\d{1,3}\s*[.、)])(?:(?:\S.{0,40}\s)?\s*(?:第\s*\d{1,3}\s*页\s*[,/|]?\s*\(?共\s*\d{1,3}\s*页\)?"
    r"|共\s*\d{1,3}\s*页\s*[,/|]?\s*第\s*\d{1,3}\s*页)(?:\s.{0,40})?"
    r"|第\s*\d{1,3}\s*页|[-~·]+\s*\d{1,3}\s*[-~·]+|page\s*\d{1,3}(?:\s*(?:of|/)\s*\d{1,3})?)\s*", re.I)
_NUMBERS_ROW = re.compile(r"\s*\|?\s*(?:题号|序号|题目)[\s|:]+((?:\d{1,3}[\s|]+)*\d{1,3})[\s|]*")
_NUMBERED = re.compile(r"\s*(\d{1,3})\s*[.、]")
_NUMBERED_LATER = re.compile(r"(?<=[\s。;])(\d{1,3})\s*[.、]\s*(?!\d)")
_ANSWERS_ROW = re.compile(r"\s*\|?\s*(?:正确|参考|标准)?答案[\s|:]+(\S.*)")
_RULE_OF_TABLE = re.compile(r"[\s|:-]+")
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫"


@dataclass(frozen=True)
class Line:
    """A line of the text: its number from 1, its words, and the same words with plain signs for recognising things."""

    number: int
    text: str
    folded: str

    @property
    def is_blank(self) -> bool:
        """Nothing but blanks, or what a printed page has at its head or foot?"""
        return not self.text.strip() or self.is_page

    @property
    def is_page(self) -> bool:
        """What a printed page has at its head or foot ("第 3 页 共 9 页")?"""
        return bool(_PAGE.fullmatch(self.folded))


def fold(text: str) -> str:
    """The text with full-width letters, digits and signs made plain, as long as before."""
    return text.translate(_PLAIN)


def lines_of(text: str) -> list[Line]:
    """Lines, each break of Word's a break, tabs as blanks. Line numbers are those a person counts in the text box."""
    plain = _BREAKS.sub("\n", text)
    lines = [_line(number, raw) for number, raw in enumerate(plain.split("\n"), 1)]
    return _without_tables([piece for line in lines for piece in _one_question_each(line)])


def _line(number: int, raw: str) -> Line:
    text = _UNSEEN.sub("", _BLANKS.sub(" ", raw.replace("\t", "    "))).replace("＿", "_").rstrip()
    text = _LONG_BLANK.sub(" " * 8, text)
    text = _without_markdown(text)
    if (found := _TICKED.match(fold(text))) is not None:  # "*B. …": the tick goes behind, where others have it
        text = f"{text[found.end() :]} √"
    if (found := _BRACKET_FIRST.match(fold(text))) is not None:  # "（√）1. …": the bracket goes behind, where others have it
        text = text[found.start(2) :] + text[: found.start(2)].strip()
    return Line(number, text, fold(text))


def _without_markdown(text: str) -> str:
    """The line without a bullet before its option, and without the bold type it begins with."""
    if (found := _BULLET.match(fold(text))) is not None:
        text = text[found.end() :]
    return text.replace("**", "", 2) if text.lstrip().startswith("**") else text


def _one_question_each(line: Line) -> list[Line]:
    """A line that holds several numbered choices, whose breaks were lost, as a line for each; all of the same number."""
    begun = _NUMBERED.match(line.folded)
    if begun is None:
        return [line]
    cuts, number = [0], int(begun[1])
    marks = {c: [m.start() for m in re.finditer(rf"(?<![A-Za-z]){c}\s*[.、]", line.folded)] for c in "AB"}
    for found in _NUMBERED_LATER.finditer(line.folded):
        is_between = _is_choice(marks, cuts[-1], found.start()) and _is_choice(marks, found.end(), len(line.folded))
        if int(found[1]) == number + 1 and is_between:
            cuts.append(found.start(1))
            number += 1
    ends = [*cuts[1:], len(line.text)]
    return [Line(line.number, line.text[a:b].rstrip(), line.folded[a:b].rstrip()) for a, b in zip(cuts, ends, strict=True)]


def _is_choice(marks: dict[str, list[int]], begins: int, ends: int) -> bool:
    """Do A and B stand between these places, one after the other?"""
    a = bisect_left(marks["A"], begins)
    b = bisect_left(marks["B"], marks["A"][a]) if a < len(marks["A"]) else len(marks["B"])
    return b < len(marks["B"]) and marks["B"][b] < ends


def _without_tables(lines: list[Line]) -> list[Line]:
    """A row of numbers above a row of answers is a list of answers, "1.A  2.B"; where they are not as many, one too short."""
    made, numbers, above, rules = list(lines), [], 0, []
    for at, line in enumerate(lines):
        if line.is_blank:
            continue
        if numbers and _RULE_OF_TABLE.fullmatch(line.folded):
            rules.append(at)
            continue
        if numbers and (found := _ANSWERS_ROW.fullmatch(line.folded)):
            made[above] = Line(lines[above].number, "参考答案", "参考答案")
            made[at] = Line(line.number, line.text, _keys(numbers, [x for x in re.split(r"[\s|]+", found[1]) if x]))
            for rule in rules:
                made[rule] = Line(lines[rule].number, "", "")
        row = _NUMBERS_ROW.fullmatch(line.folded)
        numbers, above, rules = (re.findall(r"\d+", row[1]), at, []) if row else ([], 0, [])
    return made


def _keys(numbers: list[str], told: list[str]) -> str:
    if len(numbers) == 1:
        told = ["".join(told)]
    if len(told) == len(numbers):
        return "  ".join(f"{n}.{answer}" for n, answer in zip(numbers, told, strict=True))
    return f"{numbers[0]}-{numbers[-1]} {'A' * len(told)}"  # too few or too many: which belongs to which nobody knows


def squeezed(text: str) -> str:
    """What makes two texts the same to a reader: width, case, blanks, rows of underscores and empty brackets do not matter."""
    plain = unicodedata.normalize("NFKC", fold(text)).casefold()
    plain = re.sub(r"_{2,}", "_", re.sub(r"\s+", "", plain)).replace("()", "_")
    return plain.rstrip("。.?:;!")
