"""A new instructor's first course, on a phone: a film over a line that breaks, subtitles, questions written and pasted, a reader's
remark, and a learner who finds it by a word that is said in the film. What it asks of them stays within new_instructor.csv."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bench.lines import Line, Plan
from playwright.sync_api import Page, expect
from tests.journeys import roads
from tests.journeys.effort import Effort
from tests.journeys.site import DESKTOP, INSTRUCTOR, PHONE, REVIEWER, Site, play, register, seen, sign_in, until, watch_to

TABLE = Path(__file__).with_name("new_instructor.csv")
TWENTY = (Path(__file__).parents[1] / "quizzes" / "samples" / "17-twenty.txt").read_text("utf-8")
TITLE, LESSON = "叉车班前检查八步", "绕车看一圈"
SUBTITLES = "1\n00:00:00,000 --> 00:00:03,000\n先绕车看一圈，再看挡货架螺栓。\n\n2\n00:00:03,000 --> 00:00:06,000\n每一处都用手摸到。\n"
WRITTEN = [
    ("single", "班前检查从哪里开始？", "*轮胎\n座椅\n收音机"),
    ("single", "发现漏油怎么办？", "继续干\n*停车报修"),
    ("multiple", "要用手摸到的有哪些？", "*螺栓\n*链条\n遮阳板"),
    ("truefalse", "检查完要签字。", "对"),
    ("fillin", "轮胎气压不足要先____。", "充气/打气"),
]


@pytest.fixture
def broken_line(whole_site):
    """A line to the site that is cut once in the middle of a piece."""
    made = Line(urlsplit(whole_site.address).port)
    made.plan = lambda: Plan() if any(p.is_cut for p in made.passed) else Plan(cut_after=60_000)
    yield made
    made.close()


def test_a_first_course_from_nothing_to_found_by_what_is_said_in_it(whole_site, broken_line, open_page, tmp_path):
    near = Site(f"http://127.0.0.1:{broken_line.port}", whole_site.folder)
    page, reviewer = open_page(PHONE), open_page(DESKTOP)
    me = Effort(page)
    sign_in(page, near, INSTRUCTOR)
    page.goto(near.address + "/teach")
    course = _new_course(me)
    _film(me, broken_line, tmp_path)
    _subtitles(me, course, tmp_path)
    _questions(me, course)
    _look(me, course)
    _hand_in(me, course)
    _remark(whole_site, reviewer)
    _mend(me, course)
    _approve(whole_site, reviewer)
    beyond = me.compared(TABLE)
    assert not beyond, "\n".join(beyond)
    _found(whole_site, open_page(PHONE))


def _new_course(me: Effort) -> str:
    page = me.page
    with me.step("new course"):
        me.tap(page.get_by_role("link", name="新建课程"))
        me.fill(page.get_by_label("课程名称"), TITLE)
        me.fill(page.get_by_label("一句话介绍"), "八步看完，十分钟，天天做。")
        me.tap(page.get_by_role("button", name="建好，去加课"))
        expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    return page.url


def _film(me: Effort, line: Line, folder: Path) -> None:
    film = folder / f"{LESSON}.mp4"
    roads.make_video(folder, 523).rename(film)
    with me.step("film"):
        me.give(me.page.get_by_label("选择视频"), film)
        expect(me.page.locator("#lessons")).to_contain_text(LESSON, timeout=40_000)
        expect(me.page.locator("#lessons")).to_contain_text("0:06", timeout=90_000)
    assert any(p.is_cut for p in line.passed), "the line was never cut"


def _subtitles(me: Effort, course: str, folder: Path) -> None:
    page, file = me.page, folder / "字幕.srt"
    file.write_bytes(SUBTITLES.encode("gb18030"))
    with me.step("subtitles"):
        me.tap(page.locator("#lessons a", has_text=LESSON))
        me.tap(page.get_by_role("link", name="字幕").first)
        me.give(page.get_by_label("VTT 或 SRT 文件"), file)
        me.tap(page.get_by_role("button", name="看看读到什么"))
        expect(page.locator(".facts-list")).to_contain_text("2")
        me.tap(page.get_by_role("button", name="用这份字幕"))
        expect(page.locator(".cue-row")).to_have_count(2)
        me.tap(page.get_by_role("link", name=LESSON))
        me.tap(page.get_by_role("link", name=TITLE))
    assert page.url == course


def _questions(me: Effort, course: str) -> None:
    page = me.page
    with me.step("5 questions written"):
        me.tap(page.get_by_role("link", name="考核", exact=True))
        me.tap(page.get_by_role("heading", name="写一道题"))
        kept = "single"
        for n, (kind, stem, said) in enumerate(WRITTEN, 1):
            if kind != kept:
                me.choose(page.get_by_label("题型"), value=kind)
            me.fill(page.get_by_label("题干", exact=True), stem)
            me.fill(page.get_by_label("选项，一行一个") if kind in ("single", "multiple") else page.get_by_label("答案"), said)
            me.tap(page.get_by_role("button", name="保存，再写一道"))
            expect(page.locator("#question-list > li")).to_have_count(n)
            kept = page.get_by_label("题型").input_value()
    with me.step("20 questions pasted"):
        if not page.get_by_label("从 Word 或 WPS 复制，贴在这里").is_visible():
            me.tap(page.get_by_role("heading", name="粘贴一批题"))
        me.fill(page.get_by_label("从 Word 或 WPS 复制，贴在这里"), TWENTY)
        expect(page.locator("#preview")).to_contain_text("数出来 20 道题")
        expect(page.locator("#preview")).to_contain_text("漏下 0 道")
        me.tap(page.get_by_role("button", name="收进 20 道题"))
        expect(page.locator("#question-list > li")).to_have_count(25)
        me.tap(page.get_by_role("link", name=TITLE))
    assert page.url == course


def _look(me: Effort, course: str) -> None:
    page = me.page
    with me.step("look as a learner"):
        me.tap(page.get_by_role("link", name="手机预览"))
        expect(page.locator("iframe")).to_be_visible()
        page.go_back()
    page.goto(course)


def _hand_in(me: Effort, course: str) -> None:
    page = me.page
    with me.step("hand in"):
        me.tap(page.get_by_label("自己制作的"))
        me.tap(page.get_by_label("没有人出镜"))
        me.tap(page.get_by_role("button", name="提交审核"))
        expect(page.get_by_text("已提交审核")).to_be_visible()


def _remark(site: Site, reviewer: Page) -> None:
    sign_in(reviewer, site, REVIEWER)
    reviewer.goto(site.address + "/oversight/reviews")
    reviewer.get_by_role("link", name=TITLE).click()
    place = reviewer.locator(".place", has_text="班前检查从哪里开始")
    place.get_by_text("提意见").click()
    place.get_by_label("意见").fill("先看轮胎，题里要写明是停车以后。")
    place.get_by_role("button", name="记下这条").click()
    reviewer.get_by_role("button", name="退回修改").click()
    expect(reviewer.get_by_text("没有等待审核的课")).to_be_visible()


def _mend(me: Effort, course: str) -> None:
    page = me.page
    page.goto(course)
    expect(page.locator("#lessons a", has_text="考核")).to_contain_text("1 条审核意见")
    with me.step("mend what was remarked and hand in again"):
        me.tap(page.locator("#lessons a", has_text="考核"))
        expect(page.locator("#q-1")).to_contain_text("先看轮胎，题里要写明是停车以后。")
        me.tap(page.get_by_role("link", name="改第 1 题", exact=True))
        me.fill(page.get_by_label("题干", exact=True), "停车以后，班前检查从哪里开始？")
        me.tap(page.get_by_role("button", name="保存", exact=True))
        me.tap(page.get_by_role("link", name=TITLE))
        me.tap(page.get_by_role("button", name="提交审核"))
        expect(page.get_by_text("已提交审核")).to_be_visible()


def _approve(site: Site, reviewer: Page) -> None:
    reviewer.goto(site.address + "/oversight/reviews")
    reviewer.get_by_role("link", name=TITLE).click()
    expect(reviewer.get_by_text("这里改过了").first).to_be_visible()
    reviewer.get_by_label("全部通过").check()
    reviewer.get_by_role("button", name="通过并上架").click()
    expect(reviewer.get_by_text("没有等待审核的课")).to_be_visible()


def _found(site: Site, page: Page) -> None:
    def found() -> bool:
        roads.find(page, site, "挡货架螺栓")
        return page.locator("a.course", has_text=TITLE).count() == 1

    until(page, found)
    page.locator("a.course", has_text=TITLE).click()
    seen(page.get_by_role("link", name="注册后免费学")).click()
    register(page, "13711115071", "吴大勇")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    play(page)
    watch_to(page, 2)
    expect(page.locator("#transcript")).to_contain_text("挡货架螺栓")
