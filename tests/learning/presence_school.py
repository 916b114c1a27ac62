"""A school whose courses ask for presence, and a player that studies there: the cast of stories about checks."""

from __future__ import annotations

from contextlib import ExitStack

from tests.clients import Learner
from tests.factories import make_course

from guanxue import courses, policies
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.learning import api as learning_api
from guanxue.policies.defaults import LIGHT_2

NUMBERS = {**LIGHT_2, "max_rate_permille": 1000, "late_cap_ms": 0, "presence_min_ms": 60_000, "presence_max_ms": 100_000,
           "presence_answer_ms": 60_000, "presence_misses": 2, "presence_makeup_ms": 3 * 86_400_000, "presence_kinds": ["tap"]}


def strict_policy(**changes):
    """The policy "checked": a check after 60 to 100 s of study."""
    return policies.publish_policy(SYSTEM, code="checked", title="查在场", numbers={**NUMBERS, **changes},
                                   effective_on=clock.today())


# Enough is said to ask about: words that come again, sentences far from each other.
SPOKEN = """## 先停机

测量之前先停机，主轴停稳以后再伸手。卡尺要垂直于轴线，读数时视线与刻线垂直。主轴没有停稳，铁屑会飞出来。

## 再测量

卡尺用完擦干净，放回盒子里面。铁屑不能用手拿，要用钩子清理。测量三次，记下平均读数。读数写在记录本上，签上名字。

## 交班

交班之前清理铁屑，检查油位。油位低于刻线就加油，加油以前关总电源。总电源关好以后，把钥匙交给班长。班长检查记录本，再锁好盒子。
"""


def strict_course(slug="safe-measuring", **what):
    """A course under that policy, in which enough is said."""
    course = make_course(slug, **what)
    for lesson in courses.list_lessons(course.id):
        if lesson.kind != "quiz":
            courses.edit_lesson(SYSTEM, course, lesson.id, title=lesson.title, body=SPOKEN)
    course.policy_code = "checked"
    courses.publish_course(SYSTEM, course)
    return course


class Time(ExitStack):
    """Time that a story lets pass."""

    def go(self, seconds):
        """It is so much later from here on, also for what counts by a clock of its own."""
        self.enter_context(clock.advance(seconds))
        for throttle in (learning_api._beats, learning_api._openings, learning_api._answers):
            throttle._buckets.clear()


class Student(Learner):
    """A learner's player: watches on from where it is, and does with checks what the story says."""

    def __init__(self, app, time, phone="13800000001"):
        super().__init__(app, phone)
        self.time, self.playback, self.at, self.t = time, None, 0.0, 0

    def open(self, lesson_id, at=0.0, status=201):
        """Open a lesson; the answer."""
        self.playback = self.call("POST", f"/lessons/{lesson_id}/playback", status)
        self.at, self.t = at, 0
        return self.playback

    def play(self, seconds):
        """Watch for so long; the answer to the beat at its end."""
        self.time.go(seconds)
        self.t += round(seconds * 1000)
        answer = self.beat(self.playback, (self.t, self.at, self.at + seconds, 1))
        self.at += seconds
        return answer

    def play_until_asked(self, most=300, step=10):
        """Watch until a check comes; it."""
        for _n in range(most // step):
            if (challenge := self.play(step)["challenge"]) is not None:
                return challenge
        raise AssertionError("no check came")

    def wait(self, seconds):
        """Time passes without playing."""
        self.time.go(seconds)
        self.t += round(seconds * 1000)

    def say(self, challenge, status=200, **what):
        """Do something with a check."""
        return self.call("POST", f"/playbacks/{self.playback['playback_id']}/challenge", status, id=challenge["id"], **what)

    def tap(self, challenge):
        """I am here."""
        return self.say(challenge, answer=True)
