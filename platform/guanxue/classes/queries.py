"""Finding classes, meetings, rosters and who was there."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from guanxue import accounts, cases, policies
from guanxue.accounts import Organisation
from guanxue.classes import rules
from guanxue.classes.errors import ClassState, NoSuchClass, NoSuchMeeting, NoSuchPlace
from guanxue.classes.models import (
    DRAFT,
    OPEN,
    OUT,
    SEATED,
    WAITING,
    WITHDRAWN,
    Attendance,
    ClassCompletion,
    Meeting,
    MeetingChange,
    Place,
    Teacher,
    TrainingClass,
)
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden
from guanxue.core.i18n import lazy as _

MOST_LISTED = 200
NOTICE_LASTS = timedelta(days=7)


def institution_of(cls: TrainingClass) -> Organisation | None:
    """The organisation that holds it."""
    return session.get(Organisation, cls.institution_id) if cls.institution_id else None


def teacher_ids(class_id: int) -> list[int]:
    """Row ids of who teaches it, in the order in which they were added."""
    return list(session.scalars(select(Teacher.person_id).where(Teacher.class_id == class_id)
                                .order_by(Teacher.added_at, Teacher.person_id)))


# ---- who may see which


def may_lead(actor: Actor, cls: TrainingClass) -> bool:
    """May they change it: its manager, who runs classes for its institution, an administrator."""
    place = institution_of(cls)
    return rules.may_lead(actor, manager_ids=[cls.manager_id], institution=place.slug if place else "")


def may_teach(actor: Actor, cls: TrainingClass) -> bool:
    """May they show its codes and call its roll: who leads or teaches it?"""
    return may_lead(actor, cls) or (actor.is_person and actor.id in teacher_ids(cls.id))


def may_read(actor: Actor, cls: TrainingClass) -> bool:
    """May they read its roster and its report: who teaches it, inspectors?"""
    return may_teach(actor, cls) or actor.may("inspect")


def teaches(person_id: int, cls: TrainingClass) -> bool:
    """May the person, under any of their accounts, show its codes and call its roll? Then they are none of its learners."""
    everybody = (Actor("person", one, "", accounts.capabilities_of(one)) for one in accounts.all_accounts_of(person_id))
    return any(may_teach(one, cls) for one in everybody)


def is_named(person_id: int, cls: TrainingClass) -> bool:
    """Is the person, under any of their accounts, its manager or one of its teachers?"""
    return not {cls.manager_id, *teacher_ids(cls.id)}.isdisjoint(accounts.all_accounts_of(person_id))


def must_not_teach(person_id: int, cls: TrainingClass) -> None:
    """Raise ClassState where the person, about to be a learner of the class, may lead or teach it."""
    if teaches(person_id, cls):
        raise ClassState(_("你管着这个班（老师、班主任、主办单位负责人、管理员都算），不能同时当学员。"))


def must_lead(actor: Actor, cls: TrainingClass) -> None:
    """Raise Forbidden unless the actor may change the class."""
    actor.must_be_person()
    if not may_lead(actor, cls):
        raise Forbidden(_("只有班主任和主办单位的负责人可以改。"))


def must_teach(actor: Actor, cls: TrainingClass) -> None:
    """Raise Forbidden unless the actor may show its codes and call its roll."""
    actor.must_be_person()
    if not may_teach(actor, cls):
        raise Forbidden(_("只有这个班的老师可以点名和出示签到码。"))


def find_class(code: str) -> TrainingClass | None:
    """The class of that code."""
    return session.scalar(select(TrainingClass).where(TrainingClass.code == code.upper()))


def get_class(actor: Actor, code: str) -> TrainingClass:
    """A class that the actor may look at as a learner: theirs, or open to everybody. Raises NoSuchClass."""
    found = find_class(code)
    if found is None or not (may_read(actor, found) or find_place(actor, found) is not None
                             or (found.is_public and found.state != DRAFT)):
        raise NoSuchClass(_("没有这个培训班，或者你不在名册上。"))
    return found


def get_class_at_work(actor: Actor, code: str) -> TrainingClass:
    """A class that the actor may read as staff. Raises NoSuchClass, Unauthenticated."""
    actor.must_be_person()
    found = find_class(code)
    if found is None or not may_read(actor, found):
        raise NoSuchClass(_("没有这个培训班。"))
    return found


def list_at_work(actor: Actor) -> list[TrainingClass]:
    """Classes that the actor manages, teaches, runs for an institution or inspects; running ones first, the newest first."""
    mine = select(Teacher.class_id).where(Teacher.person_id == actor.id)
    query = select(TrainingClass)
    if not (actor.may("administer") or actor.may("inspect")):
        of_mine = select(Organisation.id).where(Organisation.slug.in_(rules.scopes_of(actor)))
        query = query.where(or_(TrainingClass.manager_id == actor.id, TrainingClass.id.in_(mine),
                                TrainingClass.institution_id.in_(of_mine)))
    rows = session.scalars(query.order_by(TrainingClass.begins_on.desc(), TrainingClass.id.desc()).limit(MOST_LISTED))
    return sorted(rows, key=lambda c: (DRAFT, OPEN).index(c.state) if c.state in (DRAFT, OPEN) else 2)


def list_public() -> list[TrainingClass]:
    """Running classes that anybody may join, the next to begin first."""
    return list(session.scalars(
        select(TrainingClass).where(TrainingClass.state == OPEN, TrainingClass.is_public,
                                    TrainingClass.ends_on >= clock.today())
        .order_by(TrainingClass.begins_on, TrainingClass.id).limit(MOST_LISTED)))


# ---- rosters


def _is_of(person_id: int):
    """Places of a person: taken under any of their accounts, or waiting for their number."""
    person = accounts.find_person(person_id)
    ids = accounts.accounts_of(person_id)
    waits = and_(Place.person_id.is_(None), Place.phone == (person.phone if person and person.phone else "-"))
    return or_(Place.person_id.in_(ids), waits)


def find_place(actor: Actor, cls: TrainingClass) -> Place | None:
    """The actor's place in the class; the one that stands where two of their accounts had one."""
    if not actor.is_person:
        return None
    rows = session.scalars(select(Place).where(Place.class_id == cls.id, _is_of(actor.id), Place.joined_to_id.is_(None))
                           .order_by(Place.id)).all()
    return min(rows, key=lambda p: (p.person_id != actor.id, p.id)) if rows else None


def get_place(cls: TrainingClass, place_id: int) -> Place:
    """A line of the class's roster. Raises NoSuchPlace."""
    place = session.get(Place, place_id)
    if place is None or place.class_id != cls.id:
        raise NoSuchPlace(_("名册上没有这个人。"))
    return place


def list_places(class_id: int) -> list[Place]:
    """The roster: who has a seat, who waits in turn, who left; what was joined to another place is left out."""
    rows = session.scalars(select(Place).where(Place.class_id == class_id, Place.joined_to_id.is_(None)).order_by(Place.id))
    order = {WAITING: 1, WITHDRAWN: 2}
    return sorted(rows, key=lambda p: (order.get(p.state, 0), p.queued_at, p.id))


def joined_ids(place: Place) -> list[int]:
    """The place and those of the same person's merged accounts."""
    return [place.id, *session.scalars(select(Place.id).where(Place.joined_to_id == place.id).order_by(Place.id))]


def seated_at(place: Place) -> datetime:
    """Since when its holder has a seat, under whichever of their merged accounts they had it first."""
    rows = session.scalars(select(Place).where(Place.id.in_(joined_ids(place)), Place.state.in_(SEATED))).all()
    return min(p.moved_up_at or p.queued_at for p in rows or [place])


def count_seated(class_id: int) -> int:
    """How many have a seat."""
    return session.scalar(select(func.count()).select_from(Place).where(
        Place.class_id == class_id, Place.state.in_(SEATED), Place.joined_to_id.is_(None))) or 0


def next_waiting(class_id: int) -> Place | None:
    """Who waits longest."""
    return session.scalar(select(Place).where(
        Place.class_id == class_id, Place.state == WAITING, Place.joined_to_id.is_(None))
        .order_by(Place.queued_at, Place.id).limit(1))


def turn_of(place: Place) -> int:
    """How many wait before a waiting place, and itself."""
    return 1 + (session.scalar(select(func.count()).select_from(Place).where(
        Place.class_id == place.class_id, Place.state == WAITING, Place.joined_to_id.is_(None),
        or_(Place.queued_at < place.queued_at, and_(Place.queued_at == place.queued_at, Place.id < place.id)))) or 0)


def list_mine(person_id: int) -> list[tuple[TrainingClass, Place]]:
    """The person's classes that were opened, the last to end first; those they left come last."""
    rows = session.execute(
        select(TrainingClass, Place).join(Place, Place.class_id == TrainingClass.id)
        .where(_is_of(person_id), Place.joined_to_id.is_(None), TrainingClass.state != DRAFT)
        .order_by(TrainingClass.ends_on.desc(), TrainingClass.id.desc()).limit(MOST_LISTED)).all()
    return sorted(((c, p) for c, p in rows), key=lambda x: x[1].state == WITHDRAWN)


def is_just_moved_up(place: Place) -> bool:
    """Did a seat become free for them within the last week?"""
    return place.moved_up_at is not None and place.state in SEATED and clock.now() - place.moved_up_at < NOTICE_LASTS


# ---- meetings


def list_meetings(class_id: int, *, with_cancelled: bool = True) -> list[Meeting]:
    """When the class meets, in order."""
    query = select(Meeting).where(Meeting.class_id == class_id)
    if not with_cancelled:
        query = query.where(Meeting.cancelled_at.is_(None))
    return list(session.scalars(query.order_by(Meeting.begins_at, Meeting.id)))


def has_begun(class_id: int, since: datetime) -> bool:
    """Did the class begin to meet after that moment?"""
    return session.scalar(select(Meeting.id).where(
        Meeting.class_id == class_id, Meeting.cancelled_at.is_(None), Meeting.begins_at > since,
        Meeting.begins_at <= clock.now()).limit(1)) is not None


def get_meeting(cls: TrainingClass, meeting_id: int) -> Meeting:
    """A meeting of the class. Raises NoSuchMeeting."""
    found = session.get(Meeting, meeting_id)
    if found is None or found.class_id != cls.id:
        raise NoSuchMeeting(_("没有这次课。"))
    return found


def list_changes(meeting_ids: Iterable[int]) -> dict[int, list[MeetingChange]]:
    """What was changed about meetings, oldest first, by meeting."""
    found: dict[int, list[MeetingChange]] = {}
    for row in session.scalars(select(MeetingChange).where(MeetingChange.meeting_id.in_(list(meeting_ids)))
                               .order_by(MeetingChange.id)):
        found.setdefault(row.meeting_id, []).append(row)
    return found


def begins_ms(meeting: Meeting) -> int:
    """When it begins, epoch milliseconds."""
    return round(meeting.begins_at.timestamp() * 1000)


def ends_ms(meeting: Meeting) -> int:
    """When it ends, epoch milliseconds."""
    return round(meeting.ends_at.timestamp() * 1000)


def lacks_theory(cls: TrainingClass) -> bool:
    """Does its policy ask for theory before practice, and no course tells whether that is done?"""
    return cls.course_id is None and policies.get_policy(cls.policy_id).numbers.theory_share_permille > 0


# ---- who was there


def list_attendance(meeting_ids: Iterable[int], place_ids: Iterable[int] | None = None) -> list[Attendance]:
    """Lines of attendance in the order in which they were written."""
    query = select(Attendance).where(Attendance.meeting_id.in_(list(meeting_ids)))
    if place_ids is not None:
        query = query.where(Attendance.place_id.in_(list(place_ids)))
    return list(session.scalars(query.order_by(Attendance.id)))


def has_attendance(meeting_id: int) -> bool:
    """Did anybody sign in, or was the roll called?"""
    return session.scalar(select(Attendance.id).where(Attendance.meeting_id == meeting_id).limit(1)) is not None


def presences_of(rows: Iterable[Attendance]) -> dict[int, rules.Presence]:
    """What lines of one person at one meeting say, by place: each of their accounts by itself."""
    found: dict[int, list[rules.Entry]] = {}
    for row in rows:
        found.setdefault(row.place_id, []).append(rules.Entry(row.kind, row.from_ms, row.to_ms))
    return {place_id: rules.presence_of(entries) for place_id, entries in found.items()}


def lines_set_aside(person_ids: Iterable[int]) -> dict[int, str]:
    """{line of attendance: code of the case that set it aside} of these people: it stays, and does not count."""
    named = ((ref.partition(":"), code) for ref, code in cases.list_set_aside(person_ids).items())
    return {int(key): code for (kind, _colon, key), code in named if kind == "attendance"}


def lines_that_count(rows: Sequence[Attendance], without: Container[int]) -> list[Attendance]:
    """The lines but those that were set aside; a sign-out goes with its sign-in, else it would end the stay before."""
    apart: dict[tuple[int, int], list[Attendance]] = {}
    for row in rows:
        apart.setdefault((row.meeting_id, row.place_id), []).append(row)
    kept = {row.id for lines in apart.values() for row in _standing(lines, without)}
    return [row for row in rows if row.id in kept]


def _standing(lines: list[Attendance], without: Container[int]) -> Iterator[Attendance]:
    is_open = is_lost = False
    for row in lines:
        if row.id in without:
            is_lost = is_lost or row.kind != OUT
        elif row.kind != OUT:
            is_open, is_lost = row.from_ms is not None and row.to_ms is None, False
            yield row
        elif is_open or not is_lost:
            is_open = False
            yield row


def presence_of(rows: Iterable[Attendance]) -> rules.Presence:
    """What lines of one person at one meeting say together."""
    return rules.together(presences_of(rows).values())


@dataclass(frozen=True)
class Here:
    """How one place stands at one meeting: from when to when, by which way last, how much counts; a note for the roll."""

    place: Place
    since_ms: int | None
    until_ms: int | None
    way: str
    attended_ms: int
    reason: str
    shares_phone: bool


def roll_of(meeting: Meeting, places: list[Place]) -> list[Here]:
    """Everybody of `places` at that meeting."""
    joined = session.execute(select(Place.id, Place.joined_to_id, Place.person_id).where(
        Place.class_id == meeting.class_id, Place.joined_to_id.is_not(None))).all()
    shown = {p.id for p in places}
    heads = {one: one for one in shown} | {one: head for one, head, _person_id in joined if head in shown}
    rows: dict[int, list[Attendance]] = {}
    phones: dict[str, set[int]] = {}
    people = {p.person_id for p in places} | {person_id for _one, _head, person_id in joined}
    without = lines_set_aside(people - {None})
    for row in lines_that_count(list_attendance([meeting.id]), without):
        head = heads.get(row.place_id)
        if head is None:
            continue
        rows.setdefault(head, []).append(row)
        if row.device_hash:
            phones.setdefault(row.device_hash, set()).add(head)
    shared = {head for those in phones.values() if len(those) > 1 for head in those}
    found = []
    for place in places:
        its = rows.get(place.id, [])
        presence = presence_of(its)
        spans = rules.attended_spans(presence, begins_ms(meeting), ends_ms(meeting), meeting.breaks)
        found.append(Here(place, presence.since_ms, presence.until_ms, its[-1].way if its else "", rules.length_ms(spans),
                          next((r.reason for r in reversed(its) if r.reason), ""), place.id in shared))
    return found


# ---- completions


def get_completion(completion_id: int) -> ClassCompletion:
    """The completion with that row id. Raises NoSuchPlace."""
    found = session.get(ClassCompletion, completion_id)
    if found is None:
        raise NoSuchPlace(_("没有这条结业记录。"))
    return found


def find_completion(place_id: int) -> ClassCompletion | None:
    """The completion of a place, of the one it is joined to, or of one that was joined to that."""
    place = session.get(Place, place_id)
    head = session.get(Place, place.joined_to_id) if place and place.joined_to_id else place
    return session.scalar(select(ClassCompletion).where(ClassCompletion.place_id.in_(joined_ids(head)))
                          .order_by(ClassCompletion.id).limit(1)) if head else None


def list_completions(person_id: int | None = None) -> list[ClassCompletion]:
    """Of one person's account, or all, in the order in which they happened."""
    query = select(ClassCompletion)
    if person_id is not None:
        query = query.where(ClassCompletion.person_id == person_id)
    return list(session.scalars(query.order_by(ClassCompletion.id)))


def classes_by_id(class_ids: Iterable[int]) -> dict[int, TrainingClass]:
    """Classes by row id."""
    return {c.id: c for c in session.scalars(select(TrainingClass).where(TrainingClass.id.in_(set(class_ids))))}
