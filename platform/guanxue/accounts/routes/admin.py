"""Administrators and people: finding, looking, shutting and opening accounts, the number behind the mask. With a second proof.

What is looked for travels in the body of a POST, so that no address, history or log has a phone number or an ID in it.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, redirect, request, url_for

from guanxue import accounts, audit
from guanxue.accounts import identity, people
from guanxue.accounts.forms import leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.accounts.routes.deeds import deed, doer
from guanxue.core.actor import Actor
from guanxue.core.db import end_work, writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal

ROLE_WORDS = {
    "instructor": _("教师"), "curator": _("镇街管理员"), "enterprise_manager": _("企业管理员"), "inspector": _("督查员"),
    "reviewer": _("课程审核员"), "support_agent": _("求助回复员"),
    "credit_officer": _("学分办事员"), "administrator": _("管理员"),
}


def administrator() -> Actor:
    """Whoever is asking, if they may: an administrator who has shown a second factor. Raises the refusals."""
    actor = current_actor()
    actor.require("administer")
    actor.require_proved()
    return actor


@blueprint.get("/admin/people")
def people_list() -> Response:
    """Everybody, newest first, and the form for finding somebody."""
    return _list(administrator(), "phone", "")


@blueprint.post("/admin/people", endpoint="people_found")
def people_found() -> Response:
    """Whom a phone number, an ID number or a name finds."""
    actor = administrator()
    try:
        return _list(actor, request.form.get("way", ""), request.form.get("text", "").strip())
    except Problem as problem:
        return _list(actor, request.form.get("way", ""), "", problem)


def _list(actor: Actor, way: str, text: str, problem: Problem | None = None) -> Response:
    number = request.values.get("page", "1")
    found = people.find_people(actor, way, text, max(1, int(number)) if is_row_id(number) and problem is None else 1)
    kept = "" if way == "number" else text  # a whole ID number stands in no page
    return personal(page(
        "accounts/people_list.html", problem.status if problem else 200, way=way, text=kept, is_search=bool(text),
        people=[_row(p) for p in found.items], total=found.total, page=found.page, pages=found.pages,
        page_url=lambda n: url_for(".people_list", page=n), **told(problem)))


def _row(p: accounts.Person) -> dict:
    return {"id": p.id, "name": p.name, "phone_masked": accounts.mask_phone(p.phone), "state": _state(p),
            "registered_at": p.created_at,  # who has a role in two places has it once in a list
            "roles": list(dict.fromkeys(str(ROLE_WORDS.get(role, role)) for role, _name in people.roles_of(p.id)))}


def _state(p: accounts.Person) -> str:
    """What is the matter with the account: "erased", "merged", "disabled", "leaving" or "" for nothing."""
    if p.erased_at is not None:
        return "erased"
    if p.merged_into_id is not None:
        return "merged"
    if p.disabled_at is not None:
        return "disabled"
    return "leaving" if p.erase_after_at is not None else ""


@blueprint.get("/admin/people/<int:person_id>")
def person(person_id: int) -> Response:
    """Somebody's account; that it was opened is kept before it is shown."""
    actor = administrator()
    accounts.get_person(person_id)
    with writing():
        people.open_file(actor, person_id)
    return _person(person_id)


def _person(person_id: int, problem: Problem | None = None, number: str = "", field: str = "") -> Response:
    p, stated = accounts.get_person(person_id), identity.find_identity(person_id)
    return personal(page(
        "accounts/person.html", problem.status if problem else 200, **told(problem), asked=field, number=number,
        person={**_row(p), "seen_at": p.seen_at, "merged_into": p.merged_into_id, "leaving_on": p.erase_after_at,
                "is_me": p.id == current_actor().id},
        roles=[{"role": str(ROLE_WORDS.get(role, role)), "organisation": name} for role, name in people.roles_of(p.id)],
        sessions=[{"device": s.device, "last_seen_at": s.last_seen_at} for s in accounts.list_sessions(p.id)],
        stated={"masked": stated.masked, "at": stated.stated_at} if stated else None,
        has_factor=accounts.has_second_factor(p.id), lines=_lines(p)))


def _lines(p: accounts.Person) -> list[dict]:
    """The newest lines of the trail about the account, with who did it."""
    found = audit.list_lines(subject=p.ref, limit=20)
    ids = {int(line.actor.removeprefix("person:")) for line in found if line.actor.startswith("person:")}
    names = {f"person:{i}": name for i, name in accounts.names_of(ids).items()}
    return [{"at": x.at, "deed": deed(x.action), "by": doer(x.actor, names), "reason": x.detail.get("reason", "")}
            for x in found]


@blueprint.post("/admin/people/<int:person_id>/identity")
def reveal_identity(person_id: int) -> Response:
    """The whole ID number, this once, to whoever says why; kept in no cache and shown by no reload of an address."""
    actor = administrator()
    try:
        number = identity.reveal_number(actor, person_id, request.form.get("reason", ""))
    except Problem as problem:
        return _refused(person_id, problem, "reveal")
    return _person(person_id, number=number)


@blueprint.post("/admin/people/<int:person_id>/identity/correct")
def correct_identity(person_id: int) -> Response:
    """Another ID number for somebody whose records rest on a wrong one."""
    return _done(person_id, "correct", identity.correct_number, request.form.get("number", ""))


@blueprint.post("/admin/people/<int:person_id>/disable")
def disable(person_id: int) -> Response:
    """Shut the account."""
    return _done(person_id, "state", people.disable_person)


@blueprint.post("/admin/people/<int:person_id>/enable")
def enable(person_id: int) -> Response:
    """Open the account again."""
    return _done(person_id, "state", people.enable_person)


@blueprint.post("/admin/people/<int:person_id>/second-factor")
def reset_factor(person_id: int) -> Response:
    """Take a lost authenticator away, so that its owner can set up another."""
    return _done(person_id, "factor", people.reset_second_factor)


def _done(person_id: int, field: str, do: Callable[..., None], *given: str) -> Response:
    """Do something to an account for the reason that was typed; back to its page, or the page with what stands against it."""
    actor = administrator()
    try:
        do(actor, person_id, *given, request.form.get("reason", ""))
    except Problem as problem:
        return _refused(person_id, problem, field)
    return redirect(url_for(".person", person_id=person_id), 303)


def _refused(person_id: int, problem: Problem, field: str) -> Response:
    if problem.status == 404:
        raise problem
    end_work(commit=False)  # whatever was half done is undone before what the problem leaves behind is written
    leave_behind(problem)
    return _person(person_id, problem, field=field)
