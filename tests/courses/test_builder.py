"""Building a lesson: beside the editor stand the outline and a phone that shows what learners will see."""

from __future__ import annotations

import re

import pytest
from tests.clients import Browser
from tests.factories import TEXT, make_person

from guanxue.core.db import writing

GIFT = "::a::先做什么？{\n  =停机\n  ~测量\n  ####先停机，再测量。\n}\n\n::b::量具可以垫着用。{FALSE####会坏。}\n"


@pytest.fixture
def teacher(bare_app):
    """An instructor with a draft that has a text and a quiz."""
    with bare_app.test_request_context(), writing():
        make_person("13800000002", "陈志强", "instructor")
    browser = Browser(bare_app, "13800000002")
    browser.see("/teach/new")
    made = browser.send("/teach/new", title="看布", kind="skills-upgrading", summary="先看什么。", level="", industry="")
    browser.slug = made.headers["Location"].rpartition("/")[2]
    for kind, title, body in (("text", "看布的顺序", TEXT), ("quiz", "考核", GIFT)):
        browser.send(f"/teach/{browser.slug}/lessons", kind=kind, title=title, body=body)
    return browser


def lesson_page(browser, title: str) -> str:
    course = browser.see(f"/teach/{browser.slug}")
    address = next(a for a, t in re.findall(r'href="(/teach/[^"]+/lessons/\d+)".*?<span>(.*?)</span>', course, re.DOTALL) if t == title)
    return browser.see(f"{address}?form=gift" if title == "考核" else address)


def handset(page: str) -> str:
    return page[page.index('class="handset"') :].partition("</section>")[0]


def test_the_outline_lists_every_lesson_and_marks_the_present_one(teacher):
    page = lesson_page(teacher, "考核")
    outline = page[page.index('class="outline"') :].partition("</nav>")[0]
    assert "看布的顺序" in outline and re.search(r'aria-current=page>.*?考核', outline, re.DOTALL)
    assert outline.count("aria-current") == 1


def test_the_phone_shows_questions_as_they_are_asked_and_nothing_of_their_key(teacher):
    shown = handset(lesson_page(teacher, "考核"))
    assert "先做什么？" in shown and shown.count('class="pick"') == 4
    assert "会坏" not in shown and "先停机，再测量" not in shown


def test_the_phone_shows_a_text_as_it_is_read(teacher):
    assert '<div class="prose" id="seen-text"><' in handset(lesson_page(teacher, "看布的顺序"))
