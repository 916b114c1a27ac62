"""Classes that meet: the class, who teaches it, who is on its roster, when it meets, who was there."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment

DRAFT, OPEN, CLOSED, CANCELLED = "draft", "open", "closed", "cancelled"
INVITED, ENROLLED, WAITING, WITHDRAWN, COMPLETED = "invited", "enrolled", "waiting", "withdrawn", "completed"
SEATED = (INVITED, ENROLLED, COMPLETED)  # who has a seat
THEORY, PRACTICE = "theory", "practice"
IN, OUT, ROLL = "in", "out", "roll"


class TrainingClass(Model):
    """A class (培训班): a period, an institution, a course where it has one, a policy by which its hours count, a manager.

    `revision_id` and `policy_id` are pinned when it is made. `share_permille` of the time it met has to be attended.
    `is_public`: anybody may sign up; else the roster says who is in it.
    """

    __tablename__ = "classes_class"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    plan: Mapped[str] = mapped_column(default="")
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_organisation.id"), index=True)
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses_course.id"), index=True)
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("courses_revision.id"))
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies_policy.id"))
    manager_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    begins_on: Mapped[date]
    ends_on: Mapped[date]
    seats: Mapped[int]
    share_permille: Mapped[int]
    is_public: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default=DRAFT)
    reason: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    opened_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    closed_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Teacher(Model):
    """Somebody who teaches a class: shows its codes, calls its roll."""

    __tablename__ = "classes_teacher"
    class_id: Mapped[int] = mapped_column(ForeignKey("classes_class.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(UtcMoment)


class Place(Model):
    """A line of a roster. Until somebody with that number takes it, it has no person but a `phone`.

    A waiting one has no seat. `queued_at`: since when it waits or, seated at once, has its seat; of one that was given up,
    since when it had the seat. `undertaking_version` is what the learner promised, `moved_up_at` when a seat became free for
    them. `joined_to_id`: the other place of the same person, whose account was merged.
    """

    __tablename__ = "classes_place"
    __table_args__ = (UniqueConstraint("class_id", "person_id", name="uq_classes_place_person"),
                      UniqueConstraint("class_id", "phone", name="uq_classes_place_phone"))
    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("classes_class.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    phone: Mapped[str | None] = mapped_column(index=True)
    name: Mapped[str]
    state: Mapped[str]
    queued_at: Mapped[datetime] = mapped_column(UtcMoment)
    undertaking_version: Mapped[str] = mapped_column(default="")
    undertaking_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    moved_up_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    reason: Mapped[str] = mapped_column(default="")
    joined_to_id: Mapped[int | None] = mapped_column(ForeignKey("classes_place.id"), index=True)


class Meeting(Model):
    """One time a class meets. `breaks` are spans of epoch milliseconds in it that are no teaching; `secret` makes its codes."""

    __tablename__ = "classes_meeting"
    id: Mapped[int] = mapped_column(primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("classes_class.id"), index=True)
    kind: Mapped[str]
    title: Mapped[str]
    place: Mapped[str]
    seats: Mapped[int | None]
    begins_at: Mapped[datetime] = mapped_column(UtcMoment)
    ends_at: Mapped[datetime] = mapped_column(UtcMoment)
    breaks: Mapped[list] = mapped_column(JsonDocument)
    secret: Mapped[str]
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    created_at: Mapped[datetime] = mapped_column(UtcMoment)


class MeetingChange(Model):
    """A meeting was put elsewhere or called off: how it was, and why. Learners are shown it."""

    __tablename__ = "classes_meeting_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("classes_meeting.id"), index=True)
    before: Mapped[dict] = mapped_column(JsonDocument)
    reason: Mapped[str]
    by: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(UtcMoment)


class Attendance(Model):
    """Somebody signed in or out, or the roll was called for them. Only added to: what comes later corrects what was before.

    in: `from_ms`; out: `to_ms`; roll: from when to when they were there, both None for not at all. Epoch milliseconds of the
    moment itself; `received_ms` is when it reached us. `step` is which code they saw, `theory_permille` how much of the
    theory was done when they came to practise; the hashes tell equal networks, browsers and phones apart, no more.
    """

    __tablename__ = "classes_attendance"
    __table_args__ = (Index("ix_classes_attendance_meeting_place", "meeting_id", "place_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    meeting_id: Mapped[int] = mapped_column(ForeignKey("classes_meeting.id"))
    place_id: Mapped[int] = mapped_column(ForeignKey("classes_place.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    kind: Mapped[str]
    way: Mapped[str]  # code, typed, roll
    from_ms: Mapped[int | None] = mapped_column(BigInteger)
    to_ms: Mapped[int | None] = mapped_column(BigInteger)
    step: Mapped[int | None] = mapped_column(BigInteger)
    theory_permille: Mapped[int | None]
    by: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    address_hash: Mapped[str] = mapped_column(default="")
    agent_hash: Mapped[str] = mapped_column(default="")
    device_hash: Mapped[str] = mapped_column(default="")
    received_ms: Mapped[int] = mapped_column(BigInteger)


class ClassCompletion(Model):
    """Somebody completed a class, once. `evidence` names everything it rests on, `attended_ms` what counts of it."""

    __tablename__ = "classes_completion"
    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[int] = mapped_column(ForeignKey("classes_place.id"), unique=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("classes_class.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies_policy.id"))
    attended_ms: Mapped[int] = mapped_column(BigInteger)
    evidence: Mapped[dict] = mapped_column(JsonDocument)
    evidence_digest: Mapped[str]
    completed_at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(MeetingChange)
append_only(Attendance)
append_only(ClassCompletion)
