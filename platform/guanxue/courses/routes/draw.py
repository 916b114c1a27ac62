"""How many questions of each pool an attempt draws: a small form beside the questions."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import courses, quizzes
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course


def draw_values(course: courses.Course, lesson: courses.Lesson, problem: Problem | None = None) -> dict:
    """What templates/courses/draw.html shows: every pool with its size and how many are drawn of it, "" for all."""
    draw, typed = courses.draw_of(lesson), request.form if problem else {}
    questions = quizzes.read_gift(lesson.body).questions
    errors = {f["field"]: str(f["message"]) for f in problem.fields} if problem else {}
    pools = [{"field": f"draw-{n}", "name": pool, "size": size, "count": typed.get(f"draw-{n}", str(draw.get(pool, ""))),
              "error": errors.get(f"draw-{n}", "")} for n, (pool, size) in enumerate(quizzes.pools_of(questions).items())]
    whole = None if quizzes.draw_fault(questions, draw) else quizzes.drawn_count(questions, draw)
    return {"url": url_for("courses.draw", slug=course.slug, lesson_id=lesson.id), "pools": pools, "whole": whole,
            "questions": len(questions), "message": str(problem.message) if problem else ""}


@blueprint.get("/teach/<slug>/lessons/<int:lesson_id>/draw")
def draw(slug: str, lesson_id: int) -> Response:
    """How many questions each learner gets of each pool."""
    course = my_course(slug)
    return _draw_page(course, _quiz(course, lesson_id))


def _quiz(course: courses.Course, lesson_id: int) -> courses.Lesson:
    """The lesson, which must be a quiz: of others nothing is drawn. Raises NotFound."""
    lesson = courses.get_lesson(course, lesson_id)
    if lesson.kind != "quiz":
        raise NotFound(_("只有考核能设置随机抽题。"))
    return lesson


def _draw_page(course: courses.Course, lesson: courses.Lesson, problem: Problem | None = None) -> Response:
    values = draw_values(course, lesson, problem)
    return personal(page("courses/draw_page.html", problem.status if problem else 200, draw=values,
                         course={"slug": course.slug, "title": course.title}, lesson={"id": lesson.id, "title": lesson.title}))


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/draw")
def set_draw(slug: str, lesson_id: int) -> Response:
    """Keep how many; an empty field means all."""
    course = my_course(slug)
    lesson = _quiz(course, lesson_id)
    try:
        pools = quizzes.pools_of(quizzes.read_gift(lesson.body).questions)
        wanted = {pool: _count(request.form.get(f"draw-{n}", "")) for n, pool in enumerate(pools)}
        courses.set_draw(current_actor(), course, lesson_id, wanted)
    except Invalid as problem:
        return _draw_page(course, lesson, problem)
    return redirect(url_for(".teach_lesson", slug=slug, lesson_id=lesson_id), 303)


def _count(text: str) -> int | None:
    """A number, None for an empty field; what is no number is 0, which no pool allows."""
    text = text.strip()
    return None if not text else int(text) if text.isdecimal() and len(text) < 6 else 0
