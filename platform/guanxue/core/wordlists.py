"""Pages of words: `- **the word**（也叫：as others say it、and others）：what it means`, a line each (courses/README.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINE = re.compile(r"^- \*\*(.+?)\*\*(?:（也叫：(.+?)）)?：(.+)$")


def list_words(page: str) -> Iterator[tuple[str, list[str]]]:
    """(the word our texts use, how it is said elsewhere) of each line that is one; every other line is passed over."""
    for line in page.split("\n"):
        if found := _LINE.match(line.strip()):
            yield found[1], [x.strip() for x in re.split("[、，,]", found[2] or "") if x.strip()]
