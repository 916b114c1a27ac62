"""What happened in classes."""

from __future__ import annotations

from dataclasses import dataclass

from guanxue.core.actor import Actor


@dataclass(frozen=True)
class ClassCompleted:
    """Enough of a class was attended, and its course is complete where it has one."""

    completion_id: int
    class_id: int
    person_id: int


@dataclass(frozen=True)
class SignedHere:
    """Somebody signed in or out with a code from the screen, from where the actor says."""

    actor: Actor
    attendance_id: int
