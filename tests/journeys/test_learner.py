"""A worker's way at 360×800: from a word typed into the search box to a credit that a stranger can verify."""

from __future__ import annotations

import array
import subprocess
import time

import pytest
from playwright.sync_api import expect
from tests.journeys import roads
from tests.journeys import site as sites
from tests.journeys.site import (
    QUIZ,
    RIGHT,
    SLUG,
    TEXT,
    TITLE,
    VIDEO,
    credited_ms,
    has_video,
    pause,
    play,
    position,
    register,
    seen,
    until,
    watch_to,
)


@pytest.fixture
def student(open_page, whole_site):
    """student(phone) is a page of a person who has registered and joined the short course."""
    def made(phone, **options):
        page = open_page(**options)
        page.goto(f"{whole_site.address}/register?next=/courses/{SLUG}")
        register(page, phone, "周晓燕")
        seen(page.get_by_role("button", name="报名，开始学")).click()
        page.wait_for_url("**/learn/**")
        return page

    return made


def lesson(site, slug=VIDEO, query=""):
    return f"{site.address}/learn/{SLUG}/{slug}{query}"


def buffered_to(page):
    return page.evaluate("(() => { const b = document.getElementById('video').buffered; return b.length ? b.end(b.length - 1) : 0; })()")


@pytest.mark.parametrize("words", ["数控", "shukong"])
def test_course_is_found_by_word_and_by_pinyin(page, whole_site, words):
    page.goto(whole_site.address)
    page.get_by_label("搜索课程").first.fill(words)
    page.get_by_label("搜索课程").first.press("Enter")
    expect(page.locator("a.course h2").first).to_contain_text(TITLE)


def test_whole_road_from_search_to_a_credit_that_a_stranger_verifies(open_page, whole_site):
    roads.learner(whole_site, open_page)


@pytest.mark.parametrize(("engine", "phone"), [("native", "13711110002"), ("hlsjs", "13711110003"), ("mp4", "13711110004")])
def test_video_plays_and_counts_by_each_engine(student, whole_site, engine, phone):
    page = student(phone)
    page.goto(lesson(whole_site, query=f"?player={engine}"))
    play(page)
    watch_to(page, 3)
    assert page.locator("#player").get_attribute("data-playing") == engine
    source = page.evaluate("document.getElementById('video').currentSrc")
    assert {"native": ".m3u8" in source, "hlsjs": source.startswith("blob:"), "mp4": ".mp4" in source}[engine], source
    pause(page)
    until(page, lambda: credited_ms(whole_site, phone) >= 2000)


def speech(site, page):
    """Loudness (0…1) of each hundredth of a second of the sound-only rendition, as ffmpeg decodes it."""
    files = list((site.folder / "data" / "media" / "assets").glob("*/*/audio.m4a"))
    wanted = page.locator("#player").get_attribute("data-mp4")
    file = next(f for f in files if f.parent.name in wanted)
    raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(file), "-f", "s16le", "-ac", "1", "-ar", "8000", "-"],
                         check=True, capture_output=True).stdout
    samples = array.array("h", raw)
    return [sum(map(abs, samples[n:n + 80])) / 80 / 32768 for n in range(0, len(samples), 80)]


def test_subtitles_stand_within_three_tenths_of_a_second_of_the_speech(student, whole_site):
    page = student("13711110006")
    page.goto(lesson(whole_site))
    play(page)
    watch_to(page, 1.5)
    shown = page.evaluate("""() => ({now: document.getElementById('video').currentTime, line: document.getElementById('subtitle').textContent,
        cues: [...document.querySelectorAll('.cue')].map((c) => [Number(c.dataset.at) / 1000, Number(c.dataset.to) / 1000, c.textContent])})""")
    expect(page.locator("#subtitle")).to_be_visible()
    assert shown["line"] in [text for begin, end, text in shown["cues"] if begin - 0.3 <= shown["now"] < end + 0.3]
    loud = speech(whole_site, page)
    assert max(loud) > 0.05, "the sound is silent"
    for begin, end, text in shown["cues"]:
        near = range(max(0, round(begin * 100) - 50), min(len(loud), round(end * 100) + 50))
        heard = [n / 100 for n in near if loud[n] > 0.01]
        inside = [second for second in heard if begin - 0.1 < second < end + 0.1]
        assert abs(inside[0] - begin) <= 0.3 and abs(inside[-1] - end) <= 0.3, (text, begin, end, inside[0], inside[-1])
        before = [loud[n] for n in range(max(0, round(begin * 100) - 15), round(begin * 100) - 5)]
        assert max(before) < 0.02, ("speech before its subtitle", text)
    until(page, lambda: page.locator(".cue.on").count() == 1)


def test_lesson_goes_on_at_the_same_second_after_reloading(student, whole_site):
    page = student("13711110007")
    page.goto(lesson(whole_site))
    play(page)
    watch_to(page, 7)
    pause(page)
    left = position(page)
    page.reload()
    until(page, lambda: has_video(page))
    until(page, lambda: abs(position(page) - left) < 1)


def test_lesson_goes_on_on_another_device(student, open_page, whole_site):
    phone = "13711110008"
    page = student(phone)
    page.goto(lesson(whole_site))
    play(page, "2")
    watch_to(page, 8)
    pause(page)
    left = position(page)
    until(page, lambda: credited_ms(whole_site, phone) > 6000)
    desk = open_page(sites.DESKTOP)
    desk.goto(f"{whole_site.address}/login?next=/learn/{SLUG}/{VIDEO}")
    desk.get_by_label("手机号", exact=True).fill(phone)
    desk.get_by_label("密码", exact=True).fill("mima-bu-jiandan-1")
    desk.get_by_role("main").get_by_role("button", name="登录").click()
    until(desk, lambda: has_video(desk))
    until(desk, lambda: abs(position(desk) - left) < 1)


def test_second_device_takes_over_and_first_says_so_and_may_take_it_back(student, open_page, whole_site):
    phone = "13711110009"
    page = student(phone)
    page.goto(lesson(whole_site))
    play(page)
    watch_to(page, 2)
    other = page.context.new_page()
    other.goto(lesson(whole_site))
    play(other)
    watch_to(other, 3)
    other.evaluate("document.getElementById('video').pause()")
    page.bring_to_front()
    expect(page.locator("#why")).to_contain_text("别处", timeout=20_000)
    assert page.evaluate("document.getElementById('video').paused")
    page.evaluate("document.getElementById('video').currentTime = 10")
    play(page)
    watch_to(page, 13)
    pause(page)
    before = credited_ms(whole_site, phone)
    until(page, lambda: credited_ms(whole_site, phone) >= max(before, 4000))


def test_hole_in_the_network_loses_nothing(student, whole_site):
    phone = "13711110010"
    page = student(phone)
    page.goto(lesson(whole_site, query="?player=mp4"))
    play(page, "2")
    watch_to(page, 2)
    pause(page)  # so that the network knows of the beginning
    until(page, lambda: credited_ms(whole_site, phone) > 0)
    until(page, lambda: buffered_to(page) > 12)
    known = credited_ms(whole_site, phone)
    page.context.set_offline(True)
    play(page)
    watch_to(page, 11)
    pause(page)
    expect(page.locator("#why")).to_contain_text("网络断了")
    left = position(page)
    assert credited_ms(whole_site, phone) == known
    page.context.set_offline(False)
    until(page, lambda: credited_ms(whole_site, phone) >= left * 1000 - 1500)
    expect(page.locator("#why")).to_be_hidden()


def test_what_a_closed_page_could_not_deliver_is_delivered_by_the_next(student, whole_site):
    phone = "13711110011"
    page = student(phone)
    page.goto(lesson(whole_site, query="?player=mp4"))
    play(page, "2")
    until(page, lambda: buffered_to(page) > 8)
    watch_to(page, 1)
    page.context.set_offline(True)
    cut = position(page)
    watch_to(page, max(7, cut + 3))
    pause(page)
    left = position(page)
    expect(page.locator("#why")).to_contain_text("网络断了")
    assert credited_ms(whole_site, phone) <= cut * 1000 < left * 1000 - 2000
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(lesson(whole_site))
    until(page, lambda: credited_ms(whole_site, phone) >= left * 1000 - 2000)


def test_nothing_faster_than_the_policy_is_played_or_claimed(student, whole_site):
    page = student("13711110012")
    claims = []
    page.on("request", lambda r: claims.extend(r.post_data_json["beats"]) if r.url.endswith("/beats") else None)
    page.goto(lesson(whole_site))
    play(page)
    page.evaluate("document.getElementById('video').playbackRate = 8")
    watch_to(page, 6)
    pause(page)
    until(page, lambda: claims)
    assert page.evaluate("document.getElementById('video').playbackRate") == 2
    assert all(beat["rate"] <= 2 for beat in claims)


def test_reading_goes_on_where_it_was_when_the_page_is_seen_again(student, whole_site):
    phone = "13711110013"
    page = student(phone)
    opened = time.monotonic()
    page.goto(lesson(whole_site, TEXT))
    page.wait_for_timeout(2000)
    page.evaluate("""() => { Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});
                             document.dispatchEvent(new Event('visibilitychange')); }""")
    seen_ms = (time.monotonic() - opened) * 1000
    until(page, lambda: credited_ms(whole_site, phone, TEXT) > 500)
    page.wait_for_timeout(2500)
    assert credited_ms(whole_site, phone, TEXT) <= seen_ms, "an unseen page was counted"
    page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#counted-words")).to_have_text("这节课已学完", timeout=20_000)


def test_without_javascript_one_can_browse_search_join_and_hand_in(student, whole_site):
    page = student("13711110014", java_script_enabled=False)
    page.goto(whole_site.address + "/courses")
    page.get_by_role("searchbox").fill("shukong")
    page.get_by_role("button", name="搜索").click()
    expect(page.locator("a.course h2").first).to_contain_text(TITLE)
    page.goto(lesson(whole_site))
    expect(page.get_by_role("link", name="直接打开视频")).to_be_visible()
    page.goto(lesson(whole_site, QUIZ))
    page.get_by_role("button", name="开始考核").click()
    for stem, label in RIGHT.items():
        page.locator(".question", has_text=stem).get_by_label(label, exact=True).check()
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_text("通过了！")).to_be_visible()
    page.goto(whole_site.address + "/me/credits")
    expect(page.get_by_text("还没有学分。")).to_be_visible()
