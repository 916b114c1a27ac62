"""学习疑点: what detectors found, each with its evidence, answered by a person."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, cases, oversight
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.oversight.models import Finding
from guanxue.oversight.routes import blueprint
from guanxue.oversight.routes.words import KINDS, LOOKS_FOR, sentence

STATES = {"": _("等你看"), "dismissed": _("没有问题"), "case": _("已立案")}


@blueprint.get("/oversight/fraud")
def fraud() -> Response:
    """What waits, the strongest first; or what was answered. What can and cannot be seen is said here."""
    current_actor().require("inspect")
    state, kind, number = request.args.get("state", ""), request.args.get("kind", ""), request.args.get("page", "1")
    state, kind = state if state in STATES else "", kind if kind in KINDS else ""
    found = oversight.list_findings(state, kind, max(1, int(number)) if is_row_id(number) else 1)
    people = oversight.people_of(f.id for f in found.items)
    names = accounts.names_of(p for ids in people.values() for p in ids)
    return personal(page(
        "oversight/fraud.html", state=state, kind=kind, states=STATES, kinds=KINDS, looks_for=LOOKS_FOR, total=found.total,
        rows=[_row(f) | {"people": [names.get(p, "") for p in people.get(f.id, [])]} for f in found.items],
        page=found.page, pages=found.pages, page_url=lambda n: url_for(".fraud", state=state, kind=kind, page=n)))


def _row(finding: Finding) -> dict:
    return {"id": finding.id, "kind": KINDS.get(finding.kind, finding.kind), "sentence": sentence(finding),
            "score": finding.score, "found_at": finding.found_at, "answer": finding.answer or "",
            "reason": finding.reason or "", "answered_at": finding.answered_at, "case_id": finding.case_id,
            "version": finding.version}


@blueprint.post("/oversight/fraud/look")
def look() -> Response:
    """Have everything of the last month looked at now, in the background."""
    oversight.look_soon(current_actor())
    return redirect(url_for(".fraud", asked=1), 303)


@blueprint.get("/oversight/fraud/<int:finding_id>")
def finding(finding_id: int) -> Response:
    """One finding with its evidence."""
    current_actor().require("inspect")
    return _finding_page(oversight.get_finding(finding_id))


def _finding_page(found: Finding, problem: Problem | None = None) -> Response:
    people = oversight.people_of([found.id]).get(found.id, [])
    form = request.form
    return personal(page(
        "oversight/finding.html", problem.status if problem else 200, finding=_row(found),
        looks_for=LOOKS_FOR.get(found.kind, ""), people=[cases.open_ref(f"person:{p}") for p in people],
        exhibits=[_exhibit(ref) for ref in found.refs], claim=form.get("claim", "") or sentence(found),
        by=accounts.names_of([_number(found.answered_by)]).get(_number(found.answered_by), "") if found.answered_by else "",
        reason=form.get("reason", ""), errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else ""))


def _exhibit(ref: str) -> dict:
    shown = cases.open_ref(ref)
    return {"title": str(shown.title), "address": shown.address}


def _number(ref: str) -> int:
    number = ref.rpartition(":")[2]
    return int(number) if number.isdecimal() else 0


@blueprint.post("/oversight/fraud/<int:finding_id>")
def answer_finding(finding_id: int) -> Response:
    """Dismiss it with a reason, or open a case."""
    actor, form = current_actor(), request.form
    actor.require("inspect")
    found, step = oversight.get_finding(finding_id), form.get("step", "")
    try:
        if step == "dismiss":
            oversight.dismiss(actor, found, form.get("reason", ""))
        elif step == "case":
            made = oversight.make_case(actor, found, form.get("claim", ""))
            return redirect(url_for(".case", case_id=made.id), 303)
        else:
            raise invalid_field("step", _("请选要做什么。"))
    except (Invalid, oversight.Answered) as problem:
        return _finding_page(found, problem)
    return redirect(url_for(".finding", finding_id=finding_id), 303)
