"""A curator's pages: my towns' tracks, and one track's stages, courses, target and publication."""

from __future__ import annotations

from datetime import date

from flask import Response, redirect, request, url_for

from guanxue import courses, standards, tracks
from guanxue.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.tracks.routes import blueprint
from guanxue.tracks.routes.public import ribbons

MOST_FOUND = 12


def _my_towns() -> list:
    actor = current_actor()
    actor.must_be_person()
    towns = tracks.list_towns_curated(actor)
    if not towns:
        raise Forbidden(_("你不负责任何镇街的学习路线。"))
    return towns


def _mine(slug: str) -> tracks.Track:
    """A track of one of my towns; for everybody else it is not here."""
    towns = _my_towns()
    track = tracks.get_track(slug, current_actor())
    if track.town_id not in {t.id for t in towns}:
        raise NotFound(_("没有这条学习路线。"))
    return track


@blueprint.get("/curate")
def curate() -> Response:
    """My towns' tracks; an administrator picks the town."""
    towns = _my_towns()
    chosen = next((t for t in towns if t.slug == request.args.get("town")), towns[0])
    return personal(page(
        "tracks/curate.html", towns=[(t.slug, t.name) for t in towns], town={"slug": chosen.slug, "name": chosen.name},
        tracks=ribbons(tracks.list_tracks(current_actor(), [chosen.id]))))


@blueprint.get("/curate/new")
def curate_new() -> Response:
    """The form for a new track."""
    return _new_form()


def _new_form(problem: Problem | None = None) -> Response:
    towns, form = _my_towns(), request.values
    values = {name: form.get(name, "") for name in ("title", "summary", "industry", "town")}
    return personal(page("tracks/curate_new.html", problem.status if problem else 200, values=values, **_told(problem),
                         towns=[(t.slug, t.name) for t in towns], industries=_industries()))


def _industries() -> list[tuple[str, str]]:
    return [(i.slug, i.name) for i in standards.list_industries()]


def _told(problem: Problem | None) -> dict:
    return {"message": str(problem.message) if problem else "",
            "errors": {f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
            "faults": [str(f["message"]) for f in problem.fields] if problem else []}


@blueprint.post("/curate/new")
def curate_create() -> Response:
    """Make it, with a first stage to put courses into."""
    _my_towns()
    form, actor = request.form, current_actor()
    try:
        track = tracks.create_track(actor, town_slug=form.get("town", ""), title=form.get("title", ""),
                                    summary=form.get("summary", ""), industry=form.get("industry", ""))
        tracks.add_stage(actor, track, str(_("入门")))
    except Invalid as problem:
        return _new_form(problem)
    except NotFound as problem:  # of the form, not of the address
        return _new_form(Invalid(problem.message, fields=[{"field": "town", "message": problem.message}]))
    return redirect(url_for(".curate_track", slug=track.slug), 303)


@blueprint.get("/curate/<slug>")
def curate_track(slug: str) -> Response:
    """The editor; `?stage=` opens the drawer of courses for that stage, `?q=` searches in it."""
    return _editor(_mine(slug))


def _editor(track: tracks.Track, problem: Problem | None = None) -> Response:
    views = tracks.list_stages([track.id])[track.id]
    items = courses.items_of(c.course_id for v in views for c in v.courses)
    stage_id = request.values.get("stage", "")
    drawer = next((v.stage for v in views if str(v.stage.id) == stage_id), None)
    return personal(page(
        "tracks/curate_track.html", problem.status if problem else 200, track=ribbons([track])[0] | {"title": track.title},
        summary=track.summary,
        stages=[_stage(v, items, n, len(views)) for n, v in enumerate(views)], industries=_industries(),
        drawer={"id": drawer.id, "title": drawer.title} if drawer else None, q=request.values.get("q", ""),
        found=_search(track, views) if drawer else [], **_told(problem)))


def _stage(view: tracks.StageView, items: dict, number: int, count: int) -> dict:
    rows = [{"id": c.id, "is_required": c.is_required, "is_listed": c.course_id in items, "is_first": number == 0 and n == 0,
             "is_last": number == count - 1 and n == len(view.courses) - 1,
             **({"slug": i.slug, "title": i.title, "status": i.status} if (i := items.get(c.course_id)) else
                {"slug": "", "title": str(_("已下架的课程")), "status": "gone"})} for n, c in enumerate(view.courses)]
    return {"id": view.stage.id, "title": view.stage.title, "courses": rows, "is_first": number == 0,
            "is_last": number == count - 1}


def _search(track: tracks.Track, views: list[tracks.StageView]) -> list[dict]:
    """Courses for the drawer: what was asked for, or what can be studied; without what the track has."""
    there = {c.course_id for v in views for c in v.courses}
    query = request.values.get("q", "").strip()[:64]
    if query:
        listing = courses.browse(courses.Query(q=query, per_page=MOST_FOUND + len(there)))
    else:
        listing = courses.browse(courses.Query(industry=track.industry, per_page=MOST_FOUND + len(there)))
    return [courses.shown(i, listing.why.get(i.slug)) for i in listing.items if i.id not in there][:MOST_FOUND]


def _back(track: tracks.Track, **more) -> Response:
    return redirect(url_for(".curate_track", slug=track.slug, **more), 303)


@blueprint.post("/curate/<slug>/facts")
def curate_facts(slug: str) -> Response:
    """Name, summary, industry, target."""
    track, form = _mine(slug), request.form
    try:
        tracks.edit_track(current_actor(), track, title=form.get("title", ""), summary=form.get("summary", ""),
                          industry=form.get("industry", ""), target_headcount=_headcount(form.get("target_headcount", "")),
                          target_by_on=_day(form.get("target_by", "")))
    except Invalid as problem:
        return _editor(track, problem)
    return _back(track)


def _headcount(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isdigit() or len(text.strip()) > 9:
        raise Invalid(_("路线信息有误。"), fields=[{"field": "target_headcount", "message": _("目标人数应为正整数。")}])
    return int(text)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(_("路线信息有误。"), fields=[{"field": "target_by", "message": _("日期应写成 2026-12-31。")}]) from None


@blueprint.post("/curate/<slug>/stages")
def curate_add_stage(slug: str) -> Response:
    """A stage at the end."""
    track = _mine(slug)
    try:
        stage = tracks.add_stage(current_actor(), track, request.form.get("stage_title", ""))
    except Invalid as problem:
        return _editor(track, problem)
    return _back(track, stage=stage.id, _anchor="drawer")


@blueprint.post("/curate/<slug>/stages/<int:stage_id>")
def curate_stage(slug: str, stage_id: int) -> Response:
    """Rename, move or remove a stage."""
    track, actor, does = _mine(slug), current_actor(), request.form.get("do", "")
    try:
        if does == "remove":
            tracks.remove_stage(actor, track, stage_id)
        elif does in ("up", "down"):
            tracks.move_stage(actor, track, stage_id, -1 if does == "up" else 1)
        else:
            tracks.rename_stage(actor, track, stage_id, request.form.get("stage_title", ""))
    except Invalid as problem:
        return _editor(track, problem)
    return _back(track)


@blueprint.post("/curate/<slug>/stages/<int:stage_id>/courses")
def curate_add_course(slug: str, stage_id: int) -> Response:
    """Put a course into a stage; the drawer stays open."""
    track, form = _mine(slug), request.form
    try:
        tracks.add_course(current_actor(), track, stage_id, form.get("course", ""))
    except (Invalid, Conflict, courses.NoSuchCourse) as problem:
        return _editor(track, problem)
    return _back(track, stage=stage_id, q=form.get("q", "") or None, _anchor="drawer")


@blueprint.post("/curate/<slug>/courses/<int:row_id>")
def curate_course(slug: str, row_id: int) -> Response:
    """Move a course, make it required or elective, take it out."""
    track, actor, does = _mine(slug), current_actor(), request.form.get("do", "")
    if does == "remove":
        tracks.remove_course(actor, track, row_id)
    elif does in ("up", "down"):
        tracks.move_course(actor, track, row_id, -1 if does == "up" else 1)
    elif does in ("required", "elective"):
        tracks.set_required(actor, track, row_id, does == "required")
    else:
        return _editor(track, Invalid(_("不知道要做什么。")))
    return _back(track)


@blueprint.post("/curate/<slug>/publish")
def curate_publish(slug: str) -> Response:
    """Show it to everybody, or take it back."""
    track = _mine(slug)
    try:
        if request.form.get("do") == "withdraw":
            tracks.withdraw_track(current_actor(), track)
        else:
            tracks.publish_track(current_actor(), track)
    except Invalid as problem:
        return _editor(track, problem)
    return _back(track)
