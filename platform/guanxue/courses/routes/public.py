"""The catalogue, a course, wishes, suggestions: pages everybody may open."""

from __future__ import annotations

import json
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Response, redirect, request, url_for
from markupsafe import Markup

from guanxue import accounts, courses, discussions, learning, media, policies, search, tracks
from guanxue.core.actor import Actor
from guanxue.core.i18n import Name, gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web import look
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pagecache import kept_page
from guanxue.core.web.pages import page, personal
from guanxue.courses.api import query_from_address
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.pieces import Pieces

SHOWN_CHIPS = 12  # of a facet; the rest are behind "more"


@blueprint.get("/courses")
@kept_page("catalogue", search.edition, for_people=True)
def catalogue() -> Response:
    """Twenty courses a page, narrowed down by facets."""
    query = query_from_address()
    listing = courses.browse(query)
    asked = {name: value for name in ("q", *courses.FACETS, "sort") if (value := getattr(query, name))}
    pieces = Pieces()
    return page(
        "courses/catalogue.html",
        rows=Markup("").join(pieces.row(i, listing.why.get(i.slug), listing.said.get(i.slug)) for i in listing.items),
        total=listing.total, page=listing.page, pages=listing.pages, q=query.q, sort=query.sort, sorts=courses.SORTS,
        facets=[_facet(pieces, name, values, asked) for name, values in listing.facets.items()],
        chosen=[{"label": courses.label(n, asked[n]), "url": _address({k: v for k, v in asked.items() if k != n})}
                for n in courses.FACETS if n in asked],
        asked=asked, did_you_mean=listing.did_you_mean,
        page_url=lambda n: _address({**asked, "page": n} if n > 1 else asked),
        better_url=_address({**asked, "q": listing.did_you_mean or ""}))


FACET_NAMES = {"kind": _("类别"), "town": _("镇街"), "industry": _("行业"), "occupation": _("工种"), "level": _("等级"),
               "hours": _("学时"), "status": _("状态")}


def _facet(pieces: Pieces, name: str, values: list[courses.FacetValue], asked: dict) -> dict:
    rest = {k: v for k, v in asked.items() if k != name}
    without = _address(rest)
    narrowed = f"{without}{'&' if rest else '?'}{name}="  # the address for a value is this and the value
    return {
        "name": name, "label": FACET_NAMES[name], "is_chosen": name in asked,
        "first": pieces.chips(name, values[:SHOWN_CHIPS], without, narrowed),
        "rest": pieces.chips(name, values[SHOWN_CHIPS:], without, narrowed), "more": max(0, len(values) - SHOWN_CHIPS),
    }


def _address(asked: dict) -> str:
    return "/courses" + (f"?{urlencode(asked)}" if asked else "")


@blueprint.get("/suggest")
def suggest() -> Response:
    """What goes on like this, while typing."""
    language = request.args.get("in", "")  # in the address, not in the cookie: what it answers may be kept by anybody
    items = [_suggested(s, language) for s in search.suggest(request.args.get("q", "")[:64])]
    response = Response(json.dumps({"items": items}, ensure_ascii=False), mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _suggested(found: search.Suggestion, language: str) -> dict:
    """A suggestion in English for who reads that, where there is any; else marked as Chinese for who reads something else."""
    told = {"text": found.text, "kind": found.kind, "url": found.url}
    english = _name_of(found).english if language == "en" else ""
    if english:
        return told | {"text": english}
    return told | {"lang": "zh-Hans"} if language else told


def _name_of(found: search.Suggestion) -> Name:
    slug = found.url.rpartition("/")[2]
    if found.kind == "course" and (item := courses.find_item(slug)):
        return Name(item.title, item.title_en)
    if found.kind == "town" and (town := accounts.find_town(slug)):
        return Name(town.name, town.name_en)
    if found.kind == "track" and (track := tracks.find_track(slug, current_actor())):
        return Name(track.title, track.title_en)
    return Name(found.text)


@dataclass(frozen=True)
class _Beside:
    """What a course's page shows that may change while the catalogue stands still. Where these are equal, so are the pages.

    `making` has (asset, state, permille) of videos that are not whole; `standing` is the visitor's own, see learning.
    """

    teacher: str = ""
    learners: int = 0
    wishes: int = 0
    is_wished: bool = False
    may_take_on: bool = False
    making: tuple[tuple[int, str, int], ...] = ()
    said: discussions.Summary | None = None
    standing: tuple[tuple, ...] = ()


def _listed_beside(actor: Actor, slug: str) -> _Beside | None:
    """What stands beside a course of the catalogue; None for a draft that only some may see. Asks prepared questions only."""
    item = courses.find_item(slug)
    return _beside(actor, item.id, item.revision_id, item.has_owner) if item else None


def _beside(actor: Actor, course_id: int, revision_id: int | None, has_owner: bool) -> _Beside:
    standing = learning.standing(actor.id, course_id) if actor.is_person else ()
    teacher = courses.teacher_of(course_id) if has_owner else ""
    if revision_id is None and not standing:
        return _Beside(teacher=teacher, wishes=courses.count_wishes(course_id),
                       is_wished=actor.is_person and courses.is_wished(course_id, actor.id),
                       may_take_on=actor.is_person and actor.may("teach") and not has_owner)
    awaited = _awaited(standing[0][1] if standing else revision_id)
    return _Beside(teacher=teacher, learners=learning.count_in(course_id), standing=standing, making=media.how_far(awaited),
                   said=discussions.summary(course_id))


def _awaited(revision_id: int) -> list[int]:
    kept = courses.snapshot().kept
    if ("awaited", revision_id) not in kept:
        kept["awaited", revision_id] = courses.list_awaited_assets(revision_id)
    return kept["awaited", revision_id]


@blueprint.get("/courses/<slug>")
@kept_page("catalogue", discussions.GENERATION, for_people=True, beside=_listed_beside)
def course(slug: str, beside: _Beside | None) -> Response:
    """A course: what it teaches, what it is worth, what happens next."""
    found = courses.get_course(slug, current_actor())
    beside = beside or _beside(current_actor(), found.id, found.revision_id, found.owner_id is not None)
    response = page("courses/course.html", **_course_values(found, beside))
    return personal(response) if current_actor().is_person else response


def _course_values(found: courses.Course, beside: _Beside) -> dict:
    item = courses.find_item(found.slug)
    shown = courses.shown(item) if item else {"industry": found.industry or "foundation", "towns": [], "level": "",
                                           "kind": courses.KINDS[found.kind], "industry_name": ""}
    is_in = bool(beside.standing)
    revision_id = beside.standing[0][1] if is_in else found.revision_id
    values = {
        "slug": found.slug, "title": Name(found.title, found.title_en), "summary": Name(found.summary),
        "status": "open" if revision_id else "planned",
        "item": shown, "syllabus": [Name(point) for point in found.syllabus],
        "planned_hours": found.planned_hours_milli // 1000,
        "lessons": [], "worth": None, "resting": {}, "onward": None, "learners": beside.learners, "teacher": beside.teacher,
        "institution": _institution(found), "colleagues": courses.list_coauthors(found),
        "wishes": beside.wishes,
        "is_wished": beside.is_wished, "may_take_on": beside.may_take_on, "is_taken": found.owner_id is not None,
        "is_enrolled": is_in, "sizes": None, "next": None, "completed": False, "permille": 0, "is_asked": False,
        "industry": found.industry or "foundation", "said": beside.said,
        "closed": courses.why_closed(found) if found.revision_id else None, "may_complain": found.revision_id is not None,
        "take": None, "expert_review": None,
    }
    if revision_id is not None:
        progress = learning.course_progress(learning.get_enrolment(beside.standing[0][0])) if is_in else None
        values |= {"resting": courses.resting(found.id, revision_id)}
        values["onward"] = _onward(progress.enrolment, found) if progress and values["resting"] else None
        values["take"] = _take(found, progress) if progress else None
        values |= _revision_values(revision_id, progress, {asset: (state, done) for asset, state, done in beside.making})
    return values


def _take(found: courses.Course, progress: learning.CourseProgress) -> dict | None:
    """What learning/take.html shows: every lesson that can be taken along; None where there is none."""
    numbers = policies.get_policy(progress.enrolment.policy_id).numbers
    takeable = learning.list_takeable(progress.enrolment, [x.lesson for x in progress.lessons])
    shown = [x.shown(url_for("learning.lesson", course=found.slug, lesson=x.lesson.slug)) for x in takeable]
    return {"lessons": shown, "is_one": False, "days": numbers.offline_window_ms // 86_400_000,
            "share_percent": numbers.offline_share_permille // 10} if shown else None


def _onward(enrolment: learning.Enrolment, found: courses.Course) -> dict | None:
    """What going on in a mended version means to somebody whose own was stopped."""
    onward = learning.find_onward(enrolment, found)
    if onward is None:
        return None
    return {"slug": found.slug, "same": [Name(x.title) for x in onward.same], "anew": [Name(x.title) for x in onward.anew]}


def _institution(found: courses.Course) -> Name | None:
    place = courses.institution_of(found)
    return Name(place.name, place.name_en) if place else None


def _revision_values(revision_id: int, progress: learning.CourseProgress | None, making: dict[int, tuple[str, int]]) -> dict:
    revision, lessons = courses.get_revision(revision_id), courses.lessons_of(revision_id)
    policy = _policy(revision, progress)
    numbers = policy.numbers
    states = courses.lesson_states(lessons)
    done = {x.lesson.id: x for x in progress.lessons} if progress else {}
    worth = policies.worth_of(numbers, courses.known_lengths(lessons))
    ahead = progress.next_lesson if progress else None
    return {
        "title": Name(revision.title, revision.document["title_en"]), "summary": Name(revision.document["summary"]),
        "pass_mark": revision.pass_mark, "expert_review": revision.document.get("expert_review"),
        "lessons": [_lesson_row(x, states[x.id], making.get(x.asset_id), done.get(x.id)) for x in lessons],
        "worth": {"content_ms": worth.content_ms, "class_hours_milli": worth.hours_milli,
                  "credits_milli": worth.credits_milli, "is_whole": courses.content_ms(lessons) is not None,
                  "class_hour_minutes": numbers.class_hour_ms // 60_000, "hours_a_credit": numbers.class_hours_per_credit,
                  "share_percent": numbers.share_watched_permille // 10, "has_steps": numbers.has_steps,
                  "rule_code": policy.code, "rule_version": policy.version, "rule_title": gettext(policy.title)},
        "next": {"slug": ahead.lesson.slug, "number": ahead.lesson.position, "kind": ahead.lesson.kind,
                 "title": Name(ahead.lesson.title)} if ahead else None,
        "completed": bool(progress and progress.completion), "permille": progress.permille if progress else 0,
        "is_asked": bool(progress) and learning.find_challenge(progress.enrolment.person_id, progress.enrolment) is not None,
        "sizes": _sizes(lessons),
    }


def _policy(revision: courses.Revision, progress: learning.CourseProgress | None) -> policies.Policy:
    """Whoever is in goes by what they joined under, whoever is not by what holds today."""
    return policies.get_policy(progress.enrolment.policy_id) if progress else courses.policy_for(revision)


def _sizes(lessons: list[courses.RevisionLesson]) -> dict:
    """What all its videos cost of a reader's data, in bytes: as films, and as sound with pictures where all have that."""
    made = [media.sizes(a) for a in media.list_assets([x.asset_id for x in lessons if x.asset_id]) if a.state == "ready"]
    whole = sum(made[1:], made[0]) if made else media.Sizes()
    return {"film": whole.small_film if look.present().is_saving else whole.film, "sound": whole.sound}


def _lesson_row(lesson: courses.RevisionLesson, state: str, making: tuple[str, int] | None,
                progress: learning.LessonProgress | None) -> dict:
    return {
        "slug": lesson.slug, "title": Name(lesson.title), "kind": lesson.kind, "number": lesson.position, "state": state,
        "section": lesson.section, "duration_ms": lesson.duration_ms,
        "making_permille": making[1] if making else 0, "is_waiting": bool(making and making[0] == "waiting"),
        "is_complete": bool(progress and progress.is_complete), "is_spared": bool(progress and progress.is_spared),
        "coverage_permille": progress.coverage_permille if progress else 0,
    }


@blueprint.post("/courses/<slug>/enrol")
def enrol(slug: str) -> Response:
    """Join and go to the first lesson."""
    current_actor().must_be_person()
    found = courses.get_course(slug, current_actor())
    enrolment = learning.enrol(current_actor(), found)
    ahead = learning.course_progress(enrolment).next_lesson
    if ahead is None:
        return redirect(url_for("courses.course", slug=slug), 303)
    return redirect(url_for("learning.lesson", course=slug, lesson=ahead.lesson.slug), 303)


@blueprint.post("/courses/<slug>/leave")
def leave(slug: str) -> Response:
    """Leave; what was earned stays."""
    current_actor().must_be_person()
    learning.leave(current_actor(), courses.get_course(slug, current_actor()))
    return redirect(url_for("courses.course", slug=slug), 303)


@blueprint.post("/courses/<slug>/wish")
def wish(slug: str) -> Response:
    """我想学, and back."""
    current_actor().must_be_person()
    actor, found = current_actor(), courses.get_course(slug, current_actor())
    if request.form.get("withdraw"):
        courses.withdraw_wish(actor, found)
    else:
        courses.wish_for(actor, found)
    return redirect(url_for("courses.course", slug=slug), 303)
