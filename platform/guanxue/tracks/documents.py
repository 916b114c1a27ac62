"""What search is given about tracks and towns."""

from __future__ import annotations

from guanxue import accounts, courses, standards
from guanxue.core.actor import ANONYMOUS
from guanxue.search import SearchDocument
from guanxue.tracks import queries
from guanxue.tracks.errors import NoSuchTrack


def load_track(slug: str) -> SearchDocument | None:
    """A published track; None for any other."""
    try:
        track = queries.get_track(slug, ANONYMOUS)
    except NoSuchTrack:
        return None
    town = next(t for t in accounts.list_towns() if t.id == track.town_id)
    trades = [o.name for s in track.occupations if (o := standards.find_occupation(s))]
    items = courses.items_of(c.course_id for v in queries.list_stages([track.id])[track.id] for c in v.courses)
    return SearchDocument(
        kind="track", id=slug, title=track.title, url=f"/tracks/{slug}",
        keywords=[k for k in (town.name, track.title_en, *trades) if k],
        body="\n".join([track.summary, *(i.title for i in items.values())]),
        rank=int(any(i.status == "open" for i in items.values())))


def list_track_slugs() -> list[str]:
    """Every published track."""
    return [t.slug for t in queries.list_tracks(ANONYMOUS)]


def load_town(slug: str) -> SearchDocument | None:
    """A town with what it makes."""
    town = accounts.find_town(slug)
    if town is None:
        return None
    return SearchDocument(kind="town", id=slug, title=town.name, url=f"/towns/{slug}", rank=1,
                          keywords=[town.name_en, *town.industries])


def list_town_slugs() -> list[str]:
    """Every town, sub-district and park."""
    return [t.slug for t in accounts.list_towns()]
