"""My certificates; the papers and files; what anybody may fetch to check one; whether a typed name is the holder's."""

from __future__ import annotations

import json
from datetime import timedelta

import segno
from flask import Blueprint, Response, redirect, request, url_for

from guanxue import credentials, creditbank
from guanxue.core import clock
from guanxue.core.db import end_work
from guanxue.core.errors import NotFound, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it
from guanxue.core.settings import settings
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal, tokenless
from guanxue.core.web.throttle import Throttle
from guanxue.core.web.turnstile import outside
from guanxue.credentials.api import check_throttle, compare

blueprint = Blueprint("credentials", __name__)

STATES = {"valid": N_("有效"), "replaced": N_("已由新的一份代替"), "revoked": N_("已撤销"),
          "reversed": N_("学分已撤销"), "expired": N_("已过期")}
KINDS = {"course": N_("学习证明"), "class": N_("培训合格证书"), "statement": N_("学分对账单")}
LOOKED = {"name": N_("比对姓名"), "digits": N_("比对后四位")}
_papers = Throttle(per_second=0.2, burst=6)


@blueprint.get("/me/certificates")
def mine() -> Response:
    """Everything I can show somebody, and who compared my name."""
    actor = current_actor()
    actor.must_be_person()
    text = request.args.get("page", "1")
    found = credentials.page_of_awards(actor.id, max(1, int(text)) if is_row_id(text) else 1)
    return personal(page(
        "credentials/mine.html", awards=[_told(a) for a in found.items], page=found.page, pages=found.pages,
        has_credit=creditbank.balance(actor.id) > 0, page_url=lambda n: url_for(".mine", page=n),
        statements=[_issued(i) for i in credentials.list_statements(actor.id)],
        compared=[{"at": x.looked_at, "code": creditbank.spaced_code(x.code), "way": gettext(LOOKED[x.way]),
                "is_match": x.is_match}
               for x in credentials.list_looks(actor.id, clock.now() - timedelta(days=365))]))


def _told(award: credentials.Award) -> dict:
    """An award as the page shows it."""
    issued = award.issued
    return {"code": award.code, "spaced_code": creditbank.spaced_code(award.code), "kind": gettext(KINDS[award.kind]),
            "title": award.title, "credits": creditbank.decimal_text(award.credits_milli), "at": award.at,
            "is_off": award.is_reversed, "issued": _issued(issued) if issued else None, **_shown(award.code)}


def _issued(issued: credentials.Issued) -> dict:
    row = issued.credential
    outdated_by = credentials.outdated_by(row, current_actor().id) if row.kind != "statement" and issued.is_valid else ""
    return {"code": row.code, "serial": row.serial, "spaced_code": creditbank.spaced_code(row.code), "at": row.issued_at,
            "until": row.expires_at, "is_valid": issued.is_valid, "state": gettext(STATES[issued.state]),
            "reason": issued.reason, "outdated_by": outdated_by, **_shown(row.code)}


def _shown(code: str) -> dict:
    """The address to share, and its picture."""
    address = f"{settings().base_url}/verify/{code}"
    return {"address": address, "qr": segno.make(address, error="m").svg_data_uri(border=4, dark="#000", light="#FFF")}


@blueprint.post("/me/certificates/statement")
def issue_statement() -> Response:
    """A statement of my account as it stands."""
    credentials.issue_statement(current_actor())
    return redirect(url_for(".mine") + "#statements", 303)


@blueprint.post("/me/certificates/<code>")
def issue(code: str) -> Response:
    """Issue it now; anew where my name was corrected or my document seen since."""
    row = credentials.issue(current_actor(), code)
    return redirect(url_for(".mine") + f"#c-{row.code}", 303)


@blueprint.get("/me/certificates/<code>.pdf")
def paper(code: str) -> Response:
    """The paper, drawn from the signed file."""
    issued = _own(code)
    _papers.check(current_actor().id)
    told = credentials.paper_of(issued.credential)
    end_work(commit=False)
    with outside(request.environ):
        pdf = credentials.press(told)
    return _file(pdf, "application/pdf", f"{issued.credential.serial}.pdf")


@blueprint.get("/me/certificates/<code>.jwt")
def file(code: str) -> Response:
    """The signed file (Open Badges 3.0)."""
    issued = _own(code)
    return _file(credentials.file_of(issued.credential), "application/vc+jwt", f"{issued.credential.serial}.jwt")


def _own(code: str) -> credentials.Issued:
    actor = current_actor()
    actor.must_be_person()
    return credentials.get_own(actor, code)


def _file(content: bytes | str, mimetype: str, name: str) -> Response:
    response = personal(Response(content, mimetype=mimetype))
    response.headers["Content-Disposition"] = f'attachment; filename="guanxue-{name}"'
    return response


# ---- whose is it


@blueprint.post("/verify/<code>/holder")
@tokenless
@reads_first
def holder(code: str) -> Response:
    """Does the name or the last four that somebody typed belong to the holder?"""
    typed = request.form.get("typed", "")
    try:
        is_match, problem = compare(code, typed), None
    except Problem as raised:
        if raised.status not in (422, 429):
            raise
        is_match, problem = None, raised
    status = problem.status if problem else 200
    response = page("credentials/holder.html", status, code=creditbank.normal_code(code), is_match=is_match,
                    problem=str(problem.message) if problem else "",
                    spaced_code=creditbank.spaced_code(creditbank.normal_code(code)))
    if problem is not None and hasattr(problem, "retry_after_s"):
        response.headers["Retry-After"] = str(problem.retry_after_s)
    return personal(response)


# ---- what anybody may fetch


@blueprint.get("/credentials/<serial>")
def by_serial(serial: str) -> Response:
    """The address a credential calls itself by leads to its page."""
    found = credentials.read_serial(serial)
    if found is None or credentials.find_issued(*found) is None:
        raise NotFound(_("没有这个编号的证书。"))
    return redirect(url_for("creditbank.verify", code=found[0]), 303)


@blueprint.get("/.well-known/jwks.json")
def keys() -> Response:
    """All keys that ever signed (RFC 7517)."""
    return _open({"keys": credentials.list_keys()}, "application/jwk-set+json")


@blueprint.get("/credentials/keys/<key>")
def one_key(key: str) -> Response:
    """The key that a file's header names."""
    found = next((k for k in credentials.list_keys() if k["kid"] == key), None)
    if found is None:
        raise NotFound(_("没有这把公钥。"))
    return _open(found, "application/jwk+json")


@blueprint.get("/credentials/issuer")
def issuer() -> Response:
    """Who issues, as the files name them."""
    return _open(credentials.issuer_of(settings().base_url, credentials.issuer_name()))


@blueprint.get("/credentials/context")
def context() -> Response:
    """The words of ours that the files use."""
    return _open(credentials.words_of_ours(settings().base_url), "application/ld+json")


@blueprint.get("/credentials/status/<int:number>")
def status_list(number: int) -> Response:
    """What was taken back, as a signed list."""
    response = Response(credentials.signed_list(number, clock.now()), mimetype="application/vc+jwt")
    return _for_everybody(response)


@blueprint.get("/verify/file")
def check_file() -> Response:
    """Drop a file: it is checked in the browser, nothing is sent."""
    return page("credentials/check_file.html", keys=json.dumps(credentials.list_keys()),
                words=json.dumps(credentials.page_words()))


@blueprint.get("/verify/guanxue-check.html")
def check_page() -> Response:
    """The same as one file to keep: works without a network and without us."""
    check_throttle()
    lists = [credentials.signed_list(1, clock.now())]
    response = Response(credentials.page_to_keep(credentials.list_keys(), lists), mimetype="text/html")
    response.headers["Content-Disposition"] = 'attachment; filename="guanxue-check.html"'
    return response


def _open(told: dict, mimetype: str = "application/json") -> Response:
    return _for_everybody(Response(json.dumps(told, ensure_ascii=False, indent=1), mimetype=mimetype))


def _for_everybody(response: Response) -> Response:
    """Pages of other sites may read it, and caches may keep it for a while."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cache-Control"] = "public, max-age=300"
    return response
