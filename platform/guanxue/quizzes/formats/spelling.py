"""A question in a teacher's words: lettered options and an answer, as tables and plain text write it, with what is lost."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.answers import accepted, escaped, plain_number
from guanxue.quizzes.rules import WHOLE, Option, Question, pieces_of

# As teachers write them; data of the format, not words of a page.
KIND_NAMES = {"single": "单选", "multiple": "多选", "truefalse": "判断", "fillin": "填空", "numeric": "填数",
              "matching": "连线", "ordering": "排序", "short": "简答"}
LEVEL_NAMES = {"easy": "易", "middle": "中", "hard": "难"}


@dataclass
class Spelled:
    """What is written of a question. `is_whole` is False where it could not be written at all."""

    stem: str
    options: list[tuple[str, str]] = field(default_factory=list)
    answer: str = ""
    explanation: str = ""
    losses: list[object] = field(default_factory=list)
    is_whole: bool = True


def spelled(q: Question) -> Spelled:
    """The question in words."""
    said = Spelled(_stem(q), explanation=q.explanation)
    {"single": _choice, "multiple": _choice, "truefalse": _truth, "fillin": _gaps, "numeric": _number, "matching": _pairs,
     "ordering": _order, "short": _short}[q.kind](q, said)
    if any(o.feedback for o in q.options):
        said.losses.append(_("各选项的反馈没有写出。"))
    return said


def _stem(q: Question) -> str:
    if q.kind in ("fillin", "numeric") and (q.tail or q.kind == "fillin") and len(pieces_of(q.stem)) == 1:
        return f"{q.stem}____{q.tail}"
    return f"{q.stem} {q.tail}".strip()


def _lettered(options: tuple[Option, ...]) -> list[tuple[str, str]]:
    return [(chr(65 + n), o.text) for n, o in enumerate(options)]


def _choice(q: Question, said: Spelled) -> None:
    said.options = _lettered(q.options)
    right = [o.permille > 0 for o in q.options]
    if q.kind == "single":
        right = [o.permille == max(x.permille for x in q.options) for o in q.options]
        right = [r and n == right.index(True) for n, r in enumerate(right)]
    said.answer = "".join(letter for (letter, _w), is_right in zip(said.options, right, strict=True) if is_right)
    count = max(1, sum(right))
    usual = {True: WHOLE // count, False: 0 if q.kind == "single" else -WHOLE}
    if any(o.permille != usual[is_right] for o, is_right in zip(q.options, right, strict=True)):
        said.losses.append(_("各选项的百分比没有写出，只写了哪些是对的。"))
    if q.tail:
        said.losses.append(_("空后面的文字接到了题干后面。"))


def _truth(q: Question, said: Spelled) -> None:
    said.answer = "对" if q.truth else "错"
    if q.tail:
        said.losses.append(_("空后面的文字接到了题干后面。"))


def _gaps(q: Question, said: Spelled) -> None:
    if any(o.permille != WHOLE for o in q.options):
        said.losses.append(_("只值一部分分数的答案没有写出。"))
    gaps = [[o.text for o in q.options if o.gap == n and o.permille == WHOLE] for n in range(q.gap_count)]
    signs = re.compile(r"[;；\n]|或")
    written = [_joined(words) for words in gaps]
    is_clear = all(gaps) and all(accepted(told) == words for told, words in zip(written, gaps, strict=True))
    if not is_clear or any(signs.search(text) for words in gaps for text in words):
        said.is_whole = False
        said.losses.append(_("答案里有“；”“或”这样的记号，写不清楚，这道题没有写出。"))
    said.answer = "；".join(written)


def _joined(words: list[str]) -> str:
    """Several ways of saying it with strokes between; the strokes of one that would not be told from these get a backslash."""
    plain = "/".join(words)
    return plain if accepted(plain) == words else " / ".join(w if accepted(w) == [w] else escaped(w) for w in words)


def _number(q: Question, said: Spelled) -> None:
    best = max(q.options, key=lambda o: o.permille)
    low, high = (Decimal(x) for x in best.text.split(".."))
    middle, tolerance = (low + high) / 2, (high - low) / 2
    said.answer = plain_number(middle) + (f"±{plain_number(tolerance)}" if tolerance else "")
    if len(q.options) > 1 or best.permille != WHOLE:
        said.losses.append(_("只值一部分分数的答案没有写出。"))


def _pairs(q: Question, said: Spelled) -> None:
    said.answer = "；".join(f"{o.text} → {o.match}" for o in q.options)
    if any(re.search(r"[;；\n→⇒➔↔]|->|=>|—|--", text) for o in q.options for text in (o.text, o.match)):
        said.is_whole = False
        said.losses.append(_("左右各项里有“→”“；”这样的记号，写不清楚，这道题没有写出。"))


def _order(q: Question, said: Spelled) -> None:
    said.options = sorted(_lettered(q.options), key=lambda x: x[1])  # not in the right order, or the table would tell it
    said.options = [(chr(65 + n), words) for n, (_l, words) in enumerate(said.options)]
    by_words = {words: letter for letter, words in said.options}
    said.answer = "".join(by_words[o.text] for o in q.options)


def _short(q: Question, said: Spelled) -> None:
    said.answer, said.explanation = q.explanation, ""


def answer_in_words(q: Question) -> str:
    """The key in a line, for whoever compares two."""
    said = spelled(q)
    words = dict(said.options)
    if q.kind in ("single", "multiple"):
        return "；".join(words[c] for c in said.answer)
    return " → ".join(o.text for o in q.options) if q.kind == "ordering" else said.answer
