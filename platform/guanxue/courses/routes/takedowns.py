"""Complaints: filed and followed by anybody, held, heard and decided at a desk."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import courses
from guanxue.core import clock
from guanxue.core.errors import Invalid, Problem, TooMany
from guanxue.core.i18n import Name
from guanxue.core.web.dispatch import current_actor, keep_out_of_logs
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.answering import case_shown


@blueprint.get("/courses/<slug>/complain")
def complain(slug: str) -> Response:
    """The form for a complaint about a course or a lesson."""
    return _form(courses.get_course(slug, current_actor()))


def _form(course: courses.Course, problem: Problem | None = None) -> Response:
    form = request.form
    lessons = courses.lessons_of(course.revision_id) if course.revision_id else []
    return personal(page(
        "courses/complain.html", problem.status if problem else 200,
        course={"slug": course.slug, "title": Name(course.title, course.title_en), "is_open": course.revision_id is not None},
        topics=courses.TOPICS, lessons=[(x.slug, x.title) for x in lessons],
        values={name: form.get(name, request.args.get(name, "")) for name in ("topic", "lesson", "text", "contact")},
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else ""))


@blueprint.post("/courses/<slug>/complain")
def file_complaint(slug: str) -> Response:
    """File it, and show it by its code."""
    form, course = request.form, courses.get_course(slug, current_actor())
    try:
        made = courses.complain(current_actor(), course, topic=form.get("topic", ""), text=form.get("text", ""),
                                lesson_slug=form.get("lesson", ""), contact=form.get("contact", ""),
                                address=request.remote_addr or "")
    except (Invalid, TooMany) as problem:
        return _form(course, problem)
    return redirect(url_for(".complaint", code=made.code), 303)


@blueprint.get("/complaints/<code>")
@keep_out_of_logs("code")
def complaint(code: str) -> Response:
    """What became of a complaint, for whoever holds its code."""
    return _follow(courses.get_case(code))


def _follow(case: courses.Case, problem: Problem | None = None) -> Response:
    course = case.course
    return personal(page(
        "courses/complaint.html", problem.status if problem else 200,
        case=case_shown(case) | {"code": case.complaint.code},
        course={"slug": course.slug, "title": Name(course.title, course.title_en)},
        text=request.form.get("text", "") if problem else "", message=str(problem.message) if problem else ""))


@blueprint.post("/complaints/<code>")
@keep_out_of_logs("code")
def add_to_complaint(code: str) -> Response:
    """Add something to a complaint."""
    case = courses.get_case(code)
    try:
        courses.add_words(current_actor(), case, request.form.get("text", ""))
    except Invalid as problem:
        return _follow(case, problem)
    return redirect(url_for(".complaint", code=code), 303)


# ---- the desk


@blueprint.get("/oversight/takedowns")
def takedowns() -> Response:
    """Complaints that are not decided, longest waiting first; or those that are."""
    current_actor().require("review")
    state = "decided" if request.args.get("state") == "decided" else "open"
    now = clock.now()
    rows = [case_shown(x) | {"course": x.course.title, "days": (now - x.complaint.filed_at).days,
                             "is_waiting": courses.is_waiting(x.complaint, now)} for x in courses.list_cases(state)]
    return personal(page("courses/takedowns.html", rows=rows, state=state))


@blueprint.get("/oversight/takedowns/<int:complaint_id>")
def takedown(complaint_id: int) -> Response:
    """A case with everything both sides said. Not by its code: with that an officer could speak as the complainant."""
    return _case_page(courses.get_case_at_desk(current_actor(), complaint_id))


def _case_page(case: courses.Case, problem: Problem | None = None) -> Response:
    actor, course = current_actor(), case.course
    why_not = courses.why_not_officer(actor, case)
    return personal(page(
        "courses/takedown.html", problem.status if problem else 200,
        case=case_shown(case) | {"contact": case.complaint.contact if why_not is None else ""},
        course={"slug": course.slug, "title": course.title, "lesson": case.complaint.lesson_slug,
                "has_newer": course.revision_id != case.complaint.revision_id},
        why_not=str(why_not or ""), may_decide=why_not is None and case.complaint.state != "decided",
        may_uphold=courses.may_uphold(case.complaint), text=request.form.get("text", "") if problem else "",
        message=str(problem.message) if problem else ""))


@blueprint.post("/oversight/takedowns/<int:complaint_id>")
def decide_takedown(complaint_id: int) -> Response:
    """Hold, release, ask the author, or decide."""
    actor, form = current_actor(), request.form
    case, step, text = courses.get_case_at_desk(actor, complaint_id), form.get("step", ""), form.get("text", "")
    simple = {"hold": courses.hold, "release": courses.release, "ask": courses.ask_author}
    try:
        if step in simple:
            simple[step](actor, case, text)
        else:
            courses.decide(actor, case, step, text, is_mended=bool(form.get("mended")))
    except Invalid as problem:
        return _case_page(case, problem)
    return redirect(url_for(".takedown", complaint_id=complaint_id), 303)
