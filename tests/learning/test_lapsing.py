"""Study that earned nothing goes when its policy's years are over; what a credit rests on stays, and so does what somebody needs."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from tests.clients import Learner
from tests.factories import attend, make_class, make_course, make_person
from tests.two_accounts import merge

from guanxue import cases, classes, creditbank, jobs, ledger
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, writing
from guanxue.learning import lapsing, tasks
from guanxue.learning.models import (
    BeatRow,
    Check,
    CheckStep,
    Enrolment,
    Lapse,
    Playback,
    Progress,
    RoomSeat,
    Ticket,
    TrainingRoom,
)

NOON = datetime.fromisoformat("2026-12-02T12:00:00+08:00")
LATER = timedelta(days=5 * 365 + 2)  # the light policy keeps five years; a leap day or two among them


def look(app):
    """The nightly look, as the worker does it; how many enrolments were let go."""
    with app.app_context():
        with writing():
            before = session.scalar(select(func.count(Lapse.id)))
        tasks.lapse(jobs.worker.Running(app, 1, lapsing.JOB, {}, 1))
        with writing():
            return session.scalar(select(func.count(Lapse.id))) - before


def count(app, *models):
    with app.app_context(), writing():
        return [session.scalar(select(func.count()).select_from(m)) for m in models]


def lin() -> Actor:
    """Whose study it is, inside an app context."""
    return Actor("person", 1, "林小莲")


def half_done(app, phone="13800000001", seconds=70):
    """Somebody joined and watched a part."""
    who = Learner(app, phone)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.watch(who.lessons()[0]["id"], seconds)
    return who


@pytest.fixture
def town(any_app):
    """Two people and a course of two minutes."""
    with any_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "林小莲")
        make_course(videos_ms=(120_000,))
    return any_app


def test_what_earned_nothing_goes_and_what_a_credit_rests_on_stays(town):
    with clock.travel(NOON):
        half_done(town)
        Learner(town, "13800000002").finish()
        assert Learner(town).pass_quiz(Learner(town).lessons()[1]["id"])["passed"]
    with clock.travel(NOON + LATER - timedelta(days=3)):
        assert look(town) == 0, "five years are not over"
    with town.app_context(), writing():
        had, differences = creditbank.recompute()
        ledger.seal()
        head = ledger.verify()
    with clock.travel(NOON + LATER):
        assert look(town) == 1 and look(town) == 0
        with town.app_context(), writing():
            assert (had, differences) == creditbank.recompute() == (1, []) and ledger.verify() == head
            assert set(session.scalars(select(Playback.person_id))) == {2}
            assert set(session.scalars(select(BeatRow.playback_id))) == set(session.scalars(select(Playback.id)))
            lapse = session.scalar(select(Lapse))
            assert (lapse.enrolment_id, lapse.playbacks, lapse.years) == (1, 1, 5)
        again = Learner(town)
        quiz = int(again.lessons()[1]["id"])
        assert again.watch(again.lessons()[0]["id"], 110)["gained_s"] == 110, "the course can be studied anew"
        with town.app_context(), writing():
            kept = {p.revision_lesson_id: p.is_complete for p in session.scalars(select(Progress).where(Progress.enrolment_id == 1))}
            assert kept[quiz], "what was passed stays passed"
            assert creditbank.recompute()[0] == 2 and creditbank.recompute()[1] == []
            ledger.seal()
            assert ledger.verify().faults == []


def test_tickets_checks_and_seats_go_with_the_last_of_it(town):
    with clock.travel(NOON):
        half_done(town)
        with town.app_context(), writing():
            enrolment, now = session.get(Enrolment, 1), clock.now_ms()
            lesson = session.scalar(select(Playback.revision_lesson_id))
            session.add(Ticket(code="t", person_id=1, enrolment_id=1, revision_lesson_id=lesson, device="d", issued_ms=now,
                               until_ms=now + 1, phone_issued_ms=now, most_ms=1, max_rate_permille=1000))
            check = Check(code="c", person_id=1, number=1, enrolment_id=1, revision_lesson_id=lesson, policy_id=enrolment.policy_id,
                          since_ms=now, drawn_ms=now, due_ms=1, counted_ms=1, at_ms=1)
            room = TrainingRoom(person_id=2, name="机房", secret=b"x", opened_at=clock.now())
            session.add_all([check, room])
            session.flush()
            session.add_all([CheckStep(check_id=check.id, number=1, at_ms=now, what="asked", document={}),
                             RoomSeat(room_id=room.id, person_id=1, joined_at=clock.now())])
    with clock.travel(NOON + LATER):
        assert look(town) == 1
        assert count(town, Playback, BeatRow, Ticket, Check, CheckStep, RoomSeat) == [0] * 6


def test_an_open_case_holds_everything_until_it_is_closed(town):
    with clock.travel(NOON):
        half_done(town)
    with clock.travel(NOON + LATER - timedelta(days=40)), town.test_request_context(), writing():
        case = cases.open_case(lin(), kind="correction", subject="person:1", claim="我学过的没有算。", person_ids=[1]).code
    with clock.travel(NOON + LATER):
        assert look(town) == 0 and count(town, Playback) == [1]
        with town.test_request_context(), writing():
            cases.withdraw(lin(), cases.get_own(lin(), case))
        assert look(town) == 1 and count(town, Playback) == [0]


def test_what_a_credited_class_left_out_is_named_by_it_and_stays(town):
    with clock.travel(NOON), town.test_request_context(), writing():
        teacher = make_person("13500000001", "陈师傅", "instructor")
        cls, meeting = make_class(teacher, is_public=True, hours=1)
        classes.join_class(lin(), cls, promises=True)
        attend(lin(), cls, meeting)
        begins, class_id = meeting.begins_at, cls.id
    with clock.travel(begins + timedelta(minutes=5)):
        half_done(town)
    with clock.travel(begins + timedelta(hours=3)), town.test_request_context(), writing():
        classes.close_class(teacher, session.get(classes.TrainingClass, class_id))
        counted, differences = creditbank.recompute()
        assert (counted, differences) == (1, [])
    with clock.travel(NOON + LATER):
        assert look(town) == 0 and count(town, Playback) == [1]
        with town.test_request_context(), writing():
            assert creditbank.recompute() == (1, [])


def test_two_accounts_that_are_one_keep_all(town):
    with clock.travel(NOON):
        half_done(town)
        half_done(town, "13800000002", 50)
        merge(town)
    with clock.travel(NOON + LATER):
        assert look(town) == 0 and count(town, Playback) == [2]


@pytest.mark.parametrize(("moment", "years", "then"), [
    ("2031-12-02T12:00:00+08:00", 5, "2026-12-02T12:00:00+08:00"), ("2032-02-29T08:00:00+08:00", 5, "2027-02-28T08:00:00+08:00"),
    ("2032-02-29T08:00:00+08:00", 8, "2024-02-28T08:00:00+08:00")])
def test_years_are_the_calendars(moment, years, then):
    assert lapsing.years_ago(datetime.fromisoformat(moment), years) == datetime.fromisoformat(then)
