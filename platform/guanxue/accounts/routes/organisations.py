"""Administrators and organisations: schools, enterprises, bureaux; their names, and who teaches for them."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, audit
from guanxue.accounts import organisations
from guanxue.accounts.forms import told
from guanxue.accounts.routes import blueprint
from guanxue.accounts.routes.admin import administrator
from guanxue.accounts.routes.deeds import deed, doer
from guanxue.core.errors import Conflict, Invalid, Problem
from guanxue.core.web.pages import page, personal


@blueprint.get("/admin/organisations")
def organisation_list() -> Response:
    """Schools, enterprises and bureaux, and the form for a new one."""
    return _list()


def _list(problem: Problem | None = None) -> Response:
    rows = [{"slug": x.organisation.slug, "name": x.organisation.name, "kind": x.organisation.kind, "teachers": x.teachers,
             "is_closed": x.organisation.closed_at is not None} for x in organisations.list_organisations(administrator())]
    form = request.form if problem else {}
    return personal(page("accounts/organisation_list.html", problem.status if problem else 200, organisations=rows,
                         kinds=organisations.ORGANISATION_KINDS, name=form.get("name", ""), kind=form.get("kind", "school"),
                         **told(problem)))


@blueprint.post("/admin/organisations")
def organisation_create() -> Response:
    """A new one."""
    actor, form = administrator(), request.form
    try:
        made = organisations.create_organisation(actor, name=form.get("name", ""), kind=form.get("kind", ""))
    except Invalid as problem:
        return _list(problem)
    return redirect(url_for(".organisation", slug=made.slug), 303)


@blueprint.get("/admin/organisations/<slug>")
def organisation(slug: str) -> Response:
    """An organisation: who teaches for it, its name, whether it is at work."""
    return _one(slug)


def _one(slug: str, problem: Problem | None = None) -> Response:
    o = organisations.get_organisation(administrator(), slug)
    form = request.form if problem else {}
    return personal(page(
        "accounts/organisation.html", problem.status if problem else 200,
        organisation={"slug": o.slug, "name": o.name, "kind": organisations.ORGANISATION_KINDS[o.kind],
                      "closed_at": o.closed_at},
        teachers=[{"id": one, "name": name, "is_only_here": only} for one, name, only in organisations.list_teachers(o)],
        lines=_lines(f"organisation:{o.id}"), asked=form.get("step", ""), name=form.get("name", o.name),
        phone=form.get("phone", ""), **told(problem)))


def _lines(ref: str) -> list[dict]:
    """The newest lines of the trail about it."""
    found = audit.list_lines(subject=ref, limit=10)
    ids = {int(line.actor.removeprefix("person:")) for line in found if line.actor.startswith("person:")}
    names = {f"person:{i}": name for i, name in accounts.names_of(ids).items()}
    return [{"at": x.at, "deed": deed(x.action), "by": doer(x.actor, names)} for x in found]


@blueprint.post("/admin/organisations/<slug>")
def organisation_change(slug: str) -> Response:
    """`step` says what: rename, close, reopen, or teacher, who is added by `phone`."""
    actor, form = administrator(), request.form
    o, step = organisations.get_organisation(actor, slug), form.get("step", "")
    try:
        if step == "close":
            organisations.close_organisation(actor, o)
        elif step == "reopen":
            organisations.reopen_organisation(actor, o)
        elif step == "teacher":
            organisations.add_teacher(actor, o, form.get("phone", ""))
        else:
            organisations.rename_organisation(actor, o, form.get("name", ""))
    except (Invalid, Conflict) as problem:
        return _one(slug, problem)
    return redirect(url_for(".organisation", slug=slug), 303)


@blueprint.post("/admin/organisations/<slug>/teachers/<int:person_id>/remove")
def organisation_teacher_remove(slug: str, person_id: int) -> Response:
    """Somebody teaches for it no longer."""
    actor = administrator()
    organisations.remove_teacher(actor, organisations.get_organisation(actor, slug), person_id)
    return redirect(url_for(".organisation", slug=slug), 303)
