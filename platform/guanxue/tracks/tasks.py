"""The worker's part: finishes that a changed track or a fault left undone."""

from __future__ import annotations

from guanxue import jobs, tracks
from guanxue.core.db import writing
from guanxue.tracks import queries


def settle(job: jobs.Running) -> None:
    """tracks.settle: of a track's members, or of a person's tracks. Safe to run twice."""
    with writing():
        if "track_id" in job.payload:
            pairs = [(job.payload["track_id"], person_id) for person_id in queries.member_ids(job.payload["track_id"])]
        else:
            person_id = job.payload["person_id"]
            pairs = [(track.id, person_id) for track in queries.list_tracks_with(person_id)]
    for track_id, person_id in pairs:
        if job.is_lost():
            return
        with writing():
            tracks.settle_person(track_id, person_id)
