"""A complaint stops a revision for good: its learners go on in the mended one, and nothing is lost or earned twice by it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytest
from sqlalchemy import text
from tests.clients import Browser, Learner
from tests.factories import TEXT, make_person
from tests.learning.test_tickets import Phone, change_policy, watch  # noqa: F401 a fixture
from tests.stopped_course import (
    AUTHOR,
    LEARNER,
    OFFICER,
    OTHER,
    SLUG,
    do,
    done,
    file_case,
    go_on,
    mend,
    the_course,
    uphold,
    who,
    worth,
)

from guanxue import accounts, courses, creditbank, jobs, learning, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.learning import carried


def test_learners_of_a_stopped_revision_go_on_in_the_mended_one_and_lose_nothing(school):
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    first, second, quiz = who_.lessons()
    who_.watch(second["id"], second["duration_s"])
    who_.pass_quiz(quiz["id"])
    do(school, lambda: uphold(file_case()))
    page = browser.see(f"/learn/{SLUG}/lesson-1")
    assert "投诉成立" in page and "改好的版本" not in page  # nothing to go to yet
    do(school, mend)
    page = browser.see(f"/learn/{SLUG}/lesson-1")
    assert "有了改好的版本" in page and "照样算数：再读数、考核" in page
    assert "有了改好的版本" in browser.see(f"/courses/{SLUG}")
    browser.send(f"/learn/{SLUG}/move")
    assert done(who_) == [False, True, True]
    page = browser.see(f"/courses/{SLUG}")
    assert "改好的版本" not in page and "停止" not in page
    assert worth(school) == (0, 0)
    fresh = who_.lessons()[0]
    who_.watch(fresh["id"], fresh["duration_s"])
    assert worth(school)[1] == 1 and worth(school)[0] > 0
    browser.send(f"/learn/{SLUG}/move")  # again is the same
    with school.app_context():
        assert session.scalar(text("SELECT count(*) FROM learning_move")) == 1


def test_a_cache_that_was_lost_after_the_move_is_made_again_from_the_evidence_before_it(school):
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    first, second, _quiz = who_.lessons()
    who_.watch(second["id"], second["duration_s"])
    do(school, lambda: uphold(file_case()))
    do(school, mend)
    browser.send(f"/learn/{SLUG}/move")
    do(school, lambda: session.execute(text("DELETE FROM learning_progress")))
    fresh = who_.lessons()[0]
    who_.watch(fresh["id"], fresh["duration_s"])
    assert done(who_) == [True, True, False]


def test_a_lesson_that_was_mended_is_studied_anew_though_it_was_complete(school):
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    first, second, _quiz = who_.lessons()
    for lesson in (first, second):
        who_.watch(lesson["id"], lesson["duration_s"])
    do(school, lambda: uphold(file_case("lesson-1")))
    do(school, mend)
    assert "要重新学：先停机" in browser.see(f"/learn/{SLUG}/lesson-1")
    browser.send(f"/learn/{SLUG}/move")
    assert done(who_) == [False, True, False]


def test_whoever_has_everything_the_mended_revision_asks_for_completes_it_once(school):
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    _first, second, quiz = who_.lessons()
    who_.watch(second["id"], second["duration_s"])
    who_.pass_quiz(quiz["id"])
    do(school, lambda: uphold(file_case("lesson-1")))

    def without_the_lesson():
        courses.remove_lesson(who(AUTHOR), the_course(), courses.list_lessons(the_course().id)[0].id)
        courses.publish_course(SYSTEM, the_course())

    do(school, without_the_lesson)
    assert worth(school) == (0, 0)
    browser.send(f"/learn/{SLUG}/move")
    assert worth(school)[1] == 1


def test_who_completed_the_stopped_revision_keeps_it_and_is_asked_for_nothing(school):
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    who_.finish()
    before = worth(school)
    do(school, lambda: uphold(file_case()))
    do(school, mend)
    assert "改好的版本" not in browser.see(f"/courses/{SLUG}")
    browser.send(f"/learn/{SLUG}/move", 409)
    assert worth(school) == before and before[1] == 1


def test_an_attempt_that_was_open_when_its_revision_was_stopped_counts_in_the_mended_one(school):
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    quiz = who_.lessons()[-1]
    attempt = who_.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **who_.right_answers(attempt))
    do(school, lambda: uphold(file_case()))
    do(school, mend)
    browser.send(f"/learn/{SLUG}/move")
    assert who_.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["passed"]
    assert done(who_) == [False, False, True]


# ---- accidents around a move


def test_what_was_read_before_the_move_and_is_reported_after_it_counts(school):
    who_ = Learner(school, LEARNER)
    first, second, quiz = who_.lessons()
    who_.pass_quiz(quiz["id"])
    playback = who_.call("POST", f"/lessons/{second['id']}/playback", 201, key="on-the-shelf")
    seconds = second["duration_s"]
    with clock.advance(seconds):
        go_on(school)
        playback |= who_.call("POST", f"/lessons/{second['id']}/playback", 200, key="on-the-shelf")  # as a page does that tells later
        who_.beat(playback, (round(seconds * 1000), 0, seconds, 1.0))
        assert done(who_) == [False, True, True]
        fresh = who_.lessons()[0]
        who_.watch(fresh["id"], fresh["duration_s"])
        assert worth(school)[1] == 1


def test_what_is_reported_last_completes_the_mended_revision(school):
    who_ = Learner(school, LEARNER)
    _first, second, quiz = who_.lessons()
    who_.pass_quiz(quiz["id"])
    playback = who_.call("POST", f"/lessons/{second['id']}/playback", 201)
    seconds = second["duration_s"]
    with clock.advance(seconds):
        go_on(school)
    with clock.advance(2 * seconds + 60):
        fresh = who_.lessons()[0]
        who_.watch(fresh["id"], fresh["duration_s"])
        assert worth(school)[1] == 0
        who_.beat(playback, (round(seconds * 1000), 0, seconds, 1.0))
        assert worth(school)[1] == 1


def test_a_move_gives_no_further_attempts_at_the_same_paper(school):
    who_ = Learner(school, LEARNER)
    quiz = who_.lessons()[-1]["id"]
    before = who_.call("POST", f"/quizzes/{quiz}/attempts", 200)
    who_.call("PUT", f"/attempts/{before['attempt_id']}/answers", 200, q1=False)
    left = who_.call("POST", f"/attempts/{before['attempt_id']}/submit", 200)["attempts_left"]
    go_on(school)
    quiz = who_.lessons()[-1]["id"]
    for _n in range(left):
        attempt = who_.call("POST", f"/quizzes/{quiz}/attempts", 200)
        told = who_.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)
    assert told["attempts_left"] == 0
    who_.call("POST", f"/quizzes/{quiz}/attempts", 409)


def test_an_open_attempt_is_found_again_after_the_move_with_its_answers_and_its_time(school):
    who_ = Learner(school, LEARNER)
    quiz = who_.lessons()[-1]["id"]
    attempt = who_.call("POST", f"/quizzes/{quiz}/attempts", 200)
    who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, **who_.right_answers(attempt))
    with clock.advance(10 * 60):
        do(school, lambda: uphold(file_case()))
        do(school, mend)
    with clock.advance(5 * 3600):
        browser = Browser(school, LEARNER)
        browser.see(f"/courses/{SLUG}")
        browser.send(f"/learn/{SLUG}/move")
        quiz = who_.lessons()[-1]
        again = who_.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
        assert again["attempt_id"] == attempt["attempt_id"]
        slug = do(school, lambda: courses.lessons_of(the_course().revision_id)[-1].slug)
        assert "答过的 2 道题都在" in browser.see(f"/learn/{SLUG}/{slug}")  # it runs on the learner's other device
    with clock.advance(5 * 3600 + 21 * 60):  # its clock runs again: the rest of the stopped revision is not theirs
        who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 409, q1=False)


def test_a_paper_that_was_passed_under_another_policy_counts_in_the_mended_revision(school):
    who_ = Learner(school, LEARNER)
    _first, second, quiz = who_.lessons()
    who_.watch(second["id"], second["duration_s"])
    who_.pass_quiz(quiz["id"])
    do(school, other_policy)
    go_on(school)
    assert done(who_) == [False, True, True]


def other_policy():
    numbers = policies.current_policy().numbers
    more = {"quiz_ms_per_question": numbers.quiz_ms_per_question * 2, "reading_chars_per_minute": 400}
    policies.publish_policy(SYSTEM, code=policies.current_policy().code, title="另一版", numbers={**asdict(numbers), **more},
                            effective_on=clock.today())
    assert policies.current_policy().numbers.quiz_ms_per_question == more["quiz_ms_per_question"]


def test_who_had_only_tried_the_quiz_before_a_move_comes_back_to_the_revision_they_were_in(school):
    who_ = Learner(school, LEARNER)
    who_.pass_quiz(who_.lessons()[-1]["id"])
    go_on(school)
    assert done(who_) == [False, False, True]
    who_.call("DELETE", f"/courses/{SLUG}/enrolment", 204)
    do(school, mend, 1)
    who_.call("PUT", f"/courses/{SLUG}/enrolment", 200)
    assert done(who_) == [False, False, True]
    with school.app_context():
        enrolment = learning.find_enrolment(who(LEARNER).id, the_course().id)
        assert courses.get_revision(enrolment.revision_id).number == 2


def test_twin_lessons_both_count_in_another_revision():
    @dataclass
    class Lesson:
        id: int
        kind: str = "text"
        body: str = "same words"
        duration_ms: int = 1000
        asset_id: int | None = None
        paper_id: int | None = None

    assert carried.match([Lesson(1), Lesson(2)], [Lesson(3), Lesson(4)]) == {1: 3, 2: 4}
    assert carried.match([Lesson(1), Lesson(2)], [Lesson(3)]) == {1: 3}
    assert carried.match([Lesson(1), Lesson(2), Lesson(3)], [Lesson(3), Lesson(4)]) == {3: 3, 1: 4}


def test_a_move_twice_counts_what_was_earned_in_each_and_is_derived_again(school):
    who_ = Learner(school, LEARNER)
    _first, second, quiz = who_.lessons()
    who_.watch(second["id"], second["duration_s"])
    browser = go_on(school)
    who_.pass_quiz(who_.lessons()[-1]["id"])
    do(school, lambda: uphold(file_case()))
    do(school, lambda: courses.edit_lesson(who(AUTHOR), the_course(), courses.list_lessons(the_course().id)[0].id,
                                           title="先停机", body=TEXT + "\n\n又拍一次。"))
    do(school, lambda: courses.publish_course(SYSTEM, the_course()))
    browser.send(f"/learn/{SLUG}/move")
    assert done(who_) == [False, True, True]
    fresh = who_.lessons()[0]
    who_.watch(fresh["id"], fresh["duration_s"])
    assert worth(school)[1] == 1 and worth(school)[0] > 0


def test_a_quiz_has_to_reach_the_higher_mark_of_the_mended_revision_and_a_correction_helps_there_too(school):
    who_ = Learner(school, LEARNER)
    do(school, lambda: set_pass_mark(50))
    who_.call("DELETE", f"/courses/{SLUG}/enrolment", 204)
    who_.call("PUT", f"/courses/{SLUG}/enrolment", 200)
    quiz = who_.lessons()[-1]
    attempt = who_.call("POST", f"/quizzes/{quiz['id']}/attempts", 200)
    who_.call("PUT", f"/attempts/{attempt['attempt_id']}/answers", 200, q1=True)
    assert who_.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["passed"]
    do(school, lambda: uphold(file_case()))
    do(school, lambda: set_pass_mark(100))
    do(school, mend)
    browser = Browser(school, LEARNER)
    assert "要重新学：考核" in browser.see(f"/courses/{SLUG}")
    browser.send(f"/learn/{SLUG}/move")
    assert done(who_) == [False, False, False]

    def put_right():
        paper = courses.list_papers(the_course().id)[0].paper_id
        asked = learning.ask_correction(who(AUTHOR), the_course(), paper, "q2", {"everyone": True}, reason="图没有印出来。")
        learning.answer_correction(who(OFFICER), asked.id, is_confirmed=True)

    do(school, put_right)
    jobs.run_waiting(school)
    assert done(who_) == [False, False, True]


def set_pass_mark(mark):
    the_course().pass_mark = mark
    courses.publish_course(SYSTEM, the_course())


# ---- a move and two accounts of one person


def accounts_of(app, work):
    """Do something with (the actor that stays, its row id, the row id of the account that is merged into it)."""
    kept, merged = accounts.find_person_by_phone(LEARNER), accounts.find_person_by_phone(OTHER)
    return work(type(SYSTEM)("person", kept.id, kept.name), kept.id, merged.id)


def merge(app):
    def work(actor, *ids):
        foreseen = accounts.foresee_merge(actor, *ids)
        return accounts.merge_accounts(actor, *ids, reason="同一个人", foreseen=foreseen.digest).code

    return do(app, accounts_of, app, work)


def part(app, code):
    def work(actor, *_ids):
        foreseen = accounts.foresee_part(actor, accounts.get_merge(code))
        accounts.part_accounts(actor, code, reason="分开", foreseen=foreseen.digest)

    do(app, accounts_of, app, work)


@pytest.fixture
def two(school):
    """The same, and a second account of the learner that read the second text and passed the quiz."""
    do(school, make_person, OTHER, "林小莲")
    with clock.advance(10_000):
        other = Learner(school, OTHER)
        other.call("PUT", f"/courses/{SLUG}/enrolment", 200)
        _first, second, quiz = other.lessons()
        other.watch(second["id"], second["duration_s"])
        other.pass_quiz(quiz["id"])
    return school


def test_what_was_carried_over_goes_along_when_the_account_that_stayed_goes_on(two):
    with clock.advance(20_000):
        code = merge(two)
        who_ = Learner(two, LEARNER)
        assert done(who_) == [False, True, True]
        go_on(two)
        assert done(who_) == [False, True, True]
        fresh = who_.lessons()[0]
        who_.watch(fresh["id"], fresh["duration_s"])
        assert worth(two)[1] == 1 and worth(two)[0] > 0
        part(two, code)
        browser = Browser(two, OTHER)
        browser.see(f"/courses/{SLUG}")
        browser.send(f"/learn/{SLUG}/move")
        other = Learner(two, OTHER)
        fresh = other.lessons()[0]
        other.watch(fresh["id"], fresh["duration_s"])
        assert worth(two)[0] > 0
        with two.app_context():
            assert session.scalar(text("SELECT count(*) FROM learning_completion")) == 2
            assert session.scalar(text("SELECT count(*) FROM creditbank_award")) == 1, "the same reading is credited once"


def test_who_parts_after_going_on_keeps_what_was_done_since_and_can_go_on_on_the_other(two):
    with clock.advance(20_000):
        code = merge(two)
        go_on(two)
        who_ = Learner(two, LEARNER)
        fresh = who_.lessons()[0]
        who_.watch(fresh["id"], fresh["duration_s"] / 2)
        part(two, code)
        with two.app_context():
            assert learning.find_enrolment(who(LEARNER).id, the_course().id).left_at is None
        assert done(who_) == [False, False, False] and worth(two) == (0, 0)
        browser = Browser(two, OTHER)
        browser.see(f"/courses/{SLUG}")
        browser.send(f"/learn/{SLUG}/move")
        other = Learner(two, OTHER)
        assert done(other) == [False, True, True]
        fresh = other.lessons()[0]
        other.watch(fresh["id"], fresh["duration_s"])
        with two.app_context():
            assert not creditbank.recompute()[1]
            assert creditbank.balance(who(OTHER).id) > 0


@pytest.mark.parametrize("is_newer", [False, True])
def test_an_account_that_went_on_is_merged_with_all_that_it_earned(two, is_newer):
    with clock.advance(20_000):
        if is_newer:
            do(two, other_policy)
        do(two, lambda: uphold(file_case()))
        do(two, mend)
        browser = Browser(two, OTHER)
        browser.see(f"/courses/{SLUG}")
        browser.send(f"/learn/{SLUG}/move")
        other = Learner(two, OTHER)
        before = done(other)
        assert before == [False, True, True]
        merge(two)  # the account that stays is still in the stopped revision
        browser = Browser(two, LEARNER)
        browser.see(f"/courses/{SLUG}")
        browser.send(f"/learn/{SLUG}/move")
        who_ = Learner(two, LEARNER)
        assert done(who_) == before
        fresh = who_.lessons()[0]
        who_.watch(fresh["id"], fresh["duration_s"])
        assert worth(two)[1] == 1 and worth(two)[0] > 0


def test_study_under_a_ticket_of_the_revision_before_uses_up_its_day(school, watch):  # noqa: F811
    change_policy(school, daily_cap_ms=3_600_000)
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    second = who_.lessons()[1]
    phone = Phone(who_, watch, second["id"])
    phone.sit().study(second["duration_s"])
    watch.at += 5
    do(school, lambda: uphold(file_case()))
    do(school, mend)
    browser.send(f"/learn/{SLUG}/move")
    phone.send()
    assert done(who_) == [False, True, False]
    with school.app_context():
        assert session.scalar(text("SELECT sum(counted_ms) FROM learning_day")) == round(second["duration_s"] * 1000)


def test_a_player_of_the_revision_before_uses_up_no_more_of_its_day_than_counts(school):
    change_policy(school, daily_cap_ms=3_600_000)
    who_, browser = Learner(school, LEARNER), Browser(school, LEARNER)
    second = who_.lessons()[1]
    length = second["duration_s"]
    playback = who_.call("POST", f"/lessons/{second['id']}/playback", 201)
    with clock.advance(length + 1):
        who_.beat(playback, (round(length * 500), 0, length / 2, 1))
        do(school, lambda: uphold(file_case()))
        do(school, mend)
        browser.send(f"/learn/{SLUG}/move")
    with clock.advance(length + 2):
        who_.beat(playback, (round(length * 1000), length / 2, length, 1))
    assert done(who_) == [False, True, False]
    with school.app_context():
        assert session.scalar(text("SELECT sum(counted_ms) FROM learning_day")) == round(length * 1000)
