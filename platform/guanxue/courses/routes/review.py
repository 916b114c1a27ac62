"""A reviewer's pages: what waits, a course as learners would see it, approve or return with remarks."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, media, quizzes
from guanxue.core.errors import Invalid, Problem
from guanxue.core.markup import inline_html, markdown_html
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import talk_of


@blueprint.get("/oversight/reviews")
def reviews() -> Response:
    """Courses that wait for a reviewer."""
    current_actor().require("review")
    waiting = courses.list_submitted()
    names = accounts.names_of(c.owner_id for c in waiting if c.owner_id)
    return personal(page("courses/reviews.html", waiting=[
        {"slug": c.slug, "title": c.title, "by": names.get(c.owner_id, ""), "since": c.updated_at} for c in waiting]))


@blueprint.get("/oversight/reviews/<slug>")
def review(slug: str) -> Response:
    """Everything in it: videos, texts, questions with their keys."""
    current_actor().require("review")
    return _review_page(courses.get_course(slug, current_actor()))


def _review_page(course: courses.Course, problem: Problem | None = None) -> Response:
    lessons = [_lesson(x) for x in courses.list_lessons(course.id)]
    return personal(page(
        "courses/review.html", problem.status if problem else 200,
        course={"slug": course.slug, "title": course.title, "summary": course.summary, "state": course.state},
        lessons=lessons, message=str(problem.message) if problem else "",
        may_decide=courses.may_review_course(current_actor(), course) and course.state == "submitted",
        talk=talk_of(course)))


def _lesson(lesson: courses.Lesson) -> dict:
    asset = media.get_asset(lesson.asset_id) if lesson.asset_id else None
    told = {"title": lesson.title, "kind": lesson.kind, "body_html": "", "questions": [], "play": None,
            "asset_state": asset.state if asset else "", "failure": asset.failure if asset else ""}
    if lesson.kind == "quiz":
        told["questions"] = [{"kind": q.kind, "stem_html": inline_html(q.stem), "truth": q.truth,
                              "explanation_html": inline_html(q.explanation),
                              "options": [{"text_html": inline_html(o.text), "is_right": o.permille > 0, "match": o.match}
                                          for o in q.options]} for q in quizzes.read_gift(lesson.body).questions]
    else:
        told["body_html"] = markdown_html(lesson.body)
        told["play"] = media.playable(asset) if asset and asset.state == "ready" else None
    return told


@blueprint.post("/oversight/reviews/<slug>")
def decide(slug: str) -> Response:
    """Approve and publish, or return with remarks."""
    actor = current_actor()
    actor.require("review")
    course = courses.get_course(slug, actor)
    try:
        if request.form.get("decision") == "approve":
            courses.approve_course(actor, course)
        else:
            courses.return_course(actor, course, request.form.get("remarks", ""))
    except Invalid as problem:
        return _review_page(course, problem)
    return redirect(url_for(".reviews"), 303)
