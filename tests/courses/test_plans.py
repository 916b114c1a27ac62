"""筹备中: found by what a teacher can teach and what people wish for, taken on with its lessons, given back unwritten."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from tests.clients import Browser, place, words
from tests.factories import TEXT, make_person, town_row

from guanxue import accounts, courses
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Conflict
from guanxue.courses.models import Lesson

TEACHER, OTHER, LEARNER = "13800000002", "13800000003", "13800000001"


def plan(number: int, title: str, town: str = "") -> dict:
    return {"course_id": f"plan-{number}", "title_zh": title, "title_en": "", "kind": "技能提升", "level": "", "occupation_id": "",
            "category_path": "x", "delivery": "online", "hours": "32", "syllabus": "看布;测量;记录", "town_ids": town}


@pytest.fixture
def school(bare_app):
    """Two teachers, a learner who wishes for 验布, three plans."""
    with bare_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row()])
        make_person(TEACHER, "陈志强", "instructor")
        make_person(OTHER, "周工", "instructor")
        learner = make_person(LEARNER)
        courses.load_plans(SYSTEM, [plan(1, "缝纫"), plan(2, "验布", "humen"), plan(3, "裁床")])
        courses.wish_for(learner, courses.get_course("plan-2", SYSTEM))
    return bare_app


def test_the_most_wished_for_come_first_and_what_is_taken_is_gone(school):
    browser = Browser(school, TEACHER)
    page = words(browser.client.get("/teach/plans"))
    assert page.index("验布") < page.index("缝纫") and "1 人想学" in page and "3 门课" in page
    assert "缝纫" not in words(browser.client.get("/teach/plans?town=humen"))
    browser.see("/teach/plans/plan-2")
    browser.send("/teach/take/plan-2")
    assert "验布" not in words(browser.client.get("/teach/plans"))
    browser.get("/teach/plans/plan-2", 404)
    Browser(school, OTHER).send("/teach/take/plan-2", 409)


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=99999999999999999999", "page=x", "town=%00", "q=" + "很" * 400, "industry=x&occupation=y"])
def test_absurd_questions_are_answered_without_a_fault(school, query):
    assert Browser(school, TEACHER).client.get(f"/teach/plans?{query}").status_code in (200, 404)


def test_the_points_that_were_ticked_become_lessons_and_others_may_follow(school):
    browser = Browser(school, TEACHER)
    browser.see("/teach/plans/plan-1")
    assert place(browser.send("/teach/take/plan-1", point=["看布", "记录"])) == "/teach/plan-1"
    page = browser.see("/teach/plan-1")
    assert page.count('class="lesson-row"') == 2 and 'value="测量"' in page
    browser.send("/teach/plan-1/propose", point=["测量", "看布"])
    assert browser.see("/teach/plan-1").count('class="lesson-row"') == 3
    assert "计划 32 学时" in words(school.test_client().get("/courses/plan-1"))


def test_a_plan_nobody_wrote_in_goes_back_and_one_with_words_does_not(school):
    browser = Browser(school, TEACHER)
    browser.see("/teach/plans/plan-1")
    browser.send("/teach/take/plan-1", point=["看布"])
    browser.send("/teach/plan-1/give-back")
    with school.test_request_context():
        assert session.scalar(select(func.count()).select_from(Lesson)) == 0
        assert courses.get_course("plan-1", SYSTEM).owner_id is None
    other = Browser(school, OTHER)
    other.see("/teach/plans/plan-1")
    other.send("/teach/take/plan-1")
    other.send("/teach/plan-1/lessons", kind="text", title="看布", body=TEXT)
    other.send("/teach/plan-1/give-back", 409)


def test_who_took_nothing_gives_nothing_back(school):
    with school.test_request_context(), writing(), pytest.raises(Conflict):
        courses.give_back(SYSTEM, courses.get_course("plan-1", SYSTEM))
