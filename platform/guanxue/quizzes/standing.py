"""What a submission is worth today: what the machine graded, what people marked, and keys that were put right since.

Everything is worked out again from append-only rows: the frozen paper, what was handed in, marks, corrections. A correction
that came later never takes points: each question counts what it was worth before or what it is worth since, whichever is more.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC

from guanxue.quizzes import drawing, rules
from guanxue.quizzes.models import Attempt, Mark, Regrade, Submission
from guanxue.quizzes.queries import get_attempt_of, get_paper, list_marks, list_regrades
from guanxue.quizzes.rules import Key, Question


@dataclass(frozen=True)
class Standing:
    """Points in permille by question id, in the attempt's order; the score of 0…100; which short answers wait for a person.

    `marks` and `regrades` are those it rests on: the marks that count, and every correction of a question of the attempt.
    """

    points: dict[str, int]
    score: int
    pass_mark: int
    waiting: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    regrades: tuple[Regrade, ...] = ()

    @property
    def is_decided(self) -> bool:
        """Is nothing left for a person to mark?"""
        return not self.waiting

    @property
    def is_passed(self) -> bool:
        """Is it decided, and was the pass mark reached?"""
        return self.is_decided and self.score >= self.pass_mark


def questions_of(attempt: Attempt) -> list[Question]:
    """The questions that the attempt drew, in the order in which it shows them."""
    paper = get_paper(attempt.paper_id)
    return drawing.drawn(rules.questions_from(paper.document), paper.draw, bytes.fromhex(attempt.seed))


def standing_of(submission: Submission, *, before: int | None = None) -> Standing:
    """What the submission is worth now; with `before`, without that correction of the key and those after it."""
    attempt = get_attempt_of(submission)
    regrades = [r for r in list_regrades(attempt.paper_id) if before is None or r.id < before]
    return weigh(attempt, submission, list_marks(attempt.id) if submission.short_count else (), regrades)


def standing_by(submission: Submission, mark_ids: Iterable[int], regrade_ids: Iterable[int]) -> Standing:
    """What the submission is worth by these marks and corrections alone, as a completion named them."""
    attempt, marks, regrades = get_attempt_of(submission), set(mark_ids), set(regrade_ids)
    return weigh(attempt, submission, [m for m in list_marks(attempt.id) if m.id in marks],
                 [r for r in list_regrades(attempt.paper_id) if r.id in regrades])


def is_passed(submission: Submission, pass_mark: int) -> bool:
    """Is it decided, and were its own pass mark and this one reached? Asks no more than it must."""
    needed = max(pass_mark, submission.pass_mark)
    if submission.short_count == 0 and submission.score >= needed:
        return True
    now = standing_of(submission)
    return now.is_decided and now.score >= needed


def derive_score(submission: Submission) -> int:
    """What the machine must have graded when it was handed in, from the frozen paper and its key as it stood then."""
    attempt = get_attempt_of(submission)
    known = [r for r in list_regrades(attempt.paper_id) if r.id <= submission.regrade_id]
    return weigh(attempt, submission, (), known).score


def digest_of(submission: Submission) -> str:
    """SHA-256, hex, of what was handed in and of all that its grade follows from: who names it notices any change."""
    attempt = get_attempt_of(submission)
    paper = get_paper(attempt.paper_id)
    told = [paper.document, paper.draw, attempt.seed, submission.answers, submission.score, submission.pass_mark,
            submission.short_count, submission.regrade_id, submission.submitted_at.astimezone(UTC).isoformat()]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def weigh(attempt: Attempt, submission: Submission, marks: Sequence[Mark], regrades: Sequence[Regrade]) -> Standing:
    """What the submission is worth by these marks (oldest first) and these corrections (oldest first)."""
    questions, seed = questions_of(attempt), bytes.fromhex(attempt.seed)
    newest = {m.question_id: m for m in marks}
    points: dict[str, int] = {}
    waiting = []
    for question in questions:
        answer, mark = submission.answers.get(question.id), newest.get(question.id)
        earned = _points(question, seed, answer, [r for r in regrades if r.question_id == question.id], submission.regrade_id)
        points[question.id] = max(earned, mark.permille) if mark else earned
        if question.is_marked and mark is None and earned < rules.WHOLE and rules.is_written(answer):
            waiting.append(question.id)
    return Standing(points, rules.score(list(points.values())), submission.pass_mark, tuple(waiting),
                    tuple(m for name, m in newest.items() if name in points),
                    tuple(r for r in regrades if r.question_id in points))


def _points(question: Question, seed: bytes, answer: object, regrades: Sequence[Regrade], known_id: int) -> int:
    """Points under the key as it was known when the answer was handed in; or, where that is more, under a later one."""
    key, earned = Key(question), None
    for regrade in regrades:
        if regrade.id > known_id and earned is None:
            earned = rules.points_under(key, seed, answer)
        key = rules.put_right(key, regrade.decision)
        if earned is not None:
            earned = max(earned, rules.points_under(key, seed, answer))
    return rules.points_under(key, seed, answer) if earned is None else earned
