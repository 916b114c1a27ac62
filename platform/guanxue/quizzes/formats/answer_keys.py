"""Answers that stand together, at the end of a paper or of a part: "1-5 BACDD", "1.B 2.C", or one a line, explained."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats import headings
from guanxue.quizzes.formats.drafts import CHOICE, Draft
from guanxue.quizzes.formats.lines import Line
from guanxue.quizzes.formats.reports import Doubt

_ONE = r"(?:[A-L](?:\s*[、,]?\s*[A-L]){0,11}(?![A-Za-z])|[√×✓✗✔✘TF]|正确|错误|对|错)"
_RANGE = re.compile(r"第?\s*(\d{1,3})\s*题?\s*(?:-|~|至|到)\s*第?\s*(\d{1,3})\s*题?\s*[):.、]?\s*"
                    r"((?:[A-La-l√×✓✗✔✘TF对错]|正确|错误)(?:[\s,、;/|]*(?:[A-La-l√×✓✗✔✘TF对错]|正确|错误))*)(?![A-Za-z])")
_PAIR = re.compile(rf"第?\s*\(?\s*(\d{{1,3}})\s*\)?\s*题?\s*[.、):]?\s*({_ONE})(?=[\s,、;.。|]|\d|\(|第|$)")
_NUMBERED = re.compile(r"\s*(?:第\s*)?[(\[【]?\s*(\d{1,3})\s*[)\]】]?\s*(?:题)?\s*[.、):]?\s*")
_HAN = "一二三四五六七八九十"
_PART_BEFORE = re.compile(rf"\s*(?:([{_HAN}])\s*[、.:]|\(([{_HAN}])\)\s*[、.:]?)\s*(?=第?\s*\(?\s*\d)")
_TOKEN = re.compile(r"[A-La-l]+|[√×✓✗✔✘TF]|正确|错误|对|错")


@dataclass
class Keyed:
    """One answer of the list: the question's number, the answer, what explains it, and its line."""

    number: int
    answer: str
    line: int
    kind: str = ""
    explanation: list[str] = field(default_factory=list)


def has_pairs(folded: str) -> bool:
    """Does the text after "答案：" list the answers of several questions?"""
    return bool(_RANGE.search(folded)) or len(_PAIR.findall(folded)) > 1


def is_only_pairs(folded: str) -> bool:
    """Is the line nothing but numbers with their answers, more than one ("1.B 2.C", "1-5 ABCDA")?"""
    rest = _PAIR.sub("", _RANGE.sub("", folded))
    return has_pairs(folded) and not re.search(r"[^\s,、;.。|()]", rest)


def numbers_in(folded: str) -> list[int]:
    """The numbers of the questions such a line has answers for."""
    ranges = [n for m in _RANGE.finditer(folded) for n in range(int(m[1]), min(int(m[2]), int(m[1]) + 999) + 1)]
    return ranges + [int(m[1]) for m in _PAIR.finditer(_RANGE.sub("", folded))]


def part_of(folded: str) -> tuple[int, int]:
    """(which part, where its answers begin) of a line like "二、1-5 ABCDA"; (0, 0) of others."""
    found = _PART_BEFORE.match(folded)
    return (_HAN.index(found[1] or found[2]) + 1, found.end()) if found else (0, 0)


def is_key_line(folded: str) -> bool:
    """Could this line stand in a list of answers, by what it begins with?"""
    text = folded[part_of(folded)[1] :].strip()
    if _RANGE.match(text):
        return True
    if (found := _NUMBERED.match(text)) and found.end():
        rest = text[found.end() :]
        is_answer = re.match(rf"{_ONE}(?![A-Za-z\u4e00-\u9fff])|[【\[]\s*(?:答案|解析)|答案", rest)
        return bool(is_answer) or len(_PAIR.findall(text)) > 1
    return False


class Keys:
    """Reads the list line by line, then gives each question its answer."""

    def __init__(self) -> None:
        self.found: list[Keyed] = []
        self._kind = ""

    def name_kind(self, kind: str) -> None:
        """Answers from here on belong to questions of that kind."""
        self._kind = kind

    def read(self, line: Line, text: str, folded: str) -> list[Doubt]:
        """Take a line of the list; what cannot be understood is doubtful."""
        doubts: list[Doubt] = []
        rest = _RANGE.sub(lambda m: self._range(m, line, doubts), folded)
        if rest != folded:
            text = folded = rest
        pairs = list(_PAIR.finditer(folded))
        left = _PAIR.sub("", folded)
        if pairs and not re.search(r"[^\s,、;.。|()]", left):
            self.found += [Keyed(int(m[1]), m[2], line.number, self._kind) for m in pairs]
        elif folded.strip(" ,、;.。|"):
            self._words(line, text, folded, doubts)
        return doubts

    def _range(self, found: re.Match, line: Line, doubts: list[Doubt]) -> str:
        low, high = int(found[1]), int(found[2])
        groups = [g for g in re.split(r"[\s,、;/|]+", found[3].strip()) if g]
        wanted = high - low + 1
        tokens = groups if len(groups) == wanted else _TOKEN.findall(re.sub(r"([A-La-l])", r" \1 ", found[3]))
        if len(tokens) != wanted:
            doubts.append(Doubt(line.number, line.text.strip()[:40], _(
                "第 %(a)s 到第 %(b)s 题应有 %(n)s 个答案，这里有 %(m)s 个，这几题没有用它。",
                a=low, b=high, n=wanted, m=len(tokens))))
            return ""
        self.found += [Keyed(low + n, token, line.number, self._kind) for n, token in enumerate(tokens)]
        return ""

    def _words(self, line: Line, text: str, folded: str, doubts: list[Doubt]) -> None:
        begins = _NUMBERED.match(folded)
        is_next = begins and begins.end() and folded[: begins.end()].strip(" ")[-1:] != "" and (
            not self.found or int(begins[1]) == self.found[-1].number + 1 or int(begins[1]) == 1)
        if is_next:
            rest, rest_folded = text[begins.end() :], folded[begins.end() :]
            keyed = Keyed(int(begins[1]), "", line.number, self._kind)
            self.found.append(keyed)
            for piece in headings.pieces_of(rest, rest_folded):
                self._put(keyed, piece)
        elif self.found:
            for piece in headings.pieces_of(text, folded):
                self._put(self.found[-1], piece)
        else:
            doubts.append(Doubt(line.number, text.strip()[:40], _("答案部分里看不懂的一行，没有用。")))

    def _put(self, keyed: Keyed, piece: headings.Piece) -> None:
        words = piece.text.strip()
        if piece.mark == "explanation" or (piece.mark == "" and keyed.explanation):
            keyed.explanation.append(words)
        elif piece.mark in ("", "answer"):
            keyed.answer = f"{keyed.answer}\n{words}".strip()

    def give(self, drafts: list[Draft]) -> list[Doubt]:
        """Each answer to the first question of its number that has none yet. Says which found no question."""
        doubts = []
        for keyed in self.found:
            waiting = [d for d in drafts if d.number == keyed.number and d.answer is None]
            draft = next((d for d in waiting if _fits(d.kind, keyed.kind)), None)
            if draft is None:
                doubts.append(Doubt(keyed.line, f"{keyed.number} {keyed.answer}"[:40], _(
                    "答案里有第 %(n)s 题，题目里没有找到还缺答案的第 %(n)s 题，没有用。", n=keyed.number)))
                continue
            draft.answer, draft.answer_line = keyed.answer, keyed.line
            draft.explanation = "\n".join(filter(None, (draft.explanation, *keyed.explanation)))
        return doubts


def _fits(asked: str, told: str) -> bool:
    choices = ("single", "multiple", CHOICE)
    is_choice = asked in choices and told in choices and CHOICE in (asked, told)
    return not asked or not told or asked == told or is_choice
