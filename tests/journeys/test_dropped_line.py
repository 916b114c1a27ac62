"""Ten minutes of reading on a line that drops every twenty seconds, in a browser and on a server whose clocks are moved by hand."""

from __future__ import annotations

import threading
import time

import pytest
from playwright.sync_api import Page, Request, Route
from sqlalchemy import select
from tests.factories import GIFT, PASSWORD, SYSTEM, make_person
from tests.journeys.site import until
from werkzeug.serving import make_server

from guanxue import courses
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.learning import api, evidence
from guanxue.learning.models import BeatRow, Playback, Progress

MINUTES, BEAT_S = 10, 15


class Stopwatch:
    """The server's clock, moved by hand."""

    def __init__(self) -> None:
        self.at = time.time()

    def time(self) -> float:
        """As time.time()."""
        return self.at


@pytest.fixture
def reading_room(bare_app, monkeypatch):
    """(address, the server's clock) of a site with one long text."""
    watch = Stopwatch()
    monkeypatch.setattr(clock, "time", watch)
    monkeypatch.setattr(api._beats, "check", lambda key: None)
    with bare_app.test_request_context(), writing():
        make_person()
        course = courses.create_course(SYSTEM, title="读很久", kind="skills-upgrading", slug="long-read", summary="一篇长文章。")
        courses.add_lesson(SYSTEM, course, title="长文章", kind="text", body="先停机，再测量。" * (MINUTES * 60))
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
        courses.publish_course(SYSTEM, course)
    server = make_server("127.0.0.1", 0, bare_app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", watch
    server.shutdown()


class Line:
    """What becomes of the requests of a page: they come through, the line is down, or the answer is lost on its way."""

    def __init__(self, page: Page) -> None:
        self.state, self.asked, self.over = "up", 0, 0
        page.route("**/api/v1/**", self._pass)
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self._is_over(request))

    def _is_over(self, request: Request) -> None:
        self.over += "/api/v1/" in request.url

    def _pass(self, route: Route) -> None:
        self.asked += 1
        if self.state == "up":
            route.continue_()
            return
        if self.state == "lossy":
            route.fetch()
        route.abort()


def test_a_line_that_drops_every_twenty_seconds_costs_less_than_one_beat_in_ten_minutes(open_page, reading_room, bare_app):
    address, watch = reading_room
    page = open_page(service_workers="block")
    page.clock.install()
    page.goto(f"{address}/login?next=/courses/long-read")
    page.fill("[name=phone]", "13800000001")
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/courses/long-read")
    page.get_by_role("button", name="报名，开始学").first.click()
    page.wait_for_url("**/learn/**")
    until(page, lambda: page.evaluate("Boolean(window.study && study.playback())"))
    line = Line(page)
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + 1)
    for second in range(MINUTES * 60):
        watch.at += 1
        page.clock.run_for(1000)
        until(page, lambda: line.over == line.asked, look_every_ms=5)  # no second passes while a busy machine is at it
        line.state = "up" if second % 20 < 14 else ("down", "lossy")[second // 20 % 2]
    line.state = "up"
    for _second in range(2 * BEAT_S):
        watch.at += 1
        page.clock.run_for(1000)
        until(page, lambda: line.over == line.asked, look_every_ms=5)
    with bare_app.app_context():
        playback = session.scalars(select(Playback)).one()
        credited = session.scalars(select(Progress.credited_ms)).one() / 1000
        gone = watch.at - playback.opened_ms / 1000
        assert gone - BEAT_S <= credited <= gone + 1, (gone, credited)
        assert session.query(BeatRow).count() == playback.last_seq > 20
        assert not evidence.chain_fault(playback.id, playback.last_seq, playback.chain.hex())
