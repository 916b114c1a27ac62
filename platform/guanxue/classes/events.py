"""What happened in classes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ClassCompleted:
    """Enough of a class was attended, and its course is complete where it has one."""

    completion_id: int
    class_id: int
    person_id: int
