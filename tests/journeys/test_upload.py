"""An instructor's film over a line that breaks: cut, reloaded, chosen again, and it is the same film in the end."""

from __future__ import annotations

import hashlib
import random
import re
from urllib.parse import urlsplit

import pytest
from bench.lines import Line, Plan
from playwright.sync_api import expect
from tests.journeys.site import DESKTOP, INSTRUCTOR, sign_in, until

MB = 1024**2


@pytest.fixture
def line(whole_site):
    """A line to the site that is cut in the middle of a piece, once, and carries 1.5 MB a second."""
    made = Line(urlsplit(whole_site.address).port, rate=3 * MB // 2)
    made.plan = lambda: Plan() if any(p.is_cut for p in made.passed) else Plan(cut_after=2 * MB)
    yield made
    made.close()


@pytest.fixture
def course(whole_site, line, open_page):
    """A new course's page, seen over the line."""
    page = open_page(DESKTOP)
    page.on("dialog", lambda dialog: dialog.accept())
    near = type(whole_site)(f"http://127.0.0.1:{line.port}", whole_site.folder)
    sign_in(page, near, INSTRUCTOR)
    page.goto(near.address + "/teach/new")
    page.get_by_label("课程名称").fill("车间里的一小时")
    page.get_by_label("一句话介绍").fill("从开机到收工。")
    page.get_by_role("button", name="建好，去加课").click()
    expect(page.get_by_role("heading", name="上传视频")).to_be_visible()
    return page


def film(folder, name, size, seed):
    path = folder / name
    path.write_bytes(random.Random(seed).randbytes(size))
    return path


def original(site, path):
    return site.folder / "data" / "media" / "originals" / hashlib.sha256(path.read_bytes()).hexdigest()


def row(page, name):
    return page.locator("#uploads-now li", has_text=name)


def test_a_film_is_cut_reloaded_chosen_again_and_whole(whole_site, line, course, tmp_path):
    path = film(tmp_path, "早班.mp4", 28 * MB, 1)
    course.get_by_label("选择视频").set_input_files(path)
    until(course, lambda: any(p.is_cut for p in line.passed))
    expect(row(course, "早班.mp4")).to_contain_text(re.compile("每秒 .* · (还要约|不到 1 分钟)"), timeout=15_000)
    course.get_by_role("button", name="暂停 早班.mp4").click()
    expect(row(course, "早班.mp4")).to_contain_text("已暂停")
    course.get_by_role("button", name="继续 早班.mp4").click()
    expect(row(course, "早班.mp4")).to_contain_text("每秒", timeout=15_000)
    until(course, lambda: sum(p.body for p in line.passed) > 9 * MB)  # one piece is whole by now
    course.reload()
    left = course.locator("#uploads-left li", has_text="早班.mp4")
    expect(left).to_contain_text(re.compile(r"传了 [1-9]\d?%"))
    missing = 28 * MB * (100 - int(re.search(r"传了 (\d+)%", left.inner_text())[1])) // 100
    before = sum(p.body for p in line.passed)
    course.get_by_label("选择视频").set_input_files(path)
    until(course, lambda: original(whole_site, path).is_file(), 90)
    assert sum(p.body for p in line.passed) - before < missing + 2 * MB, "what had arrived was sent again"
    expect(course.locator("#lessons")).to_contain_text("早班")
    expect(left).to_have_count(0)


def test_several_films_become_several_lessons_and_what_is_no_film_is_refused(whole_site, course, tmp_path):
    first, second = film(tmp_path, "一号机.mp4", MB, 2), film(tmp_path, "二号机.mov", MB, 3)
    wrong = film(tmp_path, "工资表.xlsx", 100, 4)
    course.get_by_label("选择视频").set_input_files([first, wrong, second])
    expect(row(course, "工资表.xlsx")).to_contain_text("不是视频")
    expect(row(course, "二号机.mov")).to_contain_text("服务器正在转换", timeout=30_000)
    assert original(whole_site, first).is_file() and original(whole_site, second).is_file()
    course.get_by_role("button", name="不传了 工资表.xlsx").click()
    expect(course.locator("#lessons")).to_contain_text("二号机")
    expect(course.locator("#lessons")).to_contain_text("一号机")


def test_save_pressed_too_early_waits_for_the_film(whole_site, course, tmp_path):
    path = film(tmp_path, "晚班.mp4", 8 * MB, 6)
    home = course.url
    course.get_by_role("link", name="视频课", exact=True).click()
    course.get_by_label("课名").fill("晚班交接")
    course.get_by_label("选择视频").set_input_files(path)
    expect(row(course, "晚班.mp4")).to_be_visible()
    course.get_by_role("button", name="保存", exact=True).click()
    expect(course.locator("#film-waits")).to_have_text("视频传完就自动保存，先不要关掉这一页")
    course.wait_for_url(home, timeout=60_000)
    assert original(whole_site, path).is_file()
    expect(course.locator("#lessons li")).to_have_count(1)
    expect(course.locator("#lessons")).to_contain_text("晚班交接")
    expect(course.locator("#lessons")).not_to_contain_text("还没有视频")
    expect(course.locator("#uploads-left")).to_be_hidden()


def test_an_unfinished_film_is_thrown_away(course, line, tmp_path):
    course.get_by_label("选择视频").set_input_files(film(tmp_path, "不要了.mp4", 20 * MB, 5))
    until(course, lambda: sum(p.body for p in line.passed) > 3 * MB)
    course.reload()
    left = course.locator("#uploads-left li", has_text="不要了.mp4")
    left.get_by_role("button", name="删掉").click()
    left.get_by_role("button").last.click()
    expect(left).to_have_count(0)
    course.goto(course.url.rsplit("/", 1)[0] + "/uploads")
    expect(course.get_by_role("heading", name="没传完的视频")).to_be_visible()
    expect(course.get_by_text("不要了.mp4")).to_have_count(0)
