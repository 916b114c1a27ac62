"""The roads on a browser of 2017, and the learner's on one that runs no scripts at all."""

from __future__ import annotations

import json
import re
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect
from tests import known_2017
from tests.journeys import roads
from tests.journeys.site import QUIZ, RIGHT, SLUG, TEXT, TITLE, VIDEO, credited_ms, register, seen
from tests.old_browsers import as_of_2017

PASSWORD = "mima-bu-jiandan-1"
OLD_PHONE, NO_SCRIPTS = "13711110051", "13711110052"
# globalThis stays: the browser's driver needs it.
GONE = sorted(known_2017.GLOBALS - {"globalThis"})
GONE_FROM = {
    "Array.prototype": ["flat", "flatMap", "at", "findLast", "toSorted"], "Object": ["fromEntries", "hasOwn"],
    "Promise": ["allSettled", "any"], "Promise.prototype": ["finally"],
    "String.prototype": ["replaceAll", "matchAll", "at", "trimStart", "trimEnd"],
    "Element.prototype": ["replaceChildren", "toggleAttribute", "checkVisibility", "requestFullscreen"],
    "Document.prototype": ["replaceChildren", "startViewTransition", "exitFullscreen"],
    "HTMLFormElement.prototype": ["requestSubmit"], "HTMLInputElement.prototype": ["showPicker"],
    "HTMLVideoElement.prototype": ["requestPictureInPicture", "requestVideoFrameCallback"],
    "Navigator.prototype": ["serviceWorker", "connection", "mediaSession", "share", "wakeLock", "storage", "locks", "sendBeacon"],
    "Crypto.prototype": ["randomUUID"],
}
TAKE_AWAY = f"""(() => {{
  const names = {json.dumps(GONE)}, members = {json.dumps(GONE_FROM)};
  names.forEach((name) => {{ delete window[name]; }});
  Object.keys(members).forEach((path) => {{
    const owner = path.split('.').reduce((of, part) => of && of[part], window);
    if (owner) members[path].forEach((name) => {{ delete owner[name]; }});
  }});
  const known = CSS.supports.bind(CSS);
  CSS.supports = (...asked) => !/gap|aspect-ratio|inset|selector|dvh|min\\(|max\\(|clamp/.test(asked.join(':')) && known(...asked);
}})();"""
STILL_THERE = f"""() => {json.dumps(GONE)}.filter((name) => typeof window[name] !== 'undefined')"""


@pytest.fixture
def open_old_page(open_page):
    """Like open_page, on a phone that knows nothing of what came after 2017."""
    files: dict[str, tuple[str, str]] = {}

    def give(route) -> None:
        url = route.request.url
        if url not in files:
            with urlopen(url) as answer:
                text, kind = answer.read().decode(), answer.headers["Content-Type"]
            files[url] = (as_of_2017(text) if ".css" in url else text), kind
        text, kind = files[url]
        assert ".css" in url or not re.search(r"\bimport\s*\(", text), f"{url} would not be parsed"
        route.fulfill(body=text, content_type=kind)

    def opened(*viewport, **options):
        page = open_page(*viewport, service_workers="block", **options)
        page.add_init_script(TAKE_AWAY)
        page.context.route(re.compile(r"/static/.*\.(css|js)(\?|$)"), give)
        return page

    return opened


def reads_what_one_has_earned(open_page, whole_site) -> None:
    """Without scripts, as the person of the road, who has a credit."""
    page = open_page(java_script_enabled=False)
    page.goto(f"{whole_site.address}/login?next=/me/credits")
    page.get_by_label("手机号", exact=True).fill(OLD_PHONE)
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="登录").click()
    expect(page.locator("#balance")).to_have_text("0.003")
    page.locator(".lines summary").first.click()
    expect(page.locator(".why").first).to_contain_text("毫秒")
    page.get_by_role("link", name="核验页与二维码").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("这份记录真实有效")


@pytest.fixture
def watched(open_old_page):
    """open_old_page, and everything it opened and what went wrong in it."""
    opened, faults = [], []

    def open_page(*viewport, **options):
        page = open_old_page(*viewport, **options)
        page.on("pageerror", lambda error: faults.append(str(error)))
        opened.append(page)
        return page

    yield open_page
    assert opened[0].evaluate(STILL_THERE) == []
    assert faults == []


def test_the_whole_road_is_walked_with_what_came_after_2017_taken_away(watched, open_page, whole_site):
    roads.learner(whole_site, watched, phone=OLD_PHONE)
    reads_what_one_has_earned(open_page, whole_site)


def test_an_instructor_makes_a_course_with_what_came_after_2017_taken_away(watched, whole_site):
    roads.instructor(whole_site, watched, title="游标卡尺半分钟读数", phone="13711110053", tone_hz=523)


def test_a_curator_makes_a_track_with_what_came_after_2017_taken_away(watched, whole_site):
    roads.curator(whole_site, watched, title="虎门模具老师傅上岗", phone="13711110054")


@pytest.mark.parametrize("path", ["/", "/courses", f"/courses/{SLUG}", "/towns", "/towns/humen", "/verify", "/login", "/register"])
def test_no_page_is_wider_than_an_old_phone(open_old_page, whole_site, path):
    page = open_old_page({"width": 320, "height": 640})
    page.goto(whole_site.address + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def says_that_nothing_is_counted(page) -> None:
    note = page.locator("noscript .note")
    expect(note).to_be_visible()
    assert "学习时间不会计入" in note.text_content()


def test_without_scripts_one_finds_joins_reads_and_is_examined(open_page, whole_site):
    page = open_page(java_script_enabled=False)
    page.goto(whole_site.address + "/courses")
    page.get_by_role("searchbox").fill("shukong")
    page.get_by_role("button", name="搜索").click()
    page.locator("a.course", has_text=TITLE).first.click()
    seen(page.get_by_role("link", name="注册后免费学")).click()
    register(page, NO_SCRIPTS, "周晓燕")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url(f"**/learn/{SLUG}/{VIDEO}")
    says_that_nothing_is_counted(page)
    expect(page.get_by_role("link", name="直接打开视频")).to_be_visible()
    page.goto(f"{whole_site.address}/learn/{SLUG}/{TEXT}")
    says_that_nothing_is_counted(page)
    expect(page.get_by_text("日期、油位、气压、声音")).to_be_visible()
    page.goto(f"{whole_site.address}/learn/{SLUG}/{QUIZ}")
    page.get_by_role("button", name="开始考核").click()
    for stem, label in RIGHT.items():
        page.locator(".question", has_text=stem).get_by_label(label, exact=True).check()
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_text("通过了！")).to_be_visible()
    assert credited_ms(whole_site, NO_SCRIPTS) == credited_ms(whole_site, NO_SCRIPTS, TEXT) == 0
    page.goto(whole_site.address + "/me/credits")
    expect(page.get_by_text("还没有学分。")).to_be_visible()
