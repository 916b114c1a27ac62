"""The numbers of a policy as a form in the units people use (minutes, percent, class hours), and what was written as numbers.

A form is {name: values}; a field is called as the number is. Steps of lessons are lines: "超过 15 分钟 0.5" is [900001, 500].
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from guanxue.core.forms import Form, Reading
from guanxue.core.i18n import gettext
from guanxue.core.i18n import lazy as _
from guanxue.core.i18n import marked as N_
from guanxue.policies.rules import CHECKS, LEVELS, LONGEST_TITLE, MOMENTS, Numbers, numbers_document

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
OVER = N_("超过")
LENGTHS = {N_("分钟"): MINUTE, N_("秒"): SECOND, N_("小时"): HOUR}  # in the order in which one is looked for that fits


@dataclass(frozen=True)
class Unit:
    """One of it is `of` of the stored whole numbers, and so is the last of its decimals: nothing has to be rounded."""

    of: int = 1
    places: int = 0
    most: float = math.inf  # of the stored whole numbers
    words: Mapping[str, int] = field(default_factory=dict)  # that may stand behind the number, and what one of them is


WHOLE, PERCENT = Unit(most=9999), Unit(10, 1, 1000, {"%": 10})
TIMES, CLASS_HOURS = Unit(1000, 3, words={N_("倍"): 1000}), Unit(1000, 3, words={N_("学时"): 1000})
SECONDS, MINUTES, HOURS = (Unit(of, 3, words=LENGTHS) for of in (SECOND, MINUTE, HOUR))
UNITS = {  # of all that is not WHOLE
    "class_hour_ms": MINUTES, "hour_step_milli": CLASS_HOURS, "quiz_ms_per_question": MINUTES, "quiz_hours_milli": CLASS_HOURS,
    "quiz_share_permille": PERCENT, "share_watched_permille": PERCENT, "max_rate_permille": TIMES, "late_after_ms": MINUTES,
    "late_cap_ms": HOURS, "theory_share_permille": PERCENT, "daily_cap_ms": HOURS, "yearly_cap_milli": CLASS_HOURS,
    "quiz_cooldown_ms": HOURS, "exam_grace_ms": MINUTES, "presence_min_ms": MINUTES, "presence_max_ms": MINUTES,
    "presence_answer_ms": SECONDS, "presence_makeup_ms": HOURS, "offline_share_permille": PERCENT, "offline_window_ms": HOURS,
}
ABOVE_ZERO = {"class_hour_ms", "class_hours_per_credit", "hour_step_milli", "reading_chars_per_minute", "beat_every_s",
              "quiz_attempts", "share_watched_permille", "max_rate_permille", "pass_mark"}
MARKS, HIGHEST_MARK = {"pass_mark", "test_out_mark"}, 100


@dataclass(frozen=True)
class Written:
    """What somebody wants to publish."""

    title: str
    numbers: dict
    effective_on: date


def fields_of(numbers: Numbers) -> dict[str, list[str]]:
    """The form filled with numbers, so that read() gives the same again."""
    found = {name: [written(value, UNITS.get(name, WHOLE))] for name, value in numbers_document(numbers).items()
             if isinstance(value, int)}
    return found | {"lesson_steps": ["\n".join(_line(*step) for step in numbers.lesson_steps)],
                    "presence_kinds": list(numbers.presence_kinds), "identity_at": [numbers.identity_at]}


def read(form: Form, today: date) -> Written:
    """What was written, all numbers as they are stored. Raises Invalid, naming every field that cannot be so."""
    reading = _Reading(form)
    found = Written(reading.words("title", LONGEST_TITLE), reading.numbers(), reading.day(today))
    reading.refuse()
    return found


def written(value: int, unit: Unit) -> str:
    """A stored number in its unit, exactly; one that has too many decimals there, in another unit that is named."""
    return _exactly(value, unit.places, [("", unit.of), *unit.words.items()])


def stored(text: str, unit: Unit) -> int | None:
    """The whole number that a text in this unit means; None where it is no number or would have to be rounded."""
    found = re.fullmatch(r"([0-9]{1,7})(?:\.([0-9]+))?([^0-9.]*)", _narrow(text))
    of = _words(unit.words).get(found[3], None if found[3] else unit.of) if found else None
    decimals = (found[2] or "").rstrip("0") if found else ""
    if of is None or len(decimals) > unit.places:
        return None
    return int(found[1]) * of + int(decimals.ljust(unit.places, "0") or 0) * of // 10**unit.places


def _exactly(value: int, places: int, units: Iterable[tuple[str, int]]) -> str:
    """In the first unit, (its word, how many it is), in which so many decimals are enough."""
    tens = 10**places
    word, of = next((word, of) for word, of in units if value * tens % of == 0)
    whole, rest = divmod(value * tens // of, tens)
    number = f"{whole}.{rest:0{places}}".rstrip("0").rstrip(".")
    return f"{number} {gettext(word)}" if word else number


def _line(at_least_ms: int, milli: int) -> str:
    """A step as a line. Whoever says "over 15 minutes" means one millisecond more."""
    over = at_least_ms % SECOND == 1
    length = _exactly(at_least_ms - over, 3, LENGTHS.items())
    return " ".join(filter(None, (gettext(OVER) if over else "", length, written(milli, CLASS_HOURS))))


def _narrow(text: str) -> str:
    """In half width and small letters, without blanks: however a keyboard writes it."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _words(words: Mapping[str, int]) -> dict[str, int]:
    """The words by which a unit is known: the reader's, and the Chinese ones."""
    return {_narrow(said): of for word, of in words.items() for said in (word, gettext(word))}


class _Reading(Reading):
    """Reads a policy's form."""

    def day(self, today: date) -> date:
        """A city day that is not over."""
        try:
            found = date.fromisoformat(self._text("effective_on"))
        except ValueError:
            self._fault("effective_on", _("请填从哪一天起用。"))
            return today
        if found < today:
            self._fault("effective_on", _("规则从今天或以后的一天起用，不能倒回去。"))
        return found

    def numbers(self) -> dict:
        """Every number, in the order of Numbers; those that make no sense together are named too."""
        read_field = {"lesson_steps": self._steps, "presence_kinds": self._kinds, "identity_at": self._moment,
                      "identity_level": self._level}
        found = {f.name: read_field.get(f.name, self._number)(f.name) for f in fields(Numbers)}
        if found["presence_max_ms"]:
            if not 0 < found["presence_min_ms"] <= found["presence_max_ms"]:
                self._fault("presence_min_ms", _("要大于 0，而且不比最长的长。"))
            if not found["presence_answer_ms"]:
                self._fault("presence_answer_ms", _("要大于 0。"))
            if not found["presence_kinds"]:
                self._fault("presence_kinds", _("请至少选一种。"))
        if found["presence_kinds"] == ["face"]:
            self._fault("presence_kinds", _("不能只有刷脸，请再选一种。"))
        return found

    def _number(self, name: str) -> int:
        unit, least = UNITS.get(name, WHOLE), int(name in ABOVE_ZERO)
        most = HIGHEST_MARK if name in MARKS else unit.most
        value = stored(self._text(name), unit)
        if value is not None and least <= value <= most:
            return value
        if unit == WHOLE:
            self._fault(name, _("请写 %(a)s 到 %(b)s 的整数。", a=least, b=most))
        elif unit == PERCENT:
            self._fault(name, _("请写 0 到 100，最多一位小数。"))
        elif value == 0:
            self._fault(name, _("要大于 0。"))
        else:
            self._fault(name, _("请写一个数，例如 1.5；小数点前最多七位，后面最多三位。"))
        return 0

    def _steps(self, name: str) -> list[list[int]]:
        """Pairs of milliseconds and thousandths of a class hour, shortest first, in whatever order they were written."""
        over, found = _words({OVER: 1, ">": 1}), {}
        for n, line in enumerate(self._text(name).split("\n"), 1):
            if not line.strip():
                continue
            parts = re.fullmatch(r"([^0-9.]*)([0-9.]+[^0-9.,:]+)[,:]?([0-9.]+[^0-9.]*)", _narrow(line))
            before, length, hours = parts.groups() if parts else ("", "", "")
            ms, milli = stored(length, MINUTES), stored(hours, CLASS_HOURS)
            if ms is None or milli is None or before not in {"", *over}:
                self._fault(name, _("第 %(n)s 行看不懂：先写多长，再写几学时，例如“10 分钟 0.25”，最多三位小数。", n=n))
                continue
            ms += over.get(before, 0)
            if ms in found:
                self._fault(name, _("第 %(n)s 行写的长度，上面已经有了。", n=n))
            found[ms] = milli
        return [[ms, found[ms]] for ms in sorted(found)]

    def _kinds(self, name: str) -> list[str]:
        return [kind for kind in self._form.get(name, ()) if kind in CHECKS]

    def _moment(self, name: str) -> str:
        return self._choice(name, MOMENTS)

    def _level(self, name: str) -> int:
        return int(self._choice(name, [str(level) for level in LEVELS]) or 0)
