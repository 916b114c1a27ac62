"""Two accounts of one person: what is told is what happens, ledger and evidence hold before, after and after parting."""

from __future__ import annotations

from tests.clients import Browser, Learner
from tests.two_accounts import (
    KEPT,
    LONG_MS,
    MERGED,
    figures,
    ids,
    merge,
    must_hold,
    part,
    person,
)

from guanxue import courses, creditbank, learning, ledger
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing


def test_a_merge_does_what_it_told_and_parting_undoes_it(lives):
    with clock.advance(40_000):
        must_hold(lives)
        before, subject = (figures(lives, KEPT), figures(lives, MERGED)), ids(lives)
        one = before[1]["balance"] // 2
        code, effects = merge(lives)
        must_hold(lives)
        after = figures(lives, KEPT)
        assert effects["credit.moved"] == {subject["theirs"]: one} and effects["credit.refused"] == {subject["both"]: one}
        assert after["balance"] == before[0]["balance"] + one == list(effects["balance.after"].values())[0]
        assert after["hours"] == before[0]["hours"] * 3 // 2 and [r.rule for r in after["refused"]] == ["once"]
        shared = after["courses"][int(subject["shared"].split(":")[1])]
        assert effects["enrolment.joined"] == {subject["shared"]: sum(x[1] for x in shared[2])} == {subject["shared"]: LONG_MS + 60_000}
        assert [x[3] for x in shared[2]] == [True, True, False] and shared[2][0][2] == LONG_MS
        assert effects["completion.moved"].keys() == {subject["theirs"]} and effects["completion.kept"].keys() == {subject["both"]}
        assert after["completed"] == {1, 2, 3} and after["finish"] and effects["finish.joined"]
        assert after["in"] == [1, 1, 1, 1] and figures(lives, MERGED)["balance"] == 0
        back = part(lives, code)
        must_hold(lives)
        assert (figures(lives, KEPT), figures(lives, MERGED)) == before
        assert sum(back["credit.returned"].values()) == 2 * one


def test_the_shared_course_is_completed_later_and_derives_right(lives):
    with clock.advance(40_000):
        code, _effects = merge(lives)
        kept = Learner(lives, KEPT)
        assert kept.pass_quiz(kept.lessons("shared")[2]["id"])["passed"]
        must_hold(lives)
        earned = figures(lives, KEPT)
        assert 4 in earned["completed"]
        part(lives, code)
        must_hold(lives)
        assert 4 in figures(lives, KEPT)["completed"] and figures(lives, KEPT)["courses"][4][0] == 1000
        merged = Learner(lives, MERGED)
        merged.watch(merged.lessons("shared")[0]["id"], 1500)
        assert merged.pass_quiz(merged.lessons("shared")[2]["id"])["passed"]
        must_hold(lives)
        figure = figures(lives, MERGED)
        assert 4 in figure["completed"], "what it studied by itself completes the course"
        assert figure["balance"] == 2 * 72, "what earned the other account's credit earns no second one"


# ---- one person cannot watch two things at once


def watch_both(app, beside_s=1500):
    """Both accounts play different lessons of one course in the same half hour; the kept one for `beside_s` of it."""
    kept, merged = Learner(app, KEPT), Learner(app, MERGED)
    for one in (kept, merged):
        one.call("PUT", "/courses/shared/enrolment", 200)
    first, second, _quiz = kept.lessons("shared")
    mine = kept.call("POST", f"/lessons/{first['id']}/playback", 201)
    theirs = merged.call("POST", f"/lessons/{first['id']}/playback", 201)
    with clock.advance(beside_s):
        kept.beat(mine, (beside_s * 1000, 0, beside_s, 1))
    with clock.advance(3000):
        merged.beat(theirs, (1_500_000, 0, 1500, 1), (3_000_000, 1500, 3000, 1))
    return first["id"], second["id"]


def test_what_both_accounts_played_at_one_moment_counts_once(city):
    watch_both(city)
    with clock.advance(10_000):
        code, effects = merge(city)
        after = figures(city, KEPT)["courses"][4][2]
        assert after[0][1] == 3_000_000, "the second half was played alone, the first half by the account that stays"
        assert "study.uncounted" not in effects
        must_hold(city)
        part(city, code)


def test_time_played_beside_another_lesson_earns_nothing(city):
    kept, merged = Learner(city, KEPT), Learner(city, MERGED)
    for one in (kept, merged):
        one.call("PUT", "/courses/shared/enrolment", 200)
    first, second, _quiz = kept.lessons("shared")
    mine = kept.call("POST", f"/lessons/{first['id']}/playback", 201)
    theirs = merged.call("POST", f"/lessons/{second['id']}/playback", 201)
    with clock.advance(60):
        kept.beat(mine, (60_000, 0, 60, 1))
        merged.beat(theirs, (60_000, 0, 60, 1))
    with clock.advance(10_000):
        before = figures(city, KEPT), figures(city, MERGED)
        code, effects = merge(city)
        lessons = figures(city, KEPT)["courses"][4][2]
        assert lessons[0][1] == 60_000 and lessons[1][1] < 2_000, "a test's own time apart"
        assert list(effects["study.uncounted"].values()) == [60_000 - lessons[1][1]]
        part(city, code)
        assert (figures(city, KEPT), figures(city, MERGED)) == before


def test_a_course_finished_while_the_other_account_played_gives_no_credit_but_goes_back_whole(city):
    kept, merged = Learner(city, KEPT), Learner(city, MERGED)
    for one in (kept, merged):
        one.call("PUT", "/courses/theirs/enrolment", 200)
    merged.finish("theirs")
    kept.watch(kept.lessons("theirs")[0]["id"], 1500)
    with clock.advance(10_000):
        before = figures(city, KEPT), figures(city, MERGED)
        code, effects = merge(city)
        assert effects["credit.refused"] and effects["completion.refused"] and "credit.moved" not in effects
        assert [x.rule for x in figures(city, KEPT)["refused"]] == ["overlap"] and figures(city, KEPT)["balance"] == 0
        must_hold(city)
        part(city, code)
        must_hold(city)
        assert (figures(city, KEPT), figures(city, MERGED)) == before


def test_what_was_played_offline_beside_counted_time_comes_too_late(city):
    kept, merged = Learner(city, KEPT), Learner(city, MERGED)
    for one in (kept, merged):
        one.call("PUT", "/courses/shared/enrolment", 200)
    first, second, _quiz = kept.lessons("shared")
    mine = kept.call("POST", f"/lessons/{first['id']}/playback", 201)
    theirs = merged.call("POST", f"/lessons/{second['id']}/playback", 201)
    with clock.advance(60):
        merged.beat(theirs, (60_000, 0, 60, 1))
    with clock.advance(100):
        merge(city)
        assert figures(city, KEPT)["courses"][4][2][1][1] == 60_000
        kept.beat(mine, (60_000, 0, 60, 1), status=409)
        assert [x[1] for x in figures(city, KEPT)["courses"][4][2]] == [0, 60_000, 0]
        must_hold(city)


# ---- credits and their reversal


def reverse(app, code):
    with app.test_request_context(), writing():
        creditbank.take_back(SYSTEM, code, reason="冒名学习", authority="1号")


def test_a_moved_credit_is_reversed_for_whoever_holds_it(lives):
    with clock.advance(40_000):
        merged_codes = {x["course"]: x["verify_code"] for x in Learner(lives, MERGED).call("GET", "/me/credits", 200)["items"]}
        code, _effects = merge(lives)
        before = figures(lives, KEPT)["balance"]
        for slug in ("theirs", "both"):
            reverse(lives, merged_codes[slug])
            must_hold(lives)
        assert figures(lives, KEPT)["balance"] == before - 72 and figures(lives, MERGED)["balance"] == 0
        effects = part(lives, code)
        assert "credit.returned" not in effects and figures(lives, MERGED)["balance"] == 0
        must_hold(lives)
        again, effects = merge(lives)
        assert "credit.moved" not in effects and "credit.refused" not in effects
        must_hold(lives)


def test_a_credit_taken_back_on_one_account_is_not_had_again_by_merging_another(lives):
    with clock.advance(40_000):
        codes = {x["course"]: x["verify_code"] for x in Learner(lives, KEPT).call("GET", "/me/credits", 200)["items"]}
        reverse(lives, codes["both"])
        _code, effects = merge(lives)
        assert effects["credit.refused"].keys() == {ids(lives)["both"]} and figures(lives, KEPT)["balance"] == 2 * 72
        must_hold(lives)


def test_a_merge_may_be_made_parted_and_made_again(lives):
    with clock.advance(40_000):
        before = figures(lives, KEPT), figures(lives, MERGED)
        for _time in range(3):
            code, effects = merge(lives)
            assert list(effects["balance.after"].values()) == [figures(lives, KEPT)["balance"]]
            must_hold(lives)
            part(lives, code)
            assert (figures(lives, KEPT), figures(lives, MERGED)) == before
        must_hold(lives)


def test_a_forged_move_is_found(lives):
    with clock.advance(40_000):
        merge(lives)
        with lives.test_request_context(), writing():
            ledger.post(SYSTEM, key="merge:FORGED:on:1", kind="merge", document={"reason": "x"},
                        postings=[("mint:courses", -5000), (f"person:{person(KEPT).id}", 5000)])
        with lives.test_request_context():
            assert [d.stored for d in creditbank.recompute()[1]] == [5000]
            assert [d.stored for d in creditbank.recompute(person(KEPT).id)[1]] == [5000]


# ---- study that goes on


def test_a_course_moves_with_its_place_and_goes_on(city):
    merged = Learner(city, MERGED)
    merged.call("PUT", "/courses/theirs/enrolment", 200)
    merged.watch(merged.lessons("theirs")[0]["id"], 1200)
    with clock.advance(10_000):
        code, effects = merge(city)
        kept = Learner(city, KEPT)
        video, quiz = kept.lessons("theirs")
        told = kept.call("GET", f"/lessons/{video['id']}", 200)
        assert told["resume_at_s"] == 1200 and told["coverage"] == 0.4
        playback = kept.call("POST", f"/lessons/{video['id']}/playback", 201)
        with clock.advance(1800):
            assert kept.beat(playback, (1_800_000, 1200, 3000, 1))["lesson_completed"]
        assert kept.pass_quiz(quiz["id"])["passed"]
        must_hold(city)
        assert figures(city, KEPT)["balance"] == 72 and list(effects["enrolment.moved"].values()) == [1_200_000]
        with clock.advance(5000):
            assert part(city, code)["study.stays"]
            must_hold(city)
            assert figures(city, KEPT)["completed"] == {2} and figures(city, KEPT)["balance"] == 72
            assert figures(city, MERGED)["courses"][2][2][0][1:] == (1_200_000, 1_200_000, False)


def test_attempts_used_stay_used(city):
    for phone, tries in ((KEPT, 1), (MERGED, 2)):
        one = Learner(city, phone)
        one.call("PUT", "/courses/theirs/enrolment", 200)
        quiz = one.lessons("theirs")[1]["id"]
        for _n in range(tries):
            attempt = one.call("POST", f"/quizzes/{quiz}/attempts", 200)
            assert not one.call("POST", f"/attempts/{attempt['attempt_id']}/submit", 200)["passed"]
    code, effects = merge(city)
    assert list(effects["attempts.joined"].values()) == [2]
    kept = Learner(city, KEPT)
    kept.call("POST", f"/quizzes/{quiz}/attempts", 409)
    assert "考核" in Browser(city, KEPT).see("/learn/theirs/quiz")
    part(city, code)
    kept.call("POST", f"/quizzes/{quiz}/attempts", 200)


def test_a_quiz_passed_on_one_account_and_a_film_watched_on_the_other_complete_by_the_persons_own_step(city):
    kept, merged = Learner(city, KEPT), Learner(city, MERGED)
    for one in (kept, merged):
        one.call("PUT", "/courses/theirs/enrolment", 200)
    video, quiz = kept.lessons("theirs")
    kept.watch(video["id"], 3000)
    with clock.advance(10_000):
        assert Learner(city, MERGED).pass_quiz(quiz["id"])["passed"]
        code, effects = merge(city)
        assert effects["course.ready"] and figures(city, KEPT)["balance"] == 0, "a merge completes nothing by itself"
        part(city, code)
        assert figures(city, KEPT)["courses"][2][0] < 1000
        merge(city)
        browser = Browser(city, KEPT)
        assert "两个账号合起来已经学完" in browser.see("/me/settings/merge")
        with city.test_request_context():
            ready = [e.id for e in learning.list_ready(person(KEPT).id)]
        browser.send("/me/settings/merge/finish", enrolment=ready[0])
        browser.send("/me/settings/merge/finish", enrolment=ready[0])
        assert figures(city, KEPT)["balance"] == 72 and "记入结业" not in browser.see("/me/settings/merge")
        must_hold(city)


def test_lessons_that_a_new_edition_kept_count_and_others_do_not(city):
    merged = Learner(city, MERGED)
    merged.call("PUT", "/courses/shared/enrolment", 200)
    first, second, _quiz = merged.lessons("shared")
    merged.watch(first["id"], 3000)
    with clock.advance(10_000):
        Learner(city, MERGED).watch(second["id"], 60)
        with city.test_request_context(), writing():
            course = courses.get_course("shared", SYSTEM)
            courses.remove_lesson(SYSTEM, course, courses.list_lessons(course.id)[1].id)
            courses.add_lesson(SYSTEM, course, title="新的一节", kind="text", body="## 新\n\n写几个字。")
            courses.publish_course(SYSTEM, course)
        kept = Learner(city, KEPT)
        kept.call("PUT", "/courses/shared/enrolment", 200)
        _code, effects = merge(city)
        assert list(effects["study.changed"].values()) == [60_000] and list(effects["enrolment.moved"].values()) == [3_000_000]
        assert [x[1] for x in figures(city, KEPT)["courses"][4][2]] == [3_000_000, 0, 0]
        must_hold(city)
