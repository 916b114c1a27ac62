"""Every journey by the keyboard alone: Tab, Enter, Space and arrows; every stop is marked and in sight, and nothing is a trap."""

from __future__ import annotations

import re
import sqlite3

import pytest
from playwright.sync_api import expect
from tests.journeys import roads
from tests.journeys import site as sites
from tests.journeys.keys import Keys
from tests.journeys.site import (
    CURATOR,
    INSTRUCTOR,
    QUIZ,
    REVIEWER,
    RIGHT,
    SLUG,
    TEXT,
    TITLE,
    VIDEO,
    position,
    seen,
    sign_in,
    until,
)

from guanxue.config import DEMO_PASSWORD

PASSWORD = "mima-bu-jiandan-1"


@pytest.fixture
def keys(open_page):
    """A phone's window with a keyboard before it, signed out."""
    return Keys(open_page(has_touch=False))


@pytest.fixture
def desk(open_page):
    """A desktop's window with a keyboard before it, signed out."""
    return Keys(open_page(sites.DESKTOP))


def heading(keys: Keys, words: str) -> None:
    expect(keys.page.get_by_role("heading", level=1)).to_contain_text(words)


def button(keys: Keys, name: str):
    return seen(keys.page.get_by_role("button", name=name))


def sign_in_by_keys(keys: Keys, site, phone: str, password: str = DEMO_PASSWORD) -> None:
    keys.page.goto(site.address + "/login")
    keys.write(keys.page.get_by_label("手机号", exact=True), phone)
    keys.write(keys.page.get_by_label("密码", exact=True), password)
    keys.press("Enter")
    keys.page.wait_for_url(re.compile(r"^(?!.*/login)"))


def test_the_first_stop_skips_to_the_content(keys, whole_site):
    keys.page.goto(whole_site.address + "/courses")
    keys.press("Tab")
    keys.look()
    expect(keys.page.get_by_role("link", name="跳到正文")).to_be_focused()
    keys.press("Enter")
    assert keys.page.evaluate("document.activeElement.id") == "main"
    keys.press("Tab")
    keys.look()
    assert keys.page.evaluate("document.getElementById('main').contains(document.activeElement)")


def test_suggestions_are_chosen_by_arrows_told_and_left_by_tab(keys, whole_site):
    page = keys.page
    page.goto(whole_site.address)
    box = page.get_by_role("combobox", name="搜索课程").first
    keys.write(box, "")
    page.keyboard.type("数控")
    options = page.get_by_role("option")
    expect(options.first).to_be_visible()
    expect(page.locator(".search [role=status]")).to_contain_text("建议")
    keys.press("ArrowDown", 2)
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    keys.press("Escape")
    expect(options.first).to_be_hidden()
    page.keyboard.type("车")
    expect(options.first).to_be_visible()
    keys.press("Tab")
    expect(options.first).to_be_hidden()
    keys.press("Shift+Tab")
    page.keyboard.type("床")
    expect(options.first).to_be_visible()
    keys.press("ArrowDown")
    wanted = options.first.text_content()
    keys.press("Enter")
    heading(keys, wanted)


def test_a_learners_road_from_registering_to_a_credit_that_is_verified(keys, whole_site):
    page = keys.page
    page.goto(whole_site.address)
    keys.write(page.get_by_role("combobox", name="搜索课程").first, "开机检查")
    keys.press("Enter")
    page.wait_for_url("**/courses?q=*")
    keys.follow(page.locator("a.course", has_text=TITLE))
    heading(keys, TITLE)
    keys.follow(seen(page.get_by_role("link", name="注册后免费学")))
    _register(keys, "13711110081", "周晓燕")
    heading(keys, TITLE)
    keys.follow(button(keys, "报名，开始学"))
    page.wait_for_url(f"**/learn/{SLUG}/{VIDEO}")
    _watch(keys)
    keys.follow(page.locator("#next-up a"))
    page.wait_for_url(f"**/learn/{SLUG}/{TEXT}")
    expect(page.locator("#counted-words")).to_have_text(roads.DONE, timeout=30_000)
    keys.follow(page.locator("#next-up a"))
    page.wait_for_url(f"**/learn/{SLUG}/{QUIZ}")
    keys.follow(button(keys, "开始考核"))
    _answer(keys)
    keys.follow(button(keys, "交卷"))
    expect(page.get_by_text("通过了！")).to_be_visible()
    keys.follow(page.get_by_role("link", name="学分已存入"))
    keys.follow(page.locator(".lines summary").first)
    keys.follow(page.get_by_role("link", name="核验页与二维码"))
    heading(keys, "这份记录真实有效")
    assert keys.stops > 40, "stops were looked at"


def _register(keys: Keys, phone: str, name: str) -> None:
    page = keys.page
    keys.write(page.get_by_label("手机号", exact=True), phone)
    keys.write(page.get_by_label("姓名", exact=True), name)
    keys.write(page.get_by_label("设一个密码"), PASSWORD)
    keys.tab_to(page.locator("input[name=terms]"))
    keys.press("Space")
    keys.follow(button(keys, "注册并开始学"))
    page.wait_for_url(re.compile(r"^(?!.*/register)"))


def _watch(keys: Keys) -> None:
    """Play, pause and play again by its own button, at double speed by the arrows of the list."""
    page = keys.page
    keys.tab_to(page.get_by_role("button", name="播放", exact=True))
    keys.press("Enter")
    until(page, lambda: position(page) > 1)
    keys.press("Space")
    until(page, lambda: page.evaluate("document.getElementById('video').paused"))
    keys.choose(page.locator("#speed"), "2×")
    keys.tab_to(page.locator("#play"), back=True)
    keys.press("Space")
    expect(page.locator("#counted-words")).to_have_text(roads.DONE, timeout=60_000)


def _answer(keys: Keys) -> None:
    """Answer question by question; Enter goes on and never hands in."""
    page = keys.page
    for n, (stem, label) in enumerate(RIGHT.items()):
        question = page.locator(".question:not([hidden])")
        if n:
            expect(question).to_contain_text(re.compile("|".join(RIGHT)))
            assert page.evaluate("document.querySelector('.question:not([hidden])').contains(document.activeElement)"), "focus stayed behind"
        text = question.text_content()
        label = next(right for begin, right in RIGHT.items() if begin in text)
        wanted = question.get_by_label(label, exact=True)
        if not keys.is_at(question.locator("input")):
            keys.tab_to(question.locator("input"))
        names = [x.strip() for x in question.locator(".option").all_text_contents()]
        keys.press("Space")
        keys.press("ArrowDown", names.index(label))
        expect(wanted).to_be_checked()
        keys.press("Enter")
        assert page.locator(".question").count() == len(RIGHT), "Enter handed it in"
    expect(page.locator("#saved")).to_have_text("已保存")


def test_more_time_is_asked_for_by_a_key_and_the_answers_stay(keys, whole_site):
    page, phone = keys.page, "13711110082"
    page.goto(f"{whole_site.address}/register?next=/courses/{SLUG}")
    _register(keys, phone, "吴小赶")
    keys.follow(button(keys, "报名，开始学"))
    page.goto(f"{whole_site.address}/learn/{SLUG}/{QUIZ}")
    keys.follow(button(keys, "开始考核"))
    expect(page.locator("#ending")).to_be_hidden()
    keys.tab_to(page.locator(".question:not([hidden]) input"))
    keys.press("Space")
    expect(page.locator("#saved")).to_have_text("已保存")
    with sqlite3.connect(f"{whole_site.folder}/data/guanxue.db", timeout=20) as db:
        db.execute("UPDATE quizzes_attempt SET expires_at = datetime('now', '+4 minutes') || '.000000' WHERE person_id ="
                   " (SELECT id FROM accounts_person WHERE phone = ?)", (phone,))
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("还剩约 4 分钟")
    keys.follow(button(keys, "加 30 分钟"))
    expect(page.locator("#saved")).to_have_text("加了 30 分钟")
    expect(page.locator("#ending")).to_be_hidden()
    assert page.evaluate("document.querySelector('.question:not([hidden])').contains(document.activeElement)")
    assert page.locator(".question input:checked").count() == 1


def test_a_refused_form_puts_the_focus_on_what_is_wrong(keys, whole_site):
    page = keys.page
    page.goto(whole_site.address + "/login")
    keys.write(page.get_by_label("手机号", exact=True), "13900000001")
    keys.write(page.get_by_label("密码", exact=True), "not-the-password")
    keys.press("Enter")
    alert = page.get_by_role("main").get_by_role("alert")
    expect(alert).to_contain_text("手机号或密码不对")
    expect(alert).to_be_focused()
    expect(page.get_by_label("手机号", exact=True)).to_have_value("13900000001")


def test_an_instructors_road_from_a_new_course_to_review(desk, whole_site):
    page = desk.page
    sign_in_by_keys(desk, whole_site, INSTRUCTOR)
    page.goto(whole_site.address + "/teach")
    desk.follow(page.get_by_role("link", name="新建课程"))
    desk.write(page.get_by_label("课程名称"), "只用键盘建的课")
    desk.choose(page.get_by_label("行业"), "装备制造")
    desk.follow(button(desk, "建好，去加课"))
    heading(desk, "只用键盘建的课")
    draft = page.url
    desk.follow(page.get_by_role("link", name="视频课", exact=True))
    desk.write(page.get_by_label("课名"), "看准三条线")
    with page.expect_file_chooser() as chooser:
        desk.follow(page.get_by_label("选择视频"))
    chooser.value.set_files(roads.make_video(whole_site.folder, 660))
    desk.follow(button(desk, "保存"))
    page.wait_for_url(draft)
    desk.follow(page.get_by_role("link", name="考核", exact=True))
    desk.write(page.get_by_label(roads.PASTE), roads.MENDED)
    expect(page.locator("#preview")).to_contain_text("漏下 0 道")
    desk.follow(button(desk, "收进 2 道题"))
    expect(page.locator("#question-list > li")).to_have_count(2)
    desk.follow(page.get_by_role("link", name="只用键盘建的课"))
    page.wait_for_url(draft)
    for word in ("自己制作的", "出镜的人都已同意"):
        desk.tab_to(page.get_by_label(word))
        desk.press("Space")
    desk.follow(button(desk, "提交审核"))
    expect(page.get_by_text("已提交审核")).to_be_visible()


def test_a_reviewers_road_sends_it_back_with_remarks(desk, whole_site):
    page = desk.page
    sign_in_by_keys(desk, whole_site, REVIEWER)
    page.goto(whole_site.address + "/oversight/reviews")
    desk.follow(page.get_by_role("main").get_by_role("link", name=re.compile("只用键盘建的课|游标卡尺")))
    desk.write(page.get_by_label("总的意见"), "题干再写清楚一些。")
    desk.follow(button(desk, "退回修改"))
    page.wait_for_url("**/oversight/reviews")


def test_a_curators_road_builds_a_track(desk, whole_site):
    page = desk.page
    sign_in_by_keys(desk, whole_site, CURATOR)
    page.goto(whole_site.address + "/curate")
    desk.follow(page.get_by_role("link", name="新建路线"))
    desk.write(page.get_by_label("路线名称"), "只用键盘建的路线")
    desk.follow(button(desk, "建好，去选课"))
    desk.follow(page.get_by_role("link", name="选课"))
    desk.write(page.get_by_label("搜索课程"), "开机检查")
    desk.press("Enter")
    page.wait_for_url("**q=*")
    desk.follow(page.get_by_role("button", name=f"加入 {TITLE}"))
    expect(page.locator(".stage-edit").first).to_contain_text(TITLE)
    desk.write(page.get_by_label("新阶段名称"), "提高")
    desk.press("Enter")
    expect(page.locator(".stage-edit")).to_have_count(2)
    desk.follow(page.get_by_role("button", name="阶段上移").locator("visible=true").last)
    expect(page.locator(".stage-edit input[name=stage_title]").first).to_have_value("提高")
    desk.follow(page.get_by_role("button", name="删掉阶段").first)
    expect(page.locator(".stage-edit")).to_have_count(1)
    desk.follow(page.get_by_role("button", name="发布", exact=True))
    expect(page.get_by_text("已发布").first).to_be_visible()


def test_settings_change_the_password_and_the_language(keys, whole_site):
    page, phone = keys.page, "13711110083"
    page.goto(f"{whole_site.address}/register")
    _register(keys, phone, "郑阿敏")
    page.goto(whole_site.address + "/me/settings")
    keys.follow(page.get_by_role("link", name=re.compile("密码")))
    keys.write(page.get_by_label("现在的密码"), PASSWORD)
    keys.write(page.get_by_label("新密码"), PASSWORD + "-2")
    keys.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("密码换好了")
    keys.follow(page.locator("footer details summary"))
    keys.follow(page.get_by_role("button", name="English"))
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("path", ["/", "/courses?q=数控", f"/courses/{SLUG}", "/towns", "/towns/humen", "/register", "/verify"])
def test_no_page_is_a_trap_and_no_stop_is_hidden_behind_the_bar(keys, whole_site, path):
    keys.page.goto(whole_site.address + path)
    assert keys.walk() > 5


def test_the_same_without_moving_bars_at_the_desk(desk, whole_site):
    sign_in(desk.page, whole_site, CURATOR)
    for path in ("/curate", "/me", "/me/settings"):
        desk.page.goto(whole_site.address + path)
        assert desk.walk() > 5
