"""Pure rules: how long a text may be, who may take what down, what an average says."""

from __future__ import annotations

from guanxue.core.actor import Actor

LONGEST_RATING, LONGEST_QUESTION, LONGEST_ANSWER, LONGEST_REASON = 300, 1000, 2000, 200
QUESTIONS_A_DAY, ANSWERS_A_DAY = 20, 60
FEWEST_RATINGS = 3  # below that an average tells about persons, not about a course
KINDS = ("rating", "question", "answer")


def may_remove(actor: Actor, kind: str, *, author_id: int, teaches: bool) -> bool:
    """Its author; reviewers; the course's teacher too, but never what is said about their course's worth."""
    if actor.may("review") or (actor.is_person and actor.id == author_id):
        return True
    return teaches and kind != "rating"


def average_tenths(stars: list[int]) -> int | None:
    """Tenths of a star, half up; None while there are too few."""
    return None if len(stars) < FEWEST_RATINGS else (sum(stars) * 20 // len(stars) + 1) // 2
