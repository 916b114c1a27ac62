"""Gathering what detectors look at, and finding what they found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from sqlalchemy import func, or_, select

from guanxue import accounts, classes, learning, policies, quizzes
from guanxue.classes import Attendance, ClassCompletion
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.oversight import thresholds
from guanxue.oversight.detectors import DEVICE, Call, Completed, Play, Sat, Try
from guanxue.oversight.errors import NoSuchFinding, NoSuchRoom
from guanxue.oversight.models import Finding, FindingPerson, Room, RoomMark, Sighting

PER_PAGE = 30
_AT_ONCE = 500  # names in one question
_NEVER = datetime.max.replace(tzinfo=UTC)


# ---- what detectors look at


class Owners:
    """Who is behind an account: what one person does under two accounts is one person's."""

    def __init__(self) -> None:
        self._known: dict[int, int] = {}

    def of(self, person_id: int) -> int:
        """The account that the person signs in with."""
        if person_id not in self._known:
            self._known[person_id] = accounts.all_accounts_of(person_id)[-1]
        return self._known[person_id]


def list_plays(since_ms: int, until_ms: int, owners: Owners) -> list[Play]:
    """Playbacks opened in between, with from where, as far as it is known."""
    heard = learning.list_heard(since_ms, until_ms)
    seen = _seen_by_ref(f"playback:{h.id}" for h in heard)
    return [Play(ref, owners.of(h.person_id), *seen.get(ref, ("", "")), h.opened_ms, h.heard_ms, h.ended_ms)
            for h in heard for ref in (f"playback:{h.id}",)]


def list_tries(since: datetime, until: datetime, owners: Owners) -> tuple[list[Try], list[Try]]:
    """(attempts handed in in between, all attempts at the papers of those): what is rare only the whole paper tells."""
    whole = quizzes.list_sheets(since, until)
    recent = [s for s in whole if since <= s.submitted_at < until]
    seen = _seen_by_ref(f"attempt:{s.attempt_id}" for s in recent)
    firsts: dict[tuple[int, int], str] = {}
    for s in whole:
        firsts.setdefault((owners.of(s.person_id), s.paper_id), s.attempt_id)
    all_tries = [_try(s, owners.of(s.person_id), firsts, seen) for s in whole]
    wanted = {f"attempt:{s.attempt_id}" for s in recent}
    return [x for x in all_tries if x.ref in wanted], all_tries


def _try(s: quizzes.Sheet, person_id: int, firsts: dict, seen: dict[str, tuple[str, str]]) -> Try:
    ref = f"attempt:{s.attempt_id}"
    return Try(ref, person_id, s.paper_id, *seen.get(ref, ("", "")), _ms(s.started_at), _ms(s.submitted_at), s.chars, s.score,
               firsts[(person_id, s.paper_id)] == s.attempt_id, s.labels)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _seen_by_ref(refs: Iterable[str]) -> dict[str, tuple[str, str]]:
    """(device, network) by reference: from where each was opened first."""
    found: dict[str, tuple[str, str]] = {}
    wanted = list(refs)
    for n in range(0, len(wanted), _AT_ONCE):
        for row in session.execute(select(Sighting.ref, Sighting.device, Sighting.network)
                                   .where(Sighting.ref.in_(wanted[n:n + _AT_ONCE])).order_by(Sighting.id)):
            found.setdefault(row.ref, (row.device, row.network))
    return found


def list_devices(since: datetime, until: datetime, owners: Owners) -> list[tuple[str, int, str]]:
    """(device, person, reference) of what was opened in between outside of what was a training room then."""
    in_room = _rooms()
    rows = session.execute(select(Sighting.device, Sighting.network, Sighting.person_id, Sighting.ref, Sighting.at)
                           .where(Sighting.at >= since, Sighting.at < until, Sighting.device != "").order_by(Sighting.id))
    return [(row.device, owners.of(row.person_id), row.ref) for row in rows if not in_room(row.device, row.network, row.at)]


def outside_rooms(plays: Iterable[Play]) -> list[Play]:
    """Those that were not opened in what was a training room then: a class may well study in one."""
    in_room = _rooms()
    return [p for p in plays if not in_room(p.device, p.network, clock.moment_of(p.opened_ms))]


def _rooms() -> Callable[[str, str, datetime], bool]:
    """Did the machine or the line belong to a training room at that moment?"""
    found: dict[tuple[str, str], list[tuple[datetime, datetime]]] = defaultdict(list)
    for mark, closed_at in session.execute(select(RoomMark, Room.closed_at).join(Room, Room.id == RoomMark.room_id)):
        ends = [moment for moment in (mark.removed_at, closed_at) if moment is not None]
        found[mark.kind, mark.value].append((mark.added_at - thresholds.MARKED_LATE, min(ends, default=_NEVER)))
    return lambda device, network, at: any(
        begin <= at < end for mark in (("device", device), ("network", network)) for begin, end in found.get(mark, ()))


def people_on_devices(since: datetime, owners: Owners) -> dict[str, set[int]]:
    """Who was found on a browser since, by browser."""
    found: dict[str, set[int]] = defaultdict(set)
    for key, person_id in session.execute(
            select(Finding.key, FindingPerson.person_id).join(FindingPerson, FindingPerson.finding_id == Finding.id)
            .where(Finding.kind == DEVICE, Finding.found_at >= since)):
        found[key.split(":")[1]].add(owners.of(person_id))
    return found


def list_sat(since_ms: int, until_ms: int, owners: Owners) -> list[Sat]:
    """From when to when people were signed in in classrooms by their own phones, each stay by itself, as for the hours.

    A sign-out where no stay was open (none is taken any more) moved the end of the last one.
    """
    rows = session.scalars(select(Attendance).where(
        Attendance.received_ms >= since_ms, Attendance.received_ms < until_ms, Attendance.person_id.is_not(None),
        Attendance.kind.in_(("in", "out"))).order_by(Attendance.id)).all()
    seen = _seen_by_ref(f"attendance:{r.id}" for r in rows if r.kind == "in")
    stays: dict[tuple[int, int], list[tuple[Attendance, int | None]]] = defaultdict(list)
    for row in rows:
        mine = stays[row.meeting_id, row.place_id]  # signed in under one of two merged accounts, out under the other
        if row.kind == "out":
            mine[-1:] = [(begun, row.to_ms) for begun, _to_ms in mine[-1:]]
        elif not mine or mine[-1][1] is not None:
            mine.append((row, None))
    return [Sat(ref := f"attendance:{begun.id}", owners.of(begun.person_id), *seen.get(ref, ("", "")), begun.from_ms, to_ms)
            for mine in stays.values() for begun, to_ms in mine if to_ms is not None]


def list_completed(since: datetime, until: datetime, owners: Owners) -> dict[str, list[Completed]]:
    """Everybody who completed a class, of classes that somebody completed in between, by the class's reference."""
    recent = select(ClassCompletion.class_id).where(ClassCompletion.completed_at >= since, ClassCompletion.completed_at < until)
    rows = session.scalars(select(ClassCompletion).where(ClassCompletion.class_id.in_(recent)).order_by(ClassCompletion.id))
    found: dict[str, list[Completed]] = defaultdict(list)
    for row in rows:
        found[f"class:{row.evidence['class']}"].append(_completed(row, owners))
    return found


def _completed(row: ClassCompletion, owners: Owners) -> Completed:
    """What of it rests on a roll alone: hours as they are credited, and the first call of each such meeting."""
    lines: dict[int, list[Attendance]] = defaultdict(list)
    named = row.evidence["attendance"]
    for n in range(0, len(named), _AT_ONCE):
        for line in session.scalars(select(Attendance).where(Attendance.id.in_(named[n:n + _AT_ONCE])).order_by(Attendance.id)):
            lines[line.meeting_id].append(line)
    by_roll = {meeting_id for meeting_id, its in lines.items() if all(x.way == "roll" for x in its)}
    counted = classes.derive_completion(row).meetings_ms if by_roll else ()
    meetings = list(zip(row.evidence["meetings"], counted, strict=False))  # nothing is counted where there is a fault
    total = sum(ms for (meeting_id, *_span), ms in meetings if meeting_id in by_roll)
    calls = [Call(f"attendance:{first.id}", owners.of(int(first.by.partition(":")[2])), ends_ms, first.received_ms)
             for (meeting_id, _begins, ends_ms, _breaks), ms in meetings if ms and meeting_id in by_roll
             for first in [next(x for x in lines[meeting_id] if x.from_ms is not None)]]
    hour_ms = policies.get_policy(row.policy_id).numbers.class_hour_ms
    return Completed(owners.of(row.person_id), total * 1000 // hour_ms, tuple(calls))


# ---- findings


def get_finding(finding_id: int) -> Finding:
    """The finding. Raises NoSuchFinding."""
    found = session.get(Finding, finding_id)
    if found is None:
        raise NoSuchFinding(_("没有这条疑点，可能是网址写错了。"))
    return found


def list_findings(answer: str = "", kind: str = "", page: int = 1) -> Page[Finding]:
    """Findings that nobody has answered, the strongest first; or those dismissed or made cases, the newest first."""
    query = select(Finding).where(Finding.answer == answer if answer else Finding.answer.is_(None))
    if kind:
        query = query.where(Finding.kind == kind)
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    order = (Finding.answered_at.desc(), Finding.id.desc()) if answer else (Finding.score.desc(), Finding.id)
    rows = session.scalars(query.order_by(*order).offset((page - 1) * PER_PAGE).limit(PER_PAGE))
    return Page(list(rows), total, page, PER_PAGE)


def count_waiting() -> int:
    """How many findings nobody has answered."""
    return session.scalar(select(func.count()).select_from(Finding).where(Finding.answer.is_(None))) or 0


def people_of(finding_ids: Iterable[int]) -> dict[int, list[int]]:
    """Person ids by finding."""
    found: dict[int, list[int]] = {}
    for finding_id, person_id in session.execute(
            select(FindingPerson.finding_id, FindingPerson.person_id)
            .where(FindingPerson.finding_id.in_(list(finding_ids))).order_by(FindingPerson.person_id)):
        found.setdefault(finding_id, []).append(person_id)
    return found


def refs_found(kind: str, person_ids: Iterable[int]) -> set[str]:
    """What findings of that kind about these people rest on already."""
    rows = session.scalars(select(Finding.refs).join(FindingPerson, FindingPerson.finding_id == Finding.id)
                           .where(Finding.kind == kind, FindingPerson.person_id.in_(list(person_ids))))
    return {ref for refs in rows for ref in refs}


def find_by_key(key: str) -> Finding | None:
    """The finding of that occasion."""
    return session.scalar(select(Finding).where(Finding.key == key))


# ---- sightings and rooms


def sighting_of(ref: str) -> Sighting | None:
    """From where something was opened first."""
    return session.scalar(select(Sighting).where(Sighting.ref == ref).order_by(Sighting.id).limit(1))


def sightings_of(person_id: int, limit: int = 100) -> list[Sighting]:
    """From where the person opened things, the newest first."""
    return list(session.scalars(select(Sighting).where(Sighting.person_id.in_(accounts.all_accounts_of(person_id)))
                                .order_by(Sighting.id.desc()).limit(limit)))


def list_rooms() -> list[Room]:
    """Training rooms, those that are open first, by name."""
    return list(session.scalars(select(Room).order_by(Room.closed_at.is_not(None), Room.name, Room.id)))


def get_room(room_id: int) -> Room:
    """The training room. Raises NoSuchRoom."""
    room = session.get(Room, room_id)
    if room is None:
        raise NoSuchRoom(_("没有这间培训室。"))
    return room


def list_marks(room_id: int) -> list[RoomMark]:
    """Machines and lines that belong to the room now."""
    return list(session.scalars(select(RoomMark).where(RoomMark.room_id == room_id, RoomMark.removed_at.is_(None))
                                .order_by(RoomMark.id)))


def room_of(device: str, network: str) -> Room | None:
    """The open training room that the machine or the line belongs to."""
    is_marked = or_((RoomMark.kind == "device") & (RoomMark.value == device),
                    (RoomMark.kind == "network") & (RoomMark.value == network))
    return session.scalar(select(Room).join(RoomMark, RoomMark.room_id == Room.id)
                          .where(is_marked, RoomMark.removed_at.is_(None), Room.closed_at.is_(None)).limit(1))


