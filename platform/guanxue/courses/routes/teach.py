"""An instructor's pages: my courses, a new one, a course's draft with its outline, handing in."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, discussions, learning, media, policies, quizzes, standards
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.answering import claims_from_form, review_values


def my_course(slug: str) -> courses.Course:
    """The course of that slug, for its authors. Raises NoSuchCourse, NotFound, Forbidden."""
    actor = current_actor()
    actor.require("teach")
    found = courses.get_course(slug, actor)
    if not courses.may_edit_course(actor, found):
        raise NotFound(_("没有这门课。"))
    return found


def _choices() -> dict:
    return {"kinds": courses.KINDS, "levels": standards.LEVELS,
            "industries": [(i.slug, i.name) for i in standards.list_industries()],
            "towns": [(t.slug, t.name) for t in accounts.list_towns()],
            "policies": [(p.code, gettext(p.title)) for p in policies.list_current()]}


def _facts() -> dict:
    form = request.form
    level = form.get("level", "")
    return {"title": form.get("title", ""), "kind": form.get("kind", ""), "summary": form.get("summary", ""),
            "level": int(level) if is_row_id(level) else None, "industry": form.get("industry", ""),
            "town_slugs": tuple(form.getlist("town")), "is_subsidised": form.get("is_subsidised") == "yes",
            "policy_code": form.get("policy_code", "")}


@blueprint.get("/teach")
def teach_index() -> Response:
    """My courses with what they wait for, invitations, courses of my institution that lost their teacher."""
    actor = current_actor()
    actor.require("teach")
    own = courses.list_own_courses(actor)
    asked = discussions.count_unanswered(c.id for c in own)
    return personal(page(
        "courses/teach_index.html", mine=[_row(c, asked.get(c.id, 0)) for c in own],
        invitations=[{"id": c.id, "title": c.title, "by": by} for c, by in courses.list_invitations(actor)],
        left=[{"id": c.id, "title": c.title} for c in courses.list_left_courses(actor)],
        marking=learning.count_waiting(actor), marking_url=url_for("learning.marking_index")))


def _row(course: courses.Course, asked: int) -> dict:
    """A course as the list shows it; what is missing is counted only where its authors can do something about it."""
    is_ours = course.state in ("draft", "returned")
    return {"slug": course.slug, "title": course.title, "state": course.state, "is_open": course.revision_id is not None,
            "asked": asked, "lessons": len(courses.list_lessons(course.id)), "is_plan": course.is_planned,
            "missing": len(courses.list_missing(course)) if is_ours else 0,
            "remarks": courses.count_unsettled(course.id) if is_ours else 0,
            "is_shared": len(course.author_ids) > 1, "is_mine": course.owner_id == current_actor().id}


@blueprint.get("/teach/new")
def teach_new() -> Response:
    """The form for a new course."""
    current_actor().require("teach")
    return _new_form()


def _new_form(problem: Problem | None = None) -> Response:
    values = _facts() if problem else {"title": "", "kind": "skills-upgrading", "summary": "", "level": None, "industry": "",
                                       "town_slugs": (), "is_subsidised": False, "policy_code": ""}
    return personal(page("courses/teach_new.html", problem.status if problem else 200, values=values, **_choices(),
                         **told_of(problem)))


def told_of(problem: Problem | None) -> dict:
    """What a form says about what could not be done: a sentence, words beside fields, a list."""
    return {"message": str(problem.message) if problem else "",
            "errors": {f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
            "faults": [str(f["message"]) for f in problem.fields] if problem else []}


@blueprint.post("/teach/new")
def teach_create() -> Response:
    """Make it."""
    try:
        course = courses.create_course(current_actor(), **_facts())
    except Invalid as problem:
        return _new_form(problem)
    return redirect(url_for(".teach_course", slug=course.slug), 303)


@blueprint.get("/teach/<slug>")
def teach_course(slug: str) -> Response:
    """The draft: facts, lessons with the state of their videos, remarks, handing in."""
    return course_page(my_course(slug))


def course_page(course: courses.Course, problem: Problem | None = None) -> Response:
    """The page of a draft, with what could not be done just now."""
    lessons = courses.list_lessons(course.id)
    assets = {a.id: a for a in media.list_assets({x.asset_id for x in lessons if x.asset_id})}
    towns = {t.id: t.slug for t in accounts.list_towns()}
    may_edit = course.state != "submitted"
    remarks = courses.remarks_here(course) if may_edit else []
    rows = {x.id: {**_lesson_row(x, assets.get(x.asset_id)), "remarks": sum(r["lesson"] == x.slug for r in remarks)}
            for x in lessons}
    sections = [{"name": part.name, "lessons": [rows[x.id] for x in part.lessons]} for part in courses.get_outline(course)]
    place = courses.institution_of(course)
    return personal(page(
        "courses/teach_course.html", problem.status if problem else 200, course={
            "slug": course.slug, "title": course.title, "state": course.state, "is_open": course.revision_id is not None,
            "syllabus": course.syllabus, "is_plan": course.is_planned},
        values={"title": course.title, "kind": course.kind, "summary": course.summary, "level": course.level,
                "industry": course.industry, "town_slugs": tuple(towns[t] for t in courses.list_town_ids(course.id)),
                "is_subsidised": course.is_subsidised, "policy_code": course.policy_code},
        sections=sections, quizzes=[rows[x.id] for x in lessons if x.kind == "quiz"], count=len(lessons),
        is_making=_is_making(assets.values()), missing=_missing(course, lessons) if may_edit else [],
        talk=talk_of(course), review=review_values(course), may_edit=may_edit, may_give_back=courses.may_give_back(course),
        not_there=[x for x in course.syllabus if x not in {y.title for y in lessons}],
        team=len(course.author_ids), remarks=[r for r in remarks if not r["lesson"]],
        institution=place.name if place else "", **_removed_values(course, may_edit), **_choices(), **told_of(problem)))


def _removed_values(course: courses.Course, may_edit: bool) -> dict:
    """What can be put back (`removed`), and the one that was taken out a moment ago (`just_removed`)."""
    found = courses.list_removed(course) if may_edit else []
    ids = {int(x.removed_by.removeprefix("person:")) for x in found if x.removed_by.startswith("person:")}
    names = {f"person:{i}": name for i, name in accounts.names_of(ids).items()}
    rows = [{"id": x.id, "kind": x.kind, "title": x.title, "by": names.get(x.removed_by, ""), "at": x.removed_at,
             "until_at": x.removed_at + courses.REMOVED_KEPT_FOR} for x in found]
    just = request.args.get("removed", "")
    return {"removed": rows, "just_removed": next((x for x in rows if str(x["id"]) == just), None)}


def _lesson_row(lesson: courses.Lesson, asset: media.Asset | None) -> dict:
    return {"id": lesson.id, "title": lesson.title, "kind": lesson.kind, "is_narrated": lesson.is_narrated,
            "asset": asset_values(asset), "questions": _count_questions(lesson),
            "characters": sum(not c.isspace() for c in lesson.body)}


def _missing(course: courses.Course, lessons: list[courses.Lesson]) -> list[dict]:
    """What keeps the draft from being handed in, each with the page where it is mended."""
    ids = {x.slug: x.id for x in lessons}
    return [{"words": str(f["message"]), "url": url_for(".teach_lesson", slug=course.slug, lesson_id=ids[f["field"]])
             if f["field"] in ids else ""} for f in courses.list_missing(course)]


def talk_of(course: courses.Course) -> list[dict]:
    """The steps of the review so far, as templates show them."""
    return [{"step": r.step, "remarks": r.remarks, "by": r.by_name, "at": r.at} for r in courses.list_review_lines(course.id)]


def asset_values(asset: media.Asset | None) -> dict | None:
    """A video as an author sees it: how far it is, what was done to it, how it plays."""
    if asset is None:
        return None
    return {"state": asset.state, "stage": asset.stage, "permille": asset.progress_permille, "failure": asset.failure,
            "duration_ms": asset.duration_ms, "name": asset.source.get("filename", ""),
            "has_sound": asset.facts.get("has_sound", True),
            "was_rotated": asset.facts.get("was_rotated", False),
            "making": media.describe_making(asset, current_actor()),
            "play": media.playable(asset) if asset.state == "ready" else None}


def _is_making(assets) -> bool:
    return any(a.state in ("waiting", "working") for a in assets)


def _count_questions(lesson: courses.Lesson) -> int:
    return len(quizzes.read_gift(lesson.body).questions) if lesson.kind == "quiz" else 0


@blueprint.post("/teach/<slug>/facts")
def teach_facts(slug: str) -> Response:
    """Change the course's facts."""
    course = my_course(slug)
    try:
        courses.edit_course(current_actor(), course, **_facts())
    except Invalid as problem:
        return course_page(course, problem)
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.post("/teach/<slug>/submit")
def teach_submit(slug: str) -> Response:
    """Hand the draft to a reviewer."""
    course = my_course(slug)
    try:
        courses.make_films(current_actor(), course)
        courses.submit_course(current_actor(), course, claims=claims_from_form(course), note=request.form.get("note", ""))
    except Invalid as problem:
        return course_page(course, problem)
    return redirect(url_for(".teach_course", slug=slug), 303)
