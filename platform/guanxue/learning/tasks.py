"""The worker's part: what follows for learners when a faulty key was put right, what is handed in or let go when its time is
over."""

from __future__ import annotations

from guanxue import accounts, jobs
from guanxue.core.db import end_work, writing
from guanxue.learning import attempts, judging, lapsing

AT_ONCE = 100


def settle_correction(job: jobs.Running) -> None:
    """learning.settle_correction: whoever passes now completes the lesson. Safe to run twice.

    Raises NotAllDone, which names the attempts that failed.
    """
    after, is_more = "", True
    failed: list[str] = []
    while is_more and not job.is_lost():
        with writing():
            unpassed, after = judging.list_unpassed(job.payload["paper_id"], after, AT_ONCE)
        is_more = bool(after)
        failed += jobs.each_apart(job, unpassed, _settle)
    jobs.must_be_none(failed, "attempts")


def _settle(attempt_id: str) -> None:
    if judging.passes_now(attempt_id):
        with writing():
            judging.settle_attempt(attempt_id)


def hand_in(job: jobs.Running) -> None:
    """learning.hand_in: a try whose time is over is handed in as it was saved. Safe to run twice."""
    with writing():
        attempts.hand_in_over(job.payload["attempt_id"])


def lapse(job: jobs.Running) -> None:
    """learning.lapse: let old study go, an enrolment a transaction, and ask for tomorrow's look. Twice is once.

    What is kept of erased people's numbers goes the same night.
    """
    with writing():
        lapsing.watch_lapses()
        accounts.let_numbers_go()
    after, is_more = 0, True
    while is_more and not job.is_lost():
        due = lapsing.list_due(after, AT_ONCE)
        end_work(commit=False)
        for enrolment_id in due:
            with writing():
                lapsing.let_go(enrolment_id)
        is_more, after = bool(due), max(due, default=after)
