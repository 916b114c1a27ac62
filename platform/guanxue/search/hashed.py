"""Many texts in little memory: numbers found by a text's hash, in two flat tables. The texts themselves are not kept.

A set or dict of 20,000 short words takes 3 MB, and whoever looks one up writes to its count of references, so that processes
that were copied from one another soon share none of it. Here a word takes 12 bytes, which nobody writes to. Two texts of
one hash would be taken for each other: with 64 bits, keyed anew for each process, once in 10^14 questions.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable


class Hashed:
    """Numbers by text; of equal texts the first counts."""

    def __init__(self, texts: Iterable[tuple[str, int]]) -> None:
        found: dict[int, int] = {}
        for text, number in texts:
            found.setdefault(hash(text), number)
        self._hashes = array("q", sorted(found))
        self._numbers = array("I", (found[one] for one in self._hashes))

    @classmethod
    def set_of(cls, texts: Iterable[str]) -> Hashed:
        """To be asked only whether it has a text."""
        return cls((text, 0) for text in texts)

    def get(self, text: str) -> int | None:
        """The text's number; None where it has none."""
        wanted = hash(text)
        at = bisect_left(self._hashes, wanted)
        return self._numbers[at] if at < len(self._hashes) and self._hashes[at] == wanted else None

    def __contains__(self, text: str) -> bool:
        return self.get(text) is not None

    def __len__(self) -> int:
        return len(self._hashes)
