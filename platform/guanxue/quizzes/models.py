"""Papers, attempts, more time for them, and what was handed in."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Paper(Model):
    """A frozen set of questions, addressed by its content."""

    __tablename__ = "quizzes_paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    document: Mapped[list] = mapped_column(JsonDocument)
    question_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class Attempt(Model):
    """A person's try at a paper. `answers` are what was saved so far; they stop changing when it is handed in."""

    __tablename__ = "quizzes_attempt"
    __table_args__ = (Index("ix_quizzes_attempt_person_paper", "person_id", "subject"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    paper_id: Mapped[int] = mapped_column(ForeignKey("quizzes_paper.id"))
    subject: Mapped[str]  # what the attempt is for, as the room above names it ("enrolment:4/lesson:7")
    seed: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    answers: Mapped[dict] = mapped_column(JsonDocument)


class Extension(Model):
    """More time that somebody asked for: until when the attempt ran before, and until when since; never changed."""

    __tablename__ = "quizzes_extension"
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_attempt.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)


class Submission(Model):
    """What was handed in and what it was worth; never changed."""

    __tablename__ = "quizzes_submission"
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_attempt.id"), primary_key=True)
    answers: Mapped[dict] = mapped_column(JsonDocument)
    score: Mapped[int]
    pass_mark: Mapped[int]
    submitted_at: Mapped[datetime] = mapped_column(UtcMoment)

    @property
    def is_passed(self) -> bool:
        """Was the pass mark reached?"""
        return self.score >= self.pass_mark


append_only(Paper)
append_only(Extension)
append_only(Submission)
