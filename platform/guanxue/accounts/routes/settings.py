"""A person's own settings: a hub of lines at /me/settings, each leading to a page of its own."""

from __future__ import annotations

from flask import Response, g, redirect, request, url_for

from guanxue import accounts
from guanxue.accounts.forms import answered, leave_behind, told
from guanxue.accounts.routes import blueprint
from guanxue.accounts.routes.identity import LEVEL_NAMES
from guanxue.core.db import begin_writing
from guanxue.core.errors import Problem
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first
from guanxue.core.web.pages import page, personal

METHODS = {"password": _("密码"), "code": _("短信验证码"), "register": _("注册时")}


@blueprint.get("/me/settings")
def settings() -> Response:
    """A calm list: what there is to set, how it stands, and the way there."""
    actor = current_actor()
    actor.must_be_person()
    count = len(accounts.list_sessions(actor.id))
    phone = accounts.mask_phone(g.person.phone) or gettext("没有")
    factor = gettext("已打开") if accounts.has_second_factor(actor.id) else gettext("没有打开")
    groups = [
        (gettext("登录"), [
            ("phone", gettext("手机号"), phone, url_for(".phone")),
            ("key", gettext("密码"), "", url_for(".password")),
            ("shield", gettext("两步验证"), factor, url_for(".second_factor")),
            ("list", gettext("登录设备"), gettext("%(n)s 个", n=count), url_for(".sessions")),
        ]),
        (gettext("我"), [
            ("person", gettext("身份信息"), str(LEVEL_NAMES[accounts.level_of(actor.id)]), url_for(".identity")),
            ("people", gettext("合并账号"), "", url_for(".merge")),
            ("lock", gettext("隐私和我的数据"), "", url_for(".privacy")),
        ]),
        (gettext("这部手机"), [("globe", gettext("语言和显示"), "", url_for(".display"))]),
    ]
    return personal(page("accounts/settings.html", name=g.person.name, groups=groups))


@blueprint.get("/me/settings/sessions")
def sessions() -> Response:
    """Where I am signed in, how each sign-in came about, and when a second factor was shown there."""
    actor = current_actor()
    actor.must_be_person()
    rows = [{
        "id": s.id, "device": s.device, "is_program": s.kind == "bearer", "created_at": s.created_at,
        "last_seen_at": s.last_seen_at, "is_this": s.id == actor.session_id, "proved_at": s.proved_at,
        "method": str(METHODS.get(s.method, "")),
    } for s in accounts.list_sessions(actor.id)]
    return personal(page("accounts/sessions.html", sessions=rows))


@blueprint.post("/me/settings/sessions/<int:session_id>/end")
def end_session(session_id: int) -> Response:
    """End one of my sessions."""
    current_actor().must_be_person()
    accounts.end_session(current_actor(), session_id)
    return redirect(url_for(".sessions"), 303)


@blueprint.post("/me/settings/sessions/end-others")
def end_other_sessions() -> Response:
    """End every session but this one."""
    current_actor().must_be_person()
    accounts.end_other_sessions(current_actor())
    return redirect(url_for(".sessions"), 303)


@blueprint.get("/me/settings/password")
def password() -> Response:
    """The form for a new password."""
    current_actor().must_be_person()
    return _password()


def _password(problem: Problem | None = None) -> Response:
    return personal(answered(problem, page("accounts/password.html", problem.status if problem else 200, **told(problem),
                                           can_send=accounts.can_send(), is_changed="changed" in request.args)))


@blueprint.post("/me/settings/password")
@reads_first
def change_password() -> Response:
    """Set a new password after proving the old one."""
    current_actor().must_be_person()
    try:
        accounts.prove(g.person.phone or "", request.form.get("old_password", ""), request.remote_addr or "")
        hashed = accounts.hash_password(request.form.get("password", ""), g.person.phone or "")
    except Problem as problem:
        leave_behind(problem)
        if problem.status == 401:
            problem.status, problem.fields = 422, [{"field": "old_password", "message": _("密码不对。")}]
        return _password(problem)
    actor = current_actor()
    begin_writing()
    accounts.change_password(actor, accounts.get_person(actor.id), hashed, keep_session_id=actor.session_id)
    return redirect(url_for(".password", changed=1), 303)


@blueprint.get("/me/settings/display")
def display() -> Response:
    """The language and the look of pages in this browser."""
    current_actor().must_be_person()
    return personal(page("accounts/display.html"))
