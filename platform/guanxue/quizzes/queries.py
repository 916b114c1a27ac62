"""Reading papers, attempts, marks and corrections of keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import func, select

from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.quizzes.errors import NoSuchAttempt
from guanxue.quizzes.models import Attempt, Extension, Mark, Opinion, Paper, Regrade, RegradeRequest, Submission


def get_paper(paper_id: int) -> Paper:
    """The paper with that row id. Raises NotFound."""
    paper = session.get(Paper, paper_id)
    if paper is None:
        raise NotFound(_("没有这份试卷。"))
    return paper


def lock_paper(paper_id: int, *, alone: bool = False) -> Paper:
    """The paper, locked: whoever grades by its key goes together, whoever puts the key right goes `alone`."""
    query = select(Paper).where(Paper.id == paper_id)
    query = query.with_for_update(key_share=True) if alone else query.with_for_update(read=True)
    return session.scalars(query).one()


def get_attempt_of(submission: Submission) -> Attempt:
    """The attempt that was handed in."""
    return session.get(Attempt, submission.attempt_id)


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


def list_unfinished(paper_ids: Iterable[int], since: datetime) -> list[Attempt]:
    """Attempts at these papers that were not handed in and were still running then."""
    return list(session.scalars(
        select(Attempt).outerjoin(Submission, Submission.attempt_id == Attempt.id)
        .where(Attempt.paper_id.in_(list(paper_ids)), Attempt.expires_at > since, Submission.attempt_id.is_(None))
        .order_by(Attempt.id)))


def list_open_of(paper_id: int, person_ids: Iterable[int]) -> list[Attempt]:
    """Attempts at the paper by any of these people that were not handed in, also those out of time; oldest first."""
    return list(session.scalars(
        select(Attempt).outerjoin(Submission, Submission.attempt_id == Attempt.id)
        .where(Attempt.paper_id == paper_id, Attempt.person_id.in_(list(person_ids)), Submission.attempt_id.is_(None))
        .order_by(Attempt.started_at, Attempt.id)))


def has_attempt(paper_id: int, person_ids: Iterable[int]) -> bool:
    """Did any of these people ever begin an attempt at the paper, handed in or not?"""
    return session.scalar(select(Attempt.id).where(
        Attempt.paper_id == paper_id, Attempt.person_id.in_(list(person_ids))).limit(1)) is not None


def is_outrun(attempt: Attempt) -> bool:
    """Is it out of time, and was another try at the paper begun since? What those tell must not be answered here."""
    return attempt.expires_at <= clock.now() and session.scalar(select(Attempt.id).where(
        Attempt.person_id == attempt.person_id, Attempt.paper_id == attempt.paper_id,
        Attempt.started_at > attempt.started_at).limit(1)) is not None


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
    return max(0, attempts - len(_list_counted(person_id, subject, cooldown_ms, elsewhere)))


def next_try_at(
    person_id: int, subject: str, attempts: int, cooldown_ms: int, elsewhere: Iterable[tuple[int, str]] = (),
) -> datetime | None:
    """From when on an attempt may be begun; None where one may be now. Takes what attempts_left() takes."""
    began = _list_counted(person_id, subject, cooldown_ms, elsewhere)
    return began[-attempts] + timedelta(milliseconds=cooldown_ms) if len(began) >= attempts else None


def _list_counted(person_id: int, subject: str, cooldown_ms: int, elsewhere: Iterable[tuple[int, str]]) -> list[datetime]:
    """When the attempts that count now were begun, oldest first."""
    since = clock.now() - timedelta(milliseconds=cooldown_ms)
    return sorted(attempt.started_at for who, what in ((person_id, subject), *elsewhere)
                  for attempt, _submission in list_attempts(who, what) if attempt.started_at > since)


# ---- marks


def list_marks(attempt_id: str) -> list[Mark]:
    """Every mark that people gave for the attempt's short answers, oldest first."""
    return list(session.scalars(select(Mark).where(Mark.attempt_id == attempt_id).order_by(Mark.id)))


def list_opinions(attempt_id: str, question_id: str | None = None) -> list[Opinion]:
    """What people gave short answers of a strict exam (one of them, where given), oldest first."""
    query = select(Opinion).where(Opinion.attempt_id == attempt_id).order_by(Opinion.id)
    return list(session.scalars(query if question_id is None else query.where(Opinion.question_id == question_id)))


def papers_waiting() -> set[int]:
    """Row ids of papers on which short answers wait for a mark."""
    rows = session.scalars(select(Attempt.paper_id).join(Submission, Submission.attempt_id == Attempt.id)
                           .where(Submission.short_count > _MARKED).distinct())
    return set(rows)


def get_submission(attempt_id: str, *, lock: bool = False) -> Submission:
    """What was handed in for the attempt. Raises NoSuchAttempt."""
    query = select(Submission).where(Submission.attempt_id == attempt_id)
    submission = session.scalar(query.with_for_update() if lock else query)
    if submission is None:
        raise NoSuchAttempt(_("没有这份答卷。"))
    return submission


_MARKED = (select(func.count(Mark.question_id.distinct())).where(Mark.attempt_id == Submission.attempt_id)
           .correlate(Submission).scalar_subquery())
_SHORT = (select(Attempt, Submission).join(Submission, Submission.attempt_id == Attempt.id)
          .where(Submission.short_count > 0))


def list_waiting(paper_ids: Iterable[int]) -> list[tuple[Attempt, Submission]]:
    """What was handed in on these papers and has short answers without a mark, handed in first first."""
    rows = session.execute(_SHORT.where(Attempt.paper_id.in_(set(paper_ids)), Submission.short_count > _MARKED)
                           .order_by(Submission.submitted_at, Submission.attempt_id))
    return [(attempt, submission) for attempt, submission in rows]


def list_awaiting(person_id: int) -> list[tuple[Attempt, Submission]]:
    """What the person handed in and nobody has marked whole, handed in first first."""
    rows = session.execute(_SHORT.where(Attempt.person_id == person_id, Submission.short_count > _MARKED)
                           .order_by(Submission.submitted_at))
    return [(attempt, submission) for attempt, submission in rows]


def list_marked_since(person_id: int, since: datetime) -> list[tuple[Attempt, Submission]]:
    """What the person handed in and people have marked whole, the last of it since then; the newest handed in first."""
    newest = select(func.max(Mark.at)).where(Mark.attempt_id == Submission.attempt_id).correlate(Submission).scalar_subquery()
    rows = session.execute(_SHORT.where(Attempt.person_id == person_id, Submission.short_count <= _MARKED, newest >= since)
                           .order_by(Submission.submitted_at.desc()))
    return [(attempt, submission) for attempt, submission in rows]


def list_marked(paper_ids: Iterable[int], most: int) -> list[tuple[Attempt, Submission]]:
    """What was handed in on these papers and is marked, the newest mark first."""
    newest = select(func.max(Mark.id)).where(Mark.attempt_id == Submission.attempt_id).correlate(Submission).scalar_subquery()
    rows = session.execute(_SHORT.where(Attempt.paper_id.in_(set(paper_ids)), Submission.short_count <= _MARKED)
                           .order_by(newest.desc()).limit(most))
    return [(attempt, submission) for attempt, submission in rows]


# ---- corrections of keys


def list_regrades(paper_id: int) -> list[Regrade]:
    """Every correction of the paper's key, oldest first."""
    return list(session.scalars(select(Regrade).where(Regrade.paper_id == paper_id).order_by(Regrade.id)))


def list_regrades_of(attempt_id: str) -> list[Regrade]:
    """Every correction of the key of the attempt's paper, oldest first."""
    return list(session.scalars(select(Regrade).join(Attempt, Attempt.paper_id == Regrade.paper_id)
                                .where(Attempt.id == attempt_id).order_by(Regrade.id)))


def get_regrade(regrade_id: int) -> Regrade:
    """The correction with that row id. Raises NotFound."""
    regrade = session.get(Regrade, regrade_id)
    if regrade is None:
        raise NotFound(_("没有这次更正。"))
    return regrade


def get_request(request_id: int, *, lock: bool = False) -> RegradeRequest:
    """The request to put a key right with that row id. Raises NotFound."""
    query = select(RegradeRequest).where(RegradeRequest.id == request_id).execution_options(populate_existing=lock)
    request = session.scalar(query.with_for_update() if lock else query)
    if request is None:
        raise NotFound(_("没有这个更正申请。"))
    return request


def list_requests(subject: str | None = None, *, is_open: bool | None = None) -> list[RegradeRequest]:
    """Requests to put keys right (about one subject, or open ones only, where given), oldest first."""
    query = select(RegradeRequest).order_by(RegradeRequest.id)
    if subject is not None:
        query = query.where(RegradeRequest.subject == subject)
    if is_open is not None:
        query = query.where(RegradeRequest.answer.is_(None) if is_open else RegradeRequest.answer.is_not(None))
    return list(session.scalars(query))


def list_submitted(paper_id: int, after: str = "", most: int | None = None) -> list[tuple[Attempt, Submission]]:
    """Everything handed in on the paper, by attempt id: those after `after`, at most so many."""
    query = (select(Attempt, Submission).join(Submission, Submission.attempt_id == Attempt.id)
             .where(Attempt.paper_id == paper_id, Attempt.id > after).order_by(Attempt.id))
    return [(attempt, submission) for attempt, submission in session.execute(query.limit(most) if most else query)]


def people_of(paper_id: int) -> list[int]:
    """The accounts under which the paper was handed in, each once."""
    return list(session.scalars(select(Attempt.person_id).join(Submission, Submission.attempt_id == Attempt.id)
                                .where(Attempt.paper_id == paper_id).distinct().order_by(Attempt.person_id)))


def list_corrected(person_id: int, since: datetime) -> list[tuple[Regrade, Attempt, Submission]]:
    """What the person had handed in before its paper's key was put right since then, the newest correction first."""
    rows = session.execute(
        select(Regrade, Attempt, Submission).join(Attempt, Attempt.paper_id == Regrade.paper_id)
        .join(Submission, Submission.attempt_id == Attempt.id)
        .where(Attempt.person_id == person_id, Regrade.id > Submission.regrade_id, Regrade.at >= since)
        .order_by(Regrade.id.desc(), Attempt.id))
    return [(regrade, attempt, submission) for regrade, attempt, submission in rows]
