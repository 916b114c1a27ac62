"""Pure arithmetic on a policy's numbers. Times are whole milliseconds, credits whole millicredits."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache

LONGEST_TITLE = 40
LEVELS = (PHONE, STATED, SEEN, MATCHED) = range(4)  # how far it is known who somebody is
MOMENTS = ("", "enrol", "exam", "claim")  # when the level is asked for; "" never
CHECKS = ("tap", "question", "code", "roll", "face")  # how presence can be shown; by a face never alone


@dataclass(frozen=True)
class Numbers:
    """Everything a policy decides. Shares are permille, rates permille of real time, times milliseconds, hours thousandths.

    Numbers that came later have a default: what held for the policies that were published before them.
    """

    class_hour_ms: int
    class_hours_per_credit: int
    share_watched_permille: int
    max_rate_permille: int
    beat_every_s: int
    late_after_ms: int
    late_cap_ms: int
    quiz_ms_per_question: int
    pass_mark: int
    quiz_attempts: int
    quiz_cooldown_ms: int
    reading_chars_per_minute: int
    # class hours
    hour_step_milli: int = 1  # a course's class hours are rounded down to whole steps; 1000: whole hours alone
    lesson_steps: tuple[tuple[int, int], ...] = ()  # (from ms, class hours): each lesson by itself; () divides the sum
    quiz_hours_milli: int = 0  # class hours of a passed quiz; 0: its time, as other lessons
    quiz_share_permille: int = 1000  # of a course's time that quizzes may be
    # bounds
    daily_cap_ms: int = 0  # study counted in a city day, over all courses that have a cap; 0: no bound
    yearly_cap_milli: int = 0  # class hours credited in a city year under policies of this code; 0: no bound
    # presence
    presence_min_ms: int = 0  # the next check comes after this much study …
    presence_max_ms: int = 0  # … to this much; 0: there are none
    presence_answer_ms: int = 60_000
    presence_misses: int = 0  # so many may be made up in a course
    presence_makeup_ms: int = 0  # for so long
    presence_kinds: tuple[str, ...] = ()
    # study without a network
    offline_share_permille: int = 0  # of a course's time that may be studied without a network; 0: none
    offline_window_ms: int = 0  # for so long a downloaded lesson may be studied
    # who it is
    identity_level: int = PHONE
    identity_at: str = ""
    # the rest
    test_out_mark: int = 0  # this score in a first try at the quiz spares the lessons; 0: it does not
    exam_grace_ms: int = 0  # answers that a lost line held up count for so long after the end
    theory_share_permille: int = 0  # of the online lessons to be done before a class practises
    retention_years: int = 5

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.type == "int" and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
                raise ValueError(f"{f.name} must be a whole number that is not negative")
        if not (self.class_hour_ms and self.class_hours_per_credit and self.reading_chars_per_minute and self.hour_step_milli):
            raise ValueError("a divisor is zero")
        shares = (getattr(self, f.name) for f in fields(self) if f.name.endswith("_share_permille"))
        if max(self.share_watched_permille, *shares) > 1000 or max(self.pass_mark, self.test_out_mark) > 100:
            raise ValueError("a share is above the whole")
        if not self.quiz_attempts:
            raise ValueError("there is no attempt")
        self._check_words()

    @property
    def is_offline_counted(self) -> bool:
        """Does what was downloaded and then studied without a network count?"""
        return bool(self.offline_share_permille and self.offline_window_ms)

    @property
    def is_voluntary(self) -> bool:
        """Does nobody ask who it is or whether they are still there? Only what the city pays for is stricter."""
        return not self.presence_max_ms and not (self.identity_level and self.identity_at)

    @property
    def has_steps(self) -> bool:
        """Do class hours go in steps, so that credit follows the hours and not the time?"""
        return bool(self.lesson_steps or self.quiz_hours_milli) or self.hour_step_milli > 1

    def _check_words(self) -> None:
        if self.identity_level not in LEVELS or self.identity_at not in MOMENTS:
            raise ValueError("identity_level or identity_at is none that there is")
        if not set(self.presence_kinds) <= set(CHECKS):
            raise ValueError("presence_kinds names a check that there is not")
        if set(self.presence_kinds) == {"face"}:
            raise ValueError("presence must not be shown by a face alone")
        if self.presence_max_ms and not (0 < self.presence_min_ms <= self.presence_max_ms and self.presence_answer_ms
                                         and self.presence_kinds):
            raise ValueError("presence checks need a span, a time to answer and a kind")
        if list(self.lesson_steps) != sorted(self.lesson_steps) or not all(
                len(s) == 2 and all(type(n) is int and n >= 0 for n in s) for s in self.lesson_steps):
            raise ValueError("lesson_steps must be pairs of whole numbers, shortest first")

    @classmethod
    def from_document(cls, document: dict) -> Numbers:
        """From stored JSON; ValueError when a number is missing, unknown or absurd."""
        known = {f.name for f in fields(cls)}
        needed = {f.name for f in fields(cls) if f.default is MISSING}
        if wrong := (set(document) - known) | (needed - set(document)):
            raise ValueError(f"missing or unknown numbers: {sorted(wrong)}")
        try:
            lists = {name: tuple(tuple(x) if isinstance(x, list) else x for x in value)
                     for name, value in document.items() if isinstance(value, list)}
            return cls(**{**document, **lists})
        except TypeError:
            raise ValueError("a number has a shape that it cannot have") from None


def is_code(text: str) -> bool:
    """Lower-case letters, digits and single hyphens, at most 40: how courses and entries name a policy."""
    return len(text) <= 40 and re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text) is not None


def numbers_document(numbers: Numbers) -> dict:
    """All numbers as JSON has them, in the order of the fields."""
    return json.loads(json.dumps({f.name: getattr(numbers, f.name) for f in fields(numbers)}))


@lru_cache(maxsize=256)
def numbers_of_text(text: str) -> Numbers:
    """The numbers of a policy's document as it is stored, JSON; read once for equal texts. ValueError as from_document()."""
    return Numbers.from_document(json.loads(text))


@dataclass(frozen=True)
class Worth:
    """What finished lessons are worth: the milliseconds that count, thousandths of a class hour, millicredits."""

    content_ms: int
    hours_milli: int
    credits_milli: int


def worth_of(numbers: Numbers, lessons: Iterable[tuple[str, int]]) -> Worth:
    """What finished lessons, each (kind, ms), are worth together. The only place where hours and credits are rounded, down.

    Where minutes are divided at the end, credit comes from the milliseconds; where hours go in steps, from those hours.
    """
    kept = list(lessons)
    others = [ms for kind, ms in kept if kind != "quiz"]
    tested = _quiz_ms(numbers, sum(others), sum(ms for kind, ms in kept if kind == "quiz"))
    content_ms = sum(others) + tested
    timed = tested if numbers.lesson_steps else content_ms
    if numbers.quiz_hours_milli:
        timed -= tested
    hours = timed * 1000 // numbers.class_hour_ms
    hours += sum(_step_of(numbers, ms) for ms in others) + numbers.quiz_hours_milli * (len(kept) - len(others))
    hours -= hours % numbers.hour_step_milli
    if numbers.has_steps:
        return Worth(content_ms, hours, hours // numbers.class_hours_per_credit)
    return Worth(content_ms, hours, content_ms * 1000 // (numbers.class_hour_ms * numbers.class_hours_per_credit))


def _quiz_ms(numbers: Numbers, others_ms: int, quizzes_ms: int) -> int:
    """How much of the time of quizzes counts: at most the policy's share of the whole."""
    if numbers.quiz_share_permille == 1000 or not others_ms:  # a course of quizzes alone is all it is
        return quizzes_ms
    return min(quizzes_ms, others_ms * numbers.quiz_share_permille // (1000 - numbers.quiz_share_permille))


def _step_of(numbers: Numbers, ms: int) -> int:
    """The class hours of one lesson by the policy's steps: the last one that it reaches; 0 where there are none."""
    return max((milli for at_least, milli in numbers.lesson_steps if ms >= at_least), default=0)


def reading_ms(numbers: Numbers, text: str) -> int:
    """How long a text takes to read: letters and ideographs without blanks, at the policy's pace, at least 1 s."""
    characters = sum(1 for c in text if not c.isspace())
    return max(1000, math.ceil(characters * 60_000 / numbers.reading_chars_per_minute))
