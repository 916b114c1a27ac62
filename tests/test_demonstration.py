"""What is loaded into a fresh site, demonstration or production, and loading it again."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.conftest import make_app, make_settings

from guanxue import accounts, courses, demonstration, media, tracks
from guanxue.app import create_app
from guanxue.config import ROOT, UnsafeSettings
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.db import Model, db, session, writing
from guanxue.core.errors import Invalid
from guanxue.jobs.models import Job
from guanxue.media.models import Asset
from guanxue.media.service import fail_asset


@pytest.fixture
def shipped(tmp_path) -> Path:
    """The shipped catalogue with one of its courses, so that loading is quick."""
    folder = tmp_path / "courses"
    shutil.copytree(ROOT / "courses" / "catalogue", folder / "catalogue")
    shutil.copytree(ROOT / "courses" / "cpr-first-aid", folder / "cpr-first-aid")
    shutil.copy(ROOT / "courses" / "synonyms.csv", folder)
    return folder


@pytest.fixture
def filled(site, shipped):
    """A site with the demonstration loaded."""
    app = make_app(site, courses_dir=shipped)
    with app.test_request_context():
        demonstration.load(SYSTEM, say=lambda line: None)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def counts() -> dict[str, int]:
    """Rows by table, sessions and generations left out."""
    passed_over = {"core_generation"}
    return {t.name: session.scalar(select(func.count()).select_from(t)) for t in Model.metadata.sorted_tables if t.name not in passed_over}


def test_everything_shipped_is_there_once_however_often_it_is_loaded(filled):
    with filled.test_request_context():
        before = counts()
        assert len(accounts.list_towns()) == 36
        assert before["tracks_track"] == 88 and before["courses_course"] == 1201 and before["accounts_person"] == 11
        demonstration.load(SYSTEM, say=lambda line: None)
        assert counts() == before


def test_every_town_has_a_published_track_and_a_place_of_its_own_on_the_map(filled):
    with filled.test_request_context():
        towns = accounts.list_towns()
        assert len({(t.map_column, t.map_row) for t in towns}) == 36
        having = {t.town_id for t in tracks.list_tracks(ANONYMOUS)}
        assert {t.id for t in towns} == having


def test_a_course_that_was_being_loaded_when_the_start_broke_off_goes_on(filled):
    with filled.test_request_context():
        course = courses.get_course("cpr-first-aid", SYSTEM)
        assert [x.kind for x in courses.lessons_of(course.revision_id)] == ["video"] * 6 + ["text"] * 2 + ["quiz"]
        assert session.scalar(select(func.count()).select_from(Job).where(Job.name == "media.make")) == 6


def test_a_narration_that_failed_is_asked_for_again_at_the_next_start(filled):
    with filled.test_request_context():
        with writing():
            asset = session.scalar(select(Asset).limit(1))
            session.query(Job).filter(Job.name == "media.make").delete()
            fail_asset(asset.id, "磁盘满了")
        demonstration.load(SYSTEM, say=lambda line: None)
        assert media.get_asset(asset.id).state == "waiting"
        assert [j.payload for j in session.scalars(select(Job).where(Job.name == "media.make"))] == [{"asset_id": asset.id}]


@pytest.fixture
def production(site, shipped):
    """Settings of a production site on a prepared database."""
    return replace(make_settings(site), env="production", base_url="https://learn.example.cn", courses_dir=shipped)


def test_a_production_site_can_load_the_catalogue_and_gets_nobody(production):
    app = create_app(production)
    with app.test_request_context():
        demonstration.load_catalogue(SYSTEM, say=lambda line: None)
        assert len(accounts.list_towns()) == 36 and not accounts.has_demo_people()
        db.session.remove()
        db.engine.dispose()


def test_production_does_not_start_over_demonstration_people(filled, production):
    with pytest.raises(UnsafeSettings, match="演示账号"):
        create_app(production)


def test_a_further_language_is_a_folder_without_code(site, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(ROOT / "templates", root / "templates")
    shutil.copytree(ROOT / "static", root / "static")
    folder = root / "translations" / "zh_Hant" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n', "utf-8")
    app = make_app(site, root=root)
    client = app.test_client()
    text = client.get("/login").text
    assert "繁體中文" in text or "中文 (繁體)" in text
    token = re.search(r'name="csrf_token" value="([^"]+)"', text)[1]
    answer = client.post("/language", data={"lang": "zh_Hant", "csrf_token": token})
    assert "lang=zh_Hant" in answer.headers["Set-Cookie"]
    assert 'lang="zh-Hant"' in client.get("/login").text
    assert "lang=" not in client.post("/language", data={"lang": "xx", "csrf_token": token}).headers.get("Set-Cookie", "")


@pytest.mark.parametrize(("town", "order"), [
    ("", ["mould-assembly-tryout", "dalang-flat-knitting", "cpr-first-aid"]),
    ("dalang", ["dalang-flat-knitting", "cpr-first-aid", "mould-assembly-tryout"]),
    ("hengli", ["mould-assembly-tryout", "cpr-first-aid", "dalang-flat-knitting"])])
def test_the_courses_of_a_chosen_town_come_first(site, shipped, town, order):
    for name in order:
        shutil.copytree(ROOT / "courses" / name, shipped / name, dirs_exist_ok=True)
    app = make_app(site, courses_dir=shipped, town=town)
    with app.test_request_context():
        found = [p.name for p in demonstration.course_folders()]
    assert found == order if town else sorted(found) == sorted(order)


def test_a_town_that_there_is_not_is_named(site, shipped):
    app = make_app(site, courses_dir=shipped, town="guangzhou")
    with app.test_request_context(), pytest.raises(Invalid, match="guangzhou"):
        demonstration.course_folders()
