"""Words: how Chinese, pinyin, Latin words and codes of the trade become terms, the same way for documents and queries."""

from __future__ import annotations

import csv
import itertools
import re
import threading
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

import rjieba
from pypinyin import Style, lazy_pinyin

RUN = re.compile(r"[一-鿿]+|[a-z0-9]+(?:[+#&.-][a-z0-9]+)*")
HAN = re.compile(r"[一-鿿]")
_STOP = frozenset("的 了 和 与 及 或 在 是 有 为 中 对 等 之 以 个 怎么 怎样 如何 什么 我 想 学 要 请 吗 呢 吧 把 被 也 都 "
                  "做 怎么做".split())
_jieba = rjieba.Jieba()
_lock = threading.Lock()


def normal(text: str) -> str:
    """Width and case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


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
        with _lock:
            found += [w for w in _jieba.cut(run) if w not in _STOP] or [run]
    return found


def terms_of(text: str) -> list[str]:
    """Everything a text can be found by: words, their parts, two-character pieces of long words, parts of codes."""
    found = []
    for run in runs(text):
        if is_han(run):
            with _lock:
                parts = list(_jieba.cut_for_search(run))
            found += [w for w in parts if w not in _STOP]
            found += [run[i:i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
            found += [p for p in re.split(r"[+#&.-]|(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", run) if p and p != run]
    return found


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


def read_synonyms(path: Path) -> dict[str, list[str]]:
    """From synonyms.csv: every word and the others of its groups."""
    groups: dict[str, list[str]] = {}
    if not path.exists():
        return groups
    with path.open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            words = [normal(w.strip()) for w in row["words"].split(";") if w.strip()]
            for word in words:
                groups.setdefault(word, []).extend(w for w in words if w != word)
    return groups


def know(words: Iterable[str]) -> None:
    """Teach the word splitter words of the trade."""
    with _lock:
        for word in words:
            if is_han(word) and 2 <= len(word) <= 6:
                _jieba.add_word(word, None, None)
