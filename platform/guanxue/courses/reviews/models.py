"""What review, rights and complaints keep: candidates and verdicts, remarks at their place, declarations, stops, cases."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment


class Checklist(Model):
    """A version of what readers judge. `points` are [{key, title, hint}]; `readers` (1…3) is how many read a course."""

    __tablename__ = "courses_checklist"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    readers: Mapped[int]
    points: Mapped[list] = mapped_column(JsonDocument)
    published_at: Mapped[datetime] = mapped_column(UtcMoment)
    published_by: Mapped[str]


class Candidate(Model):
    """What was handed in, frozen: `document` is {course, lessons, assets}; readers read this, and this is what is published.

    `digest` is of course and lessons. `assets` names by lesson slug the video that readers watch; `checklist_id` is the list
    it is judged by, whatever comes later.
    """

    __tablename__ = "courses_candidate"
    __table_args__ = (UniqueConstraint("course_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    number: Mapped[int]
    digest: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    checklist_id: Mapped[int] = mapped_column(ForeignKey("courses_checklist.id"))
    note: Mapped[str] = mapped_column(default="")
    submitted_by: Mapped[str]
    submitted_at: Mapped[datetime] = mapped_column(UtcMoment)


class Verdict(Model):
    """What one reader decided about a candidate. `place` is which reader (from 1); `points` are [{key, is_passed, remark}]."""

    __tablename__ = "courses_verdict"
    __table_args__ = (UniqueConstraint("candidate_id", "place"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("courses_candidate.id"))
    place: Mapped[int]
    outcome: Mapped[str]  # passed, returned
    points: Mapped[list] = mapped_column(JsonDocument)
    remarks: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Remark(Model):
    """A reader's words at the place they are about.

    kind: fact (`place` names it), lesson, paragraph (its number), question (its id), second (of the video). `lesson_slug` is
    "" for the course itself. `quote` is what stood there, so that it can be told whether it has changed since.
    """

    __tablename__ = "courses_remark"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    candidate_id: Mapped[int] = mapped_column(ForeignKey("courses_candidate.id"))
    lesson_slug: Mapped[str]
    kind: Mapped[str]
    place: Mapped[str]
    quote: Mapped[str]
    text: Mapped[str]
    by: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class RemarkLine(Model):
    """What became of a remark: answered, settled, opened again."""

    __tablename__ = "courses_remark_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    remark_id: Mapped[int] = mapped_column(ForeignKey("courses_remark.id"), index=True)
    step: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Rights(Model):
    """An author's word on whose work it is: of the whole course, or of one lesson's film.

    basis: own, licensed (by `licensor`, to the end of `until_on`), open (`licence` says which). people: agreed, nobody.
    `films` are the digests of the films it speaks for; of several words about one film the newest holds.
    """

    __tablename__ = "courses_rights"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    lesson_slug: Mapped[str] = mapped_column(default="")
    films: Mapped[list] = mapped_column(JsonDocument)
    basis: Mapped[str]
    licensor: Mapped[str] = mapped_column(default="")
    until_on: Mapped[date | None] = mapped_column(Date)
    licence: Mapped[str] = mapped_column(default="")
    people: Mapped[str]
    by: Mapped[str]
    by_name: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Stop(Model):
    """Why nobody new may join a course, or why a course or a lesson rests for everybody.

    kind: withdrawn (by its author or an administrator), rights (a licence has ended), complaint (while a case is open, and
    after it was upheld). The first two end new enrolments and leave those who study alone. `revision_number` limits a decided
    one to what was published by then: a mended revision is not stopped by it. `ended_at` ends it, once.
    """

    __tablename__ = "courses_stop"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    lesson_slug: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    complaint_id: Mapped[int | None] = mapped_column(ForeignKey("courses_complaint.id"))
    began_by: Mapped[str]
    began_at: Mapped[datetime] = mapped_column(UtcMoment)
    revision_number: Mapped[int | None]
    ended_by: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Complaint(Model):
    """Somebody says that a course or a lesson should not stand as it is. `code` is how they follow it, with or without account.

    topic: rights, people, facts. state: open, asked (the author has until `counter_due_at` to answer), decided (`outcome`:
    upheld, rejected). `contact` is what the complainant left, for officers alone, and goes with the decision; `address_hash`
    a keyed hash of the network address, for the limit alone.
    """

    __tablename__ = "courses_complaint"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(unique=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("courses_revision.id"))
    lesson_slug: Mapped[str] = mapped_column(default="")
    topic: Mapped[str]
    text: Mapped[str]
    contact: Mapped[str] = mapped_column(default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    address_hash: Mapped[str] = mapped_column(default="", index=True)
    state: Mapped[str]
    outcome: Mapped[str] = mapped_column(default="")
    filed_at: Mapped[datetime] = mapped_column(UtcMoment)
    counter_due_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    decided_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class ComplaintLine(Model):
    """A step of a case: held, released, asked, countered, added, decided. The complainant's are `by` "complainant"."""

    __tablename__ = "courses_complaint_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    complaint_id: Mapped[int] = mapped_column(ForeignKey("courses_complaint.id"), index=True)
    step: Mapped[str]
    text: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    by_name: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(UtcMoment)


for _model in (Checklist, Candidate, Verdict, Remark, RemarkLine, Rights, ComplaintLine):
    append_only(_model)
append_only(Stop, may_fill=("revision_number", "ended_by", "ended_at"))
