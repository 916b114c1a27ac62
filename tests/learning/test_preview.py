"""A draft tried on a phone's frame: the learner's own pages, for authors and readers only, and nothing is recorded."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, text
from tests.clients import Browser, words
from tests.factories import GIFT, OWN_WORK, TEXT, make_person

from guanxue import courses, media
from guanxue.core.actor import SYSTEM
from guanxue.core.db import Model, db, session, writing
from guanxue.learning.models import Playback
from guanxue.media.service import finish_asset

AUTHOR, OTHER, REVIEWER, LEARNER = "13800000002", "13800000003", "13800000007", "13800000001"


@pytest.fixture
def school(bare_app):
    """陈志强's draft with a film, a text and a quiz; a reviewer, another teacher, a learner."""
    with bare_app.test_request_context(), writing():
        author = make_person(AUTHOR, "陈志强", "instructor")
        make_person(OTHER, "周工", "instructor")
        make_person(REVIEWER, "何静", "reviewer")
        make_person(LEARNER)
        course = courses.create_course(author, title="看布", kind="skills-upgrading", slug="kanbu")
        lesson = courses.add_lesson(author, course, title="录像", kind="video", body=TEXT)
        asset = media.create_narrated(SYSTEM, media.NarrationSpec("x", "看布", "", [media.SlideSpec("停机", ["先停机。"])]))
        courses.attach_video(author, course, lesson.id, asset)
        finish_asset(asset.id, version="test", duration_ms=60_000, facts={"has_sound": True, "bytes": {"360p": 1, "mp4": 1, "audio": 1}})
        courses.add_lesson(author, course, title="图文", kind="text", body=TEXT)
        courses.add_lesson(author, course, title="考核", kind="quiz", body=GIFT)
    return bare_app


def lessons(app) -> dict[str, int]:
    with app.test_request_context():
        return {x.title: x.id for x in courses.list_lessons(courses.get_course("kanbu", SYSTEM).id)}


def rows(app) -> dict[str, int]:
    with app.app_context(), db.engine.connect() as connection:
        return {t: connection.scalar(text(f"SELECT count(*) FROM {t}")) for t in Model.metadata.tables if not t.startswith("accounts_session")}


def test_every_kind_of_lesson_is_shown_as_a_learner_sees_it(school):
    browser, here = Browser(school, AUTHOR), lessons(school)
    frame = browser.see("/teach/kanbu/preview")
    assert f'/teach/kanbu/preview/{here["录像"]}/screen' in frame and frame.count("<iframe") == 1
    film = browser.see(f"/teach/kanbu/preview/{here['录像']}/screen")
    assert '<video class="trial"' in film and "主轴停稳以后再伸手。" in film and "lesson.js" not in film and "player.js" not in film
    read = browser.see(f"/teach/kanbu/preview/{here['图文']}/screen")
    assert '<div class="prose">' in read and "lesson.js" not in read and 'id="note-form"' not in read
    asked = browser.see(f"/teach/kanbu/preview/{here['考核']}/screen")
    assert "车床的纵向轴是哪一根？" in asked and "quiz.js" not in asked and "与主轴平行" not in asked


def test_a_quiz_is_tried_and_judged_and_nothing_is_recorded(school):
    browser, quiz = Browser(school, AUTHOR), lessons(school)["考核"]
    before = rows(school)
    asked = browser.see(f"/teach/kanbu/preview/{quiz}/screen")
    seed = re.search(r'name="attempt" value="([0-9a-f]{32})"', asked)[1]
    right = re.search(r'value="(\w+)"[^>]*><span>Z轴', asked)[1]
    told = words(browser.send(f"/teach/kanbu/preview/{quiz}/screen", 200, attempt=seed, **{"q-q1": "true", "q-q2": right}))
    assert "100" in told and "通过了" in told and "与主轴平行" in told and "再试一次" in told
    worse = words(browser.send(f"/teach/kanbu/preview/{quiz}/screen", 200, attempt=seed, **{"q-q1": "false", "q-q2": "nonsense"}))
    assert "没有通过" in worse
    assert rows(school) == before
    with school.app_context():
        assert session.scalar(select(func.count()).select_from(Playback)) == 0
    for wrong in ("", "zz", "x" * 32):
        browser.send(f"/teach/kanbu/preview/{quiz}/screen", 422, attempt=wrong)


def test_only_its_authors_and_while_they_have_it_its_readers_try_a_draft(school):
    here = lessons(school)
    paths = ["/teach/kanbu/preview", f"/teach/kanbu/preview/{here['图文']}/screen"]
    for phone in (OTHER, REVIEWER, LEARNER):
        for path in paths:
            Browser(school, phone).get(path, 404)
    with school.test_request_context(), writing():
        course = courses.get_course("kanbu", SYSTEM)
        courses.submit_course(SYSTEM, course, claims=OWN_WORK)
    for path in paths:
        Browser(school, REVIEWER).get(path)
        Browser(school, OTHER).get(path, 404)


def test_only_our_own_page_may_frame_a_screen(school):
    browser = Browser(school, AUTHOR)
    screen = browser.get(f"/teach/kanbu/preview/{lessons(school)['图文']}/screen")
    assert "frame-ancestors 'self'" in screen.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in browser.get("/teach/kanbu/preview").headers["Content-Security-Policy"]
