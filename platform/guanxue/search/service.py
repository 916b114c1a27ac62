"""The face's work: what is searchable, keeping the index true, asking it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from guanxue import jobs
from guanxue.core.settings import settings
from guanxue.search import analysis
from guanxue.search.asking import Asker
from guanxue.search.index import Library, Reader
from guanxue.search.models import SearchDocument, SearchResult, Suggestion
from guanxue.search.suggesting import Suggester

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Where documents of a kind come from."""

    load: Callable[[str], SearchDocument | None]
    list_ids: Callable[[], Iterable[str]]


class State:
    """What one app keeps in memory about search."""

    def __init__(self, folder: Path, synonyms: Path) -> None:
        self.sources: dict[str, Source] = {}
        self.library = Library(folder)
        self.synonyms = analysis.read_synonyms(synonyms)
        analysis.know(self.synonyms)
        self._asker: tuple[Reader, Asker] | None = None
        self._suggester: tuple[Reader, Suggester] | None = None

    def asker(self) -> Asker | None:
        """For the present index; None where there is none."""
        reader = self.library.reader()
        if reader is None:
            return None
        if self._asker is None or self._asker[0] is not reader:
            self._asker = (reader, Asker(reader, self.synonyms))
        return self._asker[1]

    def suggester(self) -> Suggester | None:
        """For the present index; None where there is none."""
        reader = self.library.reader()
        if reader is None:
            return None
        if self._suggester is None or self._suggester[0] is not reader:
            self._suggester = (reader, Suggester(reader))
        return self._suggester[1]


def state() -> State:
    """The app's search state, made when first needed."""
    kept = current_app.extensions.get("guanxue.search")
    if kept is None:
        kept = current_app.extensions["guanxue.search"] = State(settings().index_dir, settings().courses_dir / "synonyms.csv")
    return kept


def register(kind: str, load: Callable[[str], SearchDocument | None], list_ids: Callable[[], Iterable[str]]) -> None:
    """Say where documents of a kind come from. Only wiring.py calls this."""
    state().sources[kind] = Source(load, list_ids)


def touch(kind: str, id: str) -> None:
    """The thing changed: the index follows within seconds, after the present change has committed."""
    jobs.enqueue("search.update", {"kind": kind, "id": id}, key=f"{kind}:{id}", priority=20)


def update(kind: str, id: str) -> None:
    """Bring one document of the index up to date; the worker calls it."""
    document = state().sources[kind].load(id)
    if document is None:
        state().library.change([], [f"{kind}:{id}"])
    else:
        state().library.change([document], [])


def rebuild(progress: Callable[[int], None] = lambda _n: None) -> int:
    """Build the index anew beside the old one and switch. How many documents it has."""

    def every() -> Iterable[SearchDocument]:
        count = 0
        for source in state().sources.values():
            for id in source.list_ids():
                document = source.load(id)
                if document is not None:
                    count += 1
                    progress(count)
                    yield document

    return state().library.build(every())


def freshen() -> None:
    """Build the index where there is none that fits, or it has other documents than the database."""
    reader = state().library.reader()
    wanted = {f"{kind}:{id}" for kind, source in state().sources.items() for id in source.list_ids()}
    if reader is None or set(reader.by_key) != wanted:
        rebuild()


def is_ready() -> bool:
    """Can it be asked?"""
    return state().library.current() is not None


def query(text: str, *, kinds: tuple[str, ...] | None = None, limit: int | None = None) -> SearchResult:
    """Everything that answers the text, best first; nothing for an empty text or while there is no index."""
    asker = state().asker()
    if asker is None:
        log.warning("there is no search index; run guanxue reindex")
        return SearchResult([])
    result = asker.ask(text, kinds)
    if limit is None:
        return result
    return SearchResult(result.hits[:limit], result.stage, result.terms, result.did_you_mean, result.explain)


def suggest(prefix: str, limit: int = 8) -> list[Suggestion]:
    """What goes on like this, what can be studied first."""
    suggester = state().suggester()
    return suggester.suggest(prefix, limit) if suggester else []
