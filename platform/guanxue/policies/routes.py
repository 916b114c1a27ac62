"""By which rules study counts: those in force and each version in plain words, and the administrator's page of versions."""

from __future__ import annotations

import json
from datetime import date

from flask import Blueprint, Response, redirect, request, url_for

from guanxue import policies
from guanxue.core import clock
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.policies.wording import told

blueprint = Blueprint("policies", __name__)


@blueprint.get("/rules")
def rules() -> Response:
    """The rules that hold today, for anybody."""
    found = sorted(policies.list_current(), key=lambda p: not p.numbers.is_voluntary)  # what most people study under first
    return page("policies/rules.html", rules=[told(p) for p in found])


@blueprint.get("/rules/<code>/<version>")
def rule(code: str, version: str) -> Response:
    """One version, as entries and courses name it; for anybody."""
    found = policies.get_version(code, int(version) if is_row_id(version) else 0)
    newest = policies.find_current(code)
    return page("policies/rule.html", rule=told(found), is_newest=newest is not None and newest.id == found.id,
                newest=newest.version if newest else None,
                numbers=json.dumps(found.document, indent=1, sort_keys=True))


@blueprint.get("/admin/policies")
def admin_policies() -> Response:
    """Every policy with its versions."""
    current_actor().require("administer")
    today, rows = clock.today(), {}
    holding = {p.id for p in policies.list_current()}
    for p in reversed(policies.list_policies()):
        rows.setdefault(p.code, []).append({"version": p.version, "title": told(p)["title"], "effective_on": p.effective_on,
                                            "holds": p.id in holding, "is_ahead": p.effective_on > today})
    return personal(page("policies/admin_policies.html", policies=rows))


@blueprint.get("/admin/policies/new")
def begin_policy() -> Response:
    """To the form of a new policy that begins with another's numbers."""
    current_actor().require("administer")
    code, base = request.args.get("code", "").strip(), policies.newest(request.args.get("from", ""))
    if not policies.is_code(code) or any(p.code == code for p in policies.list_policies()):
        raise Invalid(_("代号用小写字母、数字和连字符，而且还没有用过。"))
    return redirect(url_for(".admin_policy", code=code, **{"from": base.code}), 303)


@blueprint.get("/admin/policies/<code>")
def admin_policy(code: str) -> Response:
    """The form for the next version, filled with the newest; `?from=` begins a new policy with another's numbers."""
    current_actor().require("administer")
    return _form(code, policies.newest(request.args.get("from") or code))


def _form(code: str, base: policies.Policy, problem: Problem | None = None) -> Response:
    form = request.form
    written = policies.numbers_document(base.numbers)
    if problem:
        written = {name: form.get(name, "") for name in written}
    shown = {name: json.dumps(value) if isinstance(value, list) else value for name, value in written.items()}
    return personal(page(
        "policies/admin_policy.html", problem.status if problem else 200, code=code, base=base.name,
        title=form.get("title", base.title), numbers=shown, labels=policies.LABELS,
        effective_on=form.get("effective_on", clock.today().isoformat()), message=str(problem.message) if problem else ""))


@blueprint.post("/admin/policies/<code>")
def publish_policy(code: str) -> Response:
    """Publish it. What was earned, and whoever is enrolled, stays with the version of then."""
    actor = current_actor()
    actor.require("administer")
    base = policies.newest(request.args.get("from") or code)
    try:
        policies.publish_policy(actor, code=code, title=request.form.get("title", ""), numbers=_numbers(base),
                                effective_on=_day())
    except Invalid as problem:
        return _form(code, base, problem)
    return redirect(url_for(".admin_policies"), 303)


def _numbers(base: policies.Policy) -> dict:
    """The form's numbers as a document; what cannot be read stays as it was typed, and the policy's own check names it."""
    found: dict = {}
    for name, kind in policies.numbers_document(base.numbers).items():
        text = request.form.get(name, "").strip()
        if isinstance(kind, str):
            found[name] = text
            continue
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("effective_on", ""))
    except ValueError:
        return date.min  # never in the future: publish_policy() says so
