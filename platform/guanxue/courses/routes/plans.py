"""筹备中: choosing among the plans that wait for a teacher, taking one on with its lessons, giving it back."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, redirect, request, url_for

from guanxue import courses
from guanxue.core.errors import NotFound
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course

PER_PAGE = 20
FACETS = ("town", "industry", "occupation")


@blueprint.get("/teach/plans")
def teach_plans() -> Response:
    """Plans nobody has taken on, by town, industry and trade; the most wished for first."""
    current_actor().require("teach")
    asked = {name: value for name in ("q", *FACETS) if (value := request.args.get(name, "").strip()[:80])}
    found = courses.list_free_plans(courses.Query(**asked))
    number = request.args.get("page", "")
    pages = max(1, -(-len(found.rows) // PER_PAGE))
    at = min(int(number) if is_row_id(number) else 1, pages)
    rows = [{**courses.shown(item), "wishes": wishes} for item, wishes in found.rows[(at - 1) * PER_PAGE:at * PER_PAGE]]
    return personal(page(
        "courses/teach_plans.html", rows=rows, total=len(found.rows), at=at, pages=pages, asked=asked, q=asked.get("q", ""),
        facets={name: [(v.value, v.label, v.count) for v in found.facets[name]] for name in FACETS},
        page_url=lambda n: url_for(".teach_plans") + "?" + urlencode({**asked, "page": n})))


@blueprint.get("/teach/plans/<slug>")
def teach_plan(slug: str) -> Response:
    """One plan before it is taken on: what it promises, who wishes for it, the lessons its syllabus would give."""
    actor = current_actor()
    actor.require("teach")
    found = courses.get_course(slug, actor)
    item = courses.find_item(slug)
    if item is None or found.revision_id is not None or found.owner_id is not None:
        raise NotFound(_("没有这门筹备中的课，或已经有老师在做。"))
    return personal(page("courses/teach_plan.html", plan=courses.shown(item), syllabus=found.syllabus,
                         wishes=courses.count_wishes(found.id)))


@blueprint.post("/teach/take/<slug>")
def teach_take(slug: str) -> Response:
    """Take a plan on; the points that were ticked become lessons."""
    actor = current_actor()
    found = courses.get_course(slug, actor)
    courses.take_on(actor, found)
    courses.propose_lessons(actor, found, request.form.getlist("point"))
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.post("/teach/<slug>/propose")
def teach_propose(slug: str) -> Response:
    """Lessons from the points of the syllabus that were ticked."""
    courses.propose_lessons(current_actor(), my_course(slug), request.form.getlist("point"))
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.post("/teach/<slug>/give-back")
def teach_give_back(slug: str) -> Response:
    """A plan nobody wrote in yet waits for another teacher again."""
    courses.give_back(current_actor(), my_course(slug))
    return redirect(url_for(".teach_index"), 303)
