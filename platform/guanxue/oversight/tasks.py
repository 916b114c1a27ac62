"""What the worker does for oversight."""

from __future__ import annotations

from datetime import timedelta

from guanxue import oversight
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.jobs import Running
from guanxue.oversight.carrying import carry_out_case


def look(job: Running) -> None:
    """Run the detectors over the last days; the nightly one also forgets what is old and asks for tomorrow's. Twice is once."""
    now = clock.now()
    with writing():
        if job.payload.get("is_nightly"):
            oversight.forget_sightings()
            oversight.watch()
    found = oversight.search(now - timedelta(days=job.payload["days"]), now)
    session.remove()
    with writing():
        oversight.add_findings(found)


def carry_out(job: Running) -> None:
    """Do what a closed case says. Twice is once."""
    with writing():
        carry_out_case(job.payload["case_id"])
