"""My notes: kept at a moment of a lesson, listed by course, each leading back to its moment."""

from __future__ import annotations

from itertools import groupby

from flask import Response, redirect, request, url_for

from guanxue import courses, learning
from guanxue.core.errors import Invalid
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import own_site_path, page, personal
from guanxue.learning.routes import blueprint
from guanxue.learning.routes.study import find_lesson, shown_note


@blueprint.post("/learn/<course>/<lesson>/notes")
def add_note(course: str, lesson: str) -> Response:
    """Keep a note; back to the lesson, at its moment."""
    _found, enrolment, row = find_lesson(course, lesson)
    if enrolment is None:
        return redirect(url_for("courses.course", slug=course), 303)
    at = request.form.get("at", "")
    try:
        note = learning.add_note(current_actor(), enrolment, row, request.form.get("text", ""), int(at) if is_row_id(at) else 0)
    except Invalid:
        return redirect(url_for(".lesson", course=course, lesson=lesson) + "#notes", 303)  # an empty note is no note
    if request.accept_mimetypes.best == "application/json":
        return shown_note(note)
    return redirect(url_for(".lesson", course=course, lesson=lesson, t=note.at_ms // 1000) + "#notes", 303)


@blueprint.post("/me/notes/<int:note_id>")
def change_note(note_id: int) -> Response:
    """New words, or none: then it is gone."""
    current_actor().must_be_person()
    text = "" if request.form.get("remove") else request.form.get("text", "")
    learning.change_note(current_actor(), note_id, text)
    return redirect(own_site_path(request.form.get("next"), url_for(".notes")), 303)


@blueprint.get("/me/notes")
def notes() -> Response:
    """Everything I wrote down, by course and lesson."""
    actor = current_actor()
    actor.must_be_person()
    found = learning.list_notes(actor.id)
    by_id = courses.courses_by_id({n.course_id for n in found})
    groups = []
    for course_id, group in groupby(found, key=lambda n: n.course_id):
        course = by_id[course_id]
        titles = {x.slug: x.title for x in courses.lessons_of(course.revision_id)} if course.revision_id else {}
        groups.append({"slug": course.slug, "title": course.title,
                       "notes": [shown_note(n) | {"lesson": n.lesson_slug, "lesson_title": titles.get(n.lesson_slug, "")}
                                 for n in group]})
    return personal(page("learning/notes.html", groups=groups))
