"""Classes for who holds and teaches them: the list, one of them, making and changing it, opening and closing."""

from __future__ import annotations

from flask import Response, redirect, request, url_for

from guanxue import accounts, classes, courses, policies
from guanxue.classes.routes import blueprint
from guanxue.classes.routes.telling import class_values, day_of, meetings_of, number_of, told_of
from guanxue.core import clock
from guanxue.core.errors import Conflict, Forbidden, Invalid, Problem, TooMany
from guanxue.core.i18n import Name, gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor
from guanxue.core.web.pages import page, personal

MOST_COURSES = 300  # in the form's list
STEPS = {"open": classes.open_class, "close": classes.close_class}


@blueprint.get("/teach/classes")
def teach_classes() -> Response:
    """The classes I hold, teach or inspect."""
    actor = current_actor()
    actor.must_be_person()
    if not (classes.may_make(actor) or actor.may("inspect")):
        raise Forbidden(_("这里给办班和教课的人用。你要参加的培训班在“我的培训班”。"))
    return personal(page("classes/teach_index.html", rows=[class_values(c) for c in classes.list_at_work(actor)],
                         may_make=classes.may_make(actor)))


@blueprint.get("/teach/classes/new")
def class_new() -> Response:
    """The form for a new class."""
    _must_make()
    return _form(None)


@blueprint.post("/teach/classes/new")
def class_create() -> Response:
    """Make it."""
    _must_make()
    try:
        made = classes.create_class(current_actor(), _facts())
    except Invalid as problem:
        return _form(None, problem)
    return redirect(url_for(".class_at_work", code=made.code), 303)


def _must_make() -> None:
    current_actor().must_be_person()
    if not classes.may_make(current_actor()):
        raise Forbidden(_("你没有做这件事的权限。"))


def _facts() -> classes.Facts:
    form = request.form
    return classes.Facts(
        title=form.get("title", ""), plan=form.get("plan", ""), institution=form.get("institution", ""),
        course=form.get("course", "").strip(), policy=form.get("policy", ""), begins_on=day_of("begins_on"),
        ends_on=day_of("ends_on"), seats=number_of("seats") or 0, share_permille=(number_of("share") or 0) * 10,
        is_public=form.get("is_public") == "yes")


def _form(cls: classes.TrainingClass | None, problem: Problem | None = None) -> Response:
    actor, today = current_actor(), clock.today().isoformat()
    values = {"title": "", "plan": "", "institution": "", "course": "", "policy_code": "light", "begins_on": today,
              "ends_on": today, "seats": 30, "share": 80, "is_public": False}
    if cls is not None:
        told = class_values(cls)
        place = classes.institution_of(cls)
        values |= {k: told[k] for k in values.keys() - {"course", "institution"}}
        values |= {"course": told["course"]["slug"] if told["course"] else "", "institution": place.slug if place else ""}
    if problem is not None:
        form = request.form
        values |= {k: form.get(k, "") for k in ("title", "plan", "institution", "course", "begins_on", "ends_on", "seats",
                                                "share")}
        values |= {"policy_code": form.get("policy", ""), "is_public": form.get("is_public") == "yes"}
    open_ones = courses.browse(courses.Query(status="open", per_page=MOST_COURSES)).items
    current = {p.code: gettext(p.title) for p in policies.list_policies() if p.effective_on <= clock.today()}
    return personal(page(
        "classes/class_form.html", problem.status if problem else 200, values=values, is_pinned=cls is not None
        and cls.state != "draft",
        code=cls.code if cls else "", institutions=[(o.slug, o.name) for o in classes.list_institutions(actor)],
        policies=list(current.items()), courses=[(i.slug, Name(i.title, i.title_en)) for i in open_ones], **told_of(problem)))


@blueprint.get("/teach/classes/<code>")
def class_at_work(code: str) -> Response:
    """One class: what is to be done next, its meetings, its roster in figures, who teaches it."""
    return _class_page(classes.get_class_at_work(current_actor(), code))


def _class_page(cls: classes.TrainingClass, problem: Problem | None = None) -> Response:
    actor = current_actor()
    states = [p.state for p in classes.list_places(cls.id)]
    ids = classes.teacher_ids(cls.id)
    names = accounts.names_of([cls.manager_id, *ids])
    meetings = meetings_of(cls)
    smallest = min((m["seats"] for m in meetings if m["seats"] and not m["is_cancelled"]), default=None)
    seated = sum(s in ("invited", "enrolled", "completed") for s in states)
    return personal(page(
        "classes/teach_class.html", problem.status if problem else 200, cls=class_values(cls), meetings=meetings,
        may_lead=classes.may_lead(actor, cls), may_teach=classes.may_teach(actor, cls), manager=names.get(cls.manager_id, ""),
        teachers=[{"id": one, "name": names.get(one, "")} for one in ids],
        counts={s: states.count(s) for s in classes.STATES}, states=classes.STATES,
        may_close=bool(meetings) and all(m["is_over"] or m["is_cancelled"] for m in meetings),
        too_small=smallest if smallest is not None and smallest < seated else None, seated=seated,
        phone=request.form.get("phone", "") if problem else "", reason=request.form.get("reason", "") if problem else "",
        **told_of(problem)))


@blueprint.get("/teach/classes/<code>/edit")
def class_edit(code: str) -> Response:
    """The form for changing it."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    return _form(cls)


@blueprint.post("/teach/classes/<code>/edit")
def class_change(code: str) -> Response:
    """Change it."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    facts = _facts()
    if cls.state != "draft":  # what stands is not in the form
        told = class_values(cls)
        facts = classes.Facts(**{**facts.__dict__, "share_permille": cls.share_permille, "policy": told["policy_code"]})
    try:
        classes.edit_class(current_actor(), cls, facts)
    except (Invalid, Conflict) as problem:
        return _form(cls, problem)
    return redirect(url_for(".class_at_work", code=cls.code), 303)


@blueprint.post("/teach/classes/<code>/state")
def class_state(code: str) -> Response:
    """Open it, close it, call it off."""
    actor, step = current_actor(), request.form.get("step", "")
    cls = classes.get_class_at_work(actor, code)
    classes.must_lead(actor, cls)
    try:
        if step == "cancel":
            classes.cancel_class(actor, cls, request.form.get("reason", ""))
        elif step in STEPS:
            STEPS[step](actor, cls)
        else:
            raise Invalid(_("请选要做什么。"))
    except (Invalid, Conflict) as problem:
        return _class_page(cls, problem)
    return redirect(url_for(".class_at_work", code=cls.code), 303)


@blueprint.post("/teach/classes/<code>/teachers")
def class_teacher_add(code: str) -> Response:
    """Somebody teaches it too."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.must_lead(current_actor(), cls)
    try:
        classes.add_teacher(current_actor(), cls, request.form.get("phone", ""))
    except (Invalid, Conflict, TooMany) as problem:
        return _class_page(cls, problem)
    return redirect(url_for(".class_at_work", code=cls.code) + "#teachers", 303)


@blueprint.post("/teach/classes/<code>/teachers/<int:person_id>/remove")
def class_teacher_remove(code: str, person_id: int) -> Response:
    """Somebody teaches it no longer."""
    cls = classes.get_class_at_work(current_actor(), code)
    classes.remove_teacher(current_actor(), cls, person_id)
    return redirect(url_for(".class_at_work", code=cls.code) + "#teachers", 303)

