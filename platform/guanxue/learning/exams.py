"""What a policy asks of exams: which are strict, the grace for a lost line, time granted to one person, being spared lessons.

Being spared (test-out): who reaches the policy's mark in their first try may complete the course without its other lessons.
It is their own step, never done for them: a completion is written once, and who goes on studying first earns those hours too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guanxue import accounts, courses, policies, quizzes
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import carried
from guanxue.learning.models import Completion, Enrolment


def is_strict(enrolment: Enrolment, lesson: RevisionLesson) -> bool:
    """Is the exam one on which money or a certificate rests? Then two people mark it, and its key stays closed until a pass."""
    return bool(policies.get_policy(enrolment.policy_id).numbers.identity_at) or courses.is_strict_exam(lesson)


def grace_ms(enrolment: Enrolment) -> int:
    """How long after the end answers count that a lost line held up."""
    return policies.get_policy(enrolment.policy_id).numbers.exam_grace_ms


def attempt_subject(enrolment: Enrolment, lesson: RevisionLesson) -> str:
    """How an attempt names what it is for."""
    return f"enrolment:{enrolment.id}/lesson:{lesson.id}"


def time_subject(course_id: int) -> str:
    """How time granted for a course's exams is named."""
    return f"course:{course_id}"


def extra_permille(enrolment: Enrolment) -> int:
    """How much more time the person was granted, under any of their accounts."""
    return quizzes.extra_permille(time_subject(enrolment.course_id), accounts.all_accounts_of(enrolment.person_id))


# ---- being spared the lessons


@dataclass(frozen=True)
class Spared:
    """A first try that spares the lessons: the attempt, its score of 0…100, and the lessons that are not complete."""

    attempt_id: str
    score: int
    lessons: tuple[RevisionLesson, ...]


def first_attempt(sources: list[carried.Source], lesson_id: int) -> quizzes.Attempt | None:
    """The first try at a quiz lesson, handed in or not, of everything that counts for an enrolment."""
    tries = [a for s in sources for who, subject in s.subjects(lesson_id) for a, _done in quizzes.list_attempts(who, subject)]
    return min(tries, key=lambda a: (a.started_at, a.id), default=None)


def may_spare(enrolment: Enrolment, quiz: RevisionLesson) -> int:
    """The mark that spares the lessons, while the first try is still ahead; 0 where none does."""
    mark = policies.get_policy(enrolment.policy_id).numbers.test_out_mark
    return mark if mark and first_attempt(carried.sources_of(enrolment), quiz.id) is None else 0


def find_spared(enrolment: Enrolment, unfinished: list[RevisionLesson]) -> Spared | None:
    """What the person's first try spares them of these lessons; None where it does not, or none is unfinished."""
    mark = policies.get_policy(enrolment.policy_id).numbers.test_out_mark
    quiz = next((x for x in courses.lessons_of(enrolment.revision_id) if x.kind == "quiz"), None)
    if not mark or quiz is None or not unfinished or any(x.kind == "quiz" for x in unfinished):
        return None
    first = first_attempt(carried.sources_of(enrolment), quiz.id)
    submission = quizzes.find_submission(first.id) if first is not None else None
    if submission is None:
        return None
    now = quizzes.standing_of(submission)
    if not now.is_decided or now.score < max(mark, courses.get_revision(enrolment.revision_id).pass_mark):
        return None
    return Spared(first.id, now.score, tuple(unfinished))


def spared_by(completion: Completion, sources: list[carried.Source], standing_of: Callable[[str], quizzes.Standing],
              faults: list[object]) -> set[int]:
    """Lessons that a completion says its first try spared; a fault where that try does not do so.

    `standing_of`: what an attempt is worth by what the completion names.
    """
    lesson_ids = set(completion.evidence.get("tested_out", ()))
    if not lesson_ids:
        return set()
    mark = policies.get_policy(completion.policy_id).numbers.test_out_mark
    quiz = next((x for x in courses.lessons_of(completion.revision_id) if x.kind == "quiz"), None)
    first = first_attempt(sources, quiz.id) if quiz is not None else None
    if mark and first is not None and [quiz.id, first.id] in completion.evidence["attempts"] and quiz.id not in lesson_ids:
        now = standing_of(first.id)
        if now.is_decided and now.score >= mark:
            return lesson_ids
    faults.append(_("结业记录说免修了课，但第一次考核的成绩不够。"))
    return set()
