"""Courses and their drafts, frozen revisions, reviews, wishes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment

DRAFT, SUBMITTED, RETURNED, PUBLISHED = "draft", "submitted", "returned", "published"


class Course(Model):
    """A course, from a plan in a table to something that can be studied. What learners study is its `revision_id`.

    `planned_hours_milli` and `syllabus` are what a plan promises; they are shown as planned and never credited.
    """

    __tablename__ = "courses_course"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    kind: Mapped[str]
    level: Mapped[int | None]
    industry: Mapped[str] = mapped_column(default="")
    occupation: Mapped[str] = mapped_column(default="")
    category_path: Mapped[str] = mapped_column(default="")
    delivery: Mapped[str] = mapped_column(default="online")
    language: Mapped[str] = mapped_column(default="zh-CN")
    summary: Mapped[str] = mapped_column(default="")
    planned_hours_milli: Mapped[int] = mapped_column(default=0)
    syllabus: Mapped[list] = mapped_column(JsonDocument, default=list)
    pass_mark: Mapped[int | None]
    is_planned: Mapped[bool] = mapped_column(default=False)  # stands in the catalogue although nothing can be studied yet
    state: Mapped[str] = mapped_column(default=DRAFT)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    revision_id: Mapped[int | None]  # courses_revision.id; no foreign key, the two tables would need each other
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    updated_at: Mapped[datetime] = mapped_column(UtcMoment)


class CourseTown(Model):
    """A town the course is made for."""

    __tablename__ = "courses_course_town"
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("accounts_organisation.id"), primary_key=True)


class Lesson(Model):
    """A lesson as its author works on it. kind: video (with or without a narrated text), text, quiz (`body` is GIFT)."""

    __tablename__ = "courses_lesson"
    __table_args__ = (UniqueConstraint("course_id", "slug"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    slug: Mapped[str]
    section: Mapped[str] = mapped_column(default="")
    title: Mapped[str]
    kind: Mapped[str]
    position: Mapped[int]
    body: Mapped[str] = mapped_column(default="")
    is_narrated: Mapped[bool] = mapped_column(default=False)  # the machine speaks the body
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)


class Revision(Model):
    """What was published: frozen. `document` holds the course's words of that day."""

    __tablename__ = "courses_revision"
    __table_args__ = (UniqueConstraint("course_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"))
    number: Mapped[int]
    digest: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    policy_id: Mapped[int] = mapped_column(ForeignKey("policies_policy.id"))
    pass_mark: Mapped[int]
    published_at: Mapped[datetime] = mapped_column(UtcMoment)
    published_by: Mapped[str]

    @property
    def title(self) -> str:
        """The course's title when it was published."""
        return self.document["title"]


class RevisionLesson(Model):
    """A lesson of a revision. `duration_ms` is its content: scanned video, reading time or quiz time.

    A video's is empty until the file is whole, is filled once, and never changes then.
    """

    __tablename__ = "courses_revision_lesson"
    __table_args__ = (UniqueConstraint("revision_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("courses_revision.id"))
    slug: Mapped[str]
    section: Mapped[str]
    title: Mapped[str]
    kind: Mapped[str]
    position: Mapped[int]
    body: Mapped[str]
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)
    paper_id: Mapped[int | None] = mapped_column(ForeignKey("quizzes_paper.id"), index=True)
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)


class ReviewLine(Model):
    """One step of the talk between author and reviewer: submitted, returned with remarks, approved."""

    __tablename__ = "courses_review_line"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    step: Mapped[str]
    remarks: Mapped[str] = mapped_column(default="")
    by: Mapped[str]
    by_name: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime] = mapped_column(UtcMoment)


class Wish(Model):
    """我想学: somebody would study this plan if it were a course."""

    __tablename__ = "courses_wish"
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcMoment)


append_only(Revision)
append_only(RevisionLesson, may_fill=("duration_ms",))
append_only(ReviewLine)
