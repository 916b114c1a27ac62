"""How a course's exam is drawn and marked: settings of its quiz lesson."""

from __future__ import annotations

from guanxue.core.actor import Actor
from guanxue.courses import papers
from guanxue.courses.models import Course
from guanxue.courses.queries import get_lesson
from guanxue.courses.service import must_edit, touched


def set_draw(actor: Actor, course: Course, lesson_id: int, draw: dict[str, int | dict[str, int | None] | None]) -> None:
    """Say of which pool of a quiz an attempt draws how many questions; None (and as many as there are) is all of them.

    Raises Invalid with fields "draw-0", "draw-1" … in the order of the pools.
    """
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    wanted = papers.check_draw(lesson, draw)
    if wanted == papers.draw_of(lesson):
        return
    lesson.settings = {k: v for k, v in lesson.settings.items() if k != "draw"} | ({"draw": wanted} if wanted else {})
    touched(course)


def set_strict_exam(actor: Actor, course: Course, lesson_id: int, *, is_strict: bool) -> None:
    """Say whether a quiz is a strict exam whatever the policy: two people mark it, its key stays closed until a pass."""
    must_edit(actor, course)
    lesson = get_lesson(course, lesson_id)
    if is_strict == papers.is_strict_exam(lesson):
        return
    lesson.settings = {k: v for k, v in lesson.settings.items() if k != "exam"} | ({"exam": "strict"} if is_strict else {})
    touched(course)
