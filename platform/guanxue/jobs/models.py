"""The job table."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import JsonDocument, Model, UtcMoment

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


class Job(Model):
    """One piece of work. `attempts` counts starts and fences out a worker whose lease was taken over."""

    __tablename__ = "jobs_job"
    __table_args__ = (
        Index("ix_jobs_job_next", "state", "is_heavy", "priority", "run_at", "id"),
        Index("uq_jobs_job_pending_key", "pending_key", unique=True),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    payload: Mapped[dict] = mapped_column(JsonDocument)
    # Set while the job waits, so that asking twice is one job; cleared when it starts, so that asking during a run counts.
    pending_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=WAITING)
    is_heavy: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=50)
    run_at: Mapped[datetime] = mapped_column(UtcMoment)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcMoment)
    progress_permille: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(default="")
    failure: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(UtcMoment)
    ended_at: Mapped[datetime | None] = mapped_column(UtcMoment)
