"""A whole site of its own for browsers: the catalogue's 1,200 rows, the demonstration's people, one short course that is
really narrated and encoded, served by the real `guanxue serve` and `guanxue worker`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, expect

from guanxue import demonstration, operations, search
from guanxue.app import create_app
from guanxue.config import DEMO_PASSWORD, ROOT, Settings
from guanxue.core import db as database
from guanxue.core.actor import SYSTEM

CHROMIUM_FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"]
PHONE, DESKTOP = {"width": 360, "height": 800}, {"width": 1280, "height": 800}
SLUG, TITLE, VIDEO, TEXT, QUIZ = "cnc-daily-start", "数控车床开机检查", "01-before-power", "02-log", "quiz"
PATIENCE_MS = 30_000  # what a page may take on a slow and busy machine; far above what it takes
expect.set_options(timeout=PATIENCE_MS)
INSTRUCTOR, CURATOR, REVIEWER = "13900000002", "13900000003", "13900000007"

# How long somebody studies without a network (test_taken_along.py); `make prove` lets it be the three minutes of a break.
STUDY_S = int(os.environ.get("GUANXUE_STUDY_S", "7"))

# A course as short as it can be and still be worth a thousandth of a credit (43.2 s): about half a minute of speech, a few
# seconds of reading, two questions.
COURSE = {
    "course.yaml": f"""slug: {SLUG}
title: {TITLE}
kind: 技能提升
level: 五级/初级工
industry: equipment
towns: [humen, changan]
planned_hours: 1
summary: 开机前看三处，开机后听一听，五分钟换一天平安。
pass_mark: 60
lessons:
  - lessons/{VIDEO}.md
  - file: lessons/{TEXT}.md
    kind: text
quiz: quiz.gift
""",
    f"lessons/{VIDEO}.md": """# 开机前后看什么

## 先看油位，再看气压

上班第一件事，先看导轨油的油位。油位在两条刻线之间，才可以开机。再看气压表，指针应在零点五兆帕附近。

## 听一听，慢慢转

按下启动以后，先让主轴慢慢转两分钟。耳朵听一听，有没有异响。声音平稳，再装夹工件。
""" + "".join(f"""
## 再看第 {n} 台

走到第 {n} 台机床前，还是先看油位，再看气压，最后慢慢转一转，听一听。样样都好，才算看完这一台。
""" for n in range(2, 2 + STUDY_S // 8)),
    f"lessons/{TEXT}.md": "# 记在本子上\n\n日期、油位、气压、声音，四样都写下，签上名字。\n",
    "quiz.gift": """::q1::主轴有异响时，可以先装夹工件再说。{FALSE####先停机，查明原因。}

::q2::开机前，导轨油的油位应在哪里？{
  =两条刻线之间
  ~上刻线以上
  ~下刻线以下
  ####太高会溢出，太低会磨损导轨。
}
""",
}
RIGHT = {"主轴有异响时": "错", "开机前，导轨油": "两条刻线之间"}


@dataclass(frozen=True)
class Site:
    """A running site: its address and the folder with everything it wrote."""

    address: str
    folder: Path

    def course(self, slug: str) -> dict:
        """The course as the API tells it to anybody."""
        with urllib.request.urlopen(f"{self.address}/api/v1/courses/{slug}", timeout=10) as answer:
            return json.load(answer)

    def lessons(self, slug: str = SLUG) -> list[dict]:
        """The course's lessons in order."""
        return [x for s in self.course(slug)["sections"] for x in s["lessons"]]

    def wait_until_playable(self, slug: str, within_s: float = 120 + 5 * STUDY_S) -> None:
        """Until the worker has made every video of the course."""
        deadline = time.monotonic() + within_s
        while any(x["state"] != "ready" for x in self.lessons(slug)):
            assert time.monotonic() < deadline, (slug, self.lessons(slug))
            time.sleep(0.3)


@contextmanager
def running_site(folder: Path) -> Iterator[Site]:
    """Prepare a site below `folder` and serve it."""
    courses = folder / "courses"
    write_courses(courses)
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    environ = {"GUANXUE_DATA": str(folder / "data"), "GUANXUE_SECRET_KEY": "journeys-journeys-journeys-journeys", "PORT": str(port)}
    prepare(replace(Settings.from_env(environ), courses_dir=courses))
    with (folder / "log").open("ab") as log:
        children = [
            subprocess.Popen([sys.executable, "-m", "guanxue", *words], env={**os.environ, **environ, "GUANXUE_DIE_WITH_PARENT": "1"},
                             stdout=log, stderr=log, cwd=ROOT)
            for words in (["serve", "--port", str(port), "--host", "127.0.0.1", "--workers", "1"], ["worker"])]
        try:
            site = Site(f"http://127.0.0.1:{port}", folder)
            wait_until_up(site, children)
            site.wait_until_playable(SLUG)
            yield site
        finally:
            end(children)


def write_courses(folder: Path) -> None:
    """A folder like `courses/`: the shipped catalogue and the short course."""
    shipped = ROOT / "courses"
    folder.mkdir(parents=True)
    for name in ("catalogue", "synonyms.csv"):
        (folder / name).symlink_to(shipped / name)
    for name, text in COURSE.items():
        path = folder / SLUG / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def prepare(settings: Settings) -> None:
    """What `guanxue init` and `guanxue demo` do, with the courses of these settings."""
    app = create_app(settings)
    with app.app_context():
        operations.prepare_site()
        demonstration.load(SYSTEM, say=lambda _line: None)
        search.freshen()
        database.db.session.remove()
        database.db.engine.dispose()


def wait_until_up(site: Site, children: list[subprocess.Popen], within_s: float = 180) -> None:
    """Until the site answers; a child that ends before is told with its log."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            with urllib.request.urlopen(site.address + "/healthz", timeout=5):
                return
        except OSError:
            gone = any(child.poll() is not None for child in children)
            assert not gone and time.monotonic() < deadline, (site.folder / "log").read_text()[-4000:]
            time.sleep(0.1)


def end(children: list[subprocess.Popen]) -> None:
    """End the processes we started, by their ids."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    for child in children:
        try:
            child.wait(12)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


# ---- a browser, and what people do in it


def chromium(playwright: Playwright) -> Browser:
    """The machine's own Chromium."""
    return playwright.chromium.launch(executable_path=_program(), args=CHROMIUM_FLAGS)


def persistent(browser: Browser, folder: Path, **options) -> BrowserContext:
    """A phone whose browser keeps in `folder` what it is told to keep, also when it is closed."""
    context = browser.browser_type.launch_persistent_context(
        folder, executable_path=_program(), args=CHROMIUM_FLAGS, viewport=PHONE, locale="zh-CN", timezone_id="Asia/Shanghai",
        **options)
    context.set_default_timeout(PATIENCE_MS)
    return context


def _program() -> str:
    # The shell draws nothing that nobody looks at: two thirds of the work of a whole browser without a window.
    program = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None)
    assert program, "Chromium is missing: `make test` installs it"
    return program


def register(page: Page, phone: str, name: str) -> None:
    """Fill in the form that is shown."""
    page.get_by_label("手机号", exact=True).fill(phone)
    page.get_by_label("姓名", exact=True).fill(name)
    page.get_by_label("设一个密码").fill("mima-bu-jiandan-1")
    page.get_by_label("我看过并同意").check()
    page.get_by_role("button", name="注册并开始学").click()


def sign_in(page: Page, site: Site, phone: str) -> None:
    """As one of the demonstration's people."""
    page.goto(site.address + "/login")
    page.get_by_label("手机号", exact=True).fill(phone)
    page.get_by_label("密码", exact=True).fill(DEMO_PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()


def seen(twins: Locator) -> Locator:
    """Of two twins the one that this width shows, once the stylesheet has come and hides the other."""
    shown = twins.locator("visible=true")
    expect(shown).to_have_count(1)
    return shown


def until(page: Page, condition: Callable[[], bool], within_s: float = 20, *, look_every_ms: int = 100) -> None:
    """Wait until condition() holds, the page's own clock going on. (The site forbids what wait_for_function needs.)"""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"it did not come true within {within_s} s"
        page.wait_for_timeout(look_every_ms)


def has_video(page: Page) -> bool:
    """Is it there (the page before it may still stand), and does it know its length?"""
    return page.evaluate("(document.getElementById('video') || {}).readyState >= 1")


def play(page: Page, rate: str | None = None) -> None:
    """Start the video by our button, at a speed from the list."""
    until(page, lambda: has_video(page))
    if rate:
        page.get_by_label("速度").select_option(rate)
    if page.evaluate("document.getElementById('video').paused"):
        page.locator("#play").click()
    until(page, lambda: not page.evaluate("document.getElementById('video').paused"))


def position(page: Page) -> float:
    """The video's clock in seconds."""
    return page.evaluate("document.getElementById('video').currentTime")


def watch_to(page: Page, second: float) -> None:
    """Let it play until that second."""
    until(page, lambda: position(page) >= second, 60 + second)


def pause(page: Page) -> None:
    """Stop the video."""
    page.evaluate("document.getElementById('video').pause()")


def credited_ms(site: Site, phone: str, slug: str = VIDEO) -> int:
    """What the server has credited a person of the lesson: read from its database, not from the page."""
    with sqlite3.connect(f"file:{site.folder}/data/guanxue.db?mode=ro", uri=True) as db:
        row = db.execute(
            "SELECT p.credited_ms FROM learning_progress p JOIN learning_enrolment e ON e.id = p.enrolment_id"
            " JOIN accounts_person a ON a.id = e.person_id JOIN courses_revision_lesson l ON l.id = p.revision_lesson_id"
            " WHERE a.phone = ? AND l.slug = ?", (phone, slug)).fetchone()
    return row[0] if row else 0


def answer_questions(page: Page, answers: dict[str, str]) -> None:
    """Answer the quiz that is shown, one question a screen, as {beginning of the stem: label}."""
    for n, (stem, label) in enumerate(answers.items(), 1):
        question = page.locator(".question", has_text=stem)
        expect(question).to_have_count(1)  # the page may be still on its way
        page.locator("#dots button").nth(page.locator(".question").evaluate_all(
            "(all, stem) => all.findIndex((q) => q.textContent.includes(stem))", stem)).click()
        question.get_by_label(label, exact=True).check()
        until(page, lambda n=n: page.locator("#dots .filled").count() >= n)
