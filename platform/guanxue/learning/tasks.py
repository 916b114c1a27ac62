"""The worker's part: what follows for learners when a faulty key was put right."""

from __future__ import annotations

from guanxue import jobs
from guanxue.core.db import writing
from guanxue.learning import judging

AT_ONCE = 100


def settle_correction(job: jobs.Running) -> None:
    """learning.settle_correction: whoever passes now completes the lesson. Safe to run twice."""
    after, is_more = "", True
    while is_more and not job.is_lost():
        with writing():
            passing, after = judging.list_passing(job.payload["paper_id"], after, AT_ONCE)
        is_more = bool(after)
        for attempt_id in passing:
            with writing():
                judging.settle_attempt(attempt_id)
