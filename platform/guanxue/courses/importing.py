"""Course folders on their way in, through the same verbs people use. Importing twice changes nothing the second time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sqlalchemy import delete, select

from guanxue import accounts, media, standards
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.courses import losses, removals, subtitling
from guanxue.courses.enclosing import put_targets
from guanxue.courses.errors import BadFolder
from guanxue.courses.folders import CourseFolder, FolderLesson, read_folder
from guanxue.courses.models import Course, Lesson, Revision
from guanxue.courses.service import publish_course, set_towns


def import_folder(actor: Actor, path: Path) -> Revision:
    """Bring a course folder in and publish it. Needs "administer". Raises BadFolder with every fault; nothing half-written."""
    actor.require("administer")
    return bring_in(actor, take_folder(path))


def take_folder(path: Path, *, for_draft: bool = False,
                tell: Callable[[CourseFolder], None] = lambda _folder: None) -> CourseFolder:
    """Read a course folder and keep the files of its films and texts; asks no database, so it may be slow.

    `tell` is called with what was read before anything is kept. BadFolder with every fault; for a draft what is merely not
    there yet is none.
    """
    folder = read_folder(path)
    must_be_sound(folder, for_draft=for_draft)
    tell(folder)
    addresses = {}
    for file in sorted(folder.enclosed):
        try:
            with file.open("rb") as stream:
                made = media.prepare_file(file.name, stream)
        except Problem as problem:
            raise BadFolder(problem.message, fields=[{"field": file.name, "message": problem.message}]) from None
        folder.prepared.append(made)
        addresses[file] = made.enclosure.address
    folder.lessons = [_kept(x, addresses) for x in folder.lessons]
    return folder


def must_be_sound(folder: CourseFolder, *, for_draft: bool) -> None:
    """Raises BadFolder where the folder has faults; `for_draft` passes over what a draft may lack."""
    faults = folder.faults if for_draft else folder.faults + folder.unready
    if faults:
        raise BadFolder(_("课程文件夹有问题，没有导入：%(where)s：%(why)s", where=faults[0]["field"],
                          why=faults[0]["message"]), fields=faults)


def _kept(lesson: FolderLesson, addresses: dict[Path, str]) -> FolderLesson:
    """The lesson with its film among the originals, and its links leading to the site's own files."""
    body = put_targets(lesson.body, {target: addresses[file] for target, file in lesson.links.items()})
    digest = ""
    if lesson.video is not None:
        with lesson.video.open("rb") as stream:
            digest = media.keep_original(stream)
    return replace(lesson, body=body, video_digest=digest)


def foresee_losses(folder: CourseFolder) -> losses.LossReport:
    """The folder's report, with what this site does not know of its words and would make anew; writes nothing.

    Call it while the folder's files are there.
    """
    report, towns = folder.report, {t.slug for t in accounts.list_towns()}
    lost = [(f"course.yaml：towns：{t}", _("平台没有这个镇街，没有带入。")) for t in folder.towns if t not in towns]
    if folder.industry and folder.industry not in {i.slug for i in standards.list_industries()}:
        lost.append((f"course.yaml：industry：{folder.industry}"[:200], _("平台没有这个行业，没有带入。")))
    if folder.occupation and standards.find_occupation(folder.occupation) is None:
        report.noted.append((f"course.yaml：occupation：{folder.occupation}"[:200], _("平台没有这个工种，照写带入。")))
    anew = sum(not media.is_served(file) for file in folder.enclosed)
    if anew:
        report.noted.append((f"files × {anew}", _("图片重新画过、声音重新转换后收下：看上去、听上去一样，文件的字节不同。")))
    for where, why in lost:
        report.leave(losses.FACTS, where, why)
    report.more(losses.FACTS, 0, -len(lost))
    return report


def bring_in(actor: Actor, folder: CourseFolder) -> Revision:
    """Make or change the course as take_folder() read it, and publish it. What is the same already is not touched."""
    actor.require("administer")
    course = session.scalar(select(Course).where(Course.slug == folder.slug))
    if course is None:
        course = Course(slug=folder.slug, created_at=clock.now(), updated_at=clock.now(), syllabus=[])
        session.add(course)
    write_draft(actor, course, folder)
    return publish_course(actor, course)


def write_draft(actor: Actor, course: Course, folder: CourseFolder) -> None:
    """Make the draft what the folder says, lesson by lesson; what is the same already is not touched. Checks no rights."""
    _take_facts(course, folder)
    session.flush()
    set_towns(course, folder.towns)
    for prepared in folder.prepared:
        media.keep_file(actor, prepared)
    _take_lessons(actor, course, folder)


def _take_facts(course: Course, folder: CourseFolder) -> None:
    course.title, course.title_en, course.kind, course.level = folder.title, folder.title_en, folder.kind, folder.level
    course.occupation, course.language, course.delivery = folder.occupation, folder.language, folder.delivery
    course.summary, course.planned_hours_milli = folder.summary, folder.planned_hours_milli
    course.pass_mark, course.is_subsidised = folder.pass_mark, folder.is_subsidised
    course.policy_code = folder.policy_code
    course.facts_lesson, course.expert_review = folder.facts_lesson, folder.expert_review
    if folder.industry in {i.slug for i in standards.list_industries()}:
        course.industry = folder.industry
    if folder.category is not None:
        course.category_path = folder.category
    if folder.syllabus is not None:
        course.syllabus = folder.syllabus
    if folder.sections is not None:
        course.sections = folder.sections
    if session.is_modified(course):
        course.updated_at = clock.now()


def _take_lessons(actor: Actor, course: Course, folder: CourseFolder) -> None:
    known = {x.slug: x for x in session.scalars(select(Lesson).where(Lesson.course_id == course.id))}
    for position, given in enumerate(folder.lessons, 1):
        lesson = known.pop(given.slug, None) or Lesson(course_id=course.id, slug=given.slug, version=0)
        if (lesson.title, lesson.body) != (given.title, given.body):
            if given.video is None and not given.is_film_left:
                lesson.asset_id = None  # what is spoken has changed: the machine makes it anew
            lesson.version, lesson.saved_by, lesson.saved_at = (lesson.version or 0) + 1, actor.ref, clock.now()
        media.keep_named(actor, given.body)
        lesson.title, lesson.kind, lesson.body, lesson.section = given.title, given.kind, given.body, given.section
        lesson.settings = {k: v for k, v in (lesson.settings or {}).items() if k != "draw"} | (
            {"draw": given.draw} if given.draw else {})
        is_filmed = given.video is not None or given.is_film_left
        if given.is_film_left and lesson.is_narrated:
            lesson.asset_id = None  # the film that should be there is not what the machine spoke
        if is_filmed or lesson.asset_id is None:
            lesson.next_asset_id = None
        lesson.position, lesson.is_narrated = position, given.kind == "video" and not is_filmed
        if given.video is not None:
            lesson.asset_id = media.create_from_original(actor, given.video.name, given.video_digest).id
        lesson.subtitles_id, lesson.other_film_id = _subtitles(actor, lesson, given), None
        session.add(lesson)
    if known:
        if actor.is_person:
            for gone in known.values():
                removals.note_lesson(actor, gone)  # like one that is taken out by hand it can be put back
        session.execute(delete(Lesson).where(Lesson.id.in_([x.id for x in known.values()])))
    session.flush()


def _subtitles(actor: Actor, lesson: Lesson, given: FolderLesson) -> int | None:
    """The version that the folder's subtitles are: the lesson's own where it says the same, so that nothing changes.

    What nobody has looked through stays so: it does not do for a subsidised course.
    """
    if not given.cues:
        return None
    if lesson.subtitles_id is not None and tuple(subtitling.words_of(lesson)) == given.cues:
        was_checked = lesson.subtitles_id in media.checked_subtitles([lesson.subtitles_id])
        if was_checked == given.is_checked:
            return lesson.subtitles_id
    return media.keep_subtitles(actor, given.cues, origin="upload" if given.is_checked else "transcribed").id
