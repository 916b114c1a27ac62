"""Large text on the narrowest phone: every page keeps to its width, and what can be tapped can be reached."""

from __future__ import annotations

import pytest
from tests.journeys.site import CURATOR, INSTRUCTOR, REVIEWER, SLUG

from guanxue.config import DEMO_PASSWORD

NARROW = {"width": 320, "height": 640}
OPEN = ["/", "/courses", "/courses?q=zzzz", f"/courses/{SLUG}", "/courses/ce-001", "/towns", "/towns/humen", "/tracks/humen-t1",
        "/verify", "/login", "/register", "/help", "/styleguide", "/nothing-here", "/api/docs"]
OWN = ["/", "/me", "/me/credits", "/me/certificates", "/me/settings"]
WIDER = """[...document.querySelectorAll("main *, footer *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1
           && getComputedStyle(e).position !== "absolute").map(e => e.tagName + "." + e.className).slice(0, 3)"""


@pytest.fixture
def narrow(open_page, whole_site):
    """narrow(theme) opens a page 320 px wide that has large text."""

    def opened(theme="light"):
        page = open_page(NARROW, color_scheme=theme)
        page.context.add_cookies([{"name": "size", "value": "large", "url": whole_site.address}])
        return page

    return opened


def wider(page, site, paths) -> dict[str, list[str]]:
    """Which of these pages are wider than the phone, and what sticks out."""
    found = {}
    for path in paths:
        page.goto(site.address + path)
        assert page.evaluate("document.documentElement.dataset.size") == "large", path
        if page.evaluate("document.documentElement.scrollWidth") > NARROW["width"]:
            found[path] = page.evaluate(WIDER)
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_open_page_with_large_text_is_wider_than_the_narrowest_phone(narrow, whole_site, theme):
    assert wider(narrow(theme), whole_site, OPEN) == {}


@pytest.mark.parametrize(("phone", "paths"), [
    (INSTRUCTOR, [*OWN, "/teach", "/teach/new"]), (CURATOR, ["/curate", "/curate/new", "/curate/humen-t1"]),
    (REVIEWER, ["/oversight/reviews", "/oversight/reports"]),
], ids=["instructor", "curator", "reviewer"])
def test_no_page_of_staff_with_large_text_is_wider_than_the_narrowest_phone(narrow, whole_site, phone, paths):
    page = narrow()
    page.goto(whole_site.address + "/login")
    page.locator("[name=phone]").fill(phone)
    page.locator("[name=password]").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.wait_for_url("**/me")
    assert wider(page, whole_site, paths) == {}


def test_the_look_is_chosen_in_the_foot_without_scripts(open_page, whole_site):
    page = open_page(NARROW, java_script_enabled=False)
    page.goto(whole_site.address + "/towns")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("footer summary").click()
    page.get_by_role("button", name="深色").click()
    page.wait_for_url("**/towns")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != paper
    assert page.context.cookies(whole_site.address)[0]["name"] == "theme"
