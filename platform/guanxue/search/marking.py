"""Marking what was looked for in a text that is shown."""

from __future__ import annotations

from collections.abc import Iterable

from guanxue.search import analysis
from guanxue.search.models import Piece


def mark(text: str, terms: Iterable[str]) -> list[Piece]:
    """The text in pieces, those that say one of the terms marked; together they are the text, unescaped.

    Width and case do not matter; the longest term wins where several begin.
    """
    folded, origin = _folded(text)
    wanted = sorted({analysis.normal(term) for term in terms if term}, key=len, reverse=True)
    marked = [False] * len(text)
    at = 0
    while at < len(folded):
        term = next((t for t in wanted if folded.startswith(t, at)), None)
        if term is None:
            at += 1
            continue
        begin, end = origin[at], origin[at + len(term) - 1] + 1
        marked[begin:end] = [True] * (end - begin)
        at += len(term)
    return _pieces(text, marked)


def _folded(text: str) -> tuple[str, list[int]]:
    """The folded text, and which character of the text each of its characters comes from."""
    folded, origin = [], []
    for number, character in enumerate(text):
        for part in analysis.normal(character):
            folded.append(part)
            origin.append(number)
    return "".join(folded), origin


def _pieces(text: str, marked: list[bool]) -> list[Piece]:
    pieces: list[Piece] = []
    begin = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or marked[end] != marked[begin]:
            pieces.append(Piece(text[begin:end], marked[begin]))
            begin = end
    return pieces
