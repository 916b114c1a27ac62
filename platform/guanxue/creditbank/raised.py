"""Marks that were raised: a floor that refused a credit may be met now.

A mark only ever goes up, be it that somebody looked again or that a faulty key was put right. What was posted stays; what a
floor of marks had refused is judged once more, by jobs, and only where some version of the rules has such a floor.
"""

from __future__ import annotations

from guanxue import jobs, quizzes
from guanxue.creditbank.outcomes import MARK
from guanxue.creditbank.rejudging import current_account
from guanxue.creditbank.versions import list_versions
from guanxue.creditbank.waiting import settle_soon


def settle_marked(event: quizzes.SubmissionMarked) -> None:
    """A person's answers were marked, or marked higher."""
    if _asks_for_marks():
        settle_soon(current_account(event.person_id))


def settle_corrected(event: quizzes.KeyCorrected) -> None:
    """A key was put right: whoever handed that paper in may have a better mark."""
    if _asks_for_marks():
        jobs.enqueue("credits.settle_corrected", {"paper_id": event.paper_id}, key=f"{event.paper_id}:{event.regrade_id}",
                     priority=10)


def list_corrected(paper_id: int) -> list[int]:
    """The accounts of everybody who handed in the paper, each once."""
    return sorted({current_account(attempt.person_id) for attempt, _submission in quizzes.list_submitted(paper_id)})


def _asks_for_marks() -> bool:
    return any(floor.component == MARK for version in list_versions() for floor in version.rules.floors)
