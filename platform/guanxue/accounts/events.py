"""What happened to people."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PersonRenamed:
    """A person's name is another one now, also because it was erased: what is kept in memory with it is old."""

    person_id: int


@dataclass(frozen=True)
class IdentityRaised:
    """It is known better than before who the person is; `level` of policies.LEVELS. What waited for it may go on."""

    person_id: int
    level: int


@dataclass(frozen=True)
class IdentityDisputed:
    """Somebody stated a document that another account holds: `document` is its code, `kind` what it is. Once a claimant."""

    holder_id: int
    claimant_id: int
    document: str
    kind: str
