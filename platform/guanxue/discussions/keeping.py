"""What this room tells a person about what they wrote for others, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from guanxue.accounts import Effect
from guanxue.core import clock, generation
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import Course
from guanxue.discussions.models import Answer, Question, Rating, Report
from guanxue.discussions.service import GENERATION

# Table → where export() tells of it.
KEEPS = {"discussions_rating": "ratings", "discussions_question": "questions", "discussions_answer": "answers",
         "discussions_report": "reports"}


def export(person_id: int) -> dict:
    """Ratings, questions, answers and reports."""
    ratings = session.execute(select(Rating, Course.title).join(Course, Course.id == Rating.course_id)
                              .where(Rating.person_id == person_id).order_by(Rating.id))
    questions = session.execute(select(Question, Course.title).join(Course, Course.id == Question.course_id)
                                .where(Question.person_id == person_id).order_by(Question.id))
    answers = session.scalars(select(Answer).where(Answer.person_id == person_id).order_by(Answer.id))
    reports = session.scalars(select(Report).where(Report.person_id == person_id).order_by(Report.id))
    return {
        "ratings": [{"course": title, "stars": r.stars, "text": r.text, "at": r.rated_at.isoformat()} for r, title in ratings],
        "questions": [{"course": title, "text": q.text, "at": q.asked_at.isoformat()} for q, title in questions],
        "answers": [{"text": a.text, "at": a.answered_at.isoformat()} for a in answers],
        "reports": [{"kind": r.kind, "reason": r.reason, "at": r.reported_at.isoformat()} for r in reports],
    }


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Take ratings away, and the words out of questions, answers and reports; an answered question keeps its place."""
    for kind, table in (("question", Question), ("answer", Answer)):  # there is nothing left to decide about
        theirs = select(table.id).where(table.person_id == person_id)
        session.execute(update(Report).where(Report.kind == kind, Report.thing_id.in_(theirs), Report.settled_at.is_(None))
                        .values(settled_at=clock.now(), settled_by=actor.ref, outcome="removed")
                        .execution_options(synchronize_session=False))
    ratings = select(Rating.id).where(Rating.person_id == person_id)
    session.execute(delete(Report).where(Report.kind == "rating", Report.thing_id.in_(ratings))
                    .execution_options(synchronize_session=False))
    session.execute(delete(Rating).where(Rating.person_id == person_id))
    gone = {"text": "", "hidden_at": clock.now(), "hidden_by": actor.ref, "hidden_why": ""}
    for table in (Question, Answer):
        session.execute(update(table).where(table.person_id == person_id).values(**gone)
                        .execution_options(synchronize_session="fetch"))
    session.execute(update(Report).where(Report.person_id == person_id).values(reason="")
                    .execution_options(synchronize_session="fetch"))
    generation.bump(GENERATION)
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    return [Effect("places.kept", "discussions", _(
        "你的评价删掉；你提的问题和回答删掉文字，只留下空位，别人的回答还在原处。"))]
