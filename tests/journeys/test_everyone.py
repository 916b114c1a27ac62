"""What no walk sees: what is told to ears and when, what stands out where colours are forced, and that nothing is asked twice."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.journeys.site import INSTRUCTOR, QUIZ, SLUG, VIDEO, play, register, seen, sign_in, until, watch_to


@pytest.fixture
def student(open_page, whole_site):
    """student(phone) is a page of a person who has joined the short course."""
    def made(phone, **options):
        page = open_page(**options)
        page.goto(f"{whole_site.address}/register?next=/courses/{SLUG}")
        register(page, phone, "周晓燕")
        seen(page.get_by_role("button", name="报名，开始学")).click()
        page.wait_for_url("**/learn/**")
        return page

    return made


LISTEN = """() => { window.heard = [];
  new MutationObserver((changes) => changes.forEach((c) => {
    const live = c.target.parentElement && c.target.parentElement.closest('[role=status], [role=alert], [aria-live]')
      || c.target.closest && c.target.closest('[role=status], [role=alert], [aria-live]');
    if (live && live.textContent.trim()) window.heard.push(live.textContent.trim());
  })).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ['hidden'] }); }"""


def test_counted_minutes_do_not_chatter_and_the_end_is_told(student, whole_site):
    page = student("13711110101")
    page.goto(f"{whole_site.address}/learn/{SLUG}/{VIDEO}")
    page.evaluate(LISTEN)
    play(page, "2")
    expect(page.locator("#counted-words")).to_have_text("这节课已学完", timeout=60_000)
    until(page, lambda: "这节课已学完" in page.evaluate("window.heard"))
    counted = [text for text in page.evaluate("window.heard") if "计入" in text]
    assert len(set(counted)) <= 3, counted


def test_saving_an_answer_is_told_once(student, whole_site):
    page = student("13711110102")
    page.goto(f"{whole_site.address}/learn/{SLUG}/{QUIZ}")
    page.get_by_role("button", name="开始考核").click()
    expect(page.locator(".question:not([hidden])").first).to_be_visible()
    page.evaluate(LISTEN)
    for _n in range(2):
        page.locator(".question:not([hidden]) input").first.check()
        page.locator(".question:not([hidden]) input").last.check()
        page.wait_for_timeout(400)
    until(page, lambda: page.evaluate("window.heard"))
    assert [text for text in page.evaluate("window.heard") if "已保存" in text] == ["已保存"]


def test_every_question_and_control_has_a_name(student, whole_site):
    page = student("13711110103")
    page.goto(f"{whole_site.address}/learn/{SLUG}/{VIDEO}")
    play(page)
    watch_to(page, 0.5)
    for name in ("暂停", "后退 10 秒", "前进 10 秒", "全屏"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_attached()
    expect(page.get_by_role("slider", name="进度")).to_be_attached()
    page.goto(f"{whole_site.address}/learn/{SLUG}/{QUIZ}")
    page.get_by_role("button", name="开始考核").click()
    expect(page.get_by_role("group").filter(has=page.get_by_role("radio")).first).to_be_visible()
    expect(page.get_by_role("navigation", name="题目").get_by_role("button", name="第 1 题")).to_be_visible()


def test_where_colours_are_forced_what_is_chosen_still_stands_out(page, whole_site):
    page.emulate_media(forced_colors="active")
    page.goto(f"{whole_site.address}/courses?kind=skills-upgrading")
    edge = "(e) => { const s = getComputedStyle(e); return parseFloat(s.borderTopWidth) + (s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth)); }"
    chosen = page.locator(".chip[aria-current]").first
    plain = page.locator(".chip:not([aria-current])").first
    assert chosen.evaluate(edge) > plain.evaluate(edge) >= 1
    page.goto(f"{whole_site.address}/courses/{SLUG}")
    assert page.locator("main .button").locator("visible=true").first.evaluate(edge) >= 1
    page.goto(f"{whole_site.address}/towns")
    colours = page.locator(".place").first.evaluate(
        "(e) => [getComputedStyle(e.querySelector('rect')).fill, getComputedStyle(e.querySelector('text')).fill]")
    assert colours[0] != colours[1]


def test_what_was_told_once_is_not_asked_again(page, whole_site):
    page.goto(f"{whole_site.address}/courses/{SLUG}")
    seen(page.get_by_role("link", name="注册后免费学")).click()
    page.get_by_label("手机号", exact=True).fill("13711110104")
    page.get_by_label("姓名", exact=True).fill("郑阿敏")
    page.get_by_label("设一个密码").fill("short")
    page.locator("input[name=terms]").check()
    page.get_by_role("button", name="注册并开始学").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("手机号", exact=True)).to_have_value("13711110104")
    expect(page.get_by_label("姓名", exact=True)).to_have_value("郑阿敏")
    page.get_by_label("设一个密码").fill("mima-bu-jiandan-1")
    if not page.locator("input[name=terms]").is_checked():
        page.locator("input[name=terms]").check()
    page.get_by_role("button", name="注册并开始学").click()
    page.wait_for_url(f"**/courses/{SLUG}")  # where one was going before


def test_a_password_and_a_code_can_be_pasted(page, whole_site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for path, name in (("/login", "密码"), ("/register", "设一个密码")):
        page.goto(whole_site.address + path)
        field = page.get_by_label(name, exact=True)
        page.evaluate("navigator.clipboard.writeText('a-long-pasted-password')")
        field.focus()
        page.keyboard.press("ControlOrMeta+v")
        expect(field).to_have_value("a-long-pasted-password")


def test_a_file_is_chosen_in_our_own_words(open_page, whole_site):
    page = open_page()
    sign_in(page, whole_site, INSTRUCTOR)
    page.goto(whole_site.address + "/teach/new")
    page.get_by_label("课程名称").fill("选文件的课")
    page.get_by_role("button", name="建好，去加课").click()
    page.get_by_role("link", name="考核", exact=True).click()
    expect(page.locator("#paste-form").get_by_text("还没有选")).to_be_visible()
    page.get_by_label("或者选一个文件").set_input_files({"name": "卡尺.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(page.locator("#paste-form").get_by_text("卡尺.txt")).to_be_visible()
