"""What looks unlike honest study: pure functions over plain rows, with the thresholds of thresholds.py.

Each gives findings with figures; a person looks at the evidence and decides. What these can never see is said on the board
(routes/fraud.py): a bot at human speed, somebody else at the keyboard, a code that was relayed by a video call.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from guanxue.oversight import thresholds as t
from guanxue.oversight.likeness import Labels, Paper, Sheet, at_most, likelihood

PARALLEL, PACE, ANSWERS, DEVICE, APART, ROLL = KINDS = ("parallel", "pace", "answers", "device", "apart", "roll")
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


Played = Callable[[Play], Iterable[tuple[int, int]]]  # when it really played; costly, so few are asked about


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
class Call:
    """A line of a roll by which somebody was at a meeting: who called it, when; when the meeting ended. Epoch milliseconds."""

    ref: str
    by: int
    ended_ms: int
    called_ms: int


@dataclass(frozen=True)
class Completed:
    """Somebody completed a class: thousandths of class hours credited for meetings at which nothing but a roll says that they
    were there, and the first call of each.
    """

    person_id: int
    hours_milli: int
    calls: tuple[Call, ...]


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


def parallel(plays: Iterable[Play], tries: Iterable[Try], played: Played) -> list[Found]:
    """Devices that wrest the account from each other; lessons that play elsewhere all through attempts."""
    attempts, found = _by_person(tries), []
    for person_id, mine in sorted(_by_person(plays).items()):
        mine.sort(key=lambda p: (p.opened_ms, p.ref))
        found += _takeovers(person_id, mine)
        found += _beside(person_id, mine, attempts.get(person_id, []), played)
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


def _beside(person_id: int, plays: list[Play], tries: list[Try], played: Played) -> list[Found]:
    """Attempts all through which a lesson went on playing on another device behind another line; twice, for once is chance."""
    beside = []
    for one in tries:
        span = one.started_ms, one.submitted_ms
        least_ms = max(t.BESIDE_ATTEMPT_MS, -(-(span[1] - span[0]) * t.BESIDE_PERMILLE // 1000))
        if elsewhere := _elsewhere(plays, one, span, least_ms, played):
            beside.append((one, sum(elsewhere.values()), elsewhere))
    if len(beside) < t.BESIDE_ATTEMPTS:
        return []
    refs = dict.fromkeys(ref for one, _ms, playing in beside for ref in (one.ref, *playing))
    total = sum(ms for _one, ms, _refs in beside)
    return [Found(PARALLEL, f"beside:{person_id}:{beside[0][0].ref}", (person_id,), 100 * len(beside) // t.BESIDE_ATTEMPTS,
                  tuple(refs), {"attempts": len(beside), "minutes": _minutes(total)})]


def _elsewhere(plays: Iterable[Play], at: Sat | Try, span: tuple[int, int], least_ms: int, played: Played) -> dict[str, int]:
    """{play: milliseconds of the span} of what really played elsewhere, where that is `least_ms` or more together; a film that
    stands paused is open all the while, and accuses nobody.
    """
    open_then = [p for p in plays if _is_elsewhere(p, at) and _overlap((p.opened_ms, p.heard_ms), span)]
    if sum(_overlap((p.opened_ms, p.heard_ms), span) for p in open_then) < least_ms:
        return {}
    found = {p.ref: ms for p in open_then if (ms := sum(_overlap(one, span) for one in played(p)))}
    return found if sum(found.values()) >= least_ms else {}


def _is_elsewhere(one: Play | Sat, other: Try | Sat) -> bool:
    """Both are known, and neither the device nor the line is the same."""
    return bool(one.device and other.device and one.device != other.device
                and one.network and other.network and one.network != other.network)


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> int:
    return max(0, min(one[1], other[1]) - max(one[0], other[0]))


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
    """Pairs whose answers agree more than chance allows, over all papers and attempts of both; joined into groups.

    How rare an answer is first attempts tell (likeness.py). Two who share few wrong answers are never named: right ones alone
    are innocent. Who is as much like somebody of a group as that many comparisons allow belongs to it.
    """
    people = _sheets([x for x in tries if x.labels])
    if len(people) < 2:
        return []
    limit = math.log(len(people) * (len(people) - 1) / t.CHANCE)
    lowest = math.log(4 * len(people) / t.CHANCE)  # what a group of two asks of a third
    compared = ((pair, _compared(people, pair, lowest)) for pair in _sharing(people))
    told = {pair: both for pair, both in compared if both.shared >= t.SHARED_WRONG}
    alike = {pair: both for pair, both in told.items() if both.likelihood >= limit}
    named = {person for pair in alike for person in pair}
    if named:
        beside = math.log(2 * len(named) * len(people) / t.CHANCE)
        alike |= {pair: both for pair, both in told.items() if both.likelihood >= beside and named & set(pair)}
    return [_group(members, alike, limit) for members in _joined(alike)]


_Sheets = dict[int, list[tuple[str, Sheet]]]  # by paper: (reference, sheet) of each attempt


def _sheets(tries: list[Try]) -> dict[int, _Sheets]:
    """By person what they handed in, of papers with enough first attempts to know what is rare."""
    firsts: dict[int, list[Labels]] = defaultdict(list)
    for one in tries:
        if one.is_first:
            firsts[one.paper_id].append(one.labels)
    papers = {paper_id: Paper(labels) for paper_id, labels in firsts.items() if len(labels) >= t.SHEETS}
    people: dict[int, _Sheets] = defaultdict(lambda: defaultdict(list))
    for one in tries:
        if one.paper_id in papers:
            people[one.person_id][one.paper_id].append((one.ref, Sheet(papers[one.paper_id], one.labels)))
    return people


def _sharing(people: dict[int, _Sheets]) -> Iterator[tuple[int, int]]:
    """Every two people with enough wrong answers in common, the smaller id first."""
    wrong = {person_id: {(paper_id, q, label) for paper_id, mine in papers.items() for _ref, sheet in mine
                         for q, (label, right) in sheet.labels.items() if not right} for person_id, papers in people.items()}
    before: dict[tuple, list[int]] = defaultdict(list)
    for person_id, mine in sorted(wrong.items()):
        shared = Counter(other for answer in mine for other in before[answer])
        for answer in mine:
            before[answer].append(person_id)
        yield from ((other, person_id) for other, count in sorted(shared.items()) if count >= t.SHARED_WRONG)


@dataclass(frozen=True)
class _Both:
    """Two people's sheets: how much likelier by copying (a logarithm), wrong answers in common, their papers."""

    likelihood: float
    shared: int
    papers: int
    refs: tuple[str, ...]


_NOTHING = _Both(0.0, 0, 0, ())


def _compared(people: dict[int, _Sheets], pair: tuple[int, int], lowest: float) -> _Both:
    """Whichever of the two copied, over all papers both took; of each paper the two attempts that share most are named.

    Nothing where it cannot be `lowest` or more.
    """
    one, other = (people[person_id] for person_id in pair)
    both = sorted(one.keys() & other.keys())
    of = {paper_id: ([s for _ref, s in one[paper_id]], [s for _ref, s in other[paper_id]]) for paper_id in both}
    ways = list(of.values()), [(theirs, mine) for mine, theirs in of.values()]
    if max(map(at_most, ways)) < lowest:
        return _NOTHING
    closest = [max(((a.shared_wrong(b), a_ref, b_ref) for a_ref, a in one[paper_id] for b_ref, b in other[paper_id]),
                   key=lambda x: x[0]) for paper_id in both]
    telling = [x for x in closest if x[0]]
    refs = tuple(ref for x in telling for ref in x[1:])
    return _Both(max(map(likelihood, ways)), sum(x[0] for x in telling), len(telling), refs)


def _joined(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """The groups that pairs hang together in, each sorted."""
    group: dict[int, set[int]] = {}
    for a, b in pairs:
        whole = group.get(a, {a}) | group.get(b, {b})
        for one in whole:
            group[one] = whole
    return sorted({tuple(sorted(g)) for g in group.values()})


def _group(people: tuple[int, ...], alike: dict[tuple[int, int], _Both], limit: float) -> Found:
    mine = [both for pair, both in alike.items() if set(pair) <= set(people)]
    best = max(mine, key=lambda both: both.likelihood)
    refs = tuple(sorted({ref for both in mine for ref in both.refs}))
    return Found(ANSWERS, f"answers:{':'.join(refs)}"[:400], people, int(100 * best.likelihood / limit), refs, {
        "people": len(people), "shared": best.shared, "papers": best.papers,
        "log10_odds": round(best.likelihood / math.log(10), 1)})


# ---- one browser for many; a classroom and elsewhere at once


def device(rows: Iterable[tuple[str, int, str]], month: str, named: Mapping[str, Set[int]] | None = None) -> list[Found]:
    """Browsers on which many studied. `rows`: (device, person id, ref), without training rooms; `named`: {device: who was
    found on it lately}. Who came since is a finding of their own, so that a farm that grows is found as a whole.
    """
    people: dict[str, dict[int, str]] = defaultdict(dict)
    for mark, person_id, ref in rows:
        if mark:
            people[mark].setdefault(person_id, ref)
    found = []
    for mark, refs in sorted(people.items()):
        known = (named or {}).get(mark, frozenset())
        fresh = tuple(sorted(refs.keys() - known))
        if len(refs) >= t.PEOPLE_A_DEVICE and fresh:
            key = f"device:{mark}:{month}" + (f":{_sign(fresh)}" if known else "")
            found.append(Found(DEVICE, key, fresh, 100 * len(refs) // t.PEOPLE_A_DEVICE, tuple(refs[p] for p in fresh),
                               {"people": len(refs), "days": t.DEVICE_DAYS, "new": len(fresh)}))
    return found


def _sign(people: Iterable[int]) -> str:
    """Equal for the same people, and short."""
    return hashlib.sha256(":".join(map(str, people)).encode()).hexdigest()[:16]


def apart(sittings: Iterable[Sat], plays: Iterable[Play], played: Played) -> list[Found]:
    """Signed in in a classroom, while a lesson played on another device behind another line."""
    playing, found = _by_person(plays), []
    for sat in sittings:
        elsewhere = _elsewhere(playing.get(sat.person_id, []), sat, (sat.from_ms, sat.to_ms), t.APART_MS, played)
        if total := sum(elsewhere.values()):
            found.append(Found(APART, f"apart:{sat.ref}", (sat.person_id,), 100 * total // t.APART_MS, (sat.ref, *elsewhere),
                               {"minutes": _minutes(total)}))
    return found


# ---- hours that rest on a roll alone


def roll(class_ref: str, who: Sequence[Completed]) -> Found | None:
    """A class of which most hours rest on one person's roll, called for several days in one sitting, or long afterwards.

    It is about who called it. More people of the same class are the same occasion until they are twice as many.
    """
    by_roll = [x for x in who if x.hours_milli >= t.ROLL_HOURS_MILLI]
    calls = [c for x in by_roll for c in x.calls]
    if len(by_roll) < t.ROLL_PEOPLE or len(by_roll) * 1000 < len(who) * t.ROLL_MOST_PERMILLE:
        return None
    caller, count = Counter(c.by for c in calls).most_common(1)[0]
    late = sorted(c.called_ms - c.ended_ms for c in calls)
    at_once = _one_sitting(calls)
    is_late = sum(ms > t.ROLL_LATE_MS for ms in late) * 1000 >= len(calls) * t.ROLL_PERMILLE
    if count * 1000 < len(calls) * t.ROLL_PERMILLE or not (at_once or is_late):
        return None
    told = {"minutes": _minutes(at_once[-1].called_ms - at_once[0].called_ms)} if at_once else {
        "late_days": late[len(late) // 2] // DAY_MS}
    return Found(ROLL, f"roll:{class_ref}:{caller}:{len(by_roll).bit_length()}", (caller,),
                 100 * len(by_roll) // t.ROLL_PEOPLE, (class_ref, *(x.calls[0].ref for x in by_roll[:t.ROLL_SHOWN])),
                 {"people": len(by_roll), "of": len(who), "hours": t.ROLL_HOURS_MILLI // 1000,
                  "days": len({_day(c.ended_ms) for c in calls}), **told})


def _one_sitting(calls: Sequence[Call]) -> list[Call]:
    """Nearly all of them, in order, where they were made within an hour though the meetings were on several days; else none."""
    ordered = sorted(calls, key=lambda c: c.called_ms)
    needed = -(-len(ordered) * t.ROLL_PERMILLE // 1000)
    for begin, first in enumerate(ordered[:len(ordered) - needed + 1]):
        run = [c for c in ordered[begin:] if c.called_ms - first.called_ms <= t.ROLL_SITTING_MS]
        if len(run) >= needed and len({_day(c.ended_ms) for c in run}) > 1:
            return run
    return []
