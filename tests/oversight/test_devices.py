"""One device for many, night by night: a farm that grows is found as a whole, a training room is never one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from tests.factories import attend, make_class, make_person

from guanxue import classes, oversight
from guanxue.core import clock
from guanxue.core.actor import Actor, Where
from guanxue.core.db import begin_writing, end_work, session
from guanxue.oversight import queries
from guanxue.oversight.hashing import device_hash, network_hash
from guanxue.oversight.models import Finding, Sighting
from guanxue.oversight.routes.words import sentence

DAY = 86_400
TABLET = Where("tablet", "10.1.0.0/24")


@pytest.fixture
def people(any_app):
    """Twenty people; a writing transaction open, on both databases."""
    with any_app.test_request_context():
        begin_writing()
        yield [make_person(f"1370000{n:04}", f"人{n}") for n in range(20)]
        end_work(commit=False)


@pytest.fixture
def officer(people) -> Actor:
    person = make_person("13800000005", "许明", "inspector")
    return Actor("person", person.id, person.name, frozenset({"inspect"}), where=TABLET)


def study(people, where=TABLET) -> None:
    session.add_all(Sighting(person_id=p.id, ref=f"playback:{p.id}", device=device_hash(where),
                             network=network_hash(where.network), at=clock.now()) for p in people)
    session.flush()


def night() -> list[Finding]:
    return oversight.look(clock.now() - timedelta(days=3), clock.now())


def named() -> list[int]:
    found = oversight.people_of(session.scalars(select(Finding.id)))
    return sorted(p for ids in found.values() for p in ids)


def test_a_farm_that_grows_over_nights_is_found_as_a_whole(people):
    sizes = []
    for day, until in enumerate((3, 4, 9, 9, 20)):
        with clock.advance(day * DAY + 3600 * day):
            study(people[:until])
        with clock.advance(day * DAY + 3600 * day + 60):
            sizes.append([(f.facts["people"], f.facts["new"]) for f in night()])
    assert sizes == [[], [(4, 4)], [(9, 5)], [], [(20, 11)]] and named() == sorted(p.id for p in people)
    told = sentence(session.scalars(select(Finding).order_by(Finding.id.desc())).first())
    assert "20 个账号" in told and "新发现的 11 个" in told


def test_the_same_people_are_named_again_only_after_a_month(people):
    for day, count in ((0, 1), (20, 0), (29, 0), (62, 1)):
        with clock.advance(day * DAY):
            study(people[:4])
        with clock.advance(day * DAY + 60):
            assert len(night()) == count, day


def test_who_studied_in_a_room_is_not_accused_when_it_closes_or_loses_a_tablet(people, officer):
    room = oversight.open_room(officer, name="3 号机房")
    mark = oversight.mark_device(officer, room.id)
    with clock.advance(3600):
        study(people[:8])
    with clock.advance(2 * DAY):
        oversight.remove_mark(officer, room.id, mark.id)
        assert night() == []
        oversight.close_room(officer, room.id)
        assert night() == []
    with clock.advance(3 * DAY):
        study(people[8:16])
    with clock.advance(3 * DAY + 60):
        (found,) = night()
        assert oversight.people_of([found.id])[found.id] == [p.id for p in people[8:16]]


def test_a_room_that_is_registered_late_covers_a_week_before_and_no_more(people, officer):
    with clock.advance(-8 * DAY):
        study(people[:4])
    with clock.advance(-5 * DAY):
        study(people[4:12])
    oversight.mark_network(officer, oversight.open_room(officer, name="3 号机房").id)
    with clock.advance(60):
        (found,) = night()
        assert oversight.people_of([found.id])[found.id] == [p.id for p in people[:4]]


def test_who_goes_out_and_comes_back_is_in_class_for_as_long_as_for_the_hours(people):
    teacher, one = make_person("13800000002", "陈师傅", "instructor"), people[0]
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting, since_s=0, until_s=3_600)
    attend(one, cls, meeting, since_s=7_200, until_s=10_800)
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        stays = queries.list_sat(0, clock.now_ms(), queries.Owners())
        standing = classes.standing_of(cls, classes.find_place(one, cls))
        assert [s.to_ms - s.from_ms for s in stays] == [3_600_000, 3_600_000]
        assert sum(s.to_ms - s.from_ms for s in stays) == standing.attended_ms
