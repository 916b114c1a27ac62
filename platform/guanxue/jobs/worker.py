"""The worker: two lanes (light, heavy), each claiming, beating and finishing one job at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from flask import Flask

from guanxue.core.db import end_work, writing
from guanxue.core.errors import Problem
from guanxue.jobs import service

log = logging.getLogger(__name__)
BEAT_S = 5.0
IDLE_S = 0.5
CLEAN_EVERY_S = 3600.0
MOST_NAMED = 10
Thing = TypeVar("Thing", int, str)


@dataclass(eq=False)
class Running:
    """What a task is given: its payload, and how to say how far it is."""

    app: Flask
    id: int
    name: str
    payload: dict
    attempt: int
    lost: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    beside: set[Running] = field(default_factory=set)  # what this worker runs, this job among it
    is_heavy: bool = False
    _progress: tuple[int, str] | None = None

    def report(self, fraction: float, stage: str = "") -> None:
        """Say how far the work is, 0…1; written with the next beat."""
        self._progress = (round(max(0.0, min(1.0, fraction)) * 1000), stage)

    def is_lost(self) -> bool:
        """True when another worker took the job over or the site is stopping: raise or return early, write nothing more."""
        return self.lost.is_set() or self.stopping.is_set()

    def is_overtaken(self, priority: int) -> bool:
        """Does work of this lane wait that comes before that priority?"""
        with self.app.app_context():
            return service.is_due(heavy=self.is_heavy, before=priority)

    def let_pass(self, priority: int) -> None:
        """Run here and now what waits in this lane before that priority; this job is held meanwhile, and goes on after it."""
        while not self.is_lost() and run_one(self.app, heavy=self.is_heavy, running=self.beside, before=priority):
            pass

    def beat(self) -> None:
        """Renew the lease, with the latest progress."""
        progress, stage = self._progress or (None, None)
        with self.app.app_context():
            with writing():
                held = service.renew(self.id, self.attempt, progress_permille=progress, stage=stage)
        if not held:
            self.lost.set()


class Worker:
    """Runs jobs until stop() is called. One thread a lane; a third beats for both."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._stopping = threading.Event()
        self._running: set[Running] = set()
        self._threads = [
            threading.Thread(target=self._lane, args=(heavy,), name=f"jobs-{'heavy' if heavy else 'light'}")
            for heavy in (False, True)
        ] + [threading.Thread(target=self._beat, name="jobs-beat", daemon=True)]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """Let running tasks know, wait for them; what is not finished is taken up again after its lease."""
        self._stopping.set()
        for running in list(self._running):
            running.stopping.set()
        for thread in self._threads[:2]:
            thread.join(timeout_s)

    def _lane(self, heavy: bool) -> None:
        while not self._stopping.is_set():
            try:
                if not run_one(self.app, heavy=heavy, running=self._running):
                    self._stopping.wait(IDLE_S)
            except Exception:
                log.exception("the job lane stumbled; it goes on")
                self._stopping.wait(5)

    def _beat(self) -> None:
        cleaned = 0.0
        while not self._stopping.wait(BEAT_S):
            if time.monotonic() - cleaned > CLEAN_EVERY_S:
                cleaned = time.monotonic()
                self._forget_done()
            for running in list(self._running):
                try:
                    running.beat()
                except Exception:
                    log.exception("job %s: a beat failed", running.id)

    def _forget_done(self) -> None:
        try:
            with self.app.app_context(), writing():
                service.forget_done()
        except Exception:
            log.exception("old jobs could not be forgotten")


def run_one(app: Flask, *, heavy: bool, running: set | None = None, before: int = service.LAST) -> bool:
    """Claim and run one job of the lane (of a priority before that one); False when there was none."""
    tracked = running if running is not None else set()
    with app.app_context():
        if not service.is_due(heavy=heavy, before=before):  # a look costs no write lock
            return False
        with writing():
            job = service.claim(heavy=heavy, before=before)
            if job is None:
                return False
            work = Running(app, job.id, job.name, dict(job.payload), job.attempts, beside=tracked, is_heavy=heavy)
    tracked.add(work)
    try:
        _perform(app, work)
    finally:
        tracked.discard(work)
    return True


def _perform(app: Flask, work: Running) -> None:
    began = time.monotonic()
    with app.app_context():
        task = service.tasks().get(work.name)
        try:
            if task is None:
                raise LookupError(f"no task is registered for {work.name}")
            if work.attempt > task.max_attempts:
                raise RuntimeError("every attempt ended with its worker")
            task.fn(work)
        except Exception as error:
            if work.is_lost():
                _let_go(work)
                return
            log.exception("job %s %s failed on attempt %s", work.id, work.name, work.attempt)
            may_retry = task is not None and not isinstance(error, Problem) and work.attempt < task.max_attempts
            _note_failure(work, task, f"{type(error).__name__}: {error}"[:500], may_retry)
            return
        if work.is_lost():  # it may have stopped early; done twice is safe, done half is not
            _let_go(work)
            return
        with writing():
            service.finish(work.id, work.attempt)
    log.info("job", extra={"fields": {"job": work.name, "id": work.id, "s": round(time.monotonic() - began, 2)}})


def _note_failure(work: Running, task: service.Task | None, reason: str, may_retry: bool) -> None:
    with writing():
        held = service.fail(work.id, work.attempt, reason, may_retry=may_retry)
        if held and not may_retry and task is not None and task.given_up is not None:
            task.given_up(work.payload, reason)


def _let_go(work: Running) -> None:
    """The site stops: the job waits for the next start. A job that was taken over is no longer ours to touch."""
    if not work.lost.is_set():
        with writing():
            service.release(work.id, work.attempt)


def run_waiting(app: Flask, *, limit: int = 1000) -> int:
    """Run what waits now, in this thread, both lanes; for commands and tests. How many were run."""
    done = 0
    while done < limit and (run_one(app, heavy=False) or run_one(app, heavy=True)):
        done += 1
    return done


# ---- a job on many things, each apart


class NotAllDone(Exception):
    """Some things could not be done; the rest was. The job is tried again, and does only what is still open."""


def each_apart(job: Running, things: Iterable[Thing], work: Callable[[Thing], None]) -> list[Thing]:
    """Do the work on each thing, which opens its own transaction, while the job is ours; those on which it failed."""
    failed = []
    for thing in things:
        if job.is_lost():
            break
        try:
            work(thing)
        except Exception:  # whatever it is: the others are not to wait for it, and the job fails with it in the end
            end_work(commit=False)
            log.exception("%s failed on %s", work.__qualname__, thing)
            failed.append(thing)
    return failed


def must_be_none(failed: list[Thing], of: str) -> None:
    """Raise NotAllDone where any failed, naming the first of them, so that the job is told of and tried again."""
    if failed:
        more = f" and {len(failed) - MOST_NAMED} more" if len(failed) > MOST_NAMED else ""
        raise NotAllDone(f"{len(failed)} {of} not settled: {', '.join(map(str, failed[:MOST_NAMED]))}{more}")
