"""Reading papers and attempts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.quizzes.errors import NoSuchAttempt
from guanxue.quizzes.models import Attempt, Extension, Paper, Submission


def get_paper(paper_id: int) -> Paper:
    """The paper with that row id. Raises NotFound."""
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise NotFound(_("没有这份试卷。"))
    return paper


def get_attempt(attempt_id: str, person_id: int, *, lock: bool = False) -> Attempt:
    """The person's own attempt. Raises NoSuchAttempt, also for somebody else's."""
    query = select(Attempt).where(Attempt.id == attempt_id, Attempt.person_id == person_id)
    attempt = session.scalar(query.with_for_update() if lock else query)
    if attempt is None:
        raise NoSuchAttempt(_("没有这次考核。"))
    return attempt


def list_extensions(attempt_id: str) -> list[Extension]:
    """The times somebody asked for more time for the attempt, first to last."""
    return list(session.scalars(select(Extension).where(Extension.attempt_id == attempt_id).order_by(Extension.number)))


def find_submission(attempt_id: str) -> Submission | None:
    """What was handed in for the attempt."""
    return session.get(Submission, attempt_id)


def list_attempts(person_id: int, subject: str) -> list[tuple[Attempt, Submission | None]]:
    """The person's attempts at something, oldest first, with what was handed in."""
    rows = session.execute(
        select(Attempt, Submission).outerjoin(Submission, Submission.attempt_id == Attempt.id)
        .where(Attempt.person_id == person_id, Attempt.subject == subject).order_by(Attempt.started_at, Attempt.id))
    return [(attempt, submission) for attempt, submission in rows]


def find_open_attempt(person_id: int, subject: str) -> Attempt | None:
    """The attempt that is neither handed in nor out of time."""
    for attempt, submission in reversed(list_attempts(person_id, subject)):
        if submission is None and attempt.expires_at > clock.now():
            return attempt
    return None


def attempts_left(
    person_id: int, subject: str, attempts: int, cooldown_ms: int, elsewhere: Iterable[tuple[int, str]] = (),
) -> int:
    """How many attempts may still be begun now: `attempts` within any stretch of `cooldown_ms`.

    `elsewhere`: (person, subject) of further attempts that count.
    """
    since = clock.now() - timedelta(milliseconds=cooldown_ms)
    used = sum(1 for who, what in ((person_id, subject), *elsewhere) for attempt, _submission in list_attempts(who, what)
               if attempt.started_at > since)
    return max(0, attempts - used)
