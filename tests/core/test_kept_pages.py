"""Kept pages are answered before Flask is asked, and say what Flask would say: at once, to the right person, with every header."""

from __future__ import annotations

import gzip
import json
import logging
import sqlite3
from contextlib import contextmanager
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from tests.factories import PASSWORD, make_course, make_person

from guanxue import accounts, courses, discussions, learning, media
from guanxue.core import clock, logs
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.prepared import NeedsTransaction, Prepared, without_transaction
from guanxue.core.web import cookies

LATHE = "/courses/lathe"


@pytest.fixture
def shop(bare_app):
    """A course, a plan, two people."""
    return fill(bare_app)


@pytest.fixture
def any_shop(any_app):
    """The same on each database."""
    return fill(any_app)


def fill(app):
    with app.test_request_context(), writing():
        make_course("lathe", title="车床第一课")
        make_person("13800000001", "阿莲")
        make_person("13800000002", "陈师傅")
        plan = courses.create_course(SYSTEM, title="将来的课", kind="skills-upgrading", slug="plan", summary="还没有人开。")
        session.execute(update(courses.Course).where(courses.Course.id == plan.id).values(is_planned=True, owner_id=None))
    return app


def sign_in(app, phone="13800000001"):
    client = app.test_client()
    token = client.get("/login").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post("/login", data={"phone": phone, "password": PASSWORD, "csrf_token": token}).status_code == 303
    client.get("/courses")  # the first page after signing in brings the form token's cookie
    return client


@contextmanager
def without_flask(monkeypatch):
    """Whatever reaches Flask meanwhile fails."""
    def refuse(*_args):
        raise AssertionError("Flask was asked")

    with monkeypatch.context() as patch:
        patch.setattr(Flask, "request_context", refuse)
        yield


@contextmanager
def change(app):
    """A change by somebody else, in a request of its own."""
    with app.test_request_context(), writing():
        yield


def person(phone="13800000001"):
    return accounts.find_person_by_phone(phone)


# ---- the same answer


@pytest.mark.parametrize("path", ["/", "/courses", LATHE, "/courses/plan", "/towns"])
def test_a_visitor_gets_from_memory_what_flask_would_say(shop, monkeypatch, path):
    client = shop.test_client()
    first = client.get(path)
    with without_flask(monkeypatch):
        again = client.get(path)
    assert (again.status_code, again.data) == (200, first.data)
    ids = [r.headers.pop("X-Request-Id") for r in (first, again)]
    assert len(set(ids)) == 2 and all(len(i) == 16 for i in ids)
    assert sorted(first.headers) == sorted(again.headers)


@pytest.mark.parametrize("path", ["/courses", LATHE, "/courses/plan"])
def test_somebody_signed_in_gets_from_memory_what_flask_would_say(any_shop, monkeypatch, path):
    client = sign_in(any_shop)
    first = client.get(path)
    with without_flask(monkeypatch):
        again = client.get(path, headers={"Accept-Encoding": "gzip"})
    for own in ("X-Request-Id", "Content-Length", "Content-Encoding", "Set-Cookie", "ETag"):
        first.headers.pop(own, None), again.headers.pop(own, None)
    assert sorted(first.headers) == sorted(again.headers)
    page = gzip.decompress(again.data).decode()
    assert again.headers["X-Shelf"] and "阿莲" in page and without_tokens(page) == without_tokens(first.get_data(as_text=True))


def without_tokens(page: str) -> str:
    first, *rest = page.split('name="csrf_token" value="')
    return first + "…".join(part.partition('"')[2] for part in rest)


def test_the_token_from_memory_is_taken(shop, monkeypatch):
    client = sign_in(shop)
    client.get(LATHE)
    with without_flask(monkeypatch):
        token = client.get(LATHE).get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post("/language", data={"csrf_token": token, "lang": "en", "next": "/courses"}).status_code == 303


def test_an_answer_from_memory_is_logged_with_its_id_and_its_reader(shop, monkeypatch, caplog):
    client = sign_in(shop)
    client.get(LATHE)
    caplog.set_level(logging.INFO)
    caplog.clear()
    with without_flask(monkeypatch):
        answer = client.get(LATHE)
    line = json.loads(logs.JsonLines().format(caplog.records[-1]))
    with shop.test_request_context():
        assert line["actor"] == f"person:{person().id}"
    assert line["path"] == LATHE and line["method"] == "GET" and line["status"] == 200 and line["ms"] >= 0
    assert line["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("send", [
    lambda client: client.head("/courses"), lambda client: client.get("/courses", headers={"Authorization": "Bearer x"}),
    lambda client: client.get("/courses?page=2"), lambda client: client.get("/courses/no-such-course"),
])
def test_what_memory_does_not_know_is_flasks(shop, monkeypatch, send):
    client = shop.test_client()
    client.get("/courses")
    with without_flask(monkeypatch), pytest.raises(AssertionError, match="Flask was asked"):
        send(client)


def test_a_fault_of_the_memory_costs_nobody_the_page(shop, monkeypatch):
    client = shop.test_client()
    client.get("/courses")
    monkeypatch.setattr(type(shop.extensions["guanxue.pages"]), "_look", lambda *_args: 1 // 0)
    assert client.get("/courses").status_code == 200


# ---- at once


def ended(app, how):
    """The first person's session ends, or the person is gone, by somebody else's hand."""
    with change(app):
        values = {"revoked": {"revoked_at": clock.now()}, "expired": {"expires_at": clock.now()}}.get(how)
        if values:
            session.execute(update(accounts.Session).where(accounts.Session.person_id == person().id).values(values))
        else:
            session.execute(update(accounts.Person).where(accounts.Person.id == person().id).values(disabled_at=clock.now()))


@pytest.mark.parametrize("how", ["revoked", "expired", "disabled"])
def test_whose_session_ended_is_a_visitor_at_once(any_shop, monkeypatch, how):
    client, visitor = sign_in(any_shop), any_shop.test_client()
    for one in (client, visitor):
        one.get(LATHE)
    with without_flask(monkeypatch):
        assert "阿莲" in client.get(LATHE).get_data(as_text=True)
    ended(any_shop, how)
    with without_flask(monkeypatch):
        assert client.get(LATHE).data == visitor.get(LATHE).data


def test_after_signing_out_the_old_cookie_shows_nobodys_page(shop):
    client, thief = sign_in(shop), shop.test_client()
    page = client.get(LATHE).get_data(as_text=True)
    cookie = client.get_cookie("session").value
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post("/logout", data={"csrf_token": token}).status_code == 303
    assert "阿莲" not in client.get(LATHE).get_data(as_text=True)
    thief.set_cookie("session", cookie)
    assert "阿莲" not in thief.get(LATHE).get_data(as_text=True)


def test_a_new_role_is_seen_at_once(any_shop):
    client = sign_in(any_shop)
    for _twice in range(2):
        assert "/teach/take/plan" not in client.get("/courses/plan").get_data(as_text=True)
    with change(any_shop):
        accounts.grant_role(SYSTEM, person(), "instructor")
    assert "/teach/take/plan" in client.get("/courses/plan").get_data(as_text=True)


def test_a_changed_name_is_seen_at_once_also_on_the_courses_they_teach(shop):
    with change(shop):
        session.execute(update(courses.Course).where(courses.Course.slug == "lathe").values(owner_id=person("13800000002").id))
        courses.publish_course(SYSTEM, courses.get_course("lathe", SYSTEM))
    clients = sign_in(shop, "13800000002"), shop.test_client()
    for client in clients:
        for _twice in range(2):
            assert "陈师傅" in client.get(LATHE).get_data(as_text=True)
    with change(shop):
        person("13800000002").name = "陈建国"
    for client in clients:
        page = client.get(LATHE).get_data(as_text=True)
        assert "陈建国" in page and "陈师傅" not in page


def test_joining_a_course_is_seen_at_once_by_all(any_shop):
    client, other, visitor = sign_in(any_shop), sign_in(any_shop, "13800000002"), any_shop.test_client()
    before = [c.get(LATHE).data for c in (client, other, visitor)][1:]
    with change(any_shop):
        learning.enrol(Actor("person", person().id, "阿莲"), courses.get_course("lathe", SYSTEM))
    assert f"{LATHE}/leave" in client.get(LATHE).get_data(as_text=True)
    assert [c.get(LATHE).data for c in (other, visitor)] != before


def test_what_learners_say_of_a_course_is_counted_at_once(shop):
    client = shop.test_client()
    before = [client.get(LATHE).data for _twice in range(2)]
    with change(shop):
        course, author = courses.get_course("lathe", SYSTEM), person()
        session.add(discussions.Question(course_id=course.id, person_id=author.id, text="卡尺怎么读？", asked_at=clock.now()))
    assert before[0] == before[1] != client.get(LATHE).data


def test_a_video_in_the_making_is_seen_to_advance(any_shop):
    with change(any_shop):
        course = courses.create_course(SYSTEM, title="正在制作", kind="skills-upgrading", slug="making", summary="一段。")
        lesson = courses.add_lesson(SYSTEM, course, title="第一课", kind="video", body="## 一\n\n二。")
        spec = media.NarrationSpec("m-1", "一", "", [media.SlideSpec("一", ["二。"])])
        courses.attach_video(SYSTEM, course, lesson.id, asset := media.create_narrated(SYSTEM, spec))
        courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body="::q::停机以后才测量。{TRUE}")
        courses.publish_course(SYSTEM, course)
        asset_id = asset.id
    client = any_shop.test_client()
    before = [client.get("/courses/making").data for _twice in range(2)]
    with change(any_shop):
        session.execute(update(media.Asset).where(media.Asset.id == asset_id).values(state="working", progress_permille=420))
    assert before[0] == before[1] != client.get("/courses/making").data


def test_what_another_process_changed_is_seen_at_once(bare_app, monkeypatch):
    with bare_app.test_request_context(), writing():
        make_course("lathe", title="车床第一课")
    client = bare_app.test_client()
    client.get("/courses"), client.get("/courses")
    with sqlite3.connect(bare_app.extensions["guanxue.settings"].data_dir / "guanxue.db") as other:
        other.execute("UPDATE core_generation SET value = value + 1 WHERE name = 'catalogue'")
        other.execute("UPDATE courses_course SET title = '别处改的名' WHERE slug = 'lathe'")
    other.close()
    with without_flask(monkeypatch), pytest.raises(AssertionError, match="Flask was asked"):
        client.get("/courses")
    assert client.get("/courses").status_code == 200


def test_bookkeeping_that_is_due_is_done(shop):
    client = sign_in(shop)
    client.get(LATHE)
    long_ago = clock.now() - timedelta(hours=3)
    with change(shop):
        session.execute(update(accounts.Session).values(last_seen_at=long_ago))
    client.get(LATHE)
    with shop.test_request_context():
        assert session.scalar(select(accounts.Session.last_seen_at)) > clock.now() - timedelta(minutes=1)


# ---- not sent twice


def test_a_page_its_reader_has_is_not_sent_again(shop, monkeypatch):
    client = sign_in(shop)
    first = client.get("/courses")
    with without_flask(monkeypatch):
        again = client.get("/courses", headers={"If-None-Match": first.headers["ETag"]})
        packed = client.get("/courses", headers={"If-None-Match": first.headers["ETag"], "Accept-Encoding": "gzip"})
    assert (again.status_code, again.data) == (304, b"") and again.headers["X-Request-Id"]
    assert packed.status_code == 200 and packed.headers["ETag"] != first.headers["ETag"]


def test_a_page_of_somebody_else_or_of_another_session_is_sent(shop):
    tag = sign_in(shop).get("/courses").headers["ETag"]
    for other in (sign_in(shop, "13800000002"), sign_in(shop), shop.test_client()):
        assert other.get("/courses", headers={"If-None-Match": tag}).status_code == 200


def test_a_personal_page_that_nobody_may_keep_has_no_tag(shop):
    client = sign_in(shop)
    for _twice in range(2):
        answer = client.get(LATHE)
        assert "no-store" in answer.headers["Cache-Control"] and "ETag" not in answer.headers


# ---- cookies


def test_a_cookie_is_written_anew_once_a_day_and_not_before(shop, monkeypatch):
    client = sign_in(shop)
    assert "Set-Cookie" not in client.get("/courses").headers and "Set-Cookie" not in client.get("/me").headers
    later = cookies.time.time() + 25 * 3600
    monkeypatch.setattr(cookies.time, "time", lambda: later)
    assert "session=" in client.get("/courses").headers["Set-Cookie"]


@pytest.mark.parametrize("spoil", [lambda text: text[:-2] + "xx", lambda text: "x" + text, lambda text: "", lambda text: "\x00.é"])
def test_a_forged_cookie_is_no_cookie(shop, spoil):
    client = sign_in(shop)
    client.get(LATHE)
    thief = shop.test_client()
    thief.set_cookie("session", spoil(client.get_cookie("session").value))
    assert "阿莲" not in thief.get(LATHE).get_data(as_text=True)


def test_a_cookie_past_its_time_is_no_cookie(shop, monkeypatch):
    client = sign_in(shop)
    client.get(LATHE)
    later = cookies.time.time() + shop.permanent_session_lifetime.total_seconds() + 60
    monkeypatch.setattr(cookies.time, "time", lambda: later)
    assert "阿莲" not in client.get(LATHE).get_data(as_text=True)


def test_cookies_that_change_the_looks_have_pages_of_their_own_and_invented_words_have_not(shop, monkeypatch):
    client = shop.test_client()
    plain = client.get("/courses").data
    client.set_cookie("lang", "en")
    assert client.get("/courses").data != plain
    client.set_cookie("lang", "klingon")
    client.set_cookie("theme", "no-such-theme")
    with without_flask(monkeypatch):
        assert client.get("/courses").data == plain


# ---- what it rests on


def test_only_known_things_happen_before_a_page(bare_app):
    """Whoever adds something here has to think of pages that are answered without it (core/web/pagecache.py)."""
    names = {f"{f.__module__}.{f.__qualname__}" for f in bare_app.before_request_funcs[None]}
    assert names == {
        "guanxue.core.web.dispatch.install.<locals>._begin",  # the clock of the log line: kept pages have their own
        "guanxue.core.web.addresses.install.<locals>._no_nul",  # addresses with NUL never were kept
        "guanxue.accounts.signin.install.<locals>._who",  # asked for kept pages, too: _recognise
        "guanxue.app._protect_forms.<locals>._check",  # writing requests only
        "flask_wtf.csrf.CSRFProtect.init_app.<locals>.csrf_protect",  # switched off: _check decides
        "guanxue.accounts.routes.papers._find_question",  # asks nobody on kept pages
    }
    assert {name for name in bare_app.before_request_funcs if name} == {"uploads"}  # no pages


def test_a_prepared_question_answers_like_the_session(any_shop):
    people = select(accounts.Person.id, accounts.Person.name, accounts.Person.created_at).order_by(accounts.Person.id)
    asked = Prepared(people)
    with any_shop.test_request_context():
        told = [tuple(row) for row in session.execute(people)]
        assert [tuple(row) for row in asked.rows()] == told and told[0][2].tzinfo is not None
        session.rollback()
        with without_transaction():
            assert [tuple(row) for row in asked.rows()] == told
            with pytest.raises(NeedsTransaction):
                session.execute(people)
