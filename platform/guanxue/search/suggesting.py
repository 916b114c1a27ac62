"""What one may be typing: a sorted list of titles, their pinyin and initials, asked by bisection."""

from __future__ import annotations

import bisect
import heapq
from array import array

from guanxue.search import analysis
from guanxue.search.index import Reader
from guanxue.search.models import Suggestion
from guanxue.search.reading import Entry

MOST_LOOKED_AT = 5000
LAST = "\U0010ffff"  # sorts after everything that goes on like the prefix


class Suggester:
    """Suggestions from one reader."""

    def __init__(self, reader: Reader) -> None:
        self._entries = reader.entries
        begun = sorted((key, number) for number, entry in reader.entries.items() for key in entry.begun)
        self._keys = [key for key, _number in begun]
        self._numbers = array("I", (number for _key, number in begun))

    @staticmethod
    def may_ask(prefix: str) -> bool:
        """One ideograph or two letters at least."""
        start = "".join(analysis.normal(prefix).split())
        return bool(start) and (analysis.is_han(start) or len(start) >= 2)

    def suggest(self, prefix: str, limit: int) -> list[Suggestion]:
        """The best titles that go on like this."""
        if not self.may_ask(prefix):
            return []
        start = "".join(analysis.normal(prefix).split())
        first = bisect.bisect_left(self._keys, start)
        last = min(bisect.bisect_left(self._keys, start + LAST), first + MOST_LOOKED_AT)
        found = {entry.url: entry for entry in map(self._entries.__getitem__, self._numbers[first:last])}
        best = heapq.nsmallest(limit, found.values(), key=_order)
        return [Suggestion(entry.title, entry.kind, entry.url) for entry in best]


def _order(entry: Entry) -> tuple:
    return -entry.rank, -entry.popularity, len(entry.title), entry.title, entry.kind, entry.url
