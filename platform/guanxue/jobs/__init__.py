"""Background work: a job row commits with the change that wants it; a worker leases it, beats, and does it at least once.

A task is `fn(job)`. It runs outside any transaction and opens short ones with core.db.writing(); it may run twice, so it
must be safe to repeat. A worker that dies loses its lease, and another takes the job over.
"""

from guanxue.jobs.models import Job
from guanxue.jobs.queries import count_by_state, count_waiting, list_failed, list_jobs
from guanxue.jobs.service import enqueue, register
from guanxue.jobs.worker import NotAllDone, Running, Worker, each_apart, must_be_none, run_waiting

__all__ = [
    "enqueue", "register", "Running", "Worker", "run_waiting", "Job", "list_jobs", "list_failed", "count_waiting",
    "count_by_state", "NotAllDone", "each_apart", "must_be_none",
]
