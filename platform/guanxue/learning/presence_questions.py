"""Questions on what was just said, made from a lesson's own words: a sentence with a gap, or which sentence it was.

The lesson's quiz is left alone: who is told "right" here would know an answer there. Pure; the same pick gives the same
question. What is asked has its key beside it, which never leaves the house.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

GAP = "＿＿＿"
OPTIONS = 4
HEARD_MS = 45_000  # "just said"
_RUN = re.compile(r"[一-鿿]+|[A-Za-z0-9.]+")
_SENTENCE = re.compile(r"[^。！？；!?;\n]+[。！？；!?;]?")
_SMALL = frozenset("的了是在和与及或有不就都而也把被从到对上下中这那个一二三四五六七八九十我你他她它们要会能可以为之于向给让"
                   "再又还才很更最先后前时候里外么什怎样请用来去说看做得着过吗呢吧啊如果因所但只没每各")


@dataclass(frozen=True)
class Line:
    """What is said, and when in the lesson (milliseconds)."""

    start_ms: int
    end_ms: int
    text: str


def lines_of_text(text: str, duration_ms: int) -> list[Line]:
    """A text's sentences at the moments at which they are read, where reading takes `duration_ms`."""
    sentences = [s.strip() for s in _SENTENCE.findall(text) if s.strip()]
    whole, at, found = sum(map(len, sentences)) or 1, 0, []
    for sentence in sentences:
        found.append(Line(at * duration_ms // whole, (at + len(sentence)) * duration_ms // whole, sentence))
        at += len(sentence)
    return found


def make_question(lines: Sequence[Line], at_ms: int, pick: int) -> dict | None:
    """{"text", "options": [text], "key": place of the right one} about what was said before `at_ms`; None where too little is.

    "text" is the sentence with its gap; "" where the options are whole sentences and it is asked which one was said.
    """
    heard = [n for n, line in enumerate(lines) if line.start_ms < at_ms and _size(line.text) >= 6]
    near = [n for n in heard if lines[n].end_ms > at_ms - HEARD_MS] or heard[-1:]
    words = _words(lines)
    for turn in range(len(near)):
        n = near[(pick + turn) % len(near)]
        question = _gap(lines[n].text, words, pick) or _which(lines, n, pick)
        if question is not None:
            return question
    return None


def _size(text: str) -> int:
    return sum(map(len, _RUN.findall(text)))


def _words(lines: Sequence[Line]) -> list[str]:
    """Words of the lesson: pieces of two to four ideographs that come again, and do not only come inside a longer one."""
    counts, left, right = Counter(), {}, {}
    for line in lines:
        for run in _RUN.findall(line.text):
            if not "一" <= run[0] <= "鿿":
                continue
            for size in (2, 3, 4):
                for at in range(len(run) - size + 1):
                    piece = run[at:at + size]
                    if _SMALL.isdisjoint(piece):
                        counts[piece] += 1
                        left.setdefault(piece, set()).add(run[at - 1:at] or f"^{counts[piece]}")
                        right.setdefault(piece, set()).add(run[at + size:at + size + 1] or f"${counts[piece]}")
    return sorted(p for p, count in counts.items() if count > 1 and len(left[p]) > 1 and len(right[p]) > 1)


def _gap(text: str, words: Sequence[str], pick: int) -> dict | None:
    """The sentence without one of the lesson's words, which stands among others that are as long and not said in it."""
    inside = [w for w in words if w in text and not any(w != x and w in x and x in text for x in words)]
    for turn in range(len(inside)):
        word = inside[(pick + turn) % len(inside)]
        others = [w for w in words if len(w) == len(word) and w not in text and not set(w) & set(word)]
        if len(others) >= OPTIONS - 1:
            return {"text": text.replace(word, GAP), **_among(word, others, pick)}
    return None


def _which(lines: Sequence[Line], n: int, pick: int) -> dict | None:
    """The sentence among others of the lesson that are said elsewhere."""
    size = len(lines[n].text)
    others = sorted({x.text for m, x in enumerate(lines) if abs(m - n) > 1 and _size(x.text) >= 6 and x.text != lines[n].text},
                    key=lambda text: (abs(len(text) - size), text))[:8]
    return {"text": "", **_among(lines[n].text, others, pick)} if len(others) >= OPTIONS - 1 else None


def _among(right: str, others: Sequence[str], pick: int) -> dict:
    chosen, left = [], list(others)
    while len(chosen) < OPTIONS - 1:
        pick, place = divmod(pick, len(left))
        chosen.append(left.pop(place))
    place = pick % OPTIONS
    return {"options": [*chosen[:place], right, *chosen[place:]], "key": place}
