"""A worker that is killed in the middle of its work, and many writers at once: nothing half done, nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.clients import API, Learner
from tests.conftest import make_app, prepare
from tests.factories import GIFT, make_course, make_person

from guanxue import courses, creditbank, learning, ledger
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, session, writing
from guanxue.jobs.models import Job
from guanxue.learning import api as learning_api
from guanxue.learning.models import BeatRow, Enrolment
from guanxue.media.models import Asset
from guanxue.media.queries import folder_of
from guanxue.quizzes.models import Submission

SPOKEN = "\n\n".join(f"## 第{n}点\n\n主轴停稳以后再伸手测量工件。卡尺要垂直于轴线，视线与刻线垂直。" for n in range(1, 9))
PATIENCE_S = 150  # far above the lease and the encoding; only a broken site needs it


@pytest.fixture
def studio(tmp_path):
    """A site whose one course waits for its narrated video, and how to start its worker."""
    folder = tmp_path / "studio"
    app = make_app(folder)
    prepare(app)
    with app.test_request_context(), writing():
        make_person()
        course = courses.create_course(SYSTEM, title="安全测量", kind="skills-upgrading", slug="spoken")
        courses.add_lesson(SYSTEM, course, title="先停机", kind="video", body=SPOKEN)
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
        courses.publish_course(SYSTEM, course)
    started = []

    def start() -> subprocess.Popen:
        environ = {**os.environ, "GUANXUE_DATA": str(folder), "GUANXUE_SECRET_KEY": "test-secret-test-secret-test-secret-0123"}
        environ.pop("GUANXUE_DATABASE_URL", None)
        started.append(subprocess.Popen([sys.executable, "-m", "guanxue", "worker"], env=environ, stderr=subprocess.DEVNULL))
        return started[-1]

    yield app, folder, start
    for process in started:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def programs_of(folder: Path) -> list[str]:
    """Encoders and voices that work below the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(folder) in words and ("ffmpeg" in words or "espeak" in words):
            found.append(words)
    return found


def wait_for(what, patience_s=PATIENCE_S):
    """What a look gives as soon as it gives something."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what.__name__} did not come true")


def asset_of(app) -> tuple[str, str]:
    with app.app_context():
        return session.execute(select(Asset.state, Asset.version)).one()


def test_a_worker_killed_in_mid_encode_leaves_no_program_and_its_job_ends_with_one_version(studio):
    app, folder, start = studio
    learner = Learner(app)
    learner.call("PUT", "/courses/spoken/enrolment", 200)
    lesson = learner.lessons("spoken")[0]["id"]
    served = folder / "media" / "assets"

    def encoding():
        return any("ffmpeg" in words and "index.m3u8" in words for words in programs_of(folder))

    def nothing_half_done_is_served():
        told = learner.call("GET", f"/lessons/{lesson}", 200)
        if told["state"] != "ready":
            assert told["hls_url"] is None and told["mp4_url"] is None and told["duration_s"] is None
            return False
        assert learner.client.get(told["hls_url"]).status_code == 200 and learner.client.get(told["mp4_url"]).status_code == 200
        return True

    worker = start()
    wait_for(encoding)
    assert not nothing_half_done_is_served()
    worker.send_signal(signal.SIGKILL)
    worker.wait(10)
    wait_for(lambda: not programs_of(folder), 10)
    assert asset_of(app).state != "ready" and list(served.glob("*/*")) == []
    assert not nothing_half_done_is_served()
    with app.test_request_context(), writing():  # as if the half minute of the dead worker's lease had gone by
        job = session.scalar(select(Job).where(Job.name == "media.make"))
        assert (job.state, job.attempts) == ("running", 1) and job.leased_until > clock.now()
        job.leased_until = clock.now()

    start()
    wait_for(nothing_half_done_is_served)
    state, version = asset_of(app)
    assert state == "ready" and [p.name for p in served.glob("*/*")] == [version]
    with app.app_context():
        made = folder_of(1, version)
        job = session.scalar(select(Job).where(Job.name == "media.make"))
        assert (job.attempts, job.failure) == (2, "")
    assert {p.name for p in made.iterdir()} >= {"master.m3u8", "720p", "video.mp4", "audio.m4a", "poster.jpg", "zh-Hans.vtt"}
    wait_for(lambda: not list((folder / "media" / "work").iterdir()), 10)  # nothing of the killed attempt fills the disk


def test_a_worker_told_to_stop_ends_its_programs_and_gives_the_job_back(studio):
    app, folder, start = studio
    worker = start()
    wait_for(lambda: programs_of(folder))
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(10) == 0
    wait_for(lambda: not programs_of(folder), 5)
    with app.app_context():
        job = session.scalar(select(Job).where(Job.name == "media.make"))
        assert (job.state, job.attempts) == ("waiting", 0)
    assert asset_of(app).version == ""


def study(app, phone: str, errors: list) -> None:
    """Everything a learner writes, in a thread of its own; every answer that is no success is remembered."""
    try:
        learner = Learner(app, phone)

        def call(method, path, **json):
            answer = learner.client.open(API + path, method=method, headers=learner.headers, json=json or None)
            if answer.status_code >= 400:
                errors.append((path, answer.status_code, answer.get_data(as_text=True)[:200]))
            return answer.get_json()

        call("PUT", "/courses/safe-measuring/enrolment")
        video, quiz = learner.lessons()
        playback = call("POST", f"/lessons/{video['id']}/playback")
        nonce, seq = playback["nonce"], 1
        for n in range(5):
            answer = call("POST", f"/playbacks/{playback['playback_id']}/beats", nonce=nonce, seq=seq,
                          beats=[{"t_ms": n + 1, "from_s": n, "to_s": n + 1, "rate": 1}])
            nonce, seq = answer["nonce"], answer["next_seq"]
        attempt = call("POST", f"/quizzes/{quiz['id']}/attempts")
        for part in learner.right_answers(attempt).items():
            call("PUT", f"/attempts/{attempt['attempt_id']}/answers", **dict([part]))
        assert call("POST", f"/attempts/{attempt['attempt_id']}/submit")["passed"]
    except Exception as error:
        errors.append(repr(error))


def test_sixteen_parallel_writers_on_sqlite_meet_no_error(site, monkeypatch):
    app = make_app(site)
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    phones = [f"138000001{n:02}" for n in range(16)]
    with app.test_request_context(), writing():
        for phone in phones:
            make_person(phone)
        make_course()
    errors: list = []
    threads = [threading.Thread(target=study, args=(app, phone, errors)) for phone in phones]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    with app.test_request_context():
        counts = [session.scalar(select(func.count()).select_from(m)) for m in (Enrolment, BeatRow, Submission)]
        assert counts == [16, 80, 16]
        db.engine.dispose()


@pytest.mark.both_databases
def test_sixteen_parallel_completions_make_sixteen_entries_without_a_gap(any_app, monkeypatch):
    phones = [f"138000001{n:02}" for n in range(16)]
    with any_app.test_request_context(), writing():
        for phone in phones:
            make_person(phone)
        make_course(videos_ms=(), texts=1)
    learners = [Learner(any_app, phone) for phone in phones]
    attempts = []
    for learner in learners:
        learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
        text, quiz = learner.lessons()
        assert learner.watch(text["id"], text["duration_s"])["lesson_completed"]
        attempt = learner.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
        learner.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **learner.right_answers(attempt))
        attempts.append((learner, attempt["attempt_id"]))
    answers = []
    threads = [threading.Thread(target=lambda w, a: answers.append(w.call("POST", f"/attempts/{a}/submit")), args=pair) for pair in attempts]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [a.get("passed") for a in answers] == [True] * 16
    with any_app.test_request_context():
        assert len(learning.list_completions()) == 16 and ledger.verify().faults == []
        assert ledger.head()["size"] == 16 and creditbank.recompute() == (16, [])
