"""A day that a policy bounds: new seconds use it up, repeats do not, over all courses; derived again it is the same."""

from __future__ import annotations

import random
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from tests.clients import Browser, Learner
from tests.factories import make_course, make_person

from guanxue import accounts, creditbank, learning, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.learning import days, evidence, rules
from guanxue.learning.models import Enrolment, Progress
from guanxue.policies.defaults import LIGHT_2

NOON = datetime.fromisoformat("2026-12-02T12:00:00+08:00")


def grant(begin, end):
    return rules.Grant(begin, end, 0, end)


def second_map(spans, grants, room):
    """The same by counting: millisecond after millisecond, new ones while there is room."""
    seen = {n for a, b in spans for n in range(a, b)}
    kept = []
    for g in grants:
        for n in range(g.from_ms, g.to_ms):
            if n not in seen:
                if not room:
                    return seen, kept
                room -= 1
                seen.add(n)
            kept.append(n)
    return seen, kept


@pytest.mark.parametrize("first", [0, 150])
def test_within_room_is_what_counting_every_millisecond_gives(first):
    for seed in range(first, first + 150):
        try_room(random.Random(seed))


def try_room(dice):
    cut = lambda: tuple(sorted((dice.randrange(60), dice.randrange(60))))  # noqa: E731
    spans = rules.merge_spans([], [cut() for _n in range(dice.randrange(4))])
    grants = [grant(*cut()) for _n in range(dice.randrange(5))]
    grants = [g for g in grants if g.to_ms > g.from_ms]
    room = dice.randrange(70)
    kept = rules.within_room(spans, grants, room)
    after = rules.merge_spans(spans, [(g.from_ms, g.to_ms) for g in kept])
    seen, _kept = second_map(spans, grants, room)
    assert {n for a, b in after for n in range(a, b)} == seen
    assert rules.covered_ms(after) - rules.covered_ms(spans) <= room


@pytest.fixture
def bounded(any_app):
    """Two courses of three minutes under a policy that counts a hundred seconds a day."""
    with any_app.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="一天一百秒", effective_on=clock.today(),
                                numbers=LIGHT_2 | {"daily_cap_ms": 100_000})
        make_person()
        for slug in ("one", "two"):
            make_course(slug, videos_ms=(180_000,))
    return any_app


def begin(app, slug):
    who = Learner(app)
    who.call("PUT", f"/courses/{slug}/enrolment", 200)
    return who, who.lessons(slug)[0]["id"]


def test_new_seconds_use_up_the_day_and_the_next_day_is_new(bounded):
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        first = who.watch(lesson, 60)
        assert (first["gained_s"], first["day_left_s"]) == (60, 40)
        again = who.watch(lesson, 60)
        assert (again["gained_s"], again["day_left_s"]) == (0, 40), "watching again costs nothing"
        with clock.advance(400):
            more = who.watch(lesson, 120)
        assert (more["gained_s"], more["credited_s"], more["day_left_s"]) == (40, 100, 0)
    with clock.travel(NOON + timedelta(hours=13)):
        rest = who.watch(lesson, 180)
        assert (rest["gained_s"], rest["day_left_s"]) == (80, 20) and rest["lesson_completed"]


def test_courses_share_the_day(bounded):
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        assert who.watch(lesson, 70)["gained_s"] == 70
        with clock.advance(300):
            _who, other = begin(bounded, "two")
            assert who.watch(other, 70)["gained_s"] == 30


def test_deriving_again_gives_what_was_counted(bounded):
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        who.watch(lesson, 70)
        with clock.advance(300):
            _who, other = begin(bounded, "two")
            who.watch(other, 170)
    with clock.travel(NOON + timedelta(days=1)):
        who.watch(lesson, 180)
        who.pass_quiz(who.lessons("one")[1]["id"])
        with bounded.test_request_context(), writing():
            for enrolment in session.scalars(select(Enrolment)).all():
                kept = {p.revision_lesson_id: p.credited_ms for p in session.scalars(
                    select(Progress).where(Progress.enrolment_id == enrolment.id)) if p.spans}
                assert {k: d.credited_ms for k, d in evidence.derive_spans(enrolment).items()} == kept
            assert learning.list_over(1) == []
            assert creditbank.recompute()[1] == []


def test_late_time_that_a_full_day_cut_off_is_not_used_up(bounded):
    """What came late counts up to a bound of its own; what the day had no room for took nothing of that, derived or not."""
    with bounded.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="一天一百秒", effective_on=clock.today(),
                                numbers=LIGHT_2 | {"daily_cap_ms": 100_000, "late_after_ms": 1000, "late_cap_ms": 170_000})
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        playback = who.call("POST", f"/lessons/{lesson}/playback", 201)
        with clock.advance(200):
            assert who.beat(playback, (150_000, 0, 150, 1))["credited_s"] == 100
    with clock.travel(NOON + timedelta(days=1)):
        playback = who.call("POST", f"/lessons/{lesson}/playback", 201)
        with clock.advance(200):
            assert who.beat(playback, (70_000, 100, 170, 1))["credited_s"] == 170
        with bounded.test_request_context():
            derived = evidence.derive_spans(session.get(Enrolment, 1))
            assert [d.credited_ms for d in derived.values()] == [170_000]


def test_what_was_left_of_the_day_cannot_be_changed_unseen(bounded):
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        who.watch(lesson, 170)
    with clock.travel(NOON + timedelta(days=1)):
        who.watch(lesson, 180)
        who.pass_quiz(who.lessons("one")[1]["id"])
    with bounded.test_request_context(), writing():
        if session.get_bind().dialect.name == "sqlite":
            session.execute(text("DROP TRIGGER guard_learning_beat_update"))
        else:
            session.execute(text("ALTER TABLE learning_beat DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE learning_beat SET room_ms = 180000 WHERE seq = 1"))
    with bounded.test_request_context():
        found = creditbank.recompute()[1]
        assert any("原始记录被改动过" in d.why for d in found)
        assert any("超过了规则的上限" in d.why for d in found)


def test_a_day_whose_count_was_wiped_out_is_named(bounded):
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        who.watch(lesson, 90)
        with bounded.test_request_context(), writing():
            session.execute(text("DELETE FROM learning_day"))
        with clock.advance(300):
            who.watch(lesson, 180)
            who.pass_quiz(who.lessons("one")[1]["id"])
        with bounded.test_request_context():
            assert [(d.stored, d.derived) for d in creditbank.recompute()[1]] == [(180_000, 100_000)]


def test_the_page_says_when_the_day_is_full(bounded):
    words = '<p class="small note wait" id="day-full" role="status">'
    with clock.travel(NOON):
        who, lesson = begin(bounded, "one")
        who.watch(lesson, 60)
        with bounded.test_request_context():
            assert learning.find_left(1, 100_000) == 40_000
        browser = Browser(bounded, "13800000001")
        assert words not in browser.see("/learn/one/lesson-1")
        with clock.advance(300):
            who.watch(lesson, 180)
            assert words in browser.see("/learn/one/lesson-1")


@pytest.mark.parametrize("any_app", ["postgresql"], indirect=True)  # SQLite has one writer at a time
def test_the_first_beat_of_a_day_does_not_wait_for_who_opens_another_lesson(bounded):
    """Opening locks the person and then their players; a beat locks its player first: neither may wait for the other's."""
    with bounded.test_request_context(), writing():
        accounts.lock_person(1)

        def count_first():
            with bounded.test_request_context(), writing():
                session.execute(text("SET LOCAL lock_timeout = '2s'"))
                days.count(1, clock.now_ms(), 5)

        failed = []
        one = threading.Thread(target=lambda: failed.extend(_fault_of(count_first)))
        one.start()
        one.join()
        assert failed == []


def _fault_of(act):
    try:
        act()
    except Exception as fault:  # told by the thread that waits
        return [repr(fault)[:200]]
    return []
