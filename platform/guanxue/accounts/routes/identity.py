"""A person and how far it is known who they are: the steps, their documents, and the one thing to do next."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from flask_babel import get_locale

from guanxue import accounts
from guanxue.accounts import checking, identity, kinds, levels, matching
from guanxue.accounts.forms import answered, claim_attempt, leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.accounts.routes.deeds import DOCUMENT_STEPS
from guanxue.core.db import begin_writing, end_work
from guanxue.core.errors import Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import own_site_path, page, personal
from guanxue.policies import LEVELS, MATCHED, SEEN, STATED

# Each level in plain words: what it is called, and what opens with it.
LEVEL_NAMES = (_("手机号"), _("填了证件号"), _("工作人员看过证件"), _("和证件数据核对过"))
OPENS = (
    _("可以学习，也能记学分。"), _("学分记在对的人名下；有的课报名时要到这一步。"),
    _("有补贴的课，多数要到这一步才能领学分。"), _("少数补贴项目要到这一步。"),
)


@blueprint.get("/me/settings/identity", endpoint="identity")
def identity_page() -> Response:
    """How far I am known, my documents masked, and what comes next."""
    current_actor().must_be_person()
    return _identity()


@blueprint.post("/me/settings/identity", endpoint="identity_now")
@reads_first
def identity_now() -> Response:
    """State a document, or correct one. Every try counts: numbers of others could be tried out here."""
    actor, form = current_actor(), request.form
    actor.must_be_person()
    try:
        claim_attempt(f"identity:{actor.id}", most_a_day=10)
        begin_writing()
        identity.state_number(actor, form.get("number", ""), agrees=form.get("agrees") == "1",
                              kind=form.get("kind", kinds.CITIZEN), country=form.get("country", ""),
                              corrects=form.get("document", ""))
    except Problem as problem:
        return _refused(problem)
    return _back()


@blueprint.post("/me/settings/identity/ask")
def ask_identity() -> Response:
    """I want somebody to look at my paper."""
    current_actor().must_be_person()
    try:
        checking.ask_check(current_actor(), request.form.get("document", ""), agrees=request.form.get("agrees") == "1")
    except Problem as problem:
        return _refused(problem)
    return _back()


@blueprint.post("/me/settings/identity/withdraw")
def withdraw_identity() -> Response:
    """Take a document back, or all of them."""
    current_actor().must_be_person()
    try:
        identity.withdraw_number(current_actor(), request.form.get("document", ""))
    except Problem as problem:
        return _refused(problem)
    return _back()


def needs_identity(problem: accounts.IdentityNeeded, back: str) -> Response:
    """What is needed before this can go on, how to get there, and that one comes back to where one was."""
    return personal(answered(problem, page(
        "accounts/needs_identity.html", problem.status, message=str(problem.message), moment=problem.moment, back=back,
        steps=_steps(problem.level, problem.needed), needed=str(LEVEL_NAMES[problem.needed]),
        onward=url_for("accounts.identity", next=back))))


def _steps(level: int, last: int) -> list[dict]:
    return [{"name": str(LEVEL_NAMES[n]), "opens": str(OPENS[n]), "is_done": n <= level, "is_next": n == level + 1}
            for n in LEVELS if n <= last]


def _next() -> str:
    return own_site_path(request.values.get("next"), "")


def _back() -> Response:
    return redirect(url_for(".identity", next=_next() or None), 303)


def _refused(problem: Problem) -> Response:
    if problem.status == 404:
        raise problem
    end_work(commit=False)  # whatever was half done is undone before what the problem leaves behind is written
    leave_behind(problem)
    return _identity(problem)


def _identity(problem: Problem | None = None) -> Response:
    """The page. What was typed is not put back into it: a whole number stands in no page's source."""
    actor = current_actor()
    known = levels.list_known(actor.id)
    level = max((k.level for k in known), default=LEVELS[0])
    kind = request.values.get("kind", kinds.CITIZEN)
    return personal(answered(problem, page(
        "accounts/identity.html", problem.status if problem else 200, **told(problem), level=level, next=_next(),
        steps=_steps(level, MATCHED),
        documents=[shown(k) | {"is_fixed": identity.is_relied_on(k.document)} for k in known],
        kind=kind if kind in kinds.KINDS else kinds.CITIZEN, is_adding="kind" in request.args or not known,
        corrects=request.form.get("document", "") if problem else "",
        kinds=[{"kind": k, "name": str(kinds.NAMES[k]), "hint": str(kinds.HINTS[k])} for k in kinds.KINDS],
        countries=countries() if kinds.PASSPORT in (kind, *(k.document.kind for k in known)) else (),
        country=request.form.get("country", ""),
        has_claim=identity.has_open_claim(actor.id), contact=settings().contact,
        service=matching.host(), may_add=len(known) < identity.MOST_DOCUMENTS)))


def shown(known: levels.Known) -> dict:
    """A document as its holder and officers see it: masked, with its level in words."""
    document, refused = known.document, known.refused
    return {
        "code": document.code, "kind": str(kinds.name_of(document.kind, document.masked)),
        "masked": document.masked, "at": document.stated_at,
        "country": country_name(document.country), "level": known.level, "level_name": str(LEVEL_NAMES[known.level]),
        "is_seen": known.level >= SEEN, "may_ask": STATED <= known.level < MATCHED and document.asked_at is None,
        "asked_at": document.asked_at, "is_disputed": known.is_disputed, "is_data_matched": known.is_data_matched,
        "refused": {"why": str(checking.REFUSALS.get(refused.what, "")), "note": refused.note,
                    "onward": str(checking.ONWARD.get(refused.what, ""))} if refused else None,
        "raw_kind": document.kind, "country_code": document.country,
    }


def countries() -> list[tuple[str, str]]:
    """(two letters, name in the reader's language) of every country of a passport; whose people work here first."""
    names = _territories()
    first = [c for c in ("CN", "VN", "MM", "TH", "MY", "ID", "PH", "JP", "KR") if c in names]
    rest = sorted((name, code) for code, name in names.items() if kinds.is_country(code) and code not in first)
    return [(code, names[code]) for code in first] + [(code, name) for name, code in rest]


def country_name(code: str) -> str:
    """The country's name in the reader's language; "" for none."""
    return _territories().get(code, code) if code else ""


def _territories() -> dict[str, str]:
    return dict(get_locale().territories)


def step_word(step: str) -> str:
    """What a step was, in words."""
    return gettext(DOCUMENT_STEPS[step])
