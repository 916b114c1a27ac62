"""Who completed a class, and what of their attendance counts; and deriving that again from append-only rows.

Being there is being there: the share that has to be attended is counted without looking elsewhere. What is *credited* leaves
out every moment that counted already: online study in which the same person was really playing, and meetings of classes
they completed before. (docs/decisions/0025-classes.md)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from guanxue import accounts, audit, jobs
from guanxue.classes import queries, rules, study
from guanxue.classes.events import ClassCompleted
from guanxue.classes.models import (
    CLOSED,
    COMPLETED,
    ENROLLED,
    SEATED,
    Attendance,
    ClassCompletion,
    Meeting,
    Place,
    TrainingClass,
)
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.events import emit
from guanxue.core.i18n import lazy as _


@dataclass(frozen=True)
class Standing:
    """How somebody stands in a class. Times in milliseconds; `taught_ms` of the meetings that are over.

    `is_course_done` is None where the class has no course.
    """

    attended_ms: int
    taught_ms: int
    is_enough: bool
    is_course_done: bool | None
    online_ms: int

    @property
    def is_complete(self) -> bool:
        """Enough attended, and the course complete where there is one."""
        return self.is_enough and self.is_course_done is not False


def standing_of(cls: TrainingClass, place: Place) -> Standing:
    """What the lines say now."""
    over = [m for m in queries.list_meetings(cls.id, with_cancelled=False) if m.ends_at <= clock.now()]
    rows = _rows(over, place)
    taught = _length_ms(_taught(m) for m in over)
    attended = _length_ms(_attended(m, rows) for m in over)
    people = _people(place)
    done = online = None
    if cls.course_id is not None:
        done = bool(people and study.ask().completion_of(people, cls.course_id))
        online = study.ask().online_ms(people, cls.course_id) if people else 0
    return Standing(attended, taught, rules.is_enough(attended, taught, cls.share_permille), done, online or 0)


def _people(place: Place) -> list[int]:
    return accounts.accounts_of(place.person_id) if place.person_id else []


def _rows(meetings: list[Meeting], place: Place) -> list[Attendance]:
    """The lines that count: what a case set aside is left out of what is not complete yet, and named by no completion."""
    rows = queries.list_attendance([m.id for m in meetings], queries.joined_ids(place))
    return queries.lines_that_count(rows, set_aside(place))


def set_aside(place: Place) -> dict[int, str]:
    """{line of attendance: code of the case that set it aside} of whoever has the place, under all their accounts."""
    return queries.lines_set_aside([place.person_id]) if place.person_id else {}


def set_aside_in(cls: TrainingClass, place: Place) -> dict[int, str]:
    """As set_aside(), of the lines that were written for the place in this class."""
    told = set_aside(place)
    lines = queries.list_attendance((m.id for m in queries.list_meetings(cls.id)), queries.joined_ids(place)) if told else []
    return {row.id: told[row.id] for row in lines if row.id in told}


def _taught(meeting: Meeting) -> list[rules.Span]:
    return rules.teaching_spans(queries.begins_ms(meeting), queries.ends_ms(meeting), meeting.breaks)


def taught_ms(meeting: Meeting) -> int:
    """How long a meeting teaches, without its breaks, in milliseconds."""
    return rules.length_ms(_taught(meeting))


def _length_ms(meetings: Iterable[Sequence[rules.Span]]) -> int:
    """How long meetings are together; a moment that several of them hold is one."""
    return rules.length_ms(rules.joined(span for spans in meetings for span in spans))


def _attended(meeting: Meeting, rows: list[Attendance]) -> list[rules.Span]:
    """What was attended of a meeting."""
    presence = queries.presence_of(r for r in rows if r.meeting_id == meeting.id)
    return rules.attended_spans(presence, queries.begins_ms(meeting), queries.ends_ms(meeting), meeting.breaks)


def counted_ms(cls: TrainingClass, place: Place) -> list[int]:
    """What of each meeting that is over is credited, or would be, in milliseconds: no moment that counts elsewhere."""
    done = queries.find_completion(place.id)
    if done is not None:
        return list(derive_completion(done).meetings_ms)
    over = [m for m in queries.list_meetings(cls.id, with_cancelled=False) if m.ends_at <= clock.now()]
    rows, people = _rows(over, place), _people(place)
    attended = [_attended(m, rows) for m in over]
    stretches = [(spans[0][0], spans[-1][1]) for spans in attended if spans]
    if not stretches or not people:
        return [rules.length_ms(spans) for spans in attended]
    before = counted_spans(people, min(a for a, _b in stretches), max(b for _a, b in stretches))
    taken = [*study.ask().playing(_playing(people, stretches)), *(span for _written, span in before)]
    return [rules.length_ms(spans) for spans in _counted(attended, taken)]


def _playing(people: list[int], stretches: Iterable[rules.Span]) -> study.Names:
    """What they may have been playing in any of the stretches, as it stands."""
    found: dict[int, int] = {}
    for from_ms, to_ms in stretches:
        found |= dict(study.ask().name_playing(people, from_ms, to_ms))
    return [[one, last] for one, last in sorted(found.items())]


# ---- completing


def settle_class(class_id: int) -> int:
    """Complete a closed class for whoever did; how many have it now."""
    cls = session.get(TrainingClass, class_id)
    places = [p for p in queries.list_places(cls.id) if p.state in SEATED]
    return sum(settle_place(cls, place) is not None for place in places)


def settle_place(cls: TrainingClass, place: Place) -> ClassCompletion | None:
    """The completion, made if it is due: the class is closed, enough was attended, the course is complete. Once."""
    there = queries.find_completion(place.id)
    if there is not None:
        return there
    if cls.state != CLOSED or place.person_id is None or place.state != ENROLLED or not standing_of(cls, place).is_complete:
        return None
    accounts.lock_person(place.person_id)
    evidence = _named(cls, place)
    if _is_spent(cls.id, evidence["attendance"]):
        return None  # the account was merged, completed the class with these lines, and parted
    worth = derive(evidence)
    made = ClassCompletion(
        place_id=place.id, class_id=cls.id, person_id=place.person_id, policy_id=cls.policy_id,
        attended_ms=sum(worth.meetings_ms), evidence=evidence, evidence_digest=digest_of(evidence), completed_at=clock.now())
    session.add(made)
    place.state = COMPLETED
    session.flush()
    audit.record(SYSTEM, "classes.class.completed", f"completion:{made.id}", {"class": cls.code,
        "attended_ms": made.attended_ms})
    emit(ClassCompleted(made.id, cls.id, made.person_id))
    return made


def _is_spent(class_id: int, rows: list[int]) -> bool:
    """Does another completion of the class rest on one of these lines?"""
    others = session.scalars(select(ClassCompletion).where(ClassCompletion.class_id == class_id)).all()
    return any(not set(rows).isdisjoint(c.evidence["attendance"]) for c in others)


def is_spent(row: Attendance) -> bool:
    """Is there a completion for whoever the line was written, or another that rests on it? Then it changes nothing any more."""
    class_id = session.get(Place, row.place_id).class_id
    return queries.find_completion(row.place_id) is not None or _is_spent(class_id, [row.id])


def own_completion(place_id: int) -> ClassCompletion | None:
    """The completion that was written for this very place."""
    return session.scalar(select(ClassCompletion).where(ClassCompletion.place_id == place_id))


def settle_course(person_id: int, course_id: int) -> None:
    """Somebody completed a course: closed classes that waited for it are complete now."""
    rows = session.execute(
        select(TrainingClass, Place).join(Place, Place.class_id == TrainingClass.id)
        .where(TrainingClass.course_id == course_id, TrainingClass.state == CLOSED, Place.state == ENROLLED,
               Place.person_id.in_(accounts.accounts_of(person_id)), Place.joined_to_id.is_(None)).order_by(Place.id)).all()
    for cls, place in rows:
        settle_place(cls, place)


def settle_course_later(person_id: int, course_id: int) -> None:
    """What settling that failed is left to: a job."""
    jobs.enqueue("classes.settle", {"person_id": person_id, "course_id": course_id}, key=f"{person_id}:{course_id}")


def _named(cls: TrainingClass, place: Place) -> dict:
    """Everything a completion rests on, as it stands now."""
    meetings = queries.list_meetings(cls.id, with_cancelled=False)
    people = _people(place)
    playing = _playing(people, ((queries.begins_ms(m), queries.ends_ms(m)) for m in meetings))
    before = select(ClassCompletion.id).where(ClassCompletion.person_id.in_(people)).order_by(ClassCompletion.id)
    return {
        "rule": rules.RULE, "class": cls.code, "share_permille": cls.share_permille,
        "meetings": [[m.id, queries.begins_ms(m), queries.ends_ms(m), m.breaks] for m in meetings],
        "attendance": [r.id for r in _rows(meetings, place)],
        "course": study.ask().completion_of(people, cls.course_id) if cls.course_id else None,
        "playing": playing, "before": list(session.scalars(before)),
    }


def digest_of(evidence: dict) -> str:
    """sha256 over the evidence as canonical JSON."""
    return hashlib.sha256(json.dumps(evidence, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


# ---- deriving it again


@dataclass(frozen=True)
class Derived:
    """What append-only rows say: milliseconds that count of each meeting, all spans of them, every fault found."""

    meetings_ms: tuple[int, ...]
    spans: tuple[rules.Span, ...]
    faults: tuple[object, ...] = ()
    attended_permille: int | None = None  # of what was taught, whether it counts elsewhere or not; None where nothing was


def derive(evidence: dict, known: dict[int, Derived] | None = None, beside: Sequence[rules.Span] = ()) -> Derived:
    """Judge what a completion names again. Reads attendance, meetings, kept claims and earlier completions; no cache.

    `known`: earlier completions that were derived already, by row id; it grows. `beside`: moments that count elsewhere, too.
    """
    faults: list[object] = []
    meetings = [_meeting(one, faults) for one in evidence["meetings"]]
    rows = [session.get(Attendance, one) for one in evidence["attendance"]]
    if None in rows:
        faults.append(_("考勤记录少了。"))
    kept = [r for r in rows if r is not None]
    taken = [*study.ask().playing(evidence["playing"]), *beside]
    known = {} if known is None else known
    for one in evidence["before"]:  # oldest first, and each names those before it: without `known` twice as much for each more
        if one not in known:
            known[one] = derive(queries.get_completion(one).evidence, known)
        taken += known[one].spans
    attended = [_attended(m, kept) for m in meetings if m is not None]
    taught = _length_ms(_taught(m) for m in meetings if m is not None)
    there = _length_ms(attended)
    if not rules.is_enough(there, taught, evidence["share_permille"]):
        faults.append(_("到课的时间不够。"))
    counted = _counted(attended, taken)
    if len(set(evidence["attendance"])) != len(evidence["attendance"]):
        faults.append(_("同一条考勤记录算了两次。"))
    return Derived(tuple(rules.length_ms(s) for s in counted), tuple(rules.joined(x for s in counted for x in s)),
                   tuple(faults), there * 1000 // taught if taught else None)


def _counted(attended: Sequence[Sequence[rules.Span]], taken: Iterable[rules.Span]) -> list[list[rules.Span]]:
    """What counts of each meeting: no moment that is taken, nor one of a meeting before it."""
    counted, taken = [], list(taken)
    for spans in attended:
        counted.append(rules.without(spans, taken))
        taken += counted[-1]
    return counted


def _meeting(named: list, faults: list[object]) -> Meeting | None:
    meeting = session.get(Meeting, named[0])
    if meeting is None or [queries.begins_ms(meeting), queries.ends_ms(meeting), meeting.breaks] != named[1:]:
        faults.append(_("一次课的时间在结业以后被改动过。"))
    return meeting


def counted_spans(person_ids: Iterable[int], from_ms: int, to_ms: int) -> list[tuple[int, rules.Span]]:
    """(when it was written, span) of each moment in [from, to) that counts in a class completed by these accounts; epoch
    milliseconds. Study that is heard of only afterwards counts at other moments alone.
    """
    known: dict[int, Derived] = {}
    found = []
    rows = session.scalars(select(ClassCompletion).where(ClassCompletion.person_id.in_(list(person_ids)))
                           .order_by(ClassCompletion.id))
    for one in rows:
        if any(begins < to_ms and ends > from_ms for _id, begins, ends, _breaks in one.evidence["meetings"]):
            written = round(one.completed_at.timestamp() * 1000)
            found += [(written, (max(a, from_ms), min(b, to_ms))) for a, b in derive(one.evidence, known).spans
                      if a < to_ms and b > from_ms]
    return found


def derive_completion(completion: ClassCompletion, beside: Sequence[rules.Span] = ()) -> Derived:
    """What a completion's evidence says now, with every fault; nothing counts where there is one, nor what is `beside`."""
    found = derive(completion.evidence, beside=beside)
    faults = list(found.faults)
    if digest_of(completion.evidence) != completion.evidence_digest:
        faults.append(_("结业记录被改动过。"))
    if any(c.id < completion.id and not set(c.evidence["attendance"]).isdisjoint(completion.evidence["attendance"])
           for c in session.scalars(select(ClassCompletion).where(ClassCompletion.class_id == completion.class_id))):
        faults.append(_("同一条考勤记录算了两次。"))
    place = session.get(Place, completion.place_id)
    if place is None or place.class_id != completion.class_id:
        faults.append(_("结业记录没有对应的名册。"))
    if faults:
        return Derived((), (), tuple(faults))
    return Derived(found.meetings_ms, found.spans, attended_permille=found.attended_permille)
