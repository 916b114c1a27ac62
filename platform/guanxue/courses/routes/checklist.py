"""The administrator's page of what readers judge, and how many of them there are."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import courses
from guanxue.core.errors import Invalid, Problem
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint

SPARE = 3  # empty lines for points that are new


@blueprint.get("/admin/checklist")
def checklist() -> Response:
    """The list in force as a form, and older versions."""
    current_actor().require("administer")
    return _page()


def _page(problem: Problem | None = None) -> Response:
    now, *older = courses.list_checklists()
    points = _from_form() if problem else [*now.points, *({"key": "", "title": "", "hint": ""} for _n in range(SPARE))]
    return personal(page(
        "courses/checklist.html", problem.status if problem else 200, points=points,
        readers=request.form.get("readers", str(now.readers)), number=now.number, at=now.published_at,
        older=[{"number": x.number, "at": x.published_at, "readers": x.readers, "points": [p["title"] for p in x.points]}
               for x in older], message=str(problem.message) if problem else ""))


def _from_form() -> list[dict]:
    form = request.form
    return [{"key": key, "title": title, "hint": hint} for key, title, hint in
            zip(form.getlist("key"), form.getlist("title"), form.getlist("hint"), strict=False)]


@blueprint.post("/admin/checklist")
def publish_checklist() -> Response:
    """Publish a new version, for what is handed in from now on."""
    current_actor().require("administer")
    chosen = request.form.get("readers", "")
    readers = int(chosen) if chosen in ("1", "2", "3") else 0
    try:
        courses.publish_checklist(current_actor(), readers=readers, points=_from_form())
    except Invalid as problem:
        return _page(problem)
    return redirect(url_for(".checklist"), 303)
