"""What the service worker keeps, for whom, and what it never does."""

from __future__ import annotations

import re
import threading

import pytest
from playwright.sync_api import expect
from tests.journeys.between import between
from tests.journeys.site import SLUG, TITLE, VIDEO, register, seen, until

from guanxue.config import ROOT

PASSWORD = "mima-bu-jiandan-1"
NOTE = re.compile(r"离线，内容停在 20\d\d-\d\d-\d\d \d\d:\d\d")
KEPT = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const request of await cache.keys()) {
      const answer = await cache.match(request), url = new URL(request.url);
      found.push({cache: name, path: url.pathname + url.search, status: answer.status, policy: answer.headers.get('Content-Security-Policy'),
                  text: /html/.test(answer.headers.get('Content-Type')) ? await answer.clone().text() : ''});
    }
  }
  return found;
}"""
ACTIVE = "async () => { const r = await navigator.serviceWorker.getRegistration(); return r && r.active ? r.active.state : ''; }"


@pytest.fixture
def line(whole_site):
    """The line to the site, which can be cut."""
    with between(whole_site.address) as server:
        yield server


def kept(page) -> list[dict]:
    """Everything the browser's caches hold."""
    return page.evaluate(KEPT)


def pages_kept(page) -> set[str]:
    """The pages of somebody that are kept."""
    return {x["path"] for x in kept(page) if x["cache"].startswith("guanxue-mine-")}


def is_installed(page) -> None:
    """Wait until a worker is at work here, and controls the page."""
    until(page, lambda: page.evaluate(ACTIVE) == "activated")
    until(page, lambda: page.evaluate("!!navigator.serviceWorker.controller"))
    until(page, lambda: any(x["path"] == "/offline-here" for x in kept(page)))


def rest_workers(page) -> None:
    """Let idle workers end, as a browser does after half a minute: with a driver attached, it would wait for ever."""
    until(page, lambda: page.evaluate("navigator.serviceWorker.getRegistration().then((r) => !r.installing)"))
    devtools = page.context.new_cdp_session(page)
    devtools.send("ServiceWorker.enable")
    devtools.send("ServiceWorker.stopAllWorkers")
    devtools.detach()


def join(page, line, phone: str, name: str) -> None:
    """Somebody new, who is in the short course and has looked at what is theirs."""
    page.goto(f"{line.address}/register?next=/courses/{SLUG}")
    register(page, phone, name)
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url("**/learn/**")
    is_installed(page)
    page.goto(line.address + "/me")
    page.goto(f"{line.address}/courses/{SLUG}")
    until(page, lambda: {"/me", f"/courses/{SLUG}"} <= pages_kept(page))


def sign_in(page, line, phone: str) -> None:
    page.goto(line.address + "/login")
    page.get_by_label("手机号", exact=True).fill(phone)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login" not in url)


def test_my_courses_are_read_without_a_network_and_say_from_when_they_are(page, line):
    join(page, line, "13711110061", "周晓燕")
    line.is_down = True
    page.goto(line.address + "/me")
    expect(page.locator("#kept-at")).to_have_text(NOTE)
    expect(page.get_by_text("周晓燕").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != "none", "the style is not there"
    page.locator(f"main a[href^='/learn/{SLUG}']").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("没有网络")
    page.get_by_role("link", name=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    expect(page.locator("#kept-at")).to_have_text(NOTE)
    page.goto(line.address + "/towns")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有网络")
    expect(page.locator(f".lines a[href='/courses/{SLUG}']")).to_contain_text(TITLE)
    line.is_down = False
    page.get_by_role("link", name="再试一次").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("没有网络")
    assert page.url == line.address + "/towns"


def test_my_courses_are_kept_before_anybody_looks_at_them(page, line):
    page.goto(f"{line.address}/register?next=/courses/{SLUG}")
    register(page, "13711110070", "周晓燕")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    until(page, lambda: pages_kept(page) == {"/me", f"/courses/{SLUG}"})


def test_my_courses_are_kept_though_their_reader_goes_on_before_they_have_come(page, line):
    page.goto(f"{line.address}/register?next=/courses/{SLUG}")
    register(page, "13711110076", "周晓燕")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url("**/learn/**")
    asked, come = threading.Event(), threading.Event()

    def late(text: bytes) -> bytes:
        assert not asked.is_set(), "the page they went to asks too: that one gets nothing"
        asked.set()
        come.wait(20)
        return text

    line.changes["/me"] = late
    until(page, asked.is_set)
    page.goto(line.address + "/towns")
    come.set()
    until(page, lambda: "/me" in pages_kept(page))


def test_a_page_that_comes_after_its_owner_signed_out_is_not_kept(page, line):
    join(page, line, "13711110077", "周晓燕")
    come = threading.Event()
    line.changes["/me"] = lambda text: (come.wait(20), text)[1]
    page.evaluate("caches.keys().then((all) => Promise.all(all.filter((n) => /mine/.test(n)).map((n) => caches.delete(n))))")
    seen_before = len(line.seen)
    page.goto(line.address + "/me/settings")
    page.wait_for_timeout(2500)  # /me is asked for again, behind the page
    page.locator("form[action$='/logout'] button").click()
    page.wait_for_url(lambda url: "/me" not in url)
    come.set()
    until(page, lambda: any(path == "/me" for _m, path, _h, _s in line.seen[seen_before:]))
    page.wait_for_timeout(500)
    assert pages_kept(page) == set()


def test_a_visitor_has_the_offline_page_in_their_language_and_nothing_else(page, line):
    page.context.add_cookies([{"name": "lang", "value": "en", "url": line.address}])
    page.goto(line.address + "/courses")
    is_installed(page)
    page.goto(f"{line.address}/courses/{SLUG}")
    assert pages_kept(page) == set()
    line.is_down = True
    page.goto(f"{line.address}/courses/{SLUG}")
    expect(page.get_by_role("heading", level=1)).to_have_text("No network")
    assert not re.search("[\u4e00-\u9fff]", re.sub(r"简体中文|繁體中文", "", page.locator("main").inner_text()))


def test_next_person_on_the_same_phone_is_shown_nothing_of_the_first(page, line):
    join(page, line, "13711110062", "甲小红")
    page.context.clear_cookies()  # gone without signing out
    page.goto(f"{line.address}/register")
    register(page, "13711110063", "乙大明")
    page.wait_for_url(lambda url: "/register" not in url)
    until(page, lambda: not any("甲小红" in x["text"] for x in kept(page)))
    line.is_down = True
    for path in ("/me", f"/courses/{SLUG}", "/", "/me/credits"):
        page.goto(line.address + path)
        assert "甲小红" not in page.content(), path


def test_session_that_became_anothers_takes_its_pages_along(page, line):
    """No sign-in was seen by the worker: the next page that comes tells whose it is."""
    join(page, line, "13711110064", "甲小红")
    other = page.context.browser.new_context()
    try:
        join_page = other.new_page()
        join_page.goto(line.address + "/register")
        register(join_page, "13711110065", "乙大明")
        join_page.wait_for_url(lambda url: "/register" not in url)
        page.context.add_cookies(other.cookies())
    finally:
        other.close()
    page.goto(line.address + "/towns")
    until(page, lambda: not any("甲小红" in x["text"] for x in kept(page)))
    line.is_down = True
    page.goto(line.address + "/me")
    assert "甲小红" not in page.content()


@pytest.mark.parametrize(("unknown", "phone"), [((), "13711110066"), (("clear-site-data",), "13711110071")])
def test_nothing_personal_is_left_after_signing_out(page, line, unknown, phone):
    """Browsers before 2018 do not know the header that asks for it."""
    line.dropped.update(unknown)
    join(page, line, phone, "周晓燕")
    page.goto(f"{line.address}/learn/{SLUG}/{VIDEO}")
    page.evaluate("localStorage.setItem('guanxue/1/at/2', '{}')")
    page.goto(line.address + "/me/settings")
    page.locator("form[action$='/logout'] button").click()
    page.wait_for_url(lambda url: "/me" not in url)
    until(page, lambda: pages_kept(page) == set())
    assert not [x for x in kept(page) if "周晓燕" in x["text"]]
    assert page.evaluate("Object.keys(localStorage)") == [] and page.evaluate("Object.keys(sessionStorage)") == []
    assert not [c for c in page.context.cookies() if "session" in c["name"] and page.evaluate("document.cookie")]
    is_installed(page)
    line.is_down = True
    page.goto(line.address + "/me")
    expect(page.get_by_role("heading", level=1)).to_have_text("没有网络")


def test_only_hashed_files_and_good_pages_are_kept(page, line):
    join(page, line, "13711110067", "周晓燕")
    line.seen.clear()
    for path in ("/courses/no-such-course", "/courses?q=测量", "/me/credits", "/me/settings", "/help", f"/learn/{SLUG}/{VIDEO}"):
        page.goto(line.address + path)
    page.evaluate("fetch('/static/base/base.css?v=another').then((a) => a.text())")
    page.evaluate("fetch('/api/v1/me/courses').then((a) => a.text())")
    until(page, lambda: any(status == 206 for _m, path, _h, status in line.seen if path.startswith("/media/")))
    page.wait_for_timeout(500)
    for x in kept(page):
        assert x["status"] == 200
        if x["cache"].startswith("guanxue-mine-"):
            assert x["path"] in ("/me", f"/courses/{SLUG}") and x["policy"]
        else:
            assert x["cache"].startswith("guanxue-shell-")
            assert re.match(r"/static/.*\?v=[0-9a-f]{10}$|/offline", x["path"]), x["path"]
            assert "周晓燕" not in x["text"]
    page.context.clear_cookies()
    page.goto(line.address + "/me")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    assert pages_kept(page) == set()


def test_new_worker_takes_over_while_a_page_stays_open(page, line):
    join(page, line, "13711110068", "周晓燕")
    before = {x["cache"] for x in kept(page)}
    line.changes["/sw.js"] = lambda text: re.sub(rb'VERSION = "\w+"', b'VERSION = "another"', text)
    page.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.update())")
    rest_workers(page)
    until(page, lambda: {x["cache"] for x in kept(page)} == {n for n in before if "mine" in n} | {"guanxue-shell-another"})
    until(page, lambda: page.evaluate("navigator.serviceWorker.getRegistration().then((r) => !r.waiting && r.active.state)") == "activated")
    page.get_by_role("link", name="首页").locator("visible=true").first.click()  # the open page goes on
    page.wait_for_url(line.address + "/")
    expect(page.get_by_text("周晓燕").first).to_be_visible()
    line.is_down = True
    page.goto(line.address + "/me")
    expect(page.locator("#kept-at")).to_have_text(NOTE)


def test_kill_switch_takes_the_worker_and_all_it_kept_away(page, line):
    join(page, line, "13711110069", "周晓燕")
    line.changes["/sw.js"] = lambda _text: (ROOT / "static/base/worker-off.js").read_bytes()
    page.evaluate("navigator.serviceWorker.getRegistration().then((r) => r.update())")
    until(page, lambda: page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)") == 0)
    assert kept(page) == []
