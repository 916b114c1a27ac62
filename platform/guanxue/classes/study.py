"""What this room asks about online study. Study lies in a room above, so that room says here how it answers (wiring.py)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Names = list[list[int]]  # [playback id, last seq]: evidence as it stood
People = Sequence[int]  # all accounts of one person


@dataclass(frozen=True)
class Study:
    """Questions about a person's online study, under all their accounts.

    `theory_permille(people, course)`: share of the course's lessons that are done; `online_ms(people, course)`: time that
    counts in it; `completion_of(people, course)`: the row id of their completion; `name_playing(people, from_ms, to_ms)`:
    playbacks that may have played then, as they stand; `playing(names)`: when those really played.
    """

    theory_permille: Callable[[People, int], int] = lambda _people, _course: 0
    online_ms: Callable[[People, int], int] = lambda _people, _course: 0
    completion_of: Callable[[People, int], int | None] = lambda _people, _course: None
    name_playing: Callable[[People, int, int], Names] = lambda _people, _from_ms, _to_ms: []
    playing: Callable[[Names], Sequence[tuple[int, int]]] = lambda _names: ()


_registered = [Study()]


def register(study: Study) -> None:
    """Let the room above answer."""
    _registered[0] = study


def ask() -> Study:
    """Whoever answers."""
    return _registered[0]
