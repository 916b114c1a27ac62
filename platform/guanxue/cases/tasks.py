"""What the worker does for cases."""

from __future__ import annotations

from guanxue import cases
from guanxue.core.db import writing
from guanxue.jobs import Running


def close_over(_job: Running) -> None:
    """Close what can no longer be appealed against, and ask for tomorrow's round. Twice is once."""
    with writing():
        cases.close_over()
        cases.watch_terms()
