"""How often somebody may guess: every wrong password, code or number is counted, in the database, so for all processes.

Passwords are slow to check and counted after they were wrong. Short codes are quick to check, and many guesses may come in
one moment: there an attempt is counted before anybody looks at it (`claim_attempt`, in a short transaction of its own), and
a right one wipes the slate (`forgive`).
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, func, select

from guanxue.accounts import rules
from guanxue.accounts.models import SigninFailure
from guanxue.core import clock
from guanxue.core.db import session, wait_for_turn
from guanxue.core.errors import TooMany
from guanxue.core.i18n import lazy as _


def must_not_wait(key: str, free: int) -> None:
    """Raise TooMany while the key has to wait after its failures of the last quarter of an hour."""
    since = clock.now() - timedelta(seconds=rules.WINDOW_S)
    count, last = session.execute(
        select(func.count(), func.max(SigninFailure.at)).where(SigninFailure.key == key, SigninFailure.at > since)).one()
    wait = rules.wait_s(count, (clock.now() - last).total_seconds() if last else 0.0, free)
    if wait > 0:
        raise TooMany(_("试得太多次了，请 %(n)s 秒后再试。", n=int(wait) + 1), retry_after_s=int(wait) + 1)


def count_failure(*keys: str) -> None:
    """A wrong attempt of each of the keys; those older than a day are dropped."""
    now = clock.now()
    session.add_all(SigninFailure(key=key, at=now) for key in keys)
    session.execute(delete(SigninFailure).where(SigninFailure.at < now - timedelta(days=1)))


def claim_attempt(key: str, *, most_a_day: int | None = None) -> None:
    """Count an attempt that is about to be looked at. Commit it before looking. Raises TooMany."""
    wait_for_turn(key)
    must_not_wait(key, rules.FREE_FAILURES_PHONE)
    if most_a_day is not None:
        day = clock.now() - timedelta(days=1)
        count = session.scalar(
            select(func.count()).select_from(SigninFailure).where(SigninFailure.key == key, SigninFailure.at > day))
        if count >= most_a_day:
            raise TooMany(_("今天试得太多次了，请明天再试，或者找管理员帮忙。"), retry_after_s=3600)
    count_failure(key)


def forgive(key: str) -> None:
    """The right one came: what was counted under the key is forgotten."""
    session.execute(delete(SigninFailure).where(SigninFailure.key == key))
