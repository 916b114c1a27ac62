"""A credit by its code, for who administers: how it stands, what it rests on, what taking it back would do, and doing it."""

from __future__ import annotations

import json

from flask import Response, redirect, request, url_for

from guanxue import accounts, cases, creditbank, ledger
from guanxue.core.actor import Actor
from guanxue.core.errors import Conflict, Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.oversight.routes import blueprint

LONGEST = 400
# What an entry says for machines, or says elsewhere on the page.
UNTOLD = frozenset({"content", "near", "room", "revision_digest", "title", "code", "person", "rules", "reason", "components"})


@blueprint.get("/admin/credits")
def credit_record_ask() -> Response:
    """Where the code of a credit is typed in."""
    actor = _officer()
    code = creditbank.normal_code(request.args.get("code", ""))
    if code and creditbank.find_award(code) is not None:
        return redirect(url_for(".credit_record", code=code), 303)
    return personal(page("oversight/credit_ask.html", 404 if code else 200, code=code, is_unknown=bool(code), actor=actor))


def _officer() -> Actor:
    actor = current_actor()
    actor.require("administer")
    actor.require_proved()
    return actor


@blueprint.get("/admin/credits/<code>")
def credit_record(code: str) -> Response:
    """The record, and what would follow from taking it back."""
    _officer()
    return _record_page(code)


def _record_page(code: str, problem: Problem | None = None) -> Response:
    seen, form = creditbank.verify(code), request.form
    award = creditbank.find_award(seen.code)
    entry = ledger.get_entry(award.entry_number)
    document = json.loads(entry.document)
    plan, why_not = None, ""
    try:
        plan = creditbank.foresee(seen.code)
    except (ledger.AlreadyReversed, Invalid) as reason:
        why_not = str(reason.message)
    return personal(page(
        "oversight/credit_record.html", problem.status if problem else 200,
        record={"code": seen.code, "spaced_code": creditbank.spaced_code(seen.code), "title": seen.line.title,
                "amount": creditbank.decimal_text(creditbank.credited(award)), "number": entry.number, "at": seen.line.at,
                "holder": accounts.names_of([award.person_id]).get(award.person_id, ""), "person_id": award.person_id,
                "is_valid": seen.is_valid, "is_revoked": seen.is_revoked, "sentences": seen.line.sentences,
                "former": creditbank.stands_for(award)},
        facts=[(name, value) for name, value in sorted(document.items()) if name not in UNTOLD and value not in ("", None)],
        plan=plan, why_not=why_not, values={"reason": form.get("reason", ""), "authority": form.get("authority", "")},
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {},
        message=str(problem.message) if problem else ""))


@blueprint.post("/admin/credits/<code>")
def credit_record_take_back(code: str) -> Response:
    """Take it back as it was shown; where somebody was rewarded for it, ask a second person by a case instead."""
    actor, form = _officer(), request.form
    try:
        reason = checked_text("reason", form.get("reason", ""), LONGEST)
        authority = checked_text("authority", form.get("authority", ""), LONGEST)
        plan = creditbank.foresee(code)
        if accounts.is_same_person(actor, [f"person:{plan.taking.person_id}"]):
            raise Conflict(_("这是你自己的学分，要由别人决定。"))
        if plan.is_money:
            return _ask_second(actor, plan, reason, authority)
        creditbank.take_back(actor, code, reason=reason, authority=authority, foreseen=form.get("foreseen", "") or "none")
    except (Invalid, Conflict) as problem:
        return _record_page(code, problem)
    return redirect(url_for(".credit_record", code=plan.awards[0].code), 303)


def _ask_second(actor: Actor, plan: creditbank.Plan, reason: str, authority: str) -> Response:
    ref = f"award:{plan.awards[0].code}"
    made = cases.open_case(actor, kind=cases.TAKE_BACK, subject=ref, claim=f"{reason}（{authority}）", evidence=[ref],
                           person_ids=[plan.taking.person_id], key=f"take-back:{ref}")
    return redirect(url_for(".case", case_id=made.id), 303)
