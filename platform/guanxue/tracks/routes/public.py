"""Towns on a schematic map and as a list, a town with its tracks, a track with its stages; joining and leaving."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from flask import Response, g, redirect, url_for

from guanxue import accounts, courses, learning, tracks
from guanxue.core.i18n import Name
from guanxue.core.web import pictograms
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pagecache import kept_page
from guanxue.core.web.pages import page, personal
from guanxue.tracks.routes import blueprint

# What an English name ends with and a square of the map has no room for.
PLAIN = re.compile(" (Subdistrict|Town|Hi-tech Zone|Area)$")


@blueprint.get("/towns")
@kept_page("catalogue", "tracks")
def towns() -> Response:
    """All 36, where they lie and what they make."""
    published = ribbons(tracks.list_tracks(current_actor()), with_members=False)
    by_town: dict[int, list[dict]] = {}
    for ribbon in published:
        if ribbon["is_published"]:
            by_town.setdefault(ribbon["town_id"], []).append(ribbon)
    rows = [_town_row(t, by_town.get(t.id, [])) for t in accounts.list_towns()]
    response = page("tracks/towns.html", towns=rows, columns=1 + max((t["column"] for t in rows), default=0),
                    rows=1 + max((t["row"] for t in rows), default=0), open_tracks=sum(t["open"] for t in rows),
                    track_total=sum(t["total"] for t in rows))
    return personal(response) if current_actor().is_person else response


def _town_row(town: accounts.Organisation, ribbons_here: list[dict]) -> dict:
    return {**town_names(town), "short": Name(town.short_name or town.name, PLAIN.sub("", town.name_en)),
            "column": town.map_column, "row": town.map_row, "total": len(ribbons_here), "industry": looks(town, ribbons_here),
            "open": sum(r["is_open"] for r in ribbons_here)}


def town_names(town: accounts.Organisation) -> dict:
    """A town's slug, its name and what it makes, for templates."""
    english = [*town.industries_en, *[""] * len(town.industries)]  # lists of the same order; the English one may be shorter
    return {"slug": town.slug, "name": Name(town.name, town.name_en),
            "industries": [Name(zh, en) for zh, en in zip(town.industries, english, strict=False)]}


def looks(town: accounts.Organisation, ribbons_here: list[dict]) -> str:
    """What a town's cover shows: the first of its trades that is drawn, else what most of its tracks lead to."""
    if (craft := pictograms.first_of(town.industries)) != "town":
        return craft
    counted = Counter(r["industry"] for r in ribbons_here if r["industry"] != "town")
    return counted.most_common(1)[0][0] if counted else "town"


@blueprint.get("/towns/<slug>")
@kept_page("catalogue", "tracks")
def town(slug: str) -> Response:
    """A town: what it makes, its tracks with how many joined and finished, what can be studied for it."""
    actor, found = current_actor(), accounts.get_town(slug)
    here = sorted(ribbons(t for t in tracks.list_tracks(actor, [found.id]) if t.state == "published"),
                  key=lambda r: not r["is_open"])
    listing = courses.browse(courses.Query(town=slug, status="open", per_page=6))
    response = page(
        "tracks/town.html", tracks=here,
        town={**town_names(found), "industry": looks(found, here)},
        drawn=[pictograms.name_of(trade) for trade in found.industries],
        joined=sum(r["joined"] for r in here), finished=sum(r["finished"] for r in here),
        open_items=[courses.shown(i) for i in listing.items],
        course_total=courses.browse(courses.Query(town=slug, per_page=1)).total,
        is_mine=actor.is_person and g.person.town_id == found.id,
        may_curate=any(t.id == found.id for t in tracks.list_towns_curated(actor)))
    return personal(response) if actor.is_person else response


@blueprint.post("/towns/<slug>/mine")
def choose_town(slug: str) -> Response:
    """This is where I live or work: its tracks come first on my home page."""
    current_actor().must_be_person()
    accounts.set_town(current_actor(), slug)
    return redirect(url_for(".town", slug=slug), 303)


def ribbons(some, *, with_members: bool = True) -> list[dict]:
    """Tracks as ribbons of stages, for lists: plain values, a handful of queries for all of them."""
    rows: Sequence[tracks.Track] = list(some)
    stages = tracks.list_stages(t.id for t in rows)
    items = courses.items_of({c.course_id for views in stages.values() for v in views for c in v.courses})
    members = tracks.count_members(t.id for t in rows) if with_members else {}
    town_of = {t.id: t for t in accounts.list_towns()}
    return [_ribbon(t, stages[t.id], items, members.get(t.id, (0, 0)), town_of[t.town_id]) for t in rows]


def _ribbon(track: tracks.Track, views: list[tracks.StageView], items: dict, members: tuple[int, int], town) -> dict:
    counted = [{"title": Name(v.stage.title), "courses": len(v.courses),
                "open": sum(c.course_id in items and items[c.course_id].status == "open" for c in v.courses)} for v in views]
    return {
        "slug": track.slug, "title": Name(track.title, track.title_en), "industry": track.industry or "town",
        "town_id": track.town_id, "town": Name(town.name, town.name_en), "town_slug": town.slug,
        "is_published": track.state == "published", "stages": counted,
        "courses": sum(s["courses"] for s in counted), "open": sum(s["open"] for s in counted),
        "is_open": any(s["open"] for s in counted), "joined": members[0], "finished": members[1],
        "target": track.target_headcount, "target_by": track.target_by_on,
    }


@blueprint.get("/tracks/<slug>")
@kept_page("catalogue", "tracks")
def track(slug: str) -> Response:
    """A track: its stages, what is required, how far I am, what comes next."""
    actor = current_actor()
    found = tracks.get_track(slug, actor)
    response = page("tracks/track.html", **track_values(found))
    return personal(response) if actor.is_person else response


def track_values(found: tracks.Track) -> dict:
    """What the track page and the API show the present visitor."""
    actor = current_actor()
    views = tracks.list_stages([found.id])[found.id]
    ids = [c.course_id for v in views for c in v.courses]
    items = courses.items_of(ids)
    mine = {p.enrolment.course_id: p for p in learning.list_my_courses(actor.id, ids)} if actor.is_person else {}
    done = learning.completed_course_ids(actor.id) if actor.is_person else set()
    progress = tracks.measure([_step(c, items, mine, done) for v in views for c in v.courses])
    membership = tracks.find_membership(found.id, actor.id) if actor.is_person else None
    finish = tracks.find_finish(found.id, actor.id) if actor.is_person else None
    is_in = membership is not None and membership.left_at is None
    ahead = items.get(progress.next_id)
    return {
        "track": ribbons([found])[0], "summary": Name(found.summary),
        "stages": [_stage(v, items, mine, done) for v in views],
        "is_member": is_in, "joined_at": membership.joined_at if is_in else None, "progress": progress,
        "finished_at": finish.finished_at if finish else None,
        "next": {"slug": ahead.slug, "title": Name(ahead.title, ahead.title_en),
                 "is_begun": ahead.id in mine} if ahead else None,
    }


def _step(row: tracks.StageCourse, items: dict, mine: dict, done: set[int]) -> tracks.Step:
    item, progress = items.get(row.course_id), mine.get(row.course_id)
    return tracks.Step(row.course_id, row.is_required, bool(item and item.status == "open"), row.course_id in done,
                       progress.permille if progress else 0)


def _stage(view: tracks.StageView, items: dict, mine: dict, done: set[int]) -> dict:
    rows = []
    for row in view.courses:
        if row.course_id not in items:
            continue  # no longer listed: it cannot be shown, and the curator sees it in the editor
        step = _step(row, items, mine, done)
        rows.append({**courses.shown(items[row.course_id]), "is_required": row.is_required, "is_complete": step.is_complete,
                     "permille": step.permille})
    return {"title": Name(view.stage.title), "courses": rows, "done": sum(r["is_complete"] for r in rows if r["is_required"]),
            "required": sum(r["is_required"] for r in rows)}


@blueprint.post("/tracks/<slug>/join")
def join(slug: str) -> Response:
    """Join, and stay here: the page says what comes next."""
    current_actor().must_be_person()
    tracks.join_track(current_actor(), tracks.get_track(slug, current_actor()))
    return redirect(url_for(".track", slug=slug), 303)


@blueprint.post("/tracks/<slug>/leave")
def leave(slug: str) -> Response:
    """Leave; what was learned stays."""
    current_actor().must_be_person()
    tracks.leave_track(current_actor(), tracks.get_track(slug, current_actor()))
    return redirect(url_for(".track", slug=slug), 303)
