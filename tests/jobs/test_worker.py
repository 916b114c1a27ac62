"""Jobs: done at least once, taken over when a worker dies, never finished by one who lost the lease."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from guanxue import jobs
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.core.errors import Invalid
from guanxue.jobs import service
from guanxue.jobs.models import Job


@pytest.fixture
def done(any_app):
    """A task `note` that remembers its payloads."""
    seen: list[dict] = []
    with any_app.app_context():
        jobs.register("note", lambda job: seen.append(job.payload))
    return seen


def ask(app, name, payload, **more):
    with app.app_context(), writing():
        return jobs.enqueue(name, payload, **more)


def state(app, job_id):
    with app.app_context():
        job = session.get(Job, job_id)
        return job.state, job.attempts


def test_a_job_runs_once_and_is_done(any_app, done):
    job_id = ask(any_app, "note", {"x": 1})
    assert jobs.run_waiting(any_app) == 1
    assert done == [{"x": 1}]
    assert state(any_app, job_id) == ("done", 1)
    assert jobs.run_waiting(any_app) == 0


def test_asking_twice_with_one_key_is_one_job(any_app, done):
    first = ask(any_app, "note", {"x": 1}, key="k")
    assert ask(any_app, "note", {"x": 1}, key="k") == first
    jobs.run_waiting(any_app)
    assert len(done) == 1
    assert ask(any_app, "note", {"x": 1}, key="k") != first  # once it ran, asking counts again


@pytest.mark.both_databases
def test_parallel_askers_with_one_key_make_one_job(any_app, done):
    threads = [threading.Thread(target=ask, args=(any_app, "note", {}), kwargs={"key": "k"}) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert jobs.run_waiting(any_app) == 1


@pytest.mark.both_databases
def test_parallel_workers_run_each_job_once(any_app, done):
    for n in range(20):
        ask(any_app, "note", {"n": n})
    threads = [threading.Thread(target=jobs.run_waiting, args=(any_app,)) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(p["n"] for p in done) == list(range(20))


def test_what_rolls_back_was_never_asked(any_app, done):
    with any_app.app_context(), pytest.raises(RuntimeError), writing():
        jobs.enqueue("note", {})
        raise RuntimeError
    assert jobs.run_waiting(any_app) == 0


def test_a_failing_job_is_tried_again_and_then_given_up(any_app):
    with any_app.app_context():
        jobs.register("break", lambda job: 1 / 0, max_attempts=2)
    job_id = ask(any_app, "break", {})
    jobs.run_waiting(any_app)
    assert state(any_app, job_id) == ("waiting", 1)
    with clock.advance(60):
        jobs.run_waiting(any_app)
    assert state(any_app, job_id) == ("failed", 2)


def test_a_problem_with_the_input_is_not_tried_again(any_app):
    def refuse(job):
        raise Invalid("坏文件")

    with any_app.app_context():
        jobs.register("refuse", refuse)
    job_id = ask(any_app, "refuse", {})
    jobs.run_waiting(any_app)
    assert state(any_app, job_id) == ("failed", 1)


def test_a_dead_workers_job_is_taken_over_and_its_late_finish_ignored(any_app, done):
    job_id = ask(any_app, "note", {})
    with any_app.app_context(), writing():
        dead = service.claim(heavy=False)
        attempt = dead.attempts
    assert jobs.run_waiting(any_app) == 0  # leased
    with clock.advance(31):
        assert jobs.run_waiting(any_app) == 1
    with any_app.app_context(), writing():
        assert not service.renew(job_id, attempt)
        service.fail(job_id, attempt, "late", may_retry=True)
    assert state(any_app, job_id) == ("done", 2)


def test_a_stopping_worker_gives_its_job_back(any_app):
    started, stop = threading.Event(), threading.Event()

    def slow(job):
        started.set()
        while not job.is_lost():
            stop.wait(0.01)
        raise RuntimeError("stopped")

    with any_app.app_context():
        jobs.register("slow", slow)
    job_id = ask(any_app, "slow", {})
    worker = jobs.Worker(any_app)
    worker.start()
    assert started.wait(5)
    worker.stop()
    assert state(any_app, job_id) == ("waiting", 0)


def test_light_work_never_waits_behind_heavy_work(any_app, done):
    with any_app.app_context():
        jobs.register("encode", lambda job: None, heavy=True)
    ask(any_app, "encode", {}, priority=1)
    ask(any_app, "note", {"x": 1})
    assert jobs.worker.run_one(any_app, heavy=False)
    assert done == [{"x": 1}]


def test_a_job_that_kills_its_worker_again_and_again_is_given_up(any_app):
    with any_app.app_context():
        jobs.register("deadly", lambda job: None, max_attempts=3)
    job_id = ask(any_app, "deadly", {})
    for _death in range(3):  # claimed, then the worker is gone: the lease runs out
        with any_app.app_context(), writing():
            assert service.claim(heavy=False).id == job_id
            session.get(Job, job_id).leased_until = clock.now() - timedelta(seconds=1)
    assert jobs.run_waiting(any_app) == 1
    assert state(any_app, job_id)[0] == "failed"


def test_whoever_asked_is_told_once_when_a_job_is_given_up(any_app):
    told = []

    def fail(job):
        raise OSError("disk full")

    with any_app.app_context():
        jobs.register("hopeless", fail, max_attempts=2, given_up=lambda payload, why: told.append((payload, why)))
    ask(any_app, "hopeless", {"asset_id": 7})
    jobs.run_waiting(any_app)
    assert told == []
    with clock.advance(3600):
        jobs.run_waiting(any_app)
    assert told == [({"asset_id": 7}, "OSError: disk full")]


def test_done_jobs_are_forgotten_after_some_days_and_failed_ones_are_kept(any_app, done):
    def fail(job):
        raise Invalid("nie")

    with any_app.app_context():
        jobs.register("wrong", fail)
    for name in ("note", "wrong"):
        ask(any_app, name, {})
    jobs.run_waiting(any_app)
    with clock.advance(4 * 86_400), any_app.app_context():
        with writing():
            service.forget_done()
        assert [job.name for job in jobs.list_jobs() if job.state in ("done", "failed")] == ["wrong"]


def test_a_long_job_lets_pass_what_comes_before_it_and_nothing_else(any_app, done):
    held = []

    def long(job):
        assert not job.is_overtaken(40)
        ask(any_app, "note", {"x": "later"}, priority=70)
        ask(any_app, "note", {"x": "sooner"}, priority=20)
        assert job.is_overtaken(40) and not job.is_overtaken(20)
        job.let_pass(40)
        held.append((list(done), state(any_app, job.id)[0]))

    with any_app.app_context():
        jobs.register("long", long)
    ask(any_app, "long", {})
    jobs.run_waiting(any_app)
    assert held == [([{"x": "sooner"}], "running")] and done == [{"x": "sooner"}, {"x": "later"}]


def test_while_others_pass_both_leases_are_renewed(any_app):
    beside = []

    def short(job):
        beside.append({j.name for j in job.beside})

    with any_app.app_context():
        jobs.register("short", short)
        jobs.register("long", lambda job: (ask(any_app, "short", {}, priority=1), job.let_pass(40)))
    ask(any_app, "long", {})
    jobs.run_waiting(any_app)
    assert beside == [{"long", "short"}]
