"""By which rules credit is given: the versions in plain words for anybody, and how an administrator publishes the next."""

from __future__ import annotations

import json

from flask import Response, redirect, request, url_for

from guanxue import accounts, creditbank
from guanxue.accounts import organisations
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.errors import Invalid, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.creditbank import rule_form, versions, wording
from guanxue.creditbank.errors import NewerVersion
from guanxue.creditbank.models import CreditPolicy
from guanxue.creditbank.routes import blueprint
from guanxue.creditbank.sources import get_source

PERIODS = {"year": _("一年"), "semester": _("一个学期"), "ever": _("一共")}


@blueprint.get("/rules/credits")
def credit_rules() -> Response:
    """By which rules credit is given, in plain words: the version that holds today, for anybody."""
    return _rules_page(creditbank.current_credit_policy())


@blueprint.get("/rules/credits/<version>")
def credit_rules_version(version: str) -> Response:
    """One version, as entries name it."""
    return _rules_page(creditbank.get_credit_policy(int(version) if is_row_id(version) else 0))


def _rules_page(found: CreditPolicy | None) -> Response:
    current = creditbank.current_credit_policy()
    return page("creditbank/credit_rules.html", rule=wording.told(found) if found else None,
                is_newest=bool(found and current and found.version == current.version),
                numbers=json.dumps(found.document, ensure_ascii=False, indent=1, sort_keys=True) if found else "")


# ---- the next version


@blueprint.get("/admin/credit-rules")
def admin_credit_rules() -> Response:
    """Every version of the credit rules: from when it holds, who published it and why."""
    current_actor().require("administer")
    published, holds = versions.publications(), _version_that_holds()
    people = accounts.names_of(_person_id(ref) for ref, _reason in published.values())
    rows = []
    for version in reversed(versions.list_versions()):
        ref, reason = published.get(version.version, ("", ""))
        rows.append({**_short(version, holds), "at": version.published_at, "reason": reason,
                     "by": people.get(_person_id(ref), "")})
    return personal(page("creditbank/admin_credit_rules.html", versions=rows))


def _version_that_holds() -> int:
    current = creditbank.current_credit_policy()
    return current.version if current else 0


def _short(version: CreditPolicy, holds: int) -> dict:
    return {"version": version.version, "title": wording.told(version)["title"], "effective_on": version.effective_on,
            "holds": version.version == holds, "is_ahead": version.effective_on > clock.today()}


def _person_id(ref: str) -> int:
    """17 of "person:17"; 0 where it was no person."""
    kind, _colon, number = ref.partition(":")
    return int(number) if kind == "person" and number.isdigit() else 0


@blueprint.get("/admin/credit-rules/new")
def new_credit_rules() -> Response:
    """The form for the next version, filled with the newest."""
    _administrator()
    newest = versions.newest_credit_policy()
    return _form({"title": [wording.told(newest)["title"]], "effective_on": [clock.today().isoformat()],
                  **rule_form.fields_of(newest.rules)}, newest)


def _administrator() -> Actor:
    actor = current_actor()
    actor.require("administer")
    actor.require_proved()
    return actor


@blueprint.post("/admin/credit-rules/new")
def publish_credit_rules() -> Response:
    """One row more, what would change, or publish it: whatever was written comes along each time."""
    actor = _administrator()
    form, newest = request.form.to_dict(flat=False), versions.newest_credit_policy()
    step = request.form.get("step", "")
    if step.startswith("more-") or step == "edit":
        return _form(form, newest, more=step.partition("-")[2])
    base = request.form.get("base", "")
    try:
        written = rule_form.read(form, {code for code, _name in _institutions()})
        its = {"title": _as_stored(written.title, newest), "document": written.document, "effective_on": written.effective_on}
        versions.check_still_newest(int(base) if is_row_id(base) else 0)
        if step != "publish":
            return _preview(form, versions.check_credit_policy(**its), newest, written.reason)
        versions.publish_credit_policy(actor, **its, reason=written.reason, base=int(base))
    except (Invalid, NewerVersion) as problem:
        return _form(form, newest, problem)
    return redirect(url_for(".admin_credit_rules"), 303)


def _as_stored(title: str, newest: CreditPolicy) -> str:
    """The name that was there, where it was left as it was shown: in the reader's language."""
    return newest.title if title == wording.told(newest)["title"] else title


def _institutions() -> list[tuple[str, str]]:
    """(code, name) of whatever gives courses and classes: open institutions, and those that the newest version names."""
    found = {x.organisation.slug: x.organisation.name for x in organisations.list_organisations(current_actor())
             if x.organisation.closed_at is None}
    named = [provider for provider, _kind in versions.newest_credit_policy().rules.provider_kinds]
    return list((wording.institution_names(["city", *named]) | found).items())


def _form(fields: dict[str, list[str]], newest: CreditPolicy, problem: Problem | None = None, more: str = "") -> Response:
    # Whoever is told of a newer version goes on from it, and sees beside it what theirs would change.
    base = newest.version if isinstance(problem, NewerVersion) else fields.get("base", [newest.version])[0]
    return personal(page(
        "creditbank/new_credit_rules.html", problem.status if problem else 200, fields=fields, base=base,
        rows={name: rule_form.rows_shown(fields, name, more=name == more) for name in rule_form.LISTS}, more=more,
        periods=PERIODS, categories=wording.CATEGORY_NAMES, sources=wording.SOURCE_NAMES,
        measured={name: words for name, words in wording.SOURCE_NAMES.items() if get_source(name).components},
        components=wording.COMPONENT_NAMES, institutions=_institutions(), message=str(problem.message) if problem else "",
        is_overtaken=isinstance(problem, NewerVersion),
        errors={f["field"]: str(f["message"]) for f in problem.fields} if problem else {}))


def _preview(fields: dict[str, list[str]], made: CreditPolicy, newest: CreditPolicy, reason: str) -> Response:
    later = [_short(v, 0) for v in versions.list_versions() if v.effective_on > made.effective_on]
    return personal(page(
        "creditbank/preview_credit_rules.html", version=made.version, title=wording.told(made)["title"],
        effective_on=made.effective_on, reason=reason, base=_short(newest, _version_that_holds()),
        differences=wording.differences(newest, made), later=later,
        is_same=rule_form.is_same(newest.rules, made.document), has_floors=bool(made.rules.floors),
        hidden=[(name, value) for name, values in fields.items() if name not in ("csrf_token", "step", "base")
                for value in values]))
