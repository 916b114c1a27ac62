"""What happens to cases."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CaseOpened:
    """A case was opened; those concerned can answer."""

    case_id: int


@dataclass(frozen=True)
class CaseDecided:
    """A case has a decision, and its letter; nothing follows from it while it can be appealed against."""

    case_id: int


@dataclass(frozen=True)
class CaseClosed:
    """A case is over: its last decision stands, and what it says is to follow is carried out now."""

    case_id: int
