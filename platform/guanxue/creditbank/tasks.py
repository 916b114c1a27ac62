"""The worker's part: awards that failed when their completion happened."""

from __future__ import annotations

from guanxue import classes, creditbank, jobs, learning
from guanxue.core.db import writing
from guanxue.creditbank import raised


def award(job: jobs.Running) -> None:
    """credits.award: post what a completion is worth. Safe to run twice."""
    with writing():
        creditbank.award(learning.get_completion(job.payload["completion_id"]))


def settle_identity(job: jobs.Running) -> None:
    """credits.identity: post what waited until the person was known. Safe to run twice."""
    with writing():
        creditbank.settle_person(job.payload["person_id"])


def settle_corrected(job: jobs.Running) -> None:
    """credits.settle_corrected: post what a corrected key lifted over a floor. A transaction a person; safe to run twice."""
    with writing():
        person_ids = raised.list_corrected(job.payload["paper_id"])
    for person_id in person_ids:
        if job.is_lost():
            return
        with writing():
            creditbank.settle_person(person_id)


def expire(_job: jobs.Running) -> None:
    """credits.expire: end what is over, and ask for tomorrow's round. Twice is once."""
    with writing():
        creditbank.expire_over()
        creditbank.watch_expiry()


def award_class(job: jobs.Running) -> None:
    """credits.award_class: post what a completed class is worth. Safe to run twice."""
    with writing():
        creditbank.award_attended(classes.get_completion(job.payload["completion_id"]))
