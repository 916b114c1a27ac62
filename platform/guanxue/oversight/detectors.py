"""What looks unlike honest study: pure functions over plain rows, with the thresholds of thresholds.py.

Each gives findings with figures; a person looks at the evidence and decides. What these can never see is said on the board
(routes/fraud.py): a bot at human speed, somebody else at the keyboard, a code that was relayed by a video call.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from guanxue.oversight import thresholds as t

PARALLEL, PACE, ANSWERS, DEVICE, APART = KINDS = ("parallel", "pace", "answers", "device", "apart")
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Play:
    """A playback: whose, from which browser and network, from when until it was last heard. Epoch milliseconds."""

    ref: str
    person_id: int
    device: str
    network: str
    opened_ms: int
    heard_ms: int
    ended_ms: int | None


@dataclass(frozen=True)
class Try:
    """A handed-in attempt. `chars`: how much there was to read; `is_first` at this paper; `labels`: {question: (answer, is it
    right)}, equal for equal answers.
    """

    ref: str
    person_id: int
    paper_id: int
    device: str
    network: str
    started_ms: int
    submitted_ms: int
    chars: int
    score: int
    is_first: bool
    labels: dict[str, tuple[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sat:
    """Somebody was signed in in a classroom, by that phone behind that line, from when to when."""

    ref: str
    person_id: int
    device: str
    network: str
    from_ms: int
    to_ms: int


@dataclass(frozen=True)
class Found:
    """One occasion. `score`: percent of the threshold; `refs` open the evidence; `facts` are plain figures."""

    kind: str
    key: str
    person_ids: tuple[int, ...]
    score: int
    refs: tuple[str, ...]
    facts: dict


def _day(ms: int) -> int:
    """The city's day of a moment, as a number."""
    return (ms + 8 * 3_600_000) // DAY_MS


def _by_person(rows: Iterable) -> dict[int, list]:
    found: dict[int, list] = defaultdict(list)
    for row in rows:
        found[row.person_id].append(row)
    return found


# ---- two devices at work for one account


def parallel(plays: Iterable[Play], tries: Iterable[Try]) -> list[Found]:
    """Devices that wrest the account from each other; lessons that play elsewhere all through attempts."""
    attempts, found = _by_person(tries), []
    for person_id, mine in sorted(_by_person(plays).items()):
        mine.sort(key=lambda p: (p.opened_ms, p.ref))
        found += _takeovers(person_id, mine)
        found += _beside(person_id, mine, attempts.get(person_id, []))
    return found


def _takeovers(person_id: int, plays: list[Play]) -> list[Found]:
    taken = [b for a, b in zip(plays, plays[1:], strict=False) if _took_over(a, b)]
    by_day: dict[int, list[Play]] = {}
    for n in range(len(taken)):
        within = [p for p in taken[n:] if p.opened_ms - taken[n].opened_ms <= t.TAKEOVER_WITHIN_MS]
        best = by_day.get(_day(taken[n].opened_ms), [])
        if len(within) >= t.TAKEOVERS and len(within) > len(best):
            by_day[_day(taken[n].opened_ms)] = within
    return [Found(PARALLEL, f"parallel:{person_id}:{day}", (person_id,), 100 * len(run) // t.TAKEOVERS,
                  tuple(p.ref for p in run), {"takeovers": len(run), "minutes": _minutes(run[-1].opened_ms - run[0].opened_ms)})
            for day, run in sorted(by_day.items())]


def _took_over(before: Play, after: Play) -> bool:
    is_other = before.device and after.device and before.device != after.device
    is_alive = before.ended_ms == after.opened_ms and after.opened_ms - before.heard_ms <= t.STILL_ALIVE_MS
    return bool(is_other and is_alive)


def _beside(person_id: int, plays: list[Play], tries: list[Try]) -> list[Found]:
    """Attempts all through which a lesson went on playing on another device behind another line; twice, for once is chance."""
    beside = []
    for one in tries:
        elsewhere = [p for p in plays if _is_elsewhere(p, one)]
        lasted = one.submitted_ms - one.started_ms
        overlap = sum(_overlap(p.opened_ms, p.heard_ms, one.started_ms, one.submitted_ms) for p in elsewhere)
        if overlap >= t.BESIDE_ATTEMPT_MS and overlap * 1000 >= lasted * t.BESIDE_PERMILLE:
            beside.append((one, overlap, [p.ref for p in elsewhere
                                          if _overlap(p.opened_ms, p.heard_ms, one.started_ms, one.submitted_ms)]))
    if len(beside) < t.BESIDE_ATTEMPTS:
        return []
    refs = dict.fromkeys(ref for one, _ms, playing in beside for ref in (one.ref, *playing))
    total = sum(ms for _one, ms, _refs in beside)
    return [Found(PARALLEL, f"beside:{person_id}:{beside[0][0].ref}", (person_id,), 100 * len(beside) // t.BESIDE_ATTEMPTS,
                  tuple(refs), {"attempts": len(beside), "minutes": _minutes(total)})]


def _is_elsewhere(one: Play | Sat, other: Try | Sat) -> bool:
    """Both are known, and neither the device nor the line is the same."""
    return bool(one.device and other.device and one.device != other.device
                and one.network and other.network and one.network != other.network)


def _overlap(a_from: int, a_to: int, b_from: int, b_to: int) -> int:
    return max(0, min(a_to, b_to) - max(a_from, b_from))


def _minutes(ms: int) -> int:
    return max(1, round(ms / 60_000))


# ---- quicker than people, steadier than players


def pace(tries: Iterable[Try]) -> list[Found]:
    """Attempts that nobody could have read and tapped in that time."""
    found = []
    for one in tries:
        lasted, count = max(1, one.submitted_ms - one.started_ms), len(one.labels)
        if count < t.QUESTIONS:
            continue
        by_tap = t.MS_A_QUESTION * count * 100 // lasted
        speed = one.chars * 60_000 // lasted
        by_eye = speed * 100 // t.CHARS_A_MINUTE if one.is_first and one.score >= t.RIGHT_SCORE else 0
        if max(by_tap, by_eye) >= 100:
            found.append(Found(PACE, f"pace:{one.ref}", (one.person_id,), max(by_tap, by_eye), (one.ref,), {
                "questions": count, "seconds_tenths": lasted // 100, "chars": one.chars, "chars_a_minute": speed,
                "score": one.score, "is_first": one.is_first}))
    return found


def regular(person_id: int, ref: str, beats: Sequence[tuple[int, int]]) -> Found | None:
    """A player as even as none is. `beats`: (t_ms, length_ms) of a playback in order."""
    steps = [(b[0] - a[0], b[1]) for a, b in zip(beats, beats[1:], strict=False)]
    if len(steps) < t.REGULAR_BEATS:
        return None
    (step, length), count = Counter(steps).most_common(1)[0]
    permille = count * 1000 // len(steps)
    if permille < t.REGULAR_PERMILLE:
        return None
    return Found(PACE, f"regular:{ref}", (person_id,), permille * 100 // t.REGULAR_PERMILLE, (ref,),
                 {"beats": len(steps), "same_permille": permille, "step_ms": step, "length_ms": length})


# ---- wrong answers that are too much alike


def answers(tries: Iterable[Try]) -> list[Found]:
    """Pairs whose wrong answers agree more than chance allows, over all papers both took; joined into groups.

    Right answers say nothing. Each paper's first attempts alone; `_Paper` says how likely a wrong answer is.
    """
    papers: dict[int, list[Try]] = defaultdict(list)
    for one in tries:
        if one.is_first and one.labels:
            papers[one.paper_id].append(one)
    told: dict[tuple[int, int], list[_Agreement]] = defaultdict(list)
    people: set[int] = set()
    for _paper_id, sheets in sorted(papers.items()):
        if len(sheets) >= t.SHEETS:
            people |= {s.person_id for s in sheets}
            for pair, agreement in _Paper(sheets).agreements():
                told[pair].append(agreement)
    if len(people) < 2:
        return []
    limit = math.log(len(people) * (len(people) - 1) / t.CHANCE)
    alike = {pair: of for pair, of in told.items()
             if sum(a.shared for a in of) >= t.SHARED_WRONG and sum(a.likelihood for a in of) >= limit}
    return [_group(people_, alike, limit) for people_ in _joined(alike)]


@dataclass(frozen=True)
class _Agreement:
    """How two sheets of one paper agree: the logarithm of how much likelier by copying, how many wrong answers they share."""

    likelihood: float
    shared: int
    refs: tuple[str, str]


class _Paper:
    """How likely each wrong answer of a paper is for each person, from everybody's first sheets."""

    def __init__(self, sheets: list[Try]) -> None:
        self.sheets = sheets
        self.answered = Counter(q for s in sheets for q in s.labels)
        self.wrong = Counter(q for s in sheets for q, (_label, right) in s.labels.items() if not right)
        self.given = Counter((q, label) for s in sheets for q, (label, right) in s.labels.items() if not right)
        self.kinds = Counter(q for q, _label in self.given)
        self.mean = _logit(sum(self.wrong.values()) + 1, sum(self.answered.values()) + 2)

    def agreements(self) -> Iterable[tuple[tuple[int, int], _Agreement]]:
        """Of every two sheets that share a wrong answer."""
        holders: dict[tuple[str, str], list[int]] = defaultdict(list)
        for n, sheet in enumerate(self.sheets):
            for q, (label, right) in sheet.labels.items():
                if not right:
                    holders[(q, label)].append(n)
        shared: Counter = Counter()
        for people in holders.values():
            if len(people) <= max(2, len(self.sheets) * t.COMMON_PERMILLE // 1000):  # what everybody gets wrong tells nothing
                shared.update((a, b) for i, a in enumerate(people) for b in people[i + 1:])
        for (a, b), count in shared.items():
            if count >= 2:
                one, other = self.sheets[a], self.sheets[b]
                both = max(self._copied(one, other), self._copied(other, one))
                alike = sum(not right and one.labels.get(q) == (label, right) for q, (label, right) in other.labels.items())
                yield tuple(sorted((one.person_id, other.person_id))), _Agreement(both, alike, (one.ref, other.ref))

    def _copied(self, source: Try, copy: Try) -> float:
        """How much likelier `copy` is if its owner copied from `source`: natural logarithm."""
        wrong = sum(not right for _label, right in copy.labels.values())
        ability = _logit(wrong + 1, len(copy.labels) + 2)
        total = 0.0
        for q, (label, right) in source.labels.items():
            if right or q not in copy.labels:
                continue
            if copy.labels[q] != (label, right):
                total += math.log(1 - t.COPIES)
                continue
            hard = _logit(self.wrong[q] + 1, self.answered[q] + 2)
            fails = 1 / (1 + math.exp(-(ability + hard - self.mean)))
            of_those = (self.given[(q, label)] - 2 + 0.5) / (self.wrong[q] - 2 + 0.5 * (self.kinds[q] + 1))
            alone = min(1.0, fails * of_those)
            total += math.log((t.COPIES + (1 - t.COPIES) * alone) / alone)
        return total


def _logit(part: float, whole: float) -> float:
    share = part / whole
    return math.log(share / (1 - share))


def _joined(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """The groups that pairs hang together in, each sorted."""
    group: dict[int, set[int]] = {}
    for a, b in pairs:
        whole = group.get(a, {a}) | group.get(b, {b})
        for one in whole:
            group[one] = whole
    return sorted({tuple(sorted(g)) for g in group.values()})


def _group(people: tuple[int, ...], alike: dict[tuple[int, int], list[_Agreement]], limit: float) -> Found:
    mine = [of for pair, of in alike.items() if set(pair) <= set(people)]
    best = max(mine, key=lambda of: sum(a.likelihood for a in of))
    strength = sum(a.likelihood for a in best)
    refs = tuple(sorted({ref for of in mine for a in of for ref in a.refs}))
    return Found(ANSWERS, f"answers:{':'.join(refs)}"[:400], people, int(100 * strength / limit), refs, {
        "people": len(people), "shared": sum(a.shared for a in best), "papers": len(best),
        "log10_odds": round(strength / math.log(10), 1)})


# ---- one browser for many; a classroom and elsewhere at once


def device(rows: Iterable[tuple[str, int, str]], month: str) -> list[Found]:
    """Browsers on which many studied. `rows`: (device, person id, ref), without training rooms; once a `month` each."""
    people: dict[str, dict[int, str]] = defaultdict(dict)
    for mark, person_id, ref in rows:
        if mark:
            people[mark].setdefault(person_id, ref)
    return [Found(DEVICE, f"device:{mark}:{month}", tuple(sorted(refs)), 100 * len(refs) // t.PEOPLE_A_DEVICE,
                  tuple(refs[p] for p in sorted(refs)), {"people": len(refs), "days": t.DEVICE_DAYS})
            for mark, refs in sorted(people.items()) if len(refs) >= t.PEOPLE_A_DEVICE]


def apart(sittings: Iterable[Sat], plays: Iterable[Play]) -> list[Found]:
    """Signed in in a classroom, and heard playing on another device behind another line."""
    playing, found = _by_person(plays), []
    for sat in sittings:
        elsewhere = [(p, _overlap(p.opened_ms, p.heard_ms, sat.from_ms, sat.to_ms)) for p in playing.get(sat.person_id, [])
                     if _is_elsewhere(p, sat)]
        total = sum(ms for _p, ms in elsewhere)
        if total >= t.APART_MS:
            refs = (sat.ref, *(p.ref for p, ms in elsewhere if ms))
            found.append(Found(APART, f"apart:{sat.ref}", (sat.person_id,), 100 * total // t.APART_MS, refs,
                               {"minutes": _minutes(total)}))
    return found
