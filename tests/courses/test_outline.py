"""Sections and the order of lessons: by buttons, by keys and by dragging it comes to the same; nothing written is lost."""

from __future__ import annotations

import re

import pytest
from tests.clients import Browser, words
from tests.factories import GIFT, TEXT, instructor, make_person

from guanxue import courses, media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.core.errors import Invalid
from guanxue.courses import rules
from guanxue.media.service import finish_asset

TEACHER = "13800000002"


@pytest.fixture
def draft(app):
    """陈师傅's draft: 甲 and 乙 under no heading, a quiz."""
    teacher = make_person(TEACHER, "陈志强", "instructor")
    course = courses.create_course(teacher, title="看布", kind="skills-upgrading")
    for title in ("甲", "乙"):
        courses.add_lesson(teacher, course, title=title, kind="text", body=TEXT)
    courses.add_lesson(teacher, course, title="考核", kind="quiz", body=GIFT)
    return teacher, course


def shape(course) -> list[tuple[str, list[str]]]:
    return [(part.name, [x.title for x in part.lessons]) for part in courses.get_outline(course)]


def ids(course) -> dict[str, int]:
    return {x.title: x.id for x in courses.list_lessons(course.id)}


def test_a_new_lesson_comes_into_the_last_section_and_the_quiz_stays_last(draft):
    teacher, course = draft
    courses.add_section(teacher, course, "动手")
    courses.add_lesson(teacher, course, title="丙", kind="text", body=TEXT)
    assert shape(course) == [("", ["甲", "乙"]), ("动手", ["丙"])]
    assert [x.title for x in courses.list_lessons(course.id)] == ["甲", "乙", "丙", "考核"]
    assert courses.list_lessons(course.id)[-1].section == ""


def test_a_lesson_goes_over_the_edge_of_a_section_one_step_at_a_time(draft):
    teacher, course = draft
    courses.add_section(teacher, course, "动手")
    here = ids(course)
    courses.move_lesson(teacher, course, here["乙"], 1)
    assert shape(course) == [("", ["甲"]), ("动手", ["乙"])]
    courses.move_lesson(teacher, course, here["乙"], 1)  # there is nothing below
    courses.move_lesson(teacher, course, here["乙"], -1)
    courses.move_lesson(teacher, course, here["乙"], -1)
    assert shape(course) == [("", ["乙", "甲"]), ("动手", [])]
    courses.move_lesson(teacher, course, here["考核"], -1)
    assert [x.title for x in courses.list_lessons(course.id)][-1] == "考核"


def test_headings_are_renamed_moved_and_taken_away_without_their_lessons(draft):
    teacher, course = draft
    for name in ("动手", "收尾"):
        courses.add_section(teacher, course, name)
    courses.arrange(teacher, course, [("section", ""), ("section", "动手"), ("lesson", str(ids(course)["甲"])), ("section", "收尾"),
                                      ("lesson", str(ids(course)["乙"]))])
    courses.move_section(teacher, course, "收尾", -1)
    assert shape(course) == [("收尾", ["乙"]), ("动手", ["甲"])]
    courses.rename_section(teacher, course, "收尾", " 先 看 ")
    courses.remove_section(teacher, course, "动手")
    assert shape(course) == [("先 看", ["乙", "甲"])]
    courses.remove_section(teacher, course, "先 看")
    assert shape(course) == [("", ["乙", "甲"])]


@pytest.mark.parametrize("name", ["", "  ", "很" * 41, "动手"])
def test_a_heading_needs_a_name_of_its_own(draft, name):
    teacher, course = draft
    courses.add_section(teacher, course, "动手")
    with pytest.raises(Invalid):
        courses.add_section(teacher, course, name)


def test_what_somebody_added_while_another_dragged_stays(draft):
    teacher, course = draft
    before = ids(course)
    courses.add_lesson(teacher, course, title="丙", kind="text", body=TEXT)
    courses.arrange(teacher, course, [("section", ""), ("lesson", str(before["乙"])), ("lesson", str(before["甲"])), ("lesson", "99999"),
                                      ("section", "没有过的"), ("junk", "x")])
    assert shape(course) == [("", ["乙", "甲", "丙"])]


def test_an_order_from_before_there_were_sections_is_kept(draft):
    _teacher, course = draft
    lessons = courses.list_lessons(course.id)
    assert rules.in_order([], lessons) == lessons


def test_sections_stand_in_the_published_course(draft):
    teacher, course = draft
    courses.add_section(teacher, course, "动手")
    courses.move_lesson(teacher, course, ids(course)["乙"], 1)
    revision = courses.publish_course(SYSTEM, course)
    assert [(x.section, x.title) for x in courses.lessons_of(revision.id)] == [("", "甲"), ("动手", "乙"), ("", "考核")]


def test_another_teacher_arranges_nothing(draft):
    _teacher, course = draft
    with pytest.raises(Exception, match="别的老师"):
        courses.arrange(instructor(99), course, [])


# ---- over the wire


@pytest.fixture
def browser(bare_app):
    """A teacher's browser on a draft with three texts: (browser, slug)."""
    with bare_app.test_request_context(), writing():
        make_person(TEACHER, "陈志强", "instructor")
    one = Browser(bare_app, TEACHER)
    one.see("/teach/new")
    slug = one.send("/teach/new", title="看布", kind="skills-upgrading").headers["Location"].rpartition("/")[2]
    for title in ("甲", "乙", "丙"):
        one.send(f"/teach/{slug}/lessons", kind="text", title=title, body=TEXT)
    return one, slug


def titles(browser, slug) -> list[str]:
    with browser.client.application.test_request_context():
        return [x.title for x in courses.list_lessons(courses.get_course(slug, SYSTEM).id)]


def test_an_order_that_was_dragged_is_kept_and_a_script_is_told_shortly(browser):
    one, slug = browser
    with one.client.application.test_request_context():
        here = ids(courses.get_course(slug, SYSTEM))
    order = "\n".join(["section ", *(f"lesson {here[t]}" for t in ("丙", "甲", "乙"))])
    answer = one.client.post(f"/teach/{slug}/order", data={"csrf_token": one.token, "order": order}, headers={"Accept": "application/json"})
    assert answer.get_json() == {"saved": True} and titles(one, slug) == ["丙", "甲", "乙"]
    one.send(f"/teach/{slug}/order", order="nonsense\n\nlesson x")
    assert titles(one, slug) == ["丙", "甲", "乙"]


def test_sections_are_made_and_renamed_by_forms_and_faults_are_named(browser):
    one, slug = browser
    one.send(f"/teach/{slug}/sections", step="add", name="动手")
    assert "动手" in one.see(f"/teach/{slug}")
    assert "已经有叫" in words(one.send(f"/teach/{slug}/sections", 422, step="add", name="动手"))
    one.send(f"/teach/{slug}/sections", step="rename", section="动手", name="上手")
    one.send(f"/teach/{slug}/sections", step="up", section="上手")
    assert "上手" in one.see(f"/teach/{slug}")
    one.send(f"/teach/{slug}/sections", step="remove", section="上手")
    assert 'data-section="上手"' not in one.see(f"/teach/{slug}") and len(titles(one, slug)) == 3


# ---- taken out, and put back


def test_a_removed_lesson_comes_back_where_it_stood_with_everything_it_had(draft):
    teacher, course = draft
    before = {c.name: getattr(courses.get_lesson(course, ids(course)["甲"]), c.name) for c in courses.Lesson.__table__.columns}
    removed = courses.remove_lesson(teacher, course, ids(course)["甲"])
    assert [x.title for x in courses.list_removed(course)] == ["甲"] and shape(course) == [("", ["乙"])]
    lesson = courses.put_back(teacher, course, removed.id)
    assert shape(course) == [("", ["甲", "乙"])] and courses.list_removed(course) == []
    after = {c.name: getattr(lesson, c.name) for c in courses.Lesson.__table__.columns}
    assert {k: v for k, v in after.items() if k != "id"} == {k: v for k, v in before.items() if k != "id"}
    with pytest.raises(courses.NotReady, match="已经放回去"):
        courses.put_back(teacher, course, removed.id)


def test_a_film_that_became_whole_while_its_lesson_was_removed_is_shown_when_it_is_put_back(draft):
    teacher, course = draft
    films = [media.create_narrated(SYSTEM, media.NarrationSpec(str(n), "", "", [media.SlideSpec("停机", ["先停机。"])])) for n in (1, 2)]
    lesson = courses.get_lesson(course, ids(course)["甲"])
    lesson.asset_id, lesson.next_asset_id = films[0].id, films[1].id
    removed = courses.remove_lesson(teacher, course, lesson.id)
    finish_asset(films[1].id, version="v", duration_ms=1000, facts={})
    back = courses.put_back(teacher, course, removed.id)
    assert (back.asset_id, back.next_asset_id) == (films[1].id, None)


def test_a_lesson_whose_place_and_slug_are_taken_gets_others(draft):
    teacher, course = draft
    courses.add_section(teacher, course, "动手")
    courses.move_lesson(teacher, course, ids(course)["乙"], 1)
    removed = courses.remove_lesson(teacher, course, ids(course)["乙"])
    new = courses.add_lesson(teacher, course, title="丙", kind="text", body=TEXT)
    courses.remove_section(teacher, course, "动手")
    lesson = courses.put_back(teacher, course, removed.id)
    assert new.slug == "lesson-2" and lesson.slug == "lesson-3"
    assert shape(course) == [("", ["甲", "丙"]), ("动手", ["乙"])]


def test_a_second_quiz_does_not_come_back_beside_the_first(draft):
    teacher, course = draft
    removed = courses.remove_lesson(teacher, course, ids(course)["考核"])
    courses.add_lesson(teacher, course, title="新的考核", kind="quiz", body=GIFT)
    with pytest.raises(courses.NotReady, match="只有一份考核"):
        courses.put_back(teacher, course, removed.id)
    courses.remove_lesson(teacher, course, ids(course)["新的考核"])
    assert courses.put_back(teacher, course, removed.id).slug == "quiz"


def test_a_heading_comes_back_with_the_lessons_it_had(draft):
    teacher, course = draft
    courses.add_section(teacher, course, "动手")
    courses.move_lesson(teacher, course, ids(course)["乙"], 1)
    courses.add_section(teacher, course, "收尾")
    before = shape(course)
    removed = courses.remove_section(teacher, course, "动手")
    assert shape(course) == [("", ["甲", "乙"]), ("收尾", [])]
    courses.put_back(teacher, course, removed.id)
    assert shape(course) == before
    again = courses.remove_section(teacher, course, "动手")
    courses.add_section(teacher, course, "动手")
    with pytest.raises(Invalid, match="已经有叫"):
        courses.put_back(teacher, course, again.id)
    assert courses.remove_section(teacher, course, "没有") is None


def test_what_was_removed_a_month_ago_is_gone(draft):
    teacher, course = draft
    removed = courses.remove_lesson(teacher, course, ids(course)["甲"])
    with clock.advance(31 * 86_400):
        assert courses.list_removed(course) == []
        with pytest.raises(courses.NotReady, match="清掉了"):
            courses.put_back(teacher, course, removed.id)
        courses.tidy_drafts()
    assert courses.list_removed(course) == []


def test_the_page_offers_to_undo_at_once_and_later(bare_app):
    with bare_app.test_request_context(), writing():
        teacher = make_person(TEACHER, "陈志强", "instructor")
        make_person("13800000003", "周工", "instructor")
        course = courses.create_course(teacher, title="看布", kind="skills-upgrading", slug="kan-bu")
        lesson = courses.add_lesson(teacher, course, title="第一节", kind="text", body=TEXT)
    browser = Browser(bare_app, TEACHER)
    assert "最近删掉的" not in browser.see("/teach/kan-bu")
    sent = browser.send(f"/teach/kan-bu/lessons/{lesson.id}/remove")
    page = browser.see(sent.headers["Location"])
    assert "删掉了“第一节”" in page and "撤销" in page and "陈志强" in page and "还没有课" not in page
    way = re.findall(r'action="(/teach/kan-bu/removed/\d+)"', page)[0]
    stranger = Browser(bare_app, "13800000003")
    stranger.send(way, 404)
    back = browser.send(way)
    assert "#lesson-" in back.headers["Location"] and "第一节" in browser.see("/teach/kan-bu")
    assert "已经放回去" in words(browser.send(way, 409)) and "删掉了“第一节”" not in browser.see(sent.headers["Location"])
    browser.send("/teach/kan-bu/removed/99", 409)
    browser.get(way, 405)
