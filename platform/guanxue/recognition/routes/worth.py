"""What certificates are worth: the table in plain words for anybody, and the next version of it."""

from __future__ import annotations

from datetime import date

from flask import Response, redirect, request, url_for

from guanxue import recognition
from guanxue.core import clock
from guanxue.core.db import end_work
from guanxue.core.errors import NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import invalid_field
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.policies import LEVELS as KNOWN_LEVELS
from guanxue.recognition import Conversion
from guanxue.recognition.routes import blueprint, told_of
from guanxue.recognition.routes.office import KNOWN_WORDS


@blueprint.get("/recognition")
def worth() -> Response:
    """What a certificate is worth today."""
    return _shown(recognition.current_conversion())


@blueprint.get("/recognition/<int:version>")
def worth_then(version: int) -> Response:
    """What it was worth under a version."""
    found = recognition.find_conversion(version)
    if found is None:
        raise NotFound(_("没有这一版转换表。"))
    return _shown(found)


def _shown(one: Conversion) -> Response:
    current = recognition.current_conversion()
    return page("recognition/worth.html", version=one.version, effective_on=one.effective_on, table=recognition.told(one.table),
                is_current=one.version == current.version, current=current.version, is_ahead=one.effective_on > clock.today(),
                others=[c.version for c in recognition.list_conversions() if c.version != one.version],
                is_person=current_actor().is_person)


@blueprint.get("/admin/conversion")
def admin_conversion() -> Response:
    """All versions, and the form for the next."""
    actor = current_actor()
    actor.require("administer")
    return _form()


def _form(problem: Problem | None = None) -> Response:
    newest = recognition.list_conversions()[0]
    form = request.form if problem else None
    return personal(page(
        "recognition/admin_conversion.html", problem.status if problem else 200,
        versions=[{"version": c.version, "effective_on": c.effective_on} for c in recognition.list_conversions()],
        rows=[{"name": name, "label": label, "value": form.get(name, "") if form is not None else value}
              for name, label, value in _fields(newest)],
        levels=[(str(n), KNOWN_WORDS[n]) for n in KNOWN_LEVELS],
        level=form.get("identity_level", "") if form is not None else str(newest.table.identity_level),
        is_shared=form.get("is_team_shared") == "1" if form is not None else newest.table.is_team_shared,
        window=form.get("window_years", "") if form is not None else str(newest.table.window_years),
        day=form.get("effective_on", "") if form is not None else clock.today().isoformat(), **told_of(problem)))


def _fields(one: Conversion) -> list[tuple[str, object, str]]:
    """(name of the field, its label, credits) of everything that is worth something."""
    table = one.table
    found = [(f"level-{n}", recognition.level_text(n), recognition.credits_text(table.levels[n])) for n in recognition.LEVELS]
    found.append(("ability", str(_("专项职业能力证书")), recognition.credits_text(table.specific_ability)))
    for scope, words in recognition.SCOPE_WORDS.items():
        found += [(f"{scope}-{rank}", f"{words} {ranked}", recognition.credits_text(table.contests[scope][rank - 1]))
                  for rank, ranked in recognition.RANK_WORDS.items()]
    return found


@blueprint.post("/admin/conversion")
def publish_conversion() -> Response:
    """Publish the next version."""
    actor = current_actor()
    actor.require("administer")
    try:
        recognition.publish_conversion(actor, _document(request.form), _day(request.form.get("effective_on", "")))
    except Problem as problem:
        end_work(commit=False)
        return _form(problem)
    return redirect(url_for(".admin_conversion"), 303)


def _document(form: dict) -> dict:
    return {
        "levels": {str(n): _milli(form, f"level-{n}") for n in recognition.LEVELS},
        "specific_ability": _milli(form, "ability"),
        "contests": {scope: [_milli(form, f"{scope}-{rank}") for rank in recognition.RANK_WORDS]
                     for scope in recognition.SCOPE_WORDS},
        "window_years": _whole(form, "window_years"), "identity_level": _whole(form, "identity_level"),
        "is_team_shared": form.get("is_team_shared") == "1"}


def _milli(form: dict, name: str) -> int:
    """Thousandths of what was typed as credits: "1.5" is 1500. Raises Invalid."""
    whole, _point, part = form.get(name, "").strip().partition(".")
    is_number = (whole + part).isascii() and whole.isdigit() and (part or "0").isdigit()
    if not is_number or len(whole) > 3 or len(part) > 3:
        raise invalid_field(name, _("请填学分，例如 4 或 1.5。"))
    return int(whole) * 1000 + int(part.ljust(3, "0"))


def _whole(form: dict, name: str) -> int:
    text = form.get(name, "").strip()
    if not text.isascii() or not text.isdecimal() or len(text) > 3:
        raise invalid_field(name, _("请填一个整数。"))
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid_field("effective_on", _("请填从哪一天起用。")) from None
