"""How a finished upload becomes a lesson's video, and the list of what waits."""

from __future__ import annotations

import io

import pytest
from tests.clients import Browser, place, words
from tests.factories import make_person

from guanxue import courses, media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.media.models import Upload

TEACHER, OTHER, LEARNER = "13800000002", "13800000012", "13800000001"
JSON = {"Accept": "application/json"}


@pytest.fixture
def course(bare_app):
    """(app, the teacher's browser, ids): a draft with one lesson, another teacher, a learner."""
    with bare_app.test_request_context(), writing():
        teacher = make_person(TEACHER, "陈师傅", "instructor")
        make_person(OTHER, "李师傅", "instructor")
        make_person(LEARNER)
        draft = courses.create_course(teacher, title="安全测量", kind="skills-upgrading", slug="own-draft")
        lesson = courses.add_lesson(teacher, draft, title="先停机", kind="video", body="先停机。").id
    return bare_app, teacher, lesson


def begin(app, actor, name="film.mp4", data=b"0123456789", here=10, finished=True):
    """An upload of which `here` bytes have come; its code."""
    with app.test_request_context():
        with writing():
            code = media.begin_upload(actor, media.Announced(len(data), name)).code
        at = media.receive(code, len(data), 0, io.BytesIO(data[:here]).read, here)
        if at == len(data) and finished:
            digest = media.keep_upload(code, len(data))
            with writing():
                media.finish_upload(actor, code, digest)
    return code


def lessons(app):
    with app.test_request_context():
        return [(x.id, x.title, x.asset_id) for x in courses.list_lessons(courses.get_course("own-draft", SYSTEM).id)]


def test_a_finished_upload_becomes_the_lessons_video_and_waits_no_longer(course):
    app, teacher, lesson = course
    code, browser = begin(app, teacher), Browser(app, TEACHER)
    assert "已经传完，还没有放进课里" in words(browser.get("/teach/uploads"))
    answer = browser.send("/teach/own-draft/uploads", 303, upload=code, lesson=lesson)
    assert place(answer) == f"/teach/own-draft/lessons/{lesson}" and lessons(app)[0][2]
    assert "film.mp4" not in words(browser.get("/teach/uploads"))
    again = browser.send("/teach/own-draft/uploads", 303, upload=code, lesson=lesson)
    assert place(again) == place(answer) and len(lessons(app)) == 1


def test_without_a_lesson_it_becomes_a_new_one_named_after_the_file_or_as_asked(course):
    app, teacher, _lesson = course
    browser = Browser(app, TEACHER)
    browser.send("/teach/own-draft/uploads", 303, upload=begin(app, teacher, "早班.操作.mp4"))
    browser.send("/teach/own-draft/uploads", 303, upload=begin(app, teacher, data=b"another film", here=12), title="晚班")
    assert [(title, bool(asset)) for _id, title, asset in lessons(app)] == [("先停机", False), ("早班.操作", True), ("晚班", True)]


def test_asked_again_because_the_answer_was_lost_it_is_still_one_lesson(course):
    app, teacher, _lesson = course
    browser, code = Browser(app, TEACHER), begin(app, teacher)
    assert len({place(browser.send("/teach/own-draft/uploads", 303, upload=code)) for _n in range(3)}) == 1 and len(lessons(app)) == 2


def test_a_film_and_the_form_that_it_was_chosen_in_make_one_lesson_whichever_comes_first(course):
    app, teacher, _lesson = course
    browser = Browser(app, TEACHER)
    browser.send("/teach/own-draft/uploads", 303, upload=begin(app, teacher), title="早班", form_key="k1")
    browser.send("/teach/own-draft/lessons", 303, kind="video", id="", version="", title="早班操作", body="先停机。", form_key="k1")
    assert [(title, bool(asset)) for _id, title, asset in lessons(app)[1:]] == [("早班操作", True)]
    browser.send("/teach/own-draft/lessons", 303, kind="video", id="", version="", title="晚班", body="再停机。", form_key="k2")
    browser.send("/teach/own-draft/uploads", 303, upload=begin(app, teacher, data=b"another film", here=12), title="晚班", form_key="k2")
    assert [(title, bool(asset)) for _id, title, asset in lessons(app)[1:]] == [("早班操作", True), ("晚班", True)]


def test_a_program_is_told_lesson_version_and_place(course):
    app, teacher, lesson = course
    browser, code = Browser(app, TEACHER), begin(app, teacher)
    told = browser.client.get("/teach/uploads", headers=JSON).get_json()["uploads"]
    assert [(u["code"], u["here"], u["size"], u["whole"]) for u in told] == [(code, 10, 10, True)]
    answer = browser.client.post("/teach/own-draft/uploads", data={"upload": code, "lesson": lesson, "csrf_token": browser.token}, headers=JSON)
    assert answer.get_json() == {"lesson": lesson, "version": 1, "place": f"/teach/own-draft/lessons/{lesson}"}


def test_what_a_dying_process_left_undone_is_done_by_the_use(course):
    app, teacher, lesson = course
    code = begin(app, teacher, finished=False)
    Browser(app, TEACHER).send("/teach/own-draft/uploads", 303, upload=code, lesson=lesson)
    with app.test_request_context():
        assert session.query(Upload).filter_by(code=code).one().state == "whole" and lessons(app)[0][2]


def test_an_unfinished_upload_is_no_video_yet(course):
    app, teacher, lesson = course
    code, browser = begin(app, teacher, here=4), Browser(app, TEACHER)
    assert "还没有传完" in words(browser.send("/teach/own-draft/uploads", 409, upload=code, lesson=lesson))
    page = words(browser.get("/teach/uploads"))
    assert "传了 40%" in page and "保留到" in page and lessons(app)[0][2] is None


def test_an_unknown_lesson_leaves_the_upload_waiting(course):
    app, teacher, _lesson = course
    code, browser = begin(app, teacher), Browser(app, TEACHER)
    browser.send("/teach/own-draft/uploads", 404, upload=code, lesson=99999)
    assert "film.mp4" in words(browser.get("/teach/uploads"))


def test_others_can_neither_use_nor_see_nor_drop_it(course):
    app, teacher, lesson = course
    code, other = begin(app, teacher), Browser(app, OTHER)
    with app.test_request_context(), writing():
        courses.create_course(Actor("person", 2, "李师傅", frozenset({"teach"})), title="别的课", kind="skills-upgrading", slug="other-draft")
    assert "film.mp4" not in words(other.get("/teach/uploads"))
    other.send("/teach/other-draft/uploads", 404, upload=code)
    other.send("/teach/own-draft/uploads", 404, upload=code, lesson=lesson)
    other.send(f"/teach/uploads/{code}/drop", 404)
    Browser(app, LEARNER).get("/teach/uploads", 403)
    Browser(app, LEARNER).send("/teach/own-draft/uploads", 403, upload=code)


def test_dropping_removes_it_and_goes_back_to_a_page_of_this_site(course):
    app, teacher, _lesson = course
    browser = Browser(app, TEACHER)
    first, second = begin(app, teacher, here=4), begin(app, teacher, here=4)
    assert place(browser.send(f"/teach/uploads/{first}/drop", 303, next="/teach/own-draft")) == "/teach/own-draft"
    assert place(browser.send(f"/teach/uploads/{second}/drop", 303, next="https://elsewhere.example/")) == "/teach/uploads"
    assert "没有传了一半的视频" in words(browser.get("/teach/uploads"))
    browser.send(f"/teach/uploads/{first}/drop", 410)


def test_what_expired_is_listed_no_more(course):
    app, teacher, _lesson = course
    begin(app, teacher, here=4)
    browser = Browser(app, TEACHER)
    with clock.advance(7 * 24 * 3600 + 60):
        assert "film.mp4" not in words(browser.get("/teach/uploads"))


def test_the_place_for_videos_stands_on_course_and_lesson_pages(course):
    app, _teacher, lesson = course
    browser = Browser(app, TEACHER)
    for path, expected in (("/teach/own-draft", "每个视频一节课"), (f"/teach/own-draft/lessons/{lesson}", "合成语音朗读")):
        page = browser.see(path)
        assert 'id="uploads"' in page and "tus.min.js" in page and expected in page
    assert "tus.min.js" not in browser.see("/courses")


def test_the_list_says_what_each_was_for_and_leads_there(course):
    app, teacher, lesson = course
    with app.test_request_context(), writing():
        theirs = courses.create_course(make_person("13800000013", "周工", "instructor"), title="别人的课", kind="skills-upgrading", slug="theirs")
        assert theirs.slug
        for name, aim in (("a.mp4", f"lesson:{lesson}"), ("b.mp4", "course:own-draft"), ("c.mp4", "course:theirs"), ("d.mp4", "lesson:999"),
                          ("e.mp4", "nonsense"), ("f.mp4", "")):
            media.begin_upload(teacher, media.Announced(100, name, aim=aim))
    browser = Browser(app, TEACHER)
    goals = {x["name"]: x["goal"] for x in browser.client.get("/teach/uploads", headers=JSON).get_json()["uploads"]}
    assert goals == {"a.mp4": "安全测量 · 先停机", "b.mp4": "安全测量", "c.mp4": "", "d.mp4": "", "e.mp4": "", "f.mp4": ""}
    page = browser.see("/teach/uploads")
    assert f'href="/teach/own-draft/lessons/{lesson}#uploads"' in page and 'href="/teach/own-draft#uploads"' in page and "别人的课" not in page
