"""A faulty key: its course's teacher says what is right and sees what that changes, a reviewer confirms or refuses."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, courses, learning, quizzes
from guanxue.core.enclosures import without_enclosures
from guanxue.core.errors import Conflict, Invalid, NotFound, Problem
from guanxue.core.i18n import Name
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.learning.routes import blueprint
from guanxue.learning.routes.marking import taught

MOST_NAMES = 100  # people listed by name; all are counted
MOST_ACCEPTED = 20  # further right answers in one decision


@blueprint.get("/teach/<slug>/corrections")
def corrections(slug: str) -> Response:
    """Every question of the papers that the course gave out, and what was asked about them."""
    course = taught(slug)
    papers = [{"id": p.paper_id, "title": p.title, "revisions": p.revisions, "is_newest": n == 0,
               "questions": [{"number": i, "text": _line(q.stem)} for i, q in enumerate(_questions(p.paper_id), 1)]}
              for n, p in enumerate(courses.list_papers(course.id))]
    asked = [_request(r) for r in reversed(quizzes.list_requests(f"course:{course.id}"))]
    return personal(page("learning/corrections.html", course=_course(course), papers=papers, asked=asked))


def _course(course: courses.Course) -> dict:
    return {"slug": course.slug, "title": Name(course.title, course.title_en)}


def _questions(paper_id: int) -> list[quizzes.Question]:
    return quizzes.questions_from(quizzes.get_paper(paper_id).document)


def _line(stem: str) -> str:
    return " ".join(without_enclosures(stem).split())[:80]


def _request(asked: quizzes.RegradeRequest) -> dict:
    """A request as pages show it."""
    paper = quizzes.get_paper(asked.paper_id)
    question = next(q for q in quizzes.questions_from(paper.document) if q.id == asked.question_id)
    return {"id": asked.id, "by": asked.by_name, "at": asked.at, "reason": asked.reason, "answer": asked.answer or "",
            "remarks": asked.remarks or "", "number": quizzes.question_number(paper, asked.question_id),
            "text": _line(question.stem), "decision": decision_words(question, asked.decision)}


def decision_words(question: quizzes.Question, decision: dict) -> str:
    """What a decision says, in words."""
    if decision.get("everyone"):
        return str(_("不计对错，人人得分"))
    if "truth" in decision:
        return str(_("正确答案是“对”") if decision["truth"] else _("正确答案是“错”"))
    if "right" in decision:
        return str(_("正确答案是：%(a)s", a="；".join(question.options[n].text for n in decision["right"])))
    return str(_("这些也算对：%(a)s", a=" / ".join(decision["accept"])))


def _found(slug: str, paper_id: int, number: int) -> tuple[courses.Course, quizzes.Question]:
    course = taught(slug)
    if paper_id not in {p.paper_id for p in courses.list_papers(course.id)}:
        raise NotFound(_("没有这份试卷。"))
    questions = _questions(paper_id)
    if not 1 <= number <= len(questions):
        raise NotFound(_("没有这道题。"))
    return course, questions[number - 1]


@blueprint.get("/teach/<slug>/corrections/<int:paper_id>/<int:number>")
def correction(slug: str, paper_id: int, number: int) -> Response:
    """The question with its key; with an answer chosen, what that would change."""
    course, question = _found(slug, paper_id, number)
    if "what" not in request.args:
        return _question_page(course, paper_id, number, question)
    decision = decision_of(question, request.args)
    try:
        return _question_page(course, paper_id, number, question, decision=decision)
    except Invalid as problem:
        return _question_page(course, paper_id, number, question, problem=problem)


def decision_of(question: quizzes.Question, form) -> dict:
    """The decision that a form (or an address) says; {} where it says none."""
    what = form.get("what", "")
    if what == "everyone":
        return {"everyone": True}
    if what != "key":
        return {}
    if question.kind == "truefalse":
        return {"truth": form.get("truth") == "true"} if form.get("truth") in ("true", "false") else {}
    if question.kind in ("single", "multiple"):
        return {"right": sorted({int(n) for n in form.getlist("right") if n.isdecimal() and len(n) < 4})}
    texts = [" ".join(t.split()) for t in form.get("accept", "").replace("；", "\n").replace(";", "\n").splitlines()]
    texts = [t for t in texts if t][:MOST_ACCEPTED]
    gap = form.get("gap", "0")
    if question.kind == "numeric":
        return {"accept": [_range(t) for t in texts], "gap": 0}
    return {"accept": texts, "gap": int(gap) if gap.isdecimal() and len(gap) < 4 else 0}


def _range(text: str) -> str:
    """"low..high" of a number or of two with .. or ～ between them."""
    low, _dots, high = text.replace("～", "..").replace("~", "..").replace(" ", "").partition("..")
    return f"{low}..{high or low}"


def _question_page(course: courses.Course, paper_id: int, number: int, question: quizzes.Question, *,
                   decision: dict | None = None, problem: Problem | None = None) -> Response:
    key = quizzes.key_now(quizzes.get_paper(paper_id), question.id)
    seen = _foreseen(paper_id, question.id, decision) if decision is not None else None
    values = request.args if request.method == "GET" else request.form
    return personal(page(
        "learning/correction.html", problem.status if problem else 200, course=_course(course), paper_id=paper_id,
        number=number, question=_shown(key), message=str(problem.message) if problem else "", foreseen=seen,
        decision=decision_words(question, decision) if decision else "",
        values={"what": values.get("what", ""), "right": values.getlist("right"), "truth": values.get("truth", ""),
                "accept": values.get("accept", ""), "gap": values.get("gap", "0"), "reason": request.form.get("reason", "")}))


def _shown(key) -> dict:
    """A question with its key as it is now, for teachers and reviewers."""
    q = key.question
    return {"kind": q.kind, "stem_html": inline_html(q.stem), "explanation_html": inline_html(q.explanation), "truth": q.truth,
            "is_for_everyone": key.is_for_everyone, "gaps": q.gap_count,
            "options": [{"text_html": inline_html(o.text), "is_right": o.permille > 0 or q.kind in ("matching", "ordering"),
                         "match_html": inline_html(o.match), "gap": o.gap} for o in q.options]}


def _foreseen(paper_id: int, question_id: str, decision: dict) -> dict:
    """What a decision would change; names are masked as on every page about many learners."""
    seen = quizzes.foresee(paper_id, question_id, decision)
    names = accounts.names_of(c.person_id for c in (*seen.gains, *seen.keeps))

    def lines(changes) -> list[dict]:
        return [{"name": accounts.mask_name(names.get(c.person_id, "")), "before": c.before, "after": c.after,
                 "is_passed_now": c.is_passed_now}
                for c in changes[:MOST_NAMES]]

    return {"count": seen.count, "gains": lines(seen.gains), "gain_count": len(seen.gains), "keeps": lines(seen.keeps),
            "keep_count": len(seen.keeps), "passing": seen.passing}


@blueprint.post("/teach/<slug>/corrections/<int:paper_id>/<int:number>")
def ask_correction(slug: str, paper_id: int, number: int) -> Response:
    """Hand it to a reviewer."""
    course, question = _found(slug, paper_id, number)
    decision = decision_of(question, request.form)
    try:
        learning.ask_correction(current_actor(), course, paper_id, question.id, decision, reason=request.form.get("reason", ""))
    except (Invalid, Conflict) as problem:
        return _asked_again(course, paper_id, number, question, decision, problem)
    return redirect(url_for(".corrections", slug=slug), 303)


def _asked_again(course, paper_id: int, number: int, question, decision: dict, problem: Problem) -> Response:
    try:
        return _question_page(course, paper_id, number, question, decision=decision, problem=problem)
    except Invalid:  # the decision itself is what is wrong
        return _question_page(course, paper_id, number, question, problem=problem)


# ---- the second person


@blueprint.get("/oversight/corrections")
def oversight_corrections() -> Response:
    """Keys that somebody wants put right, asked first first; and what became of others."""
    current_actor().require("review")
    return personal(page("learning/oversight_corrections.html",
                         waiting=[_request(r) for r in quizzes.list_requests(is_open=True)],
                         answered=[_request(r) for r in reversed(quizzes.list_requests(is_open=False))][:50]))


@blueprint.get("/oversight/corrections/<int:request_id>")
def oversight_correction(request_id: int) -> Response:
    """One of them: the question, what is said to be right, who gains."""
    current_actor().require("review")
    return _oversight_page(request_id)


def _oversight_page(request_id: int, problem: Problem | None = None) -> Response:
    asked = quizzes.get_request(request_id)
    key = quizzes.key_now(quizzes.get_paper(asked.paper_id), asked.question_id)
    try:
        seen = _foreseen(asked.paper_id, asked.question_id, asked.decision) if asked.answer is None else None
    except Invalid:  # another decision said the same meanwhile
        seen = None
    used = [{"slug": c.slug, "title": Name(c.title, c.title_en)} for c in courses.list_using(asked.paper_id)]
    return personal(page(
        "learning/oversight_correction.html", problem.status if problem else 200, asked=_request(asked), question=_shown(key),
        foreseen=seen, courses=used, may_answer=asked.answer is None and learning.may_answer(current_actor(), asked),
        message=str(problem.message) if problem else "", remarks=request.form.get("remarks", "")))


@blueprint.post("/oversight/corrections/<int:request_id>")
def answer_correction(request_id: int) -> Response:
    """Put the key right, or leave it and say why."""
    actor = current_actor()
    actor.require("review")
    try:
        learning.answer_correction(actor, request_id, is_confirmed=request.form.get("decision") == "confirm",
                                   remarks=request.form.get("remarks", ""))
    except (Invalid, Conflict) as problem:
        return _oversight_page(request_id, problem)
    return redirect(url_for(".oversight_corrections"), 303)
