"""A simulated city: learners whose study is replayed at past times through the services people use.

Nothing is written past a service: a simulated learner opens playbacks, sends beats, hands quizzes in, and earns what the
rules give. All stories are replayed together in the order of time, so that the ledger's entries stand in that order too.
Everybody in it is marked as demonstration.
"""

from __future__ import annotations

import heapq
import random
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from guanxue import accounts, courses, learning, ledger, quizzes, tracks
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Problem
from guanxue.learning import Beat

SURNAMES = "陈李黄张梁林何罗郑刘吴叶邓钟谢曾周赖廖袁莫卢苏温"
GIVEN = "志强伟明建国秀英丽华小莲海燕俊杰文斌嘉欣慧敏玉兰永健晓东美玲国辉春梅"
PAST_DAYS = 60
REQUEST_S, BEAT_S = 60, 15  # what a player sends: a beat every 15 s, here four to a request
KNOWS = 0.88  # how often a simulated learner answers rightly
GIVES_UP = 0.15  # how often one stops before a lesson

# A story yields moments, each with what happens then; what that gives comes back.
Step = tuple[datetime, Callable[[], Any]]
Story = Iterator[Step]


def load_city(count: int, *, tick: Callable[[int], None] = lambda _n: None) -> int:
    """Add learners until there are `count` simulated ones; how many are new. Those that are there keep their study.

    `tick` is told of each story that came to its end. Call outside a transaction.
    """
    password = accounts.hash_password(secrets.token_hex(24))  # nobody signs in as them
    stories: list[tuple[datetime, int, Callable[[], Any], Any]] = []
    fresh, until = 0, clock.now() - timedelta(hours=1)
    for number in range(1, count + 1):
        phone = f"1390{1_000_000 + number}"
        if accounts.find_person_by_phone(phone) is not None:
            continue
        fresh += 1
        story = _story(random.Random(f"city:{number}"), phone, password, until)  # noqa: S311 the same city every time
        _go_on(stories, number, story, None, tick)
    session.rollback()
    while stories:
        moment, number, act, story = heapq.heappop(stories)
        with clock.travel(moment):
            _go_on(stories, number, story, _happen(act), tick)
    with writing():
        ledger.seal()  # what was posted in the past would look as if nobody had sealed it since
    return fresh


def _go_on(stories: list, number: int, story: Any, result: Any, tick: Callable[[int], None]) -> None:
    """Put the story's next step among the others."""
    try:
        moment, act = story.send(result)
    except StopIteration:
        tick(1)
        return
    heapq.heappush(stories, (moment, number, act, story))


def _happen(act: Callable[[], Any]) -> Any:
    """What happens at that moment, as one request: it commits, or a refusal leaves nothing."""
    try:
        with writing():
            return act()
    except Problem:
        return None


def _story(chance: random.Random, phone: str, password: str, until: datetime):
    """One learner: registers, joins the town's track, studies some evenings up to `until`, is examined."""
    at = _evening(chance, until - timedelta(days=chance.uniform(3, PAST_DAYS)))
    town = chance.choice(accounts.list_towns()).slug
    name = chance.choice(SURNAMES) + "".join(chance.sample(GIVEN, chance.choice((1, 2))))
    who = yield at, lambda: _register(phone, password, name, town)
    if who is None:
        return
    at += timedelta(minutes=2)
    wanted = yield at, lambda: _choose(who, town, chance)
    for slug in wanted or []:
        at += timedelta(minutes=1)
        enrolment = yield at, lambda slug=slug: learning.enrol(who, courses.get_course(slug, who))
        if enrolment is None:
            continue
        for lesson in courses.lessons_of(enrolment.revision_id):
            if chance.random() < GIVES_UP or at + timedelta(milliseconds=2 * (lesson.duration_ms or 0)) > until:
                return
            at = yield from (_examined if lesson.kind == "quiz" else _studied)(chance, who, lesson, at)
        at = _evening(chance, at + timedelta(days=chance.choice((1, 2, 3))))


def _evening(chance: random.Random, moment: datetime) -> datetime:
    """After the shift, between seven and ten, city time."""
    day = moment.astimezone(clock.CITY).replace(hour=19, minute=0, second=0, microsecond=0)
    return day + timedelta(minutes=chance.uniform(0, 180))


def _register(phone: str, password: str, name: str, town: str) -> Actor:
    person = accounts.register_person(SYSTEM, phone=phone, password_hash=password, name=name, terms_version="demo",
                                      is_demo=True, town_slug=town)
    return Actor("person", person.id, name)


def _choose(who: Actor, town: str, chance: random.Random) -> list[str]:
    """Join a track of the own town, and pick courses: the track's open ones first, then any that can be studied."""
    own = [t for t in tracks.list_tracks(who, [accounts.get_town(town).id]) if t.state == "published"]
    picked: list[str] = []
    if own:
        track = chance.choice(own)
        tracks.join_track(who, track)
        ids = [c.course_id for view in tracks.list_stages([track.id])[track.id] for c in view.courses]
        picked = [item.slug for item in courses.items_of(ids).values() if item.status == "open"]
    others = [item.slug for item in courses.browse(courses.Query(status="open", per_page=100)).items]
    chance.shuffle(others)
    return list(dict.fromkeys([*picked, *others]))[: chance.choice((1, 1, 2, 3))]


def _studied(chance: random.Random, who: Actor, lesson: courses.RevisionLesson, at: datetime):
    """Watch or read a lesson to its end at normal speed; the moment after it comes back."""
    at += timedelta(seconds=chance.uniform(5, 90))
    opened = yield at, lambda: learning.open_playback(who, lesson, None)
    if opened is None or not lesson.duration_ms:
        return at
    playback, _is_new = opened
    answer, begun, done = learning.answer_of(playback), at, 0
    while answer is not None and done < lesson.duration_ms:
        upto = min(lesson.duration_ms, done + REQUEST_S * 1000)
        beats = _beats(done, upto)
        at = begun + timedelta(milliseconds=upto + 200)
        answer = yield at, lambda a=answer, b=beats: learning.record_beats(who, playback.code, a.next_seq, a.nonce, b)
        done = upto
    yield at, lambda: learning.close_playback(who, playback.code)
    return at


def _beats(begin_ms: int, end_ms: int) -> list[Beat]:
    step = BEAT_S * 1000
    return [Beat(min(end_ms, t + step), t, min(end_ms, t + step), 1000) for t in range(begin_ms, end_ms, step)]


def _examined(chance: random.Random, who: Actor, lesson: courses.RevisionLesson, at: datetime):
    """Try the quiz until it is passed or the attempts are used."""
    for _try in range(3):
        at += timedelta(seconds=chance.uniform(10, 60))
        attempt = yield at, lambda: learning.start_attempt(who, lesson)
        if attempt is None:
            return at
        at += timedelta(seconds=chance.uniform(20, 50) * lesson.duration_ms / 60_000)
        result = yield at, lambda a=attempt: _hand_in(chance, who, a)
        if result is None or result.passed:
            return at
    return at


def _hand_in(chance: random.Random, who: Actor, attempt: quizzes.Attempt) -> quizzes.Result:
    answers = {q: right for q, right in quizzes.right_answers(attempt).items() if chance.random() < KNOWS}
    learning.save_answers(who, attempt.id, answers)
    return learning.submit_attempt(who, attempt.id)[0]
