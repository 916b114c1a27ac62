"""Joining, leaving and what is made again from evidence, on both databases."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import func, select, text
from tests.clients import Learner
from tests.factories import make_course, make_person

from guanxue import courses, creditbank, learning, policies
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.prepared import Prepared
from guanxue.learning import queries
from guanxue.learning.models import Playback, Progress
from guanxue.policies.defaults import LIGHT_2


@pytest.fixture
def school(any_app):
    """A learner and two courses of two videos each."""
    with any_app.test_request_context(), writing():
        make_person()
        make_course("one", videos_ms=(60_000, 90_000))
        make_course("two", title="第二门", videos_ms=(60_000,))
    return any_app


def test_leaving_one_course_does_not_end_the_playback_of_another(school):
    who = Learner(school)
    for slug in ("one", "two"):
        who.call("PUT", f"/courses/{slug}/enrolment", 200)
    playback = who.call("POST", f"/lessons/{who.lessons('two')[0]['id']}/playback", 201)
    who.call("DELETE", "/courses/one/enrolment", 204)
    with clock.advance(20):
        assert who.beat(playback, (20_000, 0, 20, 1))["credited_s"] == 20
        with school.app_context():
            assert session.scalar(select(Playback.ended_ms)) is None
        who.call("DELETE", "/courses/two/enrolment", 204)
        with school.app_context():
            assert session.scalar(select(Playback.ended_ms)) is not None


def test_a_course_can_be_completed_after_every_cached_progress_was_lost(school):
    who = Learner(school)
    who.call("PUT", "/courses/one/enrolment", 200)
    first, second, quiz = who.lessons("one")
    who.watch(first["id"], 60)
    who.pass_quiz(quiz["id"])
    with school.app_context(), writing():
        session.execute(text(f"DELETE FROM {Progress.__tablename__}"))
    who.watch(second["id"], 90)
    assert who.call("GET", "/me/courses", 200)["items"][0]["completed"]
    with school.test_request_context():
        assert creditbank.recompute() == (1, [])


def test_late_time_is_capped_over_the_course_also_after_the_cache_was_lost(school):
    """The live judge and the one that derives again spend the same allowance, or a credit could not be explained."""
    with school.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="紧", numbers={**LIGHT_2, "late_cap_ms": 70_000},
                                effective_on=clock.today())
        courses.publish_course(SYSTEM, courses.get_course("one", SYSTEM))
    who = Learner(school)
    who.call("PUT", "/courses/one/enrolment", 200)
    first, second, _quiz = who.lessons("one")
    playback = who.call("POST", f"/lessons/{first['id']}/playback", 201)
    with clock.advance(600):
        assert who.beat(playback, (60_000, 0, 60, 1))["gained_s"] == 60
        with school.app_context(), writing():
            session.execute(text(f"DELETE FROM {Progress.__tablename__}"))
        playback = who.call("POST", f"/lessons/{second['id']}/playback", 201)
        with clock.advance(600):
            assert who.beat(playback, (60_000, 0, 60, 1))["gained_s"] == 10


def test_a_cache_that_says_complete_without_evidence_earns_no_completion(school):
    who = Learner(school)
    who.call("PUT", "/courses/one/enrolment", 200)
    first, second, quiz = who.lessons("one")
    who.watch(first["id"], 60)
    who.watch(second["id"], 5)
    with school.app_context(), writing():
        session.execute(text(f"UPDATE {Progress.__tablename__} SET credited_ms = 90000, is_complete = {_true(school)}"))
    assert who.pass_quiz(quiz["id"])["passed"]
    assert not who.call("GET", "/me/courses", 200)["items"][0]["completed"]
    assert who.call("GET", "/me/credits", 200)["total"] == 0
    with school.app_context():
        line = session.scalar(select(AuditLine).where(AuditLine.action == "learning.completion.refused"))
        assert line is not None and "第2课" in line.detail["why"][0]


def _true(app) -> str:
    return "1" if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite") else "true"


@pytest.mark.both_databases
def test_parallel_beats_of_several_playbacks_of_one_lesson_lose_nothing(school):
    """What two phones kept and send in the same moment is added up, not written over."""
    who = Learner(school)
    who.call("PUT", "/courses/one/enrolment", 200)
    lesson = who.lessons("one")[1]
    kept = []
    for n in range(8):
        with clock.advance(20 * n):
            playback = who.call("POST", f"/lessons/{lesson['id']}/playback", 201)
        with clock.advance(20 * n + 10):
            who.call("POST", f"/playbacks/{playback['playback_id']}/close", 200)
        kept.append((playback, 10 * n))
    together, statuses = threading.Barrier(8), []

    def send(playback, begin):
        phone = Learner.__new__(Learner)
        phone.client, phone.headers = school.test_client(), who.headers
        together.wait()
        statuses.append(phone.beat(playback, (9_000, begin, begin + 9, 1))["gained_s"])

    with clock.advance(200):
        threads = [threading.Thread(target=send, args=one) for one in kept]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert statuses == [9.0] * 8
        assert who.call("GET", f"/lessons/{lesson['id']}", 200)["coverage"] == 0.8
    with school.app_context():
        assert session.scalar(select(Progress.credited_ms)) == 72_000


def test_evidence_tells_when_the_sites_key_was_changed(school, tmp_path):
    with school.test_request_context():
        assert learning.fits_key()
    who = Learner(school)
    who.call("PUT", "/courses/one/enrolment", 200)
    who.watch(who.lessons("one")[0]["id"], 20)
    with school.test_request_context():
        assert learning.fits_key()
        kept = school.extensions["guanxue.settings"]
        school.extensions["guanxue.settings"] = replace(kept, secret_key=b"another-key-another-key-another-key-1234")
        try:
            assert not learning.fits_key()
        finally:
            school.extensions["guanxue.settings"] = kept


def test_coming_back_keeps_a_quiz_that_was_passed_before_anything_was_watched(school):
    who = Learner(school)
    who.call("PUT", "/courses/two/enrolment", 200)
    film, quiz = who.lessons("two")
    who.pass_quiz(quiz["id"])
    who.call("DELETE", "/courses/two/enrolment", 204)
    with school.test_request_context(), writing():
        course = courses.get_course("two", SYSTEM)
        exam = next(x for x in courses.list_lessons(course.id) if x.kind == "quiz")
        courses.edit_lesson(SYSTEM, course, exam.id, title="新的考核", body=exam.body)
        courses.publish_course(SYSTEM, course)
    who.call("PUT", "/courses/two/enrolment", 200)
    who.watch(who.lessons("two")[0]["id"], 60)
    assert who.call("GET", "/me/courses", 200)["items"][0]["completed"]
    with school.test_request_context():
        assert creditbank.recompute() == (1, [])


def test_coming_back_keeps_what_was_played_and_is_not_reported_yet(school):
    who = Learner(school)
    who.call("PUT", "/courses/two/enrolment", 200)
    film, quiz = who.lessons("two")
    playback = who.call("POST", f"/lessons/{film['id']}/playback", 201)
    with clock.advance(60):
        who.call("DELETE", "/courses/two/enrolment", 204)
        with school.test_request_context(), writing():
            course = courses.get_course("two", SYSTEM)
            exam = next(x for x in courses.list_lessons(course.id) if x.kind == "quiz")
            courses.edit_lesson(SYSTEM, course, exam.id, title="新的考核", body=exam.body)
            courses.publish_course(SYSTEM, course)
        who.call("PUT", "/courses/two/enrolment", 200)
        assert who.beat(playback, (60_000, 0, 60, 1.0))["lesson_completed"]
        who.pass_quiz(quiz["id"])
        assert who.call("GET", "/me/courses", 200)["items"][0]["completed"]
    with clock.advance(3 * 24 * 3600), school.test_request_context():
        assert creditbank.recompute() == (1, [])


def test_how_many_are_in_a_course_is_exact_for_few_and_a_minute_old_for_many(any_db, monkeypatch):
    monkeypatch.setattr(queries, "MANY", 2)
    monkeypatch.setattr(queries, "_COUNT_FEW", Prepared(select(func.count()).select_from(queries._IN.limit(2).subquery())))
    course = make_course()
    people = [make_person(f"1380000001{n}") for n in range(3)]
    with clock.travel(clock.now().replace(second=10)):
        for n, person in enumerate(people, 1):
            learning.enrol(person, course)
            assert learning.count_in(course.id) == min(n, 2)
    with clock.advance(120):
        assert learning.count_in(course.id) == 3
        learning.leave(people[0], course)
        learning.leave(people[1], course)
        assert learning.count_in(course.id) == 1
