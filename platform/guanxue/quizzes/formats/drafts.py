"""What was found of a question before it is one."""

from __future__ import annotations

from dataclasses import dataclass, field

from guanxue.quizzes.formats.reports import Doubt

CHOICE = "choice"  # one or several, the answer decides


class Bad(Exception):
    """Why this is no question; the message is for people. `line` is where to look, when that is not where it begins."""

    def __init__(self, message: object, line: int = 0) -> None:
        super().__init__(message)
        self.message, self.line = message, line


@dataclass
class Draft:
    """What was found of a question. `kind` is what the text calls it: "" unsaid, CHOICE, or a kind of rules.KINDS."""

    line: int
    stem: str = ""
    kind: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)  # (letter, words)
    answer: str | None = None
    explanation: str = ""
    id: str = ""
    pool: str = ""
    rule: str = ""
    level: str = ""
    number: int | None = None
    answer_line: int = 0
    option_lines: list[int] = field(default_factory=list)
    dropped: list[object] = field(default_factory=list)

    def begins(self) -> str:
        """Its first words, for a report."""
        return " ".join(self.stem.split())[:40]


class Doubting:
    """Writes down what is doubtful about one question."""

    def __init__(self, draft: Draft, doubts: list[Doubt]) -> None:
        self._draft, self._doubts = draft, doubts

    def __call__(self, reason: object, line: int = 0) -> None:
        self._doubts.append(Doubt(line or self._draft.line, self._draft.begins(), reason))
