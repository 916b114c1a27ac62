"""Course folders in and out, through the same verbs people use. Importing twice changes nothing the second time."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, select

from guanxue import media, standards
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import packages, papers, rules, subtitling
from guanxue.courses.errors import BadFolder
from guanxue.courses.folders import CourseFolder, FolderLesson, read_folder, write_folder
from guanxue.courses.models import Course, Lesson, Revision, RevisionLesson
from guanxue.courses.queries import lessons_of
from guanxue.courses.service import publish_course, set_towns


def import_folder(actor: Actor, path: Path) -> Revision:
    """Bring a course folder in and publish it. Needs "administer". Raises BadFolder with every fault; nothing half-written."""
    actor.require("administer")
    return bring_in(actor, take_folder(path))


def take_folder(path: Path) -> CourseFolder:
    """Read a course folder and keep its videos' files; asks no database, so it may be slow. BadFolder with every fault."""
    folder = read_folder(path)
    if folder.faults:
        raise BadFolder(_("课程文件夹有问题，没有导入：%(where)s：%(why)s", where=folder.faults[0]["field"],
                          why=folder.faults[0]["message"]), fields=folder.faults)
    folder.lessons = [replace(x, video_digest=_keep(x.video)) if x.video is not None else x for x in folder.lessons]
    return folder


def _keep(video: Path) -> str:
    with video.open("rb") as stream:
        return media.keep_original(stream)


def bring_in(actor: Actor, folder: CourseFolder) -> Revision:
    """Make or change the course as take_folder() read it, and publish it. What is the same already is not touched."""
    actor.require("administer")
    course = session.scalar(select(Course).where(Course.slug == folder.slug))
    if course is None:
        course = Course(slug=folder.slug, created_at=clock.now(), updated_at=clock.now(), syllabus=[])
        session.add(course)
    _take_facts(course, folder)
    session.flush()
    set_towns(course, folder.towns)
    _take_lessons(actor, course, folder)
    return publish_course(actor, course)


def _take_facts(course: Course, folder: CourseFolder) -> None:
    course.title, course.title_en, course.kind, course.level = folder.title, folder.title_en, folder.kind, folder.level
    course.occupation, course.language, course.delivery = folder.occupation, folder.language, folder.delivery
    course.summary, course.planned_hours_milli = folder.summary, folder.planned_hours_milli
    course.pass_mark, course.is_subsidised = folder.pass_mark, folder.is_subsidised
    if folder.industry in {i.slug for i in standards.list_industries()}:
        course.industry = folder.industry
    if session.is_modified(course):
        course.updated_at = clock.now()


def _take_lessons(actor: Actor, course: Course, folder: CourseFolder) -> None:
    known = {x.slug: x for x in session.scalars(select(Lesson).where(Lesson.course_id == course.id))}
    for position, given in enumerate(folder.lessons, 1):
        lesson = known.pop(given.slug, None) or Lesson(course_id=course.id, slug=given.slug)
        if (lesson.title, lesson.body) != (given.title, given.body) and given.video is None:
            lesson.asset_id = None  # what is spoken has changed: the machine makes it anew
        lesson.title, lesson.kind, lesson.body, lesson.section = given.title, given.kind, given.body, given.section
        lesson.settings = {k: v for k, v in (lesson.settings or {}).items() if k != "draw"} | (
            {"draw": given.draw} if given.draw else {})
        lesson.position, lesson.is_narrated = position, given.kind == "video" and given.video is None
        if given.video is not None:
            lesson.asset_id = media.create_from_original(actor, given.video.name, given.video_digest).id
        lesson.subtitles_id = _subtitles(actor, lesson, given)
        session.add(lesson)
    if known:
        session.execute(delete(Lesson).where(Lesson.id.in_([x.id for x in known.values()])))
    session.flush()


def _subtitles(actor: Actor, lesson: Lesson, given: FolderLesson) -> int | None:
    """The version that the folder's subtitles are: the lesson's own where it says the same, so that nothing changes."""
    if not given.cues:
        return None
    if lesson.subtitles_id is not None and tuple(subtitling.words_of(lesson)) == given.cues:
        return lesson.subtitles_id
    return media.keep_subtitles(actor, given.cues, origin="upload").id


def export_folder(slug: str, path: Path) -> None:
    """Write the course's published revision as a folder, or as a package where `path` ends in .zip; whole or not at all.

    Raises BadFolder when the course is not published, the place is taken, or a teacher's video is lost.
    """
    course = session.scalar(select(Course).where(Course.slug == slug, Course.revision_id.is_not(None)))
    if course is None:
        raise BadFolder(_("没有这门已发布的课。"))
    is_package = path.suffix.lower() == ".zip"
    if path.exists() and (is_package or not path.is_dir() or any(path.iterdir())):
        raise BadFolder(_("目标已经存在：%(path)s。", path=path))
    facts, lessons = _facts(course), [_given(x) for x in lessons_of(course.revision_id)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_package:
        with tempfile.TemporaryDirectory(prefix="guanxue-course-") as work:
            write_folder(Path(work), facts, lessons)
            packages.pack(Path(work), path, course.slug)
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_folder(draft, facts, lessons)
        os.rename(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _facts(course: Course) -> dict:
    """What course.yaml says of the published revision; delivery and planned hours are the course's own."""
    told = session.get(Revision, course.revision_id).document
    return {
        "slug": told["slug"], "title": told["title"], "title_en": told["title_en"], "kind": _kind_of(told["kind"]),
        "level": standards.level_word(told["level"]), "occupation": told["occupation"], "industry": told["industry"],
        "towns": told["towns"], "language": told["language"], "delivery": course.delivery,
        "planned_hours": course.planned_hours_milli // 1000, "summary": told["summary"], "pass_mark": told["pass_mark"],
        **({"subsidised": True} if told.get("is_subsidised") else {}),
    }


def _given(lesson: RevisionLesson) -> FolderLesson:
    """A frozen lesson as a folder has it; one that a teacher filmed brings the file it came as."""
    plain = FolderLesson(lesson.slug, lesson.title, lesson.kind, lesson.body, lesson.section, draw=papers.draw_of(lesson),
                         cues=tuple(subtitling.words_of(lesson)) if lesson.subtitles_id is not None else ())
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    if asset is None or asset.kind != "upload":
        return plain
    original = media.original_path(asset)
    if not original.is_file():
        raise BadFolder(_("“%(title)s”的视频原件不见了。", title=lesson.title))
    return replace(plain, video=original, video_name=asset.source["filename"])


def _kind_of(kind: str) -> str:
    return next(name for name, slug in rules.KIND_OF_TABLE.items() if slug == kind)

