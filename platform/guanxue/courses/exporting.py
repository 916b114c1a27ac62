"""Course folders on their way out: a published revision or a draft, with a report of what the folder does not carry."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import select

from guanxue import accounts, media, quizzes, standards
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import losses, packages, papers, rules
from guanxue.courses.enclosing import Leaving
from guanxue.courses.errors import BadFolder
from guanxue.courses.folders import CourseFolder, FolderLesson, read_folder
from guanxue.courses.models import Course, Lesson, Revision, RevisionLesson
from guanxue.courses.queries import lessons_of, list_lessons, list_town_ids
from guanxue.courses.writing import write_folder

LEFT_BY_CHOICE = _("按你的选择没有带出视频；字幕和讲稿都在。")


@dataclass
class Parcel:
    """A course ready to be written: asks the database no more. `report` counts what the site's rows say there is."""

    slug: str
    facts: dict
    lessons: list[FolderLesson]
    leaving: Leaving
    report: losses.LossReport

    @property
    def size_bytes(self) -> int:
        """About how large it will be: its films and files."""
        films = [x.video for x in self.lessons if x.video is not None]
        return sum(f.stat().st_size for f in [*films, *self.leaving.sources.values()])


def parcel_of(course: Course, *, of_draft: bool = False, with_films: bool = True) -> Parcel:
    """The published revision or the draft, with every loss named beforehand. Raises BadFolder."""
    if course.revision_id is None and not of_draft:
        raise BadFolder(_("这门课还没有发布。"))
    rows = list_lessons(course.id) if of_draft else lessons_of(course.revision_id)
    leaving, report = Leaving(), losses.LossReport()
    lessons = [_given(x, leaving, report, with_films) for x in rows]
    facts = _draft_facts(course, rows) if of_draft else _facts(course)
    filmed = [x for x in lessons if x.video is not None]
    report.count(losses.LESSONS, len(rows), len(lessons))
    report.more(losses.FILMS, len(filmed), len(filmed))
    report.count(losses.FILES, leaving.count, len(leaving.sources))
    for title, name in leaving.missing:
        report.leave(losses.FILES, f"{title}：{name}", _("文件已经不在平台上，链接原样写出。"))
    return Parcel(course.slug, facts, lessons, leaving, report)


def export_folder(slug: str, path: Path, *, with_films: bool = True) -> losses.LossReport:
    """Write the course's published revision as a folder, or as a package where `path` ends in .zip; whole or not at all.

    Gives what was carried and what was not. Raises BadFolder when the course is not published, the place is taken, or a
    teacher's video is lost.
    """
    course = session.scalar(select(Course).where(Course.slug == slug, Course.revision_id.is_not(None)))
    if course is None:
        raise BadFolder(_("没有这门已发布的课。"))
    is_package = path.suffix.lower() == ".zip"
    if path.exists() and (is_package or not path.is_dir() or any(path.iterdir())):
        raise BadFolder(_("目标已经存在：%(path)s。", path=path))
    parcel = parcel_of(course, with_films=with_films)
    path.parent.mkdir(parents=True, exist_ok=True)
    if is_package:
        return write_package(parcel, path)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        write_parcel(parcel, draft)
        os.rename(draft, path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return parcel.report


def write_package(parcel: Parcel, path: Path, report: Callable[[float], None] = lambda _f: None) -> losses.LossReport:
    """The same as a package. Asks no database. `report` is told 0…1."""
    with tempfile.TemporaryDirectory(prefix=".guanxue-course-", dir=path.parent) as work:
        write_parcel(parcel, Path(work) / "course", lambda done: report(done * 0.7))
        packages.pack(Path(work) / "course", path, parcel.slug)
    return parcel.report


def write_parcel(parcel: Parcel, path: Path, report: Callable[[float], None] = lambda _f: None) -> None:
    """Write it, read it back, and name whatever did not come back as it went out. Asks no database."""
    films, done = max(1, sum(x.video is not None for x in parcel.lessons)), iter(range(1, 10_000))
    write_folder(path, parcel.facts, parcel.lessons, parcel.leaving.sources, lambda: report(next(done) / films))
    _compare(parcel, read_folder(path, is_own=True))


def _compare(parcel: Parcel, back: CourseFolder) -> None:
    """What was read back is what was carried; every difference is named."""
    report, there = parcel.report, {x.slug: x for x in back.lessons}
    for fault in back.faults:
        report.noted.append((fault["field"], fault["message"]))
    for kind in (losses.QUESTIONS, losses.CUES):
        if kind in report.totals:
            report.count(kind, report.totals[kind], back.report.carried.get(kind, 0))
    report.count(losses.LESSONS, report.totals[losses.LESSONS], len(there))
    for lesson in parcel.lessons:
        twin = there.get("quiz" if lesson.kind == "quiz" else lesson.slug)
        if twin is None:
            report.leave(losses.LESSONS, lesson.title, _("写出后读不回来。"))
            continue
        changed = [name for name in ("slug", "title", "kind", "section", "body", "draw") if
                   getattr(twin, name) != getattr(lesson, name)]
        if changed:
            report.noted.append((lesson.title, _("写出后有改动：%(x)s。", x="、".join(changed))))
    for kind, told in ((losses.QUESTIONS, _("读不回来的题。")), (losses.CUES, _("没有文字的字幕条。"))):
        missing = report.totals.get(kind, 0) - report.carried.get(kind, 0) - report.lost(kind)
        if missing > 0:
            report.leave(kind, "", told, missing)


# ---- the course's words


def _facts(course: Course) -> dict:
    """What course.yaml says of the published revision; delivery, category, plan and planned hours are the course's own."""
    told = session.get(Revision, course.revision_id).document
    return {**_words(told), **_of_course(course), **_ways(told.get("is_subsidised"), told.get("policy")),
            **_trust(told.get("facts", ""), told.get("expert_review"))}


def _draft_facts(course: Course, lessons: list[Lesson]) -> dict:
    """What it says of the draft, its headings as well."""
    towns = {t.id: t.slug for t in accounts.list_towns()}
    told = {name: getattr(course, name) for name in ("slug", "title", "title_en", "kind", "level", "occupation", "industry",
                                                     "language", "summary", "pass_mark")}
    told["towns"] = sorted(towns[i] for i in list_town_ids(course.id))
    names = [name for name in rules.section_names(course.sections, lessons) if name]
    return {**_words(told), **_of_course(course), **_ways(course.is_subsidised, course.policy_code),
            **_trust(course.facts_lesson, course.expert_review),
            **({"sections": names} if names else {})}


def _ways(is_subsidised: bool | None, policy_code: str | None) -> dict:
    return {**({"subsidised": True} if is_subsidised else {}), **({"policy": policy_code} if policy_code else {})}


def _trust(facts_lesson: str, expert_review: dict | None) -> dict:
    """Where its claims' sources stand, and whether a person of the trade has signed."""
    return {**({"facts": f"lessons/{facts_lesson}.md"} if facts_lesson else {}),
            **({"expert_review": expert_review or "awaited"} if expert_review is not None else {})}


def _words(told: dict) -> dict:
    return {
        "slug": told["slug"], "title": told["title"], "title_en": told["title_en"], "kind": _kind_of(told["kind"]),
        "level": standards.level_word(told["level"]), "occupation": told["occupation"], "industry": told["industry"],
        "towns": told["towns"], "language": told["language"], "summary": told["summary"], "pass_mark": told["pass_mark"]}


def _of_course(course: Course) -> dict:
    return {"delivery": course.delivery, "planned_hours": course.planned_hours_milli // 1000,
            "category": course.category_path, "syllabus": list(course.syllabus or [])}


def _kind_of(kind: str) -> str:
    return next(name for name, slug in rules.KIND_OF_TABLE.items() if slug == kind)


# ---- its lessons


def _given(lesson: Lesson | RevisionLesson, leaving: Leaving, report: losses.LossReport, with_films: bool) -> FolderLesson:
    """A lesson as a folder has it; one that a teacher filmed brings the file it came as."""
    is_quiz = lesson.kind == "quiz"
    body = leaving.relative(lesson.body, lesson.title, up="" if is_quiz else "../")
    plain = FolderLesson(lesson.slug, lesson.title, lesson.kind, body, lesson.section, draw=papers.draw_of(lesson))
    for name in sorted(set(lesson.settings or {}) - set(losses.CARRIED_SETTINGS)):
        report.noted.append((f"{lesson.title}：{name}", _("这项设置没有带出。")))
    if is_quiz:
        report.more(losses.QUESTIONS, _count_questions(lesson), 0)
    if lesson.subtitles_id is not None:
        plain = _with_subtitles(plain, media.get_subtitles(lesson.subtitles_id), report)
        if getattr(lesson, "other_film_id", None) is not None:  # written for another film: nobody has said that they fit
            plain = replace(plain, is_checked=False)
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    if asset is None or asset.kind != "upload" or getattr(lesson, "is_narrated", False):
        return plain
    if not with_films:
        report.more(losses.FILMS, 1, 0)
        report.leave(losses.FILMS, lesson.title, LEFT_BY_CHOICE)
        return replace(plain, is_film_left=True)
    original = media.original_path(asset)
    if not original.is_file():
        raise BadFolder(_("“%(title)s”的视频原件不见了。", title=lesson.title))
    return replace(plain, video=original, video_name=asset.source["filename"])


def _with_subtitles(plain: FolderLesson, kept: media.Subtitles, report: losses.LossReport) -> FolderLesson:
    """The lesson with its lines; the total is of all that are kept, empty ones too."""
    report.more(losses.CUES, len(kept.cues), 0)
    return replace(plain, cues=tuple(media.words_of(kept)), is_checked=kept.id in media.checked_subtitles([kept.id]))


def _count_questions(lesson: Lesson | RevisionLesson) -> int:
    """By the paper that was given out; of a draft by its text."""
    if getattr(lesson, "paper_id", None):
        return len(quizzes.get_paper(lesson.paper_id).document)
    return quizzes.read_gift(lesson.body).total
