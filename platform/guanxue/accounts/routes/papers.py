"""Terms, privacy notice and accessibility statement for anybody; and the one question to whoever has not seen the newest."""

from __future__ import annotations

import re

from flask import Response, g, redirect, request
from flask.blueprints import BlueprintSetupState

from guanxue.accounts import consent
from guanxue.accounts.routes import blueprint
from guanxue.config import Settings
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import own_site_path, page

TITLES = {consent.TERMS: _("用户协议"), consent.PRIVACY: _("隐私说明")}
ADDRESSES = {consent.TERMS: "/terms", consent.PRIVACY: "/privacy"}
# Where one looks around. Nobody is asked in the middle of a lesson, a quiz or a form: what stands there would be lost.
ASKED_AT = frozenset({
    "tracks.home", "tracks.me", "creditbank.credits", "credentials.mine", "accounts.settings"})


@blueprint.get("/terms")
def terms() -> Response:
    """What holds between a person and whoever runs the site."""
    return _document(consent.TERMS)


@blueprint.get("/privacy")
def privacy_notice() -> Response:
    """What is known about a person, what for, how long, who sees it."""
    return _document(consent.PRIVACY)


def _document(kind: str) -> Response:
    version, template = consent.document_path(kind, request.args.get("version", ""))
    return page("accounts/document.html", title=str(TITLES[kind]), address=ADDRESSES[kind], version=version, template=template,
                newest=consent.current_version(kind), versions=list(reversed(consent.versions_of(kind))),
                operator=settings().operator, contact=settings().contact)


@blueprint.get("/accessibility")
def accessibility() -> Response:
    """What we test so that everybody can use the site, what is known not to work, how to say so."""
    return page("accounts/accessibility.html", contact=settings().contact)


# ---- the foot of every page


@blueprint.record
def _sign_pages(state: BlueprintSetupState) -> None:
    """Every page of the app ends with who runs the site."""
    state.app.jinja_env.globals["imprint"] = _imprint(state.app.extensions["guanxue.settings"])


def _imprint(chosen: Settings) -> list[dict]:
    """Operator, contact and records as far as they are set: {label, words, address}, the address of a public register or ""."""
    digits = re.sub(r"\D", "", chosen.police_record)
    lines = [
        (_("运营者"), chosen.operator, ""), (_("联系方式"), chosen.contact, ""),
        ("", chosen.icp, "https://beian.miit.gov.cn/"),
        ("", chosen.police_record, f"https://beian.mps.gov.cn/#/query/webSearch?code={digits}")]
    return [{"label": label, "words": words, "address": address} for label, words, address in lines if words]


# ---- asked once, on a page where one looks around


@blueprint.before_app_request
def _find_question() -> None:
    person = g.get("person")
    if person is None or request.method != "GET" or request.endpoint not in ASKED_AT:
        return
    if person.erase_after_at is not None:
        g.asks = {"kind": "leaving", "day": person.erase_after_at}
    elif consent.must_ask(person.terms_version):
        g.asks = {"kind": "documents", "edition": consent.current_edition(), "documents": [
            {"title": str(TITLES[kind]), "address": ADDRESSES[kind], "version": version}
            for kind, version in consent.documents_to_show(person.id)]}


@blueprint.app_context_processor
def _question() -> dict:
    # Pages that are kept in memory are made for nobody: nobody is asked there.
    return {"asks": g.get("asks") if g.get("person") is not None else None}


@blueprint.post("/me/settings/privacy/answer")
def answer_documents() -> Response:
    """Yes or not yet to the newest documents; back to where one was."""
    current_actor().must_be_person()
    consent.answer_documents(current_actor(), agrees=request.form.get("agrees") == "1", edition=request.form.get("edition", ""))
    return redirect(own_site_path(request.form.get("next"), "/me"), 303)
