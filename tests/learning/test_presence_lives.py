"""Whatever a player does with presence checks, lived at random: cache and evidence agree, and nothing counts beyond the map.

`GUANXUE_CASES=500 pytest tests/learning/test_presence_lives.py` lives that many lives (`make prove`); the suite a few.
"""

from __future__ import annotations

import os
import random

import pytest
from sqlalchemy import select
from tests.factories import make_person
from tests.learning.presence_school import Student, Time, strict_course, strict_policy
from tests.learning.test_presence import agree

from guanxue import learning
from guanxue.core.actor import Actor
from guanxue.core.db import session, writing
from guanxue.learning import beats
from guanxue.learning.models import Enrolment, Progress

LIVES = int(os.environ.get("GUANXUE_CASES", "3"))
FIRST_SEED = int(os.environ.get("GUANXUE_SEED", "1"))
DEEDS = 24
FILM_S = 240


class Life:
    """One learner under a policy with checks; what of the films they really had before them, second by second."""

    def __init__(self, app, time: Time, seed: int) -> None:
        self.app, self.time, self.dice, self.seed = app, time, random.Random(seed), seed
        phone = f"1{38_00000000 + seed:010d}"
        with app.test_request_context(), writing():
            self.person_id = make_person(phone).id
        self.student = Student(app, time, phone)
        self.student.call("PUT", "/courses/safe-measuring/enrolment", 200)
        self.films = [x["id"] for x in self.student.lessons() if x["kind"] != "quiz"]
        self.challenge, self.played_s, self.story = None, 0.0, []
        self.open()

    def live(self) -> None:
        deeds = [self.play] * 8 + [self.tell_together] * 2 + [self.tap] * 4 + [
            self.open, self.close, self.wait, self.shown, self.expired, self.extend, self.make_up, self.one_long]
        for _n in range(DEEDS):
            deed = self.dice.choice(deeds)
            self.story.append(deed.__name__)
            deed()
        try:
            agree(self.app, self.person_id)
            with self.app.test_request_context():
                kept = session.scalars(select(Progress).join(Enrolment, Enrolment.id == Progress.enrolment_id).where(
                    Enrolment.person_id == self.person_id)).all()
                assert sum(p.credited_ms for p in kept) <= self.played_s * 1000
        except AssertionError as fault:
            raise AssertionError(f"seed {self.seed}: {self.story}") from fault

    def hear(self, answer: dict) -> None:
        self.challenge = answer.get("challenge")

    def open(self) -> None:
        self.hear(self.student.open(self.dice.choice(self.films), at=self.dice.choice([0, 30, 120])))
        self.is_open = True

    def play(self, seconds: float | None = None) -> None:
        seconds = seconds or self.dice.choice([3, 10, 15, 40, 119])
        if not self.is_open or self.student.at + seconds > FILM_S:
            self.open()
        self.played_s += seconds
        self.hear(self.student.play(seconds))

    def one_long(self) -> None:
        self.play(self.dice.choice([121, 130]))

    def tell_together(self) -> None:
        """A line that was dead for a while: several beats in one request."""
        count, step = self.dice.choice([2, 5, 12]), 10
        if not self.is_open or self.student.at + count * step > FILM_S:
            self.open()
        who, beats = self.student, []
        self.time.go(count * step)
        for _n in range(count):
            who.t += step * 1000
            beats.append((who.t, who.at, who.at + step, 1))
            who.at += step
        self.played_s += count * step
        self.hear(who.beat(who.playback, *beats))

    def close(self) -> None:
        """Ended first, told afterwards."""
        if not self.is_open or self.student.at + 20 > FILM_S:
            self.open()
        who = self.student
        self.time.go(20)
        who.call("POST", f"/playbacks/{who.playback['playback_id']}/close", 200)
        who.t, who.at, self.played_s = who.t + 20_000, who.at + 20, self.played_s + 20
        self.hear(who.beat(who.playback, (who.t, who.at - 20, who.at, 1)))
        self.is_open = False

    def wait(self) -> None:
        self.student.wait(self.dice.choice([5, 61, 200]))

    def tap(self) -> None:
        if self.challenge:
            self.hear(self.student.tap(self.challenge))

    def shown(self) -> None:
        if self.challenge:
            self.hear(self.student.say(self.challenge, do="shown"))

    def expired(self) -> None:
        if self.challenge:
            self.student.say(self.challenge, do="shown")
            self.student.wait(self.dice.choice([10, 70]))
            self.student.say(self.challenge, do="expired")

    def extend(self) -> None:
        if self.challenge:
            self.student.say(self.challenge, None, do="extend")

    def make_up(self) -> None:
        """What was missed and is made up, as the page does it."""
        actor = Actor("person", self.person_id)
        with self.app.test_request_context(), writing():
            code = next((t.check.code for t in learning.list_told(self.person_id) if t.now.is_withheld and t.until_ms), None)
            if code is not None:
                learning.ask_make_up(actor, code)
                learning.make_up(actor, code, str(learning.get_told(actor, code).now.makeup["key"]))


@pytest.mark.both_databases
def test_whatever_a_player_does_with_checks_cache_and_evidence_agree(any_app):
    with Time() as time:
        with any_app.test_request_context(), writing():
            strict_policy()
            strict_course(videos_ms=(FILM_S * 1000, FILM_S * 1000))
        for n in range(LIVES):
            Life(any_app, time, FIRST_SEED + n).live()


@pytest.mark.parametrize("any_app", ["sqlite"], indirect=True)
def test_a_beat_that_forgets_what_waits_is_found(any_app, monkeypatch):
    monkeypatch.setattr(beats, "_shut", lambda *_all: [])
    with pytest.raises(AssertionError):
        test_whatever_a_player_does_with_checks_cache_and_evidence_agree(any_app)
