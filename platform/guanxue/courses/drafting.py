"""A course folder becomes somebody's own draft: foreseen first, then written. What is published stays as it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select

from guanxue import accounts, audit, media
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.enclosures import EXTENSIONS
from guanxue.core.errors import Conflict
from guanxue.core.i18n import lazy as _
from guanxue.courses import papers, subtitling
from guanxue.courses.enclosing import addresses_in, plain_target, put_targets, short_name
from guanxue.courses.folders import CourseFolder, FolderLesson
from guanxue.courses.importing import must_be_sound, write_draft
from guanxue.courses.models import SUBMITTED, Course, Lesson
from guanxue.courses.queries import list_lessons, list_own_courses, list_town_ids
from guanxue.courses.service import create_course, must_edit, touched

ADDED, CHANGED, REMOVED = "added", "changed", "removed"
# Words of addresses below /teach/ and /courses/ that are pages of their own: no course is called so.
RESERVED = frozenset(("new", "plans", "take", "uploads", "files", "bring", "marking", "questions", "parcels",
                      "invitations", "left", "classes"))
OF_COURSE = ("title", "title_en", "kind", "level", "occupation", "language", "delivery", "summary", "planned_hours_milli",
             "pass_mark", "is_subsidised", "policy_code", "facts_lesson", "expert_review")


@dataclass(frozen=True)
class Outlook:
    """What would become of the folder. `slug` is the draft's that would be updated, "" for a new one; `version` says which
    state of it was looked at. `lessons` are (ADDED, CHANGED or REMOVED, title); `facts` names that would change.

    `is_taken`: somebody else's course has the folder's address, so the new one gets another. `twin` is the title of a course
    of one's own that is called the same.
    """

    slug: str = ""
    title: str = ""
    version: str = ""
    lessons: list[tuple[str, str]] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    is_taken: bool = False
    is_read: bool = False  # readers have it: nothing can be changed now
    twin: str = ""

    @property
    def is_same(self) -> bool:
        """Is everything there already?"""
        return bool(self.slug) and not self.lessons and not self.facts


def foresee(actor: Actor, folder: CourseFolder) -> Outlook:
    """What take_up() would do; writes nothing."""
    actor.require("teach")
    course = session.scalar(select(Course).where(Course.slug == folder.slug))
    if course is None or actor.id not in course.author_ids:
        twin = next((c.title for c in list_own_courses(actor) if c.title == folder.title), "")
        is_taken = course is not None or folder.slug in RESERVED
        return Outlook(lessons=[(ADDED, x.title) for x in folder.lessons], is_taken=is_taken, twin=twin)
    return Outlook(course.slug, course.title, _version(course), _lessons(course, folder), _facts(course, folder),
                   is_read=course.state == SUBMITTED)


def take_up(actor: Actor, folder: CourseFolder, version: str) -> Course:
    """The folder as take_folder() kept it becomes a new draft of the actor's own, or their draft of the same address.

    `version` is the Outlook's: where the draft has moved on since, nothing is changed. Raises BadFolder, Conflict, Forbidden,
    NotReady, Invalid.
    """
    must_be_sound(folder, for_draft=True)
    outlook = foresee(actor, folder)
    if outlook.version != version:
        raise Conflict(_("看过以后，草稿又被改过了。请再看一遍会改什么。"))
    if outlook.slug:
        course = session.scalar(select(Course).where(Course.slug == outlook.slug))
        must_edit(actor, course)
    else:
        course = create_course(actor, title=folder.title, kind=folder.kind, slug=None if outlook.is_taken else folder.slug)
    if not outlook.is_same:
        write_draft(actor, course, folder)
        touched(course)
        audit.record(actor, "courses.course.brought", f"course:{course.id}", {
            "slug": folder.slug, "lessons": len(folder.lessons)})
    return course


def _version(course: Course) -> str:
    """Changes with everything somebody writes in the draft."""
    written = [f"{x.id}:{x.version}:{x.asset_id}:{x.subtitles_id}:{x.position}" for x in list_lessons(course.id)]
    return hashlib.sha256("|".join([course.updated_at.isoformat(), *written]).encode()).hexdigest()[:32]


def _facts(course: Course, folder: CourseFolder) -> list[str]:
    changed = [name for name in OF_COURSE if getattr(course, name) != getattr(folder, name)]
    told = {"category_path": folder.category, "syllabus": folder.syllabus, "sections": folder.sections}
    changed += [name for name, value in told.items() if value is not None and (getattr(course, name) or type(value)()) != value]
    known = {t.slug: t.id for t in accounts.list_towns()}
    wanted = {known[slug] for slug in folder.towns if slug in known}
    return changed + (["towns"] if wanted != set(list_town_ids(course.id)) else [])


def _lessons(course: Course, folder: CourseFolder) -> list[tuple[str, str]]:
    mine = {x.slug: x for x in list_lessons(course.id)}
    filmed = {x.asset_id for x in mine.values() if x.asset_id and not x.is_narrated}
    digests = {a.id: a.digest for a in media.list_assets(filmed)}
    order = [x.slug for x in folder.lessons if x.slug in mine]
    before = [slug for slug in mine if slug in set(order)]
    told = []
    for lesson in folder.lessons:
        there = mine.pop(lesson.slug, None)
        if there is None:
            told.append((ADDED, lesson.title))
        elif _said(there) != _given(lesson) or not _same_film(lesson, digests.get(there.asset_id)) or order != before:
            told.append((CHANGED, lesson.title))
    return told + [(REMOVED, x.title) for x in mine.values()]


def _said(lesson: Lesson) -> tuple:
    """A draft's lesson in a form that a folder's can be compared with: files by name and content."""
    marks = {t: f"{short_name(told.name)} {told.mark}" for t, told in addresses_in(lesson.body).items()}
    cues = tuple(subtitling.words_of(lesson)) if lesson.subtitles_id is not None else ()
    return lesson.title, lesson.kind, lesson.section, put_targets(lesson.body, marks), cues, papers.draw_of(lesson)


def _given(lesson: FolderLesson) -> tuple:
    marks = {t: f"{_name(t, f)} {media.mark_of(f)}" for t, f in lesson.links.items()}
    return lesson.title, lesson.kind, lesson.section, put_targets(lesson.body, marks), lesson.cues, lesson.draw


def _name(target: str, file: Path) -> str:
    """What a file is called on the site: a picture brought in from elsewhere may change its ending."""
    name = plain_target(target).rsplit("/", 1)[-1]
    return short_name(name) if name.rpartition(".")[2] in {e for es in EXTENSIONS.values() for e in es} else file.name


def _same_film(lesson: FolderLesson, digest: str | None) -> bool:
    if lesson.is_film_left:
        return True
    if lesson.video is None or digest is None:
        return lesson.video is None and digest is None
    with lesson.video.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest() == digest
