"""An instructor's pages: my courses, a course's draft, its lessons, videos and questions, handing in."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, discussions, media, quizzes, standards
from guanxue.core.db import begin_writing
from guanxue.core.errors import Invalid, NotFound, Problem, TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html, markdown_html
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint

MOST_UPLOAD_BYTES = 2 * 1024**3
LESSON_KINDS = ("video", "text", "quiz")


def _mine(slug: str) -> courses.Course:
    actor = current_actor()
    actor.require("teach")
    found = courses.get_course(slug, actor)
    if not courses.may_edit_course(actor, found):
        raise NotFound(_("没有这门课。"))
    return found


def _choices() -> dict:
    return {"kinds": courses.KINDS, "levels": standards.LEVELS,
            "industries": [(i.slug, i.name) for i in standards.list_industries()],
            "towns": [(t.slug, t.name) for t in accounts.list_towns()]}


def _facts() -> dict:
    form = request.form
    level = form.get("level", "")
    return {"title": form.get("title", ""), "kind": form.get("kind", ""), "summary": form.get("summary", ""),
            "level": int(level) if is_row_id(level) else None, "industry": form.get("industry", ""),
            "town_slugs": tuple(form.getlist("town"))}


@blueprint.get("/teach")
def teach_index() -> Response:
    """My courses, and plans one could take on."""
    actor = current_actor()
    actor.require("teach")
    own = courses.list_own_courses(actor)
    asked = discussions.count_unanswered(c.id for c in own)
    mine = [{"slug": c.slug, "title": c.title, "state": c.state, "is_open": c.revision_id is not None,
             "asked": asked.get(c.id, 0), "lessons": len(courses.list_lessons(c.id))} for c in own]
    return personal(page("courses/teach_index.html", mine=mine))


@blueprint.get("/teach/new")
def teach_new() -> Response:
    """The form for a new course."""
    current_actor().require("teach")
    return _new_form()


def _new_form(problem: Problem | None = None) -> Response:
    values = _facts() if problem else {"title": "", "kind": "skills-upgrading", "summary": "", "level": None, "industry": "",
                                       "town_slugs": ()}
    return personal(page("courses/teach_new.html", problem.status if problem else 200, values=values, **_choices(),
                         **_told(problem)))


def _told(problem: Problem | None) -> dict:
    return {"message": str(problem.message) if problem else "",
            "errors": {f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
            "faults": [str(f["message"]) for f in problem.fields] if problem else []}


@blueprint.post("/teach/new")
def teach_create() -> Response:
    """Make it."""
    try:
        course = courses.create_course(current_actor(), **_facts())
    except Invalid as problem:
        return _new_form(problem)
    return redirect(url_for(".teach_course", slug=course.slug), 303)


@blueprint.post("/teach/take/<slug>")
def teach_take(slug: str) -> Response:
    """Take a plan on."""
    found = courses.get_course(slug, current_actor())
    courses.take_on(current_actor(), found)
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.get("/teach/<slug>")
def teach_course(slug: str) -> Response:
    """The draft: facts, lessons with the state of their videos, remarks, handing in."""
    return _course_page(_mine(slug))


def _course_page(course: courses.Course, problem: Problem | None = None) -> Response:
    lessons = courses.list_lessons(course.id)
    assets = {a.id: a for a in media.list_assets({x.asset_id for x in lessons if x.asset_id})}
    towns = {t.id: t.slug for t in accounts.list_towns()}
    rows = [{
        "id": x.id, "title": x.title, "kind": x.kind, "is_first": n == 0, "is_narrated": x.is_narrated,
        "asset": _asset_values(assets.get(x.asset_id)), "questions": _count_questions(x),
        "characters": sum(not c.isspace() for c in x.body),
    } for n, x in enumerate(lessons)]
    return personal(page(
        "courses/teach_course.html", problem.status if problem else 200, course={
            "slug": course.slug, "title": course.title, "state": course.state, "is_open": course.revision_id is not None,
            "syllabus": course.syllabus},
        values={"title": course.title, "kind": course.kind, "summary": course.summary, "level": course.level,
                "industry": course.industry, "town_slugs": tuple(towns[t] for t in courses.list_town_ids(course.id))},
        lessons=rows, has_quiz=any(x.kind == "quiz" for x in lessons), is_making=_is_making(assets.values()),
        talk=talk_of(course), may_edit=course.state != "submitted", **_choices(), **_told(problem)))


def talk_of(course: courses.Course) -> list[dict]:
    """The steps of the review so far, as templates show them."""
    return [{"step": r.step, "remarks": r.remarks, "by": r.by_name, "at": r.at} for r in courses.list_review_lines(course.id)]


def _asset_values(asset: media.Asset | None) -> dict | None:
    if asset is None:
        return None
    return {"state": asset.state, "stage": asset.stage, "permille": asset.progress_permille, "failure": asset.failure,
            "duration_ms": asset.duration_ms, "name": asset.source.get("filename", ""),
            "has_sound": asset.facts.get("has_sound", True),
            "was_rotated": asset.facts.get("was_rotated", False),
            "play": media.playable(asset) if asset.state == "ready" else None}


def _is_making(assets) -> bool:
    return any(a.state in ("waiting", "working") for a in assets)


def _count_questions(lesson: courses.Lesson) -> int:
    return len(quizzes.read_gift(lesson.body).questions) if lesson.kind == "quiz" else 0


@blueprint.post("/teach/<slug>/facts")
def teach_facts(slug: str) -> Response:
    """Change the course's facts."""
    course = _mine(slug)
    try:
        courses.edit_course(current_actor(), course, **_facts())
    except Invalid as problem:
        return _course_page(course, problem)
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.get("/teach/<slug>/lessons/new")
def teach_lesson_new(slug: str) -> Response:
    """The form for a new lesson of the kind in ?kind=."""
    course, kind = _mine(slug), request.args.get("kind", "video")
    if kind not in LESSON_KINDS:
        raise NotFound(_("没有这种课。"))
    return _lesson_form(course, {"id": None, "kind": kind, "title": str(_("课程考核")) if kind == "quiz" else "", "body": "",
                                 "asset": None})


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>")
def teach_lesson(slug: str, lesson_id: int) -> Response:
    """A lesson of the draft."""
    course = _mine(slug)
    return _lesson_form(course, _lesson_values(courses.get_lesson(course, lesson_id)))


def _lesson_values(lesson: courses.Lesson) -> dict:
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    return {"id": lesson.id, "kind": lesson.kind, "title": lesson.title, "body": lesson.body, "asset": _asset_values(asset)}


def _lesson_form(course: courses.Course, lesson: dict, problem: Problem | None = None) -> Response:
    preview = _preview(lesson["body"]) if lesson["kind"] == "quiz" and lesson["body"] else None
    outline = [{"id": x.id, "title": x.title, "kind": x.kind} for x in courses.list_lessons(course.id)]
    return personal(page("courses/teach_lesson.html", problem.status if problem else 200, lesson=lesson, preview=preview,
                         body_html="" if lesson["kind"] == "quiz" else markdown_html(lesson["body"]), outline=outline,
                         course={"slug": course.slug, "title": course.title}, most_megabytes=MOST_UPLOAD_BYTES // 1024**2,
                         **_told(problem)))


def _preview(body: str) -> dict:
    report = quizzes.read_gift(body)
    return {"total": report.total, "questions": [_asked(x) for x in report.questions],
            "left_out": [{"line": x.line, "text": x.text, "reason": str(x.reason)} for x in report.left_out]}


def _asked(question: quizzes.Question) -> dict:
    """A question as learners will read it: nothing of its key."""
    return {"kind": question.kind, "stem_html": inline_html(question.stem),
            "options_html": [inline_html(o.text) for o in question.options] if question.kind in ("single", "multiple") else []}


@blueprint.post("/teach/<slug>/lessons")
@reads_first
@takes_upload(MOST_UPLOAD_BYTES + 1024**2)
def teach_lesson_save(slug: str) -> Response:
    """A new lesson, or changes to one; a video file may come with it. The file is taken before writing begins."""
    course, form = _mine(slug), request.form
    upload = request.files.get("video")
    try:
        digest = media.keep_original(upload.stream) if upload is not None and upload.filename else None
        begin_writing()
        course = _mine(slug)
        lesson = _saved(course, form)
        if digest is not None:
            asset = media.create_from_original(current_actor(), upload.filename, digest)
            courses.attach_video(current_actor(), course, lesson.id, asset)
    except (Invalid, TooLarge) as problem:
        kind = form.get("kind", "") if form.get("kind", "") in LESSON_KINDS else "video"
        values = {"id": int(form["id"]) if is_row_id(form.get("id", "")) else None, "kind": kind,
                  "title": form.get("title", ""), "body": form.get("body", ""), "asset": None}
        return _lesson_form(course, values, problem)
    return redirect(url_for(".teach_course", slug=slug), 303)


def _saved(course: courses.Course, form) -> courses.Lesson:
    actor, body = current_actor(), form.get("body", "").replace("\r\n", "\n")
    if is_row_id(form.get("id", "")):
        return courses.edit_lesson(actor, course, int(form["id"]), title=form.get("title", ""), body=body)
    kind = form.get("kind", "")
    return courses.add_lesson(actor, course, title=form.get("title", ""), kind=kind, body=body)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/move")
def teach_move(slug: str, lesson_id: int) -> Response:
    """Up or down."""
    courses.move_lesson(current_actor(), _mine(slug), lesson_id, -1 if request.form.get("way") == "up" else 1)
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/remove")
def teach_remove(slug: str, lesson_id: int) -> Response:
    """Out of the draft; what is published keeps it."""
    courses.remove_lesson(current_actor(), _mine(slug), lesson_id)
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.post("/teach/<slug>/submit")
def teach_submit(slug: str) -> Response:
    """Hand the draft to a reviewer."""
    course = _mine(slug)
    try:
        courses.submit_course(current_actor(), course)
    except Invalid as problem:
        return _course_page(course, problem)
    return redirect(url_for(".teach_course", slug=slug), 303)
