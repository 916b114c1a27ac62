"""An instructor's videos on their way in: what waits, and how a finished upload becomes a lesson's video.

The bytes come by media/api.py; these are the small requests before and after.
"""

from __future__ import annotations

from pathlib import PurePath

from flask import Response, jsonify, redirect, request, url_for

from guanxue import courses, media
from guanxue.core.db import begin_writing, end_work, writing
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import own_site_path, page, personal
from guanxue.courses.routes import blueprint


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


@blueprint.get("/teach/uploads")
def teach_uploads() -> Response:
    """Videos that are not finished, or that no lesson took: what is left of each, and until when it waits.

    With ?for=package the course packages instead.
    """
    actor = current_actor()
    actor.require("teach")
    waiting = [_values(x) for x in media.list_waiting(actor, packages=request.args.get("for") == media.PACKAGE)]
    if _wants_json():
        return personal(jsonify(uploads=[{k: v for k, v in x.items() if k not in ("until_at", "goal_url")} for x in waiting]))
    targets = [{"slug": c.slug, "title": c.title} for c in courses.list_own_courses(actor) if c.state != "submitted"]
    return personal(page("courses/teach_uploads.html", uploads=waiting, targets=targets,
                         most_gigabytes=media.MOST_UPLOAD_BYTES // 1024**3))


def _values(x: media.Waiting) -> dict:
    goal, goal_url = _goal(x.aim)
    return {"goal": goal, "goal_url": goal_url, "code": x.code, "name": x.filename,
            "size": x.size_bytes, "here": x.arrived_bytes, "modified": x.modified_ms,
            "aim": x.aim, "whole": x.is_whole, "until_at": x.expires_at,
            "percent": x.arrived_bytes * 100 // x.size_bytes, "left": x.size_bytes - x.arrived_bytes}


def _goal(aim: str) -> tuple[str, str]:
    """(what the upload is for in words, where it goes on); both empty where that is not said, or not there any more."""
    kind, _colon, name = aim.partition(":")
    course, lesson = None, None
    if kind == "lesson" and is_row_id(name):
        lesson = courses.find_lesson(int(name))
        course = courses.courses_by_id([lesson.course_id]).get(lesson.course_id) if lesson else None
    elif kind == "course":
        course = courses.find_course(name, current_actor())
    if course is None or not courses.may_edit_course(current_actor(), course):
        return "", ""
    if lesson is None:
        return course.title, url_for(".teach_course", slug=course.slug, _anchor="uploads")
    place = url_for(".teach_lesson", slug=course.slug, lesson_id=lesson.id, _anchor="uploads")
    return f"{course.title} · {lesson.title}", place


@blueprint.post("/teach/uploads/<code>/drop")
@reads_first
def teach_upload_drop(code: str) -> Response:
    """It is not wanted any more."""
    current_actor().require("teach")
    with writing():
        media.drop_upload(current_actor(), code)
    media.forget_arrived([code])
    return redirect(own_site_path(request.form.get("next"), url_for(".teach_uploads")), 303)


@blueprint.post("/teach/<slug>/uploads")
@reads_first
def teach_upload_use(slug: str) -> Response:
    """The upload named in `upload` becomes the video of `lesson`, or without one of a new lesson at the end."""
    actor, form = current_actor(), request.form
    _course(slug)
    upload = media.get_upload(actor, form.get("upload", ""))
    if upload.aim == media.PACKAGE:
        raise NotFound(_("没有这次上传。"))
    code, size, is_whole, filename = upload.code, upload.size_bytes, upload.state == "whole", upload.filename
    end_work(commit=False)
    digest = "" if is_whole else media.keep_upload(code, size)  # the process that took the last byte may have died
    begin_writing()
    course = _course(slug)
    if digest:
        media.finish_upload(actor, code, digest)
    was_used = media.get_upload(actor, code).used_at is not None
    asset = media.note_used(actor, code)
    lesson_id = _made_before(course, asset) if was_used and not form.get("lesson") else None  # the first answer was lost
    if lesson_id is None:
        lesson_id = _lesson_for(course, form, filename)
    lesson = courses.attach_video(actor, course, lesson_id, asset)
    place = url_for(".teach_lesson", slug=slug, lesson_id=lesson_id)
    if _wants_json():
        return personal(jsonify(lesson=lesson_id, version=lesson.version, place=place))
    return redirect(place, 303)


def _course(slug: str) -> courses.Course:
    actor = current_actor()
    actor.require("teach")
    found = courses.get_course(slug, actor)
    if not courses.may_edit_course(actor, found):
        raise NotFound(_("没有这门课。"))
    return found


def _made_before(course: courses.Course, asset: media.Asset) -> int | None:
    return next((x.id for x in courses.list_lessons(course.id) if x.asset_id == asset.id), None)


def _lesson_for(course: courses.Course, form, filename: str) -> int:
    """The lesson named in the form, or the one made of the page's own form meanwhile (`form_key`), or a new one."""
    if is_row_id(form.get("lesson", "")):
        return courses.get_lesson(course, int(form["lesson"])).id
    key = form.get("form_key", "")[:32]
    if (made := courses.find_made_with(course, key)) is not None:
        return made.id
    named = form.get("title", "").strip() or PurePath(filename).stem.strip()[:80] or str(_("新的视频课"))
    return courses.add_lesson(current_actor(), course, title=named, kind="video", form_key=key).id
