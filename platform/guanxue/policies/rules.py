"""Pure arithmetic on a policy's numbers. Times are whole milliseconds, credits whole millicredits."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from functools import lru_cache


@dataclass(frozen=True)
class Numbers:
    """Everything a policy decides. Shares are permille, rates permille of real time, times milliseconds."""

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

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if not isinstance(value, int) or isinstance(value, bool) or value < 0:
                raise ValueError(f"{f.name} must be a whole number that is not negative")
        if not (self.class_hour_ms and self.class_hours_per_credit and self.reading_chars_per_minute):
            raise ValueError("a divisor is zero")
        if self.share_watched_permille > 1000 or self.pass_mark > 100 or not self.quiz_attempts:
            raise ValueError("a share is above the whole, or there is no attempt")

    @classmethod
    def from_document(cls, document: dict) -> Numbers:
        """From stored JSON; ValueError when a number is missing, unknown or absurd."""
        known = {f.name for f in fields(cls)}
        if set(document) != known:
            raise ValueError(f"missing or unknown numbers: {sorted(set(document) ^ known)}")
        return cls(**document)


@lru_cache(maxsize=256)
def numbers_of_text(text: str) -> Numbers:
    """The numbers of a policy's document as it is stored, JSON; read once for equal texts. ValueError as from_document()."""
    return Numbers.from_document(json.loads(text))


def credits_of(numbers: Numbers, content_ms: int) -> int:
    """Millicredits of `content_ms` of finished content, rounded down; the only place where credit is rounded."""
    return content_ms * 1000 // (numbers.class_hour_ms * numbers.class_hours_per_credit)


def class_hours_milli_of(numbers: Numbers, content_ms: int) -> int:
    """Thousandths of a class hour of `content_ms`, rounded down; for showing, never for crediting."""
    return content_ms * 1000 // numbers.class_hour_ms


def reading_ms(numbers: Numbers, text: str) -> int:
    """How long a text takes to read: letters and ideographs without blanks, at the policy's pace, at least 1 s."""
    characters = sum(1 for c in text if not c.isspace())
    return max(1000, math.ceil(characters * 60_000 / numbers.reading_chars_per_minute))
