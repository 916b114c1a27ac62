"""Course packages by page: one comes in, is looked at and becomes a draft; a course goes out as one, with what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from threading import BoundedSemaphore

from flask import Response, jsonify, redirect, request, send_file, url_for

from guanxue import courses, media
from guanxue.core.db import begin_writing, end_work, writing
from guanxue.core.errors import Crowded, Invalid, NotFound, Problem
from guanxue.core.i18n import in_present_language
from guanxue.core.i18n import lazy as _
from guanxue.core.web.dispatch import current_actor, reads_first, takes_upload
from guanxue.core.web.pages import page, personal
from guanxue.core.web.turnstile import outside
from guanxue.courses import losses, parcels, tasks
from guanxue.courses.routes import blueprint
from guanxue.courses.routes.teach import my_course, told_of

NOT_DONE = _("没有做成，请再试一次；还不行就告诉管理员。")
MOST_SHOWN = 200  # lines of one report
# Sounds in a small package are converted one by one: so many packages at once in a process, the others are a job's.
MOST_AT_ONCE = 2
at_once = BoundedSemaphore(MOST_AT_ONCE)
FACT_NAMES = {
    "title": _("名称"), "title_en": _("英文名"), "kind": _("类别"), "level": _("等级"), "occupation": _("工种"),
    "language": _("语言"), "delivery": _("学习方式"), "summary": _("简介"), "planned_hours_milli": _("计划学时"),
    "pass_mark": _("及格分"), "is_subsidised": _("申请补贴"), "policy_code": _("学时怎么算"),
    "category_path": _("分类"), "syllabus": _("教学要点"),
    "sections": _("小节"), "towns": _("镇街"),
}


# ---- in


@blueprint.get("/teach/bring")
def teach_bring() -> Response:
    """The form for a package, and what is on its way in or out."""
    current_actor().require("teach")
    return _bring_page()


def _bring_page(problem: Problem | None = None) -> Response:
    mine = [{"url": url_for(".teach_parcel", ticket=ticket), "name": x["name"], "way": x["way"], "step": x["step"]}
            for ticket, x in parcels.list_mine(current_actor())]
    return personal(page("courses/teach_bring.html", problem.status if problem else 200, parcels=mine,
                         most_gigabytes=parcels.MOST_BYTES // 1024**3,
                         most_in_pieces=media.MOST_PACKAGE_BYTES // 1024**3, **told_of(problem)))


@blueprint.post("/teach/bring")
@reads_first
@takes_upload(parcels.MOST_BYTES + 1024**2)
def teach_bring_send() -> Response:
    """Put the package aside; a small one is looked at now, a large one by a job."""
    actor, upload, code = current_actor(), request.files.get("file"), request.form.get("upload", "")
    actor.require("teach")
    if code:
        return _taken_from_pieces(code)
    end_work(commit=False)
    try:
        if upload is None or not upload.filename:
            raise Invalid(_("请先选一个课程包（.zip）。"))
        with outside(request.environ):
            ticket = parcels.receive(actor, upload.filename, upload.stream)
    except Problem as problem:
        return _bring_page(problem)
    _begin_to_look(ticket)
    return redirect(url_for(".teach_parcel", ticket=ticket), 303)


def _done_now(size_bytes: int, work: Callable[[], object]) -> bool:
    """Do it while the browser waits, where it is small and few others are at it; False: a job has to."""
    if size_bytes > parcels.SMALL_BYTES or not at_once.acquire(blocking=False):
        return False
    try:
        with outside(request.environ):
            work()
    except Crowded:
        return False
    finally:
        at_once.release()
    return True


def _begin_to_look(ticket: str) -> None:
    """Now where it is small, else by a job."""
    actor = current_actor()
    try:
        is_done = _done_now(parcels.find(actor.id, ticket)["size"], lambda: parcels.look(actor, ticket))
    except Exception:  # a fault of ours: the page must not say for a day that it is being read
        parcels.note_failure(actor.id, ticket, Invalid(NOT_DONE))
        raise
    end_work(commit=False)
    begin_writing()
    if not is_done:
        parcels.want(actor, ticket)
    parcels.want_sweep()


def _taken_from_pieces(code: str) -> Response:
    """A package that came in pieces; asked for again, because the first answer was lost, it is the same parcel."""
    actor = current_actor()
    if not parcels.is_there(actor.id, code):
        upload = media.get_upload(actor, code)
        if upload.aim != media.PACKAGE:
            raise NotFound(_("没有这次上传。"))
        name, size = upload.filename, upload.size_bytes
        end_work(commit=False)
        with outside(request.environ):
            parcels.take_pieces(actor, code, name, size)
        with writing():
            media.drop_upload(actor, code)
        media.forget_arrived([code])
        _begin_to_look(code)
    place = url_for(".teach_parcel", ticket=code)
    if request.accept_mimetypes.best == "application/json":
        return personal(jsonify(place=place))
    return redirect(place, 303)


@blueprint.get("/teach/parcels/<ticket>")
def teach_parcel(ticket: str) -> Response:
    """How a package stands: being read or written, looked at with its report, brought in, ready to be fetched."""
    actor = current_actor()
    actor.require("teach")
    return _parcel_page(ticket, parcels.find(actor.id, ticket))


def _parcel_page(ticket: str, state: dict, problem: Problem | None = None) -> Response:
    outlook, said = state.get("outlook") or {}, in_present_language(state["said"]) if "said" in state else {}
    told = told_of(problem) if problem else {"message": said.get("message", ""), "errors": {}, "faults": []}
    return personal(page(
        "courses/teach_parcel.html", problem.status if problem else 200, ticket=ticket, name=state["name"], way=state["way"],
        step=state["step"], percent=state["done"] // 10, size=state.get("size", 0), title=state.get("title") or state["name"],
        course=_course_values(state.get("slug", "")), stays=[str(x) for x in losses.STAYS],
        report=_report_values(said.get("report")), found=said.get("faults", [])[:MOST_SHOWN],
        unready=said.get("unready", [])[:MOST_SHOWN], outlook=_outlook_values(outlook) if outlook else None, **told))


def _course_values(slug: str) -> dict | None:
    return {"slug": slug} if slug and courses.find_course(slug, current_actor()) else None


def _report_values(report: dict | None) -> dict | None:
    """The counts by kind, and what is left out or changed, as templates show them."""
    if report is None:
        return None
    counts = [{"what": str(losses.NAMES[kind]), **told} for kind, told in report["counts"].items() if told["total"]]
    return {"counts": counts, "left_out": report["left_out"][:MOST_SHOWN], "noted": report["noted"][:MOST_SHOWN],
            "hidden": max(0, len(report["left_out"]) - MOST_SHOWN) + max(0, len(report["noted"]) - MOST_SHOWN)}


def _outlook_values(outlook: dict) -> dict:
    return {**{k: outlook[k] for k in ("slug", "title", "is_taken", "is_read", "twin")},
            "lessons": [{"what": what, "title": title} for what, title in outlook["lessons"]],
            "facts": [str(FACT_NAMES[name]) for name in outlook["facts"]],
            "is_same": bool(outlook["slug"]) and not outlook["lessons"] and not outlook["facts"]}


@blueprint.post("/teach/parcels/<ticket>")
@reads_first
def teach_parcel_take(ticket: str) -> Response:
    """Make the draft that was looked at."""
    actor = current_actor()
    actor.require("teach")
    state = parcels.find(actor.id, ticket)
    end_work(commit=False)
    if state["step"] != parcels.LOOKED or state["outlook"]["is_read"]:
        return redirect(url_for(".teach_parcel", ticket=ticket), 303)
    parcels.put(actor.id, ticket, state | {"step": parcels.TAKING})
    try:
        is_done = _done_now(state["size"], lambda: tasks.take_parcel(actor, ticket))
    except Problem as problem:
        parcels.put(actor.id, ticket, state)
        with outside(request.environ):
            parcels.look(actor, ticket)
        return _parcel_page(ticket, parcels.find(actor.id, ticket), problem)
    if not is_done:
        end_work(commit=False)
        begin_writing()
        parcels.want(actor, ticket)
    return redirect(url_for(".teach_parcel", ticket=ticket), 303)


@blueprint.post("/teach/parcels/<ticket>/drop")
@reads_first
def teach_parcel_drop(ticket: str) -> Response:
    """It is not wanted any more."""
    actor = current_actor()
    actor.require("teach")
    parcels.find(actor.id, ticket)
    parcels.drop(actor.id, ticket)
    return redirect(url_for(".teach_bring"), 303)


# ---- out


@blueprint.get("/teach/<slug>/take-along")
def teach_take_along(slug: str) -> Response:
    """What a package of the course would hold, and what not, with and without films."""
    return _take_page(my_course(slug))


def _take_page(course: courses.Course, problem: Problem | None = None) -> Response:
    ways = []
    for of_draft in (False, True) if course.revision_id else (True,):
        try:
            parcel = courses.parcel_of(course, of_draft=of_draft)
        except Problem as fault:
            ways.append({"of_draft": of_draft, "why": str(fault.message), "report": None, "size": 0, "films": 0, "light": 0})
            continue
        light = courses.parcel_of(course, of_draft=of_draft, with_films=False)
        document = parcel.report.to_document()
        films = document["counts"].get(losses.FILMS, {"total": 0})["total"]
        ways.append({"of_draft": of_draft, "why": "", "report": _report_values(_foreseen(document)), "size": parcel.size_bytes,
                     "films": films, "light": light.size_bytes})
    return personal(page("courses/teach_take_along.html", problem.status if problem else 200,
                         course={"slug": course.slug, "title": course.title}, ways=ways, stays=[str(x) for x in losses.STAYS],
                         **told_of(problem)))


def _foreseen(document: dict) -> dict:
    """Questions and subtitles are counted as carried once they were read back; before, all of them are meant to be."""
    read_back = (losses.QUESTIONS, losses.CUES)
    counts = {kind: {**told, "carried": told["total"] - told["left_out"]} if kind in read_back else told
              for kind, told in document["counts"].items()}
    return {**document, "counts": counts}


@blueprint.post("/teach/<slug>/take-along")
@reads_first
def teach_take_pack(slug: str) -> Response:
    """Write the package: a small one now, a large one by a job."""
    actor, form, course = current_actor(), request.form, my_course(slug)
    of_draft, with_films = form.get("what") == "draft" or course.revision_id is None, form.get("films") == "yes"
    title = course.title
    try:
        parcel = courses.parcel_of(course, of_draft=of_draft, with_films=with_films)
        parcels.must_have_room(parcel.size_bytes)
    except Problem as problem:
        return _take_page(course, problem)
    end_work(commit=False)
    ticket = parcels.begin(actor, way="out", name=f"{slug}.zip", title=title, slug=slug, of_draft=of_draft,
                           with_films=with_films, step=parcels.PACKING)
    is_done = _done_now(parcel.size_bytes, lambda: parcels.pack(actor, ticket, parcel))
    begin_writing()
    if not is_done:
        parcels.want(actor, ticket)
    parcels.want_sweep()
    return redirect(url_for(".teach_parcel", ticket=ticket), 303)


@blueprint.get("/teach/parcels/<ticket>/package.zip")
def teach_parcel_fetch(ticket: str) -> Response:
    """The package, in one piece or by Range where a line broke."""
    actor = current_actor()
    actor.require("teach")
    state = parcels.find(actor.id, ticket)
    package = parcels.package_of(actor.id, ticket)
    if state["way"] != "out" or state["step"] != parcels.READY or not package.is_file():
        raise NotFound(_("没有这个课程包，可能已经过了一天。"))
    response = send_file(package, mimetype="application/zip", as_attachment=True, download_name=state["name"], conditional=True)
    return personal(response)
