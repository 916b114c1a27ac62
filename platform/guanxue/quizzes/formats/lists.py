"""Questions that are lists in words: pairs to join, things to put in order, options numbered ①②③."""

from __future__ import annotations

import re

from guanxue.core.i18n import lazy as _
from guanxue.quizzes.formats.drafts import Bad, Doubting, Draft
from guanxue.quizzes.formats.lines import CIRCLED, fold
from guanxue.quizzes.rules import Option

_CIRCLE = re.compile(f"[{CIRCLED}]")
_ARROW = re.compile(r"\s*(?:→|⇒|➔|——+|-{2,}>?|->|=>|—|↔)\s*")
_JOINED = re.compile(rf"(\(?\d{{1,2}}\)?|[{CIRCLED}])\s*[-—–~→:：.、]?>?\s*([A-Z])")
_TWO_COLUMNS = re.compile(r"^\s*\(?(\d{1,2})[).、．]\s*(\S.*?)\s{2,}\(?([A-L])[).、．:]\s*(\S.*)$")
_LEFT = re.compile(rf"^\s*(?:\(?(\d{{1,2}})[).、．]|\((\d{{1,2}})\)|([{CIRCLED}]))\s*(\S.*)$")


def circled_as_options(draft: Draft) -> None:
    """Things marked ①②③ in the stem become options, where the answer speaks of them or there is nothing else to choose."""
    found = list(_CIRCLE.finditer(draft.stem))
    marks = "".join(m[0] for m in found)
    if len(found) < 2 or marks != CIRCLED[: len(found)] or draft.kind in ("fillin", "truefalse", "numeric", "matching"):
        return
    answer = fold(draft.answer or "").strip()
    if draft.kind == "" and not re.fullmatch(rf"[{CIRCLED}A-Za-z\s,、，→>\-]+", answer):
        return
    if draft.kind == "short":
        return
    ends = [m.start() for m in found[1:]] + [len(draft.stem)]
    draft.options = [(chr(65 + n), draft.stem[m.end() : end].strip(" ;；,，、。.\n"))
                     for n, (m, end) in enumerate(zip(found, ends, strict=True))]
    draft.stem = draft.stem[: found[0].start()].strip()


def ordering(draft: Draft, doubt: Doubting) -> dict:
    """Things in the order the answer gives: by letters, by marks, or by the things themselves with arrows between."""
    answer = (draft.answer or "").strip()
    if not answer:
        raise Bad(_("没有找到答案；排序题写“答案：C→A→B”。"))
    by_letter = dict(draft.options)
    letters = re.sub(rf"[{CIRCLED}]", lambda m: chr(65 + CIRCLED.index(m[0])), fold(answer)).upper()
    named = re.findall(r"[A-Z]", letters)
    if draft.options and re.fullmatch(r"[A-Z\s,、，;；→>\-—.。]+", letters):
        if sorted(named) != sorted(by_letter):
            raise Bad(_("排序题有 %(n)s 项，答案要把每一项写一次。", n=len(by_letter)), draft.answer_line)
        items = [by_letter[c] for c in named]
    else:
        items = [x.strip(" 。") for x in _ARROW.split(answer) if x.strip(" 。")]
        items = items if len(items) > 1 else [x.strip(" 。") for x in re.split(r"[;；\n]+", answer) if x.strip(" 。")]
    if len(items) < 2 or len(set(items)) < len(items) or not all(items):
        raise Bad(_("排序题至少要有两项，而且不能相同。"), draft.answer_line)
    return {"kind": "ordering", "stem": draft.stem, "options": tuple(Option(x) for x in items)}


def matching(draft: Draft, doubt: Doubting) -> dict:
    """Pairs: written with an arrow between, or two lists (1 2 3 and A B C) and an answer that joins them."""
    stem, left, pairs = [], {}, []
    for line in draft.stem.split("\n"):
        sides = _ARROW.split(line.strip())
        if len(sides) == 2 and all(sides) and len(line) < 200:
            pairs.append((_unmarked(sides[0]), _unmarked(sides[1])))
        elif (both := _TWO_COLUMNS.match(fold(line))) and stem:
            left[int(both[1])] = line[both.start(2) : both.end(2)].strip()
            draft.options.append((both[3], line[both.start(4) :].strip()))
        elif (found := _LEFT.match(fold(line))) and stem:
            left[_number(found)] = line[found.start(4) :].strip()
        else:
            stem.append(line)
    if not pairs and draft.options:
        pairs = _by_key(draft, left)
    if not pairs and draft.answer:
        sides = [_ARROW.split(part.strip()) for part in re.split(r"[;；\n]+", draft.answer) if part.strip()]
        pairs = [(_unmarked(s[0]), _unmarked(s[1])) for s in sides if len(s) == 2]
    if len(pairs) < 2 or any(not a or not b for a, b in pairs):
        raise Bad(_("连线题至少要有两对；可以一行写一对“左 → 右”。"), draft.answer_line)
    if len({a for a, _b in pairs}) < len(pairs):
        raise Bad(_("连线题左边有两项相同。"))
    return {"kind": "matching", "stem": "\n".join(stem).strip(), "options": tuple(Option(a, match=b) for a, b in pairs)}


def _by_key(draft: Draft, left: dict[int, str]) -> list[tuple[str, str]]:
    """Pairs told by an answer like "1-C 2-A"."""
    key = {int(_digits(a)): b for a, b in _JOINED.findall(fold(draft.answer or "").upper())}
    right = dict(draft.options)
    if not key or set(key) != set(left):
        raise Bad(_("连线题左边有 %(n)s 项，答案要写明每一项连哪个，例如“1-C 2-A”。", n=len(left)), draft.answer_line)
    missing = next((c for c in key.values() if c not in right), None)
    if missing:
        told = (draft.answer or "").strip()[:20]
        raise Bad(_("答案是 %(answer)s，选项里没有 %(letter)s。", answer=told, letter=missing), draft.answer_line)
    spare = [words for letter, words in draft.options if letter not in key.values()]
    if spare:
        draft.dropped.append(_("多出来的右边各项：%(what)s", what="；".join(spare)[:60]))
    return [(words, right[key[n]]) for n, words in left.items()]


def _number(found: re.Match) -> int:
    return int(found[1] or found[2] or CIRCLED.index(found[3]) + 1)


def _digits(mark: str) -> str:
    return str(CIRCLED.index(mark) + 1) if mark in CIRCLED else mark.strip("()")


def _unmarked(words: str) -> str:
    found = _LEFT.match(fold(words))
    return words[found.start(4) :].strip(" ;；。") if found else words.strip(" ;；。")
