"""A person and what is kept of them: what they agreed to, who looked, a copy to take along, the name, leaving."""

from __future__ import annotations

from flask import Response, g, redirect, request, url_for

from guanxue import accounts, audit
from guanxue.accounts import consent, erasure, naming, signin
from guanxue.accounts.forms import leave_behind, told
from guanxue.accounts.keepers import list_keepers
from guanxue.accounts.routes import blueprint, parcel
from guanxue.accounts.routes.papers import ADDRESSES, TITLES
from guanxue.core import clock
from guanxue.core.actor import ANONYMOUS
from guanxue.core.db import begin_writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import own_site_path, page, personal
from guanxue.core.web.throttle import Throttle

# What each purpose is called, and what follows from saying no.
PURPOSES = {**TITLES, consent.IDENTITY: _("保存证件号"), consent.IDENTITY_MATCH: _("把姓名和证件号交给核验服务"),
            consent.COURSE_SMS: _("用短信告诉我课程的事")}
EFFECTS = {consent.COURSE_SMS: _(
    "同意后，你报名的课有变动时可能收到短信；不同意就不会收到，学习和学分不受影响。登录验证码不属于这一项。")}
SOURCES = {"register": _("注册时"), "api": _("在应用里注册时"), "banner": _("版本更新时"), "settings": _("在设置里")}
# A copy is a look at everything: enough for whoever wants it again, too few for whoever wants to keep the machine busy.
_copies = Throttle(per_second=1 / 600, burst=5)


@blueprint.get("/me/settings/privacy")
def privacy() -> Response:
    """What I agreed to and may take back, who looked at my data, my copy, my name, and the way out."""
    actor = current_actor()
    actor.must_be_person()
    person, standing = accounts.get_person(actor.id), consent.standing(actor.id)
    return personal(page(
        "accounts/privacy.html", leaving_on=person.erase_after_at,
        consents=[_line(c) for c in reversed(consent.list_consents(actor.id))],
        unanswered=[{"title": str(TITLES[kind]), "address": ADDRESSES[kind], "version": version}
                    for kind, version in consent.documents_to_show(actor.id)],
        options=[{"purpose": p, "title": str(PURPOSES[p]), "effect": str(EFFECTS[p]),
                  "is_on": p in standing and standing[p].is_given} for p in consent.OPTIONAL],
        visits=_looks(person)))


def _line(c: consent.Consent) -> dict:
    return {"title": str(PURPOSES.get(c.purpose, c.purpose)), "version": c.version, "is_given": c.is_given, "at": c.at,
            "source": str(SOURCES.get(c.source, c.source)), "address": ADDRESSES.get(c.purpose, "")}


def _looks(person: accounts.Person) -> list[dict]:
    found = consent.list_looks(person)
    ids = {int(look.by.removeprefix("person:")) for look in found if look.by.startswith("person:")}
    names = {f"person:{i}": name for i, name in accounts.names_of(ids).items()}
    told = {}
    for look in found:  # newest first; the same look again on the same day is one
        told.setdefault((look.what, look.by, look.reason, clock.city_day(look.at)), look)
    return [{"what": look.what, "by": names.get(look.by, ""), "reason": look.reason, "at": look.at} for look in told.values()]


@blueprint.post("/me/settings/privacy/optional")
def set_optional() -> Response:
    """Say yes or no to something optional."""
    current_actor().must_be_person()
    consent.set_optional(current_actor(), request.form.get("purpose", ""), agrees=request.form.get("agrees") == "1")
    return redirect(url_for(".privacy"), 303)


@blueprint.post("/me/settings/privacy/export")
def export() -> Response:
    """Everything every room keeps of me, as a file: a page to read and the same as data."""
    actor = current_actor()
    actor.must_be_person()
    _copies.check(actor.id)
    documents = {one: {keeper.room: keeper.export(one) for keeper in list_keepers()}
                 for one in reversed(accounts.accounts_of(actor.id))}
    audit.record(actor, "accounts.person.exported", f"person:{actor.id}")
    response = Response(parcel.pack(documents, g.person.name), mimetype="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="guanxue-{actor.id}-{clock.today().isoformat()}.zip"'
    return personal(response)


# ---- the name


@blueprint.get("/me/settings/name")
def name() -> Response:
    """The form for correcting my name."""
    current_actor().must_be_person()
    return _name()


@blueprint.post("/me/settings/name", endpoint="name_now")
def name_now() -> Response:
    """Correct my name."""
    current_actor().must_be_person()
    try:
        naming.correct_name(current_actor(), request.form.get("name", ""), request.form.get("reason", ""))
    except Problem as problem:
        return _name(problem)
    return redirect(url_for(".name", done=1), 303)


def _name(problem: Problem | None = None) -> Response:
    former = [{"name": f.name, "reason": f.reason, "until": f.until_at}
              for f in naming.list_former_names(current_actor().id)]
    return personal(page(
        "accounts/name.html", problem.status if problem else 200, former=former, is_done="done" in request.args,
        **told(problem),
        values={"name": request.form.get("name", accounts.get_person(current_actor().id).name),
                "reason": request.form.get("reason", "")}))


# ---- leaving


@blueprint.get("/me/settings/leave")
def leave() -> Response:
    """What goes and what stays when I close my account, before I say so."""
    current_actor().must_be_person()
    return _leave()


def _leave(problem: Problem | None = None) -> Response:
    actor = current_actor()
    return personal(page(
        "accounts/leave.html", problem.status if problem else 200, **told(problem),
        leaving_on=accounts.get_person(actor.id).erase_after_at, days=erasure.TIME_TO_RETURN.days,
        stays=[str(effect.sentence) for effect in erasure.foretell(actor.id)]))


@blueprint.post("/me/settings/leave", endpoint="leave_now")
@reads_first
def leave_now() -> Response:
    """Close my account in fifteen days: proved by the password, signed out everywhere."""
    actor = current_actor()
    actor.must_be_person()
    try:
        accounts.prove(g.person.phone, request.form.get("password", ""), request.remote_addr or "")
        begin_writing()
        person = erasure.ask_erasure(actor)
    except Problem as problem:
        leave_behind(problem)
        problem.status = 422 if problem.status == 401 else problem.status
        return _leave(problem)
    signin.forget_in_browser()
    g.actor = ANONYMOUS
    return signin.clear_site_data(personal(page(
        "accounts/leaving.html", leaving_on=person.erase_after_at, person_id=person.id)))


@blueprint.post("/me/settings/privacy/stay")
def stay() -> Response:
    """I changed my mind."""
    current_actor().must_be_person()
    erasure.cancel_erasure(current_actor())
    return redirect(own_site_path(request.form.get("next"), url_for(".privacy")), 303)
