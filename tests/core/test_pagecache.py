"""Kept pages are never stale, and never somebody else's."""

from __future__ import annotations

import gzip
import sqlite3
import threading
import time

import pytest
from tests.factories import PASSWORD, make_course, make_person

from guanxue import courses
from guanxue.core import generation
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work, session, writing
from guanxue.core.turns import Turns


@pytest.fixture
def shop(any_app):
    """One course and two people, on each database."""
    with any_app.test_request_context(), writing():
        make_course("lathe", title="车床第一课")
        make_person("13800000001", "阿莲 & 阿强")
        make_person("13800000002", "陈师傅")
    return any_app


def sign_in(app, phone):
    client = app.test_client()
    token = client.get("/login").get_data(as_text=True).split('name="csrf_token" value="')[1].split('"')[0]
    assert client.post("/login", data={"phone": phone, "password": PASSWORD, "csrf_token": token}).status_code == 303
    return client


def retitle(course, title):
    courses.edit_course(SYSTEM, course, title=title, kind=course.kind, summary=course.summary, level=course.level,
                        industry=course.industry)
    courses.publish_course(SYSTEM, course)


def rename(app, title):
    with app.test_request_context(), writing():
        retitle(courses.get_course("lathe", SYSTEM), title)


def test_an_edit_is_seen_at_once_by_visitors_and_people(shop):
    clients = [shop.test_client(), sign_in(shop, "13800000001")]
    for client in clients:
        for _twice in range(2):
            assert "车床第一课" in client.get("/courses").get_data(as_text=True)
    rename(shop, "车床新课")
    for client in clients:
        page = client.get("/courses").get_data(as_text=True)
        assert "车床新课" in page and "车床第一课" not in page


def test_a_kept_page_bears_each_persons_own_name_and_nobody_elses(shop):
    first, second, visitor = sign_in(shop, "13800000001"), sign_in(shop, "13800000002"), shop.test_client()
    for _twice in range(2):
        one, other, none = (c.get("/courses").get_data(as_text=True) for c in (first, second, visitor))
        assert "阿莲 &amp; 阿强" in one and "陈师傅" not in one
        assert "陈师傅" in other and "阿莲" not in other
        assert "陈师傅" not in none and "阿莲" not in none and "csrf_token" not in none


def test_the_token_in_a_kept_page_works_for_its_reader_only(shop):
    first, second = sign_in(shop, "13800000001"), sign_in(shop, "13800000002")
    second.get("/courses")
    page = first.get("/courses").get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    form = {"csrf_token": token, "lang": "en", "next": "/courses"}
    assert second.post("/language", data=form).status_code == 403
    assert first.post("/language", data=form).status_code == 303


def test_a_page_with_holes_is_the_same_compressed_and_plain(shop):
    client = sign_in(shop, "13800000001")
    client.get("/courses")
    plain, packed = client.get("/courses"), client.get("/courses", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip" and "no-cache" in packed.headers["Cache-Control"]
    assert gzip.decompress(packed.data) == plain.data


# ---- generations


def test_what_is_rolled_back_is_not_shown_under_the_next_number(shop):
    with shop.test_request_context():
        begin_writing()
        retitle(courses.get_course("lathe", SYSTEM), "从未提交")
        assert courses.find_item("lathe").title == "从未提交"
        end_work(commit=False)
    rename(shop, "真正的新名")
    with shop.test_request_context():
        assert courses.find_item("lathe").title == "真正的新名"


def test_a_number_is_read_again_in_every_transaction(shop):
    with shop.test_request_context():
        before = generation.current("catalogue")
        session.rollback()
        with writing():
            generation.bump("catalogue")
            assert generation.current("catalogue") == before + 1
        assert generation.current("catalogue") == before + 1


# ---- turns


def test_writers_take_turns_and_a_lost_turn_goes_on(tmp_path):
    turns, order = Turns(tmp_path / "x.db"), []

    def write(n):
        assert turns.take()
        order.append(("in", n))
        time.sleep(0.01)
        order.append(("out", n))
        turns.give_back()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(order) == 10 and all(order[i][1] == order[i + 1][1] for i in range(0, 10, 2))


def test_a_failed_write_leaves_the_next_one_its_turn(bare_app):
    with bare_app.test_request_context():
        for _again in range(3):
            with pytest.raises(ZeroDivisionError), writing():
                generation.bump("catalogue")
                raise ZeroDivisionError
        with writing():
            generation.bump("catalogue")
        assert generation.current("catalogue") == 1
    path = bare_app.extensions["guanxue.settings"].data_dir / "guanxue.db"
    other = sqlite3.connect(path, timeout=0.1, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.close()
