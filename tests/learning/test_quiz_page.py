"""The quiz as a page without script: several gaps, short answers, orders, pictures and sound; nothing of the key before the end."""

from __future__ import annotations

import re

import pytest
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue.core.db import session, writing
from guanxue.quizzes.models import Attempt, Submission

LEARNER = "13800000001"
PICTURE = "/media/files/abcdefghijklmnopqrstuvwx-900x500-240133/主轴.png"
SOUND = "/media/files/abcdefghijklmnopqrstuvwx-95s-570220/异响.m4a"
GIFT = f"""$CATEGORY: 秘密题库

::q1::看图：![主轴和工件]({PICTURE})主轴{{=停稳 =停止}}以后才能{{=测量 =量一量}}工件。

::q2::听 [轴承的声音]({SOUND})，为什么要先停机？{{####衣袖会被卷进去。}}

::q3::主轴{{=横的}}，刻线{{=竖直}}。

// guanxue: whole
::q4::哪些不能戴？{{~%50%手套 ~%50%围巾 ~%-100%护目镜}}
"""
KEYS = ("停稳", "停止", "量一量", "卷进去", "横的", "竖直", "秘密题库", "whole", "permille", "主轴____以后____")
QUIZ = "/learn/safe-measuring/quiz"


@pytest.fixture
def browser(bare_app):
    """The learner's browser before the begun quiz; its `attempt` is the form's."""
    with bare_app.test_request_context(), writing():
        make_person(LEARNER)
        make_course(gift=GIFT)
    Learner(bare_app, LEARNER).call("PUT", "/courses/safe-measuring/enrolment", 200)
    made = Browser(bare_app, LEARNER)
    made.send(f"{QUIZ}/start")
    made.attempt = re.search(r'name="attempt" value="([^"]+)"', made.see(QUIZ))[1]
    made.app = bare_app
    return made


def kept(browser) -> dict:
    with browser.app.app_context():
        done = session.get(Submission, browser.attempt)
        return done.answers if done else session.get(Attempt, browser.attempt).answers


def test_each_gap_is_a_field_with_a_name_in_its_place(browser):
    page = browser.see(QUIZ)
    assert page.count('class="gap" name="q-q1"') == 2 and page.count('class="gap" name="q-q3"') == 2
    assert 'aria-label="第 1 空"' in page and 'aria-label="第 2 空"' in page
    assert re.search(r"主轴<input[^>]+>以后才能<input[^>]+>工件", page)


def test_gaps_and_short_answers_are_kept_as_they_were_written(browser):
    sent = {"q-q1": ["停稳", ""], "q-q2": "两行\r\n答案 <b>", "q-q3": ["", "  "], "attempt": browser.attempt}
    browser.send(f"{QUIZ}/extend", **sent)
    assert kept(browser) == {"q1": ["停稳", ""], "q2": "两行\n答案 <b>"}
    page = browser.see(QUIZ)
    assert 'value="停稳"' in page and "两行\n答案 &lt;b&gt;</textarea>" in page
    browser.send(f"{QUIZ}/submit", **sent)
    told = words(browser.get(QUIZ))
    assert "等老师批改" in told and "你的答案 两行 答案 &lt;b&gt;" in told


def test_a_text_longer_than_may_be_is_told_and_nothing_is_handed_in(browser):
    browser.send(f"{QUIZ}/submit", 422, attempt=browser.attempt, **{"q-q2": "长" * 2001})
    assert kept(browser) == {}


def test_nothing_of_the_key_is_on_the_page_or_in_the_api_before_the_end(browser):
    page = browser.see(QUIZ)
    who = Learner(browser.app, LEARNER)
    told = str(who.call("POST", f"/quizzes/{who.lessons()[-1]['id']}/attempts", 200))
    for key in KEYS:
        assert key not in page and key not in told, key
    fields = re.findall(r'<input class="gap"[^>]*>', page)
    assert len({re.sub(r'(name|aria-label)="[^"]*"', "", f) for f in fields}) == 1, "no field is longer than another"


def test_pictures_are_sized_and_lazy_and_sound_loads_nothing_until_it_is_asked_for(browser):
    page = browser.see(QUIZ)
    picture = re.search(r"<img[^>]+主轴和工件[^>]+>", page)[0]
    assert 'width="900"' in picture and 'height="500"' in picture and 'loading="lazy"' in picture
    assert re.search(r'<audio[^>]+preload="none"', page) and "1:35" in page and "pictures.js" not in page


def test_whoever_saves_data_is_told_what_a_picture_costs_and_fetches_it_by_a_tap(browser):
    page = browser.client.get(QUIZ, headers={"Save-Data": "on"}).get_data(as_text=True)
    assert not re.search(r"<img[^>]+主轴和工件", page)
    assert re.search(r'<a class="picture"[^>]+>主轴和工件 · 235 KB</a>', page) and "pictures.js" in page


NUMBERS = GIFT + "\n::q5::多少毫米？{#12:0.5}\n\n::q6::填{=甲}\n"


@pytest.mark.parametrize("action", ["submit", "extend"])
@pytest.mark.parametrize("slip", ["12mm", "nan", "1e400"])
def test_a_slip_in_a_number_loses_nothing_of_the_rest(browser, action, slip):
    with browser.app.test_request_context(), writing():
        make_course("numbers", gift=NUMBERS)
    Learner(browser.app, LEARNER).call("PUT", "/courses/numbers/enrolment", 200)
    address = "/learn/numbers/quiz"
    browser.send(f"{address}/start")
    browser.attempt = re.search(r'name="attempt" value="([^"]+)"', browser.see(address))[1]
    sent = {"attempt": browser.attempt, "q-q2": "会卷进去", "q-q6": "甲乙"}
    answer = browser.send(f"{address}/{action}", 422, **sent, **{"q-q5": slip})
    page = answer.get_data(as_text=True)
    assert re.search(rf"第 \d 题的“{slip}”不是数字", page) and "别的答案都保存了" in page
    assert f'value="{slip}"' in page and 'value="甲乙"' in page and ">会卷进去</textarea>" in page
    assert kept(browser) == {"q2": "会卷进去", "q6": "甲乙"}
    browser.send(f"{address}/submit", **sent, **{"q-q5": "12，2"})
    assert kept(browser)["q5"] == 12.2
