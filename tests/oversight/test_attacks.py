"""The known cheats, played through HTTP: nothing beyond the honest share, and each leaves its trace or stands on the board.

What leaves none is said there too: a bot at human speed, somebody else at the keyboard.
"""

from __future__ import annotations

import pytest
from sqlalchemy import text
from tests.clients import Learner
from tests.factories import make_course, make_person
from tests.learning.presence_school import Student, Time, strict_course, strict_policy

from guanxue import audit, creditbank, oversight
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.policies.defaults import SUBSIDISED_1

LIN, OTHER = "13800000001", "13800000002"
QUIZ = "\n\n".join(f"::q{n}::第{n}题，哪一个说法是对的？{{\n  ={n}甲\n  ~{n}乙\n  ~{n}丙\n}}" for n in range(1, 11))


@pytest.fixture
def lin(bare_app):
    """林小莲 in a course with a film of ten minutes and ten questions; another learner who is in no course."""
    with bare_app.test_request_context(), writing():
        make_person(LIN)
        make_person(OTHER, "黄小明")
        make_course(videos_ms=(600_000,), gift=QUIZ)
    learner = Learner(bare_app, LIN)
    learner.app = bare_app
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    return learner


def film(learner) -> str:
    return learner.lessons()[0]["id"]


def opened(learner):
    return learner.call("POST", f"/lessons/{film(learner)}/playback", 201)


def credited(learner) -> float:
    """Seconds that count, as the server derives them from what it kept; and no credit."""
    with learner.app.app_context():
        assert creditbank.recompute()[1] == [] and creditbank.balance(1) == 0
    return learner.call("GET", f"/lessons/{film(learner)}", 200)["coverage"] * 600


def lines(learner, action) -> list:
    with learner.app.app_context():
        return audit.list_lines(action=action)


def look(learner) -> list[str]:
    """Kinds that the board has after a look."""
    with learner.app.test_request_context(), writing():
        now = clock.now()
        oversight.look(clock.moment_of(clock.now_ms() - 86_400_000), now)
        return [f.kind for f in oversight.list_findings().items]


def test_a_clock_that_runs_faster_earns_only_what_the_servers_clock_gives(lin):
    playback = opened(lin)
    with clock.advance(10):
        lin.beat(playback, *((n * 15_000, (n - 1) * 15, n * 15, 1.0) for n in range(1, 41)))
    assert credited(lin) <= 13
    (line,) = lines(lin, "learning.beat.ahead")
    assert line.actor == "person:1" and line.detail["t_ms"] == 600_000 and line.detail["elapsed_ms"] < 15_000


def test_a_rate_above_the_policys_earns_what_the_policy_gives(lin):
    playback = opened(lin)
    with clock.advance(30):
        lin.beat(playback, (30_000, 0, 480, 16.0))
    assert credited(lin) <= 30 * playback["max_rate"] + 1


def test_replayed_beats_earn_nothing_and_are_in_the_trail(lin):
    playback = opened(lin)
    first = dict(playback)
    with clock.advance(15):
        lin.beat(playback, (15_000, 0, 15, 1.0))
    with clock.advance(30):
        lin.beat(playback, (30_000, 15, 30, 1.0))
        before = credited(lin)
        for _n in range(2):  # what it sends more of is slowed down anyway
            lin.beat(dict(first), (15_000, 100, 115, 1.0))
    assert credited(lin) == before <= 30.6
    found = lines(lin, "learning.beat.replayed")
    assert found and {(x.detail["seq"], x.detail["last_seq"]) for x in found} == {(1, 2)}


def test_an_answer_that_was_lost_is_sent_again_without_a_trace(lin):
    playback = opened(lin)
    first = dict(playback)
    with clock.advance(15):
        lin.beat(playback, (15_000, 0, 15, 1.0))
        lin.beat(first, (15_000, 0, 15, 1.0))
    assert lines(lin, "learning.beat.replayed") == []


def test_a_forged_sequence_is_refused_and_is_in_the_trail(lin):
    playback = opened(lin)
    with clock.advance(60):
        for over in ({"seq": 5}, {"nonce": "0" * 32}, {"seq": 2, "nonce": playback["nonce"]}, {"seq": 0}):
            lin.call("POST", f"/playbacks/{playback['playback_id']}/beats", None,
                     **{"nonce": playback["nonce"], "seq": 1, "beats": [{"t_ms": 60_000, "from_s": 0, "to_s": 60, "rate": 1}], **over})
    assert credited(lin) == 0 and len(lines(lin, "learning.beat.forged")) >= 3


def test_two_devices_earn_what_one_would_and_are_on_the_board(lin):
    other = Learner(lin.app, LIN)
    shift, devices, playing = 0.0, (lin, other), None
    for n in range(16):
        with clock.advance(shift):
            mine = opened(devices[n % 2])
        shift += 60
        with clock.advance(shift):
            devices[n % 2].beat(mine, *((k * 15_000, n * 15, n * 15 + 15, 1.0) for k in range(1, 5)))
            if playing is not None:  # the other one does not give up
                answer = devices[(n + 1) % 2].beat(playing, (120_000, 500, 560, 1.0), status=409)
                assert answer["type"].endswith("playback-superseded")
        playing = mine
    with clock.advance(shift):
        assert credited(lin) <= 16 * 15 + 5
        assert lines(lin, "learning.beat.superseded")[0].subject.startswith("playback:")
        assert "parallel" in look(lin)


def test_a_script_that_answers_in_a_blink_is_in_the_trail_and_on_the_board_and_earns_no_second_of_study(lin):
    """What it was graded it is graded: that a person could not have tapped so fast is for people to judge."""
    quiz = lin.lessons()[-1]["id"]
    attempt = lin.call("POST", f"/quizzes/{quiz}/attempts", 200)
    right = {q["id"]: next(o["id"] for o in q["options"] if "甲" in o["html"]) for q in attempt["questions"]}
    lin.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **right)
    assert lin.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["score"] == 100
    lin.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
    (line,) = lines(lin, "learning.attempt.in_a_blink")
    assert line.actor == "person:1" and line.detail["questions"] == 10 and line.detail["lasted_ms"] < 10_000
    assert look(lin) == ["pace"] and credited(lin) == 0


def test_answers_harvested_from_a_second_attempt_do_not_fit_the_first_persons(lin):
    with lin.app.test_request_context(), writing():
        pass
    spy = Learner(lin.app, OTHER)
    spy.call("PUT", "/courses/safe-measuring/enrolment", 200)
    quiz = lin.lessons()[-1]["id"]
    seen = spy.call("POST", f"/quizzes/{quiz}/attempts", 200)
    told = str(seen)
    assert "correct" not in told and "permille" not in told and "explanation" not in told
    harvested = {q["id"]: q["options"][0]["id"] for q in seen["questions"]}
    mine = lin.call("POST", f"/quizzes/{quiz}/attempts", 200)
    lin.call("PUT", f"/attempts/{mine['attempt_id']}/answers", 422, **harvested)
    lin.call("PUT", f"/attempts/{seen['attempt_id']}/answers", 404, **harvested)
    result = lin.call("POST", f"/attempts/{mine['attempt_id']}/submit", 200)
    assert result["score"] == 0 and not result["passed"]
    (line,) = lines(lin, "quizzes.answers.foreign")
    assert line.actor == "person:1" and line.subject == f"attempt:{mine['attempt_id']}"


def test_a_key_harvested_by_handing_in_tells_nothing_before_a_pass(lin):
    quiz = lin.lessons()[-1]["id"]
    attempt = lin.call("POST", f"/quizzes/{quiz}/attempts", 200)
    told = lin.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
    assert all(not x.get("explanation") for x in told["feedback"])


def test_beats_for_a_lesson_one_is_not_in_are_refused_and_in_the_trail(lin):
    stranger, playback = Learner(lin.app, OTHER), opened(lin)
    stranger.call("POST", f"/lessons/{film(lin)}/playback", 403)
    with clock.advance(60):
        stranger.beat(dict(playback), (60_000, 0, 60, 1.0), status=404)
    assert credited(lin) == 0
    assert [x.actor for x in lines(lin, "learning.playback.refused")] == ["person:2"]
    assert [x.actor for x in lines(lin, "learning.beat.foreign")] == ["person:2"]


def test_a_code_that_nobody_has_leaves_no_line(lin):
    lin.call("POST", "/playbacks/nobodys/beats", 404, nonce="0" * 32, seq=1, beats=[])
    assert lines(lin, "learning.beat.foreign") == []


def test_from_where_is_kept_as_hashes_alone(lin):
    opened(lin)
    with lin.app.app_context():
        (row,) = session.execute(text("SELECT * FROM oversight_sighting")).mappings()
        assert row["ref"] == "playback:1" and len(row["device"]) == len(row["network"]) == 24 and "127.0.0" not in str(row)


# ---- where money is paid: the same under the strict policy, the exam passed


@pytest.fixture
def strict(bare_app):
    """林小莲 in a course of two films of forty-five minutes for which a subsidy is paid; its exam is passed."""
    with Time() as passing:
        with bare_app.test_request_context(), writing():
            make_person(LIN)
            strict_policy(**SUBSIDISED_1)
            strict_course(videos_ms=(2_700_000, 2_700_000))
        student = Student(bare_app, passing, LIN)
        student.app = bare_app
        student.call("PUT", "/courses/safe-measuring/enrolment", 200)
        student.pass_quiz(student.lessons()[-1]["id"])
        yield student


def earned(student) -> tuple[float, bool]:
    """(seconds that count of both films, is the course complete), as the server derives them; and no credit."""
    with student.app.app_context():
        assert creditbank.recompute()[1] == [] and creditbank.balance(1) == 0
    films = student.lessons()[:2]
    seconds = sum(student.call("GET", f"/lessons/{x['id']}", 200)["coverage"] * 2_700 for x in films)
    return seconds, student.call("GET", "/me/courses", 200)["items"][0]["completed"]


MOST_UNASKED_S = SUBSIDISED_1["presence_max_ms"] / 1000


def test_whoever_closes_first_and_tells_later_is_asked_like_everybody(strict):
    for film in strict.lessons()[:2]:
        strict.open(film["id"])
        for _minute in range(45):
            strict.time.go(60)
            strict.call("POST", f"/playbacks/{strict.playback['playback_id']}/close", 200)
            strict.beat(strict.playback, *((n * 15_000, strict.at + n * 15 - 15, strict.at + n * 15, 1) for n in range(1, 5)))
            strict.open(film["id"], at=strict.at + 60)
    seconds, is_complete = earned(strict)
    assert not is_complete and seconds <= MOST_UNASKED_S + 60 + 5


def test_a_whole_film_told_in_one_beat_earns_what_is_on_time(strict):
    for film in strict.lessons()[:2]:
        strict.open(film["id"])
        strict.play(2_700)
        strict.call("POST", f"/playbacks/{strict.playback['playback_id']}/close", 200)
    assert earned(strict) == (pytest.approx(2 * 120, abs=6), False)


def test_a_player_that_hides_the_check_earns_nothing_behind_it(strict):
    strict.open(strict.lessons()[0]["id"])
    for _n in range(2_700 // 15):
        strict.play(15)
    seconds, is_complete = earned(strict)
    assert not is_complete and seconds <= MOST_UNASKED_S + 2 * 15 + 5
