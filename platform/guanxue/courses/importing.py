"""Course folders in and out, through the same verbs people use. Importing twice changes nothing the second time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import delete, select

from guanxue import accounts, media, standards
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import rules
from guanxue.courses.errors import BadFolder
from guanxue.courses.folders import CourseFolder, FolderLesson, read_folder, write_folder
from guanxue.courses.models import Course, Lesson, Revision
from guanxue.courses.queries import lessons_of, list_town_ids
from guanxue.courses.service import publish_course, set_towns


def import_folder(actor: Actor, path: Path) -> Revision:
    """Bring a course folder in and publish it. Needs "administer". Raises BadFolder with every fault; nothing half-written."""
    actor.require("administer")
    folder = read_folder(path)
    if folder.faults:
        raise BadFolder(_("课程文件夹有问题，没有导入：%(where)s：%(why)s", where=folder.faults[0]["field"],
                          why=folder.faults[0]["message"]), fields=folder.faults)
    course = session.scalar(select(Course).where(Course.slug == folder.slug))
    if course is None:
        course = Course(slug=folder.slug, created_at=clock.now(), syllabus=[])
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
    course.pass_mark, course.updated_at = folder.pass_mark, clock.now()
    if folder.industry in {i.slug for i in standards.list_industries()}:
        course.industry = folder.industry


def _take_lessons(actor: Actor, course: Course, folder: CourseFolder) -> None:
    known = {x.slug: x for x in session.scalars(select(Lesson).where(Lesson.course_id == course.id))}
    for position, given in enumerate(folder.lessons, 1):
        lesson = known.pop(given.slug, None) or Lesson(course_id=course.id, slug=given.slug)
        if (lesson.title, lesson.body) != (given.title, given.body) and given.video is None:
            lesson.asset_id = None  # what is spoken has changed: the machine makes it anew
        lesson.title, lesson.kind, lesson.body, lesson.section = given.title, given.kind, given.body, given.section
        lesson.position, lesson.is_narrated = position, given.kind == "video" and given.video is None
        if given.video is not None:
            with given.video.open("rb") as stream:
                lesson.asset_id = media.create_from_upload(actor, given.video.name, stream).id
        session.add(lesson)
    if known:
        session.execute(delete(Lesson).where(Lesson.id.in_([x.id for x in known.values()])))
    session.flush()


def export_folder(slug: str, path: Path) -> None:
    """Write the course's published revision as a folder. Raises NoSuchCourse, BadFolder when the place is taken."""
    course = session.scalar(select(Course).where(Course.slug == slug, Course.revision_id.is_not(None)))
    if course is None:
        raise BadFolder(_("没有这门已发布的课。"))
    if path.exists() and any(path.iterdir()):
        raise BadFolder(_("目标文件夹不是空的。"))
    towns = {t.id: t.slug for t in accounts.list_towns()}
    facts = {
        "slug": course.slug, "title": course.title, "title_en": course.title_en, "kind": _kind_of(course.kind),
        "level": str(standards.level_name(course.level)), "occupation": course.occupation, "industry": course.industry,
        "towns": sorted(towns[t] for t in list_town_ids(course.id)), "language": course.language,
        "delivery": course.delivery, "planned_hours": course.planned_hours_milli // 1000, "summary": course.summary,
        "pass_mark": course.pass_mark,
    }
    lessons = [FolderLesson(x.slug, x.title, x.kind, x.body, x.section) for x in lessons_of(course.revision_id)]
    write_folder(path, facts, lessons)


def _kind_of(kind: str) -> str:
    return next(name for name, slug in rules.KIND_OF_TABLE.items() if slug == kind)
