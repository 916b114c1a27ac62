"""Credits that wait until it is known who earned them, where their policy asks for that before it credits (identity_at).

The completion is kept and nothing of it is lost. Its award is posted when the person is known well enough: at once, when that
becomes known; by a job where that failed; and a course that waits goes into no merge, which could not undo it.
(docs/decisions/0021-identity.md)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from guanxue import accounts, classes, courses, jobs, learning, policies
from guanxue.accounts import CannotMerge, IdentityRaised
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import years
from guanxue.creditbank.class_awards import award_attended, worth_attended
from guanxue.creditbank.models import Award, ClassAward
from guanxue.creditbank.queries import worth
from guanxue.creditbank.service import award


@dataclass(frozen=True)
class Waiting:
    """A credit that waits: of which course or class, how much (millicredits), and the level it waits for."""

    subject: str
    title: str
    amount: int
    needed: int


def list_waiting(person_id: int, level: int | None = None) -> list[Waiting]:
    """What waits under the account for its person to be known better; or would, were they known as far as `level`."""
    known = accounts.level_of(person_id) if level is None else level
    return [one for one in _unposted(person_id) if one.needed > known]


def _unposted(person_id: int) -> Iterator[Waiting]:
    """Completions that ask who it is and have no award, oldest first: courses, then classes."""
    awarded = set(session.scalars(select(Award.course_id).where(Award.person_id == person_id)))
    for done in learning.list_completions(person_id):
        needed = accounts.level_asked(policies.get_policy(done.policy_id).numbers, "claim")
        if needed and done.course_id not in awarded and (amount := years.given(done, worth(done)).credits_milli):
            yield Waiting(f"course:{done.course_id}", courses.get_revision(done.revision_id).title, amount, needed)
    attended = set(session.scalars(select(ClassAward.class_id).where(ClassAward.person_id == person_id)))
    for done in classes.list_completions(person_id):
        needed = accounts.level_asked(policies.get_policy(done.policy_id).numbers, "claim")
        if needed and done.class_id not in attended and (amount := worth_attended(done).credits_milli):
            title = classes.classes_by_id([done.class_id])[done.class_id].title
            yield Waiting(f"class:{done.class_id}", title, amount, needed)


def is_known(done: learning.Completion, level: int) -> bool:
    """Would a person known that far be known well enough for this completion's credit?"""
    return accounts.level_asked(policies.get_policy(done.policy_id).numbers, "claim") <= level


def waits(done: learning.Completion) -> bool:
    """Does this completion's credit wait for its person to be known?"""
    return not accounts.is_known_for(done.person_id, policies.get_policy(done.policy_id).numbers, "claim")


def settle_identity(event: IdentityRaised) -> None:
    """The person is known better: post what waited for that."""
    settle_person(event.person_id)


def settle_identity_later(event: IdentityRaised) -> None:
    """What settling that failed is left to: a job, which tries until it is posted."""
    settle_soon(event.person_id)


def settle_soon(person_id: int) -> None:
    """Have a job post what waits no longer."""
    jobs.enqueue("credits.identity", {"person_id": person_id}, key=str(person_id), priority=10)


def settle_person(person_id: int) -> None:
    """Post whatever of the person's waits no longer; again is the same. A merged account earns nothing more."""
    if accounts.get_person(person_id).merged_into_id is not None:
        return
    for done in learning.list_completions(person_id):
        award(done)
    for done in classes.list_completions(person_id):
        award_attended(done)


def must_not_wait(kept_id: int, merged_id: int) -> None:
    """Raise CannotMerge where the account that goes in has credits that would go on waiting afterwards."""
    if list_waiting(merged_id, accounts.level_after_merge(kept_id, merged_id)):
        raise CannotMerge(_("那个账号有学分在等确认身份。先在任何一个账号里确认身份，再合并。"), code="identity-waits")
