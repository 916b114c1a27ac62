"""Study that was never credited is let go once its policy's time is over and nobody needs it any more.

What a credit rests on stays as long as the credit, which is for ever: it has to be derivable again. What goes is the rest, an
enrolment at a time: playbacks with every second of them and tickets; then, where nothing of the person's study is left
that they could judge, presence checks, seats in training rooms and days. Answer sheets are not touched. A line stays that says
what went. (docs/decisions/0012-what-is-kept-of-a-person.md)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlalchemy import Select, delete, exists, func, or_, select, update

from guanxue import accounts, audit, cases, classes, jobs, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.learning.evidence import lock_enrolment, rebuild_progress
from guanxue.learning.models import (
    BeatRow,
    Check,
    CheckStep,
    Completion,
    Day,
    Enrolment,
    Lapse,
    Playback,
    Presence,
    RoomSeat,
    Ticket,
)

JOB = "learning.lapse"


def watch_lapses() -> None:
    """Have old study looked at tonight, while few study; asked for again it is the same."""
    tomorrow = datetime.combine(clock.today() + timedelta(days=1), time(4, 10), clock.CITY)
    jobs.enqueue(JOB, {}, key="daily", run_at=tomorrow)


def years_ago(moment: datetime, years: int) -> datetime:
    """The same moment so many years before; of a 29 February the 28th."""
    year = moment.year - years
    return moment.replace(year=year, day=28) if (moment.month, moment.day) == (2, 29) else moment.replace(year=year)


def list_due(after: int = 0, count: int = 100) -> list[int]:
    """Enrolments, by row id after `after`, with study that was never credited and whose time is over; some may be held()."""
    found: set[int] = set()
    for policy in policies.list_policies():
        found |= set(session.scalars(_due(policy).where(Enrolment.id > after).order_by(Enrolment.id).limit(count)))
    return sorted(found)[:count]


def _due(policy: policies.Policy) -> Select:
    since = years_ago(clock.now(), policy.numbers.retention_years)
    since_ms = round(since.timestamp() * 1000)
    return select(Enrolment.id).where(
        Enrolment.policy_id == policy.id, func.coalesce(Enrolment.studied_at, Enrolment.enrolled_at) < since,
        or_(exists().where(Playback.enrolment_id == Enrolment.id), exists().where(Ticket.enrolment_id == Enrolment.id)),
        ~exists().where(Completion.enrolment_id == Enrolment.id),
        ~exists().where(Playback.enrolment_id == Enrolment.id,
                        or_(Playback.contact_ms >= since_ms, Playback.ended_ms >= since_ms)),
        ~exists().where(Ticket.enrolment_id == Enrolment.id, Ticket.until_ms >= since_ms))


def holds(person_id: int) -> bool:
    """Does something need the person's whole study: a case that is not closed, a merge (worked out from it again)?"""
    return bool(accounts.list_merges(person_id)) or cases.has_unclosed(accounts.all_accounts_of(person_id))


def _is_named(person_id: int, playback_ids: Iterable[int]) -> bool:
    """Did a class that is credited leave out moments of these playbacks? It names them, and is derived with them again."""
    named = {one for c in classes.list_completions(person_id) for one, _last in c.evidence["playing"]}
    return not named.isdisjoint(playback_ids)


def let_go(enrolment_id: int) -> Lapse | None:
    """Delete the enrolment's study where it is due and nothing holds it; None where nothing was done. Safe to repeat."""
    person_id = session.scalar(select(Enrolment.person_id).where(Enrolment.id == enrolment_id))
    accounts.lock_person(person_id)
    enrolment = lock_enrolment(enrolment_id)
    policy = policies.get_policy(enrolment.policy_id)
    if session.scalar(_due(policy).where(Enrolment.id == enrolment_id)) is None or holds(person_id):
        return None
    playbacks = list(session.scalars(select(Playback.id).where(Playback.enrolment_id == enrolment_id)))
    if _is_named(person_id, playbacks):
        return None
    _delete(BeatRow, BeatRow.playback_id.in_(select(Playback.id).where(Playback.enrolment_id == enrolment_id)))
    session.execute(delete(Playback).where(Playback.enrolment_id == enrolment_id))
    _delete(Ticket, Ticket.enrolment_id == enrolment_id)
    rebuild_progress(enrolment)  # a quiz that was passed stays passed
    lapse = Lapse(enrolment_id=enrolment_id, studied_at=enrolment.studied_at or enrolment.enrolled_at,
                  years=policy.numbers.retention_years, playbacks=len(playbacks), lapsed_at=clock.now())
    session.add(lapse)
    session.flush()
    audit.record(SYSTEM, "learning.study.lapsed", f"enrolment:{enrolment_id}",
                 {"playbacks": len(playbacks), "years": policy.numbers.retention_years})
    _let_rest_go(person_id, years_ago(clock.now(), policy.numbers.retention_years))
    return lapse


def _let_rest_go(person_id: int, since: datetime) -> None:
    """What is about a person's time over all courses, where no study is left that it could judge and none was credited."""
    if session.scalar(select(Playback.id).where(Playback.person_id == person_id).limit(1)) is not None \
            or session.scalar(select(Completion.id).where(Completion.person_id == person_id).limit(1)) is not None:
        return
    session.execute(update(Presence).where(Presence.person_id == person_id).values(check_id=None)
                    .execution_options(synchronize_session="fetch"))
    _delete(CheckStep, CheckStep.check_id.in_(select(Check.id).where(Check.person_id == person_id)))
    _delete(Check, Check.person_id == person_id)
    _delete(RoomSeat, (RoomSeat.person_id == person_id) & (RoomSeat.joined_at < since))
    session.execute(delete(Day).where(Day.person_id == person_id, Day.day_on < clock.city_day(since)))


def _delete(model: type, which) -> None:
    """Rows of a guarded table: marked first, for the guard lets nothing else go."""
    session.execute(update(model).where(which).values(let_go_at=clock.now()).execution_options(synchronize_session=False))
    session.execute(delete(model).where(which).execution_options(synchronize_session="fetch"))
