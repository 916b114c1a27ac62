"""What happened in tracks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class TrackFinished:
    """A member completed every required course of a track."""

    track_id: int
    person_id: int
