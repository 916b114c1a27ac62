"""The Whoosh index on disk: built beside the old one and switched by a pointer file; one writer at a time, many readers.

The index is a copy of what the database says; losing it loses nothing. Whoosh never calls fsync, so we do.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from whoosh import fields
from whoosh import index as whoosh_index
from whoosh.analysis import SpaceSeparatedTokenizer

from guanxue.search import analysis
from guanxue.search.models import SearchDocument
from guanxue.search.reading import Reader

log = logging.getLogger(__name__)
FORM = 7  # raise it when documents are written differently: older indexes are then built anew
LOOK_EVERY_S = 1.0
MOST_BODY = 4000  # characters kept to show why something was found
_words = SpaceSeparatedTokenizer()


def _text() -> fields.TEXT:
    return fields.TEXT(analyzer=_words, phrase=False)


SCHEMA = fields.Schema(
    key=fields.ID(unique=True, stored=True), kind=fields.STORED, id=fields.STORED,
    title=_text(), tags=_text(), body=_text(), title_sound=_text(), tags_sound=_text(), cut=_text(),
    rank=fields.STORED, popularity=fields.STORED, shown_title=fields.STORED, shown_tags=fields.STORED,
    shown_body=fields.STORED, url=fields.STORED, print=fields.STORED,
    begun=fields.STORED,
)


def print_of(document: SearchDocument) -> str:
    """A fingerprint: equal when there is nothing new to write."""
    values = (document.title, document.url, document.keywords, document.body, document.rank, document.popularity)
    return hashlib.sha256(json.dumps(values, ensure_ascii=False).encode()).hexdigest()[:16]


def as_fields(document: SearchDocument) -> dict:
    """The document as the index keeps it."""
    tags, splitter = "\n".join(document.keywords), analysis.by_dictionary()
    return {
        "key": document.key, "kind": document.kind, "id": document.id,
        "title": " ".join(splitter.terms_of(document.title)), "tags": " ".join(splitter.terms_of(tags)),
        "body": " ".join(splitter.terms_of(document.body)),
        "title_sound": " ".join(sorted(splitter.sounds_of(document.title))),
        "tags_sound": " ".join(sorted(set().union(*map(splitter.sounds_of, document.keywords)))),
        "cut": " ".join(splitter.cuts_of("\n".join([document.title, tags, document.body]))),
        "begun": "\n".join(_begun(document.title, splitter)),
        "rank": document.rank, "popularity": document.popularity, "shown_title": document.title,
        "shown_tags": list(document.keywords), "shown_body": document.body[:MOST_BODY], "url": document.url,
        "print": print_of(document),
    }


def _begun(title: str, splitter: analysis.Splitter) -> list[str]:
    """What a title may be begun with: from each of its words on, as written, in pinyin, in initials."""
    words = splitter.words_of(title)
    keys = {"".join(analysis.runs(title))}
    for n in range(len(words)):
        rest = words[n:]
        keys |= {"".join(rest), "".join(map(analysis.pinyin_of, rest)), "".join(map(analysis.initials_of, rest))}
    return sorted(keys)


class Library:
    """The index folder of a site: which index is current, building, changing, reading."""

    def __init__(self, folder: Path, words_print: str = "") -> None:
        self.folder = folder
        self.words_print = words_print
        self._pointer = folder / "current"
        self._opening = threading.Lock()
        self._reader: Reader | None = None
        self._looked = 0.0
        self._damaged: Path | None = None
        self.is_missing = False  # had we an index that is gone or cannot be opened?

    # ---- which index

    def current(self) -> Path | None:
        """The folder of the present index; None where there is none that can be read."""
        try:
            name = self._pointer.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return None
        path = self.folder / name
        fits = name.startswith(f"index-{FORM}-") and "/" not in name and any(path.glob("*.toc"))
        return path if fits else None

    def is_up_to_date(self) -> bool:
        """Was the present index made with the word list we have? One made with another answers, but should be made anew."""
        path = self.current()
        return path is not None and path.name.startswith(self._prefix())

    def _prefix(self) -> str:
        return f"index-{FORM}-{self.words_print[:8] or 'plain'}-"

    # ---- writing

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """One writer among all processes; the lock is gone with the process that held it. Others wait."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".writing").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def build(self, documents: Iterable[SearchDocument]) -> int:
        """Build a new index beside the old one, then switch. How many documents it has. Call inside alone()."""
        path = self.folder / f"{self._prefix()}{secrets.token_hex(4)}"
        path.mkdir(parents=True)
        try:
            count = self._fill(path, documents)
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        _to_disk(path)
        draft = self.folder / f".current-{path.name}"
        draft.write_text(path.name, "utf-8")
        with draft.open("rb") as handle:
            os.fsync(handle.fileno())
        os.replace(draft, self._pointer)
        _folder_to_disk(self.folder)
        self._forget_old(path)
        self.reader(at_once=True)
        return count

    @staticmethod
    def _fill(path: Path, documents: Iterable[SearchDocument]) -> int:
        count = 0
        with whoosh_index.create_in(str(path), SCHEMA).writer(limitmb=128, procs=1) as writer:
            for document in documents:
                writer.add_document(**as_fields(document))
                count += 1
        return count

    def _forget_old(self, keep: Path) -> None:
        # Readers in other processes may still be looking into the index before this one.
        old = sorted((p for p in self.folder.glob("index-*") if p != keep), key=lambda p: p.stat().st_mtime)
        for path in old[:-1]:
            shutil.rmtree(path, ignore_errors=True)

    def change(self, put: list[SearchDocument], drop: list[str]) -> bool:
        """Put documents (replacing what they were), drop others ("kind:id"), in one step. Call inside alone().

        False where there is no index to change. Documents that are in the index as they are cost no writing.
        """
        path = self.current()
        reader = self.reader(at_once=True)
        if path is None or reader is None:
            return False
        put = [d for d in put if reader.print_of(d.key) != print_of(d)]
        drop = [key for key in drop if key in reader.number_of]
        if put or drop:
            with whoosh_index.open_dir(str(path)).writer(timeout=30) as writer:
                for key in drop:
                    writer.delete_by_term("key", key)
                for document in put:
                    writer.update_document(**as_fields(document))
            _to_disk(path)
            self.reader(at_once=True)
        return True

    # ---- reading

    def reader(self, *, at_once: bool = False) -> Reader | None:
        """The present index opened for reading. Looks for a newer one at most every second and opens it in the background,
        so that nobody waits for it; with `at_once` the caller waits. While an index is lost or damaged, what is in
        memory goes on answering.
        """
        if not at_once and self._reader is not None:
            if time.monotonic() - self._looked >= LOOK_EVERY_S:
                self._looked = time.monotonic()
                if self._is_news(self._reader):
                    threading.Thread(target=self._open_newest, name="search-open", daemon=True).start()
                elif not self._reader.is_warm:
                    threading.Thread(target=self._reader.warm, name="search-warm", daemon=True).start()
            return self._reader
        self._looked = time.monotonic()
        return self._open_newest()

    def _is_news(self, reader: Reader) -> bool:
        path = self.current()
        self.is_missing = path is None
        return path is not None and path != self._damaged and not reader.is_present(path)

    def _open_newest(self) -> Reader | None:
        with self._opening:
            path, reader = self.current(), self._reader
            self.is_missing = path is None and reader is not None
            if path is not None and (reader is None or not reader.is_present(path)):
                try:
                    self._reader = Reader(path, before=reader)
                    self._damaged, self.is_missing = None, False
                except Exception:  # a damaged file may raise anything
                    if path != self._damaged:
                        log.exception("the search index %s cannot be opened", path.name)
                    self._damaged, self.is_missing = path, True
            return self._reader

    def is_lost(self) -> bool:
        """Is there no index on the disk that can be opened?"""
        path = self.current()
        reader = self.reader(at_once=True)
        return path is None or reader is None or reader.path != path


def _to_disk(path: Path) -> None:
    for file in path.iterdir():
        handle = os.open(file, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
    _folder_to_disk(path)


def _folder_to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
