"""Ratings and questions of a course, reporting and removing, and what waits for a reviewer."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, request, url_for

from guanxue import accounts, courses, discussions
from guanxue.core.errors import NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal

blueprint = Blueprint("discussions", __name__)
KIND_WORDS = {"rating": _("评价"), "question": _("提问"), "answer": _("回答")}


def _number(name: str, default: int = 1) -> int:
    text = request.values.get(name, "")
    return int(text) if is_row_id(text) else default


def _told(problem: Problem | None) -> dict:
    return {"message": str(problem.message) if problem else "",
            "errors": {f["field"]: str(f["message"]) for f in problem.fields} if problem else {}}


@blueprint.get("/courses/<slug>/questions")
def questions(slug: str) -> Response:
    """What learners asked and teachers answered; the form for those who study it."""
    return _questions(courses.get_course(slug, current_actor()))


def _questions(course: courses.Course, problem: Problem | None = None) -> Response:
    actor = current_actor()
    lesson, waiting = request.values.get("lesson", "")[:80], bool(request.args.get("waiting"))
    found = discussions.list_questions(course.id, _number("page"), lesson_slug=lesson, unanswered=waiting)
    answers = discussions.answers_of(q.id for q in found.items)
    names = _names([*found.items, *(a for group in answers.values() for a in group)])
    titles = {x.slug: x.title for x in courses.lessons_of(course.revision_id)} if course.revision_id else {}
    return personal(page(
        "discussions/questions.html", problem.status if problem else 200, course={"slug": course.slug, "title": course.title},
        lesson={"slug": lesson, "title": titles[lesson]} if lesson in titles else None,
        lessons=[{"slug": s, "title": t} for s, t in titles.items()], at_ms=_number("at", 0),
        rows=[_question(q, answers.get(q.id, []), names, titles) for q in found.items], total=found.total, page=found.page,
        pages=found.pages, may_speak=discussions.may_speak(actor, course), teaches=discussions.teaches(actor, course),
        values={"text": request.form.get("text", ""), "question": _number("question", 0)}, **_told(problem),
        page_url=lambda n: url_for(".questions", slug=course.slug, page=n, **({"lesson": lesson} if lesson else {}))))


def _names(posts: list) -> dict[int, str]:
    """Teachers by their name, learners by its first character."""
    full = accounts.names_of(p.person_id for p in posts)
    teachers = {p.person_id for p in posts if getattr(p, "is_teacher", False)}
    return {id: name if id in teachers else accounts.mask_name(name) for id, name in full.items()}


def _question(q: discussions.Question, answers: list[discussions.Answer], names: dict, titles: dict) -> dict:
    return {"id": q.id, "text": q.text, "name": names.get(q.person_id, ""), "at": q.asked_at, "at_ms": q.at_ms,
            "lesson": {"slug": q.lesson_slug, "title": titles[q.lesson_slug]} if q.lesson_slug in titles else None,
            "answers": [{"id": a.id, "text": a.text, "name": names.get(a.person_id, ""), "at": a.answered_at,
                         "is_teacher": a.is_teacher} for a in answers]}


@blueprint.post("/courses/<slug>/questions")
def ask(slug: str) -> Response:
    """Ask the teacher."""
    course, at = courses.get_course(slug, current_actor()), request.form.get("at", "")
    try:
        made = discussions.ask(current_actor(), course, request.form.get("text", ""),
                               lesson_slug=request.form.get("lesson", "")[:80], at_ms=int(at) if is_row_id(at) else None)
    except Problem as problem:
        return _again_or_raise(course, problem)
    return redirect(url_for(".questions", slug=slug) + f"#q{made.id}", 303)


def _again_or_raise(course: courses.Course, problem: Problem) -> Response:
    if problem.status != 422:
        raise problem
    return _questions(course, problem)


@blueprint.post("/courses/<slug>/questions/<int:question_id>/answers")
def answer(slug: str, question_id: int) -> Response:
    """Answer a question of this course."""
    course = courses.get_course(slug, current_actor())
    question = discussions.get_post("question", question_id)
    if question.course_id != course.id:
        raise NotFound(_("没有这个问题。"))
    try:
        discussions.answer(current_actor(), course, question, request.form.get("text", ""))
    except Problem as problem:
        return _again_or_raise(course, problem)
    return redirect(url_for(".questions", slug=slug) + f"#q{question_id}", 303)


@blueprint.get("/courses/<slug>/ratings")
def ratings(slug: str) -> Response:
    """What those who finished it say; the form for one of them."""
    return _ratings(courses.get_course(slug, current_actor()))


def _ratings(course: courses.Course, problem: Problem | None = None) -> Response:
    actor = current_actor()
    found, told = discussions.list_ratings(course.id, _number("page")), discussions.summary(course.id)
    names, mine = _names(list(found.items)), discussions.find_rating(actor.id, course.id) if actor.is_person else None
    return personal(page(
        "discussions/ratings.html", problem.status if problem else 200, course={"slug": course.slug, "title": course.title},
        rows=[{"id": r.id, "stars": r.stars, "text": r.text, "name": names.get(r.person_id, ""), "at": r.rated_at}
              for r in found.items],
        total=told.ratings, average_tenths=told.average_tenths, page=found.page, pages=found.pages,
        may_rate=discussions.may_rate(actor, course), is_removed=bool(mine and mine.hidden_at),
        values={"stars": _number("stars", mine.stars if mine else 0),
                "text": request.form.get("text", mine.text if mine else "")},
        page_url=lambda n: url_for(".ratings", slug=course.slug, page=n), **_told(problem)))


@blueprint.post("/courses/<slug>/rating")
def rate(slug: str) -> Response:
    """Rate a course one has finished."""
    course = courses.get_course(slug, current_actor())
    try:
        discussions.rate(current_actor(), course, _number("stars", 0), request.form.get("text", ""))
    except Problem as problem:
        if problem.status != 422:
            raise
        return _ratings(course, problem)
    return redirect(url_for(".ratings", slug=slug), 303)


@blueprint.get("/posts/<kind>/<int:thing_id>")
def post(kind: str, thing_id: int) -> Response:
    """One thing somebody wrote: report it, or take it down where one may."""
    return _post(kind, thing_id)


def _post(kind: str, thing_id: int, problem: Problem | None = None) -> Response:
    actor = current_actor()
    actor.must_be_person()
    found = discussions.get_post(kind, thing_id)
    course = courses.courses_by_id([discussions.course_id_of(found)])[discussions.course_id_of(found)]
    return personal(page(
        "discussions/post.html", problem.status if problem else 200, kind=kind, id=thing_id, kind_word=KIND_WORDS[kind],
        text=found.text, name=_names([found]).get(found.person_id, ""), is_mine=found.person_id == actor.id,
        course={"slug": course.slug, "title": course.title}, back=_back(kind, course.slug),
        may_remove=discussions.may_remove(actor, kind, author_id=found.person_id, teaches=discussions.teaches(actor, course)),
        may_keep=actor.may("review"), values={"reason": request.form.get("reason", ""), "why": request.form.get("why", "")},
        **_told(problem)))


def _back(kind: str, slug: str) -> str:
    return url_for(".ratings" if kind == "rating" else ".questions", slug=slug)


@blueprint.post("/posts/<kind>/<int:thing_id>/report")
def report(kind: str, thing_id: int) -> Response:
    """Say that it should not stand."""
    current_actor().must_be_person()
    return _decide(kind, thing_id, lambda: discussions.report(current_actor(), kind, thing_id, request.form.get("reason", "")))


@blueprint.post("/posts/<kind>/<int:thing_id>/remove")
def remove(kind: str, thing_id: int) -> Response:
    """Take it down."""
    current_actor().must_be_person()
    return _decide(kind, thing_id, lambda: discussions.remove(current_actor(), kind, thing_id, request.form.get("why", "")))


@blueprint.post("/posts/<kind>/<int:thing_id>/keep")
def keep(kind: str, thing_id: int) -> Response:
    """A reviewer lets it stand."""
    discussions.keep(current_actor(), kind, thing_id)
    return redirect(url_for(".reports"), 303)


def _decide(kind: str, thing_id: int, act) -> Response:
    found = discussions.get_post(kind, thing_id)
    slug = courses.courses_by_id([discussions.course_id_of(found)])[discussions.course_id_of(found)].slug
    try:
        act()
    except Problem as problem:
        if problem.status != 422:
            raise
        return _post(kind, thing_id, problem)
    return redirect(url_for(".reports") if request.form.get("from") == "reports" else _back(kind, slug), 303)


@blueprint.get("/oversight/reports")
def reports() -> Response:
    """What was reported and waits for a decision."""
    current_actor().require("review")
    found = discussions.list_reported()
    names = accounts.names_of(r.post.person_id for r in found)
    return personal(page("discussions/reports.html", rows=[
        {"kind": r.kind, "id": r.post.id, "kind_word": KIND_WORDS[r.kind], "text": r.post.text,
         "name": names.get(r.post.person_id, ""), "reasons": r.reasons, "since": r.since} for r in found]))
