"""What became of what was handed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SubmissionMarked:
    """A person marked the last short answer that waited, or raised a mark since: the score may be another now."""

    attempt_id: str
    person_id: int
    subject: str


@dataclass(frozen=True)
class KeyCorrected:
    """A faulty key was put right: who was graded by it may have more now, and may have passed."""

    regrade_id: int
    paper_id: int
