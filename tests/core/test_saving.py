"""Saving data: chosen in a form or by the phone, obeyed by every page, and never by somebody else's."""

from __future__ import annotations

import pytest
from tests.factories import make_course

from guanxue.core.db import writing

SAVES = {"Save-Data": "on"}


@pytest.fixture
def shop(bare_app):
    with bare_app.test_request_context(), writing():
        make_course("lathe", title="车床第一课")
    return bare_app


def has_covers(client, path="/courses", **options) -> bool:
    page = client.get(path, **options).get_data(as_text=True)
    assert "车床第一课" in page
    return '<img class="cover"' in page


@pytest.mark.parametrize("path", ["/courses", "/courses/lathe"])
def test_kept_pages_with_and_without_pictures_are_never_mixed_up(shop, path):
    saving, plain, phone = (shop.test_client() for _n in range(3))
    saving.post("/look", data={"data": "save", "next": "/"})
    for _twice in range(2):
        assert has_covers(plain, path)
        assert not has_covers(saving, path)
        assert not has_covers(phone, path, headers=SAVES)
        assert has_covers(phone, path)  # for that visit only


def test_what_is_chosen_here_comes_before_what_the_phone_says(shop):
    client = shop.test_client()
    client.post("/look", data={"data": "full", "next": "/"})
    assert has_covers(client, headers=SAVES)
    client.post("/look", data={"data": "", "next": "/"})
    assert not has_covers(client, headers=SAVES)
