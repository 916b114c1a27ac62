"""My goals: what my credits count towards, how far I am, and the shortest way on."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import programmes
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.programmes import telling
from guanxue.programmes.routes import blueprint


@blueprint.get("/me/goals")
def goals() -> Response:
    """What I chose first, then what else there is; of each how far I am."""
    actor = current_actor()
    actor.must_be_person()
    chosen = programmes.list_goals(actor.id)
    pieces = programmes.pieces_of(actor.id)
    rows = [{**telling.told(p), **telling.how_far(programmes.progress_with(p, pieces)), "title": telling.told(p)["title"],
             "is_chosen": p.code in chosen} for p in programmes.list_current()]
    return personal(page("programmes/goals.html", mine=[r for r in rows if r["is_chosen"]],
                         others=[r for r in rows if not r["is_chosen"]]))


@blueprint.get("/me/goals/<code>")
def goal(code: str) -> Response:
    """One target: the next step on top, then how far I am and which credits count."""
    actor = current_actor()
    actor.must_be_person()
    programme = programmes.get_current(code)
    progress = programmes.progress_of(programme, actor.id)
    held = request.args.getlist("have")
    certificates = programmes.list_certificates(actor.id)
    found = programmes.find_way(programme, progress, programmes.list_offers(actor.id), certificates, held)
    return personal(page(
        "programmes/goal.html", goal=telling.told(programme), progress=telling.how_far(progress),
        entries=telling.entries(progress), way=telling.way(found), held=held,
        certificates=[telling.certificate(c) for c in found.certificates],
        is_chosen=code in programmes.list_goals(actor.id), is_over=programmes.is_over(programme, actor.id),
        rewards=[{"at": r.marked_at, "window": telling.window(r.window)} for r in programmes.list_rewards(actor.id, code)]))


@blueprint.post("/me/goals/<code>")
def choose_goal(code: str) -> Response:
    """Make it my goal."""
    programmes.choose_goal(current_actor(), code)
    return redirect(url_for(".goal", code=code), 303)


@blueprint.post("/me/goals/<code>/leave")
def leave_goal(code: str) -> Response:
    """It is not my goal any more."""
    programmes.leave_goal(current_actor(), code)
    return redirect(url_for(".goals"), 303)
