"""The outline by keys and by a finger: a lesson goes where it is put, is told aloud, and stays there."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.journeys.keys import Keys
from tests.journeys.site import INSTRUCTOR, sign_in


@pytest.fixture
def draft(open_page, whole_site) -> Page:
    """An instructor's phone on a draft of three texts in two sections: 甲 and 乙 under none, 丙 under 动手."""
    page = open_page()
    sign_in(page, whole_site, INSTRUCTOR)
    page.goto(whole_site.address + "/teach/new")
    page.get_by_label("课程名称").fill("排一排次序")
    page.get_by_role("button", name="建好，去加课").click()
    page.wait_for_url(re.compile("/teach/c-"))
    for title in ("甲", "乙"):
        _add(page, title)
    page.get_by_text("加一个小节标题").click()
    page.get_by_label("小节名称").last.fill("动手")
    page.get_by_role("button", name="加上", exact=True).click()
    _add(page, "丙")
    return page


def _add(page: Page, title: str) -> None:
    page.get_by_role("link", name="图文课", exact=True).last.click()
    page.get_by_label("课名").fill(title)
    page.get_by_label("正文").fill(f"{title}的内容。")
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#lessons")).to_contain_text(title)


def shape(page: Page) -> list[str]:
    """"动手: 丙" for each section, after the page was read again."""
    expect(page.locator("#outline-said")).to_contain_text("次序已保存")
    page.reload()
    return page.eval_on_selector_all(".part", """(parts) => parts.map((p) => `${p.dataset.section}: ${
        [...p.querySelectorAll('.lesson-row .grow > span:first-child')].map((x) => x.textContent).join(' ')}`)""")


def test_arrows_on_the_handle_move_a_lesson_over_the_edge_of_its_section(draft):
    keys = Keys(draft)
    handle = draft.get_by_role("button", name="移动：丙")
    keys.tab_to(handle)
    keys.press("ArrowUp")
    expect(draft.locator("#outline-said")).to_contain_text("丙 移到“没有分节”的第 3")
    expect(handle).to_be_focused()
    keys.press("ArrowUp")
    expect(draft.locator("#outline-said")).to_contain_text("丙 移到“没有分节”的第 2")
    assert shape(draft) == [": 甲 丙 乙", "动手: "]


def test_a_lesson_is_dragged_into_another_section(draft):
    handle, part = draft.get_by_role("button", name="移动：甲"), draft.locator(".part").last
    start = handle.bounding_box()
    draft.mouse.move(start["x"] + 20, start["y"] + 20)
    draft.mouse.down()
    draft.mouse.move(start["x"] + 20, start["y"] + 60, steps=4)
    end = part.locator("ol").bounding_box()
    draft.mouse.move(start["x"] + 20, end["y"] + end["height"] - 8, steps=8)
    draft.mouse.up()
    assert shape(draft) == [": 乙", "动手: 丙 甲"]


def test_a_tap_on_the_handle_shows_the_two_buttons(draft):
    row = draft.locator(".lesson-row", has_text="乙")
    expect(row.get_by_role("button", name="上移：乙")).to_be_hidden()
    row.get_by_role("button", name="移动：乙").click()
    row.get_by_role("button", name="上移：乙").click()
    expect(draft.locator(".lesson-row").first).to_contain_text("乙")


def test_two_who_write_one_text_are_shown_both(draft):
    draft.locator("#lessons a", has_text="甲").click()
    other = draft.context.new_page()
    other.goto(draft.url)
    other.get_by_label("正文").fill("另一扇窗里写的。")
    expect(other.locator("#saved")).to_contain_text("已保存")
    draft.get_by_label("正文").fill("这扇窗里写的。")
    draft.get_by_role("button", name="看两份，选一份").click()
    expect(draft.get_by_role("heading", level=1)).to_have_text("两份文字，选一份")
    expect(draft.locator("main")).to_contain_text("另一扇窗里写的。")
    draft.get_by_role("button", name="用我的这一份").click()
    other.reload()
    expect(other.get_by_label("正文")).to_have_value("这扇窗里写的。")
