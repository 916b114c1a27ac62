"""Words: how Chinese, pinyin, Latin words and codes of the trade become terms, the same way for documents and queries.

What is written is cut by jieba's dictionary. It takes 30 MB, so processes that only ask do without: their jieba knows the
words of the index and of the trade alone, which cuts what can be found there the same.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import itertools
import re
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from importlib.machinery import PathFinder
from pathlib import Path

from guanxue.core.wordlists import list_words
from guanxue.search import readings

RUN = re.compile(r"[一-鿿]+|[a-z0-9]+(?:[+#&.-][a-z0-9]+)*")
_SIGNS = re.compile(r"[+#&.-]")
_SEAMS = re.compile(r"[+#&.-]|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)")
_ASKING = re.compile(r"^(?:请问|我要学|我想学|我想|想学|哪里学|哪里有|有没有|怎么学|如何学|怎样学|怎么考|如何考|学习)+(?=..)")
HAN = re.compile(r"[一-鿿]")
_STOP = frozenset("的 了 和 与 及 或 在 是 有 为 中 对 等 之 以 个 怎么 怎样 如何 什么 我 想 学 要 请 吗 呢 吧 把 被 也 都 "
                  "做 怎么做 没有 这样 那样 这个 那个 这些 那些 可以".split())
# What may be missing in a document although it was typed.
_WEAK = frozenset("课程 教程 课 培训 培训班 学习 视频 教学 考试 证书 证 班 入门 自学 零基础 免费 网上 在线 东莞".split())
_readings = readings.read()


def _jieba_class() -> type:
    """rjieba.Jieba, without the package around it: that makes itself a dictionary of 30 MB when it is imported."""
    package = importlib.util.find_spec("rjieba")
    spec = PathFinder.find_spec("rjieba.rjieba", package.submodule_search_locations)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Jieba


_Jieba = _jieba_class()
_trade: set[str] = set()  # words of the trade


def normal(text: str) -> str:
    """Width and case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


def is_stop(word: str) -> bool:
    """A word that says nothing about what is looked for."""
    return word in _STOP


def is_weak(word: str) -> bool:
    """A word that may be missing in what is found: one ideograph, or what every course is."""
    return word in _WEAK or (len(word) == 1 and HAN.match(word) is not None)


def is_han(text: str) -> bool:
    """Does it begin with an ideograph?"""
    return bool(text) and HAN.match(text) is not None


def runs(text: str) -> list[str]:
    """Stretches of ideographs, and Latin words or codes, in order."""
    return RUN.findall(normal(text))


class Splitter:
    """Cuts texts into words. Threads share it."""

    def __init__(self, jieba: _Jieba) -> None:
        self._jieba, self._cutting = jieba, threading.Lock()

    def words_of_run(self, run: str) -> list[str]:
        """The words of a run of ideographs."""
        with self._cutting:
            return list(self._jieba.cut(run))

    def parts_of_run(self, run: str) -> list[str]:
        """The words of a run of ideographs and the shorter words in them."""
        with self._cutting:
            return list(self._jieba.cut_for_search(run))

    def words_of(self, text: str) -> list[str]:
        """Words in order, the longest reading: for titles' pinyin and for queries."""
        found = []
        for run in runs(text):
            if not is_han(run):
                found.append(run)
                continue
            found += [w for w in self.words_of_run(_ASKING.sub("", run)) if w not in _STOP] or [run]
        return found

    def terms_of(self, text: str) -> list[str]:
        """Everything a text can be found by: words, their parts, two-character pieces of long words, parts of codes."""
        found = []
        for run in runs(text):
            if is_han(run):
                found += [w for w in self.parts_of_run(run) if w not in _STOP]
                found += [run[i:i + 2] for i in range(len(run) - 1)]
            else:
                found += dict.fromkeys([run, *_SIGNS.split(run), *_SEAMS.split(run)])
        return [term for term in found if term]

    def sounds_of(self, text: str) -> set[str]:
        """Full pinyin and initials of every word and of up to four neighbouring words, and of the whole."""
        found = set()
        for run in (list(g) for _key, g in itertools.groupby(self.words_of(text), key=lambda w: is_han(w) or w.isalnum())):
            for length in range(1, 5):
                for i in range(len(run) - length + 1):
                    piece = run[i:i + length]
                    if any(is_han(w) for w in piece):
                        found.add("".join(map(pinyin_of, piece)))
                        found.add("".join(map(initials_of, piece)))
        for piece in self.terms_of(text):
            if is_han(piece) and len(piece) >= 2:
                found |= {pinyin_of(piece), initials_of(piece)}
        return {s for s in found if len(s) >= 2}

    def cuts_of(self, text: str) -> list[str]:
        """What it took to cut the text: a splitter that knows no more cuts it the same."""
        found = []
        for run in filter(is_han, runs(text)):
            words = self.words_of_run(run)
            found += [*words, *set(self.parts_of_run(run)).difference(words)]
        return found


@cache
def by_dictionary() -> Splitter:
    """The splitter of those who write: jieba's dictionary and the words of the trade."""
    jieba = _Jieba()
    for word in sorted(_trade):
        jieba.add_word(word, None, None)
    return Splitter(jieba)


def by_words(counts: Mapping[str, int]) -> Splitter:
    """The splitter of those who ask: how often words stand in the index; words of the trade that do not, once."""
    jieba = _Jieba.empty()
    for word, count in (dict.fromkeys(_trade, 1) | dict(counts)).items():
        jieba.add_word(word, count, None)
    return Splitter(jieba)


@lru_cache(maxsize=2_000)
def syllables(word: str) -> tuple[str, ...]:
    """The pinyin of each character, without tones; Latin words as they are."""
    return tuple(_readings.of(word))


def pinyin_of(word: str) -> str:
    """shukong."""
    return "".join(syllables(word))


def initials_of(word: str) -> str:
    """sk; Latin words whole."""
    return "".join(s[0] for s in syllables(word)) if is_han(word) else word


SHORTEST_ALIAS = 2  # one character alone means too much


@dataclass(frozen=True)
class Synonyms:
    """What else a word is called (`same`, both ways) and what comes near it (`near`, one way)."""

    same: dict[str, tuple[str, ...]]
    near: dict[str, tuple[str, ...]]

    @cached_property
    def by_sound(self) -> dict[str, str]:
        """The words by their pinyin."""
        return {pinyin_of(word): word for word in (*self.near, *self.same) if is_han(word)}

    def words(self) -> list[str]:
        """Every word of the table, in a fixed order."""
        return sorted({*self.same, *self.near, *(w for near in self.near.values() for w in near)})


def read_synonyms(path: Path, pages: Iterable[Path] = ()) -> Synonyms:
    """From synonyms.csv: `words` mean the same to each other; whoever types one of them also finds `near`, further down.

    `pages` of words (core/wordlists.py) add how their trades say it: whoever types that finds the word our texts use.
    """
    same: dict[str, list[str]] = {}
    near: dict[str, list[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as f:
            for row in csv.DictReader(f):
                words, wider = _listed(row["words"]), _listed(row.get("near") or "")
                for word in words:
                    same.setdefault(word, []).extend(w for w in words if w != word)
                    near.setdefault(word, []).extend(wider)
    for page in pages:
        for word, others in list_words(page.read_text("utf-8")):
            for other in (" ".join(normal(x).split()) for x in others):
                if len(other) >= SHORTEST_ALIAS:
                    same.setdefault(other, []).append(" ".join(normal(word).split()))
    return Synonyms(_unique(same), _unique(near))


def _listed(cell: str) -> list[str]:
    return [" ".join(normal(word).split()) for word in cell.split(";") if word.strip()]


def _unique(groups: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {word: tuple(dict.fromkeys(others)) for word, others in groups.items() if others}


def know(words: Iterable[str]) -> str:
    """Teach the word splitter words of the trade. A fingerprint of them: indexes made with others should be made anew."""
    known = sorted({part for word in words for part in runs(word) if is_han(part) and 2 <= len(part) <= 6})
    if not _trade.issuperset(known):
        _trade.update(known)
        by_dictionary.cache_clear()
    return hashlib.sha256("\n".join(known).encode()).hexdigest()
