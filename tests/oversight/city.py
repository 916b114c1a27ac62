"""A simulated city with planted frauds of every kind and 200 honest people who look like them: how many are found, how many
accused.

    .venv/bin/python -m tests.oversight.city --seed 7 [--seeds N]

Everybody studies through the services that real people use, at past times, each kind of person with chance's own figures; then
oversight.look() reads what was kept. Nothing of the simulation is told to the detectors.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from tests.factories import attend, make_class, make_course, make_person, meeting_plan
from tests.oversight.sheets import Bank

from guanxue import classes, courses, learning, oversight
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor, Where
from guanxue.core.db import session, writing
from guanxue.learning import Beat
from guanxue.oversight.models import Finding, FindingPerson
from guanxue.oversight.service import LOOK_BACK
from guanxue.quizzes.service import shown_questions

LOOK_ALIKES = {"one factory, one line": 28, "training-room tablets": 30, "a training room that closed": 10, "couples on one phone": 30, "night shifts": 20,
               "same right answers": 30, "from phone to computer": 20, "quick at the second try": 10, "phones in a class": 10,
               "a workshop without phones": 6, "paused at home during a class": 6}
CROWD = 60  # everybody else: how rare a wrong answer is only many tell
FILM_MS = 20 * 60_000


@dataclass
class Score:
    """Who of the planted was found, by kind, and who of the honest was accused of what."""

    seed: int
    planted: dict[str, set[int]]
    found: dict[str, set[int]]
    alike: dict[str, set[int]]
    crowd: set[int]

    def recall(self, kind: str) -> float:
        """Of those planted."""
        return len(self.planted[kind] & self.found[kind]) / len(self.planted[kind])

    def false_alarms(self, kind: str = "") -> float:
        """Of the look-alikes, by any detector or one; a planted person is none of them."""
        honest = set().union(*self.alike.values())
        accused = self.found[kind] if kind else set().union(*self.found.values())
        return len(honest & accused) / len(honest)

    def lines(self) -> list[str]:
        """The table that is printed."""
        told = [f"seed {self.seed}", f"{'kind':<10} {'planted':>7} {'found':>6} {'recall':>7} {'false alarms of 200':>20} {'crowd':>6}"]
        for kind in oversight.KINDS:
            told.append(f"{kind:<10} {len(self.planted[kind]):>7} {len(self.planted[kind] & self.found[kind]):>6} {self.recall(kind):>7.2f}"
                        f" {self.false_alarms(kind):>20.3f} {len(self.crowd & self.found[kind]):>6}")
        for name, people in self.alike.items():
            if accused := {k for k in oversight.KINDS if people & self.found[k]}:
                told.append(f"  accused among “{name}”: {len(people & set().union(*self.found.values()))} of {len(people)} ({', '.join(sorted(accused))})")
        return [*told, f"{'all':<10} {'':>22} {'':>3} {self.false_alarms():>20.3f}"]


@dataclass
class City:
    """Two courses, everybody in them, and chance."""

    chance: random.Random
    began: datetime
    planted: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    alike: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    crowd: set[int] = field(default_factory=set)
    count: int = 0
    rooms: int = 0
    classes: int = 0

    def __post_init__(self) -> None:
        self.papers = {"long-course": Bank(self.chance, 20), "short-course": Bank(self.chance, 15)}
        for slug, bank in self.papers.items():
            make_course(slug, title=slug, videos_ms=(FILM_MS,), gift=bank.gift)

    # ---- people

    def newcomer(self, device: str = "", network: str = "") -> Actor:
        """Somebody who joins both courses, with a phone and a line of their own unless others are given."""
        self.count += 1
        with clock.travel(self.began):
            actor = make_person(f"137{self.count:08}", f"学员{self.count}")
            actor = self.at(actor, device or f"device-{self.count}", network or f"10.{self.count}.0.0/24")
            for slug in self.papers:
                learning.enrol(actor, courses.get_course(slug, actor))
        return actor

    def at(self, actor: Actor, device: str, network: str) -> Actor:
        """The same person at another device, with a session of its own."""
        return replace(actor, where=Where(device, network), session_id=abs(hash((actor.id, device))) % 10**9)

    def some_moment(self, hour: tuple[int, int] = (8, 22)) -> datetime:
        """Some day of the last fortnight, at some time of that part of the day."""
        day = self.began + timedelta(days=1 + self.chance.randrange(10))
        midnight = day.astimezone(clock.CITY).replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(minutes=self.chance.uniform(hour[0] * 60, hour[1] * 60 - 90))

    # ---- what they do

    def lesson(self, slug: str, kind: str):
        """The course's film or its quiz."""
        return next(x for x in courses.lessons_of(courses.get_course(slug, SYSTEM).revision_id) if x.kind == kind)

    def watch(self, actor: Actor, at: datetime, minutes: float, slug: str = "long-course", *, step: Callable[[], int] | None = None,
              paused: timedelta = timedelta()) -> datetime:
        """Watch so long; a player's beats come unevenly unless `step` says otherwise. Halfway the film may stand `paused`. When
        they stopped comes back."""
        with clock.travel(at):
            playback, _is_new = learning.open_playback(actor, self.lesson(slug, "video"), None)
        end = at + timedelta(minutes=minutes) + paused
        beats, t, position = [], 0, 0
        while t + 15_100 < minutes * 60_000:
            t += step() if step else 15_000 + self.chance.choice((0, 0, 0, 1, 1, -1, 4, -4, 9, 40))
            length = 15_000 if step else 15_000 + self.chance.choice((0, 0, -20, 7, 15, -8))
            beats.append(Beat(t, position % FILM_MS, position % FILM_MS + length, 1000))
            position += length
        half, stood_ms = len(beats) // 2, paused // timedelta(milliseconds=1)
        beats = [*beats[:half], *(replace(b, t_ms=b.t_ms + stood_ms) for b in beats[half:])]
        with clock.travel(end):
            answer = learning.answer_of(playback)
            learning.record_beats(actor, playback.code, answer.next_seq, answer.nonce, beats)
        return end

    def answer(self, actor: Actor, at: datetime, seconds: float, picks: list[int | None], slug: str = "long-course") -> None:
        """Answer the quiz: for each question which option (0 is the right one), None for nothing."""
        with clock.travel(at):
            attempt = learning.start_attempt(actor, self.lesson(slug, "quiz"))
        with clock.travel(at + timedelta(seconds=seconds)):
            shown = {s.question.id: s for s in shown_questions(attempt)}
            answers = {f"q{n}": shown[f"q{n}"].ids[pick] for n, pick in enumerate(picks, 1) if pick is not None}
            learning.save_answers(actor, attempt.id, answers)
            learning.submit_attempt(actor, attempt.id)

    def honest(self, actor: Actor, *, hour: tuple[int, int] = (8, 22), minutes: float | None = None, share: float = 0.9) -> None:
        """An evening of study and both quizzes at a human pace."""
        at = self.some_moment(hour)
        end = self.watch(actor, at, minutes or self.chance.uniform(4, 25))
        skill = self.chance.uniform(0.4, 1.7)
        for slug, bank in self.papers.items():
            if self.chance.random() < share:
                end += timedelta(minutes=self.chance.uniform(1, 40))
                seconds = len(bank.right) * self.chance.uniform(5, 25)
                self.answer(actor, end, seconds, bank.picks(self.chance, skill), slug)
                end += timedelta(seconds=seconds)


# ---- the honest who look like frauds


def _look_alikes(city: City, size: float) -> None:
    chance, alike = city.chance, city.alike
    for name, count in LOOK_ALIKES.items():
        _HONEST[name](city, chance, max(2, round(count * size)), lambda actor, name=name: alike[name].add(actor.id))


def _factory(city: City, chance: random.Random, count: int, add: Callable) -> None:
    for _n in range(count):
        actor = city.newcomer(network="183.6.1.0/24")
        add(actor)
        city.honest(actor)


def _training_room(city: City, chance: random.Random, count: int, add: Callable) -> None:
    _room(city, count, add, tablets=4)


def _closed_room(city: City, chance: random.Random, count: int, add: Callable) -> None:
    """Everybody studied there in turn; then it was given up, its tablets were sold."""
    inspector, room = _room(city, max(5, count), add, tablets=1)
    with clock.travel(city.began + timedelta(days=13)):
        oversight.close_room(inspector, room.id)


def _room(city: City, count: int, add: Callable, *, tablets: int) -> tuple[Actor, oversight.Room]:
    city.rooms += 1
    line = f"121.9.{city.rooms}.0/24"
    with clock.travel(city.began):
        inspector = city.at(make_person(f"1360000000{city.rooms}", "许明", "inspector"), "", "")
        room = oversight.open_room(inspector, name=f"虎门服装职校 {city.rooms} 号机房")
        for n in range(tablets):
            oversight.mark_device(city.at(inspector, f"tablet-{city.rooms}-{n}", line), room.id, f"第 {n + 1} 台")
    for n in range(count):
        actor = city.newcomer(f"tablet-{city.rooms}-{n % tablets}", line)
        add(actor)
        city.honest(actor)
    return inspector, room


def _couples(city: City, chance: random.Random, count: int, add: Callable) -> None:
    for n in range(count):
        if chance.random() < 0.2:  # a child's account on the same phone as well
            child = city.newcomer(f"couple-{n // 2}", f"10.200.{n // 2}.0/24") if n % 2 else None
            if child:
                city.crowd.add(child.id)
                city.honest(child)
        actor = city.newcomer(f"couple-{n // 2}", f"10.200.{n // 2}.0/24")
        add(actor)
        city.honest(actor)


def _night(city: City, chance: random.Random, count: int, add: Callable) -> None:
    for _n in range(count):
        actor = city.newcomer()
        add(actor)
        city.honest(actor, hour=(0, 6), minutes=chance.uniform(40, 60))


def _all_right(city: City, chance: random.Random, count: int, add: Callable) -> None:
    for _n in range(count):
        actor = city.newcomer()
        add(actor)
        at = city.watch(actor, city.some_moment(), chance.uniform(5, 20))
        for slug, bank in city.papers.items():
            at += timedelta(minutes=5)
            slips = {chance.randrange(len(bank.right)) for _s in range(chance.choice((0, 0, 0, 1)))}
            city.answer(actor, at, len(bank.right) * chance.uniform(4, 15), [chance.randint(1, 3) if q in slips else 0 for q in range(len(bank.right))], slug)
            at += timedelta(minutes=10)


def _switchers(city: City, chance: random.Random, count: int, add: Callable) -> None:
    for _n in range(count):
        actor = city.newcomer()
        add(actor)
        computer, at = city.at(actor, f"computer-{actor.id}", actor.where.network), city.some_moment()
        for n in range(chance.randint(2, 5)):  # on the bus, at home, in bed
            at = city.watch((actor, computer)[n % 2], at, chance.uniform(6, 14))
        if chance.random() < 0.5:  # looks something up on the phone while the quiz is open on the computer
            mobile, bank = city.at(actor, actor.where.device, "10.250.1.0/24"), city.papers["long-course"]
            city.watch(mobile, at + timedelta(minutes=1), 4)
            with clock.travel(at + timedelta(seconds=10)):
                pass
            city.answer(computer, at + timedelta(minutes=3), 700, bank.picks(chance, 1.0))


def _second_try(city: City, chance: random.Random, count: int, add: Callable) -> None:
    for _n in range(count):
        actor = city.newcomer()
        add(actor)
        at, bank = city.some_moment(), city.papers["long-course"]
        city.answer(actor, at, 300, bank.picks(chance, 0.3))
        with suppress(learning.PassedAlready):  # who passed at once sits no second
            city.answer(actor, at + timedelta(minutes=12), 20 * chance.uniform(1.3, 3), [0] * 20)


def _in_class(city: City, chance: random.Random, count: int, add: Callable) -> None:
    _class_day(city, [("phone", add) for _n in range(count)])


def _paused(city: City, chance: random.Random, count: int, add: Callable) -> None:
    """The page stays open at home; after the class they go on in it."""
    _class_day(city, [("paused", add) for _n in range(count)])


def _workshops(city: City, chance: random.Random, count: int, add: Callable) -> None:
    """Phones stay in the locker: the roll is called on the spot; some sign in all the same."""
    for _n in range(count):
        add(_rolled_class(city, lambda meeting, _last: meeting.ends_at + timedelta(minutes=chance.uniform(-20, 40)), signing=2))


def _rolled_class(city: City, called_at: Callable, *, signing: int = 0) -> Actor:
    """Three days of a class of seven; the roll is called for whoever does not sign in. Who called it comes back."""
    city.classes += 1
    with clock.travel(city.some_moment((8, 12))):
        teacher = make_person(f"134{city.classes:08}", "周师傅", "instructor")
        cls, first = make_class(teacher, is_public=True, seats=9)
        meetings = [first, *(classes.add_meeting(teacher, cls, meeting_plan(first.begins_at + timedelta(days=n), 3)) for n in (1, 2))]
    learners = [city.newcomer() for _n in range(7)]
    city.crowd |= {x.id for x in learners}
    for learner in learners:
        with clock.travel(first.begins_at - timedelta(minutes=30)):
            classes.join_class(learner, cls, promises=True)
    for meeting in meetings:
        for learner in learners[:signing]:
            attend(learner, cls, meeting)
        for n, learner in enumerate(learners[signing:]):
            with clock.travel(called_at(meeting, meetings[-1]) + timedelta(seconds=20 * n)):
                classes.call_roll(teacher, cls, meeting, classes.find_place(learner, cls), classes.Mark("present"), "名册点名")
    # Nobody calls a roll before the meeting is over for its whole length: those who did, say it again when it is.
    with clock.travel(meetings[-1].ends_at + timedelta(days=1)):
        for meeting in meetings:
            classes.close_meeting(teacher, cls, meeting, "下课点名")
        classes.close_class(teacher, cls)
    return teacher


_HONEST = dict(zip(LOOK_ALIKES, (_factory, _training_room, _closed_room, _couples, _night, _all_right, _switchers, _second_try, _in_class, _workshops, _paused), strict=True))


def _class_day(city: City, who: list[tuple[str, Callable]]) -> None:
    """A class meets; some look at a lesson on the phone they signed in with, some have one playing at home, or paused
    halfway since before they left."""
    chance = city.chance
    with clock.travel(city.some_moment((8, 12))):
        teacher = make_person(f"135{city.count:08}", "陈师傅", "instructor")
        cls, meeting = make_class(teacher, is_public=True, seats=len(who) + 5)
    for where, add in who:
        actor = city.newcomer()
        add(actor)
        phone = city.at(actor, f"phone-{actor.id}", "120.80.1.0/24")
        with clock.travel(meeting.begins_at - timedelta(minutes=30)):
            classes.join_class(phone, cls, promises=True)
        attend(phone, cls, meeting)
        if where == "paused":
            city.watch(actor, meeting.begins_at - timedelta(minutes=60), chance.uniform(14, 40), paused=timedelta(minutes=chance.uniform(250, 400)))
            continue
        begin = meeting.begins_at + timedelta(minutes=chance.uniform(5, 60))
        city.watch(phone if where == "phone" else actor, begin, chance.uniform(14, 40))


# ---- the planted


def _plant(city: City, size: float) -> None:
    for kind, plant in (("parallel", _fighters), ("pace", _bots), ("answers", _copiers), ("device", _farms), ("apart", _absent),
                        ("roll", _paper_classes)):
        plant(city, city.chance, lambda count: max(2, round(count * size)), lambda actor, kind=kind: city.planted[kind].add(actor.id))


def _fighters(city: City, chance: random.Random, of: Callable[[int], int], add: Callable) -> None:
    for _n in range(of(6)):
        actor = city.newcomer()
        add(actor)
        other, at = city.at(actor, f"second-{actor.id}", f"10.{chance.randint(1, 200)}.77.0/24"), city.some_moment()
        for n in range(chance.randint(9, 20)):
            at = city.watch((actor, other)[n % 2], at, chance.uniform(1.5, 4))
    for _n in range(of(5)):
        actor = city.newcomer()
        add(actor)
        other, at = city.at(actor, f"hired-{actor.id}", "10.222.1.0/24"), city.some_moment()
        for slug, bank in city.papers.items():
            seconds = chance.uniform(200, 500)
            _beside(city, actor, other, at, seconds, bank.picks(chance, 0.4), slug)
            at += timedelta(hours=1)


def _beside(city: City, actor: Actor, other: Actor, at: datetime, seconds: float, picks: list, slug: str) -> None:
    """The own device plays on while somebody elsewhere answers."""
    city.watch(actor, at - timedelta(minutes=2), seconds / 60 + 5)
    city.answer(other, at, seconds, picks, slug)


def _bots(city: City, chance: random.Random, of: Callable[[int], int], add: Callable) -> None:
    for _n in range(of(5)):  # answers as fast as the network
        actor = city.newcomer()
        add(actor)
        city.answer(actor, city.some_moment(), chance.uniform(1, 15), city.papers["long-course"].picks(chance, chance.choice((0, 0.3, 1))))
    for _n in range(of(4)):  # knows the key before having read a question
        actor = city.newcomer()
        add(actor)
        city.answer(actor, city.some_moment(), chance.uniform(22, 38), [0] * 20)
    for _n in range(of(6)):  # a script for a player
        actor = city.newcomer()
        add(actor)
        every = chance.choice((5_000, 10_000, 15_000, 15_000))
        city.watch(actor, city.some_moment(), chance.uniform(15, 60), step=lambda every=every: every)


def _copiers(city: City, chance: random.Random, of: Callable[[int], int], add: Callable) -> None:
    for size in (*[2] * of(10), *(3, 4, 4)[:of(3)]):
        skill, sources = chance.uniform(1.1, 1.7), {}
        # Whoever copies a sheet that is nearly right cannot be told from somebody who knows: the board says so.
        while sum(map(bool, [p for picks in sources.values() for p in picks])) < 8:
            sources = {slug: bank.picks(chance, skill) for slug, bank in city.papers.items()}
        for n in range(size):
            actor, at = city.newcomer(), city.some_moment()
            add(actor)
            for slug, bank in city.papers.items():
                picks = sources[slug] if n == 0 else bank.copied(chance, sources[slug], skill)
                seconds = len(bank.right) * chance.uniform(4, 12)
                city.answer(actor, at, seconds, picks, slug)
                at += timedelta(hours=2)


def _farms(city: City, chance: random.Random, of: Callable[[int], int], add: Callable) -> None:
    for n in range(of(3)):
        for _person in range(chance.randint(4, 9)):
            actor = city.newcomer(f"farm-{n}", f"10.{chance.randint(1, 200)}.9.0/24")
            add(actor)
            city.honest(actor, share=0.5)


def _paper_classes(city: City, chance: random.Random, of: Callable[[int], int], add: Callable) -> None:
    for _n in range(of(5)):  # a class that never met, typed in at once
        sits_down = chance.uniform(1, 20)
        add(_rolled_class(city, lambda _meeting, last, sits_down=sits_down: last.ends_at + timedelta(hours=sits_down), signing=chance.choice((0, 0, 1))))


def _absent(city: City, chance: random.Random, of: Callable[[int], int], add: Callable) -> None:
    _class_day(city, [("home", add) for _n in range(of(7))])


# ---- running


def play(seed: int, size: float = 1.0) -> Score:
    """A whole city in the present app, which must hold no people yet; `size`: a part of it. Call outside of a transaction."""
    chance = random.Random(seed)
    with writing():
        city = City(chance, clock.now() - timedelta(days=16))
        for _n in range(round(CROWD * max(size, 0.5))):
            actor = city.newcomer()
            city.crowd.add(actor.id)
            city.honest(actor)
        _look_alikes(city, size)
        _plant(city, size)
    for days in range(2, 17):  # as it runs: night by night, so that what grows is seen growing
        with clock.travel(city.began + timedelta(days=days)), writing():
            oversight.look(clock.now() - LOOK_BACK, clock.now())
    found: dict[str, set[int]] = {kind: set() for kind in oversight.KINDS}
    for kind, person_id in session.execute(select(Finding.kind, FindingPerson.person_id)
                                           .join(FindingPerson, FindingPerson.finding_id == Finding.id)):
        found[kind].add(person_id)
    return Score(seed, dict(city.planted), found, dict(city.alike), city.crowd)


def main() -> int:
    """Print the table of each seed; 1 where a figure is missed."""
    from tests.conftest import make_app, prepare
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--seeds", type=int, default=1, help="so many seeds, one after the other")
    options, missed = parser.parse_args(), 0
    for seed in range(options.seed, options.seed + options.seeds):
        with tempfile.TemporaryDirectory() as folder:
            app = make_app(Path(folder))
            prepare(app)
            with app.test_request_context():
                score = play(seed)
        print("\n".join(score.lines()), flush=True)
        missed += score.false_alarms() > 0.02 or any(score.recall(kind) < 0.9 for kind in oversight.KINDS)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
