"""Where outcomes come from. Each source lists what asks for credit and derives it again; everything else is one mechanism.

Rooms above register theirs (wiring.py): a certificate asks, is credited, moves, is taken back and is derived again exactly as
a course is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guanxue.creditbank.outcomes import Outcome
from guanxue.policies import Worth

# Step of a move → the word in keys and kinds of its entries.
STEPS = {"merged": "merge", "parted": "part", "returned": "return"}


@dataclass(frozen=True)
class Derived:
    """What the evidence of an outcome says now: what it asks for, and every fault (nothing counts where there is one)."""

    content_ms: int
    hours_milli: int
    asked_milli: int
    faults: tuple[object, ...] = ()


def _nothing(*_facts: object) -> str:
    return ""


def _none(*_facts: object) -> dict:
    return {}


def _uncut(*_facts: object) -> None:
    return None


@dataclass(frozen=True)
class Source:
    """A source of outcomes.

    `kind` is that of its entries and the beginning of their keys, `mint` the account that credit comes from. `is_once`: a
    subject is credited to a person once, ever; else a higher level adds the difference (upgrades).
    `list_outcomes(person_id | None)`: everything that asks for credit, in the order in which it was earned.
    `derive(outcome)`: the same judged again from its evidence.
    `why_not(outcome)`: a rule of the source itself that forbids it now, "" where none does.
    `foresee_merge(kept_id, merged_id)`: {key: rule} of outcomes that would not count for the account that stays;
    `rule_at_merge(merge, key)`: the same of a merge that was made. `foresee_cuts` and `cut_at_merge` likewise: what is left of
    an outcome there, where a part of it counts already (None or not named: all of it).
    `components`: what its outcomes can be measured by, so that a floor may ask for it.
    `list_unposted(person_id, keys)`: a person's outcomes but those of these keys, where that is quicker than looking at all.
    """

    name: str
    kind: str
    mint: str
    list_outcomes: Callable[[int | None], list[Outcome]]
    derive: Callable[[Outcome], Derived]
    is_once: bool = False
    why_not: Callable[[Outcome], str] = _nothing
    foresee_merge: Callable[[int, int], dict[str, str]] = _none
    rule_at_merge: Callable[[object, str], str] = _nothing
    foresee_cuts: Callable[[int, int], dict[str, Worth]] = _none
    cut_at_merge: Callable[[object, str], Worth | None] = _uncut
    components: tuple[str, ...] = ()
    list_unposted: Callable[[int, frozenset[str]], list[Outcome]] | None = None
    move_prefix: str | None = None  # of the kinds of its moves; its name and a hyphen by default

    def move_kind(self, step: str) -> str:
        """The kind of the entries by which its credits follow their person: "merge", "class-merge"."""
        prefix = f"{self.name}-" if self.move_prefix is None else self.move_prefix
        return prefix + STEPS[step]

    @property
    def move_kinds(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.move_kind(step) for step in STEPS)

    def entry_key(self, key: str) -> str:
        """The ledger's only-once key of an outcome's entry."""
        return f"{self.kind}:{key}"


_sources: dict[str, Source] = {}


def register_source(source: Source) -> None:
    """Take in a source of outcomes. In the order of registration they are merged and told."""
    _sources[source.name] = source


def get_source(name: str) -> Source:
    """The source of that name. KeyError where there is none."""
    return _sources[name]


def list_sources() -> list[Source]:
    """All of them."""
    return list(_sources.values())


def source_names() -> frozenset[str]:
    """Their names."""
    return frozenset(_sources)


def source_of_kind(kind: str) -> Source | None:
    """The source whose awards are entries of that kind; None for other entries."""
    return next((s for s in _sources.values() if s.kind == kind), None)


def move_kinds() -> frozenset[str]:
    """The kinds of all entries by which credits follow their person."""
    return frozenset(kind for s in _sources.values() for kind in s.move_kinds)
