"""The worker's part: awards that failed when their completion happened."""

from __future__ import annotations

from guanxue import creditbank, jobs, learning
from guanxue.core.db import writing


def award(job: jobs.Running) -> None:
    """credits.award: post what a completion is worth. Safe to run twice."""
    with writing():
        creditbank.award(learning.get_completion(job.payload["completion_id"]))
