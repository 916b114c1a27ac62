"""Tracks, their stages and courses, who joined and who finished."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model, UtcMoment

DRAFT, PUBLISHED = "draft", "published"


class Track(Model):
    """A town's path of courses. `occupations` are the trades it leads to (slugs); a target is set by its curator or None."""

    __tablename__ = "tracks_track"
    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    town_id: Mapped[int] = mapped_column(ForeignKey("accounts_organisation.id"), index=True)
    title: Mapped[str]
    title_en: Mapped[str] = mapped_column(default="")
    summary: Mapped[str] = mapped_column(default="")
    industry: Mapped[str] = mapped_column(default="")
    occupations: Mapped[list] = mapped_column(JsonDocument, default=list)
    state: Mapped[str] = mapped_column(default=DRAFT)
    target_headcount: Mapped[int | None]
    target_by_on: Mapped[date | None]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    updated_at: Mapped[datetime] = mapped_column(UtcMoment)
    published_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Stage(Model):
    """A step of a track; `position` runs from 1."""

    __tablename__ = "tracks_stage"
    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks_track.id"), index=True)
    title: Mapped[str]
    position: Mapped[int]


class StageCourse(Model):
    """A course in a stage; once in the whole track. Required ones decide who finished."""

    __tablename__ = "tracks_stage_course"
    __table_args__ = (UniqueConstraint("track_id", "course_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks_track.id"))
    stage_id: Mapped[int] = mapped_column(ForeignKey("tracks_stage.id"), index=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses_course.id"), index=True)
    position: Mapped[int]
    is_required: Mapped[bool] = mapped_column(default=True)


class Membership(Model):
    """A person in a track; leaving and coming back is the same row."""

    __tablename__ = "tracks_membership"
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks_track.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime] = mapped_column(UtcMoment)
    left_at: Mapped[datetime | None] = mapped_column(UtcMoment)


class Finish(Model):
    """A member completed what the track required that day. `evidence` is {course slug: completion id}."""

    __tablename__ = "tracks_finish"
    __table_args__ = (UniqueConstraint("track_id", "person_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks_track.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    evidence: Mapped[dict] = mapped_column(JsonDocument)
    finished_at: Mapped[datetime] = mapped_column(UtcMoment)


class JoinedFinish(Model):
    """While an account stands merged into the person's, its finish of a track (or what both did together) counts for them.

    `finish_id` is the other account's own; `is_double` where the person had finished too, so that heads are counted once.
    """

    __tablename__ = "tracks_joined_finish"
    __table_args__ = (UniqueConstraint("merge_code", "track_id"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    merge_code: Mapped[str]
    track_id: Mapped[int] = mapped_column(ForeignKey("tracks_track.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("accounts_person.id"), index=True)
    finish_id: Mapped[int | None] = mapped_column(ForeignKey("tracks_finish.id"))
    is_double: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[dict] = mapped_column(JsonDocument)
    finished_at: Mapped[datetime] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)


append_only(Finish)
append_only(JoinedFinish, may_fill=("ended_at",))
