"""What the worker does for certificates."""

from __future__ import annotations

from guanxue import recognition
from guanxue.core.db import writing
from guanxue.jobs import Running


def sweep(_job: Running) -> None:
    """Delete pictures that no form took, and ask for tomorrow's round. Twice is once."""
    with writing():
        recognition.drop_forgotten()
        recognition.watch_proofs()


def settle_case(job: Running) -> None:
    """What an event about a closed case could not carry out here. Twice is once."""
    with writing():
        recognition.settle_closed(job.payload["case_id"])
