"""What drafts leave behind: lessons removed long ago, and subtitles that a script saved while somebody went on writing."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Text, select, type_coerce

from guanxue import jobs, media
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.courses.models import Lesson, Removed, RevisionLesson
from guanxue.courses.removals import forget_removed
from guanxue.courses.reviews import Candidate

JOB = "courses.tidy"
_SAID = type_coerce(Candidate.document, Text)


def tidy_drafts() -> int:
    """Forget what can no longer be put back, and fold quiet saves: how many of these went. Twice is once."""
    forget_removed()
    passed = media.list_passed()
    for column in (Lesson.subtitles_id, RevisionLesson.subtitles_id, Removed.subtitles_id):
        for named in session.scalars(select(column).where(column.in_(list(passed)))):
            passed.pop(named, None)
    gone = [id for id, digest in passed.items()
            if session.scalar(select(Candidate.id).where(_SAID.contains(digest)).limit(1)) is None]
    media.forget_subtitles(gone)
    return len(gone)


def watch_drafts() -> None:
    """Have that done every night, a little after the licences; asked for again it is the same."""
    tomorrow = (clock.now().astimezone(clock.CITY) + timedelta(days=1)).replace(hour=0, minute=20, second=0, microsecond=0)
    jobs.enqueue(JOB, {}, key="daily", run_at=tomorrow)
