"""Whose course it is: asking authors in, answering, leaving, handing over; the institution it belongs to."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses
from guanxue.core.errors import Conflict, Forbidden, Invalid, Problem, TooMany
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course, told_of


@blueprint.get("/teach/<slug>/team")
def teach_team(slug: str) -> Response:
    """Who writes the course, whose it is, and what its owner may change about that."""
    return _team_page(my_course(slug))


def _team_page(course: courses.Course, problem: Problem | None = None, *, said: str = "") -> Response:
    actor = current_actor()
    names = accounts.names_of(course.author_ids)
    place = courses.institution_of(course)
    authors = [{"id": one, "name": names.get(one, ""), "is_owner": one == course.owner_id, "is_me": one == actor.id}
               for one in sorted(course.author_ids, key=lambda one: (one != course.owner_id, names.get(one, "")))]
    return personal(page(
        "courses/teach_team.html", problem.status if problem else 200, authors=authors, said=said,
        course={"slug": course.slug, "title": course.title}, may_lead=courses.may_lead_course(actor, course),
        institution={"slug": place.slug, "name": place.name} if place else None,
        workplaces=[{"slug": o.slug, "name": o.name} for o in accounts.list_teaching_places(actor.id)],
        colleagues=[{"id": one, "name": name} for one, name in courses.list_colleagues(actor, course)],
        phone=request.form.get("phone", "") if problem else "", **told_of(problem)))


@blueprint.post("/teach/<slug>/team/invite")
def teach_invite(slug: str) -> Response:
    """Ask a teacher by phone number, or a colleague of the institution. The answer never says whether there is one."""
    actor, course, form = current_actor(), my_course(slug), request.form
    try:
        if is_row_id(form.get("person", "")):
            courses.invite_colleague(actor, course, int(form["person"]))
        else:
            courses.invite_author(actor, course, form.get("phone", ""))
    except (Invalid, Conflict, Forbidden, TooMany) as problem:
        return _team_page(course, problem)
    return redirect(url_for(".teach_team", slug=slug, asked=1), 303)


@blueprint.post("/teach/<slug>/team/<int:person_id>/remove")
def teach_author_remove(slug: str, person_id: int) -> Response:
    """An author goes, or leaves."""
    actor, course = current_actor(), my_course(slug)
    courses.remove_author(actor, course, person_id)
    if person_id == actor.id:
        return redirect(url_for(".teach_index"), 303)
    return redirect(url_for(".teach_team", slug=slug), 303)


@blueprint.post("/teach/<slug>/team/<int:person_id>/lead")
def teach_hand_over(slug: str, person_id: int) -> Response:
    """Another author becomes the owner."""
    course = my_course(slug)
    try:
        courses.hand_over(current_actor(), course, person_id)
    except (Conflict, Forbidden) as problem:
        return _team_page(course, problem)
    return redirect(url_for(".teach_team", slug=slug), 303)


@blueprint.post("/teach/<slug>/institution")
def teach_institution(slug: str) -> Response:
    """The course belongs to an organisation its owner teaches for, or to none."""
    course = my_course(slug)
    try:
        courses.set_institution(current_actor(), course, request.form.get("institution", ""))
    except (Invalid, Forbidden) as problem:
        return _team_page(course, problem)
    return redirect(url_for(".teach_team", slug=slug), 303)


@blueprint.post("/teach/invitations/<int:course_id>")
def teach_answer(course_id: int) -> Response:
    """Yes or no to an invitation."""
    course = courses.answer_invitation(current_actor(), course_id, accepts=request.form.get("answer") == "yes")
    return redirect(url_for(".teach_course", slug=course.slug) if course else url_for(".teach_index"), 303)


@blueprint.post("/teach/left/<int:course_id>")
def teach_take_over(course_id: int) -> Response:
    """Take over a course of one's institution whose owner is gone."""
    course = courses.take_over(current_actor(), course_id)
    return redirect(url_for(".teach_course", slug=course.slug), 303)
