"""The protocol under a clock that stands still: what cheating, losing and repeating earn, over the API on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select
from tests.clients import Learner
from tests.factories import make_course, make_person

from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.learning import api as learning_api
from guanxue.learning.models import BeatRow, Playback


class Stopwatch:
    """The site's clock, moved by hand."""

    def __init__(self) -> None:
        self.at = 1_900_000_000.0

    def time(self) -> float:
        """As time.time()."""
        return self.at


@pytest.fixture
def watch(monkeypatch):
    """A clock that moves only when the test says so; nobody is slowed down."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(clock, "time", stopwatch)
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    monkeypatch.setattr(learning_api._openings, "check", lambda key: None)
    return stopwatch


@pytest.fixture
def long_course(any_app, watch):
    """A learner enrolled in a course of one video of 40 minutes."""
    with any_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(40 * 60_000,))
    learner = Learner(any_app)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    learner.video = learner.lessons()[0]["id"]
    learner.app = any_app
    return learner


def begin(learner, lesson=None, **more):
    return learner.call("POST", f"/lessons/{lesson or learner.video}/playback", 201, **more)


GREEDY = [
    [(60_000, 0, 2400, 1)], [(60_000, 0, 2400, 2)], [(60_000, 0, 2400, 16)], [(60_000, 0, 2400, 100)], [(2_400_000, 0, 2400, 1)],
    [(n * 120, n * 4.8, (n + 1) * 4.8, 16) for n in range(1, 500)], [(n, n * 5, n * 5 + 5, 2) for n in range(1, 480)],
    [(62_000, 0, 2400, 2)], [(1, 0, 1200, 2), (60_000, 1200, 2400, 2)],
]


def test_forty_minutes_claimed_in_one_minute_earn_at_most_a_minute_times_the_rate(long_course, watch):
    for claims in GREEDY:
        playback = begin(long_course)
        watch.at += 60
        answer = long_course.beat(playback, *claims)
        assert answer["gained_s"] <= 60 * playback["max_rate"], claims[:2]
        assert long_course.beat(playback, *claims)["gained_s"] == 0


def test_small_claims_never_add_up_to_more_than_the_clock(long_course, watch):
    playback, total = begin(long_course), 0.0
    for n in range(60):  # the slack of each beat must not pile up
        watch.at += 0.1
        total += long_course.beat(playback, *[(n * 100 + k, n * 40 + k, n * 40 + k + 1, 16) for k in range(1, 40)])["gained_s"]
    assert total <= 60 * 0.1 * playback["max_rate"]


def test_two_devices_at_once_earn_one(long_course, watch):
    begun, playing, earned = watch.at, [begin(long_course), begin(long_course)], 0.0
    for n in range(1, 11):  # each takes over from the other as soon as it is thrown out
        watch.at += 10
        for device in (0, 1):
            answer = long_course.call("POST", f"/playbacks/{playing[device]['playback_id']}/beats", nonce=playing[device]["nonce"],
                                      seq=playing[device]["next_seq"],
                                      beats=[{"t_ms": n * 10_000, "from_s": device * 1200 + n * 20, "to_s": device * 1200 + n * 20 + 20, "rate": 2}])
            if "gained_s" in answer:
                earned += answer["gained_s"]
                playing[device].update(nonce=answer["nonce"], next_seq=answer["next_seq"])
            else:
                assert answer["type"].rsplit("#", 1)[1] in ("playback-superseded",)
                playing[device] = begin(long_course)
    assert 0 < earned <= (watch.at - begun) * playing[0]["max_rate"]
    assert max(answer.get("credited_s", 0), 1) <= (watch.at - begun) * playing[0]["max_rate"]


@pytest.mark.both_databases
def test_windows_of_a_person_never_overlap_however_many_are_opened_at_once(long_course, watch):
    def open_one():
        Learner(long_course.app).call("POST", f"/lessons/{long_course.video}/playback", 201)

    threads = [threading.Thread(target=open_one) for _n in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with long_course.app.app_context():
        rows = session.scalars(select(Playback).order_by(Playback.id)).all()
        assert len(rows) == 8 and [r.ended_ms is None for r in rows].count(True) == 1
        assert all(r.ended_ms <= later.opened_ms for r, later in zip(rows, rows[1:], strict=False))


def test_forty_texts_read_in_two_seconds_earn_at_most_two_seconds(any_app, watch):
    with any_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(), texts=40)
    learner, earned = Learner(any_app), 0.0
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    lessons = learner.lessons()[:-1]
    assert len(lessons) == 40
    for lesson in lessons:
        playback = begin(learner, lesson["id"])
        assert playback["max_rate"] == 1
        watch.at += 0.05
        earned += learner.beat(playback, (50, 0, 15, 16), (2_000, 0, 15, 16))["gained_s"]
    assert 0 < round(earned, 3) <= 2.0


def test_the_same_beats_twice_earn_nothing_more(long_course, watch):
    playback = begin(long_course)
    old, claims = dict(playback), [(10_000, 0, 10, 1), (20_000, 10, 20, 1)]
    watch.at += 20
    assert long_course.beat(playback, *claims)["credited_s"] == 20
    assert long_course.beat(old, *claims)["credited_s"] == 20  # the same request again
    assert long_course.beat(playback, *claims)["gained_s"] == 0  # the same beats under the next number
    watch.at += 20
    third = long_course.beat(begin(long_course), *claims)  # and in another sitting
    assert third["gained_s"] == 0 and third["credited_s"] == 20


def test_repeats_use_the_time_up(long_course, watch):
    playback = begin(long_course)
    watch.at += 20
    long_course.beat(playback, (10_000, 0, 20, 2), (20_000, 0, 20, 2))
    assert long_course.beat(playback, (20_100, 100, 120, 2))["gained_s"] == 0


# Per request: how long after the one before, and the beats since then, as (seconds played, from, rate).
SCRIPT = [(15, 15, 0, 1), (15, 15, 15, 1), (10, 20, 600, 2), (15, 15, 30, 1), (1, 1, 2399, 1), (20, 20, 45, 1), (15, 15, 620, 1)]


def play(learner, watch, lost: int | None = None, arrives: bool = True, times: int = 1) -> float:
    """A client that follows the protocol through SCRIPT; the answer of request number `lost` never comes back.

    With `arrives` the server had taken it, else the request itself was lost. It is sent again with all that is not
    acknowledged. Gives the credited seconds.
    """
    playback, unacked, t, answer = begin(learner), [], 0, None
    for n, (wait, played, start, rate) in enumerate(SCRIPT):
        watch.at += wait
        t += wait * 1000
        unacked.append((t, start, start + played, rate))
        if n == lost:
            for _again in range(times):
                if arrives:
                    learner.beat(dict(playback), *unacked)  # taken, but the client never learns of it
            watch.at += 3
            t += 3000
        answer = learner.beat(playback, *unacked)
        unacked = [b for b in unacked if b[0] > answer["acked_t_ms"]]
    answer = learner.beat(playback, *unacked)
    assert answer["acked_t_ms"] == max(b[0] for b in [(t,)]) or not unacked
    return answer["credited_s"]


def test_any_single_answer_dropped_and_sent_again_gives_the_same_coverage(any_app, watch):
    with any_app.test_request_context(), writing():
        make_person()
        for n in range(2 * len(SCRIPT) + 2):
            make_course(f"course-{n}", videos_ms=(40 * 60_000,), title=f"课{n}", gift=f"::q1::第{n}题{{TRUE}}")
    learner, results = Learner(any_app), []
    cases = [(None, True, 1), *((n, arrives, 1) for n in range(len(SCRIPT)) for arrives in (True, False)), (3, True, 3)]
    for n, (lost, arrives, times) in enumerate(cases):
        learner.call("PUT", f"/courses/course-{n}/enrolment", 200)
        learner.video = learner.lessons(f"course-{n}")[0]["id"]
        results.append(play(learner, watch, lost, arrives, times))
    assert results == [results[0]] * len(results)
    assert results[0] == 15 + 15 + 20 + 15 + 1 + 20 + 15


FORGED = [{"nonce": "0" * 32}, {"nonce": ""}, {"nonce": "é" * 32}, {"seq": 2}, {"seq": 10**9}]


def test_a_forged_beat_answers_409_changes_nothing_and_leaves_its_audit_line(long_course, watch):
    playback = begin(long_course)
    watch.at += 60
    for forged in [*FORGED, {"nonce": playback["nonce"].upper()}, {"nonce": playback["nonce"][:-1]}]:
        answer = long_course.beat(playback, (60_000, 0, 60, 1), status=409, **forged)
        assert answer["type"].endswith("#forged-beat")
    with long_course.app.app_context():
        assert session.scalar(select(func.count()).select_from(BeatRow)) == 0
        lines = session.scalars(select(AuditLine).where(AuditLine.action == "learning.beat.forged")).all()
        assert len(lines) == 7 and {(x.actor, x.subject) for x in lines} == {("person:1", "playback:1")}
    assert long_course.beat(playback, (60_000, 0, 60, 1))["credited_s"] == 60


def test_a_nonce_of_another_playback_is_forged(long_course, watch):
    first = begin(long_course)
    second = begin(long_course)
    watch.at += 10
    assert long_course.beat({**second, "nonce": first["nonce"]}, (10_000, 0, 10, 1), status=409)["type"].endswith("#forged-beat")


def test_what_is_beyond_the_servers_clock_is_kept_by_the_client_and_counts_later(long_course, watch):
    playback = begin(long_course)
    watch.at += 10
    answer = long_course.beat(playback, (10_000, 0, 10, 1), (20_000, 10, 20, 1))
    assert (answer["acked_t_ms"], answer["credited_s"]) == (10_000, 10)
    watch.at += 10
    assert long_course.beat(playback, (20_000, 10, 20, 1))["credited_s"] == 20


def test_beats_sent_faster_than_a_player_may_are_refused_and_nothing_is_lost(any_app):
    with any_app.test_request_context(), writing():
        make_person()
        make_course()
    learner = Learner(any_app)
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    learner.video = learner.lessons()[0]["id"]
    playback, refused = begin(learner), 0
    for _n in range(12):
        answer = learner.client.post(f"/api/v1/playbacks/{playback['playback_id']}/beats", headers=learner.headers,
                                     json={"nonce": playback["nonce"], "seq": playback["next_seq"], "beats": []})
        if answer.status_code == 429:
            refused += 1
            assert int(answer.headers["Retry-After"]) >= 1
        else:
            playback.update(nonce=answer.get_json()["nonce"], next_seq=answer.get_json()["next_seq"])
    assert refused
    learning_api._beats._buckets.clear()
    with clock.advance(10):
        assert learner.beat(playback, (10_000, 0, 10, 1))["credited_s"] == 10


GARBAGE = ["/lessons/x/playback", "/lessons/999999/playback", "/lessons/²/playback", "/lessons/-1/playback",
           f"/lessons/{'9' * 40}/playback", "/playbacks/nobody/beats", "/playbacks/%00/close", "/playbacks/x/challenge"]


def test_garbage_ids_are_not_found_before_anything_is_read(long_course):
    for path in GARBAGE:
        answer = long_course.client.post("/api/v1" + path, headers=long_course.headers, data="{bad", content_type="application/json")
        assert answer.status_code == 404 and answer.mimetype == "application/problem+json", path


BAD_JSON = ["{bad", "[]", "null", '"x"', '{"nonce":1}', '{"nonce":"x","seq":"y","beats":[]}', "1e999",
            '{"nonce":"x","seq":1,"beats":[{"t_ms":1,"from_s":NaN,"to_s":1,"rate":1}]}', '{"nonce":"\\ud800","seq":1,"beats":[]}',
            '{"nonce":"x","seq":1,"beats":[{"t_ms":-1,"from_s":0,"to_s":1,"rate":1}]}', "[" * 5000]


def test_bad_json_is_422_in_chinese(long_course):
    playback = begin(long_course)
    for body in BAD_JSON:
        answer = long_course.client.post(f"/api/v1/playbacks/{playback['playback_id']}/beats", headers=long_course.headers, data=body,
                                         content_type="application/json")
        assert answer.status_code == 422 and answer.mimetype == "application/problem+json", body
        told = answer.get_json()
        assert told["errors"] and all(any("\u4e00" <= c <= "\u9fff" for c in e["message"]) for e in told["errors"]), told
