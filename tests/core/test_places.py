"""The rail beside the staff's pages: doors that open, the present one marked, and none where people learn."""

from __future__ import annotations

import re

import pytest
from tests.clients import Browser
from tests.factories import make_person

from guanxue.core.db import writing

PEOPLE = {"instructor": "13800000002", "reviewer": "13800000003", "administrator": "13800000006"}


@pytest.fixture
def staff(bare_app):
    with bare_app.test_request_context(), writing():
        for role, phone in PEOPLE.items():
            make_person(phone, role, role)
    return bare_app


def rail(page: str) -> dict[str, bool]:
    """{address: is it the present one} of a page's rail."""
    found = re.search(r'<nav class="rail.*?</nav>', page, re.DOTALL)
    return {a: bool(here) for a, here in re.findall(r'<a href="([^"]+)"( aria-current=true)?', found[0])} if found else {}


def test_an_instructor_sees_the_doors_that_open(staff):
    assert rail(Browser(staff, PEOPLE["instructor"]).see("/teach")) == {
        "/teach": True, "/teach/marking": False, "/rooms": False, "/teach/classes": False}


def test_every_door_in_the_rail_opens_and_marks_itself(staff):
    browser = Browser(staff, PEOPLE["administrator"])
    doors = rail(browser.see("/teach"))
    assert len(doors) >= 5
    for door in doors:
        page = browser.client.get(door, follow_redirects=True)  # some want a second proof first
        assert page.status_code == 200, door
        assert rail(page.get_data(as_text=True)) in ({}, {d: d == door for d in doors}), door


def test_pages_for_learners_have_no_rail_and_lead_to_work_from_ones_own(staff):
    browser = Browser(staff, PEOPLE["reviewer"])
    for path in ("/", "/courses", "/me/credits"):
        assert rail(browser.see(path)) == {}, path
    assert "/oversight/reviews" in browser.see("/me")
    assert "/oversight/reviews" not in Browser(staff, PEOPLE["instructor"]).see("/me")
