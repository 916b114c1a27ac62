"""Writing a lesson: its page, saving it (the button, and quietly while somebody writes), its place, taking it out.

Every save says which version it changes. Where somebody else has saved a newer one, both texts are shown and one chooses.
"""

from __future__ import annotations

import secrets

from flask import Response, jsonify, redirect, request, url_for

from guanxue import accounts, courses, media, quizzes
from guanxue.core import clock
from guanxue.core.db import begin_writing
from guanxue.core.errors import Invalid, NotFound, Problem, TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html, markdown_html
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.files import markdown_of, prepare_file
from guanxue.courses.routes.questions import questions_page
from guanxue.courses.routes.subtitles import subtitles_state
from guanxue.courses.routes.teach import asset_values, my_course, told_of

MOST_UPLOAD_BYTES = 2 * 1024**3
LESSON_KINDS = ("video", "text", "quiz")


@blueprint.get("/teach/<slug>/lessons/new")
def teach_lesson_new(slug: str) -> Response:
    """The form for a new lesson of the kind in ?kind=, in the section in ?section=."""
    course, kind = my_course(slug), request.args.get("kind", "video")
    if kind not in LESSON_KINDS:
        raise NotFound(_("没有这种课。"))
    if kind == "quiz" and request.args.get("form") != "gift":
        return questions_page(course)
    count = sum(x.kind != "quiz" for x in courses.list_lessons(course.id))
    title = str(_("课程考核")) if kind == "quiz" else str(_("第 %(n)s 课", n=count + 1))
    return _lesson_form(course, _blank(kind, title, request.args.get("section", "")))


def _blank(kind: str, title: str, section: str) -> dict:
    return {"id": None, "slug": "", "kind": kind, "title": title, "body": "", "asset": None, "version": 0, "saved_at": None,
            "section": section, "is_narrated": False, "form_key": secrets.token_hex(8), "may_be_slides": False}


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>")
def teach_lesson(slug: str, lesson_id: int) -> Response:
    """A lesson of the draft."""
    course = my_course(slug)
    lesson = courses.get_lesson(course, lesson_id)
    if lesson.kind == "quiz" and request.args.get("form") != "gift":
        return questions_page(course)
    if courses.is_slideshow(lesson) and request.args.get("form") != "text":
        return redirect(url_for(".teach_slides", slug=slug, lesson_id=lesson_id), 303)
    return _lesson_form(course, _lesson_values(lesson))


def _lesson_values(lesson: courses.Lesson) -> dict:
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    return {"id": lesson.id, "slug": lesson.slug, "kind": lesson.kind, "title": lesson.title, "body": lesson.body,
            "asset": asset_values(asset), "version": lesson.version, "saved_at": lesson.saved_at, "section": lesson.section,
            "is_narrated": lesson.is_narrated, "form_key": "", "may_be_slides": courses.may_be_slideshow(lesson)}


def _lesson_form(course: courses.Course, lesson: dict, problem: Problem | None = None) -> Response:
    is_quiz = lesson["kind"] == "quiz"
    return personal(page(
        "courses/teach_lesson.html", problem.status if problem else 200, lesson=lesson, outline=outline_rows(course),
        preview=_preview(lesson["body"]) if is_quiz and lesson["body"] else None,
        body_html="" if is_quiz else markdown_html(lesson["body"]), may_edit=course.state != "submitted",
        subtitling=subtitles_state(course, courses.get_lesson(course, lesson["id"])) if lesson["id"] else None,
        remarks=courses.remarks_here(course, lesson["slug"]) if lesson["id"] else [],
        course={"slug": course.slug, "title": course.title}, most_megabytes=MOST_UPLOAD_BYTES // 1024**2, **told_of(problem)))


def outline_rows(course: courses.Course) -> list[dict]:
    """The draft's lessons as the list beside an editor shows them, the quiz last."""
    rows = [{"id": x.id, "title": x.title, "kind": x.kind, "section": part.name, "is_first": n == 0}
            for part in courses.get_outline(course) for n, x in enumerate(part.lessons)]
    return rows + [{"id": x.id, "title": x.title, "kind": x.kind, "section": "", "is_first": False}
                   for x in courses.list_lessons(course.id) if x.kind == "quiz"]


def _preview(body: str) -> dict:
    report = quizzes.read_gift(body)
    return {"total": report.total, "questions": [_asked(x) for x in report.questions],
            "left_out": [{"line": x.line, "text": x.text, "reason": str(x.reason)} for x in report.left_out],
            "doubts": [{"line": x.line, "text": x.text, "reason": str(x.reason)} for x in report.doubts]}


def _asked(question: quizzes.Question) -> dict:
    """A question as learners will read it: nothing of its key."""
    return {"kind": question.kind, "stem_html": inline_html(question.stem),
            "options_html": [inline_html(o.text) for o in question.options] if question.kind in ("single", "multiple") else []}


# ---- saving


@blueprint.post("/teach/<slug>/lessons")
@reads_first
@takes_upload(MOST_UPLOAD_BYTES + 1024**2)
def teach_lesson_save(slug: str) -> Response:
    """A new lesson, or changes to one; a video, or files for its text, may come with it and are taken before writing begins."""
    course, form = my_course(slug), request.form
    is_quiet = request.accept_mimetypes.best == "application/json"
    try:
        digest, filename = _video(request.files.get("video"))
        prepared = [prepare_file(x) for x in request.files.getlist("enclosed") if x.filename]
        begin_writing()
        course = my_course(slug)
        # Without a script pictures and attachments come with the form: they go below its text.
        added = [markdown_of(media.keep_file(current_actor(), x)) for x in prepared]
        lesson = _saved(course, form, added)
        if digest:
            courses.attach_video(current_actor(), course, lesson.id,
                                 media.create_from_original(current_actor(), filename, digest))
    except courses.TextMoved as problem:
        return both_texts(course, int(form["id"]), form, problem, is_quiet)
    except (Invalid, TooLarge) as problem:
        return _refused(course, form, problem, is_quiet)
    if is_quiet:
        return personal(jsonify(_told_quietly(course, lesson)))
    if added:  # a file goes into the text: its writer wants to see where
        return redirect(url_for(".teach_lesson", slug=slug, lesson_id=lesson.id, _anchor="f-body"), 303)
    return redirect(url_for(".teach_course", slug=slug), 303)


def _video(upload) -> tuple[str, str]:
    """(digest, name) of a video that came with the form, ("", "") where none did."""
    if upload is None or not upload.filename:
        return "", ""
    return media.keep_original(upload.stream), upload.filename


def _saved(course: courses.Course, form, added: list[str]) -> courses.Lesson:
    actor, body = current_actor(), "\n\n".join([form.get("body", "").replace("\r\n", "\n"), *added])
    key, version = form.get("form_key", "")[:32], form.get("version", "")
    if is_row_id(form.get("id", "")):
        return courses.edit_lesson(actor, course, int(form["id"]), title=form.get("title", ""), body=body,
                                   version=int(version) if is_row_id(version) else None)
    made = courses.find_made_with(course, key)
    if made is not None:  # the answer to the first time was lost on the way, or its film came first
        return courses.edit_lesson(actor, course, made.id, title=form.get("title", ""), body=body)
    return courses.add_lesson(actor, course, title=form.get("title", ""), kind=form.get("kind", ""), body=body,
                              section=form.get("section", "").strip()[:40], form_key=key)


def _told_quietly(course: courses.Course, lesson: courses.Lesson) -> dict:
    """What a script that saves needs: which version stands now, when it was saved, how the text looks."""
    at = (lesson.saved_at or clock.now()).astimezone(clock.CITY)
    return {"id": lesson.id, "version": lesson.version, "saved": at.strftime("%H:%M"),
            "html": "" if lesson.kind == "quiz" else markdown_html(lesson.body),
            "address": url_for(".teach_lesson", slug=course.slug, lesson_id=lesson.id)}


def _refused(course: courses.Course, form, problem: Problem, is_quiet: bool) -> Response:
    """The form again with what was written in it, and why it was not saved."""
    if is_quiet:
        faults = [str(f["message"]) for f in problem.fields]
        return personal(jsonify(message=str(problem.message), faults=faults)), problem.status
    kind = form.get("kind", "") if form.get("kind", "") in LESSON_KINDS else "video"
    values = {**_blank(kind, "", form.get("section", "")), "form_key": form.get("form_key", "")[:32]}
    if is_row_id(form.get("id", "")):
        values = _lesson_values(courses.get_lesson(course, int(form["id"])))
        values["version"] = form.get("version", "")
    return _lesson_form(course, {**values, "title": form.get("title", ""), "body": form.get("body", "")}, problem)


def both_texts(course: courses.Course, lesson_id: int, form, problem: Problem, is_quiet: bool) -> Response:
    """Nothing was overwritten: both texts, side by side."""
    lesson = courses.get_lesson(course, lesson_id)
    person = lesson.saved_by.removeprefix("person:")
    by = accounts.names_of([int(person)]).get(int(person), "") if person.isdigit() else ""
    if is_quiet:
        return personal(jsonify(message=str(problem.message), by=by, version=lesson.version)), problem.status
    mine = form.get("body", "").replace("\r\n", "\n")
    return personal(page(
        "courses/teach_conflict.html", problem.status, message=str(problem.message),
        course={"slug": course.slug, "title": course.title},
        theirs={"title": lesson.title, "body": lesson.body, "by": by, "at": lesson.saved_at, "version": lesson.version},
        lesson={"id": lesson.id, "kind": lesson.kind, "title": form.get("title", ""), "body": mine},
        differs=_differing(lesson.body, mine)))


def _differing(theirs: str, mine: str) -> dict[str, list[tuple[str, bool]]]:
    """Both texts line by line, each with whether the other has that line too."""
    there, here = set(theirs.splitlines()), set(mine.splitlines())
    return {"theirs": [(line, line in here) for line in theirs.splitlines()],
            "mine": [(line, line in there) for line in mine.splitlines()]}


# ---- its place


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/move")
def teach_move(slug: str, lesson_id: int) -> Response:
    """Up or down, over the edge of a section into the next."""
    courses.move_lesson(current_actor(), my_course(slug), lesson_id, -1 if request.form.get("way") == "up" else 1)
    return redirect(url_for(".teach_course", slug=slug, _anchor=f"lesson-{lesson_id}"), 303)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/remove")
def teach_remove(slug: str, lesson_id: int) -> Response:
    """Out of the draft, for thirty days with a way back; what is published keeps it."""
    removed = courses.remove_lesson(current_actor(), my_course(slug), lesson_id)
    return redirect(url_for(".teach_course", slug=slug, removed=removed.id), 303)
