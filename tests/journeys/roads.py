"""The three roads, step by step, as people walk them."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from tests.journeys.site import (
    CURATOR,
    DESKTOP,
    INSTRUCTOR,
    QUIZ,
    REVIEWER,
    RIGHT,
    SLUG,
    TEXT,
    TITLE,
    VIDEO,
    Site,
    answer_questions,
    credited_ms,
    pause,
    play,
    position,
    register,
    seen,
    sign_in,
    until,
    watch_to,
)

CREDIT_MS = 43_200_000  # 45 minutes a class hour, 16 class hours a credit
DONE = "这节课已学完"


def find(page: Page, site: Site, words: str) -> None:
    """Type words into the home page's search box."""
    page.goto(site.address)
    page.get_by_label("搜索课程").first.fill(words)
    page.get_by_label("搜索课程").first.press("Enter")
    expect(page.get_by_text("门课").first).to_be_visible()


# ---- a worker


def learner(site: Site, open_page: Callable[..., Page], phone: str = "13711110001") -> None:
    """Search, course, register, join, watch, read, quiz, credit, and a stranger who verifies it."""
    page, name = open_page(), "周晓燕"
    page.goto(site.address)
    find(page, site, "数控")
    page.locator("a.course", has_text=TITLE).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
    seen(page.get_by_role("link", name="注册后免费学")).click()
    register(page, phone, name)
    seen(page.get_by_role("button", name="报名，开始学")).click()
    page.wait_for_url(f"**/learn/{SLUG}/{VIDEO}")
    _only_what_was_watched_counts(site, page, phone)
    page.locator("#next-up a").click()
    page.wait_for_url(f"**/learn/{SLUG}/{TEXT}")
    expect(page.locator("#counted-words")).to_have_text(DONE, timeout=30_000)
    page.locator("#next-up a").click()
    page.wait_for_url(f"**/learn/{SLUG}/{QUIZ}")
    page.get_by_role("button", name="开始考核").click()
    answer_questions(page, RIGHT)
    page.get_by_role("button", name="交卷").click()
    expect(page.get_by_text("通过了！")).to_be_visible()
    page.get_by_role("link", name="学分已存入").click()
    code = _credit_is_exact(site, page)
    page.goto(site.address + "/me")
    _stranger_verifies(site, open_page(), code, name, phone)


def _only_what_was_watched_counts(site: Site, page: Page, phone: str) -> None:
    play(page, "2")
    watch_to(page, 4)
    pause(page)
    until(page, lambda: credited_ms(site, phone) >= 2500)
    assert credited_ms(site, phone) <= position(page) * 1000 + 1
    play(page)
    watch_to(page, 9.5)
    pause(page)
    left = position(page)
    until(page, lambda: credited_ms(site, phone) >= left * 1000 - 2500)
    assert credited_ms(site, phone) <= left * 1000 + 1

    page.evaluate("(() => { const v = document.getElementById('video'); v.currentTime = v.duration - 0.3; v.play(); })()")
    until(page, lambda: page.evaluate("document.getElementById('video').ended"))
    page.wait_for_timeout(1500)
    assert credited_ms(site, phone) <= left * 1000 + 800, "a jump to the end earned something"
    expect(page.locator("#counted-words")).to_contain_text("计入")
    expect(page.locator("#next-up")).to_be_hidden()

    page.evaluate("(left) => { document.getElementById('video').currentTime = left; }", left - 0.5)
    play(page, "2")
    expect(page.locator("#counted-words")).to_have_text(DONE, timeout=40_000)


def _credit_is_exact(site: Site, page: Page) -> str:
    """The amount is what one computes by hand; the address of the verify page."""
    content_ms = sum(round(x["duration_s"] * 1000) for x in site.lessons())
    thousandths = content_ms * 1000 // CREDIT_MS
    assert thousandths > 0
    expect(page.locator("#balance")).to_have_text(f"0.{thousandths:03}")
    page.locator(".lines summary").first.click()
    expect(page.locator(".why").first).to_contain_text(f"{content_ms} 毫秒")
    expect(page.locator(".why").first).to_contain_text(f"0.{thousandths:03}")
    return page.get_by_role("link", name="核验页与二维码").get_attribute("href")


def _stranger_verifies(site: Site, page: Page, path: str, name: str, phone: str) -> None:
    page.goto(site.address + path)
    expect(page.get_by_role("heading", level=1)).to_have_text("这份记录真实有效")
    shown = page.locator(".proved")
    expect(shown).to_contain_text(TITLE)
    expect(shown).to_contain_text("0.003")
    expect(shown).to_contain_text(re.compile(r"20\d\d"))
    assert name not in page.content() and phone not in page.content()
    expect(shown).to_contain_text(re.compile(rf"{name[0]}\W+"))
    page.locator("main details summary").first.click()
    expect(page.get_by_label("证明文件")).to_be_visible()
    assert not page.context.cookies()


# ---- an instructor

BROKEN = """::1::量爪要擦干净再测量。{TRUE}

::2::卡尺读数要加上游标的哪一部分？{
  ~随便
  ~都行
}
"""
MENDED = BROKEN.replace("~随便", "=对齐的刻线").replace("~都行", "~最后一条刻线")
NEW_TITLE = "游标卡尺一分钟读数"


def make_video(folder: Path, tone_hz: int) -> Path:
    """Six seconds of a caliper that opens, and a tone: another tone is another film."""
    for n in range(12):
        picture = Image.new("RGB", (640, 360), "#E6F0EA")
        draw = ImageDraw.Draw(picture)
        draw.rectangle((60, 150, 600, 190), fill="#FFFFFF", outline="#134A33", width=3)
        draw.polygon([(60, 190), (100, 190), (100, 290), (84, 290)], fill="#1F6B4A")
        for tick in range(50):
            draw.line((100 + tick * 10, 150, 100 + tick * 10, 172 if tick % 5 == 0 else 162), fill="#134A33", width=2)
        left = 106 + n * 14
        draw.rectangle((left, 186, left + 150, 226), fill="#FBF1DC", outline="#8A5A00", width=3)
        draw.polygon([(left, 226), (left + 40, 226), (left + 16, 290), (left, 290)], fill="#8A5A00")
        for tick in range(11):
            draw.line((left + 20 + tick * 11, 190, left + 20 + tick * 11, 204), fill="#8A5A00", width=2)
        picture.save(folder / f"caliper-{n:02}.png")
    video = folder / "caliper.mp4"
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-framerate", "2", "-i", str(folder / "caliper-%02d.png"), "-f", "lavfi",
                    "-i", f"sine=frequency={tone_hz}", "-t", "6", "-r", "25", "-pix_fmt", "yuv420p", "-c:a", "aac", str(video)], check=True)
    return video


def instructor(site: Site, open_page: Callable[..., Page], title: str = NEW_TITLE,
               phone: str = "13711110021", tone_hz: int = 440) -> None:
    """A course from nothing to found by search and played."""
    page, reviewer = open_page(), open_page(DESKTOP)
    sign_in(page, site, INSTRUCTOR)
    page.goto(site.address + "/teach")
    page.get_by_role("link", name="新建课程").click()
    page.get_by_label("课程名称").fill(title)
    page.get_by_label("一句话介绍").fill("零线对准、看对齐、加起来。")
    page.get_by_label("行业").select_option(label="装备制造")
    page.get_by_role("button", name="建好，去加课").click()
    draft = page.url
    _add_video(site, page, tone_hz)
    _add_questions(page, draft)
    page.get_by_label("自己制作的").check()
    page.get_by_label("没有人出镜").check()
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("已提交审核")).to_be_visible()

    sign_in(reviewer, site, REVIEWER)
    _review(site, reviewer, title)
    reviewer.get_by_label("总的意见").fill("第二题的题干再写清楚一些。")
    reviewer.get_by_role("button", name="退回修改").click()
    page.goto(draft)
    expect(page.get_by_text("第二题的题干再写清楚一些。").first).to_be_visible()
    page.locator("#lessons a", has_text="考核").click()
    page.get_by_role("link", name="改第 2 题", exact=True).click()
    page.get_by_label("题干", exact=True).fill("卡尺读数要在主尺读数上加上游标的哪一部分？")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator("#q-2")).to_contain_text("在主尺读数上")
    page.goto(draft)
    page.get_by_role("button", name="提交审核").click()
    expect(page.get_by_text("已提交审核")).to_be_visible()
    _review(site, reviewer, title)
    reviewer.get_by_label("全部通过").check()
    reviewer.get_by_role("button", name="通过并上架").click()
    expect(reviewer.get_by_text("没有等待审核的课")).to_be_visible()

    _found_and_played(site, open_page(), title, phone)


def _add_video(site: Site, page: Page, tone_hz: int) -> None:
    page.get_by_role("link", name="视频课", exact=True).click()
    page.get_by_label("课名").fill("看准三条线")
    page.get_by_label("选择视频").set_input_files(make_video(site.folder, tone_hz))
    page.get_by_label("讲稿").fill("零线对准，再找对齐的刻线。")
    expect(page.locator("#uploads-now")).to_contain_text("服务器正在转换")
    page.get_by_role("button", name="保存").click()
    # A short film may be done before the page has come.
    expect(page.locator("#lessons")).to_contain_text(re.compile(r"(排队中|检查文件|测量音量|转换\S*|制作中) \d+%|0:06"))
    expect(page.locator("#lessons")).to_contain_text("0:06", timeout=60_000)  # the page follows by itself


PASTE = "从 Word 或 WPS 复制，贴在这里"


def _add_questions(page: Page, draft: str) -> None:
    page.get_by_role("link", name="考核", exact=True).click()
    page.get_by_label(PASTE).fill(BROKEN)
    expect(page.locator("#preview")).to_contain_text("漏下 1 道")
    expect(page.get_by_label(PASTE)).to_have_value(BROKEN)
    other = page.context.new_page()
    other.goto(draft)
    expect(other.locator("#lessons li")).to_have_count(1)
    other.close()
    page.get_by_label(PASTE).fill(MENDED)
    expect(page.locator("#preview")).to_contain_text("漏下 0 道")
    page.get_by_role("button", name="收进 2 道题").click()
    expect(page.locator("#question-list > li")).to_have_count(2)
    page.goto(draft)
    expect(page.locator("#lessons")).to_contain_text("2 道题")


def _review(site: Site, reviewer: Page, title: str) -> None:
    reviewer.goto(site.address + "/oversight/reviews")
    reviewer.get_by_role("link", name=title).click()
    expect(reviewer.get_by_role("heading", level=1)).to_have_text(title)


def _found_and_played(site: Site, page: Page, title: str, phone: str) -> None:
    def found() -> bool:
        find(page, site, "youbiaokachi")
        return page.locator("a.course", has_text=title).count() == 1

    until(page, found)
    page.locator("a.course", has_text=title).click()
    seen(page.get_by_role("link", name="注册后免费学")).click()
    register(page, phone, "吴大勇")
    seen(page.get_by_role("button", name="报名，开始学")).click()
    play(page)
    watch_to(page, 2)


# ---- a town's curator

TRACK = "虎门模具新手上岗"


def curator(site: Site, open_page: Callable[..., Page], title: str = TRACK, phone: str = "13711110031") -> None:
    """A track from nothing to a learner inside it who sees progress."""
    page = open_page(DESKTOP)
    sign_in(page, site, CURATOR)
    page.goto(site.address + "/curate")
    page.get_by_role("link", name="新建路线").click()
    page.get_by_label("路线名称").fill(title)
    page.get_by_label("给谁学").fill("刚进模具厂的新工人，两周能独立开机。")
    page.get_by_role("button", name="建好，去选课").click()
    editor = page.url
    page.get_by_role("link", name="选课").click()
    page.get_by_label("搜索课程").fill("数控")
    page.get_by_label("搜索课程").press("Enter")
    page.get_by_role("button", name=f"加入 {TITLE}").click()
    expect(page.locator(".stage-edit").first).to_contain_text(TITLE)
    page.get_by_label("新阶段名称").fill("提高")
    page.get_by_role("button", name="加阶段").click()
    expect(page.locator(".stage-edit")).to_have_count(2)
    page.get_by_role("link", name="选课").nth(1).click()
    page.get_by_label("搜索课程").fill("模具")
    page.get_by_label("搜索课程").press("Enter")
    page.get_by_role("button", name="加入").first.click()
    page.get_by_title("点一下换成选修").last.click()
    page.goto(editor)
    page.get_by_text("路线信息和目标").click()
    page.get_by_label("目标").fill("200")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_text("已发布").first).to_be_visible()
    _joined(site, open_page(), title, phone)
    page.goto(editor)
    expect(page.get_by_text("1 人加入")).to_be_visible()


def _joined(site: Site, page: Page, title: str, phone: str) -> None:
    page.goto(site.address + "/towns")
    page.goto(site.address + "/towns/humen")
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    seen(page.get_by_role("link", name="注册后加入")).click()
    register(page, phone, "陈阿梅")
    seen(page.get_by_role("button", name="加入这条路线")).click()
    expect(page.get_by_text("必修 0 / 1 门学完").locator("visible=true")).to_be_visible()
    seen(page.get_by_role("link", name=f"去学：{TITLE}")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
