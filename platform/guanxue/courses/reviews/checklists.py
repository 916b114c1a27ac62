"""What readers judge by: numbered versions of a list of points, and how many readers a course has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import select

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field, plain_text
from guanxue.courses.reviews.models import Checklist

MOST_READERS, MOST_POINTS = 3, 20


def current_checklist() -> Checklist:
    """The list that what is handed in now will be judged by."""
    return session.scalars(select(Checklist).order_by(Checklist.number.desc()).limit(1)).one()


def list_checklists() -> list[Checklist]:
    """All versions, newest first."""
    return list(session.scalars(select(Checklist).order_by(Checklist.number.desc())))


def publish_checklist(actor: Actor, *, readers: int, points: Iterable[Mapping[str, str]]) -> Checklist:
    """A new version, for what is handed in from now on. Needs "administer". Points are {title, hint, key?}. Raises Invalid."""
    actor.require("administer")
    if not 1 <= readers <= MOST_READERS:
        raise invalid_field("readers", _("请选一到三位审核员。"))
    now = current_checklist()
    kept = [{"key": p.get("key", ""), "title": plain_text(p.get("title", ""))[:20], "hint": plain_text(p.get("hint", ""))[:200]}
            for p in points]
    kept = [p for p in kept if p["title"]]
    if not 1 <= len(kept) <= MOST_POINTS or len({p["title"] for p in kept}) < len(kept):
        raise invalid_field("points", _("请写 1 到 20 项，名称不要重复。"))
    if (readers, _titles(kept)) == (now.readers, _titles(now.points)):
        raise invalid_field("points", _("和现在的清单一样，没有新的版本。"))
    made = Checklist(number=now.number + 1, readers=readers, points=_keyed(kept), published_at=clock.now(),
                     published_by=actor.ref)
    session.add(made)
    session.flush()
    audit.record(actor, "courses.checklist.published", f"checklist:{made.number}", {"readers": readers, "points": len(kept)})
    return made


def _titles(points: list[dict]) -> list[tuple[str, str]]:
    return [(p["title"], p["hint"]) for p in points]


def _keyed(points: list[dict]) -> list[dict]:
    """Each point with a key of its own; one that went on from an older version keeps it."""
    used: set[str] = set()
    for n, point in enumerate(points, 1):
        if not point["key"] or point["key"] in used:
            point["key"] = next(k for k in (f"p{n + more}" for more in range(100)) if k not in {p["key"] for p in points})
        used.add(point["key"])
    return points
