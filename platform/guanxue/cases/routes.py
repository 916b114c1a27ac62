"""更正和申诉: what somebody asks to be put right, what is asked of them, the letters, and their way to appeal."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, request, url_for

from guanxue import accounts, cases
from guanxue.cases import Dossier
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.errors import Invalid, NotFound, Problem, TooMany
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import own_site_path, page, personal

STAFFS = ("/oversight/", "/teach/")  # pages that are nobody's own record
blueprint = Blueprint("cases", __name__)


@blueprint.get("/me/cases")
def mine() -> Response:
    """Everything of mine, the newest first."""
    actor = _person()
    return personal(page("cases/mine.html", rows=[_row(d, actor) for d in cases.list_own(actor.id)]))


def _person() -> Actor:
    actor = current_actor()
    actor.must_be_person()
    return actor


def _row(found: Dossier, actor: Actor) -> dict:
    case = found.case
    return {
        "code": case.code, "kind": cases.KIND_WORDS[case.kind], "state": case.state, "opened_at": case.opened_at,
        "about": _about(case.subject, actor), "has_news": cases.has_news(found, actor.id),
        "result": cases.RESULT_WORDS[found.final.detail["result"]] if found.final else "",
        "is_wanted": cases.is_wanted(found, actor.id),
    }


def _about(subject: str, actor: Actor) -> str:
    """What the case is about, in words the person knows; "" where it is about them as such."""
    return "" if subject.startswith("person:") else str(cases.open_for(subject, accounts.all_accounts_of(actor.id)).title)


# ---- asking


@blueprint.get("/me/cases/new")
def new() -> Response:
    """The form: what is wrong, about the record that one comes from."""
    return _form(_person())


def _form(actor: Actor, problem: Problem | None = None) -> Response:
    form, about = request.form, request.values.get("about", "")
    return personal(page(
        "cases/new.html", problem.status if problem else 200, about=about, about_title=_mine_about(about, actor),
        source=own_site_path(request.values.get("from"), "")[:200],
        values={"kind": request.values.get("kind", "correction"), "text": form.get("text", "")},
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else ""))


def _mine_about(about: str, actor: Actor) -> str:
    """The title of the record that a correction is about: mine, or nobody's (a course); "" where none was named."""
    if not about:
        return ""
    shown = cases.open_ref(about) if cases.is_known(about) else None
    is_staffs = shown is not None and shown.person_id is None and shown.address.startswith(STAFFS)
    if shown is None or is_staffs or (shown.person_id or actor.id) not in accounts.all_accounts_of(actor.id):
        raise NotFound(_("没有这条记录，可能是网址写错了。"))
    return str(shown.title)


@blueprint.post("/me/cases/new")
def ask() -> Response:
    """Ask for a correction, or object to a decision."""
    actor, about = _person(), request.form.get("about", "")
    _mine_about(about, actor)
    try:
        made = cases.open_case(actor, kind=request.form.get("kind", ""), subject=about or actor.ref,
                               claim=request.form.get("text", ""), evidence=[about] if about else [], person_ids=[actor.id])
    except (Invalid, TooMany) as problem:
        for field in problem.fields:
            field["field"] = {"claim": "text"}.get(field["field"], field["field"])
        return _form(actor, problem)
    return redirect(url_for(".case", code=made.code), 303)


# ---- one of them


@blueprint.get("/me/cases/<code>")
def case(code: str) -> Response:
    """What it is about, what was said and decided, and what I can do now."""
    actor = _person()
    return _case_page(cases.get_own(actor, code), actor)


def _case_page(found: Dossier, actor: Actor, problem: Problem | None = None) -> Response:
    case, today = found.case, clock.today()
    refs = {f"person:{one}" for one in accounts.all_accounts_of(actor.id)}
    accounts_of_mine = accounts.all_accounts_of(actor.id)
    return personal(page(
        "cases/case.html", problem.status if problem else 200,
        case=_row(found, actor) | {
            "claim": gettext(case.claim), "is_mine": case.opened_by in refs, "is_against": case.kind not in cases.OWN_KINDS,
            "due_on": case.due_on, "hear_until_on": found.hear_until_on, "appeal_until_on": case.appeal_until_on,
            "is_late": case.state in ("open", "appealed") and case.due_on < today,
            "may_appeal": case.state == "decided" and case.appeal_until_on is not None and case.appeal_until_on >= today,
            "others": len(found.person_ids) - len(set(found.person_ids) & set(accounts_of_mine))},
        exhibits=[{"title": str(cases.open_for(x.ref, accounts_of_mine).title), "note": x.note} for x in found.exhibits],
        steps=[_step(s, refs, accounts_of_mine) for s in found.steps if _is_told(s, refs, accounts_of_mine)],
        text=request.form.get("text", "") if problem else "", message=str(problem.message) if problem else "",
        step=request.form.get("step", "") if problem else ""))


# What others whom the case concerns too have said is theirs.
OTHERS_OWN = ("said", "appealed", "accepted", "withdrawn")


def _is_told(step: cases.Step, refs: set[str], mine: list[int]) -> bool:
    """Is this step told to the reader: nobody's look, nothing that others said, nothing that was taken back from others."""
    if step.step == "carried-out":
        return cases.is_of(step.detail.get("ref", ""), mine)
    return step.step != "seen" and (step.by in refs or step.step not in OTHERS_OWN)


def _step(step: cases.Step, refs: set[str], mine: list[int]) -> dict:
    detail = step.detail
    return {"step": step.step, "at": step.at, "text": step.text, "is_mine": step.by in refs, "number": detail.get("number", 0),
            "result": cases.RESULT_WORDS[detail["result"]] if "result" in detail else "", "follows": detail.get("follows", ""),
            "effects": cases.own_effects(detail, mine),
            "exhibits": [str(cases.open_for(ref, mine).title) for ref in detail.get("refs", [])]}


@blueprint.post("/me/cases/<code>")
def answer(code: str) -> Response:
    """Say something, appeal, accept, withdraw, or say that I have read it."""
    actor, step, text = _person(), request.form.get("step", ""), request.form.get("text", "")
    found = cases.get_own(actor, code)
    deeds = {"say": lambda: cases.say(actor, found, text), "appeal": lambda: cases.appeal(actor, found, text),
             "accept": lambda: cases.accept(actor, found), "withdraw": lambda: cases.withdraw(actor, found),
             "seen": lambda: cases.see(actor, found)}
    if step not in deeds:
        return _case_page(found, actor, Invalid(_("请选要做什么。")))
    try:
        deeds[step]()
    except (Invalid, TooMany, cases.NotNow) as problem:
        return _case_page(found, actor, problem)
    return redirect(url_for(".case", code=found.case.code) + "#end", 303)


@blueprint.get("/me/cases/<code>/letters/<int:number>")
def letter(code: str, number: int) -> Response:
    """The letter about a decision, to read, print and keep."""
    return personal(page("cases/letter.html", letter=_letter(code, number), number=number))


@blueprint.get("/me/cases/<code>/letters/<int:number>.txt")
def plain_letter(code: str, number: int) -> Response:
    """The same letter as text."""
    made = _letter(code, number)
    answer = make_response(cases.plain_letter(made))
    answer.headers["Content-Type"] = "text/plain; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="guanxue-{made.code}-{number}.txt"'
    return personal(answer)


def _letter(code: str, number: int):
    actor = _person()
    found = cases.get_own(actor, code)
    decisions = found.decisions
    if not 1 <= number <= len(decisions):
        raise NotFound(_("没有这封信。"))
    whose = next(one for one in found.person_ids if one in accounts.all_accounts_of(actor.id))
    return cases.letter(found, decisions[number - 1], whose)
