"""What the worker does for courses."""

from __future__ import annotations

from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.courses import reviews, tidying
from guanxue.jobs import Running


def settle_rights(_job: Running) -> None:
    """Stop new enrolments where a licence has ended, and ask for tomorrow's look. Twice is once."""
    with writing():
        reviews.settle_all(SYSTEM)
        reviews.watch_rights()


def tidy_drafts(_job: Running) -> None:
    """Fold what scripts saved, forget what was removed long ago, and ask for tomorrow's round. Twice is once."""
    with writing():
        tidying.tidy_drafts()
        tidying.watch_drafts()
