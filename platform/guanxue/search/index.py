"""The Whoosh index on disk: built beside the old one and switched by a pointer file; one writer, many readers.

The index is a copy of what the database says; losing it loses nothing. Whoosh never calls fsync, so we do.
"""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable
from pathlib import Path

from whoosh import fields, scoring
from whoosh import index as whoosh_index
from whoosh.analysis import SpaceSeparatedTokenizer

from guanxue.search import analysis
from guanxue.search.models import SearchDocument

FORM = 3  # raise it when documents are written differently: older indexes are then built anew
LOOK_EVERY_S = 1.0
_words = SpaceSeparatedTokenizer()
SCHEMA = fields.Schema(
    key=fields.ID(unique=True, stored=True), kind=fields.ID(stored=True), id=fields.STORED,
    title=fields.TEXT(analyzer=_words, phrase=False), tags=fields.TEXT(analyzer=_words, phrase=False),
    body=fields.TEXT(analyzer=_words, phrase=False), sound=fields.TEXT(analyzer=_words, phrase=False),
    rank=fields.STORED, shown_title=fields.STORED, shown_tags=fields.STORED, shown_body=fields.STORED, url=fields.STORED,
)


def as_fields(document: SearchDocument) -> dict:
    """The document as the index keeps it."""
    tags = " ".join(document.keywords)
    return {
        "key": f"{document.kind}:{document.id}", "kind": document.kind, "id": document.id,
        "title": " ".join(analysis.terms_of(document.title)), "tags": " ".join(analysis.terms_of(tags)),
        "body": " ".join(analysis.terms_of(document.body)),
        "sound": " ".join(sorted(analysis.sounds_of(document.title) | analysis.sounds_of(tags))),
        "rank": document.rank, "shown_title": document.title, "shown_tags": document.keywords,
        "shown_body": document.body[:4000], "url": document.url,
    }


class Library:
    """The index folder of a site: which index is current, building, changing, reading."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pointer = folder / "current"
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._looked = 0.0

    def current(self) -> Path | None:
        """The folder of the present index; None where there is none that fits."""
        try:
            name = self._pointer.read_text("utf-8").strip()
        except OSError:
            return None
        path = self.folder / name
        fits = name.startswith(f"index-{FORM}-") and whoosh_index.exists_in(str(path))
        return path if fits else None

    def build(self, documents: Iterable[SearchDocument]) -> int:
        """Build a new index beside the old one, then switch. How many documents it has."""
        path = self.folder / f"index-{FORM}-{secrets.token_hex(4)}"
        path.mkdir(parents=True)
        count = 0
        with whoosh_index.create_in(str(path), SCHEMA).writer(limitmb=128, procs=1) as writer:
            for document in documents:
                writer.add_document(**as_fields(document))
                count += 1
        _to_disk(path)
        draft = self.folder / f".current-{path.name}"
        draft.write_text(path.name, "utf-8")
        os.replace(draft, self._pointer)
        self._forget_old(path)
        return count

    def _forget_old(self, keep: Path) -> None:
        # Readers in other processes may still be looking into the index before this one.
        old = sorted((p for p in self.folder.glob("index-*") if p != keep), key=lambda p: p.stat().st_mtime)
        for path in old[:-1]:
            shutil.rmtree(path, ignore_errors=True)

    def change(self, put: list[SearchDocument], drop: list[str]) -> None:
        """Put documents (replacing what they were) and drop others ("kind:id") in one step."""
        path = self.current()
        if path is None:
            return
        with whoosh_index.open_dir(str(path)).writer(timeout=30) as writer:
            for key in drop:
                writer.delete_by_term("key", key)
            for document in put:
                writer.update_document(**as_fields(document))
        _to_disk(path)

    def reader(self) -> Reader | None:
        """The present index opened for reading; looks for a newer one at most every second."""
        now = time.monotonic()
        if self._reader is not None and now - self._looked < LOOK_EVERY_S:
            return self._reader
        with self._lock:
            self._looked = now
            path = self.current()
            if path is None:
                self._reader = None
            elif self._reader is None or not self._reader.is_present(path):
                self._reader = Reader(path)
        return self._reader


def _to_disk(path: Path) -> None:
    for file in path.iterdir():
        handle = os.open(file, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


class Reader:
    """One state of an index with the words it knows in memory. Threads share it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._index = whoosh_index.open_dir(str(path))
        self.searcher = self._index.searcher(weighting=scoring.BM25F(B=0.75, K1=1.2, title_B=0.3))
        reader = self.searcher.reader()
        self.words = {w.decode() for field in ("title", "tags", "body") for w in reader.lexicon(field)}
        self.title_words = sorted({w.decode() for field in ("title", "tags") for w in reader.lexicon(field)})
        self.sounds = sorted(w.decode() for w in reader.lexicon("sound"))
        self.sound_set = set(self.sounds)
        self.stored = dict(reader.iter_docs())
        self.by_key = {f["key"]: f for f in self.stored.values()}
        self.answers: dict = {}

    def is_present(self, path: Path) -> bool:
        """Is this still the newest state of the index at `path`?"""
        return path == self.path and self._index.up_to_date() and \
            self._index.latest_generation() == self.searcher.reader().generation()
