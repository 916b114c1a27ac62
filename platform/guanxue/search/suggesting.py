"""What one may be typing: a sorted list of titles, their pinyin and initials, asked by bisection."""

from __future__ import annotations

import bisect

from guanxue.search import analysis
from guanxue.search.index import Reader
from guanxue.search.models import Suggestion

MOST_LOOKED_AT = 400


class Suggester:
    """Suggestions from one reader."""

    def __init__(self, reader: Reader) -> None:
        self._entries: list[tuple[str, tuple]] = []
        for stored in reader.stored.values():
            title = stored["shown_title"]
            shown = (-stored["rank"], len(title), title, stored["kind"], stored["url"])
            self._entries += [(key, shown) for key in self._keys(title)]
        self._entries.sort()
        self._keys_only = [key for key, _shown in self._entries]

    @staticmethod
    def _keys(title: str) -> set[str]:
        words = analysis.words_of(title)
        keys = {analysis.normal(title)}
        for n in range(len(words)):
            rest = words[n:]
            keys |= {"".join(rest), "".join(map(analysis.pinyin_of, rest)), "".join(map(analysis.initials_of, rest))}
        return keys

    def suggest(self, prefix: str, limit: int) -> list[Suggestion]:
        """The best titles that go on like this."""
        start = "".join(analysis.normal(prefix).split())
        if not start or (not analysis.is_han(start) and len(start) < 2):
            return []
        first = bisect.bisect_left(self._keys_only, start)
        found: dict[str, tuple] = {}
        for key, shown in self._entries[first:first + MOST_LOOKED_AT]:
            if not key.startswith(start):
                break
            found[shown[4]] = shown
        return [Suggestion(title, kind, url) for _rank, _length, title, kind, url in sorted(found.values())[:limit]]
