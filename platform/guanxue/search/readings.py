"""How Chinese is read, without tones: each ideograph, and the words in which one is read otherwise.

readings.txt is made by scripts/make-readings from the dictionaries of pypinyin, which take 55 MB of whoever loads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

FIRST, LAST = "一", "鿿"
_PARTS = re.compile(rf"[{FIRST}-{LAST}]+|[^{FIRST}-{LAST}]+")


class Readings:
    """`alone` gives a syllable for every ideograph from FIRST to LAST ("" where none is known), `words` several each."""

    def __init__(self, alone: list[str], words: dict[str, str]) -> None:
        self.alone, self.words = alone, words
        self._longest = max(map(len, words), default=1)

    def of(self, text: str) -> list[str]:
        """A syllable for each ideograph, the longest words first; what stands between them as it is."""
        found: list[str] = []
        for part in _PARTS.findall(text):
            found += self._of_run(part) if FIRST <= part[0] <= LAST else [part]
        return found

    def _of_run(self, run: str) -> Iterable[str]:
        at = 0
        while at < len(run):
            for length in range(min(self._longest, len(run) - at), 1, -1):
                if (said := self.words.get(run[at:at + length])) is not None:
                    yield from said.split()
                    break
            else:
                length = 1
                yield self.alone[ord(run[at]) - ord(FIRST)] or run[at]
            at += length


def read(file: Path = Path(__file__).with_name("readings.txt")) -> Readings:
    """From lines of a syllable and its ideographs, and of a word and its syllables."""
    alone, words = [""] * (ord(LAST) - ord(FIRST) + 1), {}
    for line in file.read_text("utf-8").splitlines():
        head, _space, rest = line.partition(" ")
        if FIRST <= head[0] <= LAST:
            words[head] = rest
        elif head != "#":
            for ideograph in rest:
                alone[ord(ideograph) - ord(FIRST)] = head
    return Readings(alone, words)
