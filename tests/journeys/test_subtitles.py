"""An instructor corrects subtitles with a thumb and with keys while the film plays; nothing has to be saved by hand."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.journeys import site as sites

from guanxue import accounts, courses, media
from guanxue.app import create_app
from guanxue.config import Settings
from guanxue.core import db as database
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing

LINES = ["先看油位，再看气压。", "听一听声音。", "慢慢转两分钟。"]


@pytest.fixture
def editor(whole_site):
    """The address of a draft's subtitles; its film is the one that the site really made."""
    app = create_app(Settings.from_env({"GUANXUE_DATA": str(whole_site.folder / "data"),
                                        "GUANXUE_SECRET_KEY": "journeys-journeys-journeys-journeys"}))
    with app.test_request_context(), writing():
        published = courses.get_course(sites.SLUG, SYSTEM)
        film = media.get_asset(courses.lessons_of(published.revision_id)[0].asset_id)
        course = courses.create_course(SYSTEM, title="油位与气压", kind="skills-upgrading")
        course.owner_id = accounts.find_person_by_phone(sites.INSTRUCTOR).id
        lesson = courses.add_lesson(SYSTEM, course, title="现场", kind="video")
        courses.attach_video(SYSTEM, course, lesson.id, film)
        cues = [media.Cue(n * 3000 + 500, n * 3000 + 3200, text) for n, text in enumerate(LINES)]
        courses.write_subtitles(SYSTEM, course, lesson.id, cues, base="")
        path = f"/teach/{course.slug}/lessons/{lesson.id}/subtitles"
    with app.app_context():
        database.db.session.remove()
        database.db.engine.dispose()
    return whole_site.address + path


def test_lines_are_heard_moved_split_and_saved_beside_the_film(editor, whole_site, open_page):
    page = open_page()
    sites.sign_in(page, whole_site, sites.INSTRUCTOR)
    page.goto(editor)
    page.get_by_role("button", name="从这里播放（第 2 行）").click()
    expect(page.locator("#line-2")).to_have_class(re.compile(r"\bon\b"))
    expect(page.locator("#shown-now")).to_have_text("听一听声音。")
    page.evaluate("document.getElementById('film').pause()")
    page.get_by_role("button", name="开始＝现在（第 2 行）").click()
    expect(page.locator("#saved")).to_have_text("已保存", timeout=12_000)
    assert page.get_by_label("第 2 行开始").input_value().startswith("0:0")
    words = page.get_by_label("第 1 行文字")
    words.focus()
    words.evaluate("(field) => field.setSelectionRange(5, 5)")
    page.keyboard.press("Alt+s")
    expect(page.locator(".cue-row")).to_have_count(4)
    expect(page.get_by_label("第 2 行文字")).to_have_value("再看气压。")
    assert page.evaluate("document.getElementById('film').currentTime") > 3  # the film was not left
    page.get_by_label("第 4 行文字").fill("慢慢转，两分钟。")
    expect(page.locator("#saved")).to_have_text("已保存", timeout=12_000)
    page.reload()
    assert [t.input_value() for t in page.locator("textarea[name=text]").all()] == ["先看油位，", "再看气压。", "听一听声音。", "慢慢转，两分钟。"]


def test_a_newer_version_of_somebody_else_stops_the_quiet_saving(editor, whole_site, open_page):
    first, second = open_page(), open_page(sites.DESKTOP)
    for page in (first, second):
        sites.sign_in(page, whole_site, sites.INSTRUCTOR)
        page.goto(editor)
    first.get_by_label("第 1 行文字").fill("先看油位。")
    expect(first.locator("#saved")).to_have_text("已保存", timeout=12_000)
    second.get_by_label("第 3 行文字").fill("转两分钟。")
    second.get_by_role("button", name="看两份").click(timeout=15_000)
    expect(second.get_by_role("heading", level=1)).to_have_text("两份字幕")
    expect(second.get_by_role("main")).to_contain_text("先看油位。")
    second.get_by_role("button", name="用我写的换掉").click()
    expect(second.get_by_label("第 3 行文字")).to_have_value("转两分钟。")
