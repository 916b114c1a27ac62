"""The planner against every way there is, on thousands of small cases; and how long it takes with a whole catalogue."""

import random
import time
from itertools import combinations

import pytest

from guanxue.programmes.filling import Shape
from guanxue.programmes.planner import Step, find_way, give


def flow(shape: Shape, amounts) -> int:
    """What counts, by looking for paths that carry more until there are none: the slow way, to compare with."""
    rows, needs, caps = range(len(amounts)), len(shape.needs), len(shape.caps)
    edges = {}
    for q in rows:
        edges["from", ("cap", q)] = shape.caps[q] if q < caps else 10**9
        for p in range(needs + 1):
            edges[("cap", q), ("need", p)] = amounts[q][p]
    for p in range(needs + 1):
        edges[("need", p), "rest"] = 10**9
        if p < needs:
            edges[("need", p), "to"] = shape.needs[p]
    edges["rest", "to"] = shape.free
    total = 0
    while True:
        ways, queue = {"from": None}, ["from"]
        for node in queue:
            for a, b in [*edges]:
                if a == node and b not in ways and edges[a, b]:
                    ways[b] = a
                    queue.append(b)
        if "to" not in ways:
            return total
        node, path = "to", []
        while ways[node] is not None:
            path.append((ways[node], node))
            node = ways[node]
        more = min(edges[e] for e in path)
        for a, b in path:
            edges[a, b] -= more
            edges[b, a] = edges.get((b, a), 0) + more
        total += more


def any_shape(dice: random.Random) -> Shape:
    needs = tuple(dice.randint(1, 6) for _n in range(dice.randint(0, 3)))
    caps = tuple(dice.randint(0, 8) for _n in range(dice.randint(0, 2)))
    return Shape(sum(needs) + dice.randint(0 if needs else 1, 6), needs, caps)


def any_place(dice: random.Random, shape: Shape) -> tuple[int, int]:
    return dice.randint(-1, len(shape.needs) - 1), dice.randint(-1, len(shape.caps) - 1)


def test_what_counts_is_the_greatest_flow():
    dice = random.Random(6)
    for _n in range(600):
        shape = any_shape(dice)
        amounts = [[dice.randint(0, 7) for _p in row] for row in shape.empty()]
        assert shape.reach(amounts) == flow(shape, amounts), (shape, amounts)


def test_what_counts_is_spread_over_needs_caps_and_the_rest():
    dice = random.Random(61)
    for _n in range(300):
        shape = any_shape(dice)
        amounts = [[dice.randint(0, 7) for _p in row] for row in shape.empty()]
        needs, caps, rest = shape.spread(amounts)
        assert sum(needs) + rest == shape.reach(amounts)
        assert all(milli <= most for milli, most in zip((*needs, *caps, rest), (*shape.needs, *shape.caps, shape.free)))


def amounts_of(shape, pieces):
    found = shape.empty()
    for (need, cap), milli in pieces:
        found[cap][need] += milli
    return found


def every_way(shape, have, steps, rooms) -> tuple[int, int, int]:
    """(what counts, minutes, steps) of the best of all ways."""
    best = None
    for size in range(len(steps) + 1):
        for chosen in combinations(steps, size):
            if len({s.subject for s in chosen}) == size:
                amounts = amounts_of(shape, [*have, *((s.place, given) for s, given in give(chosen, rooms))])
                found = (-shape.reach(amounts), sum(s.minutes for s in chosen), size)
                best = min(best or found, found)
    return -best[0], best[1], best[2]


def any_case(dice: random.Random):
    shape = any_shape(dice)
    have = [(any_place(dice, shape), dice.randint(0, 4)) for _n in range(dice.randint(0, 3))]
    rooms = {f"limit-{n}": dice.randint(0, 6) for n in range(dice.randint(0, 2))}
    steps = [Step(f"step-{n}", f"subject-{dice.randint(0, 9) if dice.random() < .4 else 100 + n}", dice.randint(0, 5),
                  dice.choice((0, 1, 2, 3, 5, 8)), any_place(dice, shape), dice.randint(0, 1),
                  tuple(sorted(name for name in rooms if dice.random() < .4)))
             for n in range(dice.randint(0, 8))]
    return shape, have, steps, rooms


@pytest.mark.parametrize("seed", range(10))
def test_the_way_found_is_the_shortest_of_all_ways(seed):
    dice = random.Random(seed)
    for _n in range(160):
        shape, have, steps, rooms = any_case(dice)
        way = find_way(shape, amounts_of(shape, have), steps, rooms, most_work=10**9)
        assert way.is_shortest
        assert (way.reach, way.minutes, len(way.steps)) == every_way(shape, have, steps, rooms), (shape, have, steps, rooms)
        assert len({s.subject for s in way.steps}) == len(way.steps), "of one subject one step"
        assert all(way.given), "nothing is proposed that a bound would refuse"


def test_who_is_cut_short_is_told_a_bound_that_holds():
    dice = random.Random(600)
    for _n in range(400):
        shape, have, steps, rooms = any_case(dice)
        way = find_way(shape, amounts_of(shape, have), steps, rooms, most_work=1)
        reach, minutes, _steps = every_way(shape, have, steps, rooms)
        if way.reach == reach:
            assert way.least_minutes <= minutes <= way.minutes
        assert not way.is_shortest or (way.reach, way.minutes) == (reach, minutes)


def a_catalogue(dice: random.Random, shape: Shape, number: int) -> list[Step]:
    """Courses as a city has them: lessons of some minutes, credit by the minute, some of them half done."""
    steps = []
    for n in range(number):
        minutes = dice.randint(9, 180)
        left = dice.randint(1, minutes) if dice.random() < .02 else minutes
        steps.append(Step(f"course:{n}", f"course:{n}", minutes * 1000 // 720, left, any_place(dice, shape), left == minutes))
    return steps


@pytest.mark.parametrize("shape", [
    Shape(1000), Shape(10_000), Shape(60_000), Shape(20_000, (8000, 6000), (10_000,)),
    Shape(170_000, (40_000, 60_000), (42_500, 85_000)),
])
def test_twelve_hundred_courses_take_no_longer_than_a_page_may(shape):
    steps = a_catalogue(random.Random(1200), shape, 1200)
    begun = time.process_time()
    way = find_way(shape, shape.empty(), steps)
    took = time.process_time() - begun
    assert took < 1, "far above what it takes, for a slow machine"
    assert way.steps
    assert way.minutes - way.least_minutes <= 5


def test_who_has_enough_needs_nothing():
    assert find_way(Shape(5), [[9]], [Step("a", "a", 3, 1, (-1, -1))]).steps == ()
