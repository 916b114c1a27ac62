"""Study without a network over the API, on both databases: what counts once, and each thing that does not, with its sentence."""

from __future__ import annotations

import hashlib
import hmac
import random

import pytest
from sqlalchemy import select, text
from tests.clients import Learner, is_chinese
from tests.factories import make_course, make_person

from guanxue import accounts, courses, creditbank, learning, policies
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.learning import api as learning_api
from guanxue.learning.models import BeatRow, Playback, Ticket
from guanxue.learning.routes import offline

HOUR = 3600


class Stopwatch:
    """The site's clock, moved by hand."""

    def __init__(self) -> None:
        self.at = 1_900_000_000.0

    def time(self) -> float:
        """As time.time()."""
        return self.at

    @property
    def ms(self) -> int:
        """What a right clock shows."""
        return round(self.at * 1000)


@pytest.fixture
def watch(monkeypatch):
    """A clock that moves only when the test says so; nobody is slowed down."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(clock, "time", stopwatch)
    for throttle in (learning_api._beats, learning_api._openings, offline._tickets, offline._syncs):
        monkeypatch.setattr(throttle, "check", lambda key: None)
    return stopwatch


class Phone:
    """What the page on the phone does: keeps a chained record under a ticket, sends it in pieces."""

    def __init__(self, learner, watch, lesson_id, device="phone-one-1", ahead_ms=0):
        self.learner, self.watch, self.lesson_id, self.device, self.ahead_ms = learner, watch, lesson_id, device, ahead_ms
        self.ticket = learner.call("POST", f"/lessons/{lesson_id}/ticket", 201, device=device, now_ms=self.now)
        self.entries, self.head, self.sitting, self.began, self.begun_at = [], "", 0, 0, 0.0

    @property
    def now(self) -> int:
        """What the phone's clock shows."""
        return self.watch.ms + self.ahead_ms

    def sit(self):
        """Open the page."""
        self.sitting, self.began, self.begun_at = self.sitting + 1, self.now, self.watch.at
        return self

    def keep(self, t_ms, from_ms, to_ms, rate=1000, **over):
        """One entry as it is kept."""
        made = {"n": len(self.entries) + 1, "sitting": self.sitting, "began_ms": self.began, "t_ms": t_ms, "from_ms": from_ms,
                "to_ms": to_ms, "rate_permille": rate, **over}
        told = "/".join(str(x) for x in (self.head, *made.values()))
        self.head = made["mac"] = hmac.new(bytes.fromhex(self.ticket["secret"]), told.encode(), hashlib.sha256).hexdigest()[:32]
        self.entries.append(made)
        return self

    def study(self, seconds, begin=0.0, rate=1.0, every=15.0):
        """Play for so long from that second on; the clock goes on."""
        done = 0.0
        while done < seconds - 1e-9:
            step = min(every, seconds - done)
            self.watch.at += step
            a, b = begin + done * rate, begin + (done + step) * rate
            self.keep(round((self.watch.at - self.begun_at) * 1000), round(a * 1000), round(b * 1000), round(rate * 1000))
            done += step
        return self

    def send(self, status=200, entries=None, **over):
        """Send entries (all of them); the answer."""
        body = {"device": self.device, "lesson_id": str(self.lesson_id), "now_ms": self.now,
                "entries": self.entries if entries is None else entries, **over}
        return self.learner.call("POST", f"/tickets/{self.ticket['ticket']}/sync", status, **body)


@pytest.fixture
def city(any_app, watch):
    """Two learners in a course of two films, ten minutes and four hours, and one of a text."""
    with any_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "周小红")
        make_course(videos_ms=(600_000, 4 * 3_600_000), texts=1)
    return any_app


@pytest.fixture
def learner(city):
    return joined(city)


def joined(app, phone="13800000001"):
    made = Learner(app, phone)
    made.call("PUT", "/courses/safe-measuring/enrolment", 200)
    made.film, made.long_film, made.text, made.quiz = (x["id"] for x in made.lessons())
    return made


def change_policy(app, learner_phone="13800000001", **numbers):
    """Give the only enrolment of a person a policy with these numbers."""
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(learner_phone)
        enrolment = learning.find_enrolment(person.id, courses.find_item("safe-measuring").id)
        old = policies.get_policy(enrolment.policy_id)
        made = policies.publish_policy(SYSTEM, code="for-tests", title="试用的规则", effective_on=clock.today(),
                                       numbers={**old.document, **numbers})
        enrolment.policy_id = made.id


def reasons_told(app, lesson_id) -> list[tuple[str, int]]:
    """Why something of the lesson does not count, sitting by sitting, as the only person who studied is told."""
    with app.test_request_context():
        enrolment = learning.find_enrolment(accounts.find_person_by_phone("13800000001").id, courses.find_item("safe-measuring").id)
        told = learning.explain_lesson(enrolment, courses.get_revision_lesson(int(lesson_id)))
        return [reason for sitting in told.sittings for reason in sitting.reasons]


def refusals(app) -> list[str]:
    """What the audit trail remembers of refused records."""
    with app.app_context():
        rows = session.scalars(select(AuditLine).where(AuditLine.action == "learning.offline.refused").order_by(AuditLine.id))
        return [x.detail["why"] for x in rows]


def recomputed(app):
    """Does everything credited follow from the evidence again?"""
    with app.test_request_context():
        return creditbank.recompute()


# ---- what counts


def test_three_minutes_without_a_network_count_once(learner, watch):
    phone = Phone(learner, watch, learner.film)
    watch.at += HOUR
    phone.sit().study(180)
    watch.at += HOUR
    answer = phone.send()
    assert (answer["acked"], answer["gained_s"], answer["credited_s"], answer["refused"]) == (12, 180, 180, [])
    assert phone.send()["gained_s"] == 0 and phone.send()["credited_s"] == 180
    assert learner.call("GET", f"/lessons/{learner.film}", 200)["coverage"] == 0.3
    assert learner.call("GET", f"/lessons/{learner.film}", 200)["resume_at_s"] == 180


def test_a_phone_that_was_switched_off_goes_on_in_a_new_sitting(learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(60)
    watch.at += 300
    phone.sit().study(60, begin=60)
    assert phone.send()["credited_s"] == 120


def test_pieces_in_any_order_and_any_number_of_times_come_to_the_same(learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(150, every=5)
    watch.at += 10
    draw, sent = random.Random(7), 0
    while sent < len(phone.entries):
        piece = phone.entries[sent:sent + draw.randint(1, 7)]
        for _again in range(draw.randint(1, 3)):
            sent = max(sent, phone.send(entries=piece)["acked"])
        if sent > 3:  # an older piece comes late
            assert phone.send(entries=phone.entries[1:3])["acked"] == sent
        if sent + 2 < len(phone.entries):  # and one before its time
            gap = phone.send(409, entries=phone.entries[sent + 1:sent + 3])
            assert gap["type"].endswith("#sequence-gap") and gap["acked"] == sent
    assert phone.send(entries=[])["credited_s"] == 150


def test_a_whole_course_studied_without_a_network_is_complete_and_is_derived_again(city, learner, watch):
    Phone(learner, watch, learner.film).sit().study(600).send()
    Phone(learner, watch, learner.text).sit().study(60).send()
    assert learner.pass_quiz(learner.quiz)["passed"]
    phone = Phone(learner, watch, learner.long_film)
    for hour in range(4):
        phone.sit().study(HOUR, begin=hour * HOUR, every=60)
    for n in range(0, len(phone.entries), 100):
        answer = phone.send(entries=phone.entries[n:n + 100])
    assert answer["lesson_completed"]
    (mine,) = learner.call("GET", "/me/courses", 200)["items"]
    assert mine["completed"] and learner.call("GET", "/me/credits", 200)["balance"] > 0
    checked, different = recomputed(city)
    assert checked and different == []
    with city.app_context():  # a row that is changed is found
        (row,) = session.execute(select(BeatRow.playback_id, BeatRow.seq).join(Playback, Playback.id == BeatRow.playback_id)
                                 .where(Playback.ticket_id.is_not(None)).limit(1))
    _by_force(city, row)
    assert recomputed(city)[1]


def _by_force(app, row):
    """Change a row behind the guards' back."""
    from guanxue.core.append_only import install_triggers, remove_triggers
    from guanxue.core.db import db
    with app.app_context(), db.engine.connect().execution_options(is_writing=True) as connection, connection.begin():
        remove_triggers(connection)
        connection.execute(text("UPDATE learning_beat SET received_ms = received_ms + 1 WHERE playback_id = :p AND seq = :s"),
                           {"p": row.playback_id, "s": row.seq})
        install_triggers(connection)


def test_a_clock_that_is_wrong_all_the_time_costs_nothing(learner, watch):
    phone = Phone(learner, watch, learner.film, ahead_ms=-5 * 24 * HOUR * 1000)
    watch.at += HOUR
    assert phone.sit().study(60).send()["credited_s"] == 60


def test_study_goes_on_where_it_was_left_when_the_network_comes_and_goes(learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(60)
    assert phone.send()["acked"] == 4
    phone.study(60, begin=60)
    answer = phone.send(entries=phone.entries[4:])
    assert (answer["acked"], answer["gained_s"], answer["credited_s"]) == (8, 60, 120)


def test_a_ticket_after_another_on_the_same_phone_is_fine_and_time_is_not_doubled(learner, watch):
    first, second = Phone(learner, watch, learner.film), Phone(learner, watch, learner.film)
    first.sit().study(60)
    second.began, second.sitting, second.begun_at = first.began, 1, first.begun_at
    for n in range(1, 5):  # the same minute once more, of another part
        second.keep(n * 15_000, 300_000 + n * 15_000, 315_000 + n * 15_000)
    assert first.send()["credited_s"] == 60
    answer = second.send()
    assert answer["gained_s"] == 0 and [r["code"] for r in answer["refused"]] == ["overlap"]


# ---- what does not, each with its sentence


def says(answer, code):
    """A refusal of the whole request."""
    assert answer["type"].endswith(f"#{code}") and is_chinese(answer["detail"]), answer


def test_another_persons_ticket(city, learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(60)
    phone.learner = joined(city, "13800000002")
    says(phone.send(403), "not-your-ticket")
    phone.learner = learner
    assert phone.send()["credited_s"] == 60


def test_another_revision(learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(60)
    says(phone.send(409, lesson_id=str(learner.long_film)), "another-revision")


@pytest.mark.parametrize(("days", "is_kept"), [(1, True), (16, False)])
def test_a_revision_that_was_left_for_another(city, learner, watch, days, is_kept):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(60)
    with city.test_request_context(), writing():
        course = courses.get_course("safe-measuring", SYSTEM)
        courses.add_lesson(SYSTEM, course, title="加一课", kind="text", body="多读一点。")
        courses.publish_course(SYSTEM, course)
    learner.call("DELETE", "/courses/safe-measuring/enrolment", 204)
    says(phone.send(403), "not-enrolled")
    watch.at += days * 24 * HOUR
    learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
    if is_kept:  # something may still come: it is the revision that was joined
        assert phone.send()["credited_s"] == 60
    else:  # nothing was heard for so long: what is taught today
        says(phone.send(409), "another-revision")


def test_a_phone_clock_two_days_ahead(city, learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.ahead_ms = 48 * HOUR * 1000
    phone.sit().study(60)
    says(phone.send(409), "phone-clock")
    phone.ahead_ms = 0
    answer = phone.send()  # put right before sending: what was kept lies in the future
    assert answer["gained_s"] == 0 and [r["code"] for r in answer["refused"]] == ["clock-ahead"] and is_chinese(answer["refused"][0]["detail"])
    assert refusals(city) == ["phone-clock", "clock-ahead"]


def test_two_phones_on_one_ticket(city, learner, watch):
    one = Phone(learner, watch, learner.film)
    other = Phone(learner, watch, learner.film)
    other.ticket = one.ticket  # a copy of everything the first one holds
    one.sit().study(60)
    other.sit().study(30, begin=300)
    says(one.send(409, device="phone-two-2"), "two-phones")
    assert one.send()["credited_s"] == 60
    says(other.send(409), "two-phones")
    other.keep(95_000, 395_000, 400_000).keep(100_000, 400_000, 405_000).keep(105_000, 405_000, 410_000)
    says(other.send(409), "two-phones")
    assert one.send(entries=[])["credited_s"] == 60 and refusals(city) == ["two-phones"] * 3


def test_minutes_that_overlap_what_was_played_online(city, learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit()
    playback = learner.call("POST", f"/lessons/{learner.long_film}/playback", 201)
    watch.at += 120
    learner.beat(playback, (120_000, 0, 120, 1))
    phone.begun_at, before = watch.at - 120, watch.at
    phone.keep(60_000, 0, 60_000).keep(120_000, 60_000, 120_000)  # the same two minutes
    watch.at = before
    phone.study(60, begin=120)
    answer = phone.send()
    (refusal,) = answer["refused"]
    assert (answer["gained_s"], refusal["code"], refusal["s"]) == (60, "overlap", 120) and is_chinese(refusal["detail"])


def test_minutes_that_counted_cannot_be_claimed_by_a_player_that_comes_late(learner, watch):
    playback = learner.call("POST", f"/lessons/{learner.long_film}/playback", 201)
    watch.at += 30
    learner.beat(playback, (30_000, 0, 30, 1))
    phone = Phone(learner, watch, learner.film).sit().study(60)
    assert phone.send()["credited_s"] == 60
    answer = learner.beat(playback, (90_000, 30, 90, 1), status=409)
    assert answer["type"].endswith("#playback-superseded")


def test_a_player_that_is_at_work_now_is_not_ended_by_what_was_studied_before(learner, watch):
    phone = Phone(learner, watch, learner.film).sit().study(60)
    watch.at += 5
    playback = learner.call("POST", f"/lessons/{learner.long_film}/playback", 201)
    watch.at += 30
    assert phone.send()["credited_s"] == 60
    assert learner.beat(playback, (30_000, 0, 30, 1))["gained_s"] == 30


@pytest.mark.parametrize("took_s", [0.2, 2, 4, 30])
def test_a_record_that_is_long_on_its_way_does_not_end_what_plays_now(city, learner, watch, took_s):
    phone = Phone(learner, watch, learner.film).sit().study(60)
    watch.at += 0.6  # the network is back: the film plays on online, and the record is sent
    playback, said_ms = learner.call("POST", f"/lessons/{learner.film}/playback", 201), phone.now
    watch.at += took_s
    offline_s = phone.send(now_ms=said_ms)["credited_s"]
    assert offline_s == pytest.approx(60 - max(0, took_s - 0.6), abs=0.01)
    watch.at += 15
    gained_s = learner.beat(playback, (round((took_s + 15) * 1000), 60, 75 + took_s, 1))["gained_s"]
    assert gained_s == pytest.approx(15 + took_s, abs=0.01)
    assert recomputed(city)[1] == []


def test_a_player_that_fell_silent_during_a_sitting_takes_nothing_from_it(learner, watch):
    phone = Phone(learner, watch, learner.long_film).sit().study(60)
    playback = learner.call("POST", f"/lessons/{learner.film}/playback", 201)  # on another device, and left alone
    assert phone.study(600, begin=60).send()["credited_s"] == 660
    assert learner.beat(playback, (60_000, 0, 60, 1), status=409)["type"].endswith("#playback-superseded")


def test_three_hours_twenty_minutes_after_the_download(city, learner, watch):
    phone = Phone(learner, watch, learner.long_film)
    phone.sit()
    for n in range(1, 61):
        phone.keep(n * 180_000, (n - 1) * 180_000, n * 180_000)
    watch.at += 20 * 60
    answer = phone.send()
    (refusal,) = answer["refused"]
    assert (answer["credited_s"], refusal["code"], refusal["s"]) == (0, "too-much", 3 * HOUR)
    assert "20 分钟" in refusal["detail"] and "3 小时" in refusal["detail"] and refusals(city) == ["too-much"]


def test_three_hours_in_small_pieces_are_named_too_and_earn_no_more_than_real_time(learner, watch):
    phone = Phone(learner, watch, learner.long_film).sit()
    for n in range(1, 61):
        phone.keep(n * 180_000, (n - 1) * 180_000, n * 180_000)
    watch.at += 20 * 60
    told = [phone.send(entries=phone.entries[n:n + 5]) for n in range(0, 60, 5)]
    assert told[-1]["credited_s"] <= 20 * 60 and {r["code"] for x in told[1:] for r in x["refused"]} == {"too-much"}


def test_a_playback_that_ended_long_ago_is_not_revived(city, learner, watch):
    playback = learner.call("POST", f"/lessons/{learner.long_film}/playback", 201)
    watch.at += 9 * 24 * HOUR
    phone = Phone(learner, watch, learner.film).sit().study(60)
    phone.send()
    answer = learner.beat(playback, (8 * 24 * HOUR * 1000, 0, 600, 1), status=409)
    assert answer["type"].endswith("#playback-expired")


def test_many_sittings_side_by_side_earn_no_more_than_the_clock(learner, watch):
    phone = Phone(learner, watch, learner.long_film)
    watch.at += 20 * 60
    for n in range(9):  # nine times twenty minutes in twenty minutes
        phone.sitting, phone.began = n + 1, phone.now - 20 * 60_000
        for k in range(1, 11):
            phone.keep(k * 120_000, (n * 10 + k - 1) * 240_000, (n * 10 + k) * 240_000, 2000)
    assert phone.send()["credited_s"] <= 20 * 60 * 2 + 10


def test_a_record_that_was_changed(city, learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(60)
    for over in ({"to_ms": 500_000}, {"mac": "0" * 32}, {"t_ms": 59_000}):
        says(phone.send(409, entries=[*phone.entries[:2], {**phone.entries[2], **over}, *phone.entries[3:]]), "forged-chain")
    says(phone.send(409, entries=[phone.entries[0], phone.entries[2]]), "forged-chain")
    assert refusals(city) == ["forged-chain"] * 4
    assert phone.send()["credited_s"] == 60


def test_what_was_studied_after_the_ticket_ran_out(city, learner, watch):
    change_policy(city, offline_window_ms=HOUR * 1000)
    phone = Phone(learner, watch, learner.film)
    watch.at += HOUR - 30
    answer = phone.sit().study(60).send()
    assert answer["credited_s"] == 30 and [r["code"] for r in answer["refused"]] == ["ticket-expired"]


def test_a_ticket_is_good_for_the_lesson_three_times_over(learner, watch):
    phone = Phone(learner, watch, learner.film)
    for _n in range(4):
        phone.sit().study(600, every=30)
    assert [r["code"] for r in phone.send()["refused"]] == ["ticket-used"]


def test_no_more_than_the_policys_share_of_the_course(city, learner, watch):
    whole = 600 + 4 * HOUR + next(x["duration_s"] for x in learner.lessons() if x["kind"] == "text") + 120
    change_policy(city, offline_share_permille=20)
    phone = Phone(learner, watch, learner.film).sit().study(600, every=30)
    answer = phone.send()
    assert answer["credited_s"] == pytest.approx(whole * 0.02, abs=0.002) and [r["code"] for r in answer["refused"]] == ["share"]
    assert "2%" in answer["refused"][0]["detail"]
    playback = learner.call("POST", f"/lessons/{learner.film}/playback", 201)
    watch.at += 600
    assert learner.beat(playback, (600_000, 0, 600, 1))["lesson_completed"]  # the rest online


def test_what_a_case_set_aside_leaves_the_share_to_what_is_studied_again(city, learner, watch, monkeypatch):
    change_policy(city, offline_share_permille=20)
    first = Phone(learner, watch, learner.film).sit().study(600, every=30).send()
    with city.app_context():
        aside = {f"playback:{session.scalars(select(Playback.id)).one()}": "CASE"}
    monkeypatch.setattr("guanxue.cases.list_set_aside", lambda _people: aside)
    again = Phone(learner, watch, learner.film).sit().study(600, every=30).send()
    assert again["credited_s"] == first["credited_s"] > 0 and [r["code"] for r in again["refused"]] == ["share"]


def test_a_policy_that_counts_nothing_offline_gives_no_ticket(city, learner, watch):
    change_policy(city, offline_share_permille=0)
    says(learner.call("POST", f"/lessons/{learner.film}/ticket", 409, device="phone-one-1", now_ms=0), "not-offline")


def test_no_more_than_the_policy_lets_count_of_the_day_it_was_studied_on(city, learner, watch):
    change_policy(city, daily_cap_ms=100_000)
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(80)
    phone.sit().study(80, begin=80)
    watch.at += 24 * HOUR
    phone.sit().study(80, begin=160)  # the next day has room of its own, though all is sent at once
    answer = phone.send()
    assert answer["credited_s"] == 180 and [r["code"] for r in answer["refused"]] == ["day"]
    playback = learner.call("POST", f"/lessons/{learner.long_film}/playback", 201)
    watch.at += 60
    assert learner.beat(playback, (60_000, 0, 60, 1))["gained_s"] == 20  # that day's room is one


def test_where_presence_is_asked_for_only_what_was_answered_counts(city, learner, watch):
    change_policy(city, presence_min_ms=60_000, presence_max_ms=120_000, presence_answer_ms=30_000, presence_kinds=["tap"], presence_misses=1)
    phone = Phone(learner, watch, learner.film)
    assert phone.ticket["asks_every_s"] == [60, 120] and phone.ticket["answer_s"] == 30
    answer = phone.sit().study(300).send()
    (refusal,) = answer["refused"]
    assert answer["credited_s"] == 150  # nobody answered after two and a half minutes
    assert (refusal["code"], refusal["s"]) == ("unanswered", 150) and is_chinese(refusal["detail"]) and "2 分钟" in refusal["detail"]
    assert reasons_told(city, learner.film) == [("unanswered", 150_000)]
    phone.sit().study(120, begin=150).keep(round((watch.at - phone.begun_at) * 1000) + 1, 270_000, 270_000, 0)
    watch.at += 0.001
    phone.study(120, begin=270)
    answer = phone.send(entries=phone.entries[20:24])  # an answer that came with an earlier request stands
    answer = phone.send(entries=phone.entries[24:])
    assert answer["credited_s"] == pytest.approx(150 + 240, abs=0.3) and answer["refused"] == []
    phone.study(60, begin=390)
    answer = phone.send(entries=phone.entries[-4:])
    assert [(r["code"], r["s"]) for r in answer["refused"]] == [("unanswered", 30)]
    assert sorted(reasons_told(city, learner.film)) == [("unanswered", 30_000), ("unanswered", 150_000)]


# ---- the frame


def test_each_call_refuses_what_it_should(city, learner, watch):
    phone = Phone(learner, watch, learner.film)
    phone.sit().study(15)
    stranger = Learner(city, "13800000002")
    assert stranger.client.post(f"/api/v1/lessons/{learner.film}/ticket", json={}).status_code == 401
    says(stranger.call("POST", f"/lessons/{learner.film}/ticket", 403, device="phone-one-1", now_ms=0), "not-enrolled")
    for path in ("/lessons/999999/ticket", "/lessons/x/ticket", "/tickets/nobody/sync", "/tickets/%00/sync"):
        learner.call("POST", path, 404)
    for wrong in ({}, {"device": "x", "now_ms": 1}, {"device": "phone-one-1", "now_ms": -1}, {"device": "a" * 65, "now_ms": 1}):
        learner.call("POST", f"/lessons/{learner.film}/ticket", 422, **wrong)
    says(learner.call("POST", f"/lessons/{learner.quiz}/ticket", 409, device="phone-one-1", now_ms=0), "not-ready")
    first = phone.entries[0]
    for entries in ([{**first, "from_ms": 9, "to_ms": 8}], [{**first, "mac": "x"}], [first, first], [first] * 101, [{**first, "n": 0}],
                    [{**first, "t_ms": -1}], [{**first, "rate_permille": 10**9}]):
        phone.send(422, entries=entries)
    phone.send(422, lesson_id="²")
    assert learner.client.get(f"/api/v1/tickets/{phone.ticket['ticket']}/sync", headers=learner.headers).status_code == 405
    assert learner.client.get(f"/api/v1/lessons/{learner.film}/ticket", headers=learner.headers).status_code == 405
    assert phone.send()["credited_s"] == 15


def test_a_ticket_of_an_account_that_was_merged_is_named(city, learner, watch):
    other = joined(city, "13800000002")
    phone = Phone(other, watch, other.film).sit().study(60)
    with city.test_request_context(), writing():
        kept, merged = (accounts.find_person_by_phone(p) for p in ("13800000001", "13800000002"))
        accounts.merge_accounts(SYSTEM, kept.id, merged.id, reason="同一个人")
    phone.learner = learner
    answer = phone.send(403)
    says(answer, "not-your-ticket")
    assert "合并" in answer["detail"]


def test_what_a_merged_account_played_is_not_counted_again(city, learner, watch):
    other = joined(city, "13800000002")
    phone = Phone(learner, watch, learner.film).sit()
    playback = other.call("POST", f"/lessons/{other.long_film}/playback", 201)
    phone.study(60)
    other.beat(playback, (60_000, 0, 60, 1))
    with city.test_request_context(), writing():
        kept, merged = (accounts.find_person_by_phone(p) for p in ("13800000001", "13800000002"))
        accounts.merge_accounts(SYSTEM, kept.id, merged.id, reason="同一个人")
    answer = phone.send()
    assert answer["gained_s"] == 0 and [r["code"] for r in answer["refused"]] == ["overlap"]


def test_tickets_change_in_nothing_but_how_much_is_here(city, learner, watch):
    phone = Phone(learner, watch, learner.film).sit().study(15)
    phone.send()
    with city.app_context():
        ticket = session.scalars(select(Ticket)).one()
        assert (ticket.entries, ticket.head) == (1, phone.head)
    for statement in ("UPDATE learning_ticket SET until_ms = 1", "UPDATE learning_ticket SET device = 'x'", "DELETE FROM learning_ticket"):
        with pytest.raises(Exception, match="append-only"), city.test_request_context(), writing():
            session.execute(text(statement))
