"""How much of a city day is left of what a policy lets count, over all courses of a person whose policy bounds a day.

The day is the server's: that on which it received what was played. What was left then is kept in the beat's row and bound
into its chain, so that a lesson is derived again without the person's other courses; list_over() adds the courses up.
"""

from __future__ import annotations

from collections import Counter
from datetime import date

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import policies
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.learning import evidence
from guanxue.learning.models import Day, Enrolment


def room_of(person_id: int, received_ms: int, cap_ms: int) -> int:
    """Milliseconds that the day of that moment still lets count. Locks the day: the person's other courses queue up here."""
    return max(0, cap_ms - _day(person_id, received_ms).counted_ms)


def count(person_id: int, received_ms: int, gained_ms: int) -> None:
    """So much more of the day of that moment is used up."""
    _day(person_id, received_ms).counted_ms += gained_ms
    session.flush()


def find_left(person_id: int, cap_ms: int) -> int:
    """Milliseconds that today still lets count; for showing."""
    there = session.get(Day, (person_id, clock.today()))
    return max(0, cap_ms - (there.counted_ms if there else 0))


def _day(person_id: int, received_ms: int) -> Day:
    on = clock.city_day(clock.moment_of(received_ms))
    query = (select(Day).where(Day.person_id == person_id, Day.day_on == on).with_for_update()
             .execution_options(populate_existing=True))
    there = session.scalar(query)
    if there is None:
        try:
            with session.begin_nested():
                session.add(Day(person_id=person_id, day_on=on, counted_ms=0))
        except IntegrityError:  # another course of theirs came first by a moment
            pass
        there = session.scalars(query).one()
    return there


def list_over(person_id: int) -> list[tuple[date, int, int]]:
    """(day, derived ms, most ms) of each day on which more counts, by the kept claims, than any of the policies lets count."""
    counted: Counter[date] = Counter()
    most = 0
    for enrolment in session.scalars(select(Enrolment).where(Enrolment.person_id == person_id)).all():
        cap = policies.get_policy(enrolment.policy_id).numbers.daily_cap_ms
        if cap:
            most = max(most, cap)
            for derived in evidence.derive_spans(enrolment).values():
                counted.update(derived.by_day)
    return [(day, ms, most) for day, ms in sorted(counted.items()) if ms > most]
