"""Asking for work, and the worker's changes to a job row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from guanxue.core import clock
from guanxue.core.db import session
from guanxue.jobs.models import DONE, FAILED, RUNNING, WAITING, Job

LEASE = timedelta(seconds=30)
KEEP_DONE = timedelta(days=3)
LAST = 1_000_000  # behind every priority


@dataclass(frozen=True)
class Task:
    """What a job name means in this app."""

    fn: Callable
    is_heavy: bool
    max_attempts: int
    given_up: Callable[[dict, str], None] | None


def tasks() -> dict[str, Task]:
    """The app's registered tasks by name."""
    return current_app.extensions.setdefault("guanxue.tasks", {})


def register(name: str, fn: Callable, *, heavy: bool = False, max_attempts: int = 3,
             given_up: Callable[[dict, str], None] | None = None) -> None:
    """Say what runs for a job name. Heavy tasks (encoding) have a lane of their own, so that light ones never wait.

    `given_up(payload, reason)` is told, inside a writing transaction, when the job will not be tried again.
    """
    tasks()[name] = Task(fn, heavy, max_attempts, given_up)


def enqueue(
    name: str, payload: dict, *, key: str | None = None, priority: int = 50, run_at: datetime | None = None
) -> int:
    """Ask for work; commits with the present change. With a `key` that already waits, that job's id. Lower runs first."""
    pending_key = f"{name}:{key}" if key is not None else None
    if pending_key is not None:
        waiting = session.scalar(select(Job.id).where(Job.pending_key == pending_key))
        if waiting is not None:
            return waiting
    task = tasks().get(name)
    now = clock.now()
    job = Job(
        name=name, payload=payload, pending_key=pending_key, priority=priority, run_at=run_at or now,
        is_heavy=bool(task and task.is_heavy), created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:  # another transaction asked for the same key meanwhile; its job serves both
        return session.scalar(select(Job.id).where(Job.pending_key == pending_key))
    return job.id


def _next(what, heavy: bool, now: datetime, before: int):
    return (
        select(what)
        .where(Job.is_heavy == heavy, Job.run_at <= now, Job.priority < before)
        .where(or_(Job.state == WAITING, (Job.state == RUNNING) & (Job.leased_until < now)))
        .order_by(Job.priority, Job.run_at, Job.id)
        .limit(1)
    )


def is_due(*, heavy: bool, before: int = LAST) -> bool:
    """Is there anything to claim in the lane, of a priority before that one?"""
    due = session.scalar(_next(Job.id, heavy, clock.now(), before)) is not None
    session.rollback()
    return due


def claim(*, heavy: bool, before: int = LAST) -> Job | None:
    """Lease the next job of the lane: the first waiting, or one whose lease ran out. Call inside writing()."""
    now = clock.now()
    job = session.scalar(_next(Job, heavy, now, before).with_for_update(skip_locked=True))
    if job is None:
        return None
    job.state, job.pending_key, job.failure = RUNNING, None, ""
    job.attempts += 1  # before it runs: a job that kills its worker is counted too
    job.leased_until = now + LEASE
    session.flush()
    return job


def renew(job_id: int, attempt: int, *, progress_permille: int | None = None, stage: str | None = None) -> bool:
    """Go on holding the job; False when it was taken over or cancelled."""
    values: dict = {"leased_until": clock.now() + LEASE}
    if progress_permille is not None:
        values["progress_permille"] = progress_permille
    if stage is not None:
        values["stage"] = stage
    return bool(session.execute(_mine(job_id, attempt).values(**values)).rowcount)


def finish(job_id: int, attempt: int) -> None:
    """Done; does nothing when the job was taken over."""
    session.execute(_mine(job_id, attempt).values(
        state=DONE, leased_until=None, ended_at=clock.now(), progress_permille=1000))


def release(job_id: int, attempt: int) -> None:
    """Give a job back unfinished because the site stops; the start does not count and another may claim it at once."""
    session.execute(_mine(job_id, attempt).values(state=WAITING, leased_until=None, attempts=attempt - 1))


def fail(job_id: int, attempt: int, reason: str, *, may_retry: bool) -> bool:
    """Try again later (1, 4, 9 … times 10 s, at most an hour), or give up for good; False when it was taken over."""
    wait = min(3600, 10 * attempt * attempt)
    if may_retry:
        values = {"state": WAITING, "run_at": clock.now() + timedelta(seconds=wait), "failure": reason}
    else:
        values = {"state": FAILED, "ended_at": clock.now(), "failure": reason}
    return bool(session.execute(_mine(job_id, attempt).values(leased_until=None, **values)).rowcount)


def forget_done() -> None:
    """Drop rows of work done days ago; failed ones stay for people to look at."""
    session.execute(delete(Job).where(Job.state == DONE, Job.ended_at < clock.now() - KEEP_DONE))


def _mine(job_id: int, attempt: int):
    return update(Job).where(Job.id == job_id, Job.attempts == attempt, Job.state == RUNNING)
