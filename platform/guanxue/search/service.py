"""The face's work: what is searchable, keeping the index true, asking it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from flask import current_app

from guanxue import jobs
from guanxue.core.db import is_writing, session
from guanxue.core.settings import settings
from guanxue.search import analysis
from guanxue.search.asking import Asker
from guanxue.search.index import Library
from guanxue.search.models import SearchDocument, SearchResult, Status, Suggestion
from guanxue.search.reading import Reader
from guanxue.search.suggesting import Suggester

log = logging.getLogger(__name__)
UPDATE = "search.update"


@dataclass(frozen=True)
class Source:
    """Where documents of a kind come from."""

    load: Callable[[str], SearchDocument | None]
    list_ids: Callable[[], Iterable[str]]


class State:
    """What one app keeps in memory about search."""

    def __init__(self, folder: Path, courses: Path) -> None:
        self.sources: dict[str, Source] = {}
        self.synonyms = analysis.read_synonyms(courses / "synonyms.csv", sorted(courses.glob("*/lessons/*-words.md")))
        self.library = Library(folder, analysis.know(self.synonyms.words()))
        self.mending = threading.Lock()
        self._asker: tuple[Reader, Asker] | None = None
        self._suggester: tuple[Reader, Suggester] | None = None

    def asker(self) -> Asker | None:
        """For the present index; None where there is none."""
        reader = self.library.reader()
        if reader is None:
            return None
        kept = self._asker
        if kept is None or kept[0] is not reader:
            kept = self._asker = (reader, Asker(reader, self.synonyms))
        return kept[1]

    def suggester(self) -> Suggester | None:
        """For the present index; None where there is none."""
        reader = self.library.reader()
        if reader is None:
            return None
        kept = self._suggester
        if kept is None or kept[0] is not reader:
            kept = self._suggester = (reader, Suggester(reader))
        return kept[1]


def state() -> State:
    """The app's search state, made when first needed."""
    kept = current_app.extensions.get("guanxue.search")
    if kept is None:
        kept = current_app.extensions["guanxue.search"] = State(settings().index_dir, settings().courses_dir)
    return kept


def register(kind: str, load: Callable[[str], SearchDocument | None], list_ids: Callable[[], Iterable[str]]) -> None:
    """Say where documents of a kind come from. Only wiring.py calls this."""
    state().sources[kind] = Source(load, list_ids)


def touch(kind: str, id: str) -> None:
    """The thing changed: the index follows within seconds, after the present change has committed."""
    jobs.enqueue(UPDATE, {"kind": kind, "id": id}, key=f"{kind}:{id}", priority=20)


def update(kind: str, id: str) -> None:
    """Bring one document of the index up to date; the worker calls it. Where there is no index, all of it is built."""
    library = state().library
    with library.alone():  # loaded under the lock, so that of two changes the later one is written last
        _read_anew()
        document = state().sources[kind].load(id)
        put, drop = ([document], []) if document is not None else ([], [f"{kind}:{id}"])
        if not library.change(put, drop):
            library.build(_every(None))


def rebuild(progress: Callable[[int], None] | None = None) -> int:
    """Build the index anew beside the old one and switch; readers never wait. How many documents it has."""
    with state().library.alone():
        _read_anew()
        return state().library.build(_every(progress))


def count_documents() -> int:
    """How many documents there may be to index: what a progress bar is measured by."""
    return sum(len(list(source.list_ids())) for source in state().sources.values())


def _read_anew() -> None:
    # What was committed while we waited for the lock must be seen; a reading transaction may be older than that.
    if not is_writing():
        session.rollback()


def _every(progress: Callable[[int], None] | None) -> Iterator[SearchDocument]:
    count = 0
    for source in state().sources.values():
        for id in list(source.list_ids()):
            document = source.load(id)
            if document is not None:
                count += 1
                if progress:
                    progress(count)
                yield document


def freshen() -> None:
    """Build the index where there is none that can be read, it has other documents than the database, or other words."""
    library = state().library
    wanted = {f"{kind}:{id}" for kind, source in state().sources.items() for id in source.list_ids()}
    if library.is_lost() or not library.is_up_to_date() or set(library.reader(at_once=True).number_of) != wanted:
        rebuild()


def is_ready() -> bool:
    """Is there an index on the disk that can be opened?"""
    return not state().library.is_lost()


def edition() -> tuple[str, int] | None:
    """Names the state of the index that answers in this process; what was found by another may be out of date."""
    reader = state().library.reader()
    return reader.edition if reader else None


def status() -> Status:
    """What state search is in."""
    library = state().library
    reader = library.reader(at_once=True)
    counts = {kind: len(numbers) for kind, numbers in reader.of_kind.items()} if reader else {}
    return Status(is_ready=not library.is_lost(), is_up_to_date=library.is_up_to_date(), documents=counts,
                  waiting=jobs.count_waiting(UPDATE))


def warm() -> None:
    """Read all that asking needs, and leave nothing of it to a thread: processes may be copied from this one right after."""
    reader = state().library.reader(at_once=True)
    if reader is not None:
        reader.warm()
        state().suggester()
        state().asker()


def query(text: str, *, kinds: tuple[str, ...] | None = None, limit: int | None = None) -> SearchResult:
    """Everything that answers the text, best first; nothing for an empty text or while there is no index."""
    _mend()
    asker = state().asker()
    if asker is None:
        log.warning("there is no search index; run guanxue reindex")
        return SearchResult([])
    result = asker.ask(text, tuple(kinds) if kinds else None)
    return result if limit is None else replace(result, hits=result.hits[:limit], total_found=result.total)


def suggest(prefix: str, limit: int = 8) -> list[Suggestion]:
    """What goes on like this, what can be studied first; then what search finds for it."""
    suggester, asker = state().suggester(), state().asker()
    if suggester is None or asker is None:
        return []
    found = suggester.suggest(prefix, limit)
    if len(found) < limit and suggester.may_ask(prefix):
        shown = {s.url for s in found}
        result = asker.ask(prefix, None)
        entries = (asker.reader.entries[asker.reader.number_of[f"{h.kind}:{h.id}"]] for h in result.hits)
        found += [Suggestion(e.title, e.kind, e.url) for e in islice(entries, 2 * limit) if e.url not in shown]
    return found[:limit]


def _mend() -> None:
    """An index that was lost or damaged while we served is built again in the background; memory answers meanwhile."""
    here = state()
    if not here.library.is_missing or not here.mending.acquire(blocking=False):
        return
    app = current_app._get_current_object()

    def work() -> None:
        try:
            with app.app_context():
                freshen()
        except Exception:
            log.exception("the search index could not be built again; run guanxue reindex")
        finally:
            here.mending.release()

    log.error("the search index was lost; building it again")
    here.library.is_missing = False
    threading.Thread(target=work, name="search-mend", daemon=True).start()
