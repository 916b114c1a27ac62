"""Writing a lesson: quiet saving that never overwrites newer words, both texts when two people write, files in the text."""

from __future__ import annotations

import io

import pytest
from tests.clients import Browser, place, words
from tests.factories import GIFT, TEXT, make_person
from tests.media.test_files import jpeg

from guanxue import courses
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing

ONE, TWO = "13800000002", "13800000003"


@pytest.fixture
def two(bare_app):
    """Two teachers of one course with a text, each at a browser: (陈志强, 周工, slug, the lesson's id)."""
    with bare_app.test_request_context(), writing():
        owner, other = make_person(ONE, "陈志强", "instructor"), make_person(TWO, "周工", "instructor")
        course = courses.create_course(owner, title="看布", kind="skills-upgrading", slug="kanbu")
        lesson = courses.add_lesson(owner, course, title="甲", kind="text", body="第一句。")
        courses.invite_author(owner, course, TWO)
        courses.answer_invitation(other, course.id, accepts=True)
        lesson_id = lesson.id
    browsers = Browser(bare_app, ONE), Browser(bare_app, TWO)
    return *browsers, "kanbu", lesson_id


def quietly(browser, slug, status=200, **form) -> dict:
    data = {"csrf_token": browser.token, "kind": "text", **form}
    answer = browser.client.post(f"/teach/{slug}/lessons", data=data, headers={"Accept": "application/json"})
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_json()


def body_of(browser, slug, lesson_id) -> str:
    with browser.client.application.test_request_context():
        return courses.get_lesson(courses.get_course(slug, SYSTEM), lesson_id).body


def test_quiet_saving_tells_version_time_and_how_the_text_looks(two):
    one, _other, slug, lesson_id = two
    told = quietly(one, slug, id=lesson_id, version=1, title="甲", body="**第二句**。")
    assert told["version"] == 2 and "<strong>第二句</strong>" in told["html"] and len(told["saved"]) == 5
    again = quietly(one, slug, id=lesson_id, version=1, title="甲", body="**第二句**。")  # its answer was lost
    assert again["version"] == 2


def test_newer_words_of_another_are_never_overwritten(two):
    one, other, slug, lesson_id = two
    quietly(other, slug, id=lesson_id, version=1, title="甲", body="周工写的。")
    told = quietly(one, slug, 409, id=lesson_id, version=1, title="甲", body="陈志强写的。")
    assert told["by"] == "周工" and body_of(one, slug, lesson_id) == "周工写的。"


def test_without_a_script_both_texts_are_shown_and_one_is_chosen(two):
    one, other, slug, lesson_id = two
    other.send(f"/teach/{slug}/lessons", kind="text", id=str(lesson_id), version="1", title="甲", body="一样。\n周工写的。")
    page = one.send(f"/teach/{slug}/lessons", 409, kind="text", id=str(lesson_id), version="1", title="甲", body="一样。\n陈志强写的。")
    told = page.get_data(as_text=True)
    assert "周工写的。" in told and "陈志强写的。" in told and told.count("class=differs") == 2
    assert 'name="version" value="2"' in told and body_of(one, slug, lesson_id) == "一样。\n周工写的。"
    one.send(f"/teach/{slug}/lessons", kind="text", id=str(lesson_id), version="2", title="甲", body="一样。\n两个人写的。")
    assert body_of(one, slug, lesson_id) == "一样。\n两个人写的。"


def test_a_new_lesson_whose_answer_was_lost_is_one_lesson(two):
    one, _other, slug, _lesson_id = two
    first = quietly(one, slug, form_key="abc", title="乙", body="开头")
    second = quietly(one, slug, form_key="abc", title="乙", body="开头和结尾")
    assert first["id"] == second["id"] and body_of(one, slug, first["id"]) == "开头和结尾"
    assert first["address"] == f"/teach/{slug}/lessons/{first['id']}"


def test_a_quiet_refusal_is_a_sentence_and_a_stranger_is_none_the_wiser(two, bare_app):
    one, _other, slug, lesson_id = two
    assert quietly(one, slug, 422, id=lesson_id, version=1, title="", body="x")["message"]
    quietly(one, slug, 404, id=99999, version=1, title="甲", body="x")
    with bare_app.test_request_context(), writing():
        make_person("13800000004", "外人", "instructor")
    quietly(Browser(bare_app, "13800000004"), slug, 404, id=lesson_id, version=1, title="甲", body="x")
    assert body_of(one, slug, lesson_id) == "第一句。"


def test_a_picture_that_comes_with_the_form_goes_below_the_text(two):
    one, _other, slug, lesson_id = two
    answer = one.send(f"/teach/{slug}/lessons", multipart=True, kind="text", id=str(lesson_id), version="1", title="甲", body="看图。",
                      enclosed=(io.BytesIO(jpeg(300, 200)), "图.jpg"))
    assert place(answer).startswith(f"/teach/{slug}/lessons/{lesson_id}")
    assert body_of(one, slug, lesson_id).startswith("看图。\n\n![图](/media/files/")
    assert "<img src=\"/media/files/" in one.see(f"/teach/{slug}/lessons/{lesson_id}")


def test_a_file_that_is_none_keeps_what_was_written_in_the_form(two):
    one, _other, slug, lesson_id = two
    page = one.send(f"/teach/{slug}/lessons", 422, multipart=True, kind="text", id=str(lesson_id), version="1", title="甲", body="辛苦写的。",
                    enclosed=(io.BytesIO(b"junk"), "a.jpg"))
    assert "不能收" in words(page) and "辛苦写的。" in page.get_data(as_text=True)
    assert body_of(one, slug, lesson_id) == "第一句。"


def test_pictures_do_not_count_as_reading_time(app):
    teacher = make_person(ONE, "陈志强", "instructor")
    lengths = []
    for slug, more in (("plain", ""), ("shown", "\n\n![一张很长很长很长的说明](/media/files/" + "a" * 24 + "-16x9-9/x.jpg)")):
        course = courses.create_course(teacher, title="看布", kind="skills-upgrading", slug=slug)
        courses.add_lesson(teacher, course, title="甲", kind="text", body=TEXT + more)
        courses.add_lesson(teacher, course, title="考核", kind="quiz", body=GIFT)
        lengths.append(courses.lessons_of(courses.publish_course(SYSTEM, course).id)[0].duration_ms)
    assert lengths[0] == lengths[1]
