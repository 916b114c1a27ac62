"""My credits as a bank's statement; checking a record."""

from __future__ import annotations

import json

import segno
from flask import Blueprint, Response, redirect, request, url_for

from guanxue import courses, credentials, creditbank, policies
from guanxue.core.i18n import Name, gettext
from guanxue.core.settings import settings
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.creditbank.api import check_throttle
from guanxue.creditbank.wording import told

blueprint = Blueprint("creditbank", __name__)


@blueprint.get("/me/credits")
def credits() -> Response:
    """Balance, class hours beside it, and every entry explained."""
    actor = current_actor()
    actor.must_be_person()
    found = creditbank.statement(actor.id, _page_number())
    rules = {p.name: gettext(p.title) for p in policies.list_policies()}
    return personal(page(
        "creditbank/credits.html", balance_milli=creditbank.balance(actor.id),
        hours_milli=creditbank.study_hours_milli(actor.id),
        refused=[{"title": x.title, "code": x.code, "amount": creditbank.decimal_text(x.amount), "reason": x.reason}
                 for x in creditbank.list_refused(actor.id)],
        uncredited=[{"title": d.outcome.title, "amount": creditbank.decimal_text(d.outcome.asked_milli),
                     "sentences": d.sentences} for d in creditbank.list_uncredited(actor.id)],
        waiting=[{"title": x.title, "amount": creditbank.decimal_text(x.amount)} for x in creditbank.list_waiting(actor.id)],
        lines=[_line(x) | {"rule": rules.get(x.policy, "")} for x in found.items], page=found.page, pages=found.pages,
        page_url=lambda n: url_for(".credits", page=n)))


def _page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if is_row_id(text) else 1


def _line(line: creditbank.Line) -> dict:
    item = courses.find_item(line.course) if line.course else None
    return {
        "number": line.number, "at": line.at, "kind": line.kind,
        "title": Name(line.title, item.title_en if item and item.title == line.title else ""), "course": line.course,
        "amount": creditbank.decimal_text(line.amount, signed=True), "reason": Name(line.reason), "policy": line.policy or "",
        "revision": line.revision, "content_ms": line.content_ms, "class_hours_milli": line.class_hours_milli,
        "asked": creditbank.decimal_text(line.asked) if line.asked and line.bound_by == "year" else "",
        "sentences": line.sentences,
        "code": line.code, "spaced_code": creditbank.spaced_code(line.code) if line.code else "",
        "is_reversed": line.is_reversed, "class_hour_minutes": line.class_hour_ms // 60_000,
        "hours_a_credit": line.class_hours_per_credit, "one_credit_ms": line.class_hour_ms * line.class_hours_per_credit,
    }


@blueprint.get("/rules/credits")
def credit_rules() -> Response:
    """By which rules credit is given, in plain words: the version that holds today, for anybody."""
    return _rules_page(creditbank.current_credit_policy())


@blueprint.get("/rules/credits/<version>")
def credit_rules_version(version: str) -> Response:
    """One version, as entries name it."""
    return _rules_page(creditbank.get_credit_policy(int(version) if is_row_id(version) else 0))


def _rules_page(found: creditbank.CreditPolicy | None) -> Response:
    current = creditbank.current_credit_policy()
    return page("creditbank/credit_rules.html", rule=told(found) if found else None,
                is_newest=bool(found and current and found.version == current.version),
                numbers=json.dumps(found.document, ensure_ascii=False, indent=1, sort_keys=True) if found else "")


@blueprint.get("/verify")
def ask() -> Response:
    """Where a code from paper is typed in."""
    code = creditbank.normal_code(request.args.get("code", ""))
    if code:
        return redirect(url_for(".verify", code=code), 303)
    return page("creditbank/ask.html", code="", error="")


@blueprint.get("/verify/<code>")
def verify(code: str) -> Response:
    """Is it real? For anybody, signed in or not."""
    check_throttle()
    try:
        found = creditbank.verify(code)
    except creditbank.NoSuchRecord as problem:
        if (statement := credentials.find_issued(creditbank.normal_code(code))) is not None:
            return page("credentials/statement.html", issued=_issued(statement), code=statement.credential.code)
        # A letter misread from paper: it stays in the field, to be put right.
        return page("creditbank/ask.html", problem.status, code=code[:40], error=str(problem.message))
    address = settings().base_url + url_for(".verify", code=found.code)
    return page(
        "creditbank/verify.html", is_valid=found.is_valid, is_revoked=found.is_revoked, fault=found.fault,
        code=found.code, issued=_issued(credentials.find_issued(found.code)),
        merged_into=found.merged_into, is_counted=found.is_counted,
        holder=found.holder_masked, line=_line(found.line), address=address,
        qr=segno.make(address, error="m").svg_data_uri(border=2, dark="#1B2420", light="#FFFFFF"),
        proof=json.dumps(found.proof, ensure_ascii=False, indent=1), root=found.proof["head"]["root"],
        size=found.proof["head"]["size"], number=found.line.number)


def _issued(issued: credentials.Issued | None) -> dict | None:
    """What a stranger is told of a credential."""
    row = issued.credential if issued else None
    return row and {"serial": row.serial, "kind": row.kind, "state": issued.state, "reason": issued.reason,
                    "is_valid": issued.is_valid, "at": row.issued_at, "until": row.expires_at, "edition": row.edition}


@blueprint.get("/verify/<code>/proof.json")
def proof(code: str) -> Response:
    """The proof as a file: `guanxue verify FILE` checks it offline with the public key alone."""
    check_throttle()
    found = creditbank.verify(code)
    response = Response(json.dumps(found.proof, ensure_ascii=False, indent=1), mimetype="application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="guanxue-{found.code}.json"'
    return response
