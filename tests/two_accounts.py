"""Stories of one person with two accounts: the cast, the figures that are compared, and what must hold at any moment."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.clients import Learner
from tests.factories import make_course, make_person, town_row

from guanxue import accounts, creditbank, learning, ledger, tracks
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.learning import api as learning_api

KEPT, MERGED, ADMIN = "13800000001", "13800000002", "13800000008"
LONG_MS = 3_000_000


@pytest.fixture
def nobody_is_slowed_down(monkeypatch):
    """Stories of many requests in one second."""
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    monkeypatch.setattr(learning_api._openings, "check", lambda key: None)


@pytest.fixture
def city(any_app, nobody_is_slowed_down):
    """林小莲 with two accounts, an administrator, four courses, a track of two of them."""
    with any_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row("humen")])
        make_person(KEPT, "林小莲")
        make_person(MERGED, "林小莲")
        make_person(ADMIN, "梁伟", "administrator")
        for slug in ("mine", "theirs", "both", "shared"):
            make_course(slug, title=f"课程{slug}", videos_ms=(LONG_MS, 60_000) if slug == "shared" else (LONG_MS,))
        track = tracks.create_track(SYSTEM, town_slug="humen", title="两门课", slug="two")
        stage = tracks.add_stage(SYSTEM, track, "入门")
        for slug in ("mine", "theirs"):
            tracks.add_course(SYSTEM, track, stage.id, slug)
        tracks.publish_track(SYSTEM, track)
    return any_app


def person(phone):
    return accounts.find_person_by_phone(phone)


def kept_actor() -> Actor:
    return Actor("person", person(KEPT).id, "林小莲")


def admin_actor() -> Actor:
    found = person(ADMIN)
    return Actor("person", found.id, "梁伟", accounts.capabilities_of(found.id))


def merge(app, **more):
    """Merge as the person does; the merge's code and what was foreseen."""
    with app.test_request_context(), writing():
        ids = person(KEPT).id, person(MERGED).id
        foreseen = accounts.foresee_merge(kept_actor(), *ids)
        made = accounts.merge_accounts(kept_actor(), *ids, reason="同一个人", foreseen=foreseen.digest, **more)
        return made.code, told(foreseen)


def part(app, code, **more):
    with app.test_request_context(), writing():
        foreseen = accounts.foresee_part(kept_actor(), accounts.get_merge(code))
        accounts.part_accounts(kept_actor(), code, reason="分开", foreseen=foreseen.digest, **more)
        return told(foreseen)


def told(foreseen) -> dict:
    """{what: {subject: amount}} and every sentence spoken once."""
    found: dict = {}
    for effect in foreseen.effects:
        assert str(effect.sentence)
        found.setdefault(effect.what, {})[effect.subject] = effect.amount
    return found


def must_hold(app) -> None:
    """The ledger verifies and every credit can be derived again."""
    with app.test_request_context():
        with writing():
            ledger.seal()  # as the worker does
        assert ledger.verify().faults == []
        assert creditbank.recompute()[1] == []
        for one in (KEPT, MERGED):
            assert creditbank.recompute(person(one).id)[1] == []
        everything = session.scalar(text("SELECT sum(amount_millicredits) FROM ledger_posting"))
        assert not everything


def figures(app, phone) -> dict:
    """Everything derived that a person sees of their account."""
    with app.test_request_context():
        one = person(phone)
        lessons = {
            p.enrolment.course_id: (p.permille, p.completion is not None, [(x.lesson.id, x.credited_ms, x.resume_ms, x.is_complete)
                                                                          for x in p.lessons])
            for p in learning.list_my_courses(one.id)}
        track = tracks.get_track("two", SYSTEM)
        return {
            "balance": creditbank.balance(one.id), "hours": creditbank.study_hours_milli(one.id), "courses": lessons,
            "completed": learning.completed_course_ids(one.id), "joined": [t.slug for t in tracks.list_joined(one.id)],
            "finish": tracks.find_finish(track.id, one.id) is not None, "refused": creditbank.list_refused(one.id),
            "members": tracks.count_members([track.id]), "in": [learning.count_in(n) for n in range(1, 5)],
        }


def ids(app) -> dict:
    """{slug: course subject}."""
    with app.test_request_context():
        return {slug: f"course:{n}" for n, slug in session.execute(text("SELECT id, slug FROM courses_course")).all()}


@pytest.fixture
def lives(city):
    """Both accounts with credits, a course each alone, one completed by both, one shared and unfinished, a track."""
    kept, merged = Learner(city, KEPT), Learner(city, MERGED)
    kept.finish("mine")
    kept.finish("both")
    with clock.advance(10_000):
        merged = Learner(city, MERGED)
        merged.finish("both")
        merged.finish("theirs")
    with clock.advance(20_000):
        kept = Learner(city, KEPT)
        kept.call("PUT", "/courses/shared/enrolment", 200)
        kept.watch(kept.lessons("shared")[0]["id"], 2000)
        kept.call("PUT", "/tracks/two/membership", 200)
    with clock.advance(30_000):
        merged = Learner(city, MERGED)
        merged.call("PUT", "/courses/shared/enrolment", 200)
        first, second, _quiz = merged.lessons("shared")
        playback = merged.call("POST", f"/lessons/{first['id']}/playback", 201)
        with clock.advance(1500):
            merged.beat(playback, (1_500_000, 1500, 3000, 1))
        merged.watch(second["id"], 60)
    return city
