"""What became of a file of questions: everything in it was taken, or is named with a reason. Nothing goes in silence."""

from __future__ import annotations

from dataclasses import dataclass, field

from guanxue.quizzes.rules import Question

LINE, ROW, NUMBER = "line", "row", "number"  # what `line` counts: lines of a text, rows of a table, questions of a file


@dataclass(frozen=True)
class LeftOut:
    """A question that was not taken: where it begins (from 1), its beginning, and why."""

    line: int
    text: str
    reason: object


@dataclass(frozen=True)
class Doubt:
    """Something that was read, but may be meant otherwise; `line` is where to look, 0 for the whole file."""

    line: int
    text: str
    reason: object


@dataclass(frozen=True)
class Dropped:
    """What of a question that was taken could not be kept (points, difficulty, remarks …)."""

    line: int
    text: str
    what: tuple[object, ...]


@dataclass(frozen=True)
class Report:
    """questions + left_out = total, the total counted apart from the parser. `lines` says where each question begins."""

    questions: list[Question] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    total: int = 0
    format: str = "gift"
    unit: str = LINE
    lines: list[int] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)

    @property
    def is_balanced(self) -> bool:
        """Is everything that was counted accounted for?"""
        return len(self.questions) + len(self.left_out) == self.total


@dataclass(frozen=True)
class Loss:
    """What a format cannot say of a question: its number in the quiz from 1, and what. `is_left_out`: it is not in the file."""

    number: int
    what: object
    is_left_out: bool = False


@dataclass(frozen=True)
class Written:
    """A file of questions: its bytes, how its name ends, its type, and what it could not say."""

    data: bytes
    suffix: str
    mime: str
    losses: list[Loss] = field(default_factory=list)


class Unreadable(Exception):
    """Why a file as a whole cannot be read; the message is for people."""
