"""A learner's own notes at moments of lessons."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select
from tests.clients import Browser, Learner
from tests.factories import make_course, make_person

from guanxue import courses, learning
from guanxue.core.db import session, writing


@pytest.fixture
def site(bare_app):
    """Two learners in a course of one minute's video."""
    with bare_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "周小明")
        make_course()
    for phone in ("13800000001", "13800000002"):
        Learner(bare_app, phone).call("PUT", "/courses/safe-measuring/enrolment", 200)
    return bare_app


@pytest.fixture
def address(site) -> str:
    """The video lesson's address."""
    with site.app_context():
        return f"/learn/safe-measuring/{courses.lessons_of(courses.find_item('safe-measuring').revision_id)[0].slug}"


def kept(site) -> list[tuple[int, str]]:
    """(at_ms, text) of every note there is."""
    with site.app_context():
        return [(n.at_ms, n.text) for n in session.scalars(select(learning.Note).order_by(learning.Note.at_ms))]


def test_a_note_is_kept_at_its_moment_and_leads_back_to_it(site, address):
    who = Browser(site, "13800000001")
    who.see(address)
    answer = who.send(address + "/notes", text="卡尺先归零", at="15400")
    assert answer.headers["Location"] == f"{address}?t=15#notes"
    assert "卡尺先归零" in who.see(address) and "0:15" in who.see(address)
    assert f"{address}?t=15" in who.see("/me/notes")


def test_a_moment_beyond_the_lesson_is_its_end_and_nonsense_its_beginning(site, address):
    who = Browser(site, "13800000001")
    for at in ("999999999", "-4", "x"):
        who.send(address + "/notes", text=at, at=at)
    assert [at for at, _text in kept(site)] == [0, 0, 60_000]


def test_a_note_is_changed_and_taken_away_by_its_writer_alone(site, address):
    mine, other = Browser(site, "13800000001"), Browser(site, "13800000002")
    mine.send(address + "/notes", text="先关电源", at="0")
    page = mine.see("/me/notes")
    note = re.search(r"/me/notes/(\d+)", page)[0]
    assert "先关电源" not in other.see(address) and "先关电源" not in other.see("/me/notes")
    other.send(note, 404, text="改别人的")
    mine.send(note, text="先关电源，再测量")
    assert kept(site) == [(0, "先关电源，再测量")]
    mine.send(note, text="先关电源，再测量", remove="1")
    assert kept(site) == []


def test_an_empty_note_is_no_note(site, address):
    Browser(site, "13800000001").send(address + "/notes", text=" \n ", at="1000")
    assert kept(site) == []


def test_a_course_holds_only_so_many_notes(site, address, monkeypatch):
    monkeypatch.setattr("guanxue.learning.notes.MOST_NOTES", 2)
    who = Browser(site, "13800000001")
    for n in range(2):
        who.send(address + "/notes", text=str(n), at="0")
    who.send(address + "/notes", 409, text="多了", at="0")


def test_somebody_not_in_the_course_is_led_to_it(site, address):
    with site.test_request_context(), writing():
        make_person("13800000003", "许路人")
    assert Browser(site, "13800000003").send(address + "/notes", text="x").headers["Location"] == "/courses/safe-measuring"
