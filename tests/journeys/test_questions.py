"""Twenty questions out of Word: looked at while they are pasted, brought in, put in order by keys, written further by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.site import INSTRUCTOR, sign_in, until

PAPER = (Path(__file__).parents[1] / "quizzes/samples/17-twenty.txt").read_text("utf-8")


@pytest.fixture
def quiz(open_page, whole_site) -> Page:
    """An instructor's phone on the empty quiz of a new course."""
    page = open_page()
    sign_in(page, whole_site, INSTRUCTOR)
    page.goto(whole_site.address + "/teach/new")
    page.get_by_label("课程名称").fill("叉车考核")
    page.get_by_role("button", name="建好，去加课").click()
    page.wait_for_url(re.compile("/teach/c-"))
    page.get_by_role("link", name="考核", exact=True).click()
    expect(page.get_by_label("从 Word 或 WPS 复制，贴在这里")).to_be_visible()
    return page


def test_twenty_questions_are_pasted_looked_at_and_put_in_order(quiz):
    text = quiz.get_by_label("从 Word 或 WPS 复制，贴在这里")
    text.fill(PAPER + "六、单选题\n21. 这题没有答案\nA. 一\nB. 二\n")
    look = quiz.locator("#preview")
    expect(look).to_contain_text("读到 20 道")
    expect(look).to_contain_text("漏下 1 道")
    expect(look).to_contain_text("没有找到答案")
    text.fill(PAPER)
    expect(look).to_contain_text("漏下 0 道")
    quiz.get_by_role("button", name="收进 20 道题").click()
    expect(quiz.locator("#brought")).to_contain_text("新收 20 道")
    rows = quiz.locator("#question-list > li")
    expect(rows).to_have_count(20)
    first = rows.first.locator(".q-stem").inner_text()
    rows.first.get_by_role("button", name="第 1 题下移").focus()
    quiz.keyboard.press("Alt+ArrowDown")
    expect(quiz.locator("#moved")).to_have_text("移到第 2")
    quiz.reload()
    assert rows.nth(1).locator(".q-stem").inner_text() == first


def test_the_form_shows_what_its_kind_needs_and_goes_on_to_the_next(quiz):
    quiz.get_by_text("写一道题", exact=True).click()
    quiz.get_by_label("题型").select_option("判断")
    expect(quiz.get_by_label("选项，一行一个")).to_be_hidden()
    quiz.locator("#f-stem").fill("停稳后才能测量。")
    quiz.locator("#f-answer").fill("对")
    quiz.get_by_role("button", name="保存，再写一道").click()
    expect(quiz.locator("#question-list > li")).to_have_count(1)
    expect(quiz.locator("#f-stem")).to_be_focused()


def test_who_has_begun_to_write_is_not_taken_elsewhere_when_the_last_picture_comes(quiz):
    held = []
    quiz.route("**/a-slow-picture.png", lambda route: held.append(route))
    quiz.add_init_script("new Image().src = '/a-slow-picture.png'")
    quiz.goto(re.match(r".*/teach/[^/]+", quiz.url)[0] + "/questions?writing=single#write", wait_until="domcontentloaded")
    options = quiz.get_by_label("选项，一行一个")
    options.focus()
    quiz.keyboard.type("*轮胎")
    assert quiz.evaluate("document.readyState") == "interactive"
    held[0].abort()
    until(quiz, lambda: quiz.evaluate("document.readyState") == "complete")
    quiz.wait_for_timeout(200)
    expect(options).to_be_focused()
