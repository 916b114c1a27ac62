"""How the exam is drawn: how many questions of each pool, of each level; what is missing; whether it is a strict one."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import courses, quizzes, standards
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course


def draw_values(course: courses.Course, lesson: courses.Lesson, problem: Problem | None = None) -> dict:
    """What templates/courses/draw.html shows: every pool with its size and how many are drawn of it, "" for all."""
    draw, typed = courses.draw_of(lesson), request.form if problem else {}
    questions = courses.questions_in(lesson)
    errors = {f["field"]: str(f["message"]) for f in problem.fields} if problem else {}
    pools = [_pool(n, pool, size, draw, questions, typed, errors)
             for n, (pool, size) in enumerate(quizzes.pools_of(questions).items())]
    is_drawable = quizzes.draw_fault(questions, draw) is None
    thin = quizzes.thin_parts(questions, draw) if is_drawable else []
    return {"url": url_for("courses.draw", slug=course.slug, lesson_id=lesson.id), "pools": pools,
            "whole": quizzes.drawn_count(questions, draw) if is_drawable else None, "questions": len(questions),
            "message": str(problem.message) if problem else "", "is_subsidised": course.is_subsidised,
            "times": quizzes.POOL_TIMES,
            "thin": [{"name": courses.pool_name(x), "count": x.count, "size": x.size, "missing": x.missing} for x in thin],
            "is_strict": typed.get("strict") == "yes" if problem else courses.is_strict_exam(lesson),
            "measured": len(courses.measured_levels(course, lesson)),
            "levels_url": url_for("courses.take_levels", slug=course.slug, lesson_id=lesson.id)}


def _pool(n: int, pool: str, size: int, draw: quizzes.Draw, questions: list, typed, errors: dict) -> dict:
    told = draw.get(pool, "")
    mix = told if isinstance(told, dict) else {}
    return {
        "field": f"draw-{n}", "name": pool, "size": size, "error": errors.get(f"draw-{n}", ""),
        "count": typed.get(f"draw-{n}", "" if mix else str(told)),
        "levels": [{"level": level, "field": f"draw-{n}-{level}", "size": there, "name": courses.LEVEL_NAMES[level],
                    "count": typed.get(f"draw-{n}-{level}", str(mix.get(level, ""))),
                    "error": errors.get(f"draw-{n}-{level}", "")}
                   for level, there in quizzes.levels_of(questions, pool).items()]}


def area_values(course: courses.Course, lesson: courses.Lesson) -> list[dict]:
    """The skill areas of the course's occupation, and how many questions stand in a pool of that name."""
    occupation = standards.find_occupation(course.occupation) if course.occupation else None
    sizes = quizzes.pools_of(courses.questions_in(lesson))
    return [{"name": Name(x.name, x.name_en), "size": sizes.get(x.name, 0)}
            for x in (standards.list_skill_areas(occupation.id) if occupation else ())]


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
                         areas=area_values(course, lesson),
                         course={"slug": course.slug, "title": course.title}, lesson={"id": lesson.id, "title": lesson.title}))


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/draw")
def set_draw(slug: str, lesson_id: int) -> Response:
    """Keep how many; an empty field means all, and numbers for levels go before the one for the whole pool."""
    course = my_course(slug)
    lesson = _quiz(course, lesson_id)
    try:
        pools = quizzes.pools_of(courses.questions_in(lesson))
        wanted = {pool: _mix(n) or _count(request.form.get(f"draw-{n}", "")) for n, pool in enumerate(pools)}
        courses.set_draw(current_actor(), course, lesson_id, wanted)
        courses.set_strict_exam(current_actor(), course, lesson_id, is_strict=request.form.get("strict") == "yes")
    except Invalid as problem:
        return _draw_page(course, lesson, problem)
    return redirect(url_for(".draw", slug=slug, lesson_id=lesson_id), 303)


def _mix(n: int) -> dict[str, int]:
    """How many of each level, of those that were filled in."""
    given = {level: _count(request.form.get(f"draw-{n}-{level}", "")) for level in quizzes.LEVELS}
    return {level: count for level, count in given.items() if count is not None}


def _count(text: str) -> int | None:
    """A number, None for an empty field; what is no number is 0, which no pool allows."""
    text = text.strip()
    return None if not text else int(text) if text.isdecimal() and len(text) < 6 else 0


@blueprint.post("/teach/<slug>/lessons/<int:lesson_id>/levels")
def take_levels(slug: str, lesson_id: int) -> Response:
    """Give questions that nobody marked the level that their answers so far say."""
    course = my_course(slug)
    lesson = _quiz(course, lesson_id)
    courses.take_levels(current_actor(), course, lesson)
    return redirect(url_for(".draw", slug=slug, lesson_id=lesson_id), 303)
