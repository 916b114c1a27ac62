"""Course packages between a look at them and what comes of it, and on their way out: a day beside the database, one person's.

A parcel is a folder <person>-<ticket> with state.json and, while it is needed, package.zip. Its `step`: looking (a job reads
it), looked (its report stands, somebody decides), taking (a job makes the draft), packing (a job writes it), ready, failed.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from guanxue import accounts, jobs, media
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.errors import Invalid, NotFound, Problem, TooLarge
from guanxue.core.i18n import in_every_language
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.courses import checking, drafting, importing
from guanxue.courses.errors import BadFolder
from guanxue.courses.exporting import Parcel, write_package
from guanxue.courses.folders import CourseFolder

WAITS = timedelta(days=1)
MOST_BYTES = 2 * 1024**3
SPARE_BYTES = 1024**3  # what the site itself needs of the disk
SMALL_BYTES = 4 * 1024**2  # what is larger is read and written by a job
MOST_PARCELS = 6  # of one person
CHUNK = 1024**2
JOB, SWEEP = "courses.parcel", "courses.sweep_parcels"
LOOKING, LOOKED, TAKING, PACKING, READY, FAILED = "looking", "looked", "taking", "packing", "ready", "failed"


def _root() -> Path:
    return settings().data_dir / "parcels"


def _place(person_id: int, ticket: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{32}", ticket):
        raise NotFound(_("没有这个课程包，可能已经过了一天。"))
    return _root() / f"{person_id}-{ticket}"


def package_of(person_id: int, ticket: str) -> Path:
    """Where the package lies."""
    return _place(person_id, ticket) / "package.zip"


def is_there(person_id: int, ticket: str) -> bool:
    """Is there a parcel of the person's with that ticket?"""
    return (_place(person_id, ticket) / "state.json").is_file()


def begin(actor: Actor, ticket: str = "", **state: object) -> str:
    """A new parcel; its ticket. The oldest of too many goes."""
    _tidy(actor.id)
    ticket = ticket or secrets.token_hex(16)
    _place(actor.id, ticket).mkdir(parents=True)
    put(actor.id, ticket, {**state, "at": clock.now().isoformat(), "done": 0})
    return ticket


def receive(actor: Actor, name: str, stream: BinaryIO) -> str:
    """Put a package aside that came in; its ticket. Asks no database. Raises Invalid, NoRoom, TooLarge."""
    must_have_room(0)
    ticket = begin(actor, way="in", name=name[-120:], step=LOOKING)
    size = 0
    try:
        with package_of(actor.id, ticket).open("wb") as out:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > MOST_BYTES:
                    raise TooLarge(_("课程包最大 %(n)s GB。请不带视频导出，视频在课里另外上传。", n=MOST_BYTES // 1024**3))
                out.write(chunk)
        if not size:
            raise Invalid(_("文件是空的，请检查后重新选择。"))
    except BaseException:
        drop(actor.id, ticket)
        raise
    put(actor.id, ticket, find(actor.id, ticket) | {"size": size})
    return ticket


def take_pieces(actor: Actor, code: str, name: str, size: int) -> None:
    """The whole upload becomes a parcel of the same ticket. Asks no database. Raises NoRoom, NotWhole, UploadGone."""
    must_have_room(0)
    begin(actor, code, way="in", name=name[-120:], step=LOOKING, size=size)
    try:
        media.take_package(code, size, package_of(actor.id, code))
    except BaseException:
        drop(actor.id, code)
        raise


def must_have_room(size_bytes: int) -> None:
    """Raises NoRoom where the disk is too full for a package of that size, unpacked and packed."""
    _root().mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(_root()).free < 2 * size_bytes + SPARE_BYTES:
        raise media.NoRoom(_("服务器的磁盘快满了，放不下这个课程包。请告诉管理员，过一会儿再试。"))


def put(person_id: int, ticket: str, state: dict) -> None:
    """Write down how it stands; whole or not at all. One that was dropped meanwhile stays dropped."""
    place = _place(person_id, ticket)
    if place.is_dir():
        draft = place / f".{secrets.token_hex(4)}"
        draft.write_text(json.dumps(state, ensure_ascii=False), "utf-8")
        draft.replace(place / "state.json")


def find(person_id: int, ticket: str) -> dict:
    """How it stands. Raises NotFound, also for another person's and after a day."""
    try:
        return json.loads((_place(person_id, ticket) / "state.json").read_text("utf-8"))
    except (OSError, ValueError):
        raise NotFound(_("没有这个课程包，可能已经过了一天。")) from None


def list_mine(actor: Actor) -> list[tuple[str, dict]]:
    """(ticket, state) of the person's, newest first."""
    tickets = [p.name.partition("-")[2] for p in _root().glob(f"{actor.id}-*")] if _root().is_dir() else []
    found = [(t, find(actor.id, t)) for t in tickets if (_place(actor.id, t) / "state.json").is_file()]
    return sorted(found, key=lambda x: x[1]["at"], reverse=True)


def drop(person_id: int, ticket: str) -> None:
    """It is not wanted any more. Again is the same."""
    shutil.rmtree(_place(person_id, ticket), ignore_errors=True)


def drop_all(person_id: int) -> None:
    """Nothing of the person's stays. Again is the same."""
    for place in list(_root().glob(f"{person_id}-*")):
        shutil.rmtree(place, ignore_errors=True)


def _tidy(person_id: int) -> None:
    mine = sorted(_root().glob(f"{person_id}-*"), key=lambda p: p.stat().st_mtime)
    for place in mine[: max(0, len(mine) - MOST_PARCELS + 1)]:
        shutil.rmtree(place, ignore_errors=True)


def sweep() -> None:
    """Remove what is older than a day; ask for the next sweep while there is something."""
    oldest = (clock.now() - WAITS).timestamp()
    for place in list(_root().glob("*-*")):
        if place.stat().st_mtime < oldest:
            shutil.rmtree(place, ignore_errors=True)
    if any(_root().glob("*-*")):
        want_sweep()


def want_sweep() -> None:
    """Have the old ones removed; asked for again it is the same."""
    jobs.enqueue(SWEEP, {}, key="sweep", run_at=clock.now() + timedelta(hours=1))


def want(actor: Actor, ticket: str) -> None:
    """Have a job do what the parcel's step says."""
    jobs.enqueue(JOB, {"person_id": actor.id, "ticket": ticket}, key=ticket, priority=40)


def actor_of(person_id: int) -> Actor:
    """Somebody who is not there now, with what they may do now."""
    person = accounts.get_person(person_id)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


# ---- what is done with them


def look(actor: Actor, ticket: str) -> None:
    """Read what came in and write down its report and what would change. Reads the database, changes nothing in it."""
    state = find(actor.id, ticket)
    try:
        package = package_of(actor.id, ticket)
        folder = checking.look_at(package, lambda found: _foresee(actor, found, state), beside=package.parent)
    except BadFolder as problem:
        note_failure(actor.id, ticket, problem)
        return
    message = _("课程包里有问题，还不能带进来。") if folder.faults else ""
    put(actor.id, ticket, state | {
        "step": FAILED if folder.faults else LOOKED, "title": folder.title,
        "said": in_every_language(lambda: {"report": folder.report.to_document(), "message": str(message),
                                           "faults": _told(folder.faults), "unready": _told(folder.unready)})})


def _foresee(actor: Actor, folder: CourseFolder, state: dict) -> None:
    state["outlook"] = asdict(drafting.foresee(actor, folder))
    importing.foresee_losses(folder)


def note_failure(person_id: int, ticket: str, problem: Problem) -> None:
    """Write down why it could not be done."""
    said = in_every_language(lambda: {"message": str(problem.message), "faults": _told(problem.fields)})
    put(person_id, ticket, find(person_id, ticket) | {"step": FAILED, "said": said})


def _told(faults: list[dict]) -> list[dict]:
    return [{"where": f["field"], "why": str(f["message"])} for f in faults]


def pack(actor: Actor, ticket: str, parcel: Parcel, report: Callable[[float], None] = lambda _f: None) -> None:
    """Write a package that was asked for; asks no database. Raises BadFolder, OSError."""
    told = write_package(parcel, package_of(actor.id, ticket), report)
    said = in_every_language(lambda: {"report": told.to_document()})
    size = package_of(actor.id, ticket).stat().st_size
    put(actor.id, ticket, find(actor.id, ticket) | {"step": READY, "said": said, "size": size, "done": 1000})
