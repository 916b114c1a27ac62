"""The catalogue as one snapshot in memory: 1,200 rows, facets counted on integer bit masks, never stale.

A snapshot belongs to a value of the generation "catalogue", which moves in the same transaction as every change of what
it shows; a request that sees a newer value builds a new one.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

from flask import current_app
from sqlalchemy import or_, select

from guanxue import accounts, policies, search, standards
from guanxue.core import generation
from guanxue.core.db import session
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.courses import reviews, rules, subtitling
from guanxue.courses.models import Course, CourseTown, Revision, RevisionLesson
from guanxue.courses.queries import policy_for

PER_PAGE = 20
FACETS = ("kind", "town", "industry", "occupation", "level", "hours", "status")
STATUS = {"open": _("可以学"), "planned": _("筹备中")}
HOURS = {"1": _("1 学时以内"), "16": _("1–16 学时"), "32": _("17–32 学时"), "more": _("32 学时以上")}
SORTS = {"": _("推荐"), "title": _("按名称"), "new": _("最近更新"), "hours": _("学时由少到多")}


@dataclass(frozen=True)
class Item:
    """A course as the catalogue shows it. Hours and credits are of the real content; planned hours stand apart."""

    id: int
    slug: str
    revision_id: int | None
    title: str
    title_en: str
    status: str
    kind: str
    level: int | None
    industry: str
    occupation: str
    towns: tuple[str, ...]
    summary: str
    content_ms: int
    hours_milli: int
    credits_milli: int
    planned_hours_milli: int
    lesson_count: int
    ready_count: int
    has_owner: bool
    updated: str
    policy_id: int | None = None  # by which it counts for who joins today
    provider: str = "city"  # code of its institution
    is_stopped: bool = False  # nobody new may join: known by its address, but not listed

    @property
    def hours_band(self) -> str:
        """Which band of the hours facet it falls into; a plan by its planned hours."""
        hours = self.hours_milli if self.status == "open" else self.planned_hours_milli
        return "1" if hours <= 1000 else "16" if hours <= 16_000 else "32" if hours <= 32_000 else "more"


@dataclass(frozen=True)
class Query:
    """What the visitor asked for; empty strings ask for nothing. Unknown facet values find nothing."""

    q: str = ""
    kind: str = ""
    town: str = ""
    industry: str = ""
    occupation: str = ""
    level: str = ""
    hours: str = ""
    status: str = ""
    sort: str = ""
    page: int = 1
    per_page: int = PER_PAGE


class FacetValue(NamedTuple):
    """A value one can narrow down to, and how many courses would be left."""

    value: str
    label: object
    count: int
    is_chosen: bool


@dataclass(frozen=True)
class Listing:
    """A page of the catalogue. By slug: `why` a course matched, where in a film it is `said`. `did_you_mean`: better spelt."""

    items: list[Item]
    total: int
    page: int
    per_page: int
    facets: dict[str, list[FacetValue]]
    why: dict[str, str] = field(default_factory=dict)
    did_you_mean: str | None = None
    said: dict[str, subtitling.Said] = field(default_factory=dict)

    @property
    def pages(self) -> int:
        """How many pages there are, at least 1."""
        return max(1, -(-self.total // self.per_page))


class Snapshot:
    """All rows of one generation, in the order they are recommended: what can be studied first.

    In `kept` edges keep what they made of these rows and of nothing else; it is gone with the next change of the catalogue.
    """

    def __init__(self, items: list[Item], labels: dict[str, dict[str, object]]) -> None:
        self.items = sorted(items, key=_recommended)
        self.labels = labels
        self.position = {item.slug: n for n, item in enumerate(self.items)}
        self.by_id = {item.id: item for item in self.items}
        self.everything = reduce(lambda m, n: m | 1 << n, (n for n, x in enumerate(self.items) if not x.is_stopped), 0)
        self.masks = _masks(self.items)
        self.kept: dict[tuple, object] = {}
        self._orders: dict[str, list[int]] = {}

    def order(self, sort: str) -> list[int]:
        """Row numbers in that order."""
        if sort not in self._orders:
            keys = {"title": lambda n: (self.items[n].status == "planned", self.items[n].title),
                    "new": lambda n: (self.items[n].status == "planned", _descending(self.items[n].updated), n),
                    "hours": lambda n: (self.items[n].status == "planned",
                                        self.items[n].hours_milli or self.items[n].planned_hours_milli, n)}
            numbers = range(len(self.items))
            self._orders[sort] = sorted(numbers, key=keys[sort]) if sort in keys else list(numbers)
        return self._orders[sort]


def _recommended(item: Item) -> tuple:
    return (item.status == "planned", -(item.ready_count > 0), item.planned_hours_milli == 0, item.title)


def _descending(text: str) -> tuple[int, ...]:
    return tuple(-ord(c) for c in text)


def _masks(items: list[Item]) -> dict[str, dict[str, int]]:
    masks: dict[str, dict[str, int]] = {name: defaultdict(int) for name in FACETS}
    for n, item in enumerate(items):
        bit = 1 << n
        for name, value in (("kind", item.kind), ("industry", item.industry), ("occupation", item.occupation),
                            ("level", str(item.level or "")), ("hours", item.hours_band), ("status", item.status)):
            if value:
                masks[name][value] |= bit
        for town in item.towns:
            masks["town"][town] |= bit
    return {name: dict(values) for name, values in masks.items()}


_building = threading.Lock()


def snapshot() -> Snapshot:
    """The snapshot of the present generation."""
    number, drafts = generation.current("catalogue"), generation.drafts("catalogue")
    if drafts is not None:  # of what is not committed yet and may never be
        return drafts.get("catalogue") or drafts.setdefault("catalogue", _build())
    kept = current_app.extensions.get("guanxue.catalogue")
    if kept is None or kept[0] != number:
        with _building:
            kept = current_app.extensions.get("guanxue.catalogue")
            if kept is None or kept[0] != number:
                kept = (number, _build())
                current_app.extensions["guanxue.catalogue"] = kept
    return kept[1]


def _build() -> Snapshot:
    towns = {t.id: t for t in accounts.list_towns()}
    lessons = defaultdict(list)
    for row in session.execute(
        select(RevisionLesson.revision_id, RevisionLesson.kind, RevisionLesson.duration_ms)
        .where(RevisionLesson.revision_id.in_(select(Course.revision_id).where(Course.revision_id.is_not(None))))
    ):
        lessons[row.revision_id].append((row.kind, row.duration_ms))
    towns_of = defaultdict(list)
    for course_id, town_id in session.execute(select(CourseTown.course_id, CourseTown.town_id)):
        if town_id in towns:
            towns_of[course_id].append(towns[town_id].slug)
    rows = session.execute(
        select(Course, Revision).outerjoin(Revision, Revision.id == Course.revision_id)
        .where(or_(Course.revision_id.is_not(None), Course.is_planned)))
    stopped = reviews.stopped_ids()
    institutions = dict(session.execute(select(accounts.Organisation.id, accounts.Organisation.slug)).all())
    items = [_item(course, revision, lessons[course.revision_id], towns_of[course.id], institutions.get(course.institution_id),
                   is_stopped=course.id in stopped) for course, revision in rows]
    labels = {
        "kind": rules.KINDS, "status": STATUS, "hours": HOURS,
        "level": {str(n): name for n, name in standards.LEVELS.items()},
        "town": {t.slug: Name(t.name, t.name_en) for t in towns.values()},
        "industry": {i.slug: Name(i.name, i.name_en) for i in standards.list_industries()},
        "occupation": {o.slug: Name(o.name, o.name_en) for o in standards.list_occupations()},
    }
    return Snapshot(items, labels)


def _item(course: Course, revision: Revision | None, lengths: list[tuple[str, int | None]], towns: list[str],
          provider: str | None, *, is_stopped: bool) -> Item:
    words = revision.document if revision else {
        "title": course.title, "title_en": course.title_en, "kind": course.kind, "level": course.level,
        "industry": course.industry, "occupation": course.occupation, "summary": course.summary, "towns": sorted(towns)}
    worth, policy = policies.Worth(0, 0, 0), policy_for(revision) if revision else None
    if policy:
        worth = policies.worth_of(policy.numbers, [(kind, ms) for kind, ms in lengths if ms is not None])
    return Item(
        id=course.id, slug=course.slug, revision_id=course.revision_id, title=words["title"], title_en=words["title_en"],
        status="open" if revision else "planned", kind=words["kind"], level=words["level"], industry=words["industry"],
        occupation=words["occupation"], towns=tuple(words["towns"]), summary=words["summary"], content_ms=worth.content_ms,
        hours_milli=worth.hours_milli, credits_milli=worth.credits_milli,
        planned_hours_milli=course.planned_hours_milli, lesson_count=len(lengths),
        ready_count=sum(ms is not None for _kind, ms in lengths[:-1]), has_owner=course.owner_id is not None,
        updated=course.updated_at.isoformat(), policy_id=policy.id if policy else None, provider=provider or "city",
        is_stopped=is_stopped)


# ---- asking


def browse(query: Query) -> Listing:
    """The page of the catalogue the query asks for, with facets counted over everything else it asks for."""
    snap = snapshot()
    found, ranking, result = _found(snap, query)
    chosen = {name: getattr(query, name) for name in FACETS if getattr(query, name)}
    matching = {name: snap.masks[name].get(value, 0) for name, value in chosen.items()}
    left = reduce(lambda a, b: a & b, matching.values(), found)
    order = ranking if ranking is not None and not query.sort else snap.order(query.sort)
    numbers = [n for n in order if left >> n & 1]
    page = max(1, min(query.page, -(-len(numbers) // query.per_page) or 1))
    items = [snap.items[n] for n in numbers[(page - 1) * query.per_page: page * query.per_page]]
    facets = {name: _facet(snap, name, found, matching, chosen.get(name, "")) for name in FACETS}
    if result is None:
        return Listing(items, len(numbers), page, query.per_page, facets)
    reasons = {item.slug: reason for item in items if (reason := result.explain("course", item.slug))}
    return Listing(items, len(numbers), page, query.per_page, facets, reasons, result.did_you_mean, _said(items, result))


def _said(items: list[Item], result: search.SearchResult) -> dict[str, subtitling.Said]:
    """Where in their films a word that was looked for is said; of courses whose title has it nobody needs to be told."""
    asked = [x for x in items if x.revision_id and not any(term in x.title.lower() for term in result.terms)]
    found = subtitling.where_said({x.revision_id: x.id for x in asked}, result.terms)
    return {x.slug: found[x.revision_id] for x in asked if x.revision_id in found}


def _found(snap: Snapshot, query: Query) -> tuple[int, list[int] | None, search.SearchResult | None]:
    text = query.q.strip()
    if not text:
        return snap.everything, None, None
    result = search.query(text, kinds=("course",))
    numbers = [n for hit in result.hits if (n := snap.position.get(hit.id)) is not None and snap.everything >> n & 1]
    numbers.sort(key=lambda n: snap.items[n].status == "planned")  # stable: by score within each
    mask = reduce(lambda m, n: m | 1 << n, numbers, 0)
    return mask, numbers, result


def _facet(snap: Snapshot, name: str, found: int, matching: dict[str, int], chosen: str) -> list[FacetValue]:
    others = reduce(lambda a, b: a & b, (mask for facet, mask in matching.items() if facet != name), found)
    labels, masks = snap.labels[name], snap.masks[name]
    values = [FacetValue(value, label, count, value == chosen) for value, label in labels.items()
              if (count := (masks.get(value, 0) & others).bit_count()) or value == chosen]
    return sorted(values, key=lambda v: -v.count) if name in ("town", "industry", "occupation") else values


def items_of(course_ids: Iterable[int]) -> dict[int, Item]:
    """Catalogue rows by course id; what is not listed is left out."""
    by_id = snapshot().by_id
    return {i: by_id[i] for i in course_ids if i in by_id}


def find_item(slug: str) -> Item | None:
    """The catalogue row of a course."""
    snap = snapshot()
    return snap.items[snap.position[slug]] if slug in snap.position else None


def label(facet: str, value: str) -> object:
    """A facet value's name for people; the value itself where it has none."""
    return snapshot().labels[facet].get(value, value)


def shown(item: Item, why: str | None = None) -> dict:
    """A catalogue row as plain values for templates: names for people, hours and minutes of the real content."""
    labels = snapshot().labels
    towns = labels["town"]
    return {
        "slug": item.slug, "title": Name(item.title, item.title_en), "status": item.status,
        "kind": labels["kind"].get(item.kind, item.kind),
        "level": labels["level"].get(str(item.level), "") if item.level else "", "industry": item.industry or "foundation",
        "industry_name": labels["industry"].get(item.industry, item.industry), "towns": [towns.get(t, t) for t in item.towns],
        "summary": Name(item.summary),
        "hours": item.hours_milli / 1000, "minutes": round(item.content_ms / 60_000),
        "planned_hours": item.planned_hours_milli / 1000, "credits_milli": item.credits_milli, "ready": item.ready_count,
        "lessons": max(0, item.lesson_count - 1), "why": why or "",
    }
