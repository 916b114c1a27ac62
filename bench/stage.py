"""What is measured: our site filled through its own services, the bare yardsticks beside it, and the servers that run them."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import films
from sqlalchemy import select, text

from guanxue import accounts, courses, demonstration, jobs, learning, media, migrations, search, wiring
from guanxue.app import create_app
from guanxue.config import DEMO_PASSWORD, Settings
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import db, writing
from guanxue.learning import evidence
from guanxue.media.service import finish_asset

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
OUR_PORT, YARDSTICK_PORT = 8160, 8161
LEARNERS = 4000  # so many that nobody's player sends more than two beats a second, which are slowed down
FILM = "bench-film"  # a course whose one video is really narrated and encoded
SPOKEN = [
    media.SlideSpec("先看油位", ["上班第一件事，先看导轨油的油位。", "油位在两条刻线之间，才可以开机。", "低于下刻线，先加油，再记在本子上。"]),
    media.SlideSpec("再看气压", ["气压表的指针，应在零点五兆帕附近。", "压力不够，先查管路有没有漏气。", "漏气的声音很轻，要把手放在接头旁边听。"]),
    media.SlideSpec("听一听，慢慢转", ["按下启动以后，先让主轴慢慢转两分钟。", "耳朵听一听，有没有异响。", "声音平稳，再装夹工件。"]),
]
LESSON_MS = 6 * 3_600_000  # so long that nobody completes it while we measure
SECRET = "bench-secret-bench-secret-bench-secret-0123"
TICKS = os.sysconf("SC_CLK_TCK")
# The yardsticks get what `guanxue serve` gives us.
GRANIAN = ["--interface", "wsgi", "--host", "127.0.0.1", "--workers", "2", "--blocking-threads", "4", "--backlog", "1024",
           "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning"]


@dataclass(frozen=True)
class Learner:
    """Somebody who is watching: their bearer token and the code of their open playback."""

    token: str
    code: str


@dataclass(frozen=True)
class Stage:
    """A filled site in `folder`: a signed-in visitor's cookie, an open course's slug, learners before a lesson."""

    folder: Path
    cookie: str
    course: str
    learners: list[Learner]

    @property
    def environ(self) -> dict[str, str]:
        """What our server is started with."""
        return {**os.environ, **_environ(self.folder)}


def _environ(folder: Path) -> dict[str, str]:
    return {"GUANXUE_DATA": str(folder), "GUANXUE_SECRET_KEY": SECRET, "PORT": str(OUR_PORT)}


class Site:
    """Our app in this process, to fill the site and to look into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.app = create_app(Settings.from_env(_environ(folder)))

    def fill(self, learners: int = LEARNERS) -> Stage:
        """The shipped catalogue, people, an index, one course whose videos are ready rows, and learners watching it."""
        with self.app.test_request_context():
            migrations.upgrade()
            with writing():
                wiring.prepare(SYSTEM)
            demonstration.load(SYSTEM, say=lambda line: None)
            with writing():
                lesson = _open_course()
            with writing():
                watching = _seat(lesson, learners)
            search.rebuild()
            db.session.remove()
            db.engine.dispose()
        return Stage(self.folder, self._sign_in(), "bench-turning", watching)

    def make_film(self, stage: Stage) -> None:
        """Make the course of two films, one narrated, one that moves all the time, and put the signed-in learner into it."""
        moving = films.draw(self.folder, "motion", 24)
        with self.app.test_request_context():
            with writing():
                db.session.execute(text("DELETE FROM jobs_job WHERE name LIKE 'media.%'"))  # the demonstration's films wait, too
                course = courses.create_course(SYSTEM, title="数控车床开机检查", kind="skills-upgrading", slug=FILM,
                                               summary="开机前看三处，开机后听一听。")
                lesson = courses.add_lesson(SYSTEM, course, title="开机前后看什么", kind="video", body="## 先看油位\n\n再看气压。")
                lesson.slug = "01-oil-and-air"
                asset = media.create_narrated(SYSTEM, media.NarrationSpec(FILM, course.title, "", SPOKEN))
                courses.attach_video(SYSTEM, course, lesson.id, asset)
                filmed = courses.add_lesson(SYSTEM, course, title="开机时的样子", kind="video")
                filmed.slug = "02-at-work"
                with moving.open("rb") as film:
                    uploaded = media.create_from_original(SYSTEM, moving.name, media.keep_original(film))
                courses.attach_video(SYSTEM, course, filmed.id, uploaded)
                courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body="::q1::先看油位，再开机。{TRUE####防止磨损。}")
                courses.publish_course(SYSTEM, course)
                person = accounts.find_person_by_phone(accounts.DEMO_PEOPLE[0][0])
                learning.enrol(Actor("person", person.id, person.name), course)
                asset_ids = asset.id, uploaded.id
            worker = jobs.Worker(self.app)
            worker.start()
            try:
                for asset_id in asset_ids:
                    _await_film(asset_id)
            finally:
                worker.stop()
                db.session.remove()

    def _sign_in(self) -> str:
        """The cookie of a browser in which the first of the demonstration's people is signed in."""
        browser = self.app.test_client()
        form = browser.get("/login").get_data(as_text=True)
        token = form.split('name="csrf_token" value="')[1].split('"')[0]
        sent = {"phone": accounts.DEMO_PEOPLE[0][0], "password": DEMO_PASSWORD, "csrf_token": token}
        if browser.post("/login", data=sent).status_code != 303:
            raise RuntimeError("the demonstration's learner could not sign in")
        browser.get("/courses")  # as after every sign-in: the page that comes next puts the form token into the cookie
        return f"session={browser.get_cookie('session').value}"

    def sittings(self, learners: list[Learner], ahead: int) -> list[dict]:
        """By learner: how old their playback is in seconds, the next seq, and the words of the next `ahead` requests."""
        with self.app.test_request_context():
            rows = {p.code: p for p in db.session.scalars(select(learning.Playback))}
            told = []
            for one in learners:
                row = rows[one.code]
                words = [evidence.nonce_of(one.code, n) for n in range(row.last_seq, row.last_seq + ahead)]
                told.append({"code": one.code, "token": one.token, "opened_s": row.opened_ms // 1000 + 1,
                             "seq": row.last_seq + 1, "words": words})
            db.session.remove()
        return told


def _await_film(asset_id: int, within_s: float = 300) -> None:
    """Wait until the worker has made it, all its sizes; RuntimeError when it has not."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        db.session.remove()
        asset = media.get_asset(asset_id)
        if asset.state == "ready" and not (asset.facts or {}).get("is_partial"):
            return
        time.sleep(0.5)
    raise RuntimeError("the film was not made in time")


def _open_course() -> courses.RevisionLesson:
    course = courses.create_course(SYSTEM, title="数控车工入门", kind="skills-upgrading", slug="bench-turning",
                                   summary="停机、测量、记录：从一张图样到一个合格的零件。")
    for n in range(1, 9):
        lesson = courses.add_lesson(SYSTEM, course, title=f"第 {n} 步", kind="video", body="## 先停机\n\n主轴停稳以后再伸手。")
        spec = media.NarrationSpec(f"bench-{n}", f"第 {n} 步", "", [media.SlideSpec("先停机", ["主轴停稳以后再伸手。"])])
        asset = media.create_narrated(SYSTEM, spec)
        courses.attach_video(SYSTEM, course, lesson.id, asset)
        finish_asset(asset.id, version="bench", duration_ms=LESSON_MS if n == 1 else 300_000, facts={"has_sound": True})
    courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body="::q1::主轴停稳以后才能测量工件。{TRUE####防止卷入。}")
    revision = courses.publish_course(SYSTEM, course)
    return courses.lessons_of(revision.id)[0]


def _seat(lesson: courses.RevisionLesson, count: int) -> list[Learner]:
    """That many people, signed in, enrolled, each with the lesson open."""
    course = courses.get_course("bench-turning", SYSTEM)
    hashed = accounts.hash_password("only-for-the-bench-1")
    seated = []
    for n in range(count):
        person = accounts.register_person(SYSTEM, phone=f"137{n:08}", password_hash=hashed, name=f"学员{n}")
        actor = Actor("person", person.id, person.name)
        learning.enrol(actor, course)
        playback, _is_new = learning.open_playback(actor, lesson, None)
        first = [learning.Beat(1000, 0, 1000, 1000)]  # the first of all is dearer: it makes the lesson's progress
        learning.record_beats(actor, playback.code, 1, evidence.nonce_of(playback.code, 0), first)
        seated.append(Learner(accounts.start_session(person, "api"), playback.code))
    return seated


# ---- servers


@dataclass(frozen=True)
class Occupied:
    """A process's memory by /proc/<pid>/smaps_rollup: its share of all pages it has (PSS), and what it has for itself."""

    pss_mb: float
    private_mb: float


class Server:
    """One granian with two workers; its processor time is that of its whole process tree."""

    def __init__(self, name: str, port: int, command: list[str], cwd: Path, environ: dict[str, str]) -> None:
        self.name, self.port = name, port
        self._log = (Path(environ["BENCH_FOLDER"]) / f"{name}.log").open("w")
        self._process = subprocess.Popen([Path(sys.executable).with_name(command[0]), *command[1:], "--port", str(port)],
                                         cwd=cwd, env=environ, stdout=self._log, stderr=self._log)

    @property
    def pid(self) -> int:
        """The process that all others of it come from."""
        return self._process.pid

    def __enter__(self) -> Server:
        self.await_answer("/healthz", 300)
        return self

    def __exit__(self, *_fault: object) -> None:
        self.stop()

    def await_answer(self, path: str, within_s: float = 30) -> None:
        """Wait until it answers; RuntimeError when it does not."""
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(OSError):
                if get(self.port, path)[0] == 200:
                    return
            time.sleep(0.2)
        raise RuntimeError(f"{self.name} does not answer; see {self._log.name}")

    def cpu_s(self) -> float:
        """Processor seconds of all its processes so far, those it has reaped included."""
        total = 0
        for pid in _tree(self._process.pid):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
                total += sum(map(int, fields[11:15]))
        return total / TICKS

    def memory(self) -> list[Occupied]:
        """What its processes occupy: the parent first, then its workers."""
        parent = self._process.pid
        found = []
        for pid in [parent, *sorted(_tree(parent) - {parent})]:
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
                found.append(Occupied(*(sum(int(line.split()[1]) for line in lines if line.startswith(names)) / 1024
                                        for names in (("Pss:",), ("Private_Clean:", "Private_Dirty:")))))
        return found

    def memory_mb(self) -> float:
        """What all its processes occupy, pages they share counted once."""
        return sum(one.pss_mb for one in self.memory())

    def stop(self) -> None:
        """End it and what it started."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()


def _tree(root: int) -> set[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found, todo = set(), [root]
    while todo:
        pid = todo.pop()
        found.add(pid)
        todo += children.get(pid, [])
    return found


def get(port: int, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
    """(status, headers in small letters, body as it came) of one request to loopback."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


@contextlib.contextmanager
def servers(stage: Stage):
    """(ours, yardsticks), both answering; ended afterwards."""
    seats = stage.folder / "learners.json"
    seats.write_text(json.dumps([{"token": x.token, "code": x.code} for x in stage.learners]))
    bare = {**os.environ, "BENCH_FOLDER": str(stage.folder), "BENCH_SECRET": SECRET, "PYTHONPATH": str(HERE / "yardsticks"),
            "BENCH_CATALOGUE": str(ROOT / "courses" / "catalogue" / "course_titles.csv")}
    subprocess.run([sys.executable, HERE / "yardsticks" / "bare.py"], env=bare, check=True)
    ours = yard = None
    try:
        ours = Server("ours", OUR_PORT, ["guanxue", "serve", "--host", "127.0.0.1"], ROOT, {**stage.environ, "BENCH_FOLDER": str(stage.folder)})
        yard = Server("yardsticks", YARDSTICK_PORT, ["granian", *GRANIAN, "bare:app"], HERE / "yardsticks", bare)
        ours.await_answer("/courses")
        yard.await_answer("/cards")
        yield ours, yard
    finally:
        for server in (ours, yard):
            if server is not None:
                server.stop()
