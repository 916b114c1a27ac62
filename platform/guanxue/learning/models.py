"""Enrolments, playbacks with their evidence, progress and completions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Enrolment(Model):
    """A person in a course. It pins the revision and the policy it began under; leaving and coming back is the same row.
    Where that revision was stopped for good, its learner may go on in the mended one (Move).

    `is_joined`: what was studied under another account of the same person counts here too (Carry).
    """

    __tablename__ = "learning_enrolment"
    # Who is in a course is counted on every visit of its page, so without looking at the rows.
    __table_args__ = (UniqueConstraint("person_id", "course_id"), Index("ix_learning_enrolment_in", "course_id", "left_at"))
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("courses_revision.id"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies_policy.id"))
    enrolled_at: Mapped[datetime] = mapped_column(UtcMoment)
    studied_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    left_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    is_joined: Mapped[bool] = mapped_column(default=False)


class Playback(Model):
    """One sitting before one lesson. Windows of a person's playbacks never overlap. Times are epoch milliseconds.

    With a ticket it was one without a network: its rows came later, and its window is what was heard of it.

    `opened_ms` and `max_rate_permille` never change; the rest is where the conversation with the player stands.
    """

    __tablename__ = "learning_playback"
    __table_args__ = (UniqueConstraint("person_id", "revision_lesson_id", "key"),
                      Index("ix_learning_playback_person_open", "person_id", "ended_ms"))
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    revision_lesson_id: Mapped[int] = mapped_column(ForeignKey("courses_revision_lesson.id"))
    key: Mapped[str | None]
    opened_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)
    max_rate_permille: Mapped[int]
    last_seq: Mapped[int] = mapped_column(default=0)
    contact_ms: Mapped[int] = mapped_column(BigInteger)
    acked_t_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    granted_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    chain: Mapped[bytes] = mapped_column(LargeBinary)
    ticket_id: Mapped[int | None]


class BeatRow(Model):
    """What one request claimed, packed as it came, and when the server received it.

    All rows of a playback are bound together by a chain whose end is kept with the playback alone, so that nobody who takes
    rows away finds an earlier end to put there.
    """

    __tablename__ = "learning_beat"
    __table_args__ = {"sqlite_with_rowid": False}  # its key is where it lies: half the bytes
    playback_id: Mapped[int] = mapped_column(ForeignKey("learning_playback.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    received_ms: Mapped[int] = mapped_column(BigInteger)
    ended_ms: Mapped[int | None] = mapped_column(BigInteger)  # the playback's end as it stood then
    room_ms: Mapped[int | None]  # what the policy left of that day, where it bounds a day
    claims: Mapped[bytes] = mapped_column(LargeBinary)
    let_go_at: Mapped[datetime | None] = mapped_column(UtcMoment)  # as in Ticket, Check …: about to be deleted (lapsing.py)


class Day(Model):
    """A cache: how much of a person's study counted on a city day, under policies that bound a day."""

    __tablename__ = "learning_day"
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True)
    day_on: Mapped[date] = mapped_column(primary_key=True)
    counted_ms: Mapped[int]


class Ticket(Model):
    """Leave to study a lesson without a network: this person, this revision's lesson, one device, until then, at most so much.

    `phone_issued_ms` is what the phone's clock said. `entries` and `head` say how much of the phone's chained record is here.
    """

    __tablename__ = "learning_ticket"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    revision_lesson_id: Mapped[int] = mapped_column(ForeignKey("courses_revision_lesson.id"))
    device: Mapped[str]
    issued_ms: Mapped[int] = mapped_column(BigInteger)
    until_ms: Mapped[int] = mapped_column(BigInteger)
    phone_issued_ms: Mapped[int] = mapped_column(BigInteger)
    most_ms: Mapped[int] = mapped_column(BigInteger)
    max_rate_permille: Mapped[int]
    entries: Mapped[int] = mapped_column(default=0)
    head: Mapped[str] = mapped_column(default="")
    let_go_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Progress(Model):
    """A cache: what the beats of a person and a revision's lesson add up to. Made again from evidence when it is gone."""

    __tablename__ = "learning_progress"
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), primary_key=True)
    revision_lesson_id: Mapped[int] = mapped_column(ForeignKey("courses_revision_lesson.id"), primary_key=True)
    spans: Mapped[bytes] = mapped_column(LargeBinary)
    credited_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    late_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    resume_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    is_complete: Mapped[bool] = mapped_column(default=False)


class Move(Model):
    """An enrolment went on in another revision than it began in: a complaint about that one was upheld and this is mended.

    What was earned in the first stays evidence, and counts in the second where the lesson is the same (carried.own).
    """

    __tablename__ = "learning_move"
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    from_revision_id: Mapped[int] = mapped_column(ForeignKey("courses_revision.id"))
    to_revision_id: Mapped[int] = mapped_column(ForeignKey("courses_revision.id"))
    moved_at: Mapped[datetime] = mapped_column(UtcMoment)


class Completion(Model):
    """An enrolment's course was completed, once. `evidence` names everything it rests on, `content_ms` what it is worth."""

    __tablename__ = "learning_completion"
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("courses_revision.id"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies_policy.id"))
    content_ms: Mapped[int] = mapped_column(BigInteger)
    evidence: Mapped[dict] = mapped_column(JsonDocument)
    evidence_digest: Mapped[str]
    completed_at: Mapped[datetime] = mapped_column(UtcMoment)


class Note(Model):
    """A learner's own note at a moment of a lesson; nobody else sees it. It stays with the lesson's slug over revisions."""

    __tablename__ = "learning_note"
    __table_args__ = (Index("ix_learning_note_person_course", "person_id", "course_id", "lesson_slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    lesson_slug: Mapped[str]
    at_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    text: Mapped[str]
    written_at: Mapped[datetime] = mapped_column(UtcMoment)


class Carry(Model):
    """From `carried_at` on, until it ended, what one enrolment earned counts for another: its account was merged.

    `document` names the evidence as it stood: "playbacks" [[id, last seq]] that count, "beside" [[id, last seq]] of the
    account that stayed, whose moments go first where both played at once. `completion_id` where the course was complete.
    """

    __tablename__ = "learning_carry"
    __table_args__ = (UniqueConstraint("merge_code", "from_enrolment_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    merge_code: Mapped[str]
    from_enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    to_enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    to_person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    completion_id: Mapped[int | None] = mapped_column(ForeignKey("learning_completion.id"), index=True)
    document: Mapped[dict] = mapped_column(JsonDocument)
    carried_at: Mapped[datetime] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Presence(Model):
    """Where a person stands between two proofs of being there, over all their courses whose policy asks for it.

    `seed` is secret and never changes: with `number` it says when the next check is due (presence_rules.due_ms). `since_ms` is
    the moment of the last proof, `counted_ms` what was studied since. `check_id`: the one that waits for an answer.
    """

    __tablename__ = "learning_presence"
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, autoincrement=False)
    seed: Mapped[bytes] = mapped_column(LargeBinary)
    number: Mapped[int] = mapped_column(default=1)
    since_ms: Mapped[int] = mapped_column(BigInteger)
    counted_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    check_id: Mapped[int | None] = mapped_column(ForeignKey("learning_check.id"), index=True)


class Check(Model):
    """A presence check came due at `drawn_ms`: the stretch that it is about began at `since_ms` (epoch milliseconds).

    `due_ms` of study it was due by the seed, `counted_ms` it was when a beat showed it. `at_ms` is the moment of the lesson at
    which the sentence that was running has ended. What became of it are its steps.
    """

    __tablename__ = "learning_check"
    __table_args__ = (UniqueConstraint("person_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"))
    number: Mapped[int]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    revision_lesson_id: Mapped[int] = mapped_column(ForeignKey("courses_revision_lesson.id"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies_policy.id"))
    since_ms: Mapped[int] = mapped_column(BigInteger)
    drawn_ms: Mapped[int] = mapped_column(BigInteger)
    due_ms: Mapped[int] = mapped_column(BigInteger)
    counted_ms: Mapped[int] = mapped_column(BigInteger)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    let_go_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class CheckStep(Model):
    """One thing that happened to a check: asked, shown, extended, wrong, missed, proved, question, failed, made_up."""

    __tablename__ = "learning_check_step"
    check_id: Mapped[int] = mapped_column(ForeignKey("learning_check.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at_ms: Mapped[int] = mapped_column(BigInteger)
    what: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    let_go_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class TrainingRoom(Model):
    """A room of learners that an officer sees: who is in it may prove presence by its number or by the officer's roll."""

    __tablename__ = "learning_training_room"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    name: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    opened_at: Mapped[datetime] = mapped_column(UtcMoment)
    closed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class RoomSeat(Model):
    """A learner came into a training room by its number."""

    __tablename__ = "learning_room_seat"
    room_id: Mapped[int] = mapped_column(ForeignKey("learning_training_room.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(UtcMoment)
    let_go_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Lapse(Model):
    """An enrolment's study was let go: never credited, last studied then, its policy's years over (lapsing.py)."""

    __tablename__ = "learning_lapse"
    id: Mapped[int] = mapped_column(primary_key=True)
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("learning_enrolment.id"), index=True)
    studied_at: Mapped[datetime] = mapped_column(UtcMoment)
    years: Mapped[int]
    playbacks: Mapped[int]
    lapsed_at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(BeatRow, may_fill=("let_go_at",), may_go="let_go_at")
append_only(Ticket, free=("entries", "head"), may_fill=("let_go_at",), may_go="let_go_at")
append_only(Move)
append_only(Completion)
append_only(Carry, may_fill=("ended_at",))
append_only(Check, may_fill=("let_go_at",), may_go="let_go_at")
append_only(CheckStep, may_fill=("let_go_at",), may_go="let_go_at")
append_only(TrainingRoom, may_fill=("closed_at",))
append_only(RoomSeat, may_fill=("let_go_at",), may_go="let_go_at")
append_only(Lapse)
