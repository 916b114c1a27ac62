"""Towns and tracks over the API."""

from __future__ import annotations

from guanxue import accounts, courses, tracks
from guanxue.core.i18n import lazy as _
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor
from guanxue.tracks.routes.public import ribbons, track_values


@operation("GET", "/towns", summary=_("镇街和园区"), signed_in=False)
def list_towns():
    """All of them on one page, with their published tracks."""
    by_town: dict[int, list[dict]] = {}
    for r in ribbons(tracks.list_tracks(current_actor()), with_members=False):
        if r["is_published"]:
            by_town.setdefault(r["town_id"], []).append({"slug": r["slug"], "title": r["title"].written,
                                                         "status": "open" if r["is_open"] else "planned"})
    counts = {v.value: v.count for v in courses.browse(courses.Query(per_page=1)).facets["town"]}
    items = [{"slug": t.slug, "name": t.name, "kind": t.kind, "industries": t.industries, "courses": counts.get(t.slug, 0),
              "tracks": by_town.get(t.id, [])} for t in accounts.list_towns()]
    return {"items": items, "total": len(items), "page": 1, "per_page": max(1, len(items))}


def _track(slug: str) -> tracks.Track:
    return tracks.get_track(slug, current_actor())


@operation("GET", "/tracks/<slug>", summary=_("一条学习路线"), signed_in=False, find=_track)
def get_track(slug: str, found: tracks.Track):
    """Its stages, target and people; signed in, my progress."""
    values = track_values(found)
    ribbon = values["track"]
    told = {
        "slug": slug, "title": ribbon["title"].written, "summary": values["summary"].written, "town": ribbon["town_slug"],
        "status": "open" if ribbon["is_open"] else "planned", "joined": ribbon["joined"], "finished": ribbon["finished"],
        "target": {"headcount": ribbon["target"], "by": ribbon["target_by"].isoformat() if ribbon["target_by"] else None}
        if ribbon["target"] else None,
        "stages": [{"title": s["title"].written, "courses": [_course(c) for c in s["courses"]]} for s in values["stages"]],
    }
    if current_actor().is_person:
        told |= {"membership": _membership(values)}
    return told


def _course(row: dict) -> dict:
    told = {"slug": row["slug"], "title": row["title"].written, "status": row["status"], "required": row["is_required"]}
    if current_actor().is_person:
        told |= {"completed": row["is_complete"], "progress": 1 if row["is_complete"] else row["permille"] / 1000}
    return told


def _membership(values: dict) -> dict | None:
    if not values["is_member"]:
        return None
    progress = values["progress"]
    return {"joined_at": values["joined_at"].isoformat(), "progress": progress.permille / 1000, "done": progress.done,
            "required": progress.required, "next_course": values["next"]["slug"] if values["next"] else None,
            "finished_at": values["finished_at"].isoformat() if values["finished_at"] else None}


@operation("PUT", "/tracks/<slug>/membership", summary=_("加入学习路线"), find=_track)
def join(slug: str, found: tracks.Track):
    """Join; again is the same."""
    tracks.join_track(current_actor(), found)
    return _membership(track_values(found))


@operation("DELETE", "/tracks/<slug>/membership", summary=_("退出学习路线"), find=_track)
def leave(slug: str, found: tracks.Track):
    """Leave; again is the same."""
    tracks.leave_track(current_actor(), found)
