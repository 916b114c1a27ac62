"""Towns, tracks and the curator's bench as pages and over the API."""

from __future__ import annotations

import re

import pytest
from tests.clients import Browser
from tests.factories import bearer, make_course, make_person
from tests.tracks.test_service import TOWNS, make_track

from guanxue import accounts, tracks
from guanxue.core import generation
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing


@pytest.fixture
def town(bare_app):
    """The app with two towns, a curator of Humen, a learner and a published track of two courses."""
    with bare_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, TOWNS)
        make_course("one", title="第一门课")
        make_course("two", title="第二门课", videos_ms=(90_000,))
        curator = make_person("13800000003", "黄主任", "curator", "humen")
        make_person("13800000009", "李主任", "curator", "dalang")
        make_person()
        track = make_track(curator, "one", "two")
        track.slug = "humen-t1"
        tracks.publish_track(curator, track)
    return bare_app


def test_towns_are_on_the_map_and_in_the_list_with_what_can_be_studied(town):
    text = Browser(town).see("/towns")
    assert text.count("/towns/humen") == 2 and "1 条能学" in text and "大朗镇" in text


def test_a_town_shows_its_published_tracks_and_nothing_of_drafts(town):
    with town.test_request_context(), writing():
        make_track(make_person("13800000004", "周主任", "curator", "humen"), title="还没发布的路线")
    assert "服装路线" in Browser(town).see("/towns/humen")
    assert "还没发布的路线" not in Browser(town).see("/towns/humen")
    assert "还没发布的路线" not in Browser(town, "13800000003").see("/towns/humen")
    assert "还没发布的路线" in Browser(town, "13800000003").see("/curate?town=humen")


def test_unknown_towns_and_tracks_are_not_found(town):
    for path in ("/towns/atlantis", "/tracks/atlantis", "/curate/atlantis"):
        status = 404 if path != "/curate/atlantis" else 303
        assert town.test_client().get(path).status_code == status
    Browser(town, "13800000003").see("/curate/atlantis", 404)


def test_a_learner_joins_sees_what_comes_next_and_leaves(town):
    who = Browser(town, "13800000001")
    assert "加入这条路线" in who.see("/tracks/humen-t1")
    who.send("/tracks/humen-t1/join")
    text = who.see("/tracks/humen-t1")
    assert "必修 0 / 2 门学完" in text and "去学：第一门课" in text
    assert "服装路线" in who.see("/me")
    assert "1 人加入" in Browser(town).see("/towns/humen")
    who.send("/tracks/humen-t1/leave")
    assert "加入这条路线" in who.see("/tracks/humen-t1")


def test_a_visitor_is_led_to_registration_and_back(town):
    text = Browser(town).see("/tracks/humen-t1")
    assert "/register?next=/tracks/humen-t1" in text and "csrf_token" not in text


def test_another_towns_curator_finds_no_bench_here(town):
    other = Browser(town, "13800000009")
    other.see("/curate/humen-t1", 404)
    other.send("/curate/humen-t1/publish", 404, do="withdraw")
    Browser(town, "13800000001").see("/curate", 403)


def test_a_curator_builds_a_track_on_the_bench(town):
    who = Browser(town, "13800000003")
    who.see("/curate/new")
    assert "没有这个镇街" in who.send("/curate/new", 422, title="缝纫入门", town="atlantis").text
    who.send("/curate/new", 403, title="缝纫入门", town="dalang")
    answer = who.send("/curate/new", title="缝纫入门", town="humen", summary="新工人先学这些。")
    bench = answer.headers["Location"]
    slug = bench.rsplit("/", 1)[1]
    stage = re.search(r"/stages/(\d+)\"", who.see(bench))[1]
    assert "第一门课" in who.see(f"{bench}?stage={stage}")
    who.send(f"{bench}/publish", 422, do="publish")
    who.send(f"{bench}/stages/{stage}/courses", course="one")
    who.send(f"{bench}/stages/{stage}/courses", 409, course="one")
    who.send(f"{bench}/stages/{stage}/courses", 404, course="atlantis")
    who.send(f"{bench}/facts", title="缝纫入门", summary="", industry="", target_headcount="120", target_by="2026-12-31")
    assert "120" in who.see(bench) and "2026-12-31" in who.see(bench)
    for wrong in ({"target_headcount": "-3"}, {"target_headcount": "很多"}, {"target_by": "明年"}, {"title": ""}):
        who.send(f"{bench}/facts", 422, **{"title": "缝纫入门", "summary": "", "industry": "", **wrong})
    who.send(f"{bench}/publish", do="publish")
    assert "目标：120 人学完" in Browser(town).see(f"/tracks/{slug}")
    who.send(f"{bench}/publish", do="withdraw")
    assert town.test_client().get(f"/tracks/{slug}").status_code == 404


def test_a_change_of_a_track_is_seen_at_once_by_signed_out_visitors(town):
    before = Browser(town).see("/tracks/humen-t1")
    who = Browser(town, "13800000003")
    who.send("/curate/humen-t1/facts", title="改了名的路线", summary="", industry="")
    after = Browser(town).see("/tracks/humen-t1")
    assert "改了名的路线" not in before and "改了名的路线" in after
    with town.app_context():
        assert generation.current("tracks") > 0


def test_towns_and_tracks_over_the_api(town):
    client = town.test_client()
    listed = client.get("/api/v1/towns").get_json()
    assert listed["total"] == 2 == len(listed["items"])
    humen = next(t for t in listed["items"] if t["slug"] == "humen")
    assert humen["tracks"] == [{"slug": "humen-t1", "title": "服装路线", "status": "open"}]
    told = client.get("/api/v1/tracks/humen-t1").get_json()
    assert [c["slug"] for s in told["stages"] for c in s["courses"]] == ["one", "two"] and "membership" not in told
    assert client.put("/api/v1/tracks/humen-t1/membership", json={}).status_code == 401
    headers = bearer(client)
    joined = client.put("/api/v1/tracks/humen-t1/membership", headers=headers, json={})
    assert joined.status_code == 200 and joined.get_json()["required"] == 2 and joined.get_json()["next_course"] == "one"
    told = client.get("/api/v1/tracks/humen-t1", headers=headers).get_json()
    assert told["joined"] == 1 and told["membership"]["progress"] == 0
    assert client.delete("/api/v1/tracks/humen-t1/membership", headers=headers).status_code == 204
    assert client.get("/api/v1/tracks/humen-t1", headers=headers).get_json()["membership"] is None
    assert client.get("/api/v1/tracks/atlantis").status_code == 404


def test_home_shows_the_persons_town_with_its_tracks(town):
    who = Browser(town, "13800000001")
    assert "服装路线" not in who.see("/")
    who.send("/towns/humen/mine")
    assert "我的镇街" in who.see("/towns/humen") and "服装路线" in who.see("/")
    who.send("/towns/atlantis/mine", 404)
    assert "服装路线" not in Browser(town).see("/")
