"""Asking the index: words with their synonyms and sounds first; when too little is found, what comes nearest.

Each word typed becomes one group: the word itself, its synonyms, its sound. A document's score for a group is that of the
best of them, so that many weak answers never outdo a plain one; groups add up. Scores are BM25F over title, tags, text.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import reduce

from guanxue.search import analysis
from guanxue.search.guessing import strangeness
from guanxue.search.models import Hit, SearchResult
from guanxue.search.reading import NOTHING, Entry, Matches, Reader

SAME, NEAR, SOUND, SOUND_PREFIX, GUESSED, LOOSE, PART = 0.6, 0.35, 0.75, 0.5, 0.8, 0.4, 0.5
LEAST = 0.1  # of the best score; what is only near and scores less is left out
WHOLE_IN_TITLE = 1.3
ENOUGH = 5
LONGEST_QUERY, MOST_TOKENS, LONGEST_PHRASE, MOST_PREFIXES = 64, 8, 4, 30
KEPT_ANSWERS, KEPT_HITS = 500, 5_000


@dataclass
class Group:
    """One thing the visitor typed, the documents that answer it, and the words to mark in them."""

    token: str
    matches: Matches
    terms: list[str] = field(default_factory=list)
    parts: Matches = NOTHING  # documents that have parts of it, for when too little is found

    @property
    def is_required(self) -> bool:
        """Weak words may be missing."""
        return not analysis.is_weak(self.token)


class Asker:
    """Answers queries from one reader with one table of synonyms."""

    def __init__(self, reader: Reader, synonyms: analysis.Synonyms) -> None:
        self.reader, self.synonyms = reader, synonyms

    def ask(self, text: str, kinds: tuple[str, ...] | None) -> SearchResult:
        """All hits, best first."""
        key = (" ".join(analysis.normal(text).split())[:LONGEST_QUERY], kinds)
        answer = self.reader.answers.get(key)
        if answer is None:
            answer = self._ask(*key)
            self.reader.answered_hits += len(answer.hits)
            if len(self.reader.answers) > KEPT_ANSWERS or self.reader.answered_hits > KEPT_HITS:
                self.reader.answers.clear()
                self.reader.answered_hits = len(answer.hits)
            self.reader.answers[key] = answer
        return answer

    def _ask(self, text: str, kinds: tuple[str, ...] | None) -> SearchResult:
        groups = [self._group(token) for token in self._tokens(text)]
        if not groups:
            return SearchResult([])
        wanted = set().union(*(self.reader.of_kind.get(k, ()) for k in kinds)) if kinds else None
        found = _Found(self.reader, text, wanted)
        found.take(_all_of(groups))
        sure, better = all(g.matches for g in groups) and len(found) > 0, None
        if len(found) < ENOUGH:
            rewritten = self._rewrite(text)
            if rewritten != text:
                guesses = [self._group(token) for token in self._tokens(rewritten)]
                found.take(_all_of(guesses), GUESSED)
                better = rewritten if found.hits and not sure else None
                groups += guesses
        if len(found) < ENOUGH:
            parts = [m for g in map(self._with_parts, groups) for m in (g.matches, _scaled(g.parts, PART))]
            found.take(_any_of(parts), LOOSE, LEAST)
        terms = tuple(dict.fromkeys(term for g in groups for term in g.terms))
        return SearchResult(found.hits, 1 if sure else 2, terms, better,
                            lambda kind, id: self.explain(f"{kind}:{id}", terms))

    # ---- one word

    def _tokens(self, text: str) -> list[str]:
        """The words of a query; phrases of the synonyms stay whole, pinyin typed by syllables is put together."""
        tokens: list[str] = []
        for token in self._phrases(self.reader.splitter.words_of(text)):
            joined = tokens[-1] + token if tokens and token.isalpha() and not analysis.is_han(token) else ""
            if joined and not analysis.is_han(tokens[-1]) and self._is_said(joined):
                tokens[-1] = joined
            else:
                tokens.append(token)
        return tokens[:MOST_TOKENS]

    def _phrases(self, words: list[str]) -> Iterator[str]:
        """The words, those that are one entry of the synonyms together ("3d" "打印") as one."""
        at = 0
        while at < len(words):
            for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
                parts = words[at:at + length]
                phrase = next((p for p in ("".join(parts), " ".join(parts)) if p in self.synonyms.same), None)
                if phrase or length == 1:
                    yield phrase or parts[0]
                    at += length
                    break

    def _is_said(self, sound: str) -> bool:
        first = bisect.bisect_left(self.reader.sounds, sound)
        return first < len(self.reader.sounds) and self.reader.sounds[first].startswith(sound) or bool(self._split(sound))

    def _group(self, token: str) -> Group:
        word = token
        matches, terms = self._literal(word)
        if not matches and token in self.synonyms.by_sound:  # what the shop floor calls it, in pinyin
            word = self.synonyms.by_sound[token]
            matches, terms = self._literal(word)
        for others, factor in ((self.synonyms.same, SAME), (self.synonyms.near, NEAR)):
            for other in others.get(word, ()):
                answer, more = self._literal(other)
                if answer:
                    terms += more
                    matches = _best_of(matches, _no_stronger(answer, matches, factor))
        if not analysis.is_han(token):
            said = self._said(token)
            matches = _best_of(matches, _no_stronger(said, matches, SOUND_PREFIX)) if matches else said
        return Group(token, matches, terms)

    def _literal(self, phrase: str) -> tuple[Matches, list[str]]:
        """Documents that have the word, or every word of the phrase; and what to mark in them."""
        words = self.reader.splitter.words_of(phrase)
        if len(words) == 1 and words[0] == phrase:
            matches = self._word(phrase)
            return matches, [phrase] if matches else []
        parts = [self._word(word) for word in words]
        matches = _mean_of(parts) if parts and all(parts) else NOTHING
        return matches, [phrase, *words] if matches else []

    def _word(self, word: str) -> Matches:
        matches = self.reader.word(word)
        if len(word) >= 3 and analysis.is_han(word):  # elsewhere it may have been split otherwise
            pairs = [self.reader.word(word[i:i + 2]) for i in range(len(word) - 1)]
            if all(pairs):
                return _best_of(matches, _no_stronger(_mean_of(pairs), matches, 1.0))
        return matches

    def _said(self, token: str) -> Matches:
        """Documents with words that sound so, begin to sound so, or sound so together."""
        if len(token) < 2:
            return NOTHING
        matches = _scaled(self.reader.sound(token), SOUND)
        if not matches and (pieces := self._split(token)):
            matches = _scaled(_mean_of([self.reader.sound(p) for p in pieces]), SOUND)
        if len(token) >= 3:
            first = bisect.bisect_right(self.reader.sounds, token)
            for sound in self.reader.sounds[first:first + MOST_PREFIXES]:
                if not sound.startswith(token):
                    break
                matches = _best_of(matches, _scaled(self.reader.sound(sound), SOUND_PREFIX))
        return matches

    def _split(self, sound: str, least: int = 3) -> list[str]:
        """The fewest known sounds that make up the letters, each of `least` or more; empty where there are none."""
        best: list[list[str] | None] = [[]] + [None] * len(sound)
        for end in range(least, len(sound) + 1):
            for begin in range(max(0, end - 24, int(end == len(sound))), end - least + 1):
                before = best[begin]
                if before is not None and (best[end] is None or len(before) + 1 < len(best[end])) \
                        and sound[begin:end] in self.reader.sound_set:
                    best[end] = [*before, sound[begin:end]]
        return best[-1] or []

    def _with_parts(self, group: Group) -> Group:
        """The group with what has only parts of the word, for when too little is found."""
        token, splitter = group.token, self.reader.splitter
        if analysis.is_han(token):
            pieces = [self.reader.word(p) for p in dict.fromkeys(splitter.terms_of(token)) if 2 <= len(p) < len(token)]
        else:
            pieces = [_scaled(self.reader.sound(p), SOUND) for p in self._split(token, 3 if len(token) > 5 else 2)]
        group.parts = _any_of([p for p in pieces if p])
        return group

    # ---- what was meant

    def _rewrite(self, text: str) -> str:
        """The query with what nobody writes replaced by what was probably meant; itself where everything is known."""
        return " ".join(self._rewrite_part(part) for part in text.split())

    def _rewrite_part(self, part: str) -> str:
        written = []
        for run in analysis.runs(part):
            if analysis.is_han(run) and any(strangeness(run, self.reader.words.__contains__)):
                written.append(self.reader.vocabulary.rewrite(run, self.reader.words.__contains__))
            elif analysis.is_han(run) or run in self.reader.words or run in self.synonyms.same or self._said(run):
                written.append(run)
            else:
                guesses = self.reader.vocabulary.meant(run)
                written.append(guesses[0].word if guesses else run)
        return "".join(written)

    # ---- the answer

    def explain(self, key: str, terms: tuple[str, ...]) -> str:
        """Where a hit says one of the terms outside its title, in a few words; "" when the title says it."""
        number = self.reader.number_of.get(key)
        if number is None:
            return ""
        entry = self.reader.entries[number]
        if any(term in entry.folded for term in terms):
            return ""
        tag = next((tag for tag in entry.tags if _says(tag, terms)), None)
        return tag if tag is not None else _around(*self.reader.body_of(number), terms)


class _Found:
    """Hits as they are taken, stage by stage: what an earlier stage found stays before what a later one adds."""

    def __init__(self, reader: Reader, text: str, wanted: set[int] | None) -> None:
        self._reader, self._wanted = reader, wanted
        self._whole = "".join(text.split())
        self.hits: list[Hit] = []
        self._seen: set[int] = set()

    def __len__(self) -> int:
        return len(self.hits)

    def take(self, matches: Matches, factor: float = 1.0, least: float = 0.0) -> None:
        """Add what was not there yet; leave out what scores below `least` of the best."""
        rows = []
        for number, score in matches.scores.items():
            if number not in self._seen and (self._wanted is None or number in self._wanted):
                entry = self._reader.entries[number]
                rows.append((number not in matches.in_title, -entry.rank, -self._lifted(entry, score), len(entry.title),
                             entry.key, number))
        floor = least * min((row[2] for row in rows), default=0.0)
        rows = sorted(row for row in rows if row[2] <= floor)
        self._seen.update(row[5] for row in rows)
        found = ((self._reader.entries[row[5]], row[2]) for row in rows)
        self.hits += [Hit(e.kind, e.id, e.title, round(-score * factor, 4)) for e, score in found]

    def _lifted(self, entry: Entry, score: float) -> float:
        if self._whole in entry.folded:
            score *= WHOLE_IN_TITLE
        return score * (1 + 0.15 * math.log10(1 + entry.popularity)) if entry.popularity > 0 else score


# ---- putting matches together


def _scaled(matches: Matches, factor: float) -> Matches:
    return Matches({n: s * factor for n, s in matches.scores.items()}, matches.in_title) if matches else matches


def _no_stronger(matches: Matches, than: Matches, factor: float) -> Matches:
    """A synonym's matches, its best no better than `factor` of the word's own best; in no title where the word is in one."""
    if not than or not matches:
        return _scaled(matches, factor)
    scale = factor * min(1.0, max(than.scores.values()) / max(matches.scores.values()))
    kept = matches.in_title if factor == 1.0 or not than.in_title else frozenset()
    return Matches({n: s * scale for n, s in matches.scores.items()}, kept)


def _best_of(a: Matches, b: Matches) -> Matches:
    """Either; the better score counts."""
    if not a or not b:
        return a or b
    scores = dict(a.scores)
    for number, score in b.scores.items():
        if score > scores.get(number, 0.0):
            scores[number] = score
    return Matches(scores, a.in_title | b.in_title)


def _mean_of(parts: list[Matches]) -> Matches:
    """All of the parts; as strong as they are on average."""
    numbers = _in_all(parts)
    return Matches({n: sum(p.scores[n] for p in parts) / len(parts) for n in numbers}, _in_all_titles(parts))


def _in_all(parts: Iterable[Matches]) -> set[int]:
    ordered = sorted((p.scores.keys() for p in parts), key=len)
    return reduce(lambda a, b: a & b, ordered[1:], set(ordered[0]))


def _in_all_titles(parts: list[Matches]) -> frozenset[int]:
    return reduce(lambda a, b: a & b, (p.in_title for p in parts))


def _all_of(groups: list[Group]) -> Matches:
    """Documents that answer every required group; weak words only add to the score."""
    required = [g.matches for g in groups if g.is_required] or [g.matches for g in groups]
    if not all(required):
        return NOTHING
    numbers = _in_all(required)
    return Matches({n: sum(g.matches.scores.get(n, 0.0) for g in groups) for n in numbers}, _in_all_titles(required))


def _any_of(parts: list[Matches]) -> Matches:
    """Documents that are in any of the parts; the more of them the better."""
    scores: dict[int, float] = {}
    for part in parts:
        for number, score in part.scores.items():
            scores[number] = scores.get(number, 0.0) + score
    return Matches(scores, frozenset())


def _says(text: str, terms: tuple[str, ...]) -> bool:
    folded = analysis.normal(text)
    return any(term in folded for term in terms)


def _around(text: str, folded: str, terms: tuple[str, ...]) -> str:
    """A few words around the first term the text says; "" where it says none."""
    shown = text if len(folded) == len(text) else folded
    for term in terms:
        at = folded.find(term)
        if at >= 0:
            begin, end = max(0, at - 14), min(len(shown), at + len(term) + 22)
            piece = " ".join(shown[begin:end].split())
            return ("…" if begin else "") + piece + ("…" if end < len(shown) else "")
    return ""
