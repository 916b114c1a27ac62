"""Reading the job table."""

from __future__ import annotations

from sqlalchemy import func, select

from guanxue.core.db import session
from guanxue.jobs.models import FAILED, RUNNING, WAITING, Job


def list_jobs(name: str | None = None, limit: int = 100) -> list[Job]:
    """The newest jobs first, of one name where given."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    return list(session.scalars(query.where(Job.name == name) if name else query))


def list_failed(limit: int = 100) -> list[Job]:
    """Jobs that were given up."""
    return list(session.scalars(select(Job).where(Job.state == FAILED).order_by(Job.id.desc()).limit(limit)))


def count_waiting(name: str | None = None) -> int:
    """How many jobs wait or run."""
    query = select(func.count()).select_from(Job).where(Job.state.in_((WAITING, RUNNING)))
    return session.scalar(query.where(Job.name == name) if name else query) or 0


def count_by_state() -> dict[str, int]:
    """How many jobs are in each state; done ones are forgotten after some days."""
    return dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
