"""Watched seconds over HTTP against a map of every millisecond: any order, overlap, replay, seek, rate, skew, loss, two devices.

`GUANXUE_CASES=10000 pytest tests/learning/test_second_map.py` tries that many lives on each database (`make prove`); the
suite tries a few. A case that fails names its seed.
"""

from __future__ import annotations

import os
import random
import types
from dataclasses import dataclass, field

import pytest
from tests.clients import Learner
from tests.factories import make_course, make_person
from tests.learning.second_map import DAY, Person, Rules, Told
from tests.learning.test_evidence import Stopwatch

from guanxue import policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.learning import api as learning_api
from guanxue.learning import beats as hot
from guanxue.learning import evidence, rules
from guanxue.learning.models import Enrolment
from guanxue.policies.defaults import LIGHT_2

CASES = int(os.environ.get("GUANXUE_CASES", "16"))
A_TEST = 250  # so many lives in one test: those that run side by side share the work
FIRST_SEED = int(os.environ.get("GUANXUE_SEED", "1"))
DURATIONS = [20_000, 9_000]
LAWS = Rules(max_rate=2000, late_after=5_000, late_cap=7_000, share=900)
STEPS = 22


@pytest.fixture
def city(any_app, monkeypatch):
    """A course of two short films, a clock that moves only when told, nobody slowed down."""
    stopwatch = Stopwatch()
    monkeypatch.setattr(clock, "time", stopwatch)
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    monkeypatch.setattr(learning_api._openings, "check", lambda key: None)
    with any_app.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="试", effective_on=clock.today(), numbers=LIGHT_2 | {
            "late_after_ms": LAWS.late_after, "late_cap_ms": LAWS.late_cap, "beat_every_s": LAWS.late_after // 2000})
        make_course(videos_ms=tuple(DURATIONS))
    any_app.watch = stopwatch
    return any_app


@dataclass
class Device:
    """What a player knows of its playback."""

    number: int
    playback_id: str
    nonce: str
    next_seq: int
    acked: int = 0
    sent: list = field(default_factory=list)  # bodies as they were sent, to be sent again


class Life:
    """One learner's random life: what the site answers, and what the map says it must."""

    def __init__(self, app, seed: int, *, tells_long: bool = True) -> None:
        self.app, self.dice, self.seed = app, random.Random(seed), seed
        self.long = random.Random(-seed) if tells_long else None  # a dice of its own: older stories stay what they were
        phone = f"1{37_00000000 + seed:010d}"
        with app.test_request_context(), writing():
            self.person_id = make_person(phone).id
        self.learner = Learner(app, phone)
        self.learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
        self.lessons = [x["id"] for x in self.learner.lessons()[:2]]
        self.map = Person(LAWS, DURATIONS, [LAWS.max_rate] * 2)
        self.devices: list[Device] = []
        self.story: list[str] = []

    @property
    def now(self) -> int:
        return int(self.app.watch.at * 1000)

    def live(self) -> None:
        """Open something, then do anything; at the end both agree and the kept claims give the same."""
        self.open()
        doings = [self.beat] * 8 + [self.wait] * 4 + [self.open] * 2 + [self.lose] * 2 + [self.repeat, self.forge, self.close, self.leave]
        for _n in range(STEPS):
            self.dice.choice(doings)()
        if not self.map.is_in:
            self.learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
        for n, lesson in enumerate(self.lessons):
            told = self.learner.call("GET", f"/lessons/{lesson}", 200)
            seen = sum(self.map.lessons[n].seen)
            assert told["coverage"] == seen * 1000 // DURATIONS[n] / 1000, self.fault("coverage")
        with self.app.test_request_context():
            enrolment = session.query(Enrolment).filter_by(person_id=self.person_id).one()
            derived = evidence.derive_spans(enrolment)
            for n, lesson in enumerate(self.lessons):
                found = derived[int(lesson)].credited_ms if int(lesson) in derived else 0
                assert found == sum(self.map.lessons[n].seen), self.fault("derived again")

    def fault(self, what: str) -> str:
        return f"seed {self.seed}: {what}\n" + "\n".join(self.story)

    # ---- what can happen

    def wait(self) -> None:
        pause = self.dice.choice([0, 250, 999, 4_000, 6_500, 15_000, 125_000, DAY - 1, DAY + 5_000] if self.dice.random() < 0.3
                                 else [500, 1_000, 3_000, 7_000])
        self.app.watch.at += pause / 1000
        self.story.append(f"wait {pause}")

    def open(self) -> None:
        if not self.map.is_in:
            return self.come_back()
        lesson, key = self.dice.randrange(2), self.dice.choice([None, None, "a", "b"])
        number, is_new = self.map.open(lesson, key, self.now)
        told = self.learner.call("POST", f"/lessons/{self.lessons[lesson]}/playback", 201 if is_new else 200, **({"key": key} if key else {}))
        self.story.append(f"open {lesson} {key} -> {number}")
        if is_new:
            self.devices.append(Device(number, told["playback_id"], told["nonce"], told["next_seq"]))
        else:
            device = self.devices[number]
            assert told["playback_id"] == device.playback_id, self.fault("another playback")
            assert told["next_seq"] == self.map.playbacks[number].last_seq + 1, self.fault("next_seq on opening")
            device.nonce, device.next_seq = told["nonce"], told["next_seq"]
        return None

    def come_back(self) -> None:
        self.map.is_in = True
        self.learner.call("PUT", "/courses/safe-measuring/enrolment", 200)
        self.story.append("come back")

    def claims(self, device: Device) -> list[tuple[int, int, int, int]]:
        """Honest and dishonest beats: right after what was acknowledged, long before, far ahead, backwards, too fast."""
        elapsed = self.now - self.map.playbacks[device.number].opened
        found, t, at = [], device.acked, self.dice.randrange(20_000)
        if self.dice.random() < 0.12:  # as many short ones as go: what each may claim beyond its time would add up
            return [(t + n, at + 252 * n, at + 252 * (n + 1), 2000) for n in range(1, 40)]
        for _n in range(self.dice.choice([0, 1, 1, 1, 2, 3, 6])):
            rate = self.dice.choice([1000, 1000, 1000, 1500, 2000, 500, 0, 3000, 16_000])
            step = self.dice.choice([0, 1, 200, 1_000, 3_000, 15_000])
            t = self.dice.choice([t + step, t + step, t + step, elapsed, elapsed + self.dice.choice([1_999, 2_000, 2_001, 60_000]),
                                  max(0, t - step), self.dice.randrange(30_000)])
            begin = self.dice.choice([at, at, self.dice.randrange(25_000)])
            end = begin + self.dice.choice([step * rate // 1000, step * rate // 1000 + 250, step, 20_000, 0, 1])
            found.append((t, begin, end, rate))
            at = end
        if self.long is not None and self.long.random() < 0.1:  # everything since the last beat in one
            return [(elapsed, at, at + max(0, elapsed - device.acked), self.long.choice([1000, 2000]))]
        return found

    def send(self, device: Device, seq: int, nonce: str, claims: list, *, is_genuine: bool = True, is_heard: bool = True) -> None:
        body = {"nonce": nonce, "seq": seq, "beats": [
            {"t_ms": t, "from_s": a / 1000, "to_s": b / 1000, "rate": r / 1000} for t, a, b, r in claims]}
        should = self.map.beat(device.number, seq, claims, self.now, is_genuine=is_genuine)
        self.story.append(f"beat {device.number} seq {seq} {claims} at {self.now - self.map.playbacks[device.number].opened} -> {should}")
        answer = self.learner.client.post(f"/api/v1/playbacks/{device.playback_id}/beats", headers=self.learner.headers, json=body)
        told = answer.get_json()
        assert answer.status_code == should.status, self.fault(f"status {answer.status_code}: {told}")
        if should.status == 409:
            assert told["type"].endswith(should.word), self.fault(told["type"])
        if should.status == 200:
            self.compare(told, should)
            if is_heard:
                device.nonce, device.next_seq, device.acked = told["nonce"], told["next_seq"], told["acked_t_ms"]

    def compare(self, told: dict, should: Told) -> None:
        found = (round(told["gained_s"] * 1000), round(told["credited_s"] * 1000), told["acked_t_ms"], told["next_seq"],
                 told["lesson_completed"])
        wanted = (should.gained, should.credited, should.acked, should.next_seq, should.is_complete)
        assert found == wanted, self.fault(f"told {found}, should be {wanted}")

    def any_device(self) -> Device:
        return self.devices[-1] if self.dice.random() < 0.7 else self.dice.choice(self.devices)

    def beat(self) -> None:
        device = self.any_device()
        claims = self.claims(device)
        device.sent.append((device.next_seq, device.nonce, claims))
        self.send(device, device.next_seq, device.nonce, claims)

    def lose(self) -> None:
        """The answer does not arrive: the player does not know that it was heard."""
        device = self.any_device()
        claims = self.claims(device)
        device.sent.append((device.next_seq, device.nonce, claims))
        self.send(device, device.next_seq, device.nonce, claims, is_heard=False)

    def repeat(self) -> None:
        """Something sent before comes once more, as a browser or somebody who listened sends it."""
        device = self.any_device()
        if device.sent:
            self.send(device, *self.dice.choice(device.sent), is_heard=False)

    def forge(self) -> None:
        device = self.any_device()
        self.send(device, device.next_seq + self.dice.choice([0, 1, 7]), self.dice.choice(["0" * 32, device.nonce[::-1], "é"]),
                  self.claims(device), is_genuine=False)

    def close(self) -> None:
        device = self.any_device()
        if self.map.is_in:
            self.map.close(device.number, self.now)
            self.learner.call("POST", f"/playbacks/{device.playback_id}/close", 200)
            self.story.append(f"close {device.number}")

    def leave(self) -> None:
        if self.dice.random() < 0.3 and self.map.is_in:
            self.map.leave(self.now)
            self.learner.call("DELETE", "/courses/safe-measuring/enrolment")
            self.story.append("leave")


@pytest.mark.both_databases
@pytest.mark.parametrize("first", range(0, CASES, A_TEST))
def test_what_counts_is_what_the_map_says(city, first):
    for n in range(first, min(first + A_TEST, CASES)):
        Life(city, FIRST_SEED + n).live()


@pytest.mark.parametrize("seed", [3823])  # late beats of two playbacks within one millisecond
def test_what_was_found_once_is_not_found_again(city, seed):
    Life(city, seed, tells_long=False).live()


# ---- the map is worth something: each of these faults is found by it


def mutated(monkeypatch, old: str, new: str) -> None:
    """The rules with one line changed, for the time of a test."""
    source = rules.__loader__.get_source(rules.__name__)
    assert source.count(old) == 1, old
    other = types.ModuleType(rules.__name__)
    exec(compile(source.replace(old, new), "rules.py", "exec"), other.__dict__)  # noqa: S102 our own source
    for name in ("judge", "merge_spans", "end_of", "covered_ms"):
        monkeypatch.setattr(rules, name, getattr(other, name))


MUTANTS = {
    "no wall-clock bound": (
        "length = min(min(beat.to_ms, terms.duration_ms) - beat.from_ms, budget, left)",
        "length = min(min(beat.to_ms, terms.duration_ms) - beat.from_ms, budget)"),
    "no bound by the beat's own time": ("- beat.from_ms, budget, left)", "- beat.from_ms, left)"),
    "repeats cost nothing": ("acked, granted = beat.t_ms, granted + length", "acked = beat.t_ms"),
    "any rate counts": ("rate = min(beat.rate_permille, sitting.max_rate_permille)", "rate = beat.rate_permille"),
    "the future counts": ("if beat.t_ms > latest or", "if"),
    "after the end counts": (
        "(sitting.ended_ms is not None and sitting.opened_ms + beat.t_ms > sitting.ended_ms)", "False"),
    "old moments count again": ("if beat.t_ms <= acked:", "if False:"),
    "late time has no end": ("excess = max(0, late - max(0, terms.late_cap_ms - late_ms))", "excess = 0"),
    "a long beat is on time": ("if t_ms - acked <= terms.longest_ms:", "if True:"),
    "lessons have no end": ("min(beat.to_ms, terms.duration_ms) - beat.from_ms, budget", "beat.to_ms - beat.from_ms, budget"),
    "sum instead of union": ("max(merged[-1][1], end))", "merged[-1][1] + end - begin)"),
    "silence never ends": ("return contact_ms + SILENCE_ENDS_MS if now_ms - contact_ms > SILENCE_ENDS_MS else None", "return None"),
    "more slack": ("SLACK_MS if time ==", "2 * SLACK_MS if time =="),
}


def survives(app) -> bool:
    """Do sixty lives find nothing?"""
    try:
        for n in range(60):
            Life(app, 5_000_000 + n).live()
    except (AssertionError, IndexError):
        return False
    return True


@pytest.mark.parametrize("any_app", ["sqlite"], indirect=True)
def test_without_a_fault_these_lives_find_nothing(city):
    assert survives(city)


@pytest.mark.parametrize("any_app", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_fault_in_the_rules_is_found(city, monkeypatch, name):
    mutated(monkeypatch, *MUTANTS[name])
    assert not survives(city), name


@pytest.mark.parametrize("any_app", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("where", "name", "fault"), [
    (hot, "fits", lambda keys, code, seq, nonce: True),  # a stale nonce is taken
    (evidence, "end_playbacks", lambda *_all, **_more: None),  # two devices play at once
])
def test_a_fault_in_the_protocol_is_found(city, monkeypatch, where, name, fault):
    monkeypatch.setattr(where, name, fault)
    assert not survives(city), name
