"""An author's side of review: what readers said, handing in with rights, withdrawing, complaints that need an answer."""

from __future__ import annotations

from datetime import date

from flask import Response, redirect, request, url_for

from guanxue import courses
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.review import FACTS, changes_page, rights_shown, talk_of, verdicts_shown


def _mine(slug: str) -> courses.Course:
    actor = current_actor()
    actor.require("teach")
    found = courses.get_course(slug, actor)
    if not courses.may_edit_course(actor, found):
        raise NotFound(_("没有这门课。"))
    return found


@blueprint.get("/teach/<slug>/review")
def review_mine(slug: str) -> Response:
    """Where my course stands in review: readers, remarks to answer, versions, rights, withdrawal, complaints."""
    return _page(_mine(slug))


def _page(course: courses.Course, problem: Problem | None = None) -> Response:
    candidate = courses.find_candidate(course.id)
    reading = courses.reading_of(course) if candidate is not None or course.state == "submitted" else None
    remarks = [courses.shown_remark(x) for x in courses.list_remarks(course)]
    versions = courses.list_versions(course)
    return personal(page(
        "courses/review_mine.html", problem.status if problem else 200,
        course={"slug": course.slug, "title": course.title, "state": course.state, "is_open": course.revision_id is not None},
        reading=_reading(reading), verdicts=verdicts_shown(reading) if reading else [], talk=talk_of(course), facts=FACTS,
        lesson_titles={x.slug: x.title for x in courses.list_lessons(course.id)},
        remarks=[r for r in remarks if r["state"] != "settled"], settled=[r for r in remarks if r["state"] == "settled"],
        versions=[{"name": k, "kind": k[0], "number": k[1:], "at": at} for k, at in versions.items()],
        rights=rights_shown(course), hand_in=hand_in_values(course), stop=_stop(course),
        cases=[case_shown(x) for x in courses.cases_of(course)], message=str(problem.message) if problem else "",
        faults=[str(f["message"]) for f in problem.fields] if problem else []))


def review_values(course: courses.Course) -> dict:
    """Where the course stands in review, for the page of its draft (courses/review_here.html, hand_in_form.html)."""
    reading = courses.reading_of(course) if course.state == "submitted" else None
    return {"hand_in": hand_in_values(course), "unsettled": courses.count_unsettled(course.id),
            "warning": courses.warning(course), "closed": str(courses.why_closed(course) or ""),
            "place": reading.place if reading else 0, "readers": reading.checklist.readers if reading else 0,
            "complaints": sum(x.complaint.state == "asked" for x in courses.cases_of(course))}


def _reading(reading: courses.Reading | None) -> dict | None:
    if reading is None:
        return None
    return {"number": reading.candidate.number, "at": reading.candidate.submitted_at, "place": reading.place,
            "readers": reading.checklist.readers, "may_draw_back": not reading.verdicts}


def _stop(course: courses.Course) -> dict:
    stop = courses.find_withdrawal(course)
    return {"why": str(courses.why_closed(course) or ""), "is_withdrawn": stop is not None,
            "reason": stop.reason if stop else "", "may_restore": courses.may_restore(current_actor(), course),
            "needs_reason": current_actor().id not in course.author_ids}


@blueprint.get("/teach/<slug>/changes")
def changes_mine(slug: str) -> Response:
    """What differs between two versions of my course: by default between what is published and the draft."""
    return changes_page(_mine(slug), url_for(".review_mine", slug=slug), _("审核与发布"), ".changes_mine")


@blueprint.post("/teach/<slug>/remarks/<int:remark_id>")
def answer_remark(slug: str, remark_id: int) -> Response:
    """Answer a remark, or say that it is settled."""
    course, form = _mine(slug), request.form
    try:
        courses.answer_remark(current_actor(), course, remark_id, text=form.get("text", ""),
                              is_settled=form.get("step") == "settled")
    except Invalid as problem:
        return _page(course, problem)
    return redirect(url_for(".review_mine", slug=slug) + f"#remark-{remark_id}", 303)


@blueprint.post("/teach/<slug>/draw-back")
def draw_back(slug: str) -> Response:
    """Take the submission back before the first verdict."""
    courses.draw_back(current_actor(), _mine(slug))
    return redirect(url_for(".teach_course", slug=slug), 303)


@blueprint.post("/teach/<slug>/withdraw")
def withdraw(slug: str) -> Response:
    """Take the published course out of the catalogue, or put it back."""
    course = _mine(slug)
    try:
        if request.form.get("step") == "restore":
            courses.restore_course(current_actor(), course)
        else:
            courses.withdraw_course(current_actor(), course, request.form.get("reason", ""))
    except Invalid as problem:
        return _page(course, problem)
    return redirect(url_for(".review_mine", slug=slug), 303)


# ---- rights


@blueprint.post("/teach/<slug>/rights")
def declare(slug: str) -> Response:
    """Say anew whose work it is, also after publishing: a licence was renewed."""
    course = _mine(slug)
    try:
        courses.declare_rights(current_actor(), course, claims_from_form(course))
    except Invalid as problem:
        return _page(course, problem)
    return redirect(url_for(".review_mine", slug=slug) + "#rights", 303)


def hand_in_values(course: courses.Course) -> dict:
    """What courses/hand_in.html shows: what the form says, else what was declared before."""
    standing, form = courses.rights_of(course), request.form
    own_films = [x for x in courses.list_lessons(course.id) if x.asset_id and not x.is_narrated]

    def values(slug: str, word: courses.Rights | None) -> dict:
        at = f"{slug}-" if slug else ""
        return {"at": at, "basis": form.get(f"{at}basis", word.basis if word else ""),
                "people": form.get(f"{at}people", word.people if word else ""),
                "licensor": form.get(f"{at}licensor", word.licensor if word else ""),
                "until": form.get(f"{at}until", word.until_on.isoformat() if word and word.until_on else ""),
                "licence": form.get(f"{at}licence", word.licence if word else "")}

    return {"course": values("", standing.course), "is_declared": standing.is_whole, "licences": courses.LICENCES,
            "films": [{"title": x.title, "is_missing": x in standing.missing, **values(x.slug, standing.films.get(x.slug))}
                      for x in own_films] if len(own_films) > 1 else [],
            "missing": [x.title for x in standing.missing]}


def claims_from_form(course: courses.Course) -> list[courses.Claim]:
    """What the form declares: about the course, and about each film that has words of its own; [] where it says nothing."""
    form = request.form
    slugs = ["", *(x.slug for x in courses.list_lessons(course.id))]
    return [_claim(slug, f"{slug}-" if slug else "") for slug in slugs
            if form.get(f"{slug}-basis" if slug else "basis") or (not slug and form.get("people"))]


def _claim(slug: str, at: str) -> courses.Claim:
    form = request.form
    try:
        until = date.fromisoformat(form.get(f"{at}until", "").strip().replace("/", "-").replace(".", "-"))
    except ValueError:
        until = None
    return courses.Claim(form.get(f"{at}basis", ""), form.get(f"{at}people", "") or form.get("people", ""), slug,
                         form.get(f"{at}licensor", ""), until, form.get(f"{at}licence", ""))


# ---- complaints


def case_shown(case: courses.Case) -> dict:
    """A case as templates show it to its author: not who complained, nor the code to speak as they do."""
    c = case.complaint
    return {"id": c.id, "topic": courses.TOPICS[c.topic], "text": c.text, "at": c.filed_at, "lesson": case.lesson_title,
            "state": c.state, "outcome": c.outcome, "due": c.counter_due_at, "is_held": case.stop is not None,
            "lines": [{"step": x.step, "text": x.text, "by": x.by_name, "at": x.at} for x in case.lines]}


@blueprint.post("/teach/<slug>/complaints/<int:complaint_id>")
def counter(slug: str, complaint_id: int) -> Response:
    """The author's side of a complaint."""
    course = _mine(slug)
    case = courses.get_case_of(course, complaint_id)
    try:
        courses.counter(current_actor(), case, request.form.get("text", ""))
    except Invalid as problem:
        return _page(course, problem)
    return redirect(url_for(".review_mine", slug=slug) + "#complaints", 303)
