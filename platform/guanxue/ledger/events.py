"""What happened in the ledger, for the rooms that know whose accounts these are."""

from __future__ import annotations

from dataclasses import dataclass

from guanxue.core.actor import Actor


@dataclass(frozen=True)
class EntryReversed:
    """A contra entry was posted: entry `number` no longer counts. `postings` are its own, (account, millicredits)."""

    actor: Actor
    number: int
    contra: int
    postings: tuple[tuple[str, int], ...]
    reason: str
    authority: str
