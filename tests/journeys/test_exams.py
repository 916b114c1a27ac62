"""An exam in a real browser: the line dies and comes back, the page is closed, a second device goes on, the clock runs out."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect
from tests.accessibility import Quiet
from tests.factories import PASSWORD, make_course, make_person
from tests.journeys.site import until
from werkzeug.serving import make_server

from guanxue import learning
from guanxue.core import clock
from guanxue.core.db import db, session, writing
from guanxue.quizzes.models import Attempt, LateSave

LEARNER = "13800000001"
EVERY_KIND = """::1::主轴停稳以后才能测量。{TRUE}

::2::车床的纵向轴是哪一根？{~X轴 =Z轴 ~Y轴}

::3::哪些是防护用品？{~%50%手套 ~%50%护目镜 ~%-100%围巾}

::4::卡尺要与轴线{=垂直}

::5::一学时是几分钟？{#45:1}

::6::连一连{=G00 -> 快移 =G01 -> 直线}

::7::先后{>2 ALL VERTICAL ABSOLUTE_POSITION
停机
测量
}

::8::为什么要先停机？{####防止卷入。}
"""


@pytest.fixture
def served(bare_app):
    """A site with one course whose quiz has every kind of question; its address."""
    with bare_app.test_request_context(), writing():
        person = make_person(LEARNER)
        learning.enrol(person, make_course(videos_ms=(), texts=1, gift=EVERY_KIND))
    server = make_server("127.0.0.1", 0, bare_app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    bare_app.address = f"http://127.0.0.1:{server.server_port}"
    yield bare_app
    server.shutdown()
    thread.join(10)
    with bare_app.app_context():
        db.session.remove()


def sign_in(page, site, phone=LEARNER):
    page.goto(f"{site.address}/login")
    page.locator("[name=phone]").fill(phone)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(lambda url: "/login" not in url)


def open_quiz(page, site):
    page.goto(f"{site.address}/learn/safe-measuring/quiz")
    button = page.locator("main form button.wide")
    if page.locator("#quiz").count() == 0:
        button.first.click()
    expect(page.locator("#question-1, .question").first).to_be_attached()


def answers(site) -> dict:
    with site.app_context():
        row = session.query(Attempt).order_by(Attempt.started_at.desc()).first()
        session.refresh(row)
        found = dict(row.answers)
        session.remove()
        return found


def go_to(page, name):
    n = page.locator(".question").evaluate_all("(all, id) => all.findIndex((x) => x.dataset.id === id)", name)
    page.locator("#dots button").nth(n).click()


def answer_all(page):
    """Every kind of answer, each in the way its own controls take it."""
    go_to(page, "1")
    page.locator("[name=q-1][value=true]").check()
    go_to(page, "2")
    page.locator("label.option", has_text="Z轴").click()
    go_to(page, "3")
    page.locator("label.option", has_text="手套").click()
    page.locator("label.option", has_text="护目镜").click()
    go_to(page, "4")
    page.locator("[name=q-4]").fill("垂直")
    go_to(page, "5")
    page.locator("[name=q-5]").fill("45")
    go_to(page, "6")
    for left, right in (("G00", "快移"), ("G01", "直线")):
        page.locator("label.match", has_text=left).locator("select").select_option(label=right)
    go_to(page, "7")
    for n, text in enumerate(("停机", "测量"), 1):
        page.locator("#quiz label.match", has_text=text).locator("select").select_option(value=str(n))
    go_to(page, "8")
    page.locator("[name=q-8]").fill("防止卷入。\n袖口要扎紧。")


@contextmanager
def without_line(page):
    page.context.set_offline(True)
    try:
        yield
    finally:
        page.context.set_offline(False)


def test_what_is_written_without_a_line_is_kept_over_a_closed_page_and_sent_later(served, open_page):
    page = open_page()
    sign_in(page, served)
    open_quiz(page, served)
    page.wait_for_timeout(500)
    with without_line(page):
        answer_all(page)
        expect(page.locator("#saved")).to_contain_text("先存在这台设备上")
        assert answers(served) == {}
        page.close()
    again = page.context.new_page()
    open_quiz(again, served)
    expect(again.locator("#saved")).to_have_text("已保存")
    found = answers(served)
    assert set(found) == set("12345678")
    assert (found["1"], found["4"], found["5"], found["8"]) == (True, "垂直", 45, "防止卷入。\n袖口要扎紧。")
    assert len(found["3"]) == 2 and len(found["6"]) == 2 and len(found["7"]) == 2
    for n in "12345678":
        go_to(again, n)
    go_to(again, "7")
    assert again.locator("#quiz label.match", has_text="测量").locator("select").input_value() == "2"
    go_to(again, "2")
    expect(again.locator("label.option", has_text="Z轴").locator("input")).to_be_checked()
    assert waiting(again) == 0, "sent is forgotten"


def test_a_second_device_goes_on_and_the_first_says_so(served, open_page):
    first, second = open_page(), open_page()
    sign_in(first, served)
    open_quiz(first, served)
    go_to(first, "1")
    first.locator("[name=q-1][value=true]").check()
    expect(first.locator("#saved")).to_have_text("已保存")
    first.context.set_offline(True)
    go_to(first, "4")
    first.locator("[name=q-4]").fill("垂直")
    sign_in(second, served)
    second.goto(f"{served.address}/learn/safe-measuring/quiz")
    expect(second.locator("main")).to_contain_text("正在你的另一台设备上答")
    second.locator("main form button.wide").click()
    expect(second.locator("[name=q-1][value=true]")).to_be_checked()
    second.wait_for_timeout(500)
    go_to(second, "5")
    second.locator("[name=q-5]").fill("45")
    expect(second.locator("#saved")).to_have_text("已保存")
    first.context.set_offline(False)
    expect(first.locator("#taken")).to_be_visible()
    assert first.locator(".question[disabled]").count() == 8
    until(first, lambda: answers(served) == {"1": True, "4": "垂直", "5": 45})  # what the first wrote before is still sent
    first.locator("#taken button").click()
    expect(first.locator("[name=q-5]")).to_have_value("45")
    second.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(second.locator("#taken")).to_be_visible()


def test_the_line_dies_before_the_end_and_comes_back_within_the_grace(served, open_page):
    page = open_page()
    page.clock.install()
    sign_in(page, served)
    open_quiz(page, served)
    go_to(page, "4")
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    page.locator("[name=q-4]").fill("垂直")
    page.wait_for_timeout(1500)
    with served.app_context():
        left = (session.query(Attempt).one().expires_at - clock.now()).total_seconds()
        session.remove()
    with clock.advance(left + 100):  # both clocks stand 100 s behind the end when the line is back
        page.clock.fast_forward(int((left + 100) * 1000))
        page.locator("[name=q-5]").evaluate("(x) => { x.value = '45'; x.dispatchEvent(new Event('input', { bubbles: true })); }")
        page.context.set_offline(False)
        expect(page.locator("#saved")).to_contain_text("1 个答案还没交上去，加时间就能交上去")
        assert answers(served) == {"4": "垂直"}
        page.locator("#extend").click()
        until(page, lambda: answers(served) == {"4": "垂直", "5": 45})
        expect(page.locator("#saved")).to_have_text("已保存")
    with served.app_context():
        late = session.query(LateSave).one().document
        assert sorted((x[0], x[4]) for x in late) == [("4", True), ("5", False)]
        session.remove()


def test_handing_in_sends_what_waits_first(served, open_page):
    page = open_page()
    sign_in(page, served)
    open_quiz(page, served)
    page.wait_for_timeout(300)
    answer_all(page)
    go_to(page, "8")
    page.locator("#hand-in button.wide").click()
    expect(page.locator("main")).to_contain_text("等老师批改")
    assert waiting(page) == 0
    assert set(answers(served)) == set("12345678")


def left_s(site) -> float:
    with site.app_context():
        left = (session.query(Attempt).one().expires_at - clock.now()).total_seconds()
        session.remove()
        return left


def waiting(page) -> int:
    """How many pages' answers wait on the device."""
    return page.evaluate("Object.keys(localStorage).filter((k) => k.includes('/exam/')).length")


def test_an_older_answer_on_the_first_device_does_not_come_back_over_a_newer_one(served, open_page):
    first, second = open_page(), open_page()
    sign_in(first, served)
    open_quiz(first, served)
    go_to(first, "1")
    first.locator("[name=q-1][value=true]").check()
    expect(first.locator("#saved")).to_have_text("已保存")
    line = first.context
    line.set_offline(True)
    go_to(first, "4")
    first.locator("[name=q-4]").fill("旧的")
    go_to(first, "8")
    first.locator("[name=q-8]").fill("只写在这里。")
    first.wait_for_timeout(1000)
    first.close()
    sign_in(second, served)
    second.goto(f"{served.address}/learn/safe-measuring/quiz")
    second.locator("main form button.wide").click()
    expect(second.locator("[name=q-1][value=true]")).to_be_checked()
    go_to(second, "4")
    second.locator("[name=q-4]").fill("垂直")
    expect(second.locator("#saved")).to_have_text("已保存")
    line.set_offline(False)
    back = line.new_page()
    back.goto(f"{served.address}/learn/safe-measuring/quiz")
    back.locator("main form button.wide").click()
    until(back, lambda: answers(served) == {"1": True, "4": "垂直", "8": "只写在这里。"})
    expect(back.locator("[name=q-4]")).to_have_value("垂直")
    expect(back.locator("[name=q-8]")).to_have_value("只写在这里。")
    assert waiting(back) == 0
    go_to(back, "8")
    back.locator("#hand-in button.wide").click()
    expect(back.locator("main")).to_contain_text("等老师批改")
    assert answers(served)["4"] == "垂直"


def test_a_line_that_is_back_after_the_grace_keeps_what_more_time_lets_in(served, open_page):
    page = open_page()
    page.clock.install()
    sign_in(page, served)
    open_quiz(page, served)
    go_to(page, "4")
    page.wait_for_timeout(500)
    page.context.set_offline(True)
    page.locator("[name=q-4]").fill("垂直")
    page.wait_for_timeout(1000)
    left = left_s(served)
    with clock.advance(left + 300):
        page.clock.fast_forward(int((left + 300) * 1000))
        page.context.set_offline(False)
        expect(page.locator("#saved")).to_contain_text("1 个答案还没交上去，加时间就能交上去")
        assert waiting(page) == 1 and answers(served) == {}
        page.goto(f"{served.address}/learn/safe-measuring/quiz")
        page.locator("main form button.wide").first.click()
        until(page, lambda: answers(served) == {"4": "垂直"})
        expect(page.locator("[name=q-4]")).to_have_value("垂直")
        assert waiting(page) == 0


def test_what_is_written_after_the_end_is_sent_once_there_is_more_time(served, open_page):
    page = open_page()
    page.clock.install()
    sign_in(page, served)
    open_quiz(page, served)
    page.wait_for_timeout(500)
    left = left_s(served)
    with clock.advance(left + 20):
        page.clock.fast_forward(int((left + 20) * 1000))
        expect(page.locator("#ending-words")).to_contain_text("加时间就能接着答")
        go_to(page, "4")
        page.locator("[name=q-4]").fill("垂直")
        expect(page.locator("#saved")).to_contain_text("加时间就能交上去")
        page.locator("#extend").click()
        until(page, lambda: answers(served) == {"4": "垂直"})
        expect(page.locator("#saved")).to_have_text("已保存")


def test_whoever_is_signed_out_meanwhile_is_told_so_and_loses_nothing(served, open_page):
    page = open_page()
    sign_in(page, served)
    open_quiz(page, served)
    page.wait_for_timeout(500)
    kept = page.context.cookies()
    page.context.clear_cookies()
    go_to(page, "4")
    page.locator("[name=q-4]").fill("垂直")
    expect(page.locator("#signed-out")).to_be_visible()
    expect(page.locator("#saved")).not_to_contain_text("断网")
    go_to(page, "8")
    page.locator("#hand-in button.wide").click()  # would end in an error
    page.wait_for_timeout(500)
    expect(page.locator("#signed-out")).to_contain_text("还在这台设备上")
    page.locator("#signed-out a").click()
    page.locator("[name=phone]").fill(LEARNER)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(f"{served.address}/learn/safe-measuring/quiz")
    open_quiz(page, served)
    until(page, lambda: answers(served) == {"4": "垂直"})
    assert kept


def test_signing_out_asks_before_ones_own_answers_go_and_leaves_those_of_others(served, open_page):
    with served.test_request_context(), writing():
        make_person("13800000009", "乙大明")
    page, said = open_page(), []
    page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
    sign_in(page, served)
    open_quiz(page, served)
    page.wait_for_timeout(500)
    page.context.clear_cookies()
    go_to(page, "4")
    page.locator("[name=q-4]").fill("垂直")
    expect(page.locator("#signed-out")).to_be_visible()
    sign_in(page, served, "13800000009")
    sign_out(page, served)
    page.wait_for_url(lambda url: "/me" not in url)
    assert waiting(page) == 1 and not said
    sign_in(page, served)
    sign_out(page, served)
    until(page, lambda: bool(said))
    assert "考核答案还没交上去" in said[0] and "/me" in page.url and waiting(page) == 1
    page.goto(f"{served.address}/learn/safe-measuring/quiz")
    open_quiz(page, served)
    until(page, lambda: answers(served) == {"4": "垂直"} and waiting(page) == 0)
    sign_out(page, served)
    page.wait_for_url(lambda url: "/me" not in url)
    assert len(said) == 1


def sign_out(page, site):
    page.goto(f"{site.address}/me")
    page.locator("form[action$='/logout'] button").click()


def test_what_waits_on_the_phone_is_sent_before_an_exam_that_ran_out_is_handed_in(served, open_page):
    page = open_page()
    page.clock.install()
    sign_in(page, served)
    open_quiz(page, served)
    go_to(page, "1")
    page.locator("[name=q-1][value=true]").check()
    expect(page.locator("#saved")).to_have_text("已保存")
    line = page.context
    line.set_offline(True)
    go_to(page, "4")
    page.locator("[name=q-4]").fill("垂直")
    page.wait_for_timeout(1000)
    over = left_s(served) + 60
    page.close()
    with clock.advance(over):  # a minute into the grace, by both clocks
        line.set_offline(False)
        back = line.new_page()
        back.clock.fast_forward(int(over * 1000))
        back.goto(f"{served.address}/learn/safe-measuring/quiz")
        expect(back.locator("main")).to_contain_text("已经交上来的 2 道题都在")
        expect(back.locator("#left")).to_be_hidden()
        assert answers(served) == {"1": True, "4": "垂直"} and waiting(back) == 0
        back.locator("button[name=lapsed]").click()
        expect(back.locator("main")).to_contain_text("这次没有通过")


def test_where_nothing_can_be_stored_the_page_is_kept_and_goes_on_once_somebody_signed_in_beside(served, open_page):
    page = open_page()
    page.add_init_script("Storage.prototype.setItem = () => { throw new Error(); }")
    sign_in(page, served)
    open_quiz(page, served)
    go_to(page, "1")
    page.locator("[name=q-1][value=true]").check()
    expect(page.locator("#saved")).to_have_text("已保存")
    page.context.clear_cookies()
    go_to(page, "4")
    page.locator("[name=q-4]").fill("垂直")
    expect(page.locator("#signed-out")).to_contain_text("先别离开这一页")
    expect(page.locator("#saved")).to_have_text("")
    assert page.locator("#signed-out a").get_attribute("target") == "_blank"
    sign_in(page.context.new_page(), served)
    until(page, lambda: answers(served) == {"1": True, "4": "垂直"})
    expect(page.locator("#signed-out")).to_be_hidden()
    go_to(page, "8")
    page.locator("#hand-in button.wide").click()
    expect(page.locator("main")).to_contain_text("这次没有通过")
