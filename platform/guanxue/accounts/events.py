"""What happened to people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PersonRenamed:
    """A person's name is another one now, also because it was erased: what is kept in memory with it is old."""

    person_id: int
