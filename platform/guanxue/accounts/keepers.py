"""Who keeps something of a person: each room above says here how its part is told, forgotten, merged and parted.

Export, deletion, merging and parting are verbs of this room, but what they touch lies in rooms above it. So each of those
registers a Keeper (wiring.py), and this room asks them in the order in which they were registered: from the bottom up when
something is made, from the top down when it is taken away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guanxue.core.actor import Actor


@dataclass(frozen=True)
class Merging:
    """A merge in hand: its code, which ledger entries and rows may name, the account that stays, the one that goes in, why."""

    code: str
    kept_id: int
    merged_id: int
    reason: str = ""


@dataclass(frozen=True)
class Effect:
    """One thing that a merge does or that a deletion leaves: a sentence for people, and the same as data.

    `sentence` is a lazy text; `what` is a short stable name such as "enrolment.moved", `subject` what it is about
    ("course:12"), `amount` its size in the smallest unit where it has one (millicredits, milliseconds).
    """

    what: str
    subject: str
    sentence: object
    amount: int = 0


@dataclass(frozen=True)
class Plan:
    """What a room would do, worked out before anything is done: told by `effects`, carried out from `steps` (its own).

    `needs_administrator`: of a parting that nobody does by themselves.
    """

    effects: tuple[Effect, ...] = ()
    steps: tuple = ()
    needs_administrator: bool = False


@dataclass(frozen=True)
class Keeper:
    """What one room does with its part of a person. Every call runs inside the caller's transaction.

    `export(person_id)` gives JSON-able data in plain words; `erase(actor, person_id)` forgets what may be forgotten and says
    what stays and why. `lock(kept_id, merged_id)` queues up behind whatever may still change what a plan reads;
    `plan_merge(kept_id, merged_id)` works out a merge, changing nothing. All rooms' plans are made before the first is carried
    out, and `merge(actor, merging, plan)` does exactly what its plan tells; it gives what `plan_part` needs to undo it.
    `plan_part(merging, documents)` (by room) and `part(actor, merging, plan)` are the same for the way back.
    """

    room: str
    export: Callable[[int], dict]
    erase: Callable[[Actor, int], list[Effect]]
    lock: Callable[[int, int], None] = lambda _kept_id, _merged_id: None
    plan_merge: Callable[[int, int], Plan] = lambda _kept_id, _merged_id: Plan()
    merge: Callable[[Actor, Merging, Plan], dict] = lambda _actor, _merging, _plan: {}
    plan_part: Callable[[Merging, dict], Plan] = lambda _merging, _documents: Plan()
    part: Callable[[Actor, Merging, Plan], None] = lambda _actor, _merging, _plan: None
    left: Callable[[int], list[Effect]] = lambda _person_id: []


_keepers: dict[str, Keeper] = {}


def register(keeper: Keeper) -> None:
    """Let the room's part be asked for; again replaces it."""
    _keepers[keeper.room] = keeper


def list_keepers() -> list[Keeper]:
    """All of them, from the bottom room up."""
    return list(_keepers.values())
