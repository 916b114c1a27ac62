"""The office: programmes and schemes with their versions, who reached which, what was marked as used."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

from flask import Response, make_response, redirect, request, url_for

from guanxue import accounts, courses, policies, programmes
from guanxue.core import clock, sheets
from guanxue.core.actor import Actor
from guanxue.core.errors import Forbidden, Invalid, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.programmes import forms, telling
from guanxue.programmes.models import Programme
from guanxue.programmes.routes import blueprint

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _reader() -> Actor:
    """Who may see the office's pages of targets: the bureau and whoever keeps credits."""
    actor = current_actor()
    if not actor.may("inspect"):
        actor.require("identify")
    return actor


@blueprint.get("/office/programmes")
def office() -> Response:
    """Every programme and scheme with its versions."""
    actor = _reader()
    rows: dict[str, list[dict]] = {}
    holding = {p.id for p in programmes.list_current()}
    for p in reversed(programmes.list_programmes()):
        rows.setdefault(p.code, []).append({
            **telling.told(p), "holds": p.id in holding, "is_ahead": p.effective_on > clock.today()})
    return personal(page("programmes/office.html", programmes=rows, may_publish=actor.may("administer")))


@blueprint.get("/office/programmes/new")
def begin_programme() -> Response:
    """To the form of a new one that begins with another's numbers."""
    current_actor().require("administer")
    code, base = request.args.get("code", "").strip(), programmes.get_newest(request.args.get("from", ""))
    if not policies.is_code(code) or code == "new" or any(p.code == code for p in programmes.list_programmes()):
        raise Invalid(_("代号用小写字母、数字和连字符，而且还没有用过。"))
    return redirect(url_for(".edit_programme", code=code, **{"from": base.code}), 303)


@blueprint.get("/office/programmes/<code>")
def edit_programme(code: str) -> Response:
    """The form for the next version, filled with the newest; `?from=` begins a new one with another's numbers."""
    current_actor().require("administer")
    base = programmes.get_newest(request.args.get("from") or code)
    return _form(code, base, forms.fields_of(base))


def _form(code: str, base: Programme, fields: dict[str, list[str]], problem: Problem | None = None,
          preview: dict | None = None) -> Response:
    return personal(page(
        "programmes/edit_programme.html", problem.status if problem else 200, code=code, base=base.name, fields=fields,
        kind=base.kind, kinds=telling.KINDS, sources=telling.SOURCES, categories=courses.KINDS,
        day=(fields.get("effective_on") or [clock.today().isoformat()])[0], action=request.full_path.rstrip("?"),
        most_needs=programmes.MOST_NEEDS, most_caps=programmes.MOST_CAPS, preview=preview,
        message=str(problem.message) if problem else "", faults=[str(f["message"]) for f in problem.fields] if problem else []))


@blueprint.post("/office/programmes/<code>")
def publish_programme(code: str) -> Response:
    """Publish it, or only say whom it would affect."""
    actor = current_actor()
    actor.require("administer")
    base = programmes.get_newest(request.args.get("from") or code)
    fields = request.form.to_dict(flat=False)
    try:
        facts = {"code": code, "kind": base.kind, "title": (fields.get("title") or [""])[0],
                 "document": forms.document_of(fields), "effective_on": _day()}
        if "preview" in fields:
            return _form(code, base, fields, preview=_preview(programmes.check_programme(**facts), base))
        programmes.publish_programme(actor, **facts)
    except Invalid as problem:
        return _form(code, base, fields, problem)
    return redirect(url_for(".office"), 303)


def _day() -> date:
    try:
        return date.fromisoformat(request.form.get("effective_on", ""))
    except ValueError:
        raise Invalid(_("请写从哪一天起用。")) from None


def _preview(target: programmes.Target, base: Programme) -> dict:
    """How many have reached it now, and would by the new version."""
    is_scheme = base.kind == programmes.SCHEME
    before = programmes.count_reached(base.target, is_scheme=is_scheme, code=base.code)
    return {"before": before, "after": programmes.count_reached(target, is_scheme=is_scheme, code=base.code),
            "conditions": telling.conditions(target)}


# ---- who reached it


def _rows(programme: Programme) -> list[dict]:
    return [{"id": r.person.id, "name": accounts.mask_name(r.person.name), "phone": accounts.mask_phone(r.person.phone),
             "reach": telling.milli(r.progress.reach), "credits": len([x for x in r.progress.lines if x.milli]),
             "is_me": r.person.id == current_actor().id} for r in programmes.list_reached(programme)]


@blueprint.get("/office/programmes/<code>/reached")
def reached(code: str) -> Response:
    """Who reached it and was not rewarded yet, and what was marked already."""
    actor = _reader()
    actor.require_proved()
    programme = programmes.get_current(code)
    marked = programmes.list_rewarded(code)
    names = accounts.names_of(r.person_id for r in marked)
    return personal(page(
        "programmes/reached.html", goal=telling.told(programme), rows=_rows(programme), may_mark=actor.may("identify"),
        is_scheme=programme.kind == programmes.SCHEME,
        marked=[{"name": accounts.mask_name(names.get(r.person_id, "")), "at": r.marked_at, "window": telling.window(r.window)}
                for r in marked[:100]]))


@blueprint.get("/office/programmes/<code>/reached.xlsx")
def reached_table(code: str) -> Response:
    """The same as a table for Excel; names and numbers stay masked."""
    _reader().require_proved()
    programme = programmes.get_current(code)
    heading = [gettext("编号"), gettext("姓名"), gettext("手机号"), gettext("达到的学分"), gettext("几笔学分"), gettext("日期")]
    table = [[r["id"], r["name"], r["phone"], r["reach"], r["credits"], telling.today()] for r in _rows(programme)]
    response = make_response(sheets.write_workbook(gettext("达到的人"), heading, table, widths=[10, 12, 16, 12, 10, 14]))
    response.headers["Content-Type"] = XLSX
    name = quote(f"{telling.told(programme)['title']}-{telling.today()}.xlsx")
    response.headers["Content-Disposition"] = f"attachment; filename=\"{code}.xlsx\"; filename*=UTF-8''{name}"
    return personal(response)


@blueprint.post("/office/programmes/<code>/reached")
def mark_reached(code: str) -> Response:
    """Mark what somebody reached as used for this scheme."""
    actor = current_actor()
    actor.require("identify")
    actor.require_proved()
    person_id = request.form.get("person", "")
    if not is_row_id(person_id):
        raise Forbidden(_("请选一个人。"))
    programmes.mark_rewarded(actor, code, int(person_id))
    return redirect(url_for(".reached", code=code), 303)
