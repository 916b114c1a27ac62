"""The worker's part: awards that failed when their completion happened."""

from __future__ import annotations

from guanxue import classes, creditbank, jobs, learning
from guanxue.core.db import end_work, writing
from guanxue.creditbank import raised


def award(job: jobs.Running) -> None:
    """credits.award: post what a completion is worth. Safe to run twice."""
    with writing():
        creditbank.award(learning.get_completion(job.payload["completion_id"]))


def settle_identity(job: jobs.Running) -> None:
    """credits.identity: post what waited until the person was known. Safe to run twice."""
    _settle(job.payload["person_id"])


def settle_raised(job: jobs.Running) -> None:
    """credits.settle_raised: post what a raised mark lifted over a floor. Safe to run twice.

    Raises NotAllDone, which names the accounts that failed.
    """
    accounts_of_them = raised.accounts_behind(job.payload)
    end_work(commit=False)
    jobs.must_be_none(jobs.each_apart(job, accounts_of_them, _settle), "accounts")


def _settle(person_id: int) -> None:
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
