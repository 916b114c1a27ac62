"""A class that meets, in two browsers: the screen in the room and a learner's phone; without scripts; with keys alone."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from tests.conftest import make_app, prepare
from tests.factories import PASSWORD, make_class, make_person
from tests.journeys.site import DESKTOP, PHONE
from werkzeug.serving import make_server

from guanxue import classes
from guanxue.core.db import db, writing

TEACHER, ONE, TWO = "13800000002", "13800000001", "13800000003"


@contextmanager
def served(folder):
    """A small site of its own, served by this process."""
    app = make_app(folder)
    prepare(app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    address = f"http://127.0.0.1:{server.port}"
    object.__setattr__(app.extensions["guanxue.settings"], "base_url", address)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app, address
    finally:
        server.shutdown()
        thread.join(10)
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def room(tmp_path):
    """陈师傅's class, which begins in a minute; 林小莲 and 张伟 on its roster. (app, address, its code, its meeting)"""
    with served(tmp_path) as (app, address):
        with app.test_request_context(), writing():
            teacher = make_person(TEACHER, "陈师傅", "instructor")
            cls, meeting = make_class(teacher, starts_in_s=60, seats=5)
            for phone, name in ((ONE, "林小莲"), (TWO, "张伟")):
                make_person(phone, name)
                classes.add_people(teacher, cls, [classes.Line(1, name, phone)])
            found = cls.code, meeting.id
        yield app, address, *found


def sign_in(page, address, phone) -> None:
    page.goto(f"{address}/login")
    fill_login(page, phone)


def fill_login(page, phone) -> None:
    page.fill("[name=phone]", phone)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: not urlsplit(url).path.startswith("/login"))


def scanned(app, code, meeting_id, way="in") -> str:
    """The path that the QR code on the screen leads to now."""
    with app.test_request_context():
        meeting = classes.get_meeting(classes.find_class(code), meeting_id)
        return f"/classes/{code}/sign?c={classes.shown_now(meeting, way).token}"


def test_a_phone_that_is_not_signed_in_scans_logs_in_and_is_there(open_page, room):
    app, address, code, meeting = room
    screen, phone = open_page(DESKTOP), open_page(PHONE)
    sign_in(screen, address, TEACHER)
    screen.goto(f"{address}/teach/classes/{code}/meetings/{meeting}/screen")
    first = screen.get_attribute("#qr", "src")
    expect(screen.locator("#count")).to_have_text("0")
    phone.goto(address + scanned(app, code, meeting))
    assert "/login" in phone.url
    fill_login(phone, ONE)
    phone.get_by_label("我读过了").check()
    phone.get_by_role("button", name="签到").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("已签到")
    expect(screen.locator("#count")).to_have_text("1")  # the screen follows by itself
    expect(screen.locator("#qr")).not_to_have_attribute("src", first, timeout=60_000)
    with app.test_request_context():
        assert [r.way for r in classes.list_attendance([meeting])] == ["code"]


def test_the_code_is_hidden_where_the_line_is_lost_and_comes_back(open_page, room):
    _app, address, code, meeting = room
    screen = open_page(DESKTOP)
    sign_in(screen, address, TEACHER)
    screen.goto(f"{address}/teach/classes/{code}/meetings/{meeting}/screen")
    expect(screen.locator("#qr")).to_be_visible()
    screen.context.set_offline(True)
    expect(screen.locator("#lost")).to_be_visible(timeout=40_000)
    expect(screen.locator("#qr")).to_be_hidden()
    screen.context.set_offline(False)
    expect(screen.locator("#qr")).to_be_visible()
    expect(screen.locator("#lost")).to_be_hidden()


def test_digits_are_typed_with_keys_alone_and_without_scripts(open_page, room):
    _app, address, code, meeting = room
    screen, phone = open_page(DESKTOP, java_script_enabled=False), open_page(PHONE, java_script_enabled=False)
    sign_in(screen, address, TEACHER)
    sign_in(phone, address, TWO)
    phone.goto(f"{address}/classes/{code}/sign")
    screen.goto(f"{address}/teach/classes/{code}/meetings/{meeting}/screen")
    digits = re.sub(r"\D", "", screen.inner_text("#digits"))
    phone.focus("[name=digits]")
    phone.keyboard.type(digits)
    phone.keyboard.press("Tab")
    phone.keyboard.press("Space")
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1)).to_contain_text("已签到")


def test_one_phone_signs_two_people_in_and_the_teacher_sees_it(open_page, room):
    app, address, code, meeting = room
    phone, desk = open_page(PHONE), open_page(DESKTOP)
    for number in (ONE, TWO):
        sign_in(phone, address, number)
        phone.goto(address + scanned(app, code, meeting))
        phone.get_by_label("我读过了").check()
        phone.get_by_role("button", name="签到").click()
        expect(phone.get_by_role("heading", level=1)).to_contain_text("已签到")
        phone.goto(f"{address}/me")
        phone.get_by_role("button", name="退出登录").click()
        phone.wait_for_url(f"{address}/")
    sign_in(desk, address, TEACHER)
    desk.goto(f"{address}/teach/classes/{code}/meetings/{meeting}")
    expect(desk.get_by_text("同一部手机", exact=True)).to_have_count(2)
