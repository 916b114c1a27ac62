"""Presence checks in a real browser: by fingers, by keys alone, over the whole screen, sound alone, reading; missed, made up."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import contextmanager
from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.journeys import site as sites
from tests.journeys.between import between
from tests.journeys.site import DESKTOP, PHONE, TEXT, VIDEO, Site, play, until
from tests.journeys.test_player import _wait_for_companions
from tests.journeys.test_taken_along import take_along

from guanxue import courses, policies
from guanxue.app import create_app
from guanxue.config import Settings
from guanxue.core import clock
from guanxue.core import db as database
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.policies.defaults import LIGHT_2

SLUG = "checked-start"
_phones = (f"137000001{n:02}" for n in itertools.count(1))


def strict(folder, kinds, slug, **numbers):
    """The short course again, under a policy that asks after five to seven seconds, or with other numbers."""
    settings = Settings.from_env({"GUANXUE_DATA": str(folder / "data"),
                                  "GUANXUE_SECRET_KEY": "journeys-journeys-journeys-journeys"})
    path = folder / slug
    for name, text in sites.COURSE.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace(f"slug: {sites.SLUG}", f"slug: {slug}\npolicy: {slug}").replace(sites.TITLE, "开机检查（补贴班）"),
                        "utf-8")
    app = create_app(replace(settings, courses_dir=folder / "courses"))
    with app.app_context():
        with writing():
            policies.publish_policy(SYSTEM, code=slug, title="查在场", effective_on=clock.today(), numbers={
                **LIGHT_2, "beat_every_s": 2, "presence_min_ms": 5_000, "presence_max_ms": 7_000, "presence_answer_ms": 20_000,
                "presence_misses": 2, "presence_makeup_ms": 86_400_000, "presence_kinds": kinds, **numbers})
            courses.import_folder(SYSTEM, path)
        database.db.session.remove()
        database.db.engine.dispose()


@pytest.fixture(scope="session")
def checked_site(whole_site):
    """The site with two courses that ask: a tap, and a question."""
    strict(whole_site.folder, ["tap"], SLUG)
    strict(whole_site.folder, ["question"], "asked-start")
    for slug in (SLUG, "asked-start"):
        whole_site.wait_until_playable(slug)
    return whole_site


def begin(page: Page, site: Site, slug=SLUG, lesson=VIDEO) -> str:
    """Somebody new in the course, at the lesson; their phone."""
    phone = next(_phones)
    page.goto(f"{site.address}/register")
    sites.register(page, phone, "林小莲")
    page.wait_for_url(lambda url: "/register" not in url)
    page.goto(f"{site.address}/courses/{slug}")
    page.get_by_role("button", name="报名").first.click()
    expect(page.get_by_role("button", name="报名")).to_have_count(0)
    page.goto(f"{site.address}/learn/{slug}/{lesson}")
    return phone


def dialog(page: Page):
    """The check on the screen."""
    found = page.get_by_role("alertdialog")
    expect(found).to_be_visible()
    return found


def paused(page: Page) -> bool:
    return page.evaluate("document.getElementById('video').paused")


def test_a_tap_lets_the_film_go_on_and_its_targets_fit_gloves(page, checked_site):
    begin(page, checked_site)
    play(page)
    found = dialog(page)
    assert paused(page)
    for button in found.get_by_role("button").all():
        box = button.bounding_box()
        assert box["height"] >= 64 and box["width"] >= 64
    assert page.evaluate("document.activeElement.id") == "presence-words"
    assert page.title().startswith("请确认")
    found.get_by_role("button", name="我在").click()
    expect(page.locator("#presence")).to_be_hidden()
    until(page, lambda: not paused(page))


def test_by_keys_alone_more_time_and_the_answer(open_page, checked_site):
    page = open_page(DESKTOP)
    begin(page, checked_site)
    play(page)
    page.locator("#play").focus()
    found = dialog(page)
    page.keyboard.press("Escape")
    expect(found).to_be_visible()
    page.keyboard.press("k")
    assert paused(page)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "presence-more"
    with page.expect_response("**/challenge"):
        page.keyboard.press("Enter")
    until(page, lambda: page.locator("#presence-left").inner_text() > "0:20")
    for _n in range(6):  # nothing behind it is reached
        page.keyboard.press("Tab")
        assert page.evaluate("document.getElementById('presence').contains(document.activeElement)")
    page.keyboard.press("Shift+Tab")
    page.get_by_role("button", name="我在").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#presence")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "play"


def test_what_is_on_the_screen_has_no_fault_of_accessibility(open_page, checked_site):
    page = open_page(PHONE)
    begin(page, checked_site, "asked-start")
    play(page)
    dialog(page)
    results = Axe().run(page, options={"resultTypes": ["violations"]})
    assert results.violations_count == 0, results.generate_report()


def test_a_reload_and_another_device_are_asked_the_same(open_page, checked_site):
    page = open_page()
    phone = begin(page, checked_site)
    play(page)
    dialog(page)
    page.reload()
    play_button(page)
    dialog(page)
    tablet = open_page(DESKTOP)
    tablet.goto(f"{checked_site.address}/login")
    tablet.get_by_label("手机号", exact=True).fill(phone)
    tablet.get_by_label("密码", exact=True).fill("mima-bu-jiandan-1")
    tablet.get_by_role("main").get_by_role("button", name="登录").click()
    tablet.wait_for_url(lambda url: "/login" not in url)
    tablet.goto(f"{checked_site.address}/learn/{SLUG}/{VIDEO}")
    play_button(tablet)
    dialog(tablet).get_by_role("button", name="我在").click()
    expect(tablet.locator("#presence")).to_be_hidden()
    assert rows(checked_site, "SELECT count(*) FROM learning_check c JOIN accounts_person a ON a.id = c.person_id"
                              " WHERE a.phone = ?", phone) == [(1,)]


def play_button(page: Page) -> None:
    """Press play; the check may come before the first picture."""
    until(page, lambda: sites.has_video(page))
    page.locator("#play").click()


def rows(site: Site, query: str, *values):
    with sqlite3.connect(f"file:{site.folder}/data/guanxue.db?mode=ro", uri=True) as db:
        return db.execute(query, values).fetchall()


def test_a_question_is_answered_wrongly_and_another_way_is_chosen(open_page, checked_site):
    page = open_page()
    begin(page, checked_site, "asked-start")
    play(page)
    found = dialog(page)
    if page.locator("#presence-ways.options").count():
        assert page.locator("#presence-ways button").count() == 4
        page.locator("#presence-choice").get_by_role("button", name="点“我在”").click()
    expect(found.get_by_role("button", name="我在", exact=True)).to_be_visible()
    found.get_by_role("button", name="我在", exact=True).click()
    expect(page.locator("#presence")).to_be_hidden()


def test_reading_waits_too(page, checked_site):
    begin(page, checked_site)
    play(page)
    sites.watch_to(page, 4)  # reading alone is too short: what was watched counts towards the same check
    sites.pause(page)
    page.wait_for_timeout(500)
    page.goto(f"{checked_site.address}/learn/{SLUG}/{TEXT}")
    found = dialog(page)
    found.get_by_role("button", name="我在").click()
    expect(page.locator("#presence")).to_be_hidden()


def test_over_the_whole_screen_and_with_sound_alone(open_page, checked_site):
    page = open_page(DESKTOP)
    begin(page, checked_site)
    for _n in range(60):  # sound and pictures are made behind the film
        if page.locator("#modes").is_visible():
            break
        page.wait_for_timeout(1_000)
        page.reload()
    page.locator("#modes").get_by_label("声音+图").check()
    play(page)
    page.locator("#full").click()
    found = dialog(page)
    assert page.evaluate("document.fullscreenElement && document.fullscreenElement.contains(document.getElementById('presence'))")
    found.get_by_role("button", name="我在").click()
    until(page, lambda: not paused(page))


def test_what_was_missed_is_told_withheld_and_made_up(open_page, checked_site):
    page = open_page()
    phone = begin(page, checked_site)
    play(page)
    dialog(page)
    expect(page.locator("#presence-why")).to_contain_text("先不计入", timeout=60_000)
    page.get_by_role("button", name="我在").click()
    expect(page.locator("#presence")).to_be_hidden()
    sites.pause(page)
    page.wait_for_timeout(500)
    before = sites.credited_ms(checked_site, phone)
    page.goto(f"{checked_site.address}/me/presence")
    expect(page.get_by_text("这门课还可以补 2 次。")).to_be_visible()
    page.get_by_role("link", name="去补").click()
    page.get_by_role("button", name="出题").click()
    expect(page.locator(".options button")).to_have_count(4)
    key = rows(checked_site, "SELECT s.document FROM learning_check_step s JOIN learning_check c ON c.id = s.check_id JOIN"
                             " accounts_person a ON a.id = c.person_id WHERE a.phone = ? AND s.what = 'question'", phone)
    page.locator(".options button").nth(json.loads(key[-1][0])["question"]["key"]).click()
    expect(page.get_by_text("补上了")).to_be_visible()
    assert sites.credited_ms(checked_site, phone) > before + 3_000


# ---- without a network the page asks by itself


@contextmanager
def on_the_phone(page: Page, site: Site, slug=SLUG):
    """(the line to the site, whose phone): somebody new at a lesson of the course that they have taken along."""
    _wait_for_companions(site)
    with between(site.address) as line:
        phone = begin(page, Site(line.address, site.folder), slug)
        until(page, lambda: page.evaluate("!!navigator.serviceWorker.controller"))
        take_along(page, line, path=f"/learn/{slug}/{VIDEO}")
        yield line, phone


@pytest.fixture
def taken_along(page, checked_site):
    """The checked lesson on a phone that has no network now, its film playing from there; as on_the_phone()."""
    with on_the_phone(page, checked_site) as (line, phone):
        line.is_down = True
        page.goto(f"{line.address}/learn/{SLUG}/{VIDEO}")
        until(page, lambda: page.locator("#player.ready").count() == 1)
        play(page)
        yield line, phone


def test_without_a_network_the_question_cannot_be_waved_away_and_comes_again(page, checked_site, taken_along):
    line, phone = taken_along
    for _n in range(2):
        question = page.locator("#prompt")
        expect(question).to_be_visible()
        expect(question).to_contain_text("你还在学吗")
        at_ms = 1000 * sites.position(page)
        ends = page.locator(".cue").evaluate_all("(all) => all.map((cue) => Number(cue.dataset.to))")
        assert min(abs(end - at_ms) for end in ends) < 700, "asked in the middle of a sentence"
        page.keyboard.press("Escape")
        page.keyboard.press("k")
        page.locator("#play").click()
        page.locator(".cue").first.click()
        page.evaluate("document.getElementById('video').play().catch(() => {})")  # headsets and lock screens
        page.wait_for_timeout(300)
        expect(question).to_be_visible()
        assert paused(page)
        question.get_by_role("button", name="我在学").click()
        expect(question).to_be_hidden()
        until(page, lambda: not paused(page))
    line.is_down = False
    sites.pause(page)
    page.evaluate("window.dispatchEvent(new Event('online'))")
    until(page, lambda: sites.credited_ms(checked_site, phone) > 4_000)


def test_without_a_network_whoever_paused_for_long_is_asked_before_the_film_goes_on(page, taken_along):
    sites.watch_to(page, 2)
    sites.pause(page)
    page.wait_for_timeout(7_000)  # as long as the question may take to fall due
    expect(page.locator("#prompt")).to_be_hidden()
    left = sites.position(page)
    page.locator("#play").click()
    expect(page.locator("#prompt")).to_contain_text("你还在学吗")
    assert paused(page) and sites.position(page) < left + 0.5
    page.locator("#prompt").get_by_role("button", name="我在学").click()
    until(page, lambda: not paused(page))


@pytest.fixture
def late_site(checked_site):
    """The site with one more course, in which nothing counts that comes later than a second."""
    strict(checked_site.folder, ["tap"], "late-start", late_after_ms=1_000, late_cap_ms=0, presence_min_ms=600_000, presence_max_ms=900_000)
    checked_site.wait_until_playable("late-start")
    return checked_site


FULL = """() => { const put = IDBObjectStore.prototype.put; window.isFull = true; IDBObjectStore.prototype.put = function (...all) {
    if (window.isFull && this.name === 'entries') throw new DOMException('full', 'QuotaExceededError'); return put.apply(this, all); }; }"""


def test_where_nothing_late_counts_the_seconds_before_an_outage_was_noticed_go_into_the_record(page, late_site):
    with on_the_phone(page, late_site, "late-start") as (line, phone):
        page.goto(f"{line.address}/learn/late-start/{VIDEO}")
        until(page, lambda: page.locator("#player.ready").count() == 1)
        page.evaluate(FULL)  # the films filled the phone; the record has no room until they are deleted
        play(page)
        sites.watch_to(page, 5)
        heard_ms, line.is_down = sites.credited_ms(late_site, phone), True
        sites.watch_to(page, 10)
        expect(page.locator("#why")).to_contain_text("空间满了")
        page.evaluate("window.isFull = false")
        sites.watch_to(page, 14)
        expect(page.locator("#why")).to_contain_text("先记在本机")
        sites.pause(page)
        left_ms = 1000 * sites.position(page)
        page.wait_for_timeout(500)
        line.is_down = False
        page.evaluate("window.dispatchEvent(new Event('online'))")
        until(page, lambda: sites.credited_ms(late_site, phone) > left_ms - 1_500)
        assert 2_000 < heard_ms < 6_000 and sites.credited_ms(late_site, phone) <= left_ms + 300
        assert page.evaluate("Object.keys(localStorage).filter((name) => /beats|off/.test(name)).length") == 0


CUT_BY_A_CHECK = """(() => { const ask = window.fetch; window.isDown = false; window.refused = 0; let isCut = false;
window.fetch = async (...all) => {
  if (window.isDown) { window.refused += /beats$/.test(all[0]); throw new TypeError('down'); }
  const answer = await ask(...all);
  if (!isCut && /beats$/.test(all[0]) && (await answer.clone().json()).challenge) isCut = window.isDown = true;
  return answer;
}; })();"""


def test_a_check_that_is_answered_in_an_outage_is_answered_where_it_was_asked(page, checked_site):
    with on_the_phone(page, checked_site) as (line, phone):
        page.add_init_script(CUT_BY_A_CHECK)
        page.goto(f"{line.address}/learn/{SLUG}/{VIDEO}")
        until(page, lambda: page.locator("#player.ready").count() == 1)
        play(page)
        found = dialog(page)
        until(page, lambda: page.evaluate("window.refused > 1"))  # by now what is played would go into the record
        page.wait_for_timeout(300)
        found.get_by_role("button", name="我在").click()
        expect(page.locator("#presence-why")).to_contain_text("你的回答已经记下")
        page.evaluate("window.isDown = false")
        expect(page.locator("#presence")).to_be_hidden()
        steps = rows(checked_site, "SELECT s.what FROM learning_check_step s JOIN learning_check c ON c.id = s.check_id JOIN"
                                   " accounts_person a ON a.id = c.person_id WHERE a.phone = ?", phone)
        assert ("proved",) in steps
