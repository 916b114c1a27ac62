"""The worker's part: one writer keeps the index true."""

from __future__ import annotations

from guanxue import jobs, search
from guanxue.core.db import session


def update(job: jobs.Running) -> None:
    """search.update: one document. Safe to run twice."""
    search.update(job.payload["kind"], job.payload["id"])
    session.remove()
