"""Presence checks over the player's protocol, on both databases: drawn, shown, answered, missed, made up, credited once."""

from __future__ import annotations

import json
import threading

import pytest
from sqlalchemy import select
from tests.clients import Learner
from tests.factories import make_course, make_person
from tests.learning.presence_school import NUMBERS, Student, Time, strict_course, strict_policy

from guanxue import accounts, creditbank, learning
from guanxue.core.actor import Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Invalid
from guanxue.learning import evidence, presence, rules
from guanxue.learning import presence_rules as checks
from guanxue.learning.models import Check, CheckStep, Enrolment, Presence, Progress

VIDEO_MS, TEACHER = 200_000, "13800000003"
SLOW_S = 5  # the real clock goes on too, on a slow machine this much between two requests


@pytest.fixture
def time():
    with Time() as passing:
        yield passing


@pytest.fixture
def school(any_app):
    with any_app.test_request_context(), writing():
        make_person()
        strict_policy()
        strict_course(videos_ms=(VIDEO_MS, VIDEO_MS))
    return any_app


@pytest.fixture
def student(school, time):
    who = Student(school, time)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    return who


def agree(app, person_id=None):
    """Cache and evidence say the same of every enrolment (of one person, where given), and so does a recompute."""
    with app.test_request_context():
        for enrolment in session.scalars(select(Enrolment).where(person_id is None or Enrolment.person_id == person_id)):
            derived = {i: (d.spans, d.credited_ms) for i, d in evidence.derive_spans(enrolment).items()}
            kept = {p.revision_lesson_id: (rules.unpack_spans(p.spans), p.credited_ms)
                    for p in session.scalars(select(Progress).where(Progress.enrolment_id == enrolment.id)) if p.spans}
            assert {i: d for i, d in derived.items() if d[1]} == {i: k for i, k in kept.items() if k[1]}
        assert creditbank.recompute(person_id)[1] == []


def test_a_check_comes_between_the_bounds_and_a_tap_lets_the_study_go_on(school, student):
    challenge = student.play_until_asked()
    assert 60 <= student.at <= 110
    assert challenge["kind"] == "present" and challenge["prompt"] and challenge["extensions_left"] >= 10
    before = student.at
    assert student.tap(challenge)["passed"]
    assert student.play(10)["challenge"] is None
    answer = student.play_until_asked()
    assert answer["id"] != challenge["id"] and 60 <= student.at - before <= 120
    agree(school)


def test_whoever_closes_before_telling_what_was_played_is_asked_all_the_same(school, student):
    student.time.go(120)
    student.call("POST", f"/playbacks/{student.playback['playback_id']}/close", 200)
    student.beat(student.playback, *((n * 15_000, (n - 1) * 15, n * 15, 1) for n in range(1, 9)))
    challenge = student.open(student.lessons()[0]["id"], at=120)["challenge"]
    assert challenge is not None and challenge["left_s"] > 50  # seen only now
    assert student.tap(challenge)["passed"]
    agree(school)


def test_whoever_tells_a_long_stretch_in_one_beat_has_no_more_of_it_than_is_on_time(school, student):
    assert student.play(180)["credited_s"] == NUMBERS["late_after_ms"] / 1000
    agree(school)


def test_the_same_check_is_given_until_it_is_answered_and_once_it_is_it_stays_answered(student):
    challenge = student.play_until_asked()
    assert student.play(0.5)["challenge"]["id"] == challenge["id"]
    assert student.say(challenge, do="shown")["challenge"]["id"] == challenge["id"]
    assert student.tap(challenge)["passed"]
    again = student.tap(challenge)
    assert again["passed"] and again["challenge"] is None
    with student.client.application.app_context():
        assert session.scalars(select(CheckStep.what).order_by(CheckStep.number)).all().count("proved") == 1


def test_time_after_a_check_was_shown_earns_nothing_until_presence_is_shown(school, student):
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    before = student.play(2)["credited_s"]  # as long as clocks may differ
    for _n in range(6):
        assert student.play(30)["credited_s"] <= before + SLOW_S
    assert student.tap(challenge)["passed"]
    student.at = before  # the film itself ran on to its end meanwhile
    after = student.play(10)
    assert 0 < after["gained_s"] <= 12.25 + SLOW_S
    agree(school)


def test_a_bot_that_hides_checks_earns_nothing_past_the_first(school, student):
    student.play_until_asked()
    asked_at = student.at
    for _n in range(6):
        last = student.play(20)["credited_s"]
    assert last - asked_at <= 15 + 2 + 2 * SLOW_S  # the rest of a sentence, and what clocks may differ
    other = Student(school, student.time)
    opened = other.open(student.lessons()[1]["id"])
    assert opened["challenge"] is not None
    assert other.play(60)["credited_s"] == 0
    agree(school)


def test_a_check_whose_answer_was_lost_is_neither_missed_nor_costs_what_was_played_meanwhile(school, student):
    """The line breaks just as the check is sent: the film goes on, and the client asks again with the same number."""
    while True:
        body = {"nonce": student.playback["nonce"], "seq": student.playback["next_seq"]}
        answer = student.play(10)
        if answer["challenge"]:
            break
    student.time.go(40)  # played on without a network
    student.t += 40_000
    replay = student.call("POST", f"/playbacks/{student.playback['playback_id']}/beats", 200, **body, beats=[])
    assert replay["challenge"]["id"] == answer["challenge"]["id"]
    student.say(replay["challenge"], do="shown")
    told = student.beat(student.playback, (student.t, student.at, student.at + 40, 1))
    assert told["gained_s"] == 40
    student.time.go(600)  # and the battery dies
    student.open(student.lessons()[0]["id"])
    with school.app_context():
        assert "missed" not in session.scalars(select(CheckStep.what)).all()


def test_a_check_that_nobody_saw_waits_for_days_and_then_has_its_whole_time(school, student):
    challenge = student.play_until_asked()  # sent, and the battery is dead
    credited = student.at
    student.time.go(2 * 86_400)
    phone = Student(school, student.time)
    opened = phone.open(student.lessons()[1]["id"])
    assert opened["challenge"]["id"] == challenge["id"] and opened["challenge"]["left_s"] > 59
    phone.say(challenge, do="shown")
    phone.wait(30)
    told = phone.tap(challenge)
    assert told["passed"] and not told["missed"]
    progress = phone.call("GET", f"/lessons/{student.lessons()[0]['id']}", 200)
    assert progress["coverage"] * VIDEO_MS / 1000 == pytest.approx(credited)
    agree(school)


def test_a_missed_check_withholds_its_stretch_until_it_is_made_up_and_counts_it_once(school, student):
    lesson = student.lessons()[0]["id"]
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    student.wait(61)
    told = student.say(challenge, do="expired")
    assert told["missed"] and not told["passed"] and told["credited_s"] == 0
    assert student.tap(challenge)["passed"]  # goes on, but the stretch stays withheld
    assert student.call("GET", f"/lessons/{lesson}", 200)["coverage"] == 0
    withheld = student.at
    student.play(20)
    agree(school)
    with school.test_request_context(), writing():
        actor = _actor()
        told = learning.get_told(actor, challenge["id"])
        assert told.withheld_ms == withheld * 1000 and told.until_ms and told.makeups.left == 2
        learning.ask_make_up(actor, challenge["id"])
        question = learning.get_told(actor, challenge["id"]).now.makeup
        assert not learning.make_up(actor, challenge["id"], (question["key"] + 1) % 4)
        question = learning.get_told(actor, challenge["id"]).now.makeup
        assert learning.make_up(actor, challenge["id"], question["key"])
        assert learning.make_up(actor, challenge["id"], question["key"])
        assert learning.get_told(actor, challenge["id"]).makeups.left == 1
    assert student.call("GET", f"/lessons/{lesson}", 200)["coverage"] * VIDEO_MS / 1000 == pytest.approx(withheld + 20)
    agree(school)


def _actor(phone="13800000001"):
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


def test_not_made_up_in_time_it_does_not_count_but_may_be_watched_again(school, student):
    lesson = student.lessons()[0]["id"]
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    student.wait(61)
    student.say(challenge, do="expired")
    student.tap(challenge)
    student.time.go(3 * 86_400 + 1)
    with school.test_request_context(), writing():
        assert learning.get_told(_actor(), challenge["id"]).until_ms is None
        with pytest.raises(learning.CannotProve):
            learning.ask_make_up(_actor(), challenge["id"])
    student.open(lesson)
    student.play(50)
    assert student.call("GET", f"/lessons/{lesson}", 200)["coverage"] * VIDEO_MS / 1000 == pytest.approx(50)
    agree(school)


def test_an_answer_that_a_lost_line_held_up_comes_in_time(school, student):
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    said = student.t + 20_000
    student.wait(150)
    told = student.say(challenge, answer=True, t_ms=said)
    assert told["passed"] and not told["missed"]
    agree(school)


def test_who_was_silent_at_the_deadline_has_a_make_up_that_costs_no_chance(school, student):
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    student.time.go(3_600)  # a dead battery
    phone = Student(school, student.time)
    phone.open(student.lessons()[0]["id"])
    told = phone.tap(challenge)
    assert told["passed"] and told["missed"]
    with school.test_request_context(), writing():
        told = learning.get_told(_actor(), challenge["id"])
        assert told.now.is_silent and told.until_ms
        learning.ask_make_up(_actor(), challenge["id"])
        assert learning.make_up(_actor(), challenge["id"], learning.get_told(_actor(), challenge["id"]).now.makeup["key"])
        assert learning.get_told(_actor(), challenge["id"]).makeups.left == 2
    agree(school)


def test_who_plays_on_past_the_deadline_was_not_silent(school, student):
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    for _n in range(5):
        student.play(30)
    assert student.tap(challenge)["missed"]
    with school.test_request_context():
        assert not learning.get_told(_actor(), challenge["id"]).now.is_silent


def test_time_is_extended_ten_times_and_more_without_a_reason(school, student):
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    for _n in range(12):
        student.wait(50)
        told = student.say(challenge, do="extend")
        assert told["challenge"]["left_s"] >= 60
    told = student.tap(challenge)
    assert told["passed"] and not told["missed"]
    with school.app_context():
        assert session.scalars(select(CheckStep.what)).all().count("extended") == 12
    agree(school)


def test_another_device_is_asked_the_same_check_and_counts_on_to_the_next(school, student):
    student.play(50)
    phone = Student(school, student.time)
    phone.open(student.lessons()[1]["id"])
    challenge = phone.play_until_asked()
    assert phone.at <= 60  # what was studied on the other device counts towards it
    tablet = Student(school, student.time)
    assert tablet.open(student.lessons()[1]["id"])["challenge"]["id"] == challenge["id"]
    assert tablet.tap(challenge)["passed"]
    agree(school)


def test_a_reload_does_not_begin_the_count_anew(school, student):
    for _n in range(9):
        student.open(student.lessons()[0]["id"], at=student.at)
        if student.play(12)["challenge"]:
            break
    else:
        raise AssertionError("whoever reloads is never asked")


def test_nothing_completes_while_a_check_waits_and_everything_does_after(school, student):
    first, second, quiz = student.lessons()
    student.pass_quiz(quiz["id"])
    for lesson in (first, second):
        student.open(lesson["id"])
        while student.at < 200:
            challenge = student.play(10)["challenge"]
            if challenge and not (lesson is second and student.at >= 180):
                student.tap(challenge)
            elif challenge:
                break
    if not challenge:  # the seed drew none near the end: the course is complete
        assert student.call("GET", "/me/courses", 200)["items"][0]["completed"]
        return
    student.say(challenge, do="shown")
    student.play(20)
    assert not student.call("GET", "/me/courses", 200)["items"][0]["completed"]
    assert student.tap(challenge)["passed"]
    assert student.call("GET", "/me/courses", 200)["items"][0]["completed"]
    agree(school)


def test_who_plays_on_and_taps_at_once_after_a_beat_has_what_the_beat_was_given(school, student):
    student.pass_quiz(student.lessons()[-1]["id"])
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    student.play(20)  # the check waits: two seconds of clocks that differ, then nothing
    student.tap(challenge)
    agree(school)
    student.play(10)
    agree(school)


def complete(student, slug="safe-measuring"):
    """Study a course to its end, tapping at each check."""
    lessons = student.lessons(slug)
    student.pass_quiz(lessons[-1]["id"])
    for lesson in lessons[:-1]:
        student.open(lesson["id"])
        while student.at < 200:
            if challenge := student.play(10)["challenge"]:
                assert student.tap(challenge)["passed"]


def test_a_course_is_completed_without_a_face_and_names_its_checks(school, student):
    complete(student)
    assert student.call("GET", "/me/courses", 200)["items"][0]["completed"]
    with school.test_request_context():
        completion = learning.list_completions()[0]
        named = completion.evidence["checks"]
        assert len(named) == len(session.scalars(select(Check)).all()) >= 3 and {n[1] for n in named} == {"passed"}
        assert learning.derive_completion(completion).faults == []
    agree(school)


def test_a_completion_does_not_lose_to_a_check_that_was_missed_later(school, student):
    """What is complete rests on the checks that it names."""
    with school.test_request_context(), writing():
        strict_course("second", videos_ms=(VIDEO_MS, VIDEO_MS), title="第二门")
    complete(student)
    student.call("PUT", "/courses/second/enrolment", 200)
    student.open(student.lessons("second")[0]["id"])
    challenge = student.play_until_asked()
    student.say(challenge, do="shown")
    student.wait(61)
    student.say(challenge, do="expired")
    assert student.call("GET", "/me/courses", 200)["items"][1]["completed"]
    agree(school)


def test_a_completion_tells_when_a_check_that_it_names_was_changed(school, student):
    complete(student)
    with school.test_request_context(), writing():
        completion = learning.list_completions()[0]
        name = completion.evidence["checks"][0]
        faults = []
        presence.shut_by_names([[name[0], "passed", name[2] + 1, name[3] + 5]], faults)
        presence.shut_by_names([[10**6, "passed", 0, 0]], faults)
        assert len(faults) == 2


def test_no_answer_tells_when_the_next_check_is_due(school, student):
    """Two people whose seeds differ are answered alike until a check comes."""
    seen = []
    while True:
        answer = student.play(10)
        if answer["challenge"]:
            break
        seen.append(answer)
    assert all(a.keys() == seen[0].keys() for a in seen)
    moving = {"nonce", "next_seq", "acked_t_ms", "gained_s", "credited_s", "coverage"}
    assert len({json.dumps({k: v for k, v in a.items() if k not in moving}) for a in seen}) == 1
    with school.app_context():
        state = session.scalar(select(Presence))
        told = json.dumps([*seen, student.playback, answer])
        assert state.seed.hex() not in told and str(session.scalar(select(Check.due_ms))) not in told


def test_the_schedule_is_drawn_again_from_the_seed(school, student):
    for n in range(3):  # a check may come as late as a film has half its length behind it
        student.open(student.lessons()[n % 2]["id"])
        student.tap(student.play_until_asked())
    with school.test_request_context():
        person_id = session.scalar(select(Presence.person_id))
        found = learning.list_schedule(person_id)
        assert [d.check.number for d in found] == [1, 2, 3] and all(d.agrees for d in found)
        assert all(60_000 <= d.check.due_ms <= 100_000 for d in found)


def test_a_voluntary_course_has_no_checks_and_keeps_nothing(any_app, time):
    with any_app.test_request_context(), writing():
        make_person()
        make_course(videos_ms=(900_000,))
    who = Student(any_app, time)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    for _n in range(40):
        assert who.play(20)["challenge"] is None
    with any_app.app_context():
        assert session.scalar(select(Presence)) is None and session.scalar(select(Check)) is None


def test_a_check_is_somebody_elses_to_nobody(school, student):
    with school.test_request_context(), writing():
        make_person("13800000002", "阿强")
    challenge = student.play_until_asked()
    other = Student(school, student.time, "13800000002")
    other.call("PUT", "/courses/safe-measuring/enrolment", 200)
    other.open(student.lessons()[0]["id"])
    other.say(challenge, 404, answer=True)
    student.say({"id": "no-such"}, 404, answer=True)
    student.say(challenge, 422, do="vanish")
    assert Learner(school, "13800000002").call(
        "POST", f"/playbacks/{student.playback['playback_id']}/challenge", 404, id=challenge["id"], answer=True)


@pytest.fixture
def asked(any_app, time):
    """A learner whom questions are asked, in a course of texts."""
    with any_app.test_request_context(), writing():
        make_person()
        make_person(TEACHER, "陈师傅", "instructor")
        strict_policy(presence_kinds=["question", "code", "roll"])
        strict_course(videos_ms=(VIDEO_MS, VIDEO_MS))
    who = Student(any_app, time)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    return who


def key_of(app):
    with app.app_context():
        step = session.scalars(select(CheckStep).where(CheckStep.what == "asked").order_by(CheckStep.check_id.desc(),
                                                                                          CheckStep.number.desc())).first()
        return step.document["question"]["key"]


def test_a_question_is_on_what_was_said_and_its_answer_is_told_to_nobody(any_app, asked):
    challenge = asked.play_until_asked()
    assert challenge["kind"] == "question" and len(challenge["options"]) == 4 and "key" not in json.dumps(challenge)
    wrong = asked.say(challenge, answer=str((key_of(any_app) + 1) % 4))
    assert not wrong["passed"] and not wrong["missed"] and wrong["challenge"]["tries_left"] == 2
    asked.say(challenge, 422, answer="the first")
    assert asked.say(challenge, answer=str(key_of(any_app)))["passed"]
    agree(any_app)


def test_three_wrong_answers_are_a_miss_and_a_right_one_lets_go_on(any_app, asked):
    challenge = asked.play_until_asked()
    for _n in range(3):
        told = asked.say(challenge, answer=str((key_of(any_app) + 1) % 4))
    assert told["missed"] and not told["passed"]
    assert asked.say(challenge, answer=str(key_of(any_app)))["passed"]
    agree(any_app)


def test_another_kind_than_a_question_may_always_be_chosen(any_app, asked):
    challenge = asked.play_until_asked()
    assert [o["kind"] for o in challenge["others"]] == ["code"]
    asked.say(challenge, 409, do="choose", kind="present")
    assert asked.say(challenge, do="choose", kind="code")["challenge"]["kind"] == "code"
    assert not asked.say(challenge, answer="000000")["passed"]


def test_where_a_policy_asks_questions_alone_a_tap_may_be_chosen(any_app, time):
    with any_app.test_request_context(), writing():
        make_person()
        strict_policy(presence_kinds=["question"])
        strict_course(videos_ms=(VIDEO_MS,))
    who = Student(any_app, time)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    challenge = who.play_until_asked()
    assert who.say(challenge, do="choose", kind="present")["challenge"]["kind"] == "present"
    assert who.tap(challenge)["passed"]


def test_the_number_of_a_training_room_shows_presence_and_the_next_check_may_be_rolled(any_app, asked):
    with any_app.test_request_context(), writing():
        room_id = learning.open_room(_actor(TEACHER), "虎门三楼课堂").id
    challenge = asked.play_until_asked()
    asked.say(challenge, do="choose", kind="code")
    with any_app.test_request_context():
        number, _left = learning.room_number(learning.get_room(_actor(TEACHER), room_id))
    assert asked.say(challenge, answer=f"{number[:3]} {number[3:]}")["passed"]
    if asked.at > 120:
        asked.open(asked.lessons()[1]["id"])
    challenge = asked.play_until_asked()
    with any_app.test_request_context(), writing():
        room = learning.get_room(_actor(TEACHER), room_id)
        seated = learning.list_seated(room)
        assert [(s.name, s.waits) for s in seated] == [("林小莲", True)]
        assert learning.roll(_actor(TEACHER), room, [seated[0].person_id, 10**6]) == 1
        assert learning.roll(_actor(TEACHER), room, [seated[0].person_id]) == 0
    assert asked.play(10)["challenge"] is None
    agree(any_app)


def test_a_number_two_minutes_old_is_worth_nothing(any_app, asked):
    with any_app.test_request_context(), writing():
        number, _left = learning.room_number(learning.open_room(_actor(TEACHER), "一室"))
    challenge = asked.play_until_asked()
    asked.say(challenge, do="choose", kind="code")
    asked.say(challenge, do="extend")
    asked.wait(121)
    assert not asked.say(challenge, answer=number)["passed"]


def test_cameras_are_never_the_only_way(app):
    with pytest.raises(Invalid):
        strict_policy(presence_kinds=["face"])


def test_a_check_waits_for_the_end_of_the_sentence():
    cues = [(0, 4000), (4000, 9000), (20_000, 60_000)]
    assert checks.end_of_sentence(cues, 5000) == 9000
    assert checks.end_of_sentence(cues, 4000) == 9000
    assert checks.end_of_sentence(cues, 9000) == 9000 and checks.end_of_sentence([], 7) == 7
    assert checks.end_of_sentence(cues, 21_000) == 36_000  # no longer than a check may wait
    assert NUMBERS["presence_max_ms"]


class Faces:
    """A service that compares faces, as a deployment would plug it in."""

    name, said = "faces.example", None

    def address(self, code):
        return f"https://faces.example/{code}"

    def result(self, code):
        return self.said


def test_a_face_is_chosen_never_drawn_and_only_the_word_is_kept(any_app, time):
    with any_app.test_request_context(), writing():
        make_person()
        strict_policy(presence_kinds=["face", "tap"])
        strict_course(videos_ms=(VIDEO_MS,))
    service = Faces()
    who = Student(any_app, time)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    challenge = who.play_until_asked()
    assert challenge["kind"] == "present" and challenge["others"] == []  # none is plugged in
    who.say(challenge, 409, do="choose", kind="face")
    learning.plug_face_service(service)
    try:
        told = who.say(challenge, do="choose", kind="face")["challenge"]
        assert told["url"] == f"https://faces.example/{challenge['id']}" and [o["kind"] for o in told["others"]] == ["present"]
        assert not who.say(challenge, answer=True)["passed"]
        service.said = True
        assert who.say(challenge, answer=True)["passed"]
    finally:
        learning.plug_face_service(None)
    with any_app.app_context():
        kept = session.scalars(select(CheckStep.document).where(CheckStep.what == "proved")).one()
        assert kept.keys() == {"kind", "service", "counts_from_ms"} and kept["service"] == "faces.example"


@pytest.mark.both_databases
def test_answers_and_beats_of_one_moment_prove_once_and_draw_once(school, student):
    """Two devices tap at once, while both report: one proof, one next check, nothing lost and nothing twice."""
    challenge = student.play_until_asked()
    together, told = threading.Barrier(4), []

    def tap():
        phone = Student.__new__(Student)
        phone.client, phone.headers, phone.playback = school.test_client(), student.headers, student.playback
        together.wait()
        told.append(phone.call("POST", f"/playbacks/{student.playback['playback_id']}/challenge", 200, id=challenge["id"],
                               answer=True)["passed"])

    threads = [threading.Thread(target=tap) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 4
    with school.app_context():
        assert session.scalars(select(CheckStep.what)).all().count("proved") == 1
        state = session.scalar(select(Presence))
        assert (state.number, state.check_id) == (2, None)
    agree(school)


def test_a_sentence_is_heard_to_its_end_although_a_beat_comes_in_between(school, student):
    """The player may play on for the rest of a sentence: what it plays then counts, and its time to answer begins after."""
    challenge = student.play_until_asked()
    before = student.play(5)["credited_s"]
    after = student.play(8)
    assert after["credited_s"] == before + 8 and after["challenge"]["left_s"] > 60
    assert student.tap(challenge)["passed"]
    agree(school)


def test_a_voluntary_course_beside_a_strict_one_is_asked_nothing(school, student):
    with school.test_request_context(), writing():
        make_course("free", title="自愿的课", videos_ms=(900_000,))
    challenge = student.play_until_asked()
    phone = Student(school, student.time)
    phone.call("PUT", "/courses/free/enrolment", 200)
    assert phone.open(phone.lessons("free")[0]["id"])["challenge"] is None
    for _n in range(12):
        answer = phone.play(20)
        assert answer["challenge"] is None and answer["gained_s"] == 20
    with school.app_context():
        assert session.scalar(select(Check.code)) == challenge["id"]
    agree(school)


def test_under_a_bounded_day_cache_and_evidence_agree(any_app, time):
    with any_app.test_request_context(), writing():
        make_person()
        strict_policy(daily_cap_ms=150_000)
        strict_course(videos_ms=(VIDEO_MS, VIDEO_MS))
    who = Student(any_app, time)
    who.call("PUT", "/courses/safe-measuring/enrolment", 200)
    who.open(who.lessons()[0]["id"])
    challenge = who.play_until_asked()
    who.say(challenge, do="shown")
    who.wait(61)
    who.say(challenge, do="expired")
    who.tap(challenge)
    agree(any_app)
    who.at = 0
    while who.at < 180:
        if challenge := who.play(10)["challenge"]:
            who.tap(challenge)
    agree(any_app)
