"""Credits that wait until it is known who earned them, where their policy asks for that before it credits (identity_at).

The completion is kept and nothing of it is lost. Its award is posted when the person is known well enough: at once, when that
becomes known; by a job where that failed; and a course that waits goes into no merge, which could not undo it.
(docs/decisions/0021-identity.md)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from guanxue import accounts, jobs
from guanxue.accounts import CannotMerge, IdentityRaised
from guanxue.core import clock
from guanxue.core.i18n import lazy as _
from guanxue.creditbank import judging, past
from guanxue.creditbank.queries import unposted
from guanxue.creditbank.service import settle_person


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
    """Outcomes that ask who it is and have no award, source by source, oldest first.

    What an account had that was deleted is told once the person is known: a number is stated in a moment.
    """
    held = None
    for outcome in unposted(person_id):
        needed = judging.level_needed(outcome)
        if needed:
            held = replace(past.read(person_id), former=past.nothing_before) if held is None else held
            amount = judging.judge(outcome, held, clock.now()).given.credits_milli
            if amount:
                yield Waiting(outcome.subject, outcome.title, amount, needed)


def is_refused_by_number(person_id: int, level: int) -> bool:
    """Was anything that was finished under any of the person's accounts earned before under a number of theirs, and
    would it not wait for them to be known, were they known as far as `level`?"""
    return any(judging.level_asked(o) and not judging.waits(o, level) and past.given_before([person_id], o.subject)
               for one in accounts.all_accounts_of(person_id) for o in unposted(one))


def settle_identity(event: IdentityRaised) -> None:
    """The person is known better: post what waited for that."""
    settle_person(event.person_id)


def settle_identity_later(event: IdentityRaised) -> None:
    """What settling that failed is left to: a job, which tries until it is posted."""
    settle_soon(event.person_id)


def settle_soon(person_id: int) -> None:
    """Have a job post what waits no longer."""
    jobs.enqueue("credits.identity", {"person_id": person_id}, key=str(person_id), priority=10)


def must_not_wait(kept_id: int, merged_id: int) -> None:
    """Raise CannotMerge where the account that goes in has credits that would go on waiting afterwards."""
    if list_waiting(merged_id, accounts.level_after_merge(kept_id, merged_id)):
        raise CannotMerge(_("那个账号有学分在等确认身份。先在任何一个账号里确认身份，再合并。"), code="identity-waits")
