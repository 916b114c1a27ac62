"""Courses and their drafts, frozen revisions, reviews, wishes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment

DRAFT, SUBMITTED, RETURNED, PUBLISHED = "draft", "submitted", "returned", "published"


class Course(Model):
    """A course, from a plan in a table to something that can be studied. What learners study is its `revision_id`.

    `owner_id` answers for it; `authors` write it too. `institution_id` is the organisation it belongs to, where it does.
    `sections` are the draft's headings in order, empty ones as well; a lesson names its own.
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
    is_subsidised: Mapped[bool] = mapped_column(default=False)  # asks the city for money: nobody may be left out
    facts_lesson: Mapped[str] = mapped_column(default="")  # the slug of its page of words and sources: it is proofread
    expert_review: Mapped[dict | None] = mapped_column(JsonDocument)  # rules.read_expert_review(); None: asks for none
    policy_code: Mapped[str] = mapped_column(default="")  # by which its study counts; "" the usual one of its kind
    is_planned: Mapped[bool] = mapped_column(default=False)  # stands in the catalogue although nothing can be studied yet
    state: Mapped[str] = mapped_column(default=DRAFT)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("accounts_organisation.id"), index=True)
    sections: Mapped[list] = mapped_column(JsonDocument, default=list)
    revision_id: Mapped[int | None]  # courses_revision.id; no foreign key, the two tables would need each other
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    updated_at: Mapped[datetime] = mapped_column(UtcMoment)
    authors: Mapped[list[Author]] = relationship(cascade="all, delete-orphan", order_by="Author.added_at")

    @property
    def author_ids(self) -> frozenset[int]:
        """Row ids of its owner and of everybody who writes it; who was only asked is none yet."""
        return frozenset(filter(None, (self.owner_id, *(a.person_id for a in self.authors if a.is_author))))

    @property
    def writer_ids(self) -> frozenset[int]:
        """Row ids of everybody who ever was one of its authors, or owns it: none of them reviews it."""
        return frozenset(filter(None, (self.owner_id, *(a.person_id for a in self.authors if a.accepted_at is not None))))


class Author(Model):
    """Somebody beside its owner who writes a course, or did: who left stays known, since authors never read in review.

    Asked by `added_by` (`is_asked` while the invitation is open); an author from the first yes (`accepted_at`) until `left_at`.
    """

    __tablename__ = "courses_author"
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)
    added_by: Mapped[str]
    added_at: Mapped[datetime] = mapped_column(UtcMoment)
    is_asked: Mapped[bool] = mapped_column(default=False)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    left_at: Mapped[datetime | None] = mapped_column(UtcMoment)

    @property
    def is_author(self) -> bool:
        """Do they write it now?"""
        return self.accepted_at is not None and self.left_at is None


class CourseTown(Model):
    """A town the course is made for."""

    __tablename__ = "courses_course_town"
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("accounts_organisation.id"), primary_key=True)


class Lesson(Model):
    """A lesson as its author works on it. kind: video (with or without a narrated text), text, quiz (`body` is GIFT).

    `version` rises with every change of title or text, so that nobody's words overwrite newer ones; `saved_by` wrote it.
    `other_film_id` is set while its subtitles were written for another film than the one it has, and nobody has said that
    they fit: that film's row id, 0 for none.
    """

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
    version: Mapped[int] = mapped_column(default=1)
    form_key: Mapped[str] = mapped_column(default="")  # of the form it was made with: sent twice it is one lesson
    saved_by: Mapped[str] = mapped_column(default="")
    saved_at: Mapped[datetime | None] = mapped_column(UtcMoment)
    settings: Mapped[dict] = mapped_column(JsonDocument, default=dict)  # of a quiz: {"draw": {pool: how many}}
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)
    next_asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)  # shown once it is whole
    subtitles_id: Mapped[int | None] = mapped_column(ForeignKey("media_subtitle.id"), index=True)
    other_film_id: Mapped[int | None]


class Removed(Model):
    """A lesson or a heading that was taken out of a draft, for as long as it can be put back.

    `document` is what it was: a lesson's columns, or a heading's place and the row ids of its lessons.
    """

    __tablename__ = "courses_removed"
    id: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    kind: Mapped[str]  # lesson, section
    title: Mapped[str]
    document: Mapped[dict] = mapped_column(JsonDocument)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)
    subtitles_id: Mapped[int | None] = mapped_column(ForeignKey("media_subtitle.id"), index=True)
    removed_by: Mapped[str]
    removed_at: Mapped[datetime] = mapped_column(UtcMoment)


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
    settings: Mapped[dict] = mapped_column(JsonDocument, default=dict)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("media_asset.id"), index=True)
    subtitles_id: Mapped[int | None] = mapped_column(ForeignKey("media_subtitle.id"), index=True)
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
