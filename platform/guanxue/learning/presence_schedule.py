"""For inspectors: a person's checks, drawn again from the stored seed. The seed itself, and what is drawn next, stay inside."""

from __future__ import annotations

from dataclasses import dataclass

from guanxue import policies
from guanxue.core.db import session
from guanxue.learning import presence
from guanxue.learning import presence_rules as checks
from guanxue.learning.models import Check, Presence
from guanxue.learning.presence_rules import Standing, Step


@dataclass(frozen=True)
class Drawn:
    """One check as it is kept and as the seed draws it again. `silence_ms`: from its drawing to its proof, None without one."""

    check: Check
    now: Standing
    steps: tuple[Step, ...]
    policy: str
    due_again_ms: int

    @property
    def agrees(self) -> bool:
        """Was it drawn when the seed says: due as stored, and shown by the first beat at or after that?"""
        return self.due_again_ms == self.check.due_ms <= self.check.counted_ms

    @property
    def silence_ms(self) -> int | None:
        """How long it took until presence was shown, from when it came due."""
        return None if self.now.proved_ms is None else self.now.proved_ms - self.check.drawn_ms


def list_schedule(person_id: int) -> list[Drawn]:
    """The person's checks in order, each drawn again; a number that is left out is missing in the list."""
    state, found = session.get(Presence, person_id), presence.list_checks([person_id])
    steps = presence.steps_of([c.id for c in found])
    told = []
    for check in found:
        policy = policies.get_policy(check.policy_id)
        again = checks.due_ms(state.seed, check.number, policy.numbers.presence_min_ms, policy.numbers.presence_max_ms)
        told.append(Drawn(check, checks.standing_of(steps[check.id]), tuple(steps[check.id]), policy.name, again))
    return told
