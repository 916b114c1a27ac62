"""The player on phones as they are: little data, old browsers, fingers, keys; it shows, and what counts stays right."""

from __future__ import annotations

import sqlite3
import time

import pytest
from playwright.sync_api import expect
from tests.journeys import site as sites
from tests.journeys.site import SLUG, VIDEO, credited_ms, pause, play, position, register, seen, until, watch_to

STATE = "(() => { const v = document.getElementById('video'); return {at: v.currentTime, paused: v.paused, src: v.currentSrc}; })()"


@pytest.fixture
def lesson(open_page, whole_site):
    """lesson(phone, query, **options) is the short course's film before a person who has just joined."""
    _wait_for_companions(whole_site)

    def opened(phone, query="", **options):
        page = open_page(**options)
        page.goto(f"{whole_site.address}/register?next=/courses/{SLUG}")
        register(page, phone, "周晓燕")
        seen(page.get_by_role("button", name="报名，开始学")).click()
        page.wait_for_url("**/learn/**")
        page.goto(f"{whole_site.address}/learn/{SLUG}/{VIDEO}{query}")
        until(page, lambda: page.locator("#player.ready").count() == 1)
        return page

    return opened


def _wait_for_companions(site) -> None:
    deadline = time.monotonic() + 120
    while True:
        with sqlite3.connect(f"file:{site.folder}/data/guanxue.db?mode=ro", uri=True) as db:
            if all("companions" in facts for (facts,) in db.execute("SELECT facts FROM media_asset WHERE state = 'ready'")):
                return
        assert time.monotonic() < deadline, "sound and pictures were not made"
        time.sleep(0.3)


def media_bytes(page) -> dict[str, int]:
    """Bytes of everything under /media/ from now on, by file name; filled while the page loads."""
    seen: dict[str, int] = {}
    protocol = page.context.new_cdp_session(page)
    names: dict[str, str] = {}
    protocol.send("Network.enable")
    protocol.on("Network.requestWillBeSent", lambda e: names.__setitem__(e["requestId"], e["request"]["url"]))

    def came(event):
        url = names.get(event["requestId"], "")
        if "/media/" in url:
            name = url.split("/", 7)[-1]
            seen[name] = seen.get(name, 0) + event["dataLength"]

    protocol.on("Network.dataReceived", came)
    return seen


def state(page) -> dict:
    return page.evaluate(STATE)


def test_nothing_plays_by_itself_and_every_size_is_said_before(lesson, whole_site):
    page = lesson("13711130001")
    page.wait_for_timeout(1500)
    assert state(page)["paused"] and state(page)["at"] == 0
    expect(page.locator(".modes")).to_contain_text("MB")
    film, sound = (float(text.split()[1]) for text in page.locator(".modes .num").all_inner_texts())
    assert 0 < sound <= film
    video = page.locator("#video")
    for name, value in (("playsinline", ""), ("webkit-playsinline", ""), ("x5-playsinline", ""), ("x5-video-player-type", "h5-page")):
        assert video.get_attribute(name) == value
    assert video.get_attribute("autoplay") is None and video.get_attribute("x5-video-player-fullscreen") is None
    page.goto(f"{whole_site.address}/courses/{SLUG}")
    expect(page.get_by_text("声音+图约")).to_be_visible()


def test_each_way_of_playing_counts_the_same_seconds(lesson, whole_site):
    counted = {}
    for n, (way, engine) in enumerate([("", "native"), ("?player=hlsjs", "hlsjs"), ("?player=mp4", "mp4"), ("", "sound")]):
        phone = f"137111300{n + 10}"
        page = lesson(phone, way)
        if engine == "sound":
            page.get_by_label("声音+图").check(force=True)
        play(page)
        assert page.locator("#player").get_attribute("data-playing") == engine
        watch_to(page, 4)
        pause(page)
        left = position(page)
        until(page, lambda phone=phone: credited_ms(whole_site, phone) > 3000)
        counted[engine] = left * 1000 - credited_ms(whole_site, phone)
        page.close()
    assert all(-50 <= missing <= 700 for missing in counted.values()), counted  # the first instants before the server has opened


def test_sound_and_pictures_go_on_at_the_same_second_for_a_fraction_of_the_bytes(lesson, whole_site):
    page = lesson("13711130020", "?player=mp4")
    page.get_by_label("声音+图").check(force=True)
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    sound = media_bytes(page)
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    assert page.locator("input[name=mode]:checked").get_attribute("value") == "sound", "what was chosen is forgotten"
    assert page.locator("#pictures .on img").evaluate("(i) => i.complete && i.naturalWidth > 0")
    play(page, "2")
    changes = page.evaluate("JSON.parse(document.getElementById('player').dataset.pictures).starts_ms")[1] / 1000
    watch_to(page, changes + 1)
    assert page.locator("#player").get_attribute("data-picture") == "2"
    assert page.locator("#pictures .on img").evaluate("(i) => i.currentSrc").endswith(".avif")
    before = position(page)
    page.get_by_label("视频", exact=False).first.check(force=True)
    until(page, lambda: state(page)["src"].endswith(".mp4") and not state(page)["paused"])
    until(page, lambda: position(page) >= before)
    assert position(page) < before + 4
    spent = sum(sound.values())
    pause(page)
    film = page.evaluate("fetch(document.getElementById('player').dataset.mp4).then((r) => r.blob()).then((b) => b.size)")
    heard = sum(n for name, n in sound.items() if "mp4" not in name)
    seconds = page.evaluate("document.getElementById('video').duration")
    assert 0 < heard <= min(film * 0.45, seconds * 2500), (heard, film, seconds, sound)  # a narrated film is small itself
    assert spent
    until(page, lambda: credited_ms(whole_site, "13711130020") >= before * 1000 - 1500)


def test_whoever_saves_data_begins_with_sound_and_loads_no_covers(lesson, whole_site):
    page = lesson("13711130030")
    assert page.locator("input[name=mode]:checked").get_attribute("value") == "film"
    page.get_by_role("main").get_by_role("button", name="省流量").click()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    expect(page.get_by_text("省流量已打开")).to_be_visible()
    assert page.locator("input[name=mode]:checked").get_attribute("value") == "sound"
    loaded = media_bytes(page)
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    page.wait_for_timeout(1000)
    assert all(name.startswith("pictures/") for name in loaded) and sum(loaded.values()) < 40_000, loaded
    page.get_by_label("视频", exact=False).first.check(force=True)
    play_film(page)
    until(page, lambda: any(name.startswith("720p/") for name in loaded))  # a narrated film's only size
    assert not any(name.startswith("video.mp4") for name in loaded), loaded
    covers = []
    page.on("request", lambda r: covers.append(r.url) if "/covers/" in r.url or r.resource_type == "image" else None)
    page.goto(f"{whole_site.address}/courses")
    page.wait_for_timeout(500)
    assert not [url for url in covers if "cover" in url]
    page.goto(f"{whole_site.address}/learn/{SLUG}/{VIDEO}")
    page.get_by_role("main").get_by_role("button", name="省流量").click()
    page.goto(f"{whole_site.address}/courses")
    until(page, lambda: [url for url in covers if "cover" in url])


def play_film(page) -> None:
    page.locator("#play").click()
    until(page, lambda: not state(page)["paused"] and state(page)["at"] > 0)


def test_a_phone_that_says_save_data_is_believed_and_told_so(open_page, lesson, whole_site):
    page = lesson("13711130031", extra_http_headers={"Save-Data": "on"})
    expect(page.get_by_text("手机开着省流量模式")).to_be_visible()
    assert page.locator("input[name=mode]:checked").get_attribute("value") == "sound"
    page.get_by_role("main").get_by_role("button", name="省流量").click()  # what is chosen here comes before what the phone says
    until(page, lambda: page.locator("#player.ready").count() == 1)
    assert page.locator("input[name=mode]:checked").get_attribute("value") == "film"


def test_a_phone_that_says_it_to_scripts_alone_is_believed_too(lesson):
    page = lesson("13711130032")
    page.add_init_script("Object.defineProperty(navigator, 'connection', {value: {saveData: true}})")
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    assert page.locator("input[name=mode]:checked").get_attribute("value") == "sound"
    expect(page.get_by_text("手机开着省流量模式")).to_be_visible()
    assert state(page)["src"] == ""


def test_a_sound_that_a_phone_does_not_know_gives_way_to_one_it_knows(lesson):
    page = lesson("13711130033")
    page.route("**/sound.webm", lambda route: route.fulfill(status=200, content_type="audio/webm", body=b"no sound at all"))
    page.get_by_label("声音+图").check(force=True)
    play(page)
    until(page, lambda: state(page)["src"].endswith("sound.mp3") and state(page)["at"] > 0.5)
    assert page.locator("#player").get_attribute("data-playing") == "sound"


def test_keys_play_jump_mute_hide_subtitles_and_change_speed(lesson):
    page = lesson("13711130040", viewport=sites.DESKTOP)
    until(page, lambda: sites.has_video(page))
    page.keyboard.press("k")
    until(page, lambda: not state(page)["paused"])
    watch_to(page, 1)
    expect(page.locator("#subtitle")).to_be_visible()
    page.keyboard.press("c")
    expect(page.locator("#subtitle")).to_be_hidden()
    page.keyboard.press("m")
    assert page.evaluate("document.getElementById('video').muted")
    page.keyboard.press(">")
    assert page.evaluate("document.getElementById('video').playbackRate") == 1.25
    for _press in range(9):
        page.keyboard.press(">")
    assert page.evaluate("document.getElementById('video').playbackRate") == 2
    page.keyboard.press("<")
    assert page.evaluate("document.getElementById('video').playbackRate") == 1.75
    before = position(page)
    page.keyboard.press("ArrowRight")
    until(page, lambda: position(page) >= before + 9.5)
    page.keyboard.press("ArrowLeft")
    until(page, lambda: position(page) < before + 9)
    page.keyboard.press("f")
    until(page, lambda: page.evaluate("document.fullscreenElement && document.fullscreenElement.id") == "player")
    page.keyboard.press("f")
    until(page, lambda: page.evaluate("!document.fullscreenElement"))
    page.keyboard.press("Space")
    until(page, lambda: state(page)["paused"])
    page.locator("#within").fill("kmc ")
    assert page.locator("#within").input_value() == "kmc " and state(page)["paused"], "keys of a text field are the field's"
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    assert page.locator("#subtitles").get_attribute("aria-pressed") == "false", "the choice is forgotten"
    assert page.get_by_label("速度").input_value() == "1.75"


def test_two_taps_on_a_side_go_ten_seconds_and_the_middle_pauses(lesson):
    page = lesson("13711130041")
    play(page)
    watch_to(page, 1)
    box = page.locator("#taps").bounding_box()

    def tap(part):
        page.touchscreen.tap(box["x"] + box["width"] * part, box["y"] + box["height"] / 2)

    before = position(page)
    tap(0.9), tap(0.9)
    until(page, lambda: position(page) >= before + 9.5)
    assert not state(page)["paused"]
    tap(0.1), tap(0.1)
    until(page, lambda: position(page) < before + 8)
    page.wait_for_timeout(500)
    tap(0.5)
    until(page, lambda: state(page)["paused"])


def test_words_follow_are_tapped_and_are_found(lesson):
    page = lesson("13711130042")
    play(page)
    until(page, lambda: page.locator(".cue.on").count() == 1)
    last = page.locator(".cue").last
    last.click()
    until(page, lambda: "on" in (last.get_attribute("class") or "").split())
    expect(page.locator("#subtitle")).to_have_text(last.inner_text())
    page.locator("#within").fill("主轴")
    expect(page.locator("#found")).to_contain_text("找到")
    assert page.locator(".cue:visible").count() == page.locator(".cue", has_text="主轴").count() < page.locator(".cue").count()
    assert set(page.locator(".cue mark").all_inner_texts()) == {"主轴"}
    page.locator("#within").fill("没有的词")
    expect(page.locator("#found")).to_have_text("没有找到")
    page.locator("#within").fill("")
    assert page.locator(".cue:visible").count() == page.locator(".cue").count()


OLD = """
for (const name of ['IntersectionObserver', 'ResizeObserver', 'AbortController', 'MediaMetadata']) delete window[name];
delete Element.prototype.requestFullscreen;
Object.defineProperty(navigator, 'mediaSession', {value: undefined});
Object.defineProperty(navigator, 'connection', {value: undefined});
const listen = EventTarget.prototype.addEventListener;
EventTarget.prototype.addEventListener = function (name, ...rest) {
  if (this instanceof HTMLMediaElement && (name === 'seeking' || name === 'seeked')) return;
  listen.call(this, name, ...rest);
};
"""


def test_a_jump_that_an_old_browser_does_not_tell_of_earns_nothing(lesson, whole_site):
    page = lesson("13711130050", "?player=mp4")
    page.add_init_script(OLD)
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    play(page)
    watch_to(page, 2)
    left = page.evaluate("""() => { const v = document.getElementById('video'), left = v.currentTime;
                                    v.currentTime = v.duration - 3; return left; }""")
    until(page, lambda: position(page) > 10)
    page.wait_for_timeout(1000)
    pause(page)
    until(page, lambda: credited_ms(whole_site, "13711130050") > 2000)
    page.wait_for_timeout(700)
    assert credited_ms(whole_site, "13711130050") <= (left + 3) * 1000 + 500, "the seconds that were jumped over were counted"


KILLED = """
const listen = EventTarget.prototype.addEventListener;  // a page that is killed is not told of its end
EventTarget.prototype.addEventListener = function (name, ...rest) {
  if (['pagehide', 'visibilitychange', 'freeze', 'pause'].includes(name)) return;
  listen.call(this, name, ...rest);
};
"""


def test_a_page_that_is_killed_in_the_middle_has_its_last_seconds_told_by_the_next(lesson, whole_site):
    phone = "13711130051"
    page = lesson(phone, "?player=mp4")
    page.add_init_script(KILLED)
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    play(page, "2")
    watch_to(page, 9)
    before = credited_ms(whole_site, phone)
    other = page.context.new_page()
    asked, left = time.monotonic(), position(page)
    page.close()
    most_ms = (left + 2 * (time.monotonic() - asked)) * 1000
    other.goto(f"{whole_site.address}/learn/{SLUG}/{VIDEO}")
    until(other, lambda: credited_ms(whole_site, phone) >= max(before, 6000), 40)
    assert credited_ms(whole_site, phone) <= most_ms + 500


def test_where_the_browser_takes_the_picture_over_questions_wait_until_it_gives_it_back(lesson):
    page = lesson("13711130052")
    play(page)
    page.evaluate("""() => { const v = document.getElementById('video'); v.dispatchEvent(new Event('x5videoenterfullscreen'));
                            v.currentTime = v.duration - 0.4; }""")
    until(page, lambda: page.evaluate("document.getElementById('video').ended"))
    page.wait_for_timeout(1500)
    expect(page.locator("#prompt")).to_be_hidden()
    page.evaluate("document.getElementById('video').dispatchEvent(new Event('x5videoexitfullscreen'))")
    expect(page.locator("#prompt")).to_contain_text("没有计入")
    page.get_by_role("button", name="从头再看").click()
    until(page, lambda: not state(page)["paused"] and position(page) < 5)


def test_the_page_is_light_and_its_player_comes_after_the_first_paint_and_moves_nothing(lesson, whole_site):
    page = lesson("13711130060")
    page.add_init_script("""window.shift = 0; new PerformanceObserver((l) => l.getEntries().forEach((e) => { if (!e.hadRecentInput) window.shift += e.value; }))
        .observe({type: 'layout-shift', buffered: true});""")
    sizes: dict[str, int] = {}
    protocol = page.context.new_cdp_session(page)
    protocol.send("Network.enable")
    protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})
    names: dict[str, str] = {}
    protocol.on("Network.requestWillBeSent", lambda e: names.__setitem__(e["requestId"], e["request"]["url"]))
    protocol.on("Network.loadingFinished", lambda e: sizes.__setitem__(names.get(e["requestId"], ""), int(e["encodedDataLength"])))
    page.reload()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    page.wait_for_timeout(1000)
    light = {url: n for url, n in sizes.items() if "/media/" not in url}
    assert sum(light.values()) <= 200_000, light
    assert not [url for url in light if "hls." in url], "the browser plays HLS itself"
    pictures = sum(n for url, n in sizes.items() if "/pictures/" in url)
    assert 0 < pictures < 40_000
    assert page.evaluate("window.shift") < 0.01


def test_whoever_seeks_sees_what_stands_there_and_fetches_it_only_then(lesson):
    page = lesson("13711130090", viewport=sites.DESKTOP)
    fetched = media_bytes(page)
    page.wait_for_timeout(500)
    assert not [name for name in fetched if name.startswith("thumbs")]
    page.locator("#seek").hover()
    expect(page.locator(".peek")).to_be_visible()
    until(page, lambda: [name for name in fetched if name.startswith("thumbs-1.jpg")])
    page.locator("h1").hover()
    expect(page.locator(".peek")).to_be_hidden()
