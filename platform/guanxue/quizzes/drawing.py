"""Which questions an attempt has: so many of each pool, of each level where the author says so, by the attempt's secret seed.

A pure function of paper and seed: the same two give the same questions in the same order to an inspector years later. `draw`
names pools; its values are how many, or how many of each level: {"停机": 3, "测量": {"easy": 1, "hard": 2}}. Of pools that it
does not name an attempt has every question.
"""

from __future__ import annotations

from dataclasses import dataclass

from guanxue.quizzes.rules import LEVELS, MIDDLE, Question, opaque

POOL_TIMES = 3  # so many times what is drawn a pool should hold: less, and the answers of one attempt serve the next

Draw = dict[str, int | dict[str, int]]


@dataclass(frozen=True)
class Part:
    """What is drawn of a pool (of one level of it, where `level` is not ""): `count` of `size`."""

    pool: str
    level: str
    count: int
    size: int

    @property
    def is_thin(self) -> bool:
        """Are there fewer than three times as many as are drawn?"""
        return self.size < POOL_TIMES * self.count

    @property
    def missing(self) -> int:
        """How many more questions it should have."""
        return max(0, POOL_TIMES * self.count - self.size)


def parts_of(questions: list[Question], draw: Draw) -> list[Part]:
    """What an attempt has, pool by pool in the order in which they come; of pools that are not drawn from, all."""
    parts = []
    for pool, size in {**dict.fromkeys(draw, 0), **pools_of(questions)}.items():
        told = draw.get(pool, size)
        if isinstance(told, dict):
            parts += [Part(pool, level, told[level], len(_inside(questions, pool, level))) for level in LEVELS if level in told]
        elif told or size:
            parts.append(Part(pool, "", told, size))
    return parts


def _inside(questions: list[Question], pool: str, level: str) -> list[Question]:
    return [q for q in questions if q.pool == pool and (not level or (q.level or MIDDLE) == level)]


def drawn(questions: list[Question], draw: Draw, seed: bytes) -> list[Question]:
    """The questions of the attempt with this secret seed, in the paper's order."""
    taken: set[str] = set()
    for pool, told in draw.items():
        for level, count in told.items() if isinstance(told, dict) else (("", told),):
            taken.update(_lot(_inside(questions, pool, level), (pool, level) if level else (pool,), seed)[:count])
    return [q for q in questions if q.pool not in draw or q.id in taken]


def _lot(questions: list[Question], where: tuple[str, ...], seed: bytes) -> list[str]:
    """Their names in the order in which this seed draws them."""
    return sorted((q.id for q in questions), key=lambda name: opaque(seed, "draw", *where, name))


def drawn_count(questions: list[Question], draw: Draw) -> int:
    """How many questions one attempt has."""
    return sum(min(p.size, p.count) for p in parts_of(questions, draw))


def pools_of(questions: list[Question]) -> dict[str, int]:
    """How many questions each pool has, in the order in which they come; "" for those that name none."""
    sizes: dict[str, int] = {}
    for question in questions:
        sizes[question.pool] = sizes.get(question.pool, 0) + 1
    return sizes


def levels_of(questions: list[Question], pool: str) -> dict[str, int]:
    """How many questions of each level the pool has; what nobody marked stands in the middle."""
    return {level: len(_inside(questions, pool, level)) for level in LEVELS}


def draw_fault(questions: list[Question], draw: object) -> Part | None:
    """The first part of which so many cannot be drawn; None where all can."""
    for pool, told in draw.items() if isinstance(draw, dict) else ():
        is_mixed = isinstance(told, dict) and bool(told)
        for level, count in told.items() if is_mixed else (("", told),):
            size = len(_inside(questions, pool, level)) if level in ("", *LEVELS) else 0
            if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= size:
                return Part(pool, str(level), count if isinstance(count, int) else 0, size)
    return None


def thin_parts(questions: list[Question], draw: Draw) -> list[Part]:
    """Parts with fewer than three times as many questions as are drawn of them."""
    return [p for p in parts_of(questions, draw) if p.is_thin]
