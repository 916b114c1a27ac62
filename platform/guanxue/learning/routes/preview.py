"""A draft as its learners will see it: their own pages in a phone's frame, for its authors and readers. Nothing is recorded."""

from __future__ import annotations

import secrets

from flask import Response, request, url_for

from guanxue import courses, media, policies, quizzes
from guanxue.core import clock
from guanxue.core.errors import Invalid, NotFound
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import markdown_html
from guanxue.core.web import headers
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal
from guanxue.learning.routes import blueprint
from guanxue.learning.routes.study import answers_from_form

SEED_BYTES = 16
# Only our own page may frame a screen.
FRAMED_POLICY = headers.CONTENT_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


def _seen(slug: str) -> courses.Course:
    """The course of that slug, for its authors, and for readers while they have it."""
    actor = current_actor()
    actor.must_be_person()
    found = courses.get_course(slug, actor)
    is_reader = found.state == "submitted" and courses.may_review_course(actor, found)
    if not courses.may_edit_course(actor, found) and not is_reader:
        raise NotFound(_("没有这门课。"))
    return found


@blueprint.get("/teach/<slug>/preview")
@blueprint.get("/teach/<slug>/preview/<int:lesson_id>")
def preview(slug: str, lesson_id: int | None = None) -> Response:
    """A phone's frame around one lesson of the draft, with the way to the others."""
    course = _seen(slug)
    lessons = courses.list_lessons(course.id)
    if lesson_id is None and lessons:
        lesson_id = lessons[0].id
    here = courses.get_lesson(course, lesson_id) if lesson_id else None
    return personal(page(
        "learning/preview.html", course={"slug": course.slug, "title": course.title},
        may_edit=courses.may_edit_course(current_actor(), course),
        chosen={"id": here.id, "title": here.title} if here else None,
        lessons=[{"id": x.id, "title": x.title, "kind": x.kind} for x in lessons]))


@blueprint.get("/teach/<slug>/preview/<int:lesson_id>/screen")
def screen(slug: str, lesson_id: int) -> Response:
    """What stands in the frame: the learner's page of this lesson."""
    course = _seen(slug)
    lesson = courses.get_lesson(course, lesson_id)
    if lesson.kind == "quiz":
        return _framed("learning/quiz.html", _quiz(course, lesson, secrets.token_hex(SEED_BYTES)))
    return _framed("learning/text.html" if lesson.kind == "text" else "learning/lesson.html", _study(course, lesson))


@blueprint.post("/teach/<slug>/preview/<int:lesson_id>/screen")
@reads_first
def try_screen(slug: str, lesson_id: int) -> Response:
    """The quiz handed in on trial: what it would have given. Nothing is written."""
    course = _seen(slug)
    lesson = courses.get_lesson(course, lesson_id)
    seed = request.form.get("attempt", "")
    if lesson.kind != "quiz" or len(seed) != SEED_BYTES * 2 or set(seed) - set("0123456789abcdef"):
        raise Invalid(_("请从头再试一次。"))
    return _framed("learning/quiz.html", _quiz(course, lesson, seed, is_handed_in=True))


def _framed(template: str, values: dict) -> Response:
    response = personal(page("learning/screen.html", **{"again_url": "", **values}, learner_page=template, is_trial=True))
    response.headers["Content-Security-Policy"] = FRAMED_POLICY
    return response


def _frame(course: courses.Course, lesson: courses.Lesson) -> dict:
    """What every page of a lesson has. The others stand beside it as lessons that cannot be opened from here."""
    rows = [{"slug": x.slug, "title": Name(x.title), "kind": x.kind, "number": n, "is_complete": False,
             "is_this": x.id == lesson.id, "state": "preparing", "duration_ms": None}
            for n, x in enumerate(courses.list_lessons(course.id), 1)]
    return {"course": {"slug": course.slug, "title": Name(course.title, course.title_en),
                       "industry": course.industry or "foundation"},
            "lesson": {"id": lesson.id, "slug": lesson.slug, "title": Name(lesson.title), "kind": lesson.kind,
                       "number": next(x["number"] for x in rows if x["is_this"])},
            "lessons": rows, "after": None, "course_done": False, "expert_review": course.expert_review}


def _study(course: courses.Course, lesson: courses.Lesson) -> dict:
    """A film or a text, as somebody opens it for the first time."""
    numbers = policies.current_policy().numbers
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    is_ready = asset is not None and asset.state == "ready"
    spoken = courses.spoken_text(lesson.body)
    length = policies.reading_ms(numbers, spoken) if lesson.kind == "text" else asset.duration_ms if is_ready else None
    cues = courses.words_of(lesson) if is_ready else []
    return _frame(course, lesson) | {
        "duration_ms": length, "credited_ms": 0, "resume_ms": 0, "notes": [], "is_complete": False,
        "share_percent": numbers.share_watched_permille // 10, "max_rate": 1, "body_html": markdown_html(lesson.body),
        "state": "ready" if is_ready else "failed" if asset is not None and asset.state == "failed" else "preparing",
        "play": courses.play_of(lesson) if is_ready else None, "costs": None, "speeds": (), "begins_with": "film",
        "making_permille": asset.progress_permille if asset else 0, "engine": "",
        "cues": [{"start_ms": c.start_ms, "end_ms": c.end_ms, "text": c.text} for c in cues],
        "transcript": [] if cues else spoken.split("\n\n")}


def _quiz(course: courses.Course, lesson: courses.Lesson, seed: str, *, is_handed_in: bool = False) -> dict:
    """The quiz as it is asked, or, handed in, as it would be judged."""
    numbers = policies.current_policy().numbers
    pass_mark = numbers.pass_mark if course.pass_mark is None else course.pass_mark
    asked, draw, key = quizzes.read_gift(lesson.body).questions, courses.draw_of(lesson), bytes.fromhex(seed)
    shown = quizzes.trial_questions(asked, draw, key)
    minutes = len(shown) * 3
    values = _frame(course, lesson) | {
        "pass_mark": pass_mark, "question_count": len(shown), "attempts_left": 0, "attempts": numbers.quiz_attempts,
        "is_passed": True, "result": None, "attempt": None,
        "lapsed": None, "waiting_lessons": [], "message": "", "is_awaiting": False, "corrections": [],
        "elsewhere": None, "spared": None,
        "spare_mark": 0, "is_strict": False, "extra_percent": 0,
        "trial_url": url_for(".try_screen", slug=course.slug, lesson_id=lesson.id)}
    if not is_handed_in:
        return values | {"attempt": {
            "id": seed, "answers": {}, "questions": shown, "expires_at": clock.now(), "left_ms": minutes * 60_000,
            "extensions_left": 0, "extension_minutes": 0, "hold": 0, "seq": 0}}
    score, lines = quizzes.trial_result(asked, draw, key, answers_from_form(shown, request.form)[0])
    return values | {
        "again_url": url_for(".screen", slug=course.slug, lesson_id=lesson.id),
        "result": {"score": score, "passed": score >= pass_mark, "pass_mark": pass_mark, "lines": lines, "areas": [],
                   "at": clock.now(),
                   "waiting": sum(x["points"] is None for x in lines), "right": sum(x["points"] == 1 for x in lines)}}
