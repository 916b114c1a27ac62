"""Goals over the API."""

from __future__ import annotations

from guanxue import programmes
from guanxue.core.i18n import lazy as _
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor
from guanxue.programmes import telling
from guanxue.programmes.models import Programme
from guanxue.programmes.rules import Progress


def _programme(code: str) -> Programme:
    return programmes.get_current(code)


def _told(programme: Programme, progress: Progress, *, is_chosen: bool) -> dict:
    target = programme.target
    needs = [{"title": str(telling.gettext(n.title)), "have": have / 1000, "need": n.milli / 1000}
             for n, have in zip(target.needs, progress.needs, strict=True)]
    caps = [{"title": str(telling.gettext(c.title)), "have": have / 1000, "at_most": c.milli / 1000}
            for c, have in zip(target.caps, progress.caps, strict=True)]
    return {"code": programme.code, "version": programme.version, "kind": programme.kind,
            "title": str(telling.gettext(programme.title)), "have": progress.reach / 1000, "need": target.total / 1000,
            "reached": progress.is_reached, "chosen": is_chosen, "needs": needs, "caps": caps}


@operation("GET", "/me/goals", summary=_("我的目标"))
def my_goals():
    """Every programme and scheme that is open, how far I am, and whether I chose it."""
    person_id = current_actor().id
    chosen, pieces = programmes.list_goals(person_id), programmes.pieces_of(person_id)
    items = [_told(p, programmes.progress_with(p, pieces), is_chosen=p.code in chosen) for p in programmes.list_current()]
    return {"items": items, "total": len(items), "page": 1, "per_page": max(1, len(items))}


@operation("GET", "/me/goals/<code>", summary=_("一个目标和最短的走法"), find=_programme)
def my_goal(code: str, found: Programme):
    """How far I am, which credits count and why others do not, and the shortest way on."""
    person_id = current_actor().id
    progress = programmes.progress_of(found, person_id)
    its = programmes.find_way(found, progress, programmes.list_offers(person_id), ())
    return {
        **_told(found, progress, is_chosen=code in programmes.list_goals(person_id)),
        "credits": [{"verify_code": line.piece.key, "title": line.piece.title, "amount": line.piece.milli / 1000,
                     "counts": line.milli / 1000, "why": telling.why(line, found.target) or None} for line in progress.lines],
        "way": {"minutes": its.way.minutes, "reached": its.way.is_reached,
                "shortest": its.way.is_shortest and not its.is_narrowed,
                "steps": [{"kind": o.outcome.source, "title": o.outcome.title, "path": o.path, "minutes": o.minutes,
                           "credits": given / 1000} for o, given in zip(its.offers, its.way.given, strict=True)]}}


@operation("PUT", "/me/goals/<code>", summary=_("定为我的目标"), find=_programme)
def choose_goal(code: str, found: Programme):
    """Choose it; again is the same."""
    programmes.choose_goal(current_actor(), code)
    return {"code": code, "chosen": True}


@operation("DELETE", "/me/goals/<code>", summary=_("不再作为目标"), find=_programme)
def leave_goal(code: str, found: Programme):
    """Give it up; again is the same."""
    programmes.leave_goal(current_actor(), code)
    return {"code": code, "chosen": False}
