"""Ratings, questions, answers, and reports of what should not stand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import Model, UtcMoment


class _Removable:
    """Something written for others, which stays in its place, unseen, when it was removed."""

    hidden_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    hidden_by: Mapped[str] = mapped_column(default="")
    hidden_why: Mapped[str] = mapped_column(default="")


class Rating(_Removable, Model):
    """What somebody who finished a course thinks of it: 1 to 5, and words if they like. One a person and course."""

    __tablename__ = "discussions_rating"
    __table_args__ = (UniqueConstraint("person_id", "course_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(default="")
    rated_at: Mapped[datetime] = mapped_column(UtcMoment)


class Question(_Removable, Model):
    """A learner's question to the teacher of a course, about a lesson (its slug) and a moment in it where they are known."""

    __tablename__ = "discussions_question"
    __table_args__ = (Index("ix_discussions_question_course_lesson", "course_id", "lesson_slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    lesson_slug: Mapped[str] = mapped_column(default="")
    at_ms: Mapped[int | None] = mapped_column(BigInteger)
    text: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    taught_at: Mapped[datetime | None] = mapped_column(UtcMoment)  # when a teacher first answered


class Answer(_Removable, Model):
    """An answer to a question, by a teacher of the course or by somebody who studies it too."""

    __tablename__ = "discussions_answer"
    id: Mapped[int] = mapped_column(primary_key=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("discussions_question.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    is_teacher: Mapped[bool]
    text: Mapped[str]
    answered_at: Mapped[datetime] = mapped_column(UtcMoment)


class Report(Model):
    """Somebody says that a rating, question or answer should not stand; `outcome` is "kept" or "removed" once decided."""

    __tablename__ = "discussions_report"
    __table_args__ = (UniqueConstraint("kind", "thing_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    thing_id: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    reason: Mapped[str]
    reported_at: Mapped[datetime] = mapped_column(UtcMoment)
    settled_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    settled_by: Mapped[str] = mapped_column(default="")
    outcome: Mapped[str] = mapped_column(default="")
