"""The desk of cases: what waits for a decision, everything in it, and the decision."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, redirect, request, url_for

from guanxue import accounts, cases, oversight
from guanxue.cases import Dossier
from guanxue.core import clock
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text, invalid_field
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.oversight.routes import blueprint

STATES = {"waiting": _("等决定"), "decided": _("可申诉"), "closed": _("已办结")}


@blueprint.get("/oversight/cases")
def case_list() -> Response:
    """What waits, due first; or what is decided or over."""
    current_actor().require("inspect")
    state, number = request.args.get("state", "waiting"), request.args.get("page", "1")
    state = state if state in STATES else "waiting"
    found = cases.list_cases(state, max(1, int(number)) if is_row_id(number) else 1)
    parties, today = cases.parties_of(c.id for c in found.items), clock.today()
    names = accounts.names_of(p for ids in parties.values() for p in ids)
    rows = [{"id": c.id, "code": c.code, "kind": cases.KIND_WORDS[c.kind], "claim": gettext(c.claim), "state": c.state,
             "result": "", "days": cases.workdays_until(today, c.due_on), "opened_at": c.opened_at,
             "people": [names.get(p, "") for p in parties.get(c.id, [])]} for c in found.items]
    return personal(page("oversight/cases.html", rows=rows, state=state, states=STATES, total=found.total, page=found.page,
                         pages=found.pages, page_url=lambda n: url_for(".case_list", state=state, page=n)))


@blueprint.get("/oversight/cases/<int:case_id>")
def case(case_id: int) -> Response:
    """A case with everything in it."""
    actor = current_actor()
    actor.require("inspect")
    actor.require_proved()
    return _case_page(cases.get_case(actor, case_id))


def _case_page(found: Dossier, problem: Problem | None = None) -> Response:
    actor, one, today, form = current_actor(), found.case, clock.today(), request.form
    why_not = cases.why_not_decider(actor, found)
    is_waiting = one.state in ("open", "appealed")
    names = accounts.names_of(_number(ref) for ref in {one.opened_by, *(s.by for s in found.steps)})
    may_decide = is_waiting and why_not is None
    offered = oversight.list_offered(found) if may_decide else []
    return personal(page(
        "oversight/case.html", problem.status if problem else 200,
        case={"id": one.id, "code": one.code, "kind": cases.KIND_WORDS[one.kind], "claim": gettext(one.claim),
              "state": one.state, "opened_at": one.opened_at, "by": names.get(_number(one.opened_by), ""), "due_on": one.due_on,
              "days": cases.workdays_until(today, one.due_on), "hear_until_on": found.hear_until_on,
              "appeal_until_on": one.appeal_until_on,
              "result": cases.RESULT_WORDS[found.final.detail["result"]] if found.final else ""},
        subject=_exhibit(one.subject), people=[_exhibit(f"person:{p}") for p in found.person_ids],
        exhibits=[_exhibit(x.ref) | {"note": x.note} for x in found.exhibits],
        steps=[_step(s, names) for s in found.steps],
        why_not=str(why_not or ""), may_decide=may_decide, may_uphold=cases.may_uphold(found),
        may_add=cases.may_add_evidence(actor, found), results=cases.RESULT_WORDS, awards=offered,
        gives=any(x["what"] in cases.GIVING for x in offered),
        leaves_out=any(x["what"] == cases.SET_ASIDE for x in offered),
        is_done=bool(found.decisions and found.decisions[0].detail.get("is_done")),
        values={"result": form.get("result", ""), "text": form.get("text", ""), "follows": form.get("follows", ""),
                "awards": form.getlist("award") if problem else _given_first(found), "ref": form.get("ref", ""),
                "words": form.get("words", "")},
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else ""))


def _step(s: cases.Step, names: dict[int, str]) -> dict:
    detail = s.detail
    return {"step": s.step, "at": s.at, "text": s.text, "by": names.get(_number(s.by), ""), "number": detail.get("number", 0),
            "result": cases.RESULT_WORDS[detail["result"]] if "result" in detail else "", "follows": detail.get("follows", ""),
            "effects": [x["words"] for x in detail.get("effects", [])],
            "exhibits": [str(cases.open_ref(ref).title) for ref in detail.get("refs", [])]}


def _given_first(found: Dossier) -> list[str]:
    """What the first decision gave: an appeal keeps it, so it is ticked already."""
    return [x["ref"] for x in found.final.detail["effects"] if x["what"] in cases.GIVING] if found.final else []


def _exhibit(ref: str) -> dict:
    shown = cases.open_ref(ref)
    return {"title": str(shown.title), "address": shown.address}


def _number(ref: str) -> int:
    kind, _colon, number = ref.partition(":")
    return int(number) if kind == "person" and number.isdecimal() else 0


@blueprint.post("/oversight/cases/<int:case_id>")
def answer_case(case_id: int) -> Response:
    """Ask those concerned something, or decide."""
    actor, form = current_actor(), request.form
    actor.require("inspect")
    actor.require_proved()
    found, step = cases.get_case(actor, case_id), form.get("step", "")
    try:
        if step == "ask":
            cases.ask(actor, found, form.get("text", ""))
        elif step == "evidence":
            said = checked_text("words", form.get("words", ""), cases.LONGEST)
            cases.add_evidence(actor, found, [_pasted(form.get("ref", ""))], said)
        elif step == "decide":
            cases.decide(actor, found, result=form.get("result", ""), text=form.get("text", ""),
                         follows=form.get("follows", ""), effects=_effects(found, form.getlist("award")))
        else:
            raise invalid_field("step", _("请选要做什么。"))
    except (Invalid, cases.NotNow) as problem:
        return _case_page(found, problem)
    return redirect(url_for(".case", case_id=case_id) + "#end", 303)


# Pages of evidence that are not named after it.
_NAMED = {"/oversight/fraud": "finding", "/admin/credits": "award", "/verify": "award", "/teach/classes": "class"}


def _pasted(address: str) -> str:
    """The reference of the evidence whose page's address was pasted, with or without the site's name. Raises Invalid."""
    folder, _slash, key = urlsplit(address.strip()).path.rstrip("/").removesuffix("/report").rpartition("/")
    ref = f"{_NAMED.get(folder, folder.rpartition('/')[2])}:{key}"
    if not cases.is_known(ref):
        raise invalid_field("ref", _("没有这份证据。请打开它的页面，把网址整个复制到这里。"))
    return cases.open_ref(ref).ref


def _effects(found: Dossier, refs: list[str]) -> list[dict]:
    """What was ticked, if it is offered. Raises Invalid."""
    offered = {x["ref"]: x for x in oversight.list_offered(found)}
    if not set(refs) <= set(offered):
        raise invalid_field("award", _("这笔学分已经收回，或不是当事人的。请刷新页面。"))
    return [offered[ref] for ref in refs]
