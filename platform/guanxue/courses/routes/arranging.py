"""The outline of a draft: its sections, and the order of everything as it was dragged."""

from __future__ import annotations

from flask import Response, jsonify, redirect, request, url_for

from guanxue import courses
from guanxue.core.errors import Invalid
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import course_page, my_course


@blueprint.post("/teach/<slug>/sections")
def teach_sections(slug: str) -> Response:
    """Add, rename, remove or move a section: `step` says which, `section` its name, `name` the new one."""
    actor, course, form = current_actor(), my_course(slug), request.form
    step, section, name = form.get("step", "add"), form.get("section", ""), form.get("name", "")
    removed = None
    try:
        if step == "rename":
            courses.rename_section(actor, course, section, name)
        elif step == "remove":
            removed = courses.remove_section(actor, course, section)
        elif step in ("up", "down"):
            courses.move_section(actor, course, section, -1 if step == "up" else 1)
        else:
            courses.add_section(actor, course, name)
    except Invalid as problem:
        return course_page(course, problem)
    return redirect(url_for(".teach_course", slug=slug, removed=removed.id if removed else None, _anchor="outline"), 303)


@blueprint.post("/teach/<slug>/removed/<int:removed_id>")
def teach_put_back(slug: str, removed_id: int) -> Response:
    """A lesson or a heading that was taken out stands in the draft again."""
    course = my_course(slug)
    try:
        lesson = courses.put_back(current_actor(), course, removed_id)
    except (Invalid, courses.NotReady) as problem:
        return course_page(course, problem)
    return redirect(url_for(".teach_course", slug=slug, _anchor=f"lesson-{lesson.id}" if lesson else "outline"), 303)


@blueprint.post("/teach/<slug>/order")
def teach_order(slug: str) -> Response:
    """Everything as it stands now: `order` has a line for each, "section 名称" or "lesson 12"."""
    course = my_course(slug)
    lines = [line.partition(" ") for line in request.form.get("order", "").splitlines()[:2000]]
    courses.arrange(current_actor(), course, [(kind, value.strip()) for kind, _blank, value in lines])
    if request.accept_mimetypes.best == "application/json":
        return personal(jsonify(saved=True))
    return redirect(url_for(".teach_course", slug=slug, _anchor="outline"), 303)
