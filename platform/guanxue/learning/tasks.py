"""The worker's part: what follows for learners when a faulty key was put right, and what is let go when its time is over."""

from __future__ import annotations

import logging

from guanxue import jobs
from guanxue.core.db import end_work, writing
from guanxue.learning import judging, lapsing

log = logging.getLogger(__name__)
AT_ONCE = 100
MOST_NAMED = 10


class NotAllCorrected(Exception):
    """Some attempts could not be settled; the rest was. The job is tried again, and settles only what is still open."""


def settle_correction(job: jobs.Running) -> None:
    """learning.settle_correction: whoever passes now completes the lesson. Safe to run twice.

    Each attempt is a transaction of its own: one that fails keeps nothing half-written and holds up nobody else.
    Raises NotAllCorrected, which names those that failed, so that the job is told of and tried again.
    """
    after, is_more = "", True
    failed: list[str] = []
    while is_more and not job.is_lost():
        with writing():
            unpassed, after = judging.list_unpassed(job.payload["paper_id"], after, AT_ONCE)
        is_more = bool(after)
        failed += [attempt_id for attempt_id in unpassed if not job.is_lost() and not _is_settled(attempt_id)]
    if failed:
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        raise NotAllCorrected(f"{len(failed)} attempts not settled: {', '.join(failed[:MOST_NAMED])}{more}")


def _is_settled(attempt_id: str) -> bool:
    try:
        if judging.passes_now(attempt_id):
            with writing():
                judging.settle_attempt(attempt_id)
    except Exception:
        end_work(commit=False)
        log.exception("the corrected key could not be applied to attempt %s", attempt_id)
        return False
    return True


def lapse(job: jobs.Running) -> None:
    """learning.lapse: let old study go, an enrolment a transaction, and ask for tomorrow's look. Twice is once."""
    with writing():
        lapsing.watch_lapses()
    after, is_more = 0, True
    while is_more and not job.is_lost():
        due = lapsing.list_due(after, AT_ONCE)
        end_work(commit=False)
        for enrolment_id in due:
            with writing():
                lapsing.let_go(enrolment_id)
        is_more, after = bool(due), max(due, default=after)
