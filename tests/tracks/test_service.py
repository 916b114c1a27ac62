"""A curator's track from draft to a learner who finished it, on both databases."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select, text
from tests.factories import learner, make_course, make_person

from guanxue import accounts, courses, jobs, learning, tracks
from guanxue.audit.models import AuditLine
from guanxue.core import events
from guanxue.core.actor import ANONYMOUS, SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid, Unauthenticated
from guanxue.learning.models import Completion
from guanxue.tracks.models import Finish

TOWNS = [{"town_id": slug, "name_zh": name, "short_zh": name[:2], "name_en": slug, "kind": "镇", "division_code": "", "industries_zh": "服装",
          "industries_en": "garments", "map_column": "1", "map_row": "2"} for slug, name in (("humen", "虎门镇"), ("dalang", "大朗镇"))]


@pytest.fixture
def town(any_db):
    """Two towns, a curator of the first, two courses; inside a writing transaction."""
    accounts.load_towns(SYSTEM, TOWNS)
    make_course("one", title="第一门课")
    make_course("two", title="第二门课", videos_ms=(90_000,))
    return make_person("13800000003", "黄主任", "curator", "humen")


def make_track(curator, *slugs, title="服装路线"):
    track = tracks.create_track(curator, town_slug="humen", title=title)
    stage = tracks.add_stage(curator, track, "入门")
    for slug in slugs:
        tracks.add_course(curator, track, stage.id, slug)
    return track


def complete(person, slug):
    """A completion as the learning room writes it, and its event."""
    course = courses.get_course(slug, SYSTEM)
    enrolment = learning.enrol(person, course)
    row = Completion(enrolment_id=enrolment.id, person_id=person.id, course_id=course.id, revision_id=enrolment.revision_id,
                     policy_id=enrolment.policy_id, content_ms=1, evidence={"playbacks": [], "attempts": []}, evidence_digest="x",
                     completed_at=enrolment.enrolled_at)
    session.add(row)
    session.flush()
    events.emit(learning.CourseCompleted(row.id, enrolment.id, person.id, course.id, enrolment.revision_id, enrolment.policy_id, 1, "x"))


def test_a_draft_is_seen_by_its_curator_alone_until_it_is_published(town):
    track = make_track(town, "one")
    assert tracks.get_track(track.slug, town).id == track.id
    with pytest.raises(tracks.NoSuchTrack):
        tracks.get_track(track.slug, ANONYMOUS)
    tracks.publish_track(town, track)
    assert tracks.get_track(track.slug, ANONYMOUS).id == track.id
    tracks.withdraw_track(town, track)
    with pytest.raises(tracks.NoSuchTrack):
        tracks.get_track(track.slug, learner())


def test_a_curator_changes_only_the_own_town(town):
    with pytest.raises(Forbidden):
        tracks.create_track(town, town_slug="dalang", title="别镇路线")
    track = make_track(town, "one")
    other = make_person("13800000009", "李主任", "curator", "dalang")
    for change in (lambda: tracks.add_stage(other, track, "x"), lambda: tracks.publish_track(other, track),
                   lambda: tracks.edit_track(other, track, title="改名", summary="", industry="")):
        with pytest.raises(Forbidden):
            change()
    with pytest.raises(Unauthenticated):
        tracks.add_stage(ANONYMOUS, track, "x")


def test_an_empty_track_is_not_published_and_every_reason_is_named(town):
    track = tracks.create_track(town, town_slug="humen", title="空路线")
    with pytest.raises(Invalid):
        tracks.publish_track(town, track)
    tracks.add_stage(town, track, "入门")
    tracks.add_stage(town, track, "提高")
    with pytest.raises(Invalid) as problem:
        tracks.publish_track(town, track)
    assert len(problem.value.fields) == 3 and track.state == "draft"


def test_a_course_stands_in_a_track_once(town):
    track = make_track(town, "one")
    stage = tracks.add_stage(town, track, "提高")
    with pytest.raises(tracks.AlreadyInTrack):
        tracks.add_course(town, track, stage.id, "one")
    with pytest.raises(courses.NoSuchCourse):
        tracks.add_course(town, track, stage.id, "no-such-course")


def order(track):
    return [[c.course_id for c in v.courses] for v in tracks.list_stages([track.id])[track.id]]


def test_courses_and_stages_move_also_across_stages(town):
    track = make_track(town, "one", "two")
    first, second = (courses.get_course(s, SYSTEM).id for s in ("one", "two"))
    rows = tracks.list_stages([track.id])[track.id][0].courses
    tracks.move_course(town, track, rows[0].id, 1)
    assert order(track) == [[second, first]]
    later = tracks.add_stage(town, track, "提高")
    tracks.move_course(town, track, rows[0].id, 1)
    assert order(track) == [[second], [first]]
    tracks.move_course(town, track, rows[0].id, 1)  # nothing behind the last one
    assert order(track) == [[second], [first]]
    tracks.move_stage(town, track, later.id, -1)
    assert order(track) == [[first], [second]]
    tracks.move_course(town, track, rows[1].id, -1)
    assert order(track) == [[first, second], []]
    tracks.remove_course(town, track, rows[0].id)
    tracks.remove_stage(town, track, later.id)
    assert order(track) == [[]]


def test_joining_twice_is_once_and_leaving_keeps_the_finish(town):
    track = make_track(town, "one")
    who = make_person()
    with pytest.raises(tracks.NotPublished):
        tracks.join_track(who, track)
    tracks.publish_track(town, track)
    tracks.join_track(who, track)
    tracks.join_track(who, track)
    assert tracks.count_members([track.id]) == {track.id: (1, 0)}
    complete(who, "one")
    assert tracks.count_members([track.id]) == {track.id: (1, 1)}
    tracks.leave_track(who, track)
    tracks.leave_track(who, track)
    assert tracks.count_members([track.id]) == {track.id: (0, 1)}


def test_a_finish_needs_every_required_course_and_is_written_once(town):
    track = make_track(town, "one", "two")
    tracks.publish_track(town, track)
    who = make_person()
    tracks.join_track(who, track)
    complete(who, "one")
    assert tracks.find_finish(track.id, who.id) is None
    complete(who, "two")
    finish = tracks.find_finish(track.id, who.id)
    assert set(finish.evidence) == {"one", "two"}
    tracks.settle_person(track.id, who.id)
    assert session.scalar(select(func.count()).select_from(Finish)) == 1
    assert session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == "tracks.track.finished")) == 1


def test_who_had_learned_it_all_before_finishes_by_joining(town):
    track = make_track(town, "one")
    tracks.publish_track(town, track)
    who = make_person()
    complete(who, "one")
    assert tracks.find_finish(track.id, who.id) is None
    tracks.join_track(who, track)
    assert tracks.find_finish(track.id, who.id) is not None


def test_an_easier_track_finishes_its_members_and_a_harder_one_takes_nothing_back(any_app):
    with any_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, TOWNS)
        make_course("one", title="第一门课")
        make_course("two", title="第二门课", videos_ms=(90_000,))
        curator = make_person("13800000003", "黄主任", "curator", "humen")
        track = make_track(curator, "one", "two")
        tracks.publish_track(curator, track)
        who = make_person()
        tracks.join_track(who, track)
        complete(who, "one")
        row = tracks.list_stages([track.id])[track.id][0].courses[1]
        tracks.set_required(curator, track, row.id, False)
        track_id, row_id = track.id, row.id
    jobs.run_waiting(any_app)
    with any_app.test_request_context(), writing():
        assert set(tracks.find_finish(track_id, who.id).evidence) == {"one"}
        tracks.set_required(curator, session.get(tracks.Track, track_id), row_id, True)
    jobs.run_waiting(any_app)
    with any_app.test_request_context():
        assert tracks.find_finish(track_id, who.id) is not None


def test_a_finish_cannot_be_changed_by_sql(town):
    track = make_track(town, "one")
    tracks.publish_track(town, track)
    who = make_person()
    complete(who, "one")
    tracks.join_track(who, track)
    with pytest.raises(Exception, match="append-only"):
        session.execute(text("DELETE FROM tracks_finish"))
    session.rollback()


def test_facts_are_checked(town):
    track = make_track(town, "one")
    for wrong in ({"title": "x"}, {"industry": "no-such"}, {"target_headcount": 0}):
        with pytest.raises(Invalid):
            tracks.edit_track(town, track, **{"title": "好名字", "summary": "", "industry": "", **wrong})
    tracks.edit_track(town, track, title="好名字", summary="", industry="", target_headcount=300, target_by_on=date(2026, 12, 31))
    assert (track.target_headcount, track.target_by_on.isoformat()) == (300, "2026-12-31")


def test_shipped_tracks_are_loaded_once_and_a_towns_own_changes_stay(town):
    rows = [{"track_id": "humen-t1", "town_id": "humen", "town_zh": "", "title_zh": "服装设计", "title_en": "garments", "occupation_ids": "",
             "occupation_names": ""}]
    assert tracks.load_tracks(SYSTEM, rows) == 1
    track = tracks.get_track("humen-t1", town)
    tracks.edit_track(town, track, title="我们改的名字", summary="", industry="")
    tracks.load_tracks(SYSTEM, rows)
    assert tracks.get_track("humen-t1", town).title == "我们改的名字"
    assert len([t for t in tracks.list_tracks(SYSTEM)]) == 1


def test_a_towns_first_track_begins_with_its_own_course_and_what_fits_everybody(town):
    make_course("own-craft", title="本镇手艺", level=5)
    make_course("for-all", title="人人要会")
    row = {"track_id": "humen-t1", "town_id": "humen", "town_zh": "", "title_zh": "服装设计", "title_en": "garments", "occupation_ids": "",
           "occupation_names": "", "first_courses": "own-craft;not-written-yet;for-all"}
    tracks.load_tracks(SYSTEM, [row])
    track = tracks.get_track("humen-t1", town)
    own, for_all = (courses.get_course(slug, SYSTEM).id for slug in ("own-craft", "for-all"))
    stages = tracks.list_stages([track.id])[track.id]
    assert [(v.stage.title, [(c.course_id, c.is_required) for c in v.courses]) for v in stages] == [("起步", [(own, True), (for_all, True)])]
    assert track.state == "published"
