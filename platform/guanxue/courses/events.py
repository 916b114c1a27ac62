"""What happened to courses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class CoursePublished:
    """A revision was frozen and is what new learners enrol in."""

    course_id: int
    revision_id: int


@dataclass(frozen=True)
class RestEnded:
    """A complaint no longer keeps a course or a lesson from its learners, or not all of them: it had since `began_at`."""

    course_id: int
    began_at: datetime


@dataclass(frozen=True)
class LessonReady:
    """A revision's video is whole; its duration is known and will not change."""

    revision_id: int
    revision_lesson_id: int
