"""Deleting an account: asked for by its owner, done fifteen days later, taken back by a tap in between.

What was earned keeps its ground: ledger entries, the evidence they rest on and the audit trail name "person:17" and stay;
whatever tells who that was goes, but for what kept_numbers.py keeps. Which is which each room says itself, through its Keeper.
"""

from __future__ import annotations

from datetime import timedelta

from guanxue import audit, jobs
from guanxue.accounts.keepers import Effect, list_keepers
from guanxue.accounts.models import Person
from guanxue.accounts.people import count_administrators, end_sessions
from guanxue.accounts.queries import accounts_of, capabilities_of, get_person, lock_person
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Conflict
from guanxue.core.i18n import lazy as _

TIME_TO_RETURN = timedelta(days=15)
JOB = "accounts.erase"


def ask_erasure(actor: Actor) -> Person:
    """The actor wants to be forgotten: they are signed out everywhere, and the job waits. The edge has proved the password.

    Raises Conflict for the only administrator.
    """
    actor.must_be_person()
    lock_person(actor.id)
    person = get_person(actor.id)
    if "administer" in capabilities_of(person.id) and count_administrators() < 2:
        raise Conflict(_("你是唯一的管理员。请先让另一个人当管理员，再注销。"))
    if person.erase_after_at is None:
        person.erase_after_at = clock.now() + TIME_TO_RETURN
        _enqueue(person)
        audit.record(actor, "accounts.erasure.asked", person.ref)
    end_sessions(person.id)
    session.flush()
    return person


def cancel_erasure(actor: Actor) -> None:
    """The actor stays. Again is the same."""
    actor.must_be_person()
    lock_person(actor.id)
    person = get_person(actor.id)
    if person.erase_after_at is not None:
        person.erase_after_at = None
        audit.record(actor, "accounts.erasure.cancelled", person.ref)
        session.flush()


def _enqueue(person: Person) -> None:
    jobs.enqueue(JOB, {"person_id": person.id}, key=str(person.id), run_at=person.erase_after_at)


def foretell(person_id: int) -> list[Effect]:
    """What would stay of the person, room by room; changes nothing."""
    return [effect for keeper in list_keepers() for effect in keeper.left(person_id)]


def erase_if_due(person_id: int) -> list[Effect]:
    """What the job does: erase when it is time, wait on when it was asked for again since, nothing when it was taken back."""
    lock_person(person_id)
    person = get_person(person_id)
    if person.erased_at is not None or person.erase_after_at is None:
        return []
    if person.erase_after_at > clock.now():
        _enqueue(person)
        return []
    return erase_person(SYSTEM, person_id)


def erase_person(actor: Actor, person_id: int) -> list[Effect]:
    """Erase the person, and every account that was merged into theirs, in all rooms; what stays, room by room."""
    effects: list[Effect] = []
    for one in accounts_of(person_id):
        for keeper in reversed(list_keepers()):
            effects += keeper.erase(actor, one)
        audit.record(actor, "accounts.person.erased", f"person:{one}")
    session.flush()
    return effects
