"""A person's own settings: a hub of lines at /me/settings, each leading to a page of its own."""

from __future__ import annotations

from flask import Response, g, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts.forms import leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.core.db import begin_writing
from guanxue.core.errors import Problem
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal


@blueprint.get("/me/settings")
def settings() -> Response:
    """Who I am, where I am signed in, my password, my language."""
    current_actor().must_be_person()
    return _settings()


def _settings(problem: Problem | None = None) -> Response:
    actor = current_actor()
    rows = [{
        "id": s.id, "device": s.device, "kind": s.kind, "created_at": s.created_at, "last_seen_at": s.last_seen_at,
        "is_this": s.id == actor.session_id,
    } for s in accounts.list_sessions(actor.id)]
    return personal(page("accounts/settings.html", problem.status if problem else 200, sessions=rows, **told(problem),
                         person={"name": g.person.name, "phone_masked": accounts.mask_phone(g.person.phone)}))


@blueprint.post("/me/settings/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """End one of my sessions."""
    current_actor().must_be_person()
    accounts.end_session(current_actor(), session_id)
    return redirect(url_for(".settings"), 303)


@blueprint.post("/me/settings/password")
@reads_first
def change_password() -> Response:
    """Set a new password after proving the old one."""
    current_actor().must_be_person()
    try:
        accounts.prove(g.person.phone, request.form.get("old_password", ""), request.remote_addr or "")
        hashed = accounts.hash_password(request.form.get("password", ""), g.person.phone)
    except Problem as problem:
        leave_behind(problem)
        problem.status = 422 if problem.status == 401 else problem.status
        return _settings(problem)
    actor = current_actor()
    begin_writing()
    accounts.change_password(actor, accounts.get_person(actor.id), hashed, keep_session_id=actor.session_id)
    return redirect(url_for(".settings"), 303)
