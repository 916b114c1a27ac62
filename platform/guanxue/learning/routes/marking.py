"""Marking short answers: what waits, one answer after the other, without whose they are."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import courses, learning, quizzes
from guanxue.core.enclosures import without_enclosures
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.learning.routes import blueprint

# What a marker may give with one key: permille and what it says.
STEPS = ((0, _("不对")), (250, _("对一点")), (500, _("对一半")), (750, _("大部分对")), (1000, _("全对")))


def taught(slug: str) -> courses.Course:
    """The course, where the actor is one of those who make it; for others there is none. Raises Forbidden, NotFound."""
    actor = current_actor()
    actor.require("teach")
    found = courses.get_course(slug, actor)
    if not courses.may_edit_course(actor, found):
        raise NotFound(_("没有这门课。"))
    return found


def marked(slug: str) -> courses.Course:
    """The course, for those who mark in it: its makers, and reviewers of strict exams. Raises Forbidden, NotFound."""
    actor = current_actor()
    if not actor.may("review"):
        return taught(slug)
    return courses.get_course(slug, actor)


@blueprint.get("/teach/marking")
def marking_index() -> Response:
    """How many short answers wait for me in each course."""
    actor = current_actor()
    if not actor.may("review"):
        actor.require("teach")
    rows = [{"slug": c.slug, "title": Name(c.title, c.title_en), "waiting": len(learning.list_waiting(actor, c))}
            for c in learning.list_marking(actor)]
    return personal(page("learning/marking_index.html", rows=sorted(rows, key=lambda r: -r["waiting"])))


@blueprint.get("/teach/<slug>/marking")
def marking(slug: str) -> Response:
    """The course's short answers that wait, handed in first first; and those that are marked."""
    course, actor = marked(slug), current_actor()
    return personal(page("learning/marking.html", course=_course(course),
                         may_correct=courses.may_edit_course(actor, course),
                         waiting=[_line(x) for x in learning.list_waiting(actor, course)],
                         marked=[_line(x) for x in learning.list_marked(actor, course)]))


def _course(course: courses.Course) -> dict:
    return {"slug": course.slug, "title": Name(course.title, course.title_en)}


def _line(answer: learning.ShortAnswer) -> dict:
    text = " ".join(without_enclosures(answer.question.stem).split())[:80]
    return {"attempt": answer.attempt_id, "number": answer.number, "text": text,
            "characters": len(answer.answer.strip()), "at": answer.submitted_at,
            "percent": answer.mark.permille // 10 if answer.mark else None}


@blueprint.get("/teach/<slug>/marking/<attempt>/<int:number>")
def marking_answer(slug: str, attempt: str, number: int) -> Response:
    """One answer beside the reference answer."""
    return _answer_page(marked(slug), attempt, number)


def _answer_page(course: courses.Course, attempt: str, number: int, problem: Problem | None = None) -> Response:
    actor, form = current_actor(), request.form
    answer = learning.get_short_answer(actor, course, attempt, number)
    if not learning.may_mark(actor, course, is_strict=answer.is_strict):
        raise NotFound(_("没有这个要批改的答案。"))
    mark, waiting = answer.mark, learning.list_waiting(actor, course)
    return personal(page(
        "learning/marking_answer.html", problem.status if problem else 200, course=_course(course),
        attempt=attempt, number=number, waiting=len(waiting), steps=STEPS, is_own=answer.is_own, is_decided=answer.is_decided,
        stem_html=inline_html(answer.question.stem), reference_html=inline_html(answer.question.explanation),
        is_strict=answer.is_strict, is_wanted=answer.is_wanted, answer=answer.answer, at=answer.submitted_at,
        most_remarks=quizzes.LONGEST_REMARKS,
        mark={"percent": mark.permille // 10, "permille": mark.permille, "at": mark.at} if mark else None,
        values={"permille": form.get("permille", str(mark.permille) if mark else ""),
                "remarks": form.get("remarks", mark.remarks if mark else ""), "reason": form.get("reason", "")},
        message=str(problem.message) if problem else ""))


@blueprint.post("/teach/<slug>/marking/<attempt>/<int:number>")
def mark_answer(slug: str, attempt: str, number: int) -> Response:
    """Give it its points and go on to the next that waits."""
    course, form = marked(slug), request.form
    given = form.get("permille", "")
    try:
        if given not in {str(permille) for permille, _words in STEPS}:
            raise Invalid(_("请选一个得分。"), fields=[{"field": "permille", "message": _("请选一个得分。")}])
        learning.mark_answer(current_actor(), course, attempt, number, permille=int(given), remarks=form.get("remarks", ""),
                             reason=form.get("reason", ""))
    except (Invalid, quizzes.DecidedAlready) as problem:
        return _answer_page(course, attempt, number, problem)
    ahead = learning.list_waiting(current_actor(), course)
    if not ahead:
        return redirect(url_for(".marking", slug=slug), 303)
    return redirect(url_for(".marking_answer", slug=slug, attempt=ahead[0].attempt_id, number=ahead[0].number), 303)
