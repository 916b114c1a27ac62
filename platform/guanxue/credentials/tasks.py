"""The worker's part: credentials of what was just earned."""

from __future__ import annotations

from guanxue import credentials, jobs
from guanxue.core.db import writing


def issue(job: jobs.Running) -> None:
    """credentials.issue: everything that the person's credits allow. Safe to run twice."""
    with writing():
        credentials.issue_all(job.payload["person_id"])
