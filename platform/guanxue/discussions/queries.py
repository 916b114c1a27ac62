"""Finding ratings, questions with their answers, and what was reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.core.prepared import Prepared
from guanxue.discussions import rules
from guanxue.discussions.errors import NoSuchPost
from guanxue.discussions.models import Answer, Question, Rating, Report

PER_PAGE = 20
MODELS = {"rating": Rating, "question": Question, "answer": Answer}
Post = Rating | Question | Answer


@dataclass(frozen=True)
class Summary:
    """How many rate a course and, once there are enough, their average in tenths of a star; how many questions stand."""

    ratings: int
    average_tenths: int | None
    questions: int


# Asked for every answer with a kept page of a course.
_STARS = Prepared(select(Rating.stars, func.count())
                  .where(Rating.course_id == bindparam("course_id"), Rating.hidden_at.is_(None)).group_by(Rating.stars))
_ASKED = Prepared(select(func.count()).select_from(Question)
                  .where(Question.course_id == bindparam("course_id"), Question.hidden_at.is_(None)))


def summary(course_id: int) -> Summary:
    """What learners say of a course, in figures."""
    stars = [n for n, count in _STARS.rows(course_id=course_id) for _each in range(count)]
    return Summary(len(stars), rules.average_tenths(stars), _ASKED.value(course_id=course_id))


def list_ratings(course_id: int, page: int = 1) -> Page[Rating]:
    """Ratings of a course that stand, those with words first, the newest first."""
    where = (Rating.course_id == course_id, Rating.hidden_at.is_(None))
    total = session.scalar(select(func.count()).select_from(Rating).where(*where)) or 0
    rows = session.scalars(select(Rating).where(*where).order_by(Rating.text == "", Rating.id.desc())
                           .offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def find_rating(person_id: int, course_id: int) -> Rating | None:
    """The person's own rating, removed or not."""
    return session.scalar(select(Rating).where(Rating.person_id == person_id, Rating.course_id == course_id))


def list_questions(course_id: int, page: int = 1, *, lesson_slug: str = "", unanswered: bool = False) -> Page[Question]:
    """Questions that stand, the newest first; of one lesson, or those no teacher has answered, where asked for."""
    where = [Question.course_id == course_id, Question.hidden_at.is_(None)]
    if lesson_slug:
        where.append(Question.lesson_slug == lesson_slug)
    if unanswered:
        where.append(Question.taught_at.is_(None))
    total = session.scalar(select(func.count()).select_from(Question).where(*where)) or 0
    rows = session.scalars(select(Question).where(*where).order_by(Question.id.desc())
                           .offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def answers_of(question_ids: Iterable[int]) -> dict[int, list[Answer]]:
    """Answers that stand, a teacher's first, by question id."""
    found: dict[int, list[Answer]] = {}
    for answer in session.scalars(select(Answer).where(Answer.question_id.in_(list(question_ids)), Answer.hidden_at.is_(None))
                                  .order_by(Answer.is_teacher.desc(), Answer.id)):
        found.setdefault(answer.question_id, []).append(answer)
    return found


def count_unanswered(course_ids: Iterable[int]) -> dict[int, int]:
    """How many questions wait for a teacher, by course id."""
    return dict(session.execute(
        select(Question.course_id, func.count()).where(Question.course_id.in_(list(course_ids)), Question.taught_at.is_(None),
                                                       Question.hidden_at.is_(None)).group_by(Question.course_id)).all())


def get_post(kind: str, thing_id: int) -> Post:
    """The rating, question or answer, while it stands. Raises NoSuchPost."""
    post = session.get(MODELS[kind], thing_id) if kind in MODELS else None
    if post is None or post.hidden_at is not None:
        raise NoSuchPost(_("没有这条内容，可能已经移除。"))
    return post


def course_id_of(post: Post) -> int:
    """The course it was said in."""
    return session.get(Question, post.question_id).course_id if isinstance(post, Answer) else post.course_id


@dataclass(frozen=True)
class Reported:
    """Something that stands and was reported: by how many, with what reasons, since when."""

    kind: str
    post: Post
    reasons: list[str]
    since: datetime


def list_reported() -> list[Reported]:
    """What waits for a decision, reported first first."""
    found: dict[tuple[str, int], list[Report]] = {}
    for report in session.scalars(select(Report).where(Report.settled_at.is_(None)).order_by(Report.id)):
        found.setdefault((report.kind, report.thing_id), []).append(report)
    return [Reported(kind, session.get(MODELS[kind], thing), [r.reason for r in reports], reports[0].reported_at)
            for (kind, thing), reports in found.items()]


def count_today(model: type[Question] | type[Answer], person_id: int, since: datetime) -> int:
    """How many of these the person wrote since."""
    at = model.asked_at if model is Question else model.answered_at
    return session.scalar(select(func.count()).select_from(model).where(model.person_id == person_id, at > since)) or 0
