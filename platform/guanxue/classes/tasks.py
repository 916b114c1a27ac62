"""The worker's part: a class that a completed course completes, where that failed at once."""

from __future__ import annotations

from guanxue import classes, jobs
from guanxue.core.db import writing


def settle(job: jobs.Running) -> None:
    """classes.settle: classes that waited for somebody's course. Safe to run twice."""
    with writing():
        classes.settle_course(job.payload["person_id"], job.payload["course_id"])


def settle_class(job: jobs.Running) -> None:
    """classes.settle_class: whoever has completed a closed class by now. Safe to run twice."""
    with writing():
        classes.settle_class(job.payload["class_id"])
