"""Time in which a course rests is not the learner's: what a quiz lost by a hold comes back, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from tests.clients import Browser, Learner
from tests.learning.test_tickets import says
from tests.learning.test_tries import is_told, result, waste
from tests.stopped_course import LEARNER, OFFICER, SECOND, SLUG, case, do, file_case, mend, the_course, uphold, who

from guanxue import courses, learning, quizzes
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.jobs import run_waiting
from guanxue.jobs.models import Job
from guanxue.learning import rules
from guanxue.quizzes.models import Extension


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 50)), max_size=6))
def test_what_is_left_when_a_rest_begins_is_left_when_it_ends(spans):
    noon = clock.moment_of(1_800_000_000_000)
    minute = timedelta(minutes=1)
    rests = sorted((noon + a * minute, noon + (a + b) * minute) for a, b in spans)
    now = noon + 400 * minute
    end = rules.end_with_rests(noon, noon + 30 * minute, rests, now)
    resting = {m for a, b in spans for m in range(a, a + b)}
    ran = [m for m in range(400) if m not in resting][:30]
    # Minute by minute: it ends after thirty minutes in which nothing rested.
    assert end >= noon + (ran[-1] + 1) * minute and sum(m not in resting for m in range(int((end - noon) / minute))) == 30


def test_a_rest_that_began_after_the_end_gives_nothing():
    noon, minute = clock.moment_of(1_800_000_000_000), timedelta(minutes=1)
    rests = [(noon + 31 * minute, noon + 90 * minute)]
    assert rules.end_with_rests(noon, noon + 30 * minute, rests, noon + 200 * minute) == noon + 30 * minute


def test_time_under_a_hold_does_not_count_against_an_open_quiz(school):
    who_ = Learner(school, LEARNER)
    quiz = who_.lessons()[-1]["id"]
    attempt = who_.call("POST", f"/quizzes/{quiz}/attempts", 200)
    complaint_id = do(school, file_case)
    with clock.advance(10 * 60):
        do(school, lambda: courses.hold(who(OFFICER), case(complaint_id)))
    with clock.advance(3 * 3600):
        # On the learner's page the questions still stand: what they write meanwhile is kept.
        who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=True)
        do(school, lambda: courses.release(who(OFFICER), case(complaint_id)))
        again = who_.call("POST", f"/quizzes/{quiz}/attempts", 200)
        assert again["attempt_id"] == attempt["attempt_id"]
        with school.app_context():
            left = quizzes.get_attempt(attempt["attempt_id"], who(LEARNER).id).expires_at - clock.now()
            assert timedelta(minutes=19) < left <= timedelta(minutes=20), "twenty of its thirty minutes, as when it was held"
        assert again["extensions_left"] == attempt["extensions_left"], "nothing had to be asked for"
    with clock.advance(3 * 3600 + 21 * 60):
        who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 409, q1=False)


def test_holds_that_come_again_and_overlap_give_back_their_time_once_beside_what_was_asked_for(school):
    who_ = Learner(school, LEARNER)
    attempt_id = who_.call("POST", f"/quizzes/{who_.lessons()[-1]['id']}/attempts", 200)["attempt_id"]
    with school.app_context():
        began = quizzes.get_attempt(attempt_id, who(LEARNER).id).started_at
        slug = courses.lessons_of(the_course().revision_id)[-1].slug
    whole, of_quiz = do(school, file_case), do(school, file_case, slug)
    steps = [(10, courses.hold, whole), (20, courses.release, whole), (25, courses.hold, of_quiz), (26, courses.release, of_quiz),
             (30, None, 0), (60, courses.hold, whole), (65, courses.hold, of_quiz), (80, courses.release, whole),
             (90, courses.release, of_quiz), (95, courses.hold, whole), (95, courses.release, whole)]
    for minute, work, complaint_id in steps:
        with clock.advance(minute * 60):
            if work is None:
                do(school, lambda: learning.extend_attempt(who(LEARNER), attempt_id))
            else:
                do(school, lambda work=work, of=complaint_id: work(who(OFFICER), case(of)))
    with school.app_context():
        attempt = quizzes.get_attempt(attempt_id, who(LEARNER).id)
        minutes = (attempt.expires_at - began) / timedelta(minutes=1)
        assert 30 + 30 + 10 + 1 + 30 <= minutes < 30 + 30 + 10 + 1 + 30 + 1, "its own, what was asked for, and each hold once"
        assert quizzes.more_time(attempt).left == 9, "of ten, for one was asked for"


def test_the_key_is_not_told_while_a_rest_may_give_time_back(school):
    who_ = Learner(school, LEARNER)
    spent = waste(school, who_, times=2)[-1]
    last = who_.call("POST", f"/quizzes/{who_.lessons()[-1]['id']}/attempts", 200)
    complaint_id = do(school, file_case)
    with clock.advance(10 * 60):
        do(school, lambda: courses.hold(who(OFFICER), case(complaint_id)))
    with clock.advance(3 * 3600):
        who_ = Learner(school, LEARNER)
        assert not is_told(result(who_, spent))
        who_.call("PUT", f"/attempts/{last['attempt_id']}/answers", 200, q1=True)


def test_a_quiz_that_stands_still_is_looked_at_when_its_course_goes_on(school):
    who_ = Learner(school, LEARNER)
    attempt = who_.call("POST", f"/quizzes/{who_.lessons()[-1]['id']}/attempts", 200)
    who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=True)
    complaint_id = do(school, file_case)
    do(school, lambda: courses.hold(who(OFFICER), case(complaint_id)))
    for hour in range(1, 13):
        with clock.advance(hour * 3600):
            run_waiting(school)
    with clock.advance(24 * 3600):
        with school.app_context():
            looks = session.scalar(select(func.count()).select_from(Job).where(Job.name == "learning.hand_in"))
            assert (looks, session.scalar(select(func.count()).select_from(Extension))) == (1, 0)
        do(school, lambda: courses.release(who(OFFICER), case(complaint_id)))
    for minute, is_in in ((59, False), (61, True)):
        with clock.advance(24 * 3600 + minute * 60):
            run_waiting(school)
            with school.app_context():
                assert (quizzes.find_submission(attempt["attempt_id"]) is not None) == is_in


@pytest.mark.parametrize("is_answered", (True, False))
def test_a_quiz_that_stood_still_runs_out_once_its_learner_moved_on(school, is_answered):
    who_ = Learner(school, LEARNER)
    attempt = who_.call("POST", f"/quizzes/{who_.lessons()[-1]['id']}/attempts", 200)
    path = f"/attempts/{attempt['attempt_id']}"
    if is_answered:
        who_.call("PUT", f"{path}/answers", 200, q1=True)
    do(school, lambda: uphold(file_case()))
    with clock.advance(5 * 3600):
        run_waiting(school)
        do(school, mend)
        browser = Browser(school, LEARNER)
        browser.see(f"/courses/{SLUG}")
        browser.send(f"/learn/{SLUG}/move")
    with clock.advance(6 * 3600 + 60):
        run_waiting(school)
        with school.app_context():
            assert (quizzes.find_submission(attempt["attempt_id"]) is not None) == is_answered
    with clock.advance(5 * 3600 + 40 * 60):
        if not is_answered:
            who_ = Learner(school, LEARNER)
            waste(school, who_)
            who_.call("POST", f"{path}/extension", 409)


def test_what_was_played_before_a_hold_is_told_during_it_and_nothing_new_is_opened(school):
    learner = Learner(school, LEARNER)
    lesson = learner.lessons()[0]["id"]
    before = learner.call("POST", f"/lessons/{lesson}/playback", 201, key="on-the-shelf")
    complaint_id = do(school, file_case)
    with clock.advance(20):
        do(school, lambda: courses.hold(who(OFFICER), case(complaint_id)))
        again = learner.call("POST", f"/lessons/{lesson}/playback", 200, key="on-the-shelf")
        assert again["playback_id"] == before["playback_id"]
        told = learner.call("POST", f"/playbacks/{again['playback_id']}/beats", 200, nonce=again["nonce"], seq=again["next_seq"],
                            beats=[{"t_ms": 10_000, "from_s": 0, "to_s": 10, "rate": 1}])
        assert told["gained_s"] > 0
        says(learner.call("POST", f"/lessons/{lesson}/playback", 409, key="another"), "paused")
        says(Learner(school, SECOND).call("POST", f"/lessons/{lesson}/playback", 403, key="on-the-shelf"), "not-enrolled")
