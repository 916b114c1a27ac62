"""Marks that were raised: a floor that refused a credit may be met now.

A mark only ever goes up, be it that somebody looked again or that a faulty key was put right. What was posted stays; what a
floor of marks had refused is judged once more, by jobs, and only where some version of the rules has such a floor.
"""

from __future__ import annotations

from guanxue import accounts, jobs, quizzes
from guanxue.creditbank.outcomes import MARK
from guanxue.creditbank.versions import list_versions


def settle_marked(event: quizzes.SubmissionMarked) -> None:
    """A person's answers were marked, or marked higher."""
    _settle_later({"person_id": event.person_id}, f"person:{event.person_id}")


def settle_corrected(event: quizzes.KeyCorrected) -> None:
    """A key was put right: whoever handed that paper in may have a better mark."""
    _settle_later({"paper_id": event.paper_id}, f"paper:{event.paper_id}:{event.regrade_id}")


def _settle_later(whose: dict, key: str) -> None:
    if _asks_for_marks():
        jobs.enqueue("credits.settle_raised", whose, key=key, priority=10)


def accounts_behind(whose: dict) -> list[int]:
    """Every account whose credits may rest on what that person, or whoever took that paper, handed in: those accounts, and all
    that they were ever merged with, be they parted by now. A completion may rest on another's attempt."""
    found = {whose["person_id"]} if "person_id" in whose else set(quizzes.people_of(whose["paper_id"]))
    ends = [{m.kept_id, m.merged_id} for m in accounts.list_merges()]
    while more := {one for pair in ends if pair & found for one in pair - found}:
        found |= more
    return sorted(found)


def _asks_for_marks() -> bool:
    return any(floor.component == MARK for version in list_versions() for floor in version.rules.floors)
