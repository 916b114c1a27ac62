"""Exams looked at again: the papers that were handed in exactly as they were, and time granted to single learners."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, audit, courses, learning, quizzes
from guanxue.core import clock
from guanxue.core.errors import Invalid, NotFound, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.learning.routes import blueprint
from guanxue.learning.routes.marking import taught

REASONS = (_("看字慢，或普通话、汉字不熟"), _("身体原因（不用写是什么）"), _("要用读屏或别的辅助工具"), _("别的原因"))
LEVEL_NAMES = {"easy": _("易"), "middle": _("中"), "hard": _("难"), "": ""}


@blueprint.get("/teach/<slug>/exams")
def exams(slug: str) -> Response:
    """What was handed in in the course, without names; and who has more time."""
    return _exams(taught(slug))


def _exams(course: courses.Course, problem: Problem | None = None) -> Response:
    papers = [p.paper_id for p in courses.list_papers(course.id)]
    rows = [_row(a, s) for a, s, _paper in quizzes.list_handed_in(papers) if learning.is_of_course(a, course)]
    granted = quizzes.list_allowances(learning.time_subject(course.id))
    names = accounts.names_of(x.person_id for x in granted)
    errors = {f["field"]: str(f["message"]) for f in problem.fields} if problem else {}
    return personal(page(
        "learning/exams.html", problem.status if problem else 200, course=_course(course), rows=rows,
        granted=[{"id": x.id, "name": accounts.mask_name(names.get(x.person_id, "")), "percent": x.permille // 10,
                  "reason": x.reason, "at": x.at} for x in granted],
        shares=[n // 10 for n in quizzes.SHARES], reasons=[str(x) for x in REASONS], most=quizzes.LONGEST_REASON, errors=errors,
        values={name: request.form.get(name, "") for name in ("number", "percent", "reason", "more")},
        message=str(problem.message) if problem else ""))


def _course(course: courses.Course) -> dict:
    return {"slug": course.slug, "title": Name(course.title, course.title_en)}


def _row(attempt: quizzes.Attempt, submission: quizzes.Submission) -> dict:
    now = quizzes.standing_of(submission)
    return {"id": attempt.id, "at": submission.submitted_at, "score": now.score if now.is_decided else None,
            "is_passed": now.is_passed, "count": len(now.points)}


@blueprint.get("/teach/<slug>/exams/<attempt>")
def exam_paper(slug: str, attempt: str) -> Response:
    """One paper exactly as it was, without whose it is."""
    course = taught(slug)
    found = quizzes.find_attempt(attempt)
    if found is None or not learning.is_of_course(found, course) or quizzes.is_own(current_actor(), found):
        raise NotFound(_("没有这份试卷。"))
    return _paper_page(found, course, url_for(".exams", slug=slug))


def _paper_page(attempt: quizzes.Attempt, course: courses.Course, back: str, name: str = "") -> Response:
    submission = quizzes.find_submission(attempt.id)
    now = quizzes.standing_of(submission) if submission is not None else None
    return personal(page(
        "learning/exam_paper.html", course=_course(course), back=back, name=name, attempt=attempt.id,
        fingerprint=quizzes.fingerprint(attempt), seed=attempt.seed, paper=quizzes.get_paper(attempt.paper_id).digest,
        started_at=attempt.started_at, expires_at=attempt.expires_at, extra_percent=attempt.extra_permille // 10,
        submitted_at=submission.submitted_at if submission else None, score=now.score if now and now.is_decided else None,
        pass_mark=submission.pass_mark if submission else None, holds=attempt.hold, levels=LEVEL_NAMES,
        lines=quizzes.show_again(attempt, submission), happened=[_told(*x) for x in quizzes.time_line(attempt)]))


def _told(at, what: str, told: dict) -> dict:
    more = {**told, "written_at": clock.moment_of(told["written_ms"])} if what == "late" else told
    return {"at": at, "what": what, **more}


# ---- more time for one learner


@blueprint.post("/teach/<slug>/exams/time")
def grant_time(slug: str) -> Response:
    """Grant a learner of the course more time for what they begin from now on."""
    course, form = taught(slug), request.form
    try:
        enrolment = _enrolment(course, form.get("number", "").strip())
        permille = next((n for n in quizzes.SHARES if str(n // 10) == form.get("percent", "")), 0)
        reason = form.get("more", "").strip() or form.get("reason", "")
        quizzes.grant_time(current_actor(), enrolment.person_id, learning.time_subject(course.id), permille=permille,
                           reason=reason)
    except Invalid as problem:
        return _exams(course, problem)
    return redirect(url_for(".exams", slug=slug, _anchor="time"), 303)


def _enrolment(course: courses.Course, number: str) -> learning.Enrolment:
    """Of the course, by the number that the list of learners shows. Raises Invalid."""
    try:
        found = learning.get_enrolment(int(number)) if is_row_id(number) else None
    except learning.NotEnrolled:
        found = None
    if found is None or found.course_id != course.id or found.left_at is not None:
        message = _("这门课没有这个报名编号。编号在“学得怎么样”的学员名单里。")
        raise Invalid(message, fields=[{"field": "number", "message": message}])
    return found


@blueprint.post("/teach/<slug>/exams/time/<int:allowance_id>/end")
def end_time(slug: str, allowance_id: int) -> Response:
    """Take it back for what is begun from now on."""
    course = taught(slug)
    quizzes.end_allowance(current_actor(), learning.time_subject(course.id), allowance_id)
    return redirect(url_for(".exams", slug=slug, _anchor="time"), 303)


# ---- the inspector


@blueprint.get("/oversight/exams")
def oversight_exams() -> Response:
    """The newest papers of every course, or one course's, or one by its number."""
    current_actor().require("inspect")
    slug, number = request.args.get("course", "").strip(), request.args.get("attempt", "").strip()
    papers = None
    if slug:
        try:
            papers = [p.paper_id for p in courses.list_papers(courses.get_course(slug, current_actor()).id)]
        except NotFound:
            papers = []
    found = [(a, s, p) for a, s, p in quizzes.list_handed_in(papers) if not number or a.id == number]
    if number and not found and (one := quizzes.find_attempt(number)) is not None:
        done = quizzes.find_submission(number)
        found = [(one, done, quizzes.get_paper(one.paper_id))] if done else []
    return personal(page("learning/oversight_exams.html", asked={"course": slug, "attempt": number},
                         rows=[{**_row(a, s), "title": p.title} for a, s, p in found]))


@blueprint.post("/oversight/exams/<attempt>")
def oversight_exam(attempt: str) -> Response:
    """One paper exactly as it was, with whose it is; that somebody looked is in the trail before it is shown."""
    actor = current_actor()
    actor.require("inspect")
    found = quizzes.find_attempt(attempt)
    if found is None or quizzes.is_own(actor, found):  # whoever sits the exam themselves is shown no right answer
        raise NotFound(_("没有这份试卷。"))
    audit.record(actor, "quizzes.paper.inspected", f"attempt:{attempt}", {"person": found.person_id})
    enrolment, _lesson = learning.lesson_of(found)
    course = courses.courses_by_id([enrolment.course_id])[enrolment.course_id]
    name = accounts.names_of([found.person_id]).get(found.person_id, "")
    return _paper_page(found, course, url_for(".oversight_exams"), name)
