"""Officers say who somebody is: the queue, finding whoever stands at the counter, and one person's page. With a second proof.

What is looked for travels in the body of a POST, so that no address, history or log has a phone number or an ID in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from flask import Response, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts import checking, identity, kinds, levels, naming
from guanxue.accounts.errors import NumberTaken
from guanxue.accounts.forms import answered, leave_behind, told
from guanxue.accounts.models import KeptNumber
from guanxue.accounts.namesakes import list_namesakes
from guanxue.accounts.queries import is_same_person
from guanxue.accounts.routes import blueprint
from guanxue.accounts.routes.deeds import doer
from guanxue.accounts.routes.identity import shown, step_word
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import end_work, writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import gettext
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal
from guanxue.policies import SEEN


def officer() -> Actor:
    """Whoever is asking, if they may: an officer who has shown a second factor. Raises the refusals."""
    actor = current_actor()
    actor.require("identify")
    actor.require_proved()
    return actor


@blueprint.get("/office/identity")
def check_list() -> Response:
    """Who waits for a look at their paper, the longest first, and the form for finding who stands at the counter."""
    return _list(officer())


@blueprint.post("/office/identity", endpoint="check_found")
def check_found() -> Response:
    """Whom a whole phone or document number finds."""
    actor, text = officer(), request.form.get("text", "").strip()
    found = checking.find_people(actor, text) if text else []
    return _list(actor, found, checking.find_erased(actor, text) if text else [], is_search=True)


def _list(actor: Actor, found: Sequence[accounts.Person] = (), erased: Sequence[KeptNumber] = (), *,
          is_search: bool = False) -> Response:
    number = request.args.get("page", "1")
    waiting = checking.list_waiting(actor, max(1, int(number)) if is_row_id(number) else 1)
    return personal(page(
        "accounts/check_list.html", is_search=is_search, found=[_row(p) for p in found],
        erased=[{"id": k.person_id, "until": k.until_on} for k in erased],
        waiting=[_row(p) | {"asked_at": d.asked_at, "masked": d.masked} for d, p in waiting.items],
        total=waiting.total, page=waiting.page, pages=waiting.pages, page_url=lambda n: url_for(".check_list", page=n)))


def _row(p: accounts.Person) -> dict:
    return {"id": p.id, "name": p.name, "phone_masked": accounts.mask_phone(p.phone)}


@blueprint.get("/office/identity/<int:person_id>")
def check(person_id: int) -> Response:
    """Somebody's documents and what was done about them; that it was opened is kept before it is shown."""
    actor = officer()
    accounts.get_person(person_id)
    with writing():
        checking.open_file(actor, person_id)
    return _page(person_id)


def _page(person_id: int, problem: Problem | None = None, *, number: str = "", asked: str = "") -> Response:
    actor, person, known = current_actor(), accounts.get_person(person_id), levels.list_known(person_id)
    ids = {int(s.by.removeprefix("person:")) for k in known for s in k.steps if s.by.startswith("person:")}
    names = {f"person:{i}": name for i, name in accounts.names_of(ids).items()}
    form = request.form if problem is not None else {}
    return personal(answered(problem, page(
        "accounts/check.html", problem.status if problem else 200, **told(problem), asked=asked, number=number,
        of=request.form.get("document", ""), person=_row(person) | {
            "former_names": [{"name": f.name, "until_at": f.until_at} for f in naming.list_former_names(person_id)],
            "is_me": is_same_person(actor, [person.ref])},
        documents=[shown(k) | {"steps": _steps(k, names), "may_match": k.level >= SEEN, "namesakes": _namesakes(k)}
                   for k in known],
        place=form.get("place") or checking.last_place(actor), day=form.get("looked_on") or clock.today().isoformat(),
        may_report=isinstance(problem, NumberTaken) and request.form.get("is_sure") != "1",
        today=clock.today().isoformat(), note=form.get("note", ""), why=form.get("why", ""),
        refusals=[(word, str(text)) for word, text in checking.REFUSALS.items()])))


def _namesakes(known: levels.Known) -> list[dict]:
    """Who else was seen under this name: as much as tells an officer whom to ask about, and no whole number."""
    return [_row(accounts.get_person(k.document.person_id)) | {
        "kind": str(kinds.name_of(k.document.kind, k.document.masked)), "masked": k.document.masked}
        for k in list_namesakes(known.document)]


def _steps(known: levels.Known, names: dict[str, str]) -> list[dict]:
    """What was done about a document, newest first; who else stated it is not named here either."""
    standing = {s.id for s in known.standing}
    return [{
        "id": s.id, "word": step_word(s.step), "at": s.at, "place": s.place, "on": s.looked_on, "reference": s.reference,
        "why": str(checking.REFUSALS.get(s.what, "")), "note": s.note, "stands": s.id in standing,
        "by": gettext("本人") if s.by == f"person:{s.person_id}" else "" if s.step == "disputed" else doer(s.by, names),
    } for s in reversed(known.steps) if s.step != "claimed"]


@blueprint.post("/office/identity/<int:person_id>/seen")
def check_seen(person_id: int) -> Response:
    """I looked at the paper."""
    form = request.form
    return _do(person_id, "seen", lambda actor: checking.record_seen(
        actor, person_id, form.get("document", ""), number=form.get("number", ""), place=form.get("place", ""),
        looked_on=_day(form.get("looked_on", "")), is_original=form.get("is_original") == "1",
        is_person=form.get("is_person") == "1",
        not_same=[int(one) for one in form.get("not_same", "").split() if is_row_id(one)]))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@blueprint.post("/office/identity/<int:person_id>/refuse")
def check_refuse(person_id: int) -> Response:
    """Not with this paper, and what to do."""
    form = request.form
    return _do(person_id, "refuse", lambda actor: checking.refuse(
        actor, person_id, form.get("document", ""), form.get("why", ""), form.get("note", "")))


@blueprint.post("/office/identity/<int:person_id>/match")
def check_match(person_id: int) -> Response:
    """I asked the state's own service by hand."""
    form = request.form
    return _do(person_id, "match", lambda actor: checking.record_match(
        actor, person_id, form.get("document", ""), form.get("reference", "")))


@blueprint.post("/office/identity/<int:person_id>/withdraw")
def check_withdraw(person_id: int) -> Response:
    """A check was wrong."""
    number, reason = request.form.get("check", ""), request.form.get("reason", "")
    return _do(person_id, f"withdraw-{number}", lambda actor: checking.withdraw_check(
        actor, person_id, int(number) if is_row_id(number) else 0, reason))


@blueprint.post("/office/identity/<int:person_id>/correct")
def check_correct(person_id: int) -> Response:
    """Another number for a document whose own was typed wrongly."""
    form = request.form
    return _do(person_id, "correct", lambda actor: identity.correct_number(
        actor, person_id, form.get("number", ""), form.get("reason", ""), code=form.get("document", ""),
        is_sure=form.get("is_sure") == "1"))


@blueprint.post("/office/identity/<int:person_id>/take-off")
def check_take_off(person_id: int) -> Response:
    """The document is somebody else's."""
    form = request.form
    return _do(person_id, "take-off", lambda actor: checking.take_off(
        actor, person_id, form.get("document", ""), form.get("reason", "")))


@blueprint.post("/office/identity/<int:person_id>/reveal")
def check_reveal(person_id: int) -> Response:
    """The whole number, this once, to whoever says why; kept in no cache and shown by no reload of an address."""
    actor, form = officer(), request.form
    try:
        number = identity.reveal_number(actor, person_id, form.get("reason", ""), code=form.get("document", ""))
    except Problem as problem:
        return _refused(person_id, problem, "reveal")
    return _page(person_id, number=number)


def _do(person_id: int, asked: str, deed: Callable[[Actor], object]) -> Response:
    """Do it and go back to the page, or show the page with what stands against it."""
    actor = officer()
    accounts.get_person(person_id)
    try:
        deed(actor)
    except Problem as problem:
        return _refused(person_id, problem, asked)
    return redirect(url_for(".check", person_id=person_id), 303)


def _refused(person_id: int, problem: Problem, asked: str) -> Response:
    if problem.status in (403, 404):
        raise problem
    end_work(commit=False)  # whatever was half done is undone before what the problem leaves behind is written
    leave_behind(problem)
    with writing():  # the page that says what is wrong shows the file, too
        checking.open_file(current_actor(), person_id)
    return _page(person_id, problem, asked=asked)
