"""What one may be typing: a sorted list of titles, their pinyin and initials, asked by bisection."""

from __future__ import annotations

import bisect
import heapq

from guanxue.search import analysis
from guanxue.search.index import Reader
from guanxue.search.models import Suggestion

MOST_LOOKED_AT = 5000
LAST = "\U0010ffff"  # sorts after everything that goes on like the prefix


class Suggester:
    """Suggestions from one reader."""

    def __init__(self, reader: Reader) -> None:
        self._entries: list[tuple[str, tuple]] = []
        for entry in reader.entries.values():
            shown = (-entry.rank, -entry.popularity, len(entry.title), entry.title, entry.kind, entry.url)
            self._entries += [(key, shown) for key in entry.begun]
        self._entries.sort()
        self._keys_only = [key for key, _shown in self._entries]

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
        first = bisect.bisect_left(self._keys_only, start)
        last = bisect.bisect_left(self._keys_only, start + LAST)
        shown = {entry[-1]: entry for _key, entry in self._entries[first:min(last, first + MOST_LOOKED_AT)]}
        return [Suggestion(title, kind, url) for *_order, title, kind, url in heapq.nsmallest(limit, shown.values())]
