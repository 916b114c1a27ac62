"""A lesson on the phone: taken along, studied without a network in a browser that was closed in between, counted once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.journeys import site as sites
from tests.journeys.between import between
from tests.journeys.site import SLUG, STUDY_S, TEXT, VIDEO, credited_ms, pause, play, position, register, seen, until, watch_to
from tests.journeys.test_player import _wait_for_companions

LESSON = f"/learn/{SLUG}/{VIDEO}"
WAITING = re.compile(r"\d+ (秒|分钟) 等待上传")


@pytest.fixture
def line(whole_site):
    """The line to the site, which can be cut."""
    _wait_for_companions(whole_site)
    with between(whole_site.address) as server:
        yield server


@pytest.fixture
def phone(browser, tmp_path):
    """open(): the browser of a phone, with whatever it kept when it was closed."""
    opened = []

    def open_again(**options):
        for one in opened:
            one.close()
        opened.clear()
        context = sites.persistent(browser, tmp_path / "browser", **options)
        opened.append(context)
        return context.pages[0] if context.pages else context.new_page()

    yield open_again
    for one in opened:
        one.close()


def join(page, line, number, name="周晓燕"):
    """Somebody new in the short course, with a worker at work."""
    page.goto(f"{line.address}/register?next=/courses/{SLUG}")
    register(page, number, name)
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url("**/learn/**")
    until(page, lambda: page.evaluate("!!navigator.serviceWorker.controller"))
    until(page, lambda: page.evaluate("caches.match('/offline-here').then((x) => !!x)"))


def take_along(page, line, way="声音和图片", path=LESSON):
    """Download the lesson."""
    page.goto(line.address + path)
    page.locator("#take summary").click()
    if way:
        page.locator("#take").get_by_label(way).check(force=True)
    expect(page.locator("#take-go")).to_contain_text("下载")
    page.locator("#take-go").click()
    expect(page.locator("#take-state")).to_have_text("已下载")


def pieces(line) -> set[str]:
    """Names of what came in pieces, whatever its signature."""
    return {path.split("/", 3)[3] for _m, path, headers, status in line.seen
            if path.startswith("/media/") and headers.get("Range", "").endswith("-262143") and status == 206}


@pytest.mark.parametrize(("way", "number"), [("声音和图片", "13711140061"), ("视频", "13711140002")])
def test_minutes_without_a_network_count_once_though_the_browser_was_closed(phone, line, whole_site, way, number):
    page = phone()
    join(page, line, number)
    take_along(page, line, way)
    line.is_down = True
    page = phone()  # closed and opened again, with no network at all
    page.goto(line.address + LESSON)
    expect(page.get_by_role("heading", level=1)).to_have_text("开机前后看什么")
    expect(page.locator("#kept-at")).to_be_visible()
    until(page, lambda: page.locator("#player.ready").count() == 1)
    play(page)
    watch_to(page, STUDY_S)
    assert page.locator("#subtitle").inner_text() or page.locator(".cue.on").count() == 1
    expect(page.locator("#why")).to_contain_text("先记在本机")
    pause(page)
    left = position(page)
    expect(page.locator("#waiting")).to_contain_text(WAITING)
    line.refused.clear()
    page = phone()  # and once more
    page.goto(line.address + "/me")
    expect(page.locator("#waiting")).to_contain_text(WAITING)
    until(page, lambda: any(path.endswith("/sync") for path in line.refused))  # what was tried without a network is over
    assert credited_ms(whole_site, number) == 0
    line.is_down = False
    page.goto(line.address + "/me")
    until(page, lambda: credited_ms(whole_site, number) > (STUDY_S - 2) * 1000)
    counted = credited_ms(whole_site, number)
    assert counted <= left * 1000 + 300
    expect(page.locator("#waiting")).to_contain_text("已上传")
    page.reload()
    page.wait_for_timeout(1500)
    expect(page.locator("#waiting")).to_be_hidden()
    assert credited_ms(whole_site, number) == counted
    page.goto(line.address + LESSON)
    until(page, lambda: page.locator("#player.ready").count() == 1)
    assert float(page.locator("#counted-bar").get_attribute("value")) == counted


def test_what_was_taken_along_is_played_from_the_phone_with_a_network_too(phone, line):
    page = phone()
    join(page, line, "13711140063")
    take_along(page, line, "声音和图片")
    page.goto(line.address + LESSON)
    until(page, lambda: page.locator("#take-state").inner_text() == "已下载")
    page.locator("#modes").get_by_label("声音+图").check(force=True)
    line.seen.clear()
    play(page)
    watch_to(page, 3)
    assert "/kept/" in page.evaluate("document.getElementById('video').currentSrc")
    assert not [path for _m, path, _h, _s in line.seen if "sound" in path]


def test_a_download_goes_on_after_a_break(phone, line):
    page = phone()
    join(page, line, "13711140054")
    page.goto(line.address + LESSON)
    page.locator("#take summary").click()
    page.locator("#take").get_by_label("声音和图片").check(force=True)
    line.seen.clear()
    line.cut_after = 2  # two pieces come, then nothing more
    page.locator("#take-go").click()
    expect(page.locator("#take-said")).to_contain_text("网络断了")
    came = pieces(line)
    assert len(came) == 2
    line.is_down = True
    page.close()
    line.is_down, line.cut_after = False, None
    page = phone()
    page.goto(line.address + LESSON)
    page.locator("#take summary").click()
    expect(page.locator("#take-go")).to_contain_text("接着下载")
    line.seen.clear()
    page.locator("#take").get_by_label("声音和图片").check(force=True)
    page.locator("#take-go").click()
    expect(page.locator("#take-state")).to_have_text("已下载")
    assert pieces(line) and not pieces(line) & came


def test_a_course_is_taken_along_and_deleted_again(phone, line):
    page = phone()
    join(page, line, "13711140055")
    page.goto(f"{line.address}/courses/{SLUG}")
    page.locator("#take summary").click()
    expect(page.locator("#take-list li")).to_have_count(2)
    page.locator("#take-go").click()
    expect(page.locator("#take-state")).to_have_text("已下载 2/2")
    line.is_down = True
    page.goto(f"{line.address}/learn/{SLUG}/{TEXT}")
    expect(page.get_by_role("heading", level=1)).to_have_text("记在本子上")
    page.goto(line.address + "/towns")
    expect(page.locator(f".lines a[href='{LESSON}']")).to_be_visible()
    line.is_down = False
    page.goto(f"{line.address}/courses/{SLUG}")
    page.locator("#take summary").click()
    page.locator("#take-drop").click()
    expect(page.locator("#take-said")).to_have_text("已删除。")
    left = "async () => { let n = 0; for (const c of await caches.keys()) if (c.startsWith('guanxue-lesson')) n += (await (await caches.open(c)).keys()).filter((r) => r.url).length; return n; }"
    assert page.evaluate(left) == 0


def test_signing_out_sends_first_and_says_what_would_be_lost(phone, line, whole_site):
    page = phone()
    join(page, line, "13711140006")
    take_along(page, line)
    line.is_down = True
    page.goto(line.address + LESSON)
    until(page, lambda: page.locator("#player.ready").count() == 1)
    play(page)
    watch_to(page, 5)
    pause(page)
    expect(page.locator("#waiting")).to_contain_text(WAITING)
    page.goto(line.address + "/me")
    said = []
    page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
    page.locator("form[action$='/logout'] button").click()
    until(page, lambda: bool(said))
    assert "没有上传" in said[0] and "/me" in page.url
    line.is_down = False
    page.goto(line.address + "/me/settings")
    page.locator("form[action$='/logout'] button").click()
    page.wait_for_url(lambda url: "/me" not in url)
    assert len(said) == 1 and credited_ms(whole_site, "13711140006") > 3000
    until(page, lambda: page.evaluate("caches.keys().then((all) => all.filter((n) => /lesson|mine/.test(n)).length)") == 0)


def studied_past_the_line(page, line, second=8):
    """Play a lesson that was not taken along, the line cut after a second; what the server could not be told waits."""
    page.goto(f"{line.address}{LESSON}?player=mp4")
    play(page, "2")
    until(page, lambda: page.evaluate("(() => { const b = document.getElementById('video').buffered; return b.length ? b.end(0) : 0; })()") > second)
    watch_to(page, 1)
    line.is_down = True
    watch_to(page, second)
    pause(page)
    expect(page.locator("#why")).to_contain_text("网络断了")


def test_what_a_lessons_page_could_not_tell_is_sent_by_the_page_of_ones_own(phone, line, whole_site):
    page = phone()
    join(page, line, "13711140071")
    studied_past_the_line(page, line)
    before = credited_ms(whole_site, "13711140071")
    page.goto("about:blank")
    line.is_down = False
    page.goto(line.address + "/me")
    until(page, lambda: credited_ms(whole_site, "13711140071") > before + 3000)
    until(page, lambda: page.evaluate("Object.keys(localStorage).filter((name) => name.includes('/beats/')).length") == 0)
    expect(page.locator("#waiting")).to_be_hidden()


def test_signing_out_sends_what_a_lessons_page_could_not_tell_or_asks(phone, line, whole_site):
    page = phone()
    join(page, line, "13711140072")
    page.goto(line.address + "/me")
    studied_past_the_line(page, line)
    before = credited_ms(whole_site, "13711140072")
    page.goto(line.address + "/me")
    expect(page.locator("#waiting")).to_contain_text(WAITING)
    said = []
    page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
    page.locator("form[action$='/logout'] button").click()
    until(page, lambda: bool(said))
    assert "没有上传" in said[0] and "/me" in page.url
    line.is_down = False
    page.locator("form[action$='/logout'] button").click()
    page.wait_for_url(lambda url: "/me" not in url)
    assert len(said) == 1 and credited_ms(whole_site, "13711140072") > before + 3000


def sign_in(page, line, number):
    """With the password that register() gives."""
    page.goto(line.address + "/login")
    page.get_by_label("手机号", exact=True).fill(number)
    page.get_by_label("密码", exact=True).fill("mima-bu-jiandan-1")
    page.get_by_role("main").get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/login" not in url)


def test_somebody_who_signed_in_beside_loses_nothing_that_plays(phone, line, whole_site):
    page = phone()
    join(page, line, "13711140073")
    page.goto(f"{line.address}{LESSON}?player=mp4")
    play(page)
    watch_to(page, 3)
    other = page.context.new_page()
    page.context.clear_cookies()  # the session ran out
    sign_in(other, line, "13711140073")
    other.close()
    before = credited_ms(whole_site, "13711140073")
    pause(page)
    left = position(page)
    expect(page.locator("#prompt")).to_contain_text("刷新页面")
    page.locator("#prompt").get_by_role("button", name="刷新页面").click()
    until(page, lambda: credited_ms(whole_site, "13711140073") > left * 1000 - 500)
    assert before < left * 1000 - 500, "it had been told before"


def test_what_nothing_takes_any_more_is_not_kept_for_ever(page, whole_site):
    """Somebody who left the course may join again, but not for months. A clock that was wrong lets nothing go, and holds nothing up."""
    page.goto(f"{whole_site.address}/register")
    register(page, "13711140076", "周晓燕")
    page.wait_for_url(lambda url: "/register" not in url)
    page.goto(whole_site.address + "/me")
    page.evaluate("""(lesson) => [['old', 4, 2, 0], ['new', 1, 0, 0], ['of a clock behind', 900, 0, 0], ['of a clock ahead', -3, 0, -3]].forEach((one) => {
        const key = one[0], at = (days) => (days ? Date.now() - days * 86400000 : undefined);
        const left = {lesson, key, pending: [{t_ms: 9000, from_s: 0, to_s: 9, rate: 1}], when: at(one[1]), refused: at(one[2]), going: at(one[3])};
        localStorage.setItem(`guanxue/${document.getElementById('waiting').dataset.person}/beats/${key}`, JSON.stringify(left));
    })""", whole_site.lessons()[0]["id"])
    page.reload()
    expect(page.locator("#waiting")).to_contain_text("27 秒 等待上传")
    kept = page.evaluate("Object.keys(localStorage).filter((name) => name.includes('/beats/')).map((name) => name.split('/')[3])")
    assert set(kept) == {"new", "of a clock behind", "of a clock ahead"}


def test_the_next_person_who_signs_out_leaves_the_first_ones_study_on_the_phone(phone, line, whole_site):
    page = phone()
    join(page, line, "13711140074", "甲小红")
    take_along(page, line)
    line.is_down = True
    page.goto(line.address + LESSON)
    until(page, lambda: page.locator("#player.ready").count() == 1)
    play(page)
    watch_to(page, 5)
    pause(page)
    expect(page.locator("#waiting")).to_contain_text(WAITING)
    page.context.clear_cookies()
    line.is_down = False
    page.goto(f"{line.address}/register")
    register(page, "13711140075", "乙大明")
    page.wait_for_url(lambda url: "/register" not in url)
    said = []
    page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
    page.goto(line.address + "/me")
    expect(page.locator("#others")).to_be_visible()
    page.locator("form[action$='/logout'] button").click()
    page.wait_for_url(lambda url: "/me" not in url)
    assert not said and credited_ms(whole_site, "13711140074") == 0
    assert page.evaluate("Object.keys(localStorage).every((name) => name.endsWith('/waiting'))")
    sign_in(page, line, "13711140074")
    page.goto(line.address + "/me")
    until(page, lambda: credited_ms(whole_site, "13711140074") > 3000)
    expect(page.locator("#others")).to_be_hidden()
    page.locator("form[action$='/logout'] button").click()
    page.wait_for_url(lambda url: "/me" not in url)
    until(page, lambda: page.evaluate("Object.keys(localStorage).length") == 0)


def test_the_next_person_on_the_phone_finds_no_lesson_of_the_first(phone, line):
    page = phone()
    join(page, line, "13711140007", "甲小红")
    take_along(page, line)
    page.context.clear_cookies()
    page.goto(f"{line.address}/register")
    register(page, "13711140008", "乙大明")
    page.wait_for_url(lambda url: "/register" not in url)
    line.is_down = True
    page.goto(line.address + LESSON)
    expect(page.get_by_role("heading", level=1)).to_have_text("没有网络")
    assert "甲小红" not in page.content()


@pytest.mark.parametrize(("agent", "told"), [
    ("Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/86 MMWEBID/1 MicroMessenger/8.0", "用浏览器打开"), ("", "用浏览器打开")])
def test_where_nothing_can_be_kept_there_is_one_line_and_no_button(open_page, whole_site, agent, told):
    page = open_page(**({"user_agent": agent} if agent else {}))
    if not agent:
        page.add_init_script("Object.defineProperty(window, 'indexedDB', {value: undefined})")
    page.goto(f"{whole_site.address}/register?next=/courses/{SLUG}")
    register(page, f"1371114001{len(agent) % 7}", "周晓燕")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url("**/learn/**")
    page.goto(whole_site.address + LESSON)
    expect(page.locator("#take-not")).to_contain_text(told)
    expect(page.locator("#take")).to_be_hidden()
