"""Words: how Chinese, pinyin, Latin words and codes of the trade become terms, the same way for documents and queries."""

from __future__ import annotations

import csv
import hashlib
import itertools
import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import rjieba
from pypinyin import Style, lazy_pinyin

RUN = re.compile(r"[一-鿿]+|[a-z0-9]+(?:[+#&.-][a-z0-9]+)*")
_SIGNS = re.compile(r"[+#&.-]")
_SEAMS = re.compile(r"[+#&.-]|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)")
_ASKING = re.compile(r"^(?:请问|我要学|我想学|我想|想学|哪里学|哪里有|有没有|怎么学|如何学|怎样学|怎么考|如何考|学习)+(?=..)")
HAN = re.compile(r"[一-鿿]")
_STOP = frozenset("的 了 和 与 及 或 在 是 有 为 中 对 等 之 以 个 怎么 怎样 如何 什么 我 想 学 要 请 吗 呢 吧 把 被 也 都 "
                  "做 怎么做".split())
# What may be missing in a document although it was typed.
_WEAK = frozenset("课程 教程 课 培训 培训班 学习 视频 教学 考试 证书 证 班 入门 自学 零基础 免费 网上 在线 东莞".split())
_jieba = rjieba.Jieba()
_lock = threading.Lock()


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


def words_of(text: str) -> list[str]:
    """Words in order, the longest reading: for titles' pinyin and for queries."""
    found = []
    for run in runs(text):
        if not is_han(run):
            found.append(run)
            continue
        found += [w for w in words_of_run(_ASKING.sub("", run)) if w not in _STOP] or [run]
    return found


def words_of_run(run: str) -> list[str]:
    """The words of a run of ideographs."""
    with _lock:
        return list(_jieba.cut(run))


def parts_of_run(run: str) -> list[str]:
    """The words of a run of ideographs and the shorter words in them."""
    with _lock:
        return list(_jieba.cut_for_search(run))


def terms_of(text: str) -> list[str]:
    """Everything a text can be found by: words, their parts, two-character pieces of long words, parts of codes."""
    found = []
    for run in runs(text):
        if is_han(run):
            found += [w for w in parts_of_run(run) if w not in _STOP]
            found += [run[i:i + 2] for i in range(len(run) - 1)]
        else:
            found += dict.fromkeys([run, *_SIGNS.split(run), *_SEAMS.split(run)])
    return [term for term in found if term]


@lru_cache(maxsize=50_000)
def syllables(word: str) -> tuple[str, ...]:
    """The pinyin of each character, without tones; Latin words as they are."""
    return tuple(lazy_pinyin(word, style=Style.NORMAL, errors="default"))


def pinyin_of(word: str) -> str:
    """shukong."""
    return "".join(syllables(word))


def initials_of(word: str) -> str:
    """sk; Latin words whole."""
    return "".join(s[0] for s in syllables(word)) if is_han(word) else word


def sounds_of(text: str) -> set[str]:
    """Full pinyin and initials of every word and of up to four neighbouring words, and of the whole."""
    found = set()
    for run in (list(group) for _key, group in itertools.groupby(words_of(text), key=lambda w: is_han(w) or w.isalnum())):
        for length in range(1, 5):
            for i in range(len(run) - length + 1):
                piece = run[i:i + length]
                if any(is_han(w) for w in piece):
                    found.add("".join(map(pinyin_of, piece)))
                    found.add("".join(map(initials_of, piece)))
    for piece in terms_of(text):
        if is_han(piece) and len(piece) >= 2:
            found |= {pinyin_of(piece), initials_of(piece)}
    return {s for s in found if len(s) >= 2}


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


def read_synonyms(path: Path) -> Synonyms:
    """From synonyms.csv: `words` mean the same to each other; whoever types one of them also finds `near`, further down."""
    same: dict[str, list[str]] = {}
    near: dict[str, list[str]] = {}
    if path.exists():
        with path.open(encoding="utf-8-sig", newline="") as f:
            for row in csv.DictReader(f):
                words, wider = _listed(row["words"]), _listed(row.get("near") or "")
                for word in words:
                    same.setdefault(word, []).extend(w for w in words if w != word)
                    near.setdefault(word, []).extend(wider)
    return Synonyms(_unique(same), _unique(near))


def _listed(cell: str) -> list[str]:
    return [" ".join(normal(word).split()) for word in cell.split(";") if word.strip()]


def _unique(groups: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {word: tuple(dict.fromkeys(others)) for word, others in groups.items() if others}


def know(words: Iterable[str]) -> str:
    """Teach the word splitter words of the trade. A fingerprint of them: indexes made with others should be made anew."""
    known = sorted({part for word in words for part in runs(word) if is_han(part) and 2 <= len(part) <= 6})
    with _lock:
        for word in known:
            _jieba.add_word(word, None, None)
    return hashlib.sha256("\n".join(known).encode()).hexdigest()
