"""The catalogue over the API."""

from __future__ import annotations

from typing import Any

from flask import request

from guanxue import courses, learning, policies
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.api import operation
from guanxue.core.web.dispatch import current_actor

FILTERS = {
    "q": _("搜索词"), "kind": _("类别"), "town": _("镇街"), "industry": _("行业"), "occupation": _("工种"), "level": _("等级"),
    "hours": _("学时"), "status": _("open 或 planned"), "sort": _("排序"), "page": _("页码"),
}


def query_from_address() -> courses.Query:
    """The catalogue query of the present address; a page that is no number is the first, an unknown order the usual one."""
    page = request.args.get("page", "1")
    asked = {name: request.args.get(name, "")[:100] for name in FILTERS if name != "page"}
    asked["sort"] = asked["sort"] if asked["sort"] in courses.SORTS else ""
    return courses.Query(**asked, page=max(1, int(page)) if is_row_id(page) else 1)


@operation("GET", "/courses", summary=_("课程目录"), query=FILTERS, signed_in=False)
def list_courses():
    """A page of the catalogue with facets."""
    listing = courses.browse(query_from_address())
    return {
        "items": [_item(i, listing.why.get(i.slug)) for i in listing.items],
        "total": listing.total, "page": listing.page, "per_page": listing.per_page,
        "facets": {name: [{"value": v.value, "label": str(v.label), "count": v.count} for v in values]
                   for name, values in listing.facets.items()},
        "did_you_mean": listing.did_you_mean,
    }


def _item(item: courses.Item, why: str | None) -> dict:
    told: dict[str, Any] = {
        "slug": item.slug, "title": item.title, "status": item.status, "kind": item.kind, "level": item.level,
        "hours": item.hours_milli / 1000, "credits": item.credits_milli / 1000, "towns": list(item.towns),
        "planned_hours": item.planned_hours_milli / 1000,
    }
    return told | {"match": why} if why else told


@operation("GET", "/courses/<slug>", summary=_("一门课"), signed_in=False)
def get_course(slug: str):
    """Its lessons; for somebody enrolled, the revision they study."""
    actor = current_actor()
    course = courses.get_course(slug, actor)
    enrolment = learning.find_enrolment(actor.id, course.id) if actor.is_person else None
    revision_id = enrolment.revision_id if enrolment and enrolment.left_at is None else course.revision_id
    told: dict[str, Any] = {
        "slug": course.slug, "title": course.title, "summary": course.summary, "kind": course.kind, "level": course.level,
        "status": "open" if course.revision_id else "planned", "revision": None, "sections": [], "hours": 0, "credits": 0,
        "planned_hours": course.planned_hours_milli / 1000, "syllabus": course.syllabus,
    }
    if revision_id is not None:
        told |= _revision(revision_id)
    if (closed := courses.why_closed(course)) is not None:
        told["closed"] = str(closed)
    if enrolment is not None and enrolment.left_at is None:
        progress = learning.course_progress(enrolment)
        told["enrolment"] = {"enrolled_at": enrolment.enrolled_at.isoformat(), "progress": progress.permille / 1000,
                             "completed": progress.completion is not None}
    return told


def _revision(revision_id: int) -> dict:
    revision, lessons = courses.get_revision(revision_id), courses.lessons_of(revision_id)
    numbers = courses.policy_for(revision).numbers
    states, sections = courses.lesson_states(lessons), {}
    for lesson in lessons:
        row = {"id": str(lesson.id), "title": lesson.title, "kind": lesson.kind, "state": states[lesson.id],
               "duration_s": None if lesson.duration_ms is None else lesson.duration_ms / 1000}
        sections.setdefault(lesson.section, []).append(row | {"quiz_id": str(lesson.id)} if lesson.kind == "quiz" else row)
    worth = policies.worth_of(numbers, courses.known_lengths(lessons))
    return {
        "title": revision.title, "revision": revision.number, "pass_mark": revision.pass_mark,
        "hours": worth.hours_milli / 1000, "credits": worth.credits_milli / 1000,
        "sections": [{"title": title, "lessons": rows} for title, rows in sections.items()],
    }
