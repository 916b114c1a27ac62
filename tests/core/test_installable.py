"""Manifest, service worker and offline page: what they say and to whom."""

from __future__ import annotations

import json
import re
import struct

import pytest
from PIL import Image
from tests.clients import Browser
from tests.conftest import make_app
from tests.factories import make_course, make_person

from guanxue.config import ROOT
from guanxue.core.db import db, writing
from guanxue.core.web import installable


@pytest.fixture
def people(bare_app):
    """Two people and a course."""
    with bare_app.test_request_context(), writing():
        make_person("13800000001", "林小莲")
        make_person("13800000002", "许明")
        make_course()
    return bare_app


def shelf(browser, path="/courses") -> str | None:
    return browser.get(path).headers.get("X-Shelf")


def test_manifest_speaks_the_language_of_its_page(client):
    chinese, english = (json.loads(client.get(f"/manifest.webmanifest{q}").data) for q in ("", "?lang=en"))
    assert chinese["short_name"] == "莞学" and english["short_name"] == "Guanxue" and english["lang"] == "en"
    assert [s["name"] for s in chinese["shortcuts"]] == ["继续学习", "课程", "学分"]
    assert all(s["url"].startswith("/") for s in chinese["shortcuts"]) and chinese["scope"] == chinese["start_url"] == "/"
    client.set_cookie("lang", "en")
    assert 'href="/manifest.webmanifest?lang=en"' in client.get("/courses").get_data(as_text=True)


def test_icons_are_what_the_manifest_says(client):
    icons = json.loads(client.get("/manifest.webmanifest").data)["icons"]
    assert {i["purpose"] for i in icons} == {"any", "maskable"}
    for icon in icons:
        answer = client.get(icon["src"])
        assert answer.status_code == 200 and answer.mimetype == icon["type"] and len(answer.data) < 8_000
        if icon["type"] == "image/png":
            assert "{}x{}".format(*struct.unpack(">II", answer.data[16:24])) == icon["sizes"]


def test_what_a_round_mask_leaves_holds_the_whole_mark():
    picture = Image.open(ROOT / "static/base/maskable-512.png").convert("RGBA").convert("RGB")
    ground = picture.getpixel((0, 0))
    outside = [(x, y) for x in range(0, 512, 4) for y in range(0, 512, 4) if (x - 256) ** 2 + (y - 256) ** 2 > (0.4 * 512) ** 2]
    assert all(sum(abs(a - b) for a, b in zip(picture.getpixel(p), ground, strict=True)) < 12 for p in outside)


def test_worker_is_kept_by_no_cache_and_small(client):
    answer = client.get("/sw.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "no-store" and answer.mimetype == "text/javascript" and len(answer.data) < 6_000
    text = client.get("/sw.js").get_data(as_text=True)
    for address in re.findall(r'"(/(?:static|offline)[^"]*)"', text):
        assert client.get(address).status_code == 200, address
    assert '"zh-Hans"' in text and '"en"' in text


def test_another_offline_page_or_file_makes_another_worker(client, monkeypatch):
    version = lambda: re.search(r'VERSION = "(\w+)"', client.get("/sw.js").get_data(as_text=True))[1]
    first = version()
    assert version() == first
    monkeypatch.setattr(installable, "MADE_OF", installable.MADE_OF[1:])
    second = version()
    monkeypatch.setattr(installable, "FILES", installable.FILES[1:])
    assert len({first, second, version()}) == 3


def test_kill_switch_sends_the_worker_that_ends_itself(site):
    app = make_app(site, service_worker=False)
    client = app.test_client()
    text = client.get("/sw.js").get_data(as_text=True)
    assert "unregister" in text and "VERSION" not in text
    assert "data-worker" not in client.get("/courses").get_data(as_text=True)
    with app.app_context():
        db.engine.dispose()


def test_a_page_says_whose_it_is_and_a_visitors_says_nothing(people):
    one, other, again, visitor = Browser(people, "13800000001"), Browser(people, "13800000002"), Browser(people, "13800000001"), Browser(people)
    for _round in range(3):  # kept pages, too
        found = [shelf(b) for b in (one, other, again)]
        assert len(set(found)) == 3 and all(re.fullmatch("[0-9a-f]{24}", s) for s in found)
        assert found == [shelf(b, "/me") for b in (one, other, again)] and found[0] == shelf(one, "/courses/safe-measuring")
        assert shelf(visitor) is None and shelf(visitor, "/courses/safe-measuring") is None
    assert "X-Shelf" not in one.client.get("/api/v1/courses").headers


def test_offline_page_names_nobody(people):
    browser = Browser(people, "13800000001")
    page = browser.see("/offline")
    assert "林小莲" not in page and "没有网络" in page
    assert "No network" in browser.see("/offline?lang=en") and "没有网络" in browser.see("/offline?lang=xx")


@pytest.mark.parametrize("path", ["/login", "/login/code/enter", "/login/second-factor", "/logout", "/register", "/forgot/password",
                                  "/me/settings/leave"])
def test_every_form_after_which_somebody_else_may_sit_here_empties_the_shelf(client, path):
    """Also in browsers that do not know Clear-Site-Data."""
    changes_who = re.search(r"CHANGES_WHO = /(.+?)/;", client.get("/sw.js").get_data(as_text=True))[1].replace("\\/", "/")
    assert re.search(changes_who, path) and not re.search(changes_who, "/me/settings/display")
