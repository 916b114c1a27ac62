"""What the worker does for people."""

from __future__ import annotations

from guanxue.accounts import codes, erasure
from guanxue.core.db import end_work, writing
from guanxue.jobs import Running


def erase(job: Running) -> None:
    """Erase an account whose time to return is over; twice is once."""
    with writing():
        erasure.erase_if_due(job.payload["person_id"])


def send_message(job: Running) -> None:
    """Hand a code or a notice to the gateway, with no transaction open while a provider thinks. The key keeps twice once."""
    message = codes.open_message(job.payload)
    end_work(commit=False)
    if message is not None:
        codes.send_message(message)
