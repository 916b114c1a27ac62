"""What learners achieved."""

from __future__ import annotations

from dataclasses import dataclass

from guanxue.core.actor import Actor


@dataclass(frozen=True)
class LessonCompleted:
    """Enough of a lesson counts, or its quiz was passed."""

    person_id: int
    revision_lesson_id: int
    enrolment_id: int


@dataclass(frozen=True)
class CourseCompleted:
    """Every lesson of the pinned revision is complete. `content_ms` is what it is worth."""

    completion_id: int
    enrolment_id: int
    person_id: int
    course_id: int
    revision_id: int
    policy_id: int
    content_ms: int
    evidence_digest: str


@dataclass(frozen=True)
class Enrolled:
    """A person joined a course (again)."""

    enrolment_id: int
    person_id: int
    course_id: int


@dataclass(frozen=True)
class StudyBegan:
    """Somebody opened a playback or went on with an attempt, from where the actor says; `ref`: "playback:12", "attempt:abc"."""

    actor: Actor
    ref: str
