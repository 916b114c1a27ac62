"""The shortest way to a target: which steps reach it in the least study time, and of those ways one with the fewest steps.

Where nothing reaches it: the way that gets furthest, again in the least time. The search is branch and bound, best first. Its
bound is the same problem with steps that may be taken in part, once without the caps and once without the needs: what counts is
then a polymatroid, for which taking the cheapest millicredits first is exact (J. Edmonds, 1970). A step is left out beforehand
where cheaper steps of its place that are worth no less fill the target anyway.
What is cut short after MOST_WORK says so: `is_shortest` is False and `least_minutes` is what no way can be below.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from guanxue.programmes.filling import Amounts, Place, Shape

MOST_WORK = 2500  # steps weighed before a search is cut short: about a tenth of a second
MOST_SWAPS = 40
UNKNOWN = -1
A_MINUTE = 1 << 20  # costs are minutes and steps in one number: no way has so many steps


@dataclass(frozen=True)
class Step:
    """Something one can do: the millicredits it brings, the minutes it still takes, and where the credits go.

    Of one subject a way has one step at most. `limits` name bounds of the credit bank that it uses up. Ways are in the order of
    (rank, minutes, key), and in that order the bank is asked.
    """

    key: str
    subject: str
    milli: int
    minutes: int
    place: Place
    rank: int = 0
    limits: tuple[str, ...] = ()

    @property
    def order(self) -> tuple:
        """Where it stands in a way."""
        return self.rank, self.minutes, self.key

    @property
    def cost(self) -> int:
        """Minutes first, then one step more."""
        return self.minutes * A_MINUTE + 1


@dataclass(frozen=True)
class Way:
    """The steps in order, the minutes they take, and what counts then of the target (millicredits).

    `is_shortest`: no way takes fewer minutes; otherwise none takes fewer than `least_minutes`.
    """

    steps: tuple[Step, ...]
    given: tuple[int, ...]
    minutes: int
    reach: int
    is_reached: bool
    is_shortest: bool = True
    least_minutes: int = 0


class _Search:
    def __init__(self, shape: Shape, have: Amounts, rooms: Mapping[str, int]) -> None:
        self.shape, self.have, self.rooms = shape, have, rooms
        self.looser = list(dict.fromkeys((shape.without_caps, shape.without_needs))) if shape.caps else [shape]
        self.steps: list[Step] = []
        self.work = 0
        self.cheapest: list[Step] = []  # of the steps under no limit
        self.all: Amounts = _copy(have)
        self.best: tuple[int, int] = (-shape.reach(have), 0)  # (minus what counts, cost): the smaller the better
        self.chosen: tuple[Step, ...] = ()

    def keep_useful(self, steps: Iterable[Step]) -> None:
        """The steps that some shortest way may need, cheapest millicredit first."""
        groups: dict[Place, list[Step]] = {}
        for step in steps:
            if step.milli > 0:
                groups.setdefault(step.place, []).append(step)
        subjects = Counter(s.subject for found in groups.values() for s in found)
        missing = self.shape.total + self.best[0]
        for found in groups.values():
            self.steps += _undominated(found, missing, subjects)
        self.steps.sort(key=lambda s: (s.cost / s.milli, s.order))
        self.cheapest = sorted((s for s in self.steps if not s.limits), key=lambda s: s.cost)
        for step in self.steps:
            _add(self.all, step.place, step.milli)

    def amounts(self, steps: Iterable[Step]) -> Amounts:
        """What one has after these steps, as the bank gives it."""
        found = _copy(self.have)
        for step, given in give(steps, self.rooms):
            _add(found, step.place, given)
        return found

    def worth(self, steps: Sequence[Step]) -> tuple[int, int]:
        """How good a way is: what counts then, with a minus, and its cost."""
        return -self.shape.reach(self.amounts(steps)), sum(s.cost for s in steps)

    def offer(self, steps: Sequence[Step]) -> bool:
        """Keep the way where it is better than the best so far, without what it does not need. Was it?"""
        self.work += len(steps)
        kept, amounts, is_bound = list(steps), self.amounts(steps), any(s.limits for s in steps)
        reach = self.shape.reach(amounts)
        for step in sorted(steps, key=lambda s: -s.cost):
            without = [s for s in kept if s is not step]
            if is_bound:
                amounts = self.amounts(without)
            else:
                _add(amounts, step.place, -step.milli)
            if self.shape.reach(amounts) >= reach:
                kept, reach = without, self.shape.reach(amounts)
            elif not is_bound:
                _add(amounts, step.place, step.milli)
        worth = -reach, sum(s.cost for s in kept)
        is_better = worth < self.best
        if is_better:
            self.best, self.chosen = worth, tuple(kept)
        return is_better

    def begin(self, most_work: int) -> None:
        """A way to begin with: the cheapest millicredits that add something, then whatever still adds; improved by swaps."""
        kept, goal = {}, self.shape.reach(self.all)
        for is_last in (False, True):
            amounts, full = self.amounts(kept.values()), set()
            reach = self.shape.reach(amounts)
            for step in self.steps:
                if step.subject in kept or step.place in full:
                    continue
                if not is_last and not self.shape.room(amounts, step.place, reach):
                    full.add(step.place)
                    continue
                kept[step.subject] = step
                _add(amounts, step.place, step.milli)
                reach = self.shape.reach(amounts)
                if reach >= goal:
                    break
            self.offer(list(kept.values()))
            if -self.best[0] >= goal:
                break
        for _n in range(MOST_SWAPS):
            dearest = sorted(self.chosen, key=lambda s: -s.cost)[:MOST_SWAPS]
            if self.work > most_work or not any(self._swap_out(step) for step in dearest):
                break

    def _swap_out(self, step: Step) -> bool:
        """Put the cheapest step for this one that brings what it brought, where that is better."""
        return self.complete([s for s in self.chosen if s is not step], -self.best[0], step.cost)

    def complete(self, rest: Sequence[Step], goal: int, below: int) -> bool:
        """Add to these steps the cheapest one that reaches the goal by itself, of those that cost less. Was that better?"""
        amounts, taken, rooms = self.amounts(rest), {s.subject for s in rest}, {}
        missing = goal - self.shape.reach(amounts)
        for other in self.cheapest:
            if other.cost >= below:
                return False
            if other.milli < missing or other.subject in taken:
                continue
            if other.place not in rooms:
                rooms[other.place] = self.shape.room(amounts, other.place)
            if rooms[other.place] >= missing:
                return self.offer([*rest, other])
        return False

    def bound(self, inside: frozenset[Step], outside: frozenset[Step]) -> tuple[int, int, list[Step], Step | None]:
        """(minus what can count at most, the least cost of that, the steps so taken, the first that was taken in part)."""
        everything = _copy(self.all)
        for step in outside:
            _add(everything, step.place, -step.milli)
        goal = self.shape.reach(everything)
        found = [self._relaxed(shape, goal, inside, outside) for shape in self.looser]
        return -goal, *max(found, key=lambda x: x[0])

    def _relaxed(self, shape: Shape, goal: int, inside: frozenset[Step], outside: frozenset[Step]) -> tuple:
        """(cost, steps, the first in part) of the cheapest way to `goal` where steps could be taken in part."""
        amounts, cost = _copy(self.have), sum(s.cost for s in inside)
        self.work += len(inside)
        for step in inside:
            _add(amounts, step.place, step.milli)
        used, part, full, count = list(inside), None, set(), shape.reach(amounts)
        for step in self.steps:
            if count >= goal:
                break
            if step.place in full or step in inside or step in outside:
                continue
            taken = min(step.milli, goal - count, shape.room(amounts, step.place, count))
            self.work += 1
            if taken:
                used.append(step)
                cost += step.cost * taken // step.milli
                count += taken
                _add(amounts, step.place, taken)
            if taken < step.milli:
                full.add(step.place)
                part = part or (step if taken else None)
        return cost, used, part

    def run(self, most_work: int) -> tuple[bool, int]:
        """Search; gives whether it was finished, and the least that a way as good as the best can cost; UNKNOWN where there may
        be one that gets further."""
        ticket, heap = count(), []

        def push(inside: frozenset[Step], outside: frozenset[Step]) -> None:
            goal, cost, used, part = self.bound(inside, outside)
            if (goal, cost) >= self.best:
                return
            if _is_allowed(used):
                self.offer(used)
                if part is not None:
                    rest = [s for s in used if s is not part]
                    self.complete(rest, -goal, self.best[1] - sum(s.cost for s in rest))
            heapq.heappush(heap, (goal, cost, next(ticket), inside, outside, used, part))

        self.begin(most_work)
        push(frozenset(), frozenset())
        while heap:
            goal, cost, _ticket, inside, outside, used, part = heapq.heappop(heap)
            if (goal, cost) >= self.best:
                break
            if self.work >= most_work:
                return False, cost if goal == self.best[0] else UNKNOWN
            step = part if part is not None else self._undecided(inside, outside, used, (goal, cost))
            if step is None:
                continue
            alike = frozenset(s for s in self.steps if s.subject == step.subject and s is not step)
            if not alike & inside:
                push(inside | {step}, outside | alike)
            push(inside, outside | {step})
        return True, self.best[1]

    def _undecided(self, inside: frozenset[Step], outside: frozenset[Step], used: Sequence[Step],
                   bound: tuple[int, int]) -> Step | None:
        """Which step to decide about where none was taken in part; None where the steps are as good as their bound."""
        if _is_allowed(used) and self.worth(used) <= bound:
            return None
        return next((s for s in (*used, *self.steps) if s not in inside and s not in outside), None)


def _copy(amounts: Amounts) -> Amounts:
    return [list(row) for row in amounts]


def _add(amounts: Amounts, place: Place, milli: int) -> None:
    need, cap = place
    amounts[cap][need] += milli


def _undominated(steps: list[Step], room: int, subjects: Mapping[str, int]) -> list[Step]:
    """Without the steps whose place is filled by others that cost no more and bring no less.

    Only steps that stand by themselves (one of their subject, under no limit) are weighed so.
    """
    kept, larger = [], []  # millicredits of the steps so far, ascending
    for step in sorted(steps, key=lambda s: (s.cost, -s.milli, s.order)):
        stands_alone = subjects[step.subject] == 1 and not step.limits
        filled = 0
        for milli in reversed(larger):
            if milli < step.milli or filled >= room:
                break
            filled += milli
        if room <= 0 or (stands_alone and filled >= room):
            continue
        kept.append(step)
        if stands_alone:
            insort(larger, step.milli)
    return kept


def _is_allowed(steps: Sequence[Step]) -> bool:
    return len({s.subject for s in steps}) == len(steps)


def give(steps: Iterable[Step], rooms: Mapping[str, int]) -> list[tuple[Step, int]]:
    """What the bank gives for steps in their order: at most the room of each of their limits, which is used up by it."""
    left, found = dict(rooms), []
    for step in sorted(steps, key=lambda s: s.order):
        given = min([step.milli, *(left[name] for name in step.limits)])
        for name in step.limits:
            left[name] -= given
        found.append((step, given))
    return found


def find_way(shape: Shape, have: Amounts, steps: Iterable[Step], rooms: Mapping[str, int] | None = None,
             most_work: int = MOST_WORK) -> Way:
    """The way from what one has to the target. `rooms`: millicredits left under each of the steps' limits."""
    search = _Search(shape, have, rooms or {})
    search.keep_useful(steps)
    is_finished, least = search.run(most_work)
    reach, cost = search.best
    minutes = cost // A_MINUTE
    least_minutes = minutes if is_finished else min(minutes, max(0, -(-(least - len(search.steps)) // A_MINUTE)))
    given = give(search.chosen, search.rooms)
    return Way(tuple(s for s, _given in given), tuple(g for _step, g in given), minutes, -reach, -reach == shape.total,
               least != UNKNOWN and least_minutes == minutes, least_minutes)
