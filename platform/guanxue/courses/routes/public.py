"""The catalogue, a course, wishes, suggestions: pages everybody may open."""

from __future__ import annotations

import json
from urllib.parse import quote_plus, urlencode

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, learning, media, policies, search
from guanxue.core.errors import Unauthenticated
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pagecache import cached_page
from guanxue.core.web.pages import page, personal
from guanxue.courses.api import query_from_address
from guanxue.courses.routes import blueprint

# How many values of a facet are shown before "more"; the rest are in the sheet.
CHIPS = ("kind", "status", "level", "industry")


@blueprint.get("/courses")
@cached_page("catalogue", search.edition, for_people=True)
def catalogue() -> Response:
    """Twenty courses a page, narrowed down by facets."""
    query = query_from_address()
    listing = courses.browse(query)
    asked = {name: value for name in ("q", *courses.FACETS, "sort") if (value := getattr(query, name))}
    return page(
        "courses/catalogue.html", items=[courses.shown(i, listing.why.get(i.slug)) for i in listing.items], total=listing.total,
        page=listing.page, pages=listing.pages, q=query.q, sort=query.sort, sorts=courses.SORTS,
        facets=[_facet(name, values, asked) for name, values in listing.facets.items()],
        chosen=[{"label": courses.label(n, asked[n]), "url": _address({k: v for k, v in asked.items() if k != n})}
                for n in courses.FACETS if n in asked],
        asked=asked, did_you_mean=listing.did_you_mean,
        page_url=lambda n: _address({**asked, "page": n} if n > 1 else asked),
        better_url=_address({**asked, "q": listing.did_you_mean or ""}))


FACET_NAMES = {"kind": _("类别"), "town": _("镇街"), "industry": _("行业"), "occupation": _("工种"), "level": _("等级"),
               "hours": _("学时"), "status": _("状态")}


def _facet(name: str, values: list, asked: dict) -> dict:
    rest = {k: v for k, v in asked.items() if k != name}
    without, narrowed = _address(rest), _address({**rest, name: ""})  # the address for a value is `narrowed` and the value
    return {
        "name": name, "label": FACET_NAMES[name], "is_chosen": name in asked,
        "values": [{"label": v.label, "count": v.count, "is_chosen": v.is_chosen,
                    "url": without if v.is_chosen else narrowed + quote_plus(v.value)} for v in values],
    }


def _address(asked: dict) -> str:
    return "/courses" + (f"?{urlencode(asked)}" if asked else "")


@blueprint.get("/suggest")
def suggest() -> Response:
    """What goes on like this, while typing."""
    items = [{"text": s.text, "kind": s.kind, "url": s.url} for s in search.suggest(request.args.get("q", "")[:64])]
    response = Response(json.dumps({"items": items}, ensure_ascii=False), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


@blueprint.get("/courses/<slug>")
@cached_page("catalogue", "wishes")
def course(slug: str) -> Response:
    """A course: what it teaches, what it is worth, what happens next."""
    actor = current_actor()
    found = courses.get_course(slug, actor)
    response = page("courses/course.html", **course_values(found))
    return personal(response) if actor.is_person else response


def course_values(found: courses.Course) -> dict:
    """What the course page shows the present visitor."""
    actor = current_actor()
    enrolment = learning.find_enrolment(actor.id, found.id) if actor.is_person else None
    is_in = enrolment is not None and enrolment.left_at is None
    revision_id = enrolment.revision_id if is_in else found.revision_id
    progress = learning.course_progress(enrolment) if is_in else None
    item = courses.find_item(found.slug)
    shown = courses.shown(item) if item else {"industry": found.industry or "foundation", "towns": [], "level": "",
                                           "kind": courses.KINDS[found.kind], "industry_name": ""}
    values = {
        "slug": found.slug, "title": found.title, "summary": found.summary, "status": "open" if revision_id else "planned",
        "item": shown, "syllabus": found.syllabus, "planned_hours": found.planned_hours_milli // 1000,
        "delivery": found.delivery, "lessons": [], "worth": None, "learners": (0, 0), "teacher": "",
        "wishes": courses.count_wishes(found.id), "is_wished": actor.is_person and courses.is_wished(found.id, actor.id),
        "may_take_on": actor.is_person and actor.may("teach") and found.owner_id is None and not found.revision_id,
        "is_taken": found.owner_id is not None, "is_enrolled": is_in, "next": None, "completed": False, "permille": 0,
        "industry": found.industry or "foundation",
    }
    if found.owner_id:
        values["teacher"] = accounts.names_of([found.owner_id]).get(found.owner_id, "")
    if revision_id is not None:
        values |= _revision_values(revision_id, progress)
        values["learners"] = learning.count_learners([found.id])[found.id]
    return values


def _revision_values(revision_id: int, progress: learning.CourseProgress | None) -> dict:
    revision, lessons = courses.get_revision(revision_id), courses.lessons_of(revision_id)
    numbers = policies.get_policy(revision.policy_id).numbers
    states = courses.lesson_states(lessons)
    making = {a.id: a for a in media.list_assets({x.asset_id for x in lessons if states[x.id] != "ready" and x.asset_id})}
    done = {x.lesson.id: x for x in progress.lessons} if progress else {}
    known = sum(x.duration_ms or 0 for x in lessons)
    ahead = progress.next_lesson if progress else None
    return {
        "title": revision.title, "summary": revision.document["summary"], "pass_mark": revision.pass_mark,
        "lessons": [_lesson_row(x, states[x.id], making.get(x.asset_id), done.get(x.id)) for x in lessons],
        "worth": {"content_ms": known, "class_hours_milli": policies.class_hours_milli_of(numbers, known),
                  "credits_milli": policies.credits_of(numbers, known), "is_whole": courses.content_ms(lessons) is not None,
                  "class_hour_minutes": numbers.class_hour_ms // 60_000, "hours_a_credit": numbers.class_hours_per_credit,
                  "share_percent": numbers.share_watched_permille // 10},
        "next": {"slug": ahead.lesson.slug, "number": ahead.lesson.position, "kind": ahead.lesson.kind,
                 "title": ahead.lesson.title} if ahead else None,
        "completed": bool(progress and progress.completion), "permille": progress.permille if progress else 0,
    }


def _lesson_row(lesson: courses.RevisionLesson, state: str, asset, progress: learning.LessonProgress | None) -> dict:
    return {
        "slug": lesson.slug, "title": lesson.title, "kind": lesson.kind, "number": lesson.position, "state": state,
        "section": lesson.section, "duration_ms": lesson.duration_ms,
        "making_permille": asset.progress_permille if asset else 0, "is_waiting": bool(asset and asset.state == "waiting"),
        "is_complete": bool(progress and progress.is_complete),
        "coverage_permille": progress.coverage_permille if progress else 0,
    }


@blueprint.post("/courses/<slug>/enrol")
def enrol(slug: str) -> Response:
    """Join and go to the first lesson."""
    _must_be_person()
    found = courses.get_course(slug, current_actor())
    enrolment = learning.enrol(current_actor(), found)
    ahead = learning.course_progress(enrolment).next_lesson
    if ahead is None:
        return redirect(url_for("courses.course", slug=slug), 303)
    return redirect(url_for("learning.lesson", course=slug, lesson=ahead.lesson.slug), 303)


@blueprint.post("/courses/<slug>/leave")
def leave(slug: str) -> Response:
    """Leave; what was earned stays."""
    _must_be_person()
    learning.leave(current_actor(), courses.get_course(slug, current_actor()))
    return redirect(url_for("courses.course", slug=slug), 303)


@blueprint.post("/courses/<slug>/wish")
def wish(slug: str) -> Response:
    """我想学, and back."""
    _must_be_person()
    actor, found = current_actor(), courses.get_course(slug, current_actor())
    if request.form.get("withdraw"):
        courses.withdraw_wish(actor, found)
    else:
        courses.wish_for(actor, found)
    return redirect(url_for("courses.course", slug=slug), 303)


def _must_be_person() -> None:
    if not current_actor().is_person:
        raise Unauthenticated(_("请先登录。"))
