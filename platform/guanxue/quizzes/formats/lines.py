"""Pasted text as lines: Word's soft breaks, odd blanks and full-width signs made plain enough to be read, none of it lost."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANKS = re.compile(r"[\xa0\u2000-\u200a\u202f\u205f\u3000]")
_LONG_BLANK = re.compile(r"\s{9,}")  # nobody means more by more; a thousand would be tried in a thousand ways
_UNSEEN = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffc]")
# Each sign of full width or of Word's own stands for one plain sign, so that places in both texts are the same.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN |= {ord(a): ord(b) for a, b in zip("—–−‒―〜∼～〔〕﹝﹞﹙﹚﹣﹕﹔﹐", "-----~~~()()()-:;,", strict=True)}
_BRACKET_FIRST = re.compile(r"\s*\(\s*([A-L√×✓✗✔✘对错TF]{0,4}|正确|错误)\s*\)\s*(?=(\d{1,3}\s*[.、)]\s*\D))")
CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫"


@dataclass(frozen=True)
class Line:
    """A line of the text: its number from 1, its words, and the same words with plain signs for recognising things."""

    number: int
    text: str
    folded: str

    @property
    def is_blank(self) -> bool:
        """Nothing but blanks?"""
        return not self.text.strip()


def fold(text: str) -> str:
    """The text with full-width letters, digits and signs made plain, as long as before."""
    return text.translate(_PLAIN)


def lines_of(text: str) -> list[Line]:
    """Lines, each break of Word's a break, tabs as blanks. Line numbers are those a person counts in the text box."""
    plain = _BREAKS.sub("\n", text)
    return [_line(number, raw) for number, raw in enumerate(plain.split("\n"), 1)]


def _line(number: int, raw: str) -> Line:
    text = _UNSEEN.sub("", _BLANKS.sub(" ", raw.replace("\t", "    "))).replace("＿", "_").rstrip()
    text = _LONG_BLANK.sub(" " * 8, text)
    if (found := _BRACKET_FIRST.match(fold(text))) is not None:  # "（√）1. …": the bracket goes behind, where others have it
        text = text[found.start(2) :] + text[: found.start(2)].strip()
    return Line(number, text, fold(text))


def squeezed(text: str) -> str:
    """What makes two texts the same to a reader: width, case, blanks, rows of underscores and empty brackets do not matter."""
    plain = unicodedata.normalize("NFKC", fold(text)).casefold()
    plain = re.sub(r"_{2,}", "_", re.sub(r"\s+", "", plain)).replace("()", "_")
    return plain.rstrip("。.?:;!")
