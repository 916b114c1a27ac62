"""The player's protocol and quizzes over the API, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select, text
from tests import factories
from tests.clients import API, Learner
from tests.factories import make_course, make_person

from guanxue import creditbank, jobs, learning, ledger
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.db import db, session, writing
from guanxue.learning import api as learning_api
from guanxue.learning import evidence
from guanxue.learning.models import Completion, Progress


@pytest.fixture(autouse=True)
def no_throttle(monkeypatch):
    """Stories here send beats faster than a player may."""
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    monkeypatch.setattr(learning_api._openings, "check", lambda key: None)


@pytest.fixture
def school(any_app):
    """A learner, a course of one minute of video and a text, an app."""
    with any_app.test_request_context(), writing():
        make_person()
        make_course(texts=1)
    return any_app


@pytest.fixture
def learner(school):
    who = Learner(school)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    return who


def test_the_whole_road_ends_in_a_credit_that_equals_milliseconds_by_hand(school, learner):
    video, reading, quiz = learner.lessons()
    assert learner.watch(video["id"], 60)["lesson_completed"]
    seconds = reading["duration_s"]
    assert learner.watch(reading["id"], seconds)["lesson_completed"]
    assert learner.pass_quiz(quiz["id"])["passed"]
    credits = learner.call("GET", "/me/credits", 200)
    by_hand = int(60_000 + seconds * 1000 + 120_000) * 1000 // 43_200_000
    assert by_hand > 0
    assert credits["balance"] == by_hand / 1000 and credits["total"] == 1
    item = credits["items"][0]
    assert item["course"] == "safe-measuring" and item["policy"] == "light/2"
    seen = school.test_client().get(f"{API}/verify/{item['verify_code']}").get_json()
    assert seen["valid"] and seen["holder_masked"] == "林**" and seen["course"] == "安全测量"
    assert ledger.verify_proof(seen["proof"]) is None


def test_coverage_grows_only_with_what_was_watched(learner):
    video = learner.lessons()[0]
    playback = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    with clock.advance(20):
        assert learner.beat(playback, (10_000, 0, 10, 1))["credited_s"] == 10
        assert learner.beat(playback, (20_000, 0, 10, 1))["gained_s"] == 0
    with clock.advance(30):
        assert learner.beat(playback, (30_000, 50, 60, 1))["coverage"] == pytest.approx(0.333, abs=0.001)
    assert learner.call("GET", f"/lessons/{video['id']}", 200)["resume_at_s"] == 60


def test_an_answer_that_was_lost_heals_itself(learner):
    video = learner.lessons()[0]
    playback = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    with clock.advance(30):
        old = dict(playback)
        first = learner.beat(playback, (10_000, 0, 10, 1))
        again = learner.beat(old, (10_000, 0, 10, 1))
        assert again["credited_s"] == first["credited_s"] == 10 and again["gained_s"] == 0 and again["nonce"] == first["nonce"]
        assert learner.beat(playback, (20_000, 10, 20, 1))["credited_s"] == 20


def test_a_forged_beat_is_refused_and_its_audit_line_is_there(school, learner):
    playback = learner.call("POST", f"/lessons/{learner.lessons()[0]['id']}/playback", 201)
    answer = learner.beat({**playback, "nonce": "0" * 32}, (1000, 0, 1, 1), status=409)
    assert answer["type"].endswith("forged-beat")
    with school.test_request_context():
        assert session.scalar(select(func.count()).select_from(AuditLine).where(AuditLine.action == "learning.beat.forged")) == 1


def test_a_sequence_gap_carries_what_heals_it(school, learner):
    """A server put back from a backup knows less than the nonce it once gave."""
    playback = learner.call("POST", f"/lessons/{learner.lessons()[0]['id']}/playback", 201)
    with school.app_context():
        later = evidence.nonce_of(playback["playback_id"], 4)
    answer = learner.beat({**playback, "nonce": later, "next_seq": 5}, (1000, 0, 1, 1), status=409)
    assert answer["type"].endswith("sequence-gap")
    assert (answer["nonce"], answer["next_seq"], answer["acked_t_ms"]) == (playback["nonce"], 1, 0)


def test_two_devices_at_once_earn_one(learner):
    video = learner.lessons()[0]
    first = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    second = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    with clock.advance(20):
        assert learner.beat(first, (20_000, 0, 20, 1), status=409)["type"].endswith("playback-superseded")
        assert learner.beat(second, (20_000, 20, 40, 1))["credited_s"] == 20


def test_the_same_key_is_the_same_playback(learner):
    video = learner.lessons()[0]
    first = learner.call("POST", f"/lessons/{video['id']}/playback", 201, key="k1")
    again = learner.call("POST", f"/lessons/{video['id']}/playback", 200, key="k1")
    assert again["playback_id"] == first["playback_id"] and not again["ended"]
    learner.call("POST", f"/lessons/{video['id']}/playback", 201, key="k2")
    assert learner.call("POST", f"/lessons/{video['id']}/playback", 200, key="k1")["ended"]


@pytest.mark.parametrize("bad", [
    {"beats": [{"t_ms": 1, "from_s": 5, "to_s": 1, "rate": 1}]}, {"beats": [{"t_ms": 1, "from_s": -1, "to_s": 1, "rate": 1}]},
    {"beats": [{"t_ms": 1, "from_s": 0, "to_s": 1e999, "rate": 1}]}, {"beats": [{"t_ms": 1, "from_s": 0, "to_s": 1}] * 501},
    {"seq": 0}, {"beats": "x"}, {"nonce": None},
])
def test_malformed_beats_are_refused_and_change_nothing(learner, bad):
    playback = learner.call("POST", f"/lessons/{learner.lessons()[0]['id']}/playback", 201)
    answer = learner.beat(playback, status=422, **bad)
    assert answer["errors"] and answer["title"] == "内容有误"
    assert learner.beat(playback)["acked_t_ms"] == 0


def test_strangers_and_leavers_are_refused(school, learner):
    video = learner.lessons()[0]
    playback = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    with school.test_request_context(), writing():
        make_person("13800000002", "周工")
    stranger = Learner(school, "13800000002")
    stranger.call("GET", f"/lessons/{video['id']}", 403)
    stranger.beat(playback, status=404)
    stranger.call("GET", "/lessons/99999", 404)
    learner.call("DELETE", "/courses/safe-measuring/enrolment", 204)
    learner.beat(playback, status=403)


def test_a_beat_kept_from_before_the_end_is_still_taken_within_a_day(learner):
    video = learner.lessons()[0]
    playback = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    with clock.advance(30):
        learner.call("POST", f"/playbacks/{playback['playback_id']}/close", 200)
    with clock.advance(3600):
        assert learner.beat(playback, (25_000, 0, 25, 1))["credited_s"] == 25
    with clock.advance(26 * 3600):
        assert learner.beat(playback, (29_000, 25, 29, 1), status=409)["type"].endswith("playback-expired")


def test_explanations_come_only_after_a_pass_or_the_last_attempt(learner):
    quiz = learner.lessons()[-1]
    for left in (2, 1, 0):
        attempt = learner.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
        assert "卷入" not in str(attempt) and "permille" not in str(attempt)
        learner.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=False)
        result = learner.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
        assert result["attempts_left"] == left and not result["passed"]
        assert ("explanation_html" in result["feedback"][0]) == (left == 0)
    learner.call("POST", f"/quizzes/{quiz['id']}/attempts", 409)


@pytest.mark.both_databases
def test_twenty_parallel_finishes_make_one_entry(school, learner):
    video, reading, quiz = learner.lessons()
    learner.watch(video["id"], 60)
    learner.watch(reading["id"], reading["duration_s"])
    attempt = learner.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    right = {"q1": True, "q2": next(o["id"] for q in attempt["questions"] if q["id"] == "q2" for o in q["options"] if "Z" in o["html"])}
    learner.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **right)
    answers = []

    def finish():
        client = school.test_client()
        answers.append(client.post(f"{API}/attempts/{attempt['attempt_id']}/submit", headers=learner.headers).get_json())

    threads = [threading.Thread(target=finish) for _n in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [a.get("passed") for a in answers] == [True] * 20, answers
    assert learner.call("GET", "/me/credits", 200)["total"] == 1


def test_a_credit_listener_that_fails_costs_no_beat_and_is_settled_once(school, learner, monkeypatch):
    video, reading, quiz = learner.lessons()
    learner.watch(video["id"], 60)
    learner.pass_quiz(quiz["id"])
    monkeypatch.setattr("guanxue.ledger.post", lambda *a, **k: 1 / 0)
    assert learner.watch(reading["id"], reading["duration_s"])["lesson_completed"]
    assert learner.call("GET", "/me/credits", 200)["total"] == 0
    monkeypatch.undo()
    for _n in range(2):
        with school.app_context(), writing():
            jobs.enqueue("credits.award", {"completion_id": session.scalar(select(Completion.id))})
        jobs.run_waiting(school)
    assert learner.call("GET", "/me/credits", 200)["total"] == 1


def finish_course(learner):
    video, reading, quiz = learner.lessons()
    learner.watch(video["id"], 60)
    learner.watch(reading["id"], reading["duration_s"])
    learner.pass_quiz(quiz["id"])


def test_recompute_agrees_without_caches(school, learner):
    finish_course(learner)
    with school.test_request_context(), writing():
        session.execute(text(f"DELETE FROM {Progress.__tablename__}"))
        assert creditbank.recompute() == (1, [])
    assert learner.call("GET", "/me/credits", 200)["total"] == 1


def test_one_changed_raw_beat_is_found_and_named(school, learner):
    finish_course(learner)
    with school.app_context():
        with db.engine.connect().execution_options(is_writing=True) as c, c.begin():
            if c.dialect.name == "sqlite":
                c.exec_driver_sql("DROP TRIGGER guard_learning_beat_update")
            else:
                c.exec_driver_sql("ALTER TABLE learning_beat DISABLE TRIGGER ALL")
            c.exec_driver_sql("UPDATE learning_beat SET received_ms = received_ms + 1 WHERE playback_id = 1")
    with school.test_request_context():
        _count, differences = creditbank.recompute()
        assert len(differences) == 1 and "林小莲" in differences[0].person and differences[0].course == "安全测量"


def test_lost_progress_is_made_again_from_evidence(school, learner):
    video = learner.lessons()[0]
    playback = learner.call("POST", f"/lessons/{video['id']}/playback", 201)
    with clock.advance(30):
        learner.beat(playback, (10_000, 0, 10, 1))
        with school.app_context(), writing():
            session.execute(text("DELETE FROM learning_progress"))
        assert learner.beat(playback, (20_000, 10, 20, 1))["credited_s"] == 20


def test_enrolling_in_what_is_only_planned_is_refused(any_app):
    with any_app.test_request_context(), writing():
        make_person()
        from guanxue import courses
        course = courses.create_course(factories.SYSTEM, title="筹备中的课", kind="skills-upgrading", slug="plan")
        course.is_planned = True
    answer = Learner(any_app).call("PUT", "/courses/plan/enrolment", 409)
    assert answer["type"].endswith("not-open")
    assert learning.CannotEnrol
