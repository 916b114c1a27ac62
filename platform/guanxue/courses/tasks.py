"""What the worker does for courses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid, NotFound, Problem
from guanxue.core.i18n import lazy as _
from guanxue.courses import drafting, exporting, importing, packages, parcels, queries, reviews, rules, tidying
from guanxue.jobs import Running


def move_parcel(job: Running) -> None:
    """courses.parcel: read a course package, make a draft of it, or write one. Its step says what is left, so twice is once."""
    person_id, ticket = job.payload["person_id"], job.payload["ticket"]
    try:
        actor, state = parcels.actor_of(person_id), parcels.find(person_id, ticket)
        session.remove()
        if state["step"] == parcels.LOOKING:
            parcels.look(actor, ticket)
        elif state["step"] == parcels.TAKING:
            take_parcel(actor, ticket)
        elif state["step"] == parcels.PACKING:
            pack_parcel(actor, ticket, lambda done: _tell(job, person_id, ticket, done))
    except NotFound:  # dropped, or a day old
        return
    except Problem as problem:
        session.remove()
        parcels.note_failure(person_id, ticket, problem)
    finally:
        session.remove()


def _tell(job: Running, person_id: int, ticket: str, done: float) -> None:
    job.report(done)
    parcels.put(person_id, ticket, parcels.find(person_id, ticket) | {"done": round(done * 1000)})


def pack_parcel(actor: Actor, ticket: str, report: Callable[[float], None] = lambda _f: None) -> None:
    """Write the package that was asked for. Raises Problem."""
    state = parcels.find(actor.id, ticket)
    course = queries.get_course(state["slug"], actor)
    if not rules.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    parcel = exporting.parcel_of(course, of_draft=state["of_draft"], with_films=state["with_films"])
    session.remove()
    parcels.pack(actor, ticket, parcel, report)


def give_up_parcel(payload: dict, _reason: str) -> None:
    """A package that could not be read or written again and again; it may have been dropped since."""
    with suppress(NotFound):
        parcels.note_failure(payload["person_id"], payload["ticket"], Invalid(_("没有做成，请再试一次；还不行就告诉管理员。")))


def take_parcel(actor: Actor, ticket: str) -> None:
    """The package becomes the actor's draft: the slow part first, then one short transaction. Raises Problem."""
    state = parcels.find(actor.id, ticket)
    package = parcels.package_of(actor.id, ticket)
    with packages.opened(package, package.parent) as root:
        folder = importing.take_folder(root, for_draft=True)
    session.remove()
    with writing():
        course = drafting.take_up(actor, folder, state["outlook"]["version"])
        slug = course.slug
    package.unlink(missing_ok=True)
    parcels.put(actor.id, ticket, state | {"step": parcels.READY, "slug": slug, "done": 1000})


def sweep_parcels(_job: Running) -> None:
    """courses.sweep_parcels: packages older than a day go. Twice is once."""
    with writing():
        parcels.sweep()


def settle_rights(_job: Running) -> None:
    """Stop new enrolments where a licence has ended, and ask for tomorrow's look. Twice is once."""
    with writing():
        reviews.settle_all(SYSTEM)
        reviews.watch_rights()


def tidy_drafts(_job: Running) -> None:
    """Fold what scripts saved, forget what was removed long ago, and ask for tomorrow's round. Twice is once."""
    with writing():
        tidying.tidy_drafts()
        tidying.watch_drafts()
