"""How far credits carry towards a target: each fills at most one need, counts against at most one cap, and the rest is free.

A target wants `total` millicredits, of them at least so much for each need; of what a cap takes no more counts than its bound.
Needs exclude each other, and so do caps (rules.py sees to that). Then what counts at most is a flow through a small network,
credits → caps → needs and the free rest; by the theorem of Ford and Fulkerson it is the smallest of its few cuts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

Place = tuple[int, int]  # (number of the need, number of the cap); -1 for none
Amounts = list[list[int]]  # millicredits: a row for each cap and one for none, in it a column for each need and one for none
UNBOUNDED = 10**15


@dataclass(frozen=True)
class Shape:
    """What a target asks for in figures: millicredits in all, for each need at least, for each cap at most."""

    total: int
    needs: tuple[int, ...] = ()
    caps: tuple[int, ...] = ()
    _cuts: tuple[tuple[int, tuple[int, ...]], ...] = field(init=False, repr=False, compare=False, default=())

    def __post_init__(self) -> None:
        cuts = []
        for chosen in range(1 << len(self.needs)):
            paid = self.free + sum(n for i, n in enumerate(self.needs) if chosen >> i & 1)
            cuts.append((paid, tuple(i for i in range(len(self.needs)) if not chosen >> i & 1)))
        object.__setattr__(self, "_cuts", tuple(cuts))

    @property
    def free(self) -> int:
        """What may come from anywhere."""
        return self.total - sum(self.needs)

    @property
    def without_caps(self) -> Shape:
        """The same as if nothing were capped."""
        return replace(self, caps=(UNBOUNDED,) * len(self.caps))

    @property
    def without_needs(self) -> Shape:
        """The same as if any credit would do."""
        return replace(self, needs=(0,) * len(self.needs))

    def empty(self) -> Amounts:
        """No amounts."""
        return [[0] * (len(self.needs) + 1) for _n in range(len(self.caps) + 1)]

    def reach(self, amounts: Sequence[Sequence[int]]) -> int:
        """How much of `amounts` counts at most, in millicredits."""
        rows = [(row, bound) for row, bound in zip(amounts, (*self.caps, UNBOUNDED), strict=True) if any(row)]
        best = min(self.total, sum(min(bound, sum(row)) for row, bound in rows))
        for paid, others in self._cuts:
            if paid < best:
                best = min(best, paid + sum(min(bound, sum(row[i] for i in others)) for row, bound in rows))
        return best

    def room(self, amounts: Amounts, place: Place, before: int | None = None) -> int:
        """How much more would count at a place. `before`: what counts of `amounts`, where that is known."""
        need, cap = place
        before = self.reach(amounts) if before is None else before
        amounts[cap][need] += UNBOUNDED
        after = self.reach(amounts)
        amounts[cap][need] -= UNBOUNDED
        return after - before

    def spread(self, amounts: Sequence[Sequence[int]]) -> tuple[list[int], list[int], int]:
        """How what counts may be spread: (what fills each need, what each cap lets through, what fills the free rest)."""
        left = self._network(amounts)
        while path := _path(left):
            more = min(left[edge] for edge in path)
            for a, b in path:
                left[a, b] -= more
                left[b, a] = left.get((b, a), 0) + more
        needs = [left.get(("end", ("need", p)), 0) for p in range(len(self.needs))]
        caps = [left.get((("cap", q), "start"), 0) for q in range(len(self.caps))]
        return needs, caps, left.get(("end", "rest"), 0)

    def _network(self, amounts: Sequence[Sequence[int]]) -> dict[tuple, int]:
        edges: dict[tuple, int] = {}
        for q, bound in enumerate((*self.caps, UNBOUNDED)):
            edges["start", ("cap", q)] = bound
            for p, milli in enumerate(amounts[q]):
                edges[("cap", q), ("need", p)] = milli
        for p, milli in enumerate(self.needs):
            edges[("need", p), "end"] = milli
        for p in range(len(self.needs) + 1):
            edges[("need", p), "rest"] = UNBOUNDED
        return edges | {("rest", "end"): self.free}


def _path(left: dict[tuple, int]) -> list[tuple]:
    """A shortest path of edges that still carry something; [] where there is none."""
    came, queue = {"start": None}, ["start"]
    for node in queue:
        for (a, b), milli in left.items():
            if a == node and milli > 0 and b not in came:
                came[b] = a
                queue.append(b)
    path, node = [], "end"
    while node in came and came[node] is not None:
        path.append((came[node], node))
        node = came[node]
    return path
