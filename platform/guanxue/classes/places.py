"""The roster: who is invited, signs up, waits, moves up, leaves."""

from __future__ import annotations

from guanxue import accounts, audit, policies
from guanxue.classes import completing, queries, rules
from guanxue.classes.errors import ClassState, NoSuchPlace
from guanxue.classes.models import CLOSED, COMPLETED, DRAFT, ENROLLED, INVITED, OPEN, WAITING, WITHDRAWN, Place, TrainingClass
from guanxue.classes.roster import Line
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import checked_text

MOST_PLACES = 2000
LONGEST_REASON = 300


def _lock(cls: TrainingClass) -> None:
    """Seats of a class are given out one after another."""
    wait_for_turn(f"classes.seats:{cls.id}")


def _must_run(cls: TrainingClass, *, may_prepare: bool = False) -> None:
    if cls.state != OPEN and not (may_prepare and cls.state == DRAFT):
        raise ClassState(_("这个班现在不收人：还没有开班，或者已经结班。"))


def _seat(cls: TrainingClass, place: Place) -> None:
    """A seat if one is free, else the end of the queue. Who is back before a meeting began has the seat that they gave up."""
    is_free = queries.count_seated(cls.id) < cls.seats
    if not is_free or place.withdrawn_at is None or queries.has_begun(cls.id, place.withdrawn_at):
        place.queued_at = clock.now()
    place.withdrawn_at, place.moved_up_at, place.reason = None, None, ""
    place.state = (ENROLLED if place.undertaking_at else INVITED) if is_free else WAITING


def add_people(actor: Actor, cls: TrainingClass, lines: list[Line]) -> tuple[int, int]:
    """Put people on the roster by name and number: (how many are new, how many of these wait). Who is on it stays as they are.

    Whether a number has an account is told to nobody: each is invited, and takes the place when they come. Raises Invalid,
    ClassState, Forbidden.
    """
    queries.must_lead(actor, cls)
    _must_run(cls, may_prepare=True)
    _lock(cls)
    there = queries.list_places(cls.id)
    if len(there) + len(lines) > MOST_PLACES:
        raise Invalid(_("一个班的名册最多 %(n)s 人。", n=MOST_PLACES))
    phones, people = {p.phone: p for p in there if p.phone}, {p.person_id: p for p in there if p.person_id}
    added, waiting = 0, 0
    for line in lines:
        person = accounts.find_person_by_phone(line.phone)
        mine = phones.get(line.phone) or _place_of(person, people)
        if mine is not None and mine.state != WITHDRAWN:
            continue
        place = mine or Place(class_id=cls.id, person_id=person.id if person else None, phone=None if person else line.phone,
                              name=line.name, state=WAITING, queued_at=clock.now())
        if place.person_id is None:
            place.name = line.name
        _seat(cls, place)
        session.add(place)
        session.flush()
        phones[line.phone] = place
        added, waiting = added + 1, waiting + (place.state == WAITING)
    audit.record(actor, "classes.roster.added", f"class:{cls.id}", {"added": added, "waiting": waiting})
    return added, waiting


def _place_of(person: accounts.Person | None, people: dict[int, Place]) -> Place | None:
    """The place that the person has under any of their accounts."""
    return next((people[i] for i in accounts.all_accounts_of(person.id) if i in people), None) if person else None


def join_class(actor: Actor, cls: TrainingClass, *, promises: bool) -> Place:
    """Sign up, or say yes to an invitation, with the learner's undertaking. Again is the same. Raises Invalid, ClassState,
    NoSuchPlace where the roster alone says who is in it."""
    actor.must_be_person()
    if not promises:
        raise Invalid(_("请先读一遍承诺，并打勾。"), fields=[{"field": "promise", "message": _("请先读一遍承诺，并打勾。")}])
    _lock(cls)
    place = queries.find_place(actor, cls)
    if place is not None and place.state in (ENROLLED, COMPLETED):
        return place
    queries.must_not_teach(actor.id, cls)
    if place is None or place.state != INVITED or cls.state != CLOSED:  # who is invited may still say that it was them
        _must_run(cls)
    accounts.must_be_known(actor.id, policies.get_policy(cls.policy_id).numbers, "enrol")
    if place is None:
        if not cls.is_public:
            raise NoSuchPlace(_("这个班凭名册参加，名册上没有你的手机号。请找班主任。"))
        if clock.today() > cls.ends_on:
            raise ClassState(_("这个班已经过了结束日期。"))
        place = Place(class_id=cls.id, person_id=actor.id, name=actor.name, state=WITHDRAWN, queued_at=clock.now())
        session.add(place)
    elif place.state == WITHDRAWN and not cls.is_public and place.reason:
        raise ClassState(_("班主任把你移出了这个班。有疑问请找班主任。"))
    take_place(actor, place)
    place.undertaking_version, place.undertaking_at, place.reason = rules.UNDERTAKING, clock.now(), ""
    if place.state == INVITED:
        place.state = ENROLLED
    elif place.state == WITHDRAWN:
        _seat(cls, place)
    session.flush()
    audit.record(actor, "classes.place.taken", f"place:{place.id}",
                 {"class": cls.code, "state": place.state, "undertaking": place.undertaking_version})
    completing.settle_place(cls, place)
    return place


def take_place(actor: Actor, place: Place) -> None:
    """A place that waited for a number is its holder's from now on."""
    if place.person_id is None:
        place.person_id, place.phone = actor.id, None


def leave_class(actor: Actor, cls: TrainingClass) -> None:
    """Give the seat up; the next who waits has it. Again is the same. Raises ClassState, NoSuchPlace."""
    place = queries.find_place(actor, cls)
    if place is None:
        raise NoSuchPlace(_("你不在这个班里。"))
    if place.state == COMPLETED:
        raise ClassState(_("已经结业，不用退班。"))
    if place.state != WITHDRAWN:
        _withdraw(actor, cls, place, "")


def remove_person(actor: Actor, cls: TrainingClass, place: Place, reason: str) -> None:
    """Take somebody off the roster, with a reason that they read. Again is the same. Raises Invalid, ClassState."""
    queries.must_lead(actor, cls)
    if place.state == COMPLETED:
        raise ClassState(_("已经结业的人不能移出。"))
    reason = checked_text("reason", reason, LONGEST_REASON)
    if place.state != WITHDRAWN:
        _withdraw(actor, cls, place, reason)


def _withdraw(actor: Actor, cls: TrainingClass, place: Place, reason: str) -> None:
    _lock(cls)
    # Since when they had the seat that is given up; who only waited had none.
    place.queued_at = clock.now() if place.state == WAITING else place.moved_up_at or place.queued_at
    place.state, place.withdrawn_at, place.reason, place.moved_up_at = WITHDRAWN, clock.now(), reason, None
    session.flush()
    audit.record(actor, "classes.place.withdrawn", f"place:{place.id}", {"class": cls.code, "reason": reason})
    move_up(actor, cls)


def move_up(actor: Actor, cls: TrainingClass) -> list[Place]:
    """Free seats go to who waits longest. Who moved."""
    _lock(cls)
    moved: list[Place] = []
    while cls.state in (DRAFT, OPEN) and queries.count_seated(cls.id) < cls.seats:
        place = queries.next_waiting(cls.id)
        if place is None:
            break
        place.state, place.moved_up_at = ENROLLED if place.undertaking_at else INVITED, clock.now()
        session.flush()
        audit.record(actor, "classes.place.moved_up", f"place:{place.id}", {"class": cls.code})
        moved.append(place)
    return moved


