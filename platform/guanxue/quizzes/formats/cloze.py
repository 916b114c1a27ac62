"""Moodle's embedded answers ({1:SHORTANSWER:=a~%50%b}): gaps of words inside a text, in and out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.drafts import Bad
from guanxue.quizzes.rules import WHOLE, Option, Question, pieces_of

_OPENING = re.compile(r"\{\d*:([A-Z_]+):")
_CLOSING = re.compile(r"\\.|(\})", re.S)
_WORDS = {"SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"}


def read_cloze(text: str) -> dict:
    """The fields of a fill-in. Raises Bad for places of other kinds."""
    places = _places(text)
    if not places:
        raise Bad(_("没有找到空。"))
    if any(p.kind not in _WORDS for p in places):
        raise Bad(_("内嵌的“%(kind)s”不支持，只支持填空（SHORTANSWER）。",
                    kind=next(p.kind for p in places if p.kind not in _WORDS)[:30]))
    starts, ends = [0, *(p.end for p in places)], [*(p.start for p in places), len(text)]
    around = "\0".join(text[a:b].replace("\0", "") for a, b in zip(starts, ends, strict=True))
    if len(pieces_of(around)) > 1:
        raise Bad(_("题里的空（____）比花括号多。"))
    options = [Option(words, share, note, gap=n)
               for n, place in enumerate(places) for words, share, note in _answers(place.inside)]
    if len({o.gap for o in options}) < len(places):
        raise Bad(_("没有标出正确答案。"))
    if len(places) == 1:
        before, after = around.split("\0")
        return {"kind": "fillin", "stem": before.strip(), "tail": after.strip(), "options": tuple(options)}
    return {"kind": "fillin", "stem": around.replace("\0", "____").strip(), "options": tuple(options)}


@dataclass(frozen=True)
class _Place:
    """An embedded answer: where it begins and ends, its kind, what stands in it."""

    start: int
    end: int
    kind: str
    inside: str


def _places(text: str) -> list[_Place]:
    """Every place that is closed; closing braces are gone through once for all, or each open one would seek to the end."""
    closings = (m.start() for m in _CLOSING.finditer(text) if m[1])
    places: list[_Place] = []
    closing = -1
    for found in _OPENING.finditer(text):
        if places and found.start() < places[-1].end:
            continue
        while closing is not None and closing < found.end():
            closing = next(closings, None)
        if closing is None:
            break
        places.append(_Place(found.start(), closing + 1, found[1], text[found.end() : closing]))
    return places


def _answers(inside: str) -> list[tuple[str, int, str]]:
    found = []
    for raw in re.split(r"(?<!\\)~", inside):
        told = re.match(r"(=)?(?:%(-?\d+(?:\.\d+)?)%)?(.*)", raw, re.S)
        share = int(Decimal(told[2]) * 10) if told[2] else WHOLE if told[1] else 0
        words, _sign, note = re.sub(r"\\#", "\0", told[3]).partition("#")
        words = re.sub(r"\\(.)", r"\1", words.replace("\0", "#")).strip()
        if words and 0 < share <= WHOLE:
            found.append((words, share, re.sub(r"\\(.)", r"\1", note.replace("\0", "#")).strip()))
    return found


def write_cloze(question: Question) -> str:
    """The stem with its gaps as embedded answers."""
    parts = pieces_of(question.stem)
    parts = [*parts[: question.gap_count], "____".join(parts[question.gap_count :])]
    text = parts[0]
    for n, part in enumerate(parts[1:]):
        answers = "~".join(f"{'=' if o.permille == WHOLE else f'%{o.permille / 10:g}%'}{_escape(o.text)}"
                           f"{'#' + _escape(o.feedback) if o.feedback else ''}" for o in question.options if o.gap == n)
        text += f"{{1:SHORTANSWER:{answers}}}{part}"
    return text


def _escape(text: str) -> str:
    return re.sub(r"([\\}~#=/\"])", r"\\\1", text.replace("\n", " "))
