"""What the worker does for people."""

from __future__ import annotations

from guanxue.accounts import checking, codes, erasure, matching
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


def match_identity(job: Running) -> None:
    """Ask the outside service about a document, with no transaction open meanwhile; the same question twice is one answer."""
    code = job.payload["document"]
    question = checking.question_for(code)
    end_work(commit=False)
    if question is not None:
        answer = matching.ask(f"{code}-{job.payload['asked']}", question)
        with writing():
            checking.take_answer(code, question["name"], answer)


def give_up_matching(payload: dict, _reason: str) -> None:
    """The service gave no answer for too long: an officer does it."""
    checking.leave_to_officers(payload["document"])
