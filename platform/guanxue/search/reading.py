"""One state of an index, opened for reading, with what is asked often in memory."""

from __future__ import annotations

import struct
import threading
import weakref
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from whoosh import scoring
from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile

from guanxue.search import analysis
from guanxue.search.guessing import Vocabulary
from guanxue.search.hashed import Hashed

KEPT_TERMS, KEPT_BODIES = 5_000, 500_000  # characters of bodies
TITLE, TAGS, BODY = 4.0, 2.5, 1.0
_FIELDS = {"title": TITLE, "tags": TAGS, "body": BODY}
_SOUND_FIELDS = {"title_sound": TITLE, "tags_sound": TAGS}
_WEIGHTING = scoring.BM25F(B=0.75, K1=1.2, title_B=0.3, tags_B=0.5, title_sound_B=0.0, tags_sound_B=0.0)


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of a document without reading it again."""

    key: str
    kind: str
    id: str
    title: str
    folded: str  # the title as analysis.normal() has it
    url: str
    tags: tuple[str, ...]
    rank: int
    popularity: int
    print: str
    begun: tuple[str, ...]  # what one may have begun to type


@dataclass(frozen=True, slots=True)
class Matches:
    """Documents by number with their score, and those of them that say it in the title."""

    scores: dict[int, float]
    in_title: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.scores)


NOTHING = Matches({}, frozenset())
_SCORED = struct.Struct("<Id")  # a document's number and its score


@dataclass(frozen=True, slots=True)
class Packed:
    """Matches as they are kept: an eighth of the memory. The first `in_title` of them say it in the title."""

    scores: bytes
    in_title: int

    @classmethod
    def of(cls, matches: Matches) -> Packed:
        """To be kept; what was found in titles was found first."""
        return cls(b"".join(_SCORED.pack(*one) for one in matches.scores.items()), len(matches.in_title))

    def unpacked(self) -> Matches:
        """To be asked."""
        scores = dict(_SCORED.iter_unpack(self.scores))
        return Matches(scores, frozenset(islice(scores, self.in_title)))


class Files(FileStorage):
    """The files of an index at `path`. Whoosh leaves a damaged one open; here it can be closed."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._opened: weakref.WeakSet[StructFile] = weakref.WeakSet()

    def open_file(self, name: str, **kwargs: object) -> StructFile:
        """Open a file of the index and remember it while it is in use."""
        file = super().open_file(name, **kwargs)
        self._opened.add(file)
        return file

    def close_files(self) -> None:
        """Close whatever is open."""
        for file in list(self._opened):
            if not file.is_closed:
                file.close()


class Reader:
    """One state of an index. Threads share it: reading postings is locked, what was read is kept."""

    def __init__(self, path: Path, before: Reader | None = None) -> None:
        self.path = path
        files = Files(path)
        try:
            self._index = files.open_index()
            self._searcher = self._index.searcher(weighting=_WEIGHTING)
        except Exception:  # a damaged file may raise anything
            files.close_files()
            raise
        self._reading = threading.Lock()
        self._kept: dict[tuple[str, str], Packed] = {}
        self._bodies: dict[int, tuple[str, str]] = {}
        self._characters = 0  # of all bodies that are kept
        self.answers: dict = {}
        self.answered_hits = 0  # in all answers that are kept
        reader = self._searcher.reader()
        self.words = Hashed.set_of(w.decode() for name in _FIELDS for w in reader.lexicon(name))
        self.splitter = analysis.by_words({w.decode(): int(term.weight()) for w, term in reader.iter_field("cut")})
        self.sounds = sorted({w.decode() for name in _SOUND_FIELDS for w in reader.lexicon(name)})
        self.sound_set = Hashed.set_of(self.sounds)
        known = before.entries_by_print if before else {}
        self.entries = {n: known.get((f["key"], f["print"])) or _entry(f) for n, f in reader.iter_docs()}
        self.number_of = {entry.key: n for n, entry in self.entries.items()}
        self.is_warm = False
        if before is not None and before.is_warm:
            self.warm()

    def warm(self) -> None:
        """Make ready what the first mistyped query would have to wait for."""
        self.is_warm = True
        self.vocabulary  # noqa: B018

    @cached_property
    def entries_by_print(self) -> dict[tuple[str, str], Entry]:
        """What a later state of the index may take over."""
        return {(e.key, e.print): e for e in self.entries.values()}

    @cached_property
    def of_kind(self) -> dict[str, set[int]]:
        """The documents of each kind."""
        found: dict[str, set[int]] = defaultdict(set)
        for number, entry in self.entries.items():
            found[entry.kind].add(number)
        return found

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The words people may have meant: those of titles and tags, alone and in pairs."""
        return Vocabulary((text for e in self.entries.values() for text in (e.title, *e.tags)), self.splitter)

    def is_present(self, path: Path) -> bool:
        """Is this still the newest state of the index at `path`?"""
        return path == self.path and self._index.latest_generation() == self._searcher.reader().generation()

    @property
    def edition(self) -> tuple[str, int]:
        """Names this state: another one has another name."""
        return str(self.path), self._searcher.reader().generation()

    def print_of(self, key: str) -> str | None:
        """The fingerprint of a document as it is in the index; None where it is not."""
        number = self.number_of.get(key)
        return self.entries[number].print if number is not None else None

    def body_of(self, number: int) -> tuple[str, str]:
        """The beginning of a document's text, as it is and folded."""
        body = self._bodies.get(number)
        if body is None:
            with self._reading:
                text = self._searcher.stored_fields(number)["shown_body"]
            folded = analysis.normal(text)
            body = (text, text if folded == text else folded)
            if self._characters > KEPT_BODIES:
                self._bodies.clear()
                self._characters = 0
            self._characters += len(text)
            self._bodies[number] = body
        return body

    def word(self, word: str) -> Matches:
        """Documents that have the word in title, tags or text."""
        return self._matches("word", word, _FIELDS) if word in self.words else NOTHING

    def sound(self, sound: str) -> Matches:
        """Documents whose title or tags sound so."""
        return self._matches("sound", sound, _SOUND_FIELDS) if sound in self.sound_set else NOTHING

    def _matches(self, what: str, term: str, weights: dict[str, float]) -> Matches:
        kept = self._kept.get((what, term))
        if kept is None:
            if len(self._kept) > KEPT_TERMS:
                self._kept.clear()
            with self._reading:
                kept = self._kept[what, term] = Packed.of(self._read(term, weights))
        return kept.unpacked()

    def _read(self, term: str, weights: dict[str, float]) -> Matches:
        scores: dict[int, float] = {}
        in_title: frozenset[int] = frozenset()
        for name, weight in weights.items():
            if (name, term) not in self._searcher.reader():
                continue
            matcher = self._searcher.postings(name, term)
            while matcher.is_active():
                number = matcher.id()
                scores[number] = scores.get(number, 0.0) + weight * matcher.score()
                matcher.next()
            if not in_title and name.startswith("title"):
                in_title = frozenset(scores)
        return Matches(scores, in_title)


def _entry(stored: dict) -> Entry:
    title = stored["shown_title"]
    return Entry(stored["key"], stored["kind"], stored["id"], title, analysis.normal(title), stored["url"],
                 tuple(stored["shown_tags"]), stored["rank"], stored["popularity"], stored["print"],
                 tuple(stored["begun"].split("\n")))
