"""By which rules study counts: those in force and each version in plain words, and the administrator's page of versions."""

from __future__ import annotations

import json

from flask import Blueprint, Response, redirect, request, url_for

from guanxue import policies
from guanxue.core import clock
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.policies import form, labels
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
    own, base = _own_and_base(code)
    return _form(code, {"title": [own.title if own else ""], "effective_on": [clock.today().isoformat()],
                        **form.fields_of(base.numbers)})


def _own_and_base(code: str) -> tuple[policies.Policy | None, policies.Policy]:
    """The newest version of the policy itself, None where it is new, and the one whose numbers the form begins with."""
    is_there = any(p.code == code for p in policies.list_policies())
    return policies.newest(code) if is_there else None, policies.newest(request.args.get("from") or code)


def _form(code: str, fields: dict[str, list[str]], problem: Problem | None = None) -> Response:
    own, base = _own_and_base(code)
    # The ways to confirm in the order they are stored in, in which a browser sends them back.
    kinds = {kind: labels.KINDS[kind] for kind in (*fields.get("presence_kinds", ()), *labels.KINDS) if kind in labels.KINDS}
    return personal(page(
        "policies/admin_policy.html", problem.status if problem else 200, code=code, heading=told(own)["title"] if own else "",
        base=told(base), fields=fields, labels=labels.LABELS, hints=labels.HINTS, kinds=kinds, choices=labels.CHOICES,
        message=str(problem.message) if problem else "",
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {}))


@blueprint.post("/admin/policies/<code>")
def publish_policy(code: str) -> Response:
    """Publish it. What was earned, and whoever is enrolled, stays with the version of then."""
    actor = current_actor()
    actor.require("administer")
    fields = request.form.to_dict(flat=False)
    try:
        written = form.read(fields, clock.today())
        policies.publish_policy(actor, code=code, title=written.title, numbers=written.numbers,
                                effective_on=written.effective_on)
    except Invalid as problem:
        return _form(code, fields, problem)
    return redirect(url_for(".admin_policies"), 303)
