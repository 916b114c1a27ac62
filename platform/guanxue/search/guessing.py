"""What may have been meant: words typed by ear, in a southern accent, or with a letter too many, too few or astray."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import ascii_lowercase

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from guanxue.search import analysis
from guanxue.search.hashed import Hashed

LONGEST_RUN, LONGEST_WORD = 16, 6
# What a stretch of ideographs costs: a word of titles, of texts, said the same, said in an accent, one letter off, unknown.
KNOWN, IN_TEXTS, SAME_SOUND, SAME_ACCENT, NEAR, UNKNOWN = 0.1, 0.5, 1.0, 1.4, 1.8, 1.5
_ACCENT = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"), ("l", "n"), ("r", "n"))


def in_accent(sound: str) -> str:
    """The pinyin with the sounds that southern speakers mix up folded together (zh z, ang an, l n …)."""
    for strict, loose in _ACCENT:
        sound = sound.replace(strict, loose)
    return sound


def strangeness(run: str, is_known: Callable[[str], bool]) -> list[bool]:
    """Which ideographs of the run belong to no word we know."""
    strange = [not analysis.is_stop(c) for c in run]
    for begin in range(len(run)):
        for end in range(begin + 2, min(len(run), begin + LONGEST_WORD) + 1):
            piece = run[begin:end]
            if is_known(piece) or analysis.is_stop(piece):
                strange[begin:end] = [False] * (end - begin)
    return strange


@dataclass(frozen=True)
class Guess:
    """A word that may have been meant, with how far it is from what was typed (0: sounds the same)."""

    word: str
    distance: float


class Vocabulary:
    """The words of titles and tags, alone and in pairs, by spelling and by sound."""

    def __init__(self, texts: Iterable[str], splitter: analysis.Splitter) -> None:
        counts: Counter[str] = Counter()
        for run in (run for text in set(texts) for run in analysis.runs(text)):
            counts.update(_pieces(run, splitter))
        self.words = [word for word, _count in counts.most_common()]
        self._known = Hashed.set_of(self.words)
        self._by_sound: dict[str, str] = {}  # the words that sound so, with spaces between
        self._by_accent: dict[str, str] = {}
        self._gapped = Hashed((key, n) for n, word in enumerate(self.words) if analysis.is_han(word) for key in _gaps(word))
        self._sounds: dict[tuple[str, int], list[str]] = defaultdict(list)
        for word in self.words:
            sound = analysis.pinyin_of(word)
            if sound not in self._by_sound:
                self._sounds[sound[0], len(sound)].append(sound)
            for table, key in ((self._by_sound, sound), (self._by_accent, in_accent(sound))):
                table[key] = f"{table[key]} {word}" if key in table else word

    def __contains__(self, word: str) -> bool:
        return word in self._known

    def rewrite(self, run: str, in_texts: Callable[[str], bool]) -> str:
        """A run of ideographs with what nobody writes replaced by what was probably meant; itself where nothing is."""
        run = run[:LONGEST_RUN]
        strange = strangeness(run, in_texts)
        best: list[tuple[float, str]] = [(0.0, "")]
        for end in range(1, len(run) + 1):
            ways = []
            for begin in range(max(0, end - LONGEST_WORD), end):
                cost, word = self._take(run[begin:end], in_texts, any(strange[begin:end]))
                if word:
                    ways.append((best[begin][0] + cost, best[begin][1] + word))
            best.append(min(ways))
        return best[-1][1]

    def _take(self, piece: str, in_texts: Callable[[str], bool], is_strange: bool) -> tuple[float, str]:
        """The cheapest reading of a piece, and its cost; "" where there is none."""
        if piece in self._known or analysis.is_stop(piece):
            return KNOWN, piece
        if len(piece) == 1:
            return UNKNOWN, piece
        if in_texts(piece):
            return IN_TEXTS, piece
        return self._meant(piece) if is_strange else (0.0, "")

    def _meant(self, piece: str) -> tuple[float, str]:
        sound = analysis.pinyin_of(piece)
        if same := self._of_length(self._by_sound.get(sound), len(piece)):
            return SAME_SOUND, same
        if same := self._of_length(self._by_accent.get(in_accent(sound)), len(piece)):
            return SAME_ACCENT, same
        if near := self._near(piece, sound):
            return NEAR, near
        return 0.0, ""

    @staticmethod
    def _of_length(words: str | None, length: int) -> str | None:
        return next((w for w in (words or "").split() if len(w) == length and analysis.is_han(w)), None)

    def _near(self, piece: str, sound: str) -> str | None:
        """One ideograph astray in three or more, or one letter of the pinyin."""
        for key in _gaps(piece):
            if (near := self._gapped.get(key)) is not None:
                return self.words[near]
        for near_sound, _distance in self._near_sounds(sound, 1, sound[:1]):
            if word := self._of_length(self._by_sound[near_sound], len(piece)):
                return word
        return None

    def _near_sounds(self, sound: str, most: int, initials: str) -> list[tuple[str, float]]:
        """Known sounds that begin with one of the initials and differ in at most so many letters, the nearest first."""
        found = []
        for first in initials:
            for length in range(len(sound) - most, len(sound) + most + 1):
                known = self._sounds.get((first, length))
                found += process.extract(sound, known, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=4) \
                    if known else []
        found.sort(key=lambda near: (near[1], near[0][0] != sound[0], -self._by_sound[near[0]].count(" ")))
        return [(near, distance) for near, distance, _n in found[:4]]

    def meant(self, typed: str) -> list[Guess]:
        """Words that Latin letters may have meant: said in an accent, or a letter or two astray; the nearest first."""
        if len(typed) < 4:
            return []
        if same := self._by_accent.get(in_accent(typed)):
            return [Guess(word, 0.5) for word in same.split()[:2]]
        near = self._near_sounds(typed, 2 if len(typed) >= 9 else 1, ascii_lowercase)
        return [Guess(self._by_sound[sound].split()[0], distance) for sound, distance in near[:3] if distance == near[0][1]]


def _gaps(word: str) -> list[str]:
    """The word with one ideograph blanked, for words of three or more: words that share one differ in that place only."""
    return [f"{word[:i]}_{word[i + 1:]}" for i in range(len(word))] if len(word) >= 3 else []


def _pieces(run: str, splitter: analysis.Splitter) -> list[str]:
    """The words of a run, the shorter words in them, and every two neighbours."""
    if not analysis.is_han(run):
        return [run] if len(run) >= 3 else []
    words = splitter.words_of_run(run)
    pairs = [a + b for a, b in zip(words, words[1:], strict=False)]
    return [w for w in {*words, *pairs, *splitter.parts_of_run(run)} if 2 <= len(w) <= LONGEST_WORD]
