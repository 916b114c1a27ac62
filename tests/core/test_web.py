"""Throttles, kept pages, markup, addresses, cookies of https: the frame around every answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.clients import Browser
from tests.conftest import make_app
from tests.factories import make_person

from guanxue.core import clock
from guanxue.core.db import writing
from guanxue.core.errors import TooMany
from guanxue.core.markup import inline_html, markdown_html
from guanxue.core.web.addresses import is_row_id
from guanxue.core.web.throttle import Throttle

# ---- throttles


def test_a_throttle_lets_a_burst_through_and_then_says_when_again():
    throttle = Throttle(per_second=0.01, burst=3)
    for _n in range(3):
        throttle.check("a")
    with pytest.raises(TooMany) as refused:
        throttle.check("a")
    assert refused.value.retry_after_s >= 1
    throttle.check("b")


def test_a_throttle_forgets_rather_than_grows():
    throttle = Throttle(per_second=1, burst=1, max_keys=10)
    for n in range(100):
        throttle.wait_s(n)
    assert len(throttle._buckets) == 10


# ---- kept pages


def test_a_page_for_visitors_is_answered_from_memory_and_not_sent_twice(client):
    first = client.get("/courses")
    assert first.headers["ETag"] and client.get("/courses", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304
    packed = client.get("/courses", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["ETag"] != first.headers["ETag"]
    assert "Accept-Encoding" in packed.headers["Vary"] and "Cookie" in packed.headers["Vary"]


def test_a_signed_in_persons_page_is_never_kept_for_others(bare_app):
    with bare_app.test_request_context(), writing():
        make_person(name="独一无二")
    Browser(bare_app, "13800000001").get("/")
    assert "独一无二" not in bare_app.test_client().get("/").get_data(as_text=True)


def test_a_name_is_only_text_on_kept_pages_too(bare_app):
    with bare_app.test_request_context(), writing():
        make_person(name='<b>"&x')
    browser = Browser(bare_app, "13800000001")
    for path in ("/", "/courses", "/courses", "/me", "/me/settings"):
        page = browser.see(path)
        assert "<b>" not in page and "&lt;b&gt;" in page, path


# ---- markup


@pytest.mark.parametrize("text", [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "[x](\u2028javascript:alert(1))",
    "[x](&#106;avascript:alert(1))", "[x](JaVaScRiPt:alert(1))", "[x](data:text/html,<script>alert(1)</script>)", "![x](http://evil/x.png)",
    "<a href='javascript:alert(1)'>x</a>", "[x](vbscript:x)", "<svg onload=alert(1)>", "[x](\x01javascript:alert(1))", "<iframe src=//evil>",
])
def test_what_people_write_never_becomes_a_program(text):
    for made in (markdown_html(text), inline_html(text)):
        live = made.replace("&lt;", "").replace("&quot;", "")
        assert "<script" not in live and "<img" not in live and "<svg" not in live and "<iframe" not in live
        assert 'href="java' not in live.lower() and 'href="data' not in live.lower() and 'href="vb' not in live.lower()
        assert " on" not in "".join(part.split(">")[0] for part in live.split("<")[1:])


def test_what_people_write_keeps_its_form():
    made = markdown_html("## 一\n\n**重点**\n\n- 甲\n\n|a|b|\n|-|-|\n|1|2|\n\n[链接](https://example.cn/x)")
    for part in ("<h2>", "<strong>", "<li>", "<table>", 'href="https://example.cn/x"', 'rel="noopener nofollow"'):
        assert part in made


# ---- addresses


@pytest.mark.parametrize(("text", "is_id"), [("1", True), (str(2**31 - 1), True), (str(2**31), False), ("9" * 40, False), ("²", False),
                                             ("-1", False), ("", False), ("1.0", False), ("٣", False), ("1\0", False), (" 1", False)])
def test_a_row_id_is_a_number_a_row_can_have(text, is_id):
    assert is_row_id(text) is is_id


# ---- https


def test_behind_https_the_cookie_is_secure_and_bound_to_the_host(site):
    app = make_app(site, base_url="https://learn.example.cn")
    answer = app.test_client().get("/login", base_url="https://learn.example.cn")
    cookie, = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-session=") and "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie
    assert "Domain" not in cookie and "max-age" in answer.headers["Strict-Transport-Security"]


def test_on_plain_http_phones_on_the_same_network_are_not_locked_out(client):
    cookie, = client.get("/login").headers.getlist("Set-Cookie")
    assert cookie.startswith("session=") and "Secure" not in cookie


# ---- the clock


def test_travelling_moves_the_clock_and_comes_back():
    before = clock.now()
    with clock.advance(3600):
        assert 3599 < (clock.now() - before).total_seconds() < 3700
        with clock.travel(before + timedelta(days=1_500)):
            assert (clock.now() - before).days == 1_500
    assert (clock.now() - before).total_seconds() < 60


def test_a_day_of_the_city_begins_eight_hours_before_greenwichs():
    moment = datetime(2026, 3, 1, 17, tzinfo=UTC)
    assert clock.city_day(moment).isoformat() == "2026-03-02"
