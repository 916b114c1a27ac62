"""Papers, attempts, more time for them, answers that came late, what was handed in, how people marked it, corrected keys."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Paper(Model):
    """A frozen set of questions, addressed by its content. `draw` says of which pool an attempt gets how many; `question_count`
    is how many questions one attempt has."""

    __tablename__ = "quizzes_paper"
    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    document: Mapped[list] = mapped_column(JsonDocument)
    draw: Mapped[dict] = mapped_column(JsonDocument, default=dict)  # {pool: how many}
    question_count: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class Attempt(Model):
    """A person's try at a paper. `answers` are what was saved so far; they stop changing when it is handed in."""

    __tablename__ = "quizzes_attempt"
    __table_args__ = (Index("ix_quizzes_attempt_person_paper", "person_id", "subject"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[int]
    paper_id: Mapped[int] = mapped_column(ForeignKey("quizzes_paper.id"), index=True)
    subject: Mapped[str]  # what the attempt is for, as the room above names it ("enrolment:4/lesson:7")
    seed: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    answers: Mapped[dict] = mapped_column(JsonDocument)
    extra_permille: Mapped[int] = mapped_column(default=0)  # more time, granted before it began: of what it lasts anyhow
    hold: Mapped[int] = mapped_column(default=0)  # rises whenever another device or page takes the attempt over …
    device: Mapped[str] = mapped_column(default="")  # … which is this one ("" while nobody said)
    held_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    stamps: Mapped[dict] = mapped_column(JsonDocument, default=dict)  # {question: [hold, seq]}: which save its answer came by


class LateSave(Model):
    """Answers that a lost line held up: written before the end, as the page says, and received after it, within the grace."""

    __tablename__ = "quizzes_late_save"
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_attempt.id"), index=True)
    device: Mapped[str]
    hold: Mapped[int]
    document: Mapped[list] = mapped_column(JsonDocument)  # [[question, answer, seq, written at (epoch ms), did it count]]
    expired_at: Mapped[datetime] = mapped_column(UtcMoment)
    received_at: Mapped[datetime] = mapped_column(UtcMoment)


class Allowance(Model):
    """More time for one person's attempts at something, granted in advance: `permille` of what an attempt lasts."""

    __tablename__ = "quizzes_allowance"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(index=True)
    subject: Mapped[str]  # where it holds, as the room above names it ("course:4")
    permille: Mapped[int]
    reason: Mapped[str]
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    ended_by: Mapped[str | None]


class Extension(Model):
    """More time: until when the attempt ran before, and until when since; never changed.

    Somebody asked for it, or (`is_free`) the course rested meanwhile: that costs none of what may be asked for.
    """

    __tablename__ = "quizzes_extension"
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_attempt.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime] = mapped_column(UtcMoment)
    expires_at: Mapped[datetime] = mapped_column(UtcMoment)
    is_free: Mapped[bool] = mapped_column(default=False)


class Submission(Model):
    """What was handed in and what the machine graded it; never changed. Short answers earn nothing in `score`.

    `short_count` of its answers wait for a person to mark them, or did. `regrade_id` is the newest correction of the paper's
    key by which it was graded, 0 for the key the paper was made with. What it is worth today says standing.py.
    """

    __tablename__ = "quizzes_submission"
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_attempt.id"), primary_key=True)
    answers: Mapped[dict] = mapped_column(JsonDocument)
    score: Mapped[int]
    pass_mark: Mapped[int]
    short_count: Mapped[int] = mapped_column(default=0, index=True)
    regrade_id: Mapped[int] = mapped_column(default=0)
    submitted_at: Mapped[datetime] = mapped_column(UtcMoment)

    @property
    def is_passed(self) -> bool:
        """Was the pass mark reached by the machine's grading alone, with nothing for a person to mark?"""
        return self.short_count == 0 and self.score >= self.pass_mark


class Mark(Model):
    """What a person gave for one short answer; a later one of the same answer takes its place and says why."""

    __tablename__ = "quizzes_mark"
    __table_args__ = (Index("ix_quizzes_mark_attempt_question", "attempt_id", "question_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_submission.attempt_id"))
    question_id: Mapped[str]
    permille: Mapped[int]
    remarks: Mapped[str] = mapped_column(default="")  # for the learner
    reason: Mapped[str] = mapped_column(default="")  # why it takes another's place
    is_joint: Mapped[bool] = mapped_column(default=False)  # it follows from the opinions of two or three people (Opinion)
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Opinion(Model):
    """What one of two people gives a short answer of a strict exam without seeing what the other gives; the third, where
    those two are too far apart, decides. `place` is 1, 2 or 3. What comes of them is a Mark.
    """

    __tablename__ = "quizzes_opinion"
    __table_args__ = (UniqueConstraint("attempt_id", "question_id", "place"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    attempt_id: Mapped[str] = mapped_column(ForeignKey("quizzes_submission.attempt_id"))
    question_id: Mapped[str]
    place: Mapped[int]
    permille: Mapped[int]
    remarks: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class RegradeRequest(Model):
    """Somebody says a key is faulty and how it is put right; somebody else answers, once. `subject`: where it was asked."""

    __tablename__ = "quizzes_regrade_request"
    id: Mapped[int] = mapped_column(primary_key=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("quizzes_paper.id"))
    question_id: Mapped[str]
    decision: Mapped[dict] = mapped_column(JsonDocument)
    subject: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    by: Mapped[str]
    by_name: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(UtcMoment)
    answer: Mapped[str | None]  # confirmed, refused
    remarks: Mapped[str | None]
    answered_by: Mapped[str | None]
    answered_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Regrade(Model):
    """A key was put right: from here on it counts, and who was graded before keeps whichever is more. Once a decision."""

    __tablename__ = "quizzes_regrade"
    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("quizzes_regrade_request.id"), unique=True)
    paper_id: Mapped[int] = mapped_column(ForeignKey("quizzes_paper.id"), index=True)
    question_id: Mapped[str]
    decision: Mapped[dict] = mapped_column(JsonDocument)
    key: Mapped[str] = mapped_column(unique=True)  # digest of paper, question and decision
    reason: Mapped[str]
    by: Mapped[str]
    confirmed_by: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(Paper)
append_only(Extension)
append_only(Submission)
append_only(Mark)
append_only(Opinion)
append_only(LateSave)
append_only(RegradeRequest, may_fill=("answer", "remarks", "answered_by", "answered_at"))
append_only(Regrade)
