"""Merging two accounts of one person, and parting them: by the person themselves, and by an administrator.

The person is signed in on the account that stays and proves the other one with its number and password; the browser's signed
cookie remembers that for a quarter of an hour, so that no number stands in an address. What will happen is shown before it
does, and is done only if it still is what was shown.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from flask import Response, redirect, request, session, url_for

from guanxue import accounts, courses, learning
from guanxue.accounts import signin
from guanxue.accounts.errors import CannotMerge, CannotPart, NoSuchMerge
from guanxue.accounts.forms import answered, leave_behind, told
from guanxue.accounts.models import Merge
from guanxue.accounts.routes import blueprint
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import begin_writing, end_work
from guanxue.core.errors import Conflict, Invalid, Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal

PROOF_HOLDS_MS = 900_000
BY_THEMSELVES = N_("本人合并自己的账号")
WARNINGS, TOTALS = ("names.differ", "identity.two"), ("balance.after",)  # told first
PARTED_BY_THEMSELVES = N_("本人要求分开")
# In this order people read what will happen.
ROOMS = (("creditbank", N_("学分")), ("recognition", N_("证书换学分")), ("credentials", N_("证书")),
         ("learning", N_("学习")), ("classes", N_("培训班")), ("tracks", N_("学习路线")), ("programmes", N_("目标")),
         ("discussions", N_("评价和提问")), ("helpdesk", N_("求助")), ("accounts", N_("账号")))


def _told(foreseen: accounts.Foreseen) -> dict:
    """What will happen, room by room, and the digest that says whether it still will."""
    groups = [{"title": gettext(title), "lines": [str(e.sentence) for e in foreseen.plans[room].effects
                                                      if e.what not in WARNINGS + TOTALS]}
              for room, title in ROOMS]
    warnings, totals = ([str(e.sentence) for e in foreseen.effects if e.what in what] for what in (WARNINGS, TOTALS))
    return {"warnings": warnings, "totals": totals, "groups": [g for g in groups if g["lines"]], "digest": foreseen.digest}


def _account(person_id: int) -> dict:
    one = accounts.get_person(person_id)
    return {"id": one.id, "name": one.name, "phone_masked": accounts.mask_phone(one.phone)}


def _merge(m: Merge) -> dict:
    return {"code": m.code, "merged": _account(m.merged_id), "kept": _account(m.kept_id), "merged_at": m.merged_at,
            "parted_at": m.parted_at, "until": accounts.part_until(m),
            "may_part": m.parted_at is None and clock.now() <= accounts.part_until(m)}


# ---- the person


@blueprint.get("/me/settings/merge")
def merge() -> Response:
    """The form for proving the other account; what was merged before; courses that two accounts finished together."""
    current_actor().must_be_person()
    return _form()


def _form(problem: Problem | None = None) -> Response:
    actor = current_actor()
    ready = learning.list_ready(actor.id)
    titles = {c.id: c.title for c in courses.courses_by_id([e.course_id for e in ready]).values()}
    merges = [_merge(m) for m in accounts.list_merges(actor.id) if m.kept_id == actor.id]
    return personal(answered(problem, page(
        "accounts/merge.html", problem.status if problem else 200, **told(problem), merges=merges[::-1],
        is_done="done" in request.args, kept=_account(actor.id),
        ready=[{"id": e.id, "title": titles[e.course_id]} for e in ready],
        phone=request.form.get("phone", ""))))


@blueprint.post("/me/settings/merge")
@reads_first
def prove_other() -> Response:
    """Prove the other account; then what would happen is shown."""
    actor = current_actor()
    actor.must_be_person()
    try:
        other = accounts.prove(request.form.get("phone", ""), request.form.get("password", ""), request.remote_addr or "")
        accounts.foresee_merge(actor, actor.id, other.id)
    except Problem as problem:
        leave_behind(problem)
        problem.status = 422 if problem.status == 401 else problem.status
        return _form(problem)
    session["merging"] = [actor.id, other.id, clock.now_ms() + PROOF_HOLDS_MS, signin.stamp(other)]
    return redirect(url_for(".preview_merge"), 303)


def _proved() -> int | None:
    """The account that was proved to be the person's too, while that holds."""
    kept_id, merged_id, until_ms, tied_to = session.get("merging") or (0, 0, 0, "")
    if kept_id != current_actor().id or until_ms <= clock.now_ms():
        return None
    return merged_id if hmac.compare_digest(tied_to, signin.stamp(accounts.get_person(merged_id))) else None


@blueprint.get("/me/settings/merge/preview")
def preview_merge() -> Response:
    """What will happen, sentence by sentence."""
    current_actor().must_be_person()
    return _preview()


def _preview(problem: Problem | None = None) -> Response:
    actor, other_id = current_actor(), _proved()
    if other_id is None:
        return redirect(url_for(".merge"), 303)
    try:
        foreseen = accounts.foresee_merge(actor, actor.id, other_id)
    except CannotMerge as fault:
        return _form(fault)
    return personal(page("accounts/merge_preview.html", problem.status if problem else 200, **told(problem), **_told(foreseen),
                         kept=_account(actor.id), merged=_account(other_id), action=url_for(".merge_now"),
                         back=url_for(".merge"), is_parting=False, reason=None, hidden={}))


@blueprint.post("/me/settings/merge/confirm")
@reads_first
def merge_now() -> Response:
    """Do what was shown."""
    actor = current_actor()
    actor.must_be_person()
    other_id = _proved()
    if other_id is None:
        return redirect(url_for(".merge"), 303)
    begin_writing()
    try:
        accounts.merge_accounts(actor, actor.id, other_id, reason=BY_THEMSELVES, foreseen=request.form.get("digest", ""))
    except Conflict as problem:
        begin_again()
        return _preview(problem)
    session.pop("merging", None)
    return redirect(url_for(".merge", done=1), 303)


@blueprint.post("/me/settings/merge/finish")
def finish_joined() -> Response:
    """A course that two accounts finished together is completed; again is the same."""
    current_actor().must_be_person()
    enrolment_id = request.form.get("enrolment", "")
    if not is_row_id(enrolment_id):
        raise Invalid(_("没有这条报名记录。"))
    learning.complete_joined(current_actor(), int(enrolment_id))
    return redirect(url_for(".merge"), 303)


@blueprint.get("/me/settings/merge/<code>")
def part(code: str) -> Response:
    """What parting would do."""
    current_actor().must_be_person()
    return _part(_mine(code))


@blueprint.post("/me/settings/merge/<code>")
def part_now(code: str) -> Response:
    """Part the accounts as was shown."""
    actor = current_actor()
    actor.must_be_person()
    return _do_part(_mine(code), PARTED_BY_THEMSELVES, _part, url_for(".merge"))


def _mine(code: str) -> Merge:
    """The merge into the actor's account. Raises NoSuchMerge."""
    found = accounts.get_merge(code)
    if found.kept_id != current_actor().id:
        raise NoSuchMerge(_("没有这次合并。"))
    return found


def _part(found: Merge, problem: Problem | None = None) -> Response:
    return _part_page(found, problem, url_for(".part_now", code=found.code), url_for(".merge"), None)


def _part_page(found: Merge, problem: Problem | None, action: str, back: str, reason: str | None) -> Response:
    foreseen = accounts.foresee_part(current_actor(), found)
    return personal(page("accounts/merge_preview.html", problem.status if problem else 200, **told(problem), **_told(foreseen),
                         kept=_account(found.kept_id), merged=_account(found.merged_id), action=action, back=back,
                         is_parting=True, reason=reason, hidden={}))


def _do_part(found: Merge, reason: str, show: Callable[[Merge, Problem], Response], after: str) -> Response:
    try:
        accounts.part_accounts(current_actor(), found.code, reason=reason, foreseen=request.form.get("digest", ""))
    except (CannotPart, Invalid) as problem:
        if problem.code not in ("changed", "invalid"):
            raise
        begin_again()
        return show(accounts.get_merge(found.code), problem)
    return redirect(after, 303)


def begin_again() -> None:
    """Nothing half done is shown: what was begun is undone before the page is made."""
    end_work(commit=False)


# ---- the administrator


def _administrator() -> Actor:
    actor = current_actor()
    actor.require("administer")
    actor.require_proved()
    return actor


def _about_others(kept_id: int) -> Actor:
    """The administrator, unless the account that stays is their own: credits come to it by the proofs everybody needs."""
    actor = _administrator()
    if actor.id == kept_id:
        raise Conflict(_("自己的账号请在“设置”里合并。"))
    return actor


@blueprint.get("/admin/people/<int:person_id>/merge")
def admin_merge(person_id: int) -> Response:
    """The form for merging another account of the same person into this one; what was merged before."""
    _administrator()
    return _admin_form(person_id)


def _admin_form(person_id: int, problem: Problem | None = None) -> Response:
    merges = [_merge(m) for m in accounts.list_merges(person_id)]
    return personal(page("accounts/merge_admin.html", problem.status if problem else 200, **told(problem), merges=merges[::-1],
                         kept=_account(person_id), phone=request.form.get("phone", ""), reason=request.form.get("reason", "")))


@blueprint.post("/admin/people/<int:person_id>/merge")
def admin_preview(person_id: int) -> Response:
    """What would happen."""
    actor = _about_others(person_id)
    try:
        other = accounts.find_person_by_phone(accounts.checked_phone(request.form.get("phone", "")))
        if other is None:
            said = _("没有用这个手机号注册的人。")
            raise Invalid(said, fields=[{"field": "phone", "message": said}])
        if not request.form.get("reason", "").strip():
            said = _("请写明原因。")
            raise Invalid(said, fields=[{"field": "reason", "message": said}])
        return _admin_preview(actor, person_id, other.id)
    except Problem as problem:
        return _admin_form(person_id, problem)


def _admin_preview(actor: Actor, kept_id: int, merged_id: int, problem: Problem | None = None) -> Response:
    foreseen = accounts.foresee_merge(actor, kept_id, merged_id)
    return personal(page("accounts/merge_preview.html", problem.status if problem else 200, **told(problem), **_told(foreseen),
                         kept=_account(kept_id), merged=_account(merged_id), is_parting=False, reason=None,
                         action=url_for(".admin_merge_now", person_id=kept_id), back=url_for(".admin_merge", person_id=kept_id),
                         hidden={"merged": merged_id, "reason": request.form.get("reason", "")}))


@blueprint.post("/admin/people/<int:person_id>/merge/confirm")
def admin_merge_now(person_id: int) -> Response:
    """Do what was shown."""
    actor, merged_id = _about_others(person_id), request.form.get("merged", "")
    if not is_row_id(merged_id):
        raise Invalid(_("没有这个人。"))
    try:
        accounts.merge_accounts(actor, person_id, int(merged_id), reason=request.form.get("reason", ""),
                                foreseen=request.form.get("digest", ""))
    except (CannotMerge, Invalid) as problem:
        begin_again()
        return _admin_preview(actor, person_id, int(merged_id), problem) if problem.code == "changed" else _admin_form(
            person_id, problem)
    return redirect(url_for(".admin_merge", person_id=person_id), 303)


@blueprint.get("/admin/merges/<code>")
def admin_part(code: str) -> Response:
    """What parting would do."""
    _administrator()
    return _admin_part(accounts.get_merge(code))


def _admin_part(found: Merge, problem: Problem | None = None) -> Response:
    return _part_page(found, problem, url_for(".admin_part_now", code=found.code),
                      url_for(".admin_merge", person_id=found.kept_id), request.form.get("reason", ""))


@blueprint.post("/admin/merges/<code>")
def admin_part_now(code: str) -> Response:
    """Part the accounts, with a reason."""
    _administrator()
    found = accounts.get_merge(code)
    return _do_part(found, request.form.get("reason", ""), _admin_part, url_for(".admin_merge", person_id=found.kept_id))
