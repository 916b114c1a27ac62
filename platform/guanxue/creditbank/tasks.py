"""The worker's part: awards that failed when their completion happened."""

from __future__ import annotations

import logging

from guanxue import classes, creditbank, jobs, learning
from guanxue.core.db import end_work, writing
from guanxue.creditbank import raised

log = logging.getLogger(__name__)
MOST_NAMED = 10


class NotAllSettled(Exception):
    """Some people could not be credited; the others were."""


def award(job: jobs.Running) -> None:
    """credits.award: post what a completion is worth. Safe to run twice."""
    with writing():
        creditbank.award(learning.get_completion(job.payload["completion_id"]))


def settle_identity(job: jobs.Running) -> None:
    """credits.identity: post what waited until the person was known. Safe to run twice."""
    with writing():
        creditbank.settle_person(job.payload["person_id"])


def settle_corrected(job: jobs.Running) -> None:
    """credits.settle_corrected: post what a corrected key lifted over a floor. Safe to run twice.

    A transaction a person: one that fails holds up nobody else. Raises NotAllSettled, so that the job is tried again.
    """
    person_ids = raised.list_corrected(job.payload["paper_id"])
    end_work(commit=False)
    failed = [n for n in person_ids if not job.is_lost() and not _is_settled(n)]
    if failed:
        raise NotAllSettled(f"{len(failed)} people not settled: {failed[:MOST_NAMED]}")


def _is_settled(person_id: int) -> bool:
    try:
        with writing():
            creditbank.settle_person(person_id)
    except Exception:
        end_work(commit=False)
        log.exception("what a corrected key lifted could not be credited to person %s", person_id)
        return False
    return True


def expire(_job: jobs.Running) -> None:
    """credits.expire: end what is over, and ask for tomorrow's round. Twice is once."""
    with writing():
        creditbank.expire_over()
        creditbank.watch_expiry()


def award_class(job: jobs.Running) -> None:
    """credits.award_class: post what a completed class is worth. Safe to run twice."""
    with writing():
        creditbank.award_attended(classes.get_completion(job.payload["completion_id"]))
