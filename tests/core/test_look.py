"""Theme and size of text: chosen without script or account, kept by the browser alone, and never anybody else's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.factories import PASSWORD, make_course, make_person

from guanxue.core.db import writing
from guanxue.core.web.look import CHOICES

BASE = Path(__file__).resolve().parents[2] / "static" / "base"


@pytest.fixture
def shop(bare_app):
    with bare_app.test_request_context(), writing():
        make_course("lathe", title="车床第一课")
        make_person("13800000001", "林小莲")
    return bare_app


def html_tag(client, path="/courses") -> str:
    return re.search("<html[^>]*>", client.get(path).get_data(as_text=True))[0]


def choose(client, headers=None, **form):
    return client.post("/look", data={"next": "/courses", **form}, headers=headers or {})


def test_a_visitor_chooses_dark_and_large_without_account_or_token(shop):
    client = shop.test_client()
    assert "data-theme" not in html_tag(client) and "data-size" not in html_tag(client)
    assert choose(client, theme="dark").headers["Location"] == "/courses"
    choose(client, size="large")
    assert 'data-theme="dark"' in html_tag(client) and 'data-size="large"' in html_tag(client)


def test_choosing_the_systems_look_takes_the_cookie_away(shop):
    client = shop.test_client()
    choose(client, theme="dark")
    choose(client, theme="")
    assert "data-theme" not in html_tag(client) and client.get_cookie("theme") is None


def test_whoever_chose_nothing_stays_without_cookies(shop):
    client = shop.test_client()
    for path in ("/", "/courses", "/towns", "/login"):
        assert "theme=" not in str(client.get(path).headers.getlist("Set-Cookie")), path
    assert "Set-Cookie" not in client.get("/courses").headers


def test_kept_pages_never_bear_anothers_look(shop):
    dark, plain, large = (shop.test_client() for _n in range(3))
    choose(dark, theme="dark")
    choose(large, size="large")
    for _twice in range(2):
        assert "data-size" not in html_tag(dark) and 'data-theme="dark"' in html_tag(dark)
        assert "data-theme" not in html_tag(plain) and "data-size" not in html_tag(plain)
        assert "data-theme" not in html_tag(large) and 'data-size="large"' in html_tag(large)


def test_invented_looks_are_the_systems(shop):
    client = shop.test_client()
    client.set_cookie("theme", 'x" onload="y')
    client.set_cookie("size", "huge")
    assert "data-" not in html_tag(client)
    assert "Set-Cookie" not in choose(client, theme="pink").headers or client.get_cookie("theme") is None


def test_another_site_cannot_choose_for_a_visitor(shop):
    client = shop.test_client()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert choose(client, headers, theme="dark").status_code == 403
    assert choose(client, {"Origin": "http://localhost"}, theme="dark").status_code == 303


def test_the_way_back_stays_on_this_site(shop):
    assert choose(shop.test_client(), theme="dark", next="//evil.example").headers["Location"] == "/"


def test_somebody_signed_in_needs_the_forms_token(shop):
    client = shop.test_client()
    token = re.search('name="csrf_token" value="([^"]+)"', client.get("/login").get_data(as_text=True))[1]
    client.post("/login", data={"phone": "13800000001", "password": PASSWORD, "csrf_token": token})
    assert choose(client, theme="dark").status_code == 403
    token = re.search('name="csrf_token" value="([^"]+)"', client.get("/courses").get_data(as_text=True))[1]
    assert choose(client, theme="dark", csrf_token=token).status_code == 303
    assert 'data-theme="dark"' in html_tag(client)


def test_every_choice_stands_in_the_foot_of_a_page(shop):
    page = shop.test_client().get("/").get_data(as_text=True)
    for name, choices in CHOICES.items():
        assert set(re.findall(f'<button name="{name}" value="([^"]*)"', page)) == set(choices)


def test_dark_is_the_same_whether_the_system_or_a_person_wants_it():
    text = (BASE / "tokens.css").read_text("utf-8")
    by_system = re.search(r":root:not\(\[data-theme=\"light\"\]\) \{(.*?)\}", text, re.DOTALL)[1]
    chosen = re.search(r":root\[data-theme=\"dark\"\] \{(.*?)\}", text, re.DOTALL)[1]
    tokens = [dict(re.findall(r"(--[\w-]+): ([^;]+);", block)) for block in (by_system, chosen)]
    assert tokens[0] == tokens[1] and len(tokens[0]) > 15


def luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_at_five_to_one_on_each_of_its_grounds(theme):
    text = (BASE / "tokens.css").read_text("utf-8")
    day, _at, night = text.partition("@media")
    token = dict(re.findall(r"(--[\w-]+): (#\w{6});", day if theme == "light" else night))
    pairs = [(ink, ground) for ink in ("ink", "muted", "sedge") for ground in ("paper", "card", "tint")]
    pairs += [("sedge-deep", "tint"), ("on-sedge", "sedge"), ("litchi", "card"), ("litchi", "paper"), ("litchi", "litchi-tint"),
              ("amber", "amber-tint"), ("ink", "amber-tint"), ("ink", "blue-tint"), ("ink", "litchi-tint")]
    for ink, ground in pairs:
        light, dark = sorted((luminance(token[f"--{ink}"]), luminance(token[f"--{ground}"])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 5, (ink, ground)
    light, dark = sorted((luminance(token["--edge"]), luminance(token["--card"])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3, "the edge of a field is seen"
