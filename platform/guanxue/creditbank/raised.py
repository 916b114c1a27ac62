"""Marks that were raised: a floor that refused a credit may be met now.

A mark only ever goes up, be it that somebody looked again or that a faulty key was put right. What was posted stays; what a
floor of marks had refused is judged once more, by jobs, and only where some version of the rules has such a floor.
"""

from __future__ import annotations

from guanxue import accounts, jobs, quizzes
from guanxue.creditbank.outcomes import MARK
from guanxue.creditbank.rejudging import current_account
from guanxue.creditbank.versions import list_versions
from guanxue.creditbank.waiting import settle_soon


def settle_marked(event: quizzes.SubmissionMarked) -> None:
    """A person's answers were marked, or marked higher."""
    if _asks_for_marks():
        for person_id in _whose(event.person_id):
            settle_soon(person_id)


def settle_corrected(event: quizzes.KeyCorrected) -> None:
    """A key was put right: whoever handed that paper in may have a better mark."""
    if _asks_for_marks():
        jobs.enqueue("credits.settle_corrected", {"paper_id": event.paper_id}, key=f"{event.paper_id}:{event.regrade_id}",
                     priority=10)


def list_corrected(paper_id: int) -> list[int]:
    """Every account whose credits may rest on what was handed in on the paper."""
    return sorted({account for person_id in quizzes.people_of(paper_id) for account in _whose(person_id)})


def _whose(person_id: int) -> set[int]:
    """The account, and those that it was merged with, be they parted by now: a completion may rest on another's attempt."""
    merges = accounts.list_merges(person_id)
    return {person_id, current_account(person_id), *(m.kept_id for m in merges), *(m.merged_id for m in merges)}


def _asks_for_marks() -> bool:
    return any(floor.component == MARK for version in list_versions() for floor in version.rules.floors)
