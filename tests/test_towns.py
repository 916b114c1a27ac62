"""Every town can be walked today: its learner signs up, joins its first track, and begins its own course."""

from __future__ import annotations

import csv
import re
from html import unescape

import pytest
from tests.clients import Browser, place
from tests.conftest import make_app, prepare
from tests.factories import PASSWORD

from guanxue import demonstration
from guanxue.config import ROOT
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db
from guanxue.core.web import throttle

with (ROOT / "courses" / "catalogue" / "tracks.csv").open(encoding="utf-8") as file:
    FIRST = [row for row in csv.DictReader(file) if row["first_courses"]]


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """The whole demonstration; nobody waits to sign up."""
    folder = tmp_path_factory.mktemp("city")
    app = make_app(folder)
    prepare(app)
    with app.test_request_context():
        demonstration.load(SYSTEM, say=lambda _line: None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttle.Throttle, "check", lambda self, key: None)
        yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_each_town_has_a_first_track_of_its_own_course():
    assert len({row["town_id"] for row in FIRST}) == len(FIRST) == 36
    assert len({row["first_courses"].split(";")[0] for row in FIRST}) == 36


@pytest.mark.parametrize("row", FIRST, ids=[row["town_id"] for row in FIRST])
def test_a_learner_of_any_town_starts_its_first_lesson(city, row):
    own, *more = row["first_courses"].split(";")
    browser = Browser(city)
    browser.see("/register")
    number = 13700000000 + FIRST.index(row)
    assert place(browser.send("/register", phone=str(number), name="新学员", password=PASSWORD, terms="1", next=f"/towns/{row['town_id']}"))
    assert f"/tracks/{row['track_id']}" in browser.see(f"/towns/{row['town_id']}")
    track = browser.see(f"/tracks/{row['track_id']}")
    stage = track[track.index("起步"):]
    positions = [stage.index(f"/courses/{slug}\"") for slug in (own, *more)]
    assert positions == sorted(positions), "its own course first, then what fits everybody"
    browser.send(f"/tracks/{row['track_id']}/join")
    browser.see(f"/courses/{own}")
    lesson = place(browser.send(f"/courses/{own}/enrol"))
    assert re.fullmatch(rf"/learn/{own}/01-[a-z0-9-]+", lesson), lesson
    first = (ROOT / "courses" / own / "lessons" / f"{lesson.rsplit('/', 1)[1]}.md").read_text("utf-8").split("\n")[0].lstrip("# ")
    assert first in unescape(browser.see(lesson))
