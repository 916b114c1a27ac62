"""Where every minute went: what is told adds up to what was played, each loss has its reason, the page leads on."""

from __future__ import annotations

import pytest
from tests.clients import Browser, Learner, place, words
from tests.factories import make_course, make_person
from tests.learning.test_evidence import Stopwatch

from guanxue import courses, learning, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.learning import api as learning_api
from guanxue.learning.explaining import DAY, FAST, LATE
from guanxue.policies.defaults import LIGHT_2

PHONE = "13800000001"


@pytest.fixture
def study(bare_app, monkeypatch):
    """A learner before a film of five minutes; late after ten seconds, of which five count; at most 200 s a day."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(clock, "time", stopwatch)
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    monkeypatch.setattr(learning_api._openings, "check", lambda key: None)
    with bare_app.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="试", effective_on=clock.today(), numbers=LIGHT_2 | {
            "late_after_ms": 10_000, "late_cap_ms": 5_000, "daily_cap_ms": 200_000})
        make_person(PHONE)
        make_course(videos_ms=(300_000,))
    who = Learner(bare_app, PHONE)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.app, who.watch_ = bare_app, stopwatch
    who.lesson = who.lessons()[0]["id"]
    return who


def told(who) -> learning.LessonTold:
    with who.app.test_request_context():
        course = courses.get_course("safe-measuring", SYSTEM)
        return learning.explain_lesson(learning.find_enrolment(1, course.id), courses.get_revision_lesson(int(who.lesson)))


def sit(who, seconds, *beats):
    """One sitting of so long, reported at its end."""
    playback = who.call("POST", f"/lessons/{who.lesson}/playback", 201)
    who.watch_.at += seconds
    return who.beat(playback, *beats)


def test_a_part_that_was_played_twice_in_one_request_is_told_as_repeated(study):
    sit(study, 9, (6_000, 0, 6, 1), (9_000, 0, 3, 1))
    (one,) = told(study).sittings
    assert (one.new_ms, one.repeated_ms, one.reasons) == (6_000, 3_000, [])


def test_what_one_long_beat_tells_of_long_ago_is_told_as_late(study):
    sit(study, 60, (60_000, 0, 60, 1))
    (one,) = told(study).sittings
    assert (one.new_ms, one.reasons) == (35_000, [(LATE, 25_000)])  # two beats of players on time, five seconds by the late budget


def test_honest_study_is_all_new_then_all_repeated(study):
    sit(study, 8, (8_000, 0, 8, 1))
    sit(study, 8, (8_000, 0, 8, 1))
    again, first = told(study).sittings
    assert (first.new_ms, first.repeated_ms, first.reasons) == (8_000, 0, [])
    assert (again.new_ms, again.repeated_ms, again.reasons) == (0, 8_000, [])


def test_what_the_clock_does_not_bear_is_told_as_too_fast(study):
    sit(study, 5, (5_000, 0, 100, 2))
    (one,) = told(study).sittings
    assert one.new_ms == 10_000 and one.reasons == [(FAST, 90_000)]


def test_what_came_too_late_is_told_so(study):
    sit(study, 60, (20_000, 0, 20, 1), (58_000, 20, 28, 1))
    (one,) = told(study).sittings
    assert one.new_ms == 13_000 and one.reasons == [(LATE, 15_000)]


def test_a_full_day_is_told_so_and_repeats_do_not_fill_it(study):
    for n in range(0, 240, 8):
        sit(study, 8, (8_000, n, n + 8, 1))
    account = told(study)
    assert account.credited_ms == 200_000 == sum(s.new_ms for s in account.sittings)
    assert sum(s.lost[DAY] for s in account.sittings) == 40_000
    assert account.gaps == [(200_000, 300_000)] and account.needed_ms == 270_000


def test_all_that_was_played_is_in_one_place(study):
    sit(study, 6, (2_000, 0, 2, 1), (4_000, 0, 50, 2), (6_000, 290, 400, 1))
    (one,) = told(study).sittings
    assert one.new_ms + one.repeated_ms + sum(one.lost.values()) == 2_000 + 50_000 + 10_000, "the film ends at 300"


def test_what_comes_again_later_is_no_loss(study):
    playback = study.call("POST", f"/lessons/{study.lesson}/playback", 201)
    study.watch_.at += 4
    study.beat(playback, (4_000, 0, 4, 1), (60_000, 4, 60, 1))
    (one,) = told(study).sittings
    assert (one.new_ms, one.reasons) == (4_000, [])


def test_the_page_shows_gaps_that_lead_to_their_moment(study):
    browser = Browser(study.app, PHONE)
    assert "这节课还没有学过" in browser.see("/learn/safe-measuring/lesson-1/why")
    sit(study, 8, (8_000, 100, 108, 1))
    page = browser.get("/learn/safe-measuring/lesson-1/why")
    assert "再学 4:22 就算学完" in words(page) and "1:48 – 5:00" in words(page)
    assert "/learn/safe-measuring/lesson-1?t=108" in page.text
    assert "/learn/safe-measuring/lesson-1/why" in browser.see("/learn/safe-measuring/lesson-1")


def test_strangers_see_nobodys_account(study):
    with study.app.test_request_context(), writing():
        make_person("13800000002")
    assert place(Browser(study.app, "13800000002").get("/learn/safe-measuring/lesson-1/why", 303)) == "/courses/safe-measuring"
    assert place(Browser(study.app).get("/learn/safe-measuring/lesson-1/why", 303)).startswith("/login")
    mine = Browser(study.app, PHONE)
    mine.get("/learn/safe-measuring/quiz/why", 404)
    mine.get("/learn/safe-measuring/nothing/why", 404)
    assert mine.client.post("/learn/safe-measuring/lesson-1/why").status_code == 405
