"""Asking the index: words with their synonyms and sounds first; when too little is found, what comes nearest."""

from __future__ import annotations

import bisect
from dataclasses import dataclass, field

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein
from whoosh import query as q

from guanxue.search import analysis
from guanxue.search.index import Reader
from guanxue.search.models import Hit, SearchResult

TITLE, TAGS, BODY, SYNONYM, SOUND, SOUND_PREFIX = 4.0, 3.0, 1.0, 0.6, 3.0, 2.0
ENOUGH = 5
LONGEST_QUERY, MOST_TOKENS, MOST_PREFIXES = 64, 8, 30
KEPT_ANSWERS = 500


@dataclass
class Group:
    """One thing the visitor typed, and everything that would answer it."""

    token: str
    choices: list[q.Query] = field(default_factory=list)
    terms: list[str] = field(default_factory=list)

    def take(self, word: str, weight: float = 1.0) -> None:
        """A word of titles, tags and texts answers it."""
        self.terms.append(word)
        for name, boost in (("title", TITLE), ("tags", TAGS), ("body", BODY)):
            self.choices.append(q.Term(name, word, boost=boost * weight))

    def take_sound(self, sound: str, weight: float) -> None:
        """A pinyin of titles and tags answers it."""
        self.choices.append(q.Term("sound", sound, boost=weight))


class Asker:
    """Answers queries from one reader with one table of synonyms."""

    def __init__(self, reader: Reader, synonyms: dict[str, list[str]]) -> None:
        self.reader, self.synonyms = reader, synonyms

    def ask(self, text: str, kinds: tuple[str, ...] | None) -> SearchResult:
        """All hits, best first."""
        key = (analysis.normal(text)[:LONGEST_QUERY], kinds)
        if key not in self.reader.answers:
            if len(self.reader.answers) > KEPT_ANSWERS:
                self.reader.answers.clear()
            self.reader.answers[key] = self._ask(*key)
        return self.reader.answers[key]

    def _ask(self, text: str, kinds: tuple[str, ...] | None) -> SearchResult:
        tokens = analysis.words_of(text)[:MOST_TOKENS]
        if not tokens:
            return SearchResult([])
        groups = [self._group(token) for token in tokens]
        hits = self._run(q.And([q.Or(g.choices) for g in groups]), kinds) if all(g.choices for g in groups) else []
        terms = tuple(dict.fromkeys(t for g in groups for t in g.terms))
        if len(hits) >= ENOUGH:
            return self._result(hits, 1, terms)
        return self._nearest(text, groups, hits, terms, kinds)

    def _group(self, token: str) -> Group:
        group = Group(token)
        for word in (token, *self.synonyms.get(token, ())):
            weight = 1.0 if word == token else SYNONYM
            for part in [word] if word in self.reader.words else []:
                group.take(part, weight)
            if word not in self.reader.words and weight < 1:
                self._whole_phrase(group, word, weight)
        if analysis.is_han(token):
            if not group.choices or token not in self.reader.words:
                self._parts(group, token)
        elif token not in self.reader.words or len(token) >= 4:
            self._sounds(group, token)
        return group

    def _whole_phrase(self, group: Group, phrase: str, weight: float) -> None:
        parts = [p for p in analysis.words_of(phrase) if p in self.reader.words]
        if parts and len(parts) == len(analysis.words_of(phrase)):
            group.terms += parts
            group.choices.append(q.And([q.Or([q.Term("title", p, boost=TITLE * weight), q.Term("tags", p, boost=TAGS * weight),
                                              q.Term("body", p, boost=BODY * weight)]) for p in parts]))

    def _parts(self, group: Group, token: str) -> None:
        parts = [p for p in analysis.terms_of(token) if p in self.reader.words and len(p) > 1]
        if parts:
            group.terms += parts
            group.choices.append(q.And([q.Or([q.Term("title", p, boost=TITLE), q.Term("tags", p, boost=TAGS),
                                              q.Term("body", p, boost=BODY)]) for p in dict.fromkeys(parts)]))

    def _sounds(self, group: Group, token: str) -> None:
        if token in self.reader.sound_set:
            group.take_sound(token, SOUND)
        if len(token) >= 3:
            first = bisect.bisect_left(self.reader.sounds, token)
            for sound in self.reader.sounds[first:first + MOST_PREFIXES]:
                if sound.startswith(token) and sound != token:
                    group.take_sound(sound, SOUND_PREFIX)
        pieces = self._pieces(token)
        if pieces:
            group.choices.append(q.And([q.Term("sound", p, boost=SOUND) for p in pieces]))

    def _pieces(self, token: str) -> list[str]:
        """The fewest known sounds that make up the token; empty when there are none (or it is one)."""
        best: list[list[str] | None] = [[]] + [None] * len(token)
        for end in range(1, len(token) + 1):
            for begin in range(max(0, end - 24), end - 2):
                if best[begin] is not None and token[begin:end] in self.reader.sound_set:
                    tried = [*best[begin], token[begin:end]]
                    if best[end] is None or len(tried) < len(best[end]):
                        best[end] = tried
        return best[-1] if best[-1] and len(best[-1]) > 1 else []

    def _nearest(self, text: str, groups: list[Group], sure: list[Hit], terms: tuple[str, ...], kinds) -> SearchResult:
        """What comes nearest: any of the words, the same sound, one letter off."""
        better: dict[str, str] = {}
        choices: list[q.Query] = [c for g in groups for c in g.choices]
        for run in analysis.runs(text):
            choices += self._same_sound(run, better) if analysis.is_han(run) else self._misspelt(run, better)
        hits = self._run(q.Or(choices), kinds) if choices else []
        seen = {(h.kind, h.id) for h in sure}
        hits = sure + [h for h in hits if (h.kind, h.id) not in seen]
        guess = analysis.normal(text)
        for wrong, right in better.items():
            guess = guess.replace(wrong, right)
        return self._result(hits, 1 if sure else 2, (*terms, *better.values()),
                            guess if guess != analysis.normal(text) and not sure else None)

    def _same_sound(self, run: str, better: dict[str, str]) -> list[q.Query]:
        """Ideographs typed by ear: the same pinyin written otherwise."""
        choices = []
        sound = analysis.pinyin_of(run)
        sounds = [sound] if sound in self.reader.sound_set else self._pieces(sound)
        if sounds:
            choices.append(q.And([q.Term("sound", s, boost=SOUND) for s in sounds]))
        for length in (4, 3, 2):
            for i in range(len(run) - length + 1):
                piece = run[i:i + length]
                if piece in self.reader.words:
                    choices.append(q.Or([q.Term("title", piece, boost=TITLE), q.Term("body", piece)]))
                    continue
                same = analysis.pinyin_of(piece)
                if same in self.reader.sound_set:
                    choices.append(q.Term("sound", same, boost=SOUND_PREFIX))
                    right = self._written(same, length)
                    if right and not any(piece in known for known in better):
                        better[piece] = right
                elif length >= 3:
                    choices += self._near_words(piece, better)
        return choices

    def _written(self, sound: str, length: int) -> str | None:
        """A title's word of that many characters that sounds so."""
        same = (w for w in self.reader.title_words if len(w) == length and analysis.pinyin_of(w) == sound)
        return next(same, None)

    def _near_words(self, word: str, better: dict[str, str]) -> list[q.Query]:
        near = process.extract(word, self.reader.title_words, scorer=DamerauLevenshtein.distance, score_cutoff=1, limit=3)
        for right, _distance, _n in near[:1]:
            better.setdefault(word, right)
        return [q.Term("title", right, boost=TITLE / 2) for right, _distance, _n in near if len(right) == len(word)]

    def _misspelt(self, run: str, better: dict[str, str]) -> list[q.Query]:
        """Latin words and pinyin one letter off (two from eight letters on)."""
        if len(run) < 4 or run in self.reader.sound_set:
            return []
        most = 2 if len(run) >= 8 else 1
        choices: list[q.Query] = []
        near = process.extract(run, self.reader.sounds, scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=5)
        near.sort(key=lambda n: (n[1], abs(len(n[0]) - len(run))))
        choices += [q.Term("sound", right, boost=SOUND / (1 + distance)) for right, distance, _n in near]
        words = process.extract(run, [w for w in self.reader.title_words if w.isascii()],
                                scorer=DamerauLevenshtein.distance, score_cutoff=most, limit=3)
        choices += [q.Term(name, right, boost=TAGS / (1 + d)) for right, d, _n in words for name in ("title", "tags")]
        for right, _distance, _n in (words or near)[:1]:
            better.setdefault(run, right)
        return choices

    def _run(self, query: q.Query, kinds: tuple[str, ...] | None) -> list[Hit]:
        wanted = q.Or([q.Term("kind", k) for k in kinds]) if kinds else None
        results = self.reader.searcher.search(query.normalize(), limit=None, filter=wanted)
        hits = []
        for score, number in results.top_n:
            stored = self.reader.stored[number]
            hits.append((score * (1.15 if stored["rank"] else 1.0), stored))
        hits.sort(key=lambda h: (-h[0], -h[1]["rank"], len(h[1]["shown_title"])))
        return [Hit(s["kind"], s["id"], s["shown_title"], round(score, 4)) for score, s in hits]

    def _result(self, hits: list[Hit], stage: int, terms: tuple[str, ...], better: str | None = None) -> SearchResult:
        return SearchResult(hits, stage, terms, better, lambda kind, id: self.explain(f"{kind}:{id}", terms))

    def explain(self, key: str, terms: tuple[str, ...]) -> str:
        """Where a hit says one of the terms outside its title, in a few words; "" when the title says it."""
        stored = self.reader.by_key.get(key)
        if stored is None or any(t in analysis.normal(stored["shown_title"]) for t in terms):
            return ""
        for tag in stored["shown_tags"]:
            if any(t in analysis.normal(tag) for t in terms):
                return tag
        body = analysis.normal(stored["shown_body"])
        for term in terms:
            at = body.find(term)
            if at >= 0:
                begin, end = max(0, at - 14), min(len(body), at + len(term) + 22)
                piece = stored["shown_body"][begin:end] if len(body) == len(stored["shown_body"]) else body[begin:end]
                return ("…" if begin else "") + " ".join(piece.split()) + "…"
        return ""
