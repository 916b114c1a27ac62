"""What search knows: documents, hits, suggestions. Nothing of it is kept in the database; the index is a copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True)
class SearchDocument:
    """Something to be found. `rank` lifts among equals (1: can be studied, 0: planned)."""

    kind: str
    id: str
    title: str
    url: str
    keywords: list[str] = field(default_factory=list)
    body: str = ""
    rank: int = 0
    popularity: int = 0

    @property
    def key(self) -> str:
        """"course:x", the name of the document in the index."""
        return f"{self.kind}:{self.id}"


class Hit(NamedTuple):
    """A found document, the better the higher its score."""

    kind: str
    id: str
    title: str
    score: float


@dataclass(frozen=True)
class Suggestion:
    """What one may have wanted to type."""

    text: str
    kind: str
    url: str


@dataclass(frozen=True)
class SearchResult:
    """Hits, best first. stage 1: every word was found; 2: what comes nearest. `terms` are the words to mark."""

    hits: list[Hit]
    stage: int = 1
    terms: tuple[str, ...] = ()
    did_you_mean: str | None = None
    explain: Callable[[str, str], str] = field(default=lambda _kind, _id: "", compare=False)
    total_found: int | None = None

    @property
    def total(self) -> int:
        """How many were found, also where only the first are given."""
        return len(self.hits) if self.total_found is None else self.total_found


@dataclass(frozen=True)
class Status:
    """The index as it is: documents by kind, updates that wait, and whether it was made with today's word list."""

    is_ready: bool
    is_up_to_date: bool
    documents: dict[str, int]
    waiting: int


@dataclass(frozen=True)
class Piece:
    """A stretch of a text, marked where it is what was looked for. Plain text: templates escape it."""

    text: str
    is_marked: bool
