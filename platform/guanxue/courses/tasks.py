"""What the worker does for courses."""

from __future__ import annotations

from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.courses import reviews
from guanxue.jobs import Running


def settle_rights(_job: Running) -> None:
    """Stop new enrolments where a licence has ended, and ask for tomorrow's look. Twice is once."""
    with writing():
        reviews.settle_all(SYSTEM)
        reviews.watch_rights()
