"""What each kind of page costs a small phone, with 1,200 courses behind it: bytes, requests, script, shifts.

These do not depend on the machine. Times do: bench/ prints them.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request

import pytest
from bench.visits import PHONE, Phone, Visit
from tests.journeys import site as sites
from tests.journeys.site import SLUG, VIDEO

from guanxue.config import DEMO_PASSWORD

# Bytes and requests before pictures, script's bytes, bytes of the visit after; a lesson brings the player beside.
PAGE, LESSON = (60_000, 8, 15_000, 8_000), (200_000, 12, 40_000, 8_000)
MOST_SHIFT = 0.02
LEARNER = "13900000001"
FOR_ALL = {"home": "/", "catalogue": "/courses", "course": f"/courses/{SLUG}", "search": "/courses?q=数控",
           "town": "/towns/humen", "track": ""}
VISITORS = {**FOR_ALL, "login": "/login"}
PEOPLE = {**FOR_ALL, "lesson": f"/learn/{SLUG}/{VIDEO}", "credits": "/me/credits"}


@pytest.fixture(scope="module")
def addresses(whole_site):
    """The site's address, and a track's path."""
    with urllib.request.urlopen(f"{whole_site.address}/towns/humen", timeout=10) as answer:
        track = "/tracks/" + answer.read().decode().split('href="/tracks/')[1].split('"')[0]
    return lambda path: whole_site.address + urllib.parse.quote(path or track, safe="/?=&%")


@pytest.fixture(scope="module")
def signed_in(whole_site, browser):
    """What a browser keeps of the demonstration's learner, who is in the short course."""
    call(whole_site, "PUT", f"/courses/{SLUG}/enrolment", bearer=call(whole_site, "POST", "/session", {
        "phone": LEARNER, "password": DEMO_PASSWORD})["token"])
    context = browser.new_context()
    sites.sign_in(context.new_page(), whole_site, LEARNER)
    kept = context.storage_state()
    context.close()
    return kept


def call(site, method: str, path: str, document: dict | None = None, bearer: str = "") -> dict:
    """One call of the API."""
    request = urllib.request.Request(f"{site.address}/api/v1{path}", json.dumps(document or {}).encode(), method=method, headers={
        "Content-Type": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"{}")


def measured(browser, url: str, kept: dict | None, *, with_pictures: bool) -> list:
    """The visits of a phone that comes for the first time and, with pictures, once more."""
    context = browser.new_context(**PHONE, storage_state=kept)
    if not with_pictures:
        context.route("**/*", lambda route: route.abort() if route.request.resource_type == "image" else route.fallback())
    phone = Phone(context)
    try:
        return list(phone.look_twice(url, settled_s=0.15)) if with_pictures else [phone.look(url, settled_s=0.15)]
    finally:
        context.close()


def over(kind: str, visits: list) -> list[str]:
    """What is over its budget."""
    most_bytes, most_requests, most_script, most_again = LESSON if kind == "lesson" else PAGE
    first, *again = visits
    found = [("bytes before pictures", first.bytes_before_pictures, most_bytes),
             ("requests before pictures", first.requests_before_pictures, most_requests),
             ("bytes of script", first.bytes.get("Script", 0), most_script), ("shift", round(first.shift, 3), MOST_SHIFT),
             *[("bytes of the visit after", sum(v.bytes.values()) - v.bytes.get("Media", 0), most_again) for v in again]]
    return [f"{what}: {value} > {most}" for what, value, most in found if value > most]


@pytest.mark.parametrize(("visit", "kind"), [
    (Visit({"Document": 60_001}), "home"), (Visit({"Script": 15_001}), "home"), (Visit(requests={"Fetch": 9}), "home"),
    (Visit(shift=0.021), "lesson"), (Visit({"Stylesheet": 200_001}), "lesson")])
def test_what_is_over_its_budget_is_named(visit, kind):
    assert over(kind, [visit])
    assert over(kind, [Visit(), Visit({"Document": 8_001})]) and not over(kind, [Visit({"Image": 500_000, "Media": 500_000}), Visit()])


@pytest.mark.parametrize(("kind", "path"), VISITORS.items())
def test_a_page_stays_within_its_budget_for_visitors(browser, addresses, kind, path):
    for with_pictures in (True, False):
        assert not over(kind, measured(browser, addresses(path), None, with_pictures=with_pictures)), with_pictures


@pytest.mark.parametrize(("kind", "path"), PEOPLE.items())
def test_a_page_stays_within_its_budget_for_somebody_signed_in(browser, addresses, signed_in, kind, path):
    for with_pictures in (True, False):
        assert not over(kind, measured(browser, addresses(path), signed_in, with_pictures=with_pictures)), with_pictures


def test_the_players_script_waits_for_the_first_paint_and_comes_only_where_it_is_needed(browser, addresses, signed_in):
    visit, = measured(browser, addresses(PEOPLE["lesson"]), signed_in, with_pictures=False)
    early = {name: at for name, at in visit.scripts.items() if "hls" in name and at < visit.fcp}
    assert visit.fcp > 0 and not early
