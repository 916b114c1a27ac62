"""How much likelier two people's answers are if one copied from the other than if both worked alone. Pure.

Alone, somebody fails a question as often as people of their ability fail one that hard (a logistic curve through both), and
then gives each wrong answer as often as everybody does. Who copies takes an answer over with some rate, and otherwise works
alone. All answers are weighed: that two who know little share what is right tells something, too, while between two who know
everything it is what both would have answered anyway, and weighs next to nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from guanxue.oversight import thresholds as t

Labels = Mapping[str, tuple[str, bool]]  # {question: (answer, is it right)}


class Paper:
    """How hard a paper's questions are and how rare its wrong answers: from everybody's first sheets."""

    def __init__(self, firsts: Sequence[Labels]) -> None:
        self._answered = Counter(q for labels in firsts for q in labels)
        self._wrong = Counter(q for labels in firsts for q, (_label, right) in labels.items() if not right)
        self._given = Counter((q, label) for labels in firsts for q, (label, right) in labels.items() if not right)
        self._kinds = Counter(q for q, _label in self._given)

    def alone(self, labels: Labels) -> dict[str, float]:
        """By question: how likely whoever handed this sheet in gives that answer without having seen another's."""
        hard = {q: _logit(self._wrong[q] + 1, self._answered[q] + 2) for q in labels}
        ability = _ability(list(hard.values()), sum(not right for _label, right in labels.values()))
        fails = {q: 1 / (1 + math.exp(-(ability + hard[q]))) for q in labels}
        return {q: 1 - fails[q] if right else fails[q] * self._share(q, label) for q, (label, right) in labels.items()}

    def _share(self, q: str, label: str) -> float:
        """How many of those who fail a question give that answer: without the two that are compared, and none of them never."""
        others, failed = max(0, self._given[(q, label)] - 2), max(0, self._wrong[q] - 2)
        return min(1.0, (others + 0.5) / (failed + 0.5 * (self._kinds[q] + 1)))


def _logit(part: float, whole: float) -> float:
    share = part / whole
    return math.log(share / (1 - share))


def _ability(hard: Sequence[float], wrong: int) -> float:
    """At which the curves of these questions together fail so many of them; nearer to the middle for all or none."""
    wanted, ability = (wrong + 1) / (len(hard) + 2) * len(hard), 0.0
    for _step in range(12):  # Newton's steps, held short; the sum of logistic curves has one crossing
        fails = [1 / (1 + math.exp(-(ability + h))) for h in hard]
        slope = sum(p * (1 - p) for p in fails)
        ability -= max(-1.5, min(1.5, (sum(fails) - wanted) / slope))
    return ability


class Sheet:
    """One handed-in sheet, ready to be compared as a copy: what each answer adds where the other's is the same."""

    def __init__(self, paper: Paper, labels: Labels) -> None:
        self.labels = labels
        self._answers = frozenset(labels.items())
        self._gains = {(q, labels[q]): tuple(math.log((rate + (1 - rate) * alone) / alone) for rate in t.COPIES)
                       for q, alone in paper.alone(labels).items()}

    def copied(self, source: Sheet) -> list[float]:
        """How much likelier this sheet is if it was copied from `source`, for each rate: natural logarithms."""
        same, differs = self._beside(source)
        gains = [self._gains[answer] for answer in same]
        return [math.fsum(gain[n] for gain in gains) + differs * math.log(1 - rate) for n, rate in enumerate(t.COPIES)]

    def at_most(self, source: Sheet) -> float:
        """More than copied() gives for any rate: every gain by the closest copy, every difference by the loosest."""
        same, differs = self._beside(source)
        return sum(self._gains[answer][-1] for answer in same) + differs * math.log(1 - t.COPIES[0])

    def _beside(self, source: Sheet) -> tuple[frozenset, int]:
        same = self._answers & source._answers
        return same, len(self.labels.keys() & source.labels.keys()) - len(same)

    def shared_wrong(self, other: Sheet) -> int:
        """How many wrong answers both have."""
        return sum(not right for _q, (_label, right) in self._answers & other._answers)


Copies = Iterable[tuple[Sequence[Sheet], Sequence[Sheet]]]  # of each paper both took: (sheets of the copy, those of the source)


def likelihood(copies: Copies) -> float:
    """How much likelier somebody's sheets are if they were copied: a natural logarithm.

    Which attempt was copied from which, and how closely, nobody knows: every two attempts and every rate weigh the same. So
    it stays a ratio of two whole likelihoods, and chance alone brings it to x less than once in x.
    """
    total = [0.0] * len(t.COPIES)
    for mine, theirs in copies:
        ways = [one.copied(other) for one in mine for other in theirs]
        for n in range(len(total)):
            total[n] += _mean([way[n] for way in ways])
    return _mean(total)


def at_most(copies: Copies) -> float:
    """More than likelihood() can be, and quicker: nearly all pairs need no more than this."""
    return sum(max(one.at_most(other) for one in mine for other in theirs) for mine, theirs in copies)


def _mean(logs: Sequence[float]) -> float:
    """The logarithm of the mean of what these are the logarithms of."""
    most = max(logs)
    return most + math.log(sum(math.exp(x - most) for x in logs) / len(logs))
