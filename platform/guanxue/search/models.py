"""What search knows: documents, hits, suggestions. Nothing of it is kept in the database; the index is a copy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


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


@dataclass(frozen=True)
class Hit:
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
    """All hits, best first. stage 1: every word was found; 2: what comes nearest. `terms` are the words looked for."""

    hits: list[Hit]
    stage: int = 1
    terms: tuple[str, ...] = ()
    did_you_mean: str | None = None
    explain: Callable[[str, str], str] = field(default=lambda _kind, _id: "", compare=False)

    @property
    def total(self) -> int:
        """How many were found."""
        return len(self.hits)
