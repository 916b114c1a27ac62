"""A simulated city studies through the services, at past times, and its credits are explained by its evidence."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from tests.factories import make_course
from tests.tracks.test_service import TOWNS

from guanxue import accounts, creditbank, ledger, simulation, tracks
from guanxue.accounts import Person
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.ledger import Entry


@pytest.fixture
def city(bare_app):
    """Two towns, a track of a course worth some thousandths."""
    with bare_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, TOWNS)
        make_course(videos_ms=(120_000, 180_000), texts=1)
        for town in ("humen", "dalang"):
            track = tracks.create_track(SYSTEM, town_slug=town, title="模拟路线")
            stage = tracks.add_stage(SYSTEM, track, "入门")
            tracks.add_course(SYSTEM, track, stage.id, "safe-measuring")
            tracks.publish_track(SYSTEM, track)
    return bare_app


def test_a_simulated_city_earns_what_its_evidence_explains_in_the_order_of_time(city):
    with city.test_request_context():
        assert simulation.load_city(12) == 12
        completions, differences = creditbank.recompute()
        assert completions > 2 and differences == []
        assert ledger.verify().is_sound
        times = list(session.scalars(select(Entry.posted_at).order_by(Entry.number)))
        assert times == sorted(times) and times[-1] < clock.now().isoformat()
        assert session.scalar(select(func.count()).select_from(Person).where(Person.is_demo)) == 12
        joined = tracks.count_members(t.id for t in tracks.list_tracks(SYSTEM))
        assert sum(n for n, _done in joined.values()) == 12 and sum(done for _n, done in joined.values()) == completions


def test_asking_again_adds_only_who_is_missing(city):
    with city.test_request_context():
        simulation.load_city(3)
        before = ledger.verify().entries
        assert simulation.load_city(3) == 0 and ledger.verify().entries == before
        assert simulation.load_city(5) == 2

