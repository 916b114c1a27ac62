"""Which questions separate: how hard each is, whether those who know more answer it better, and what was chosen instead.

Looked at is everybody's first submission, before they learned from it. How hard: the mean of its points. How well it separates:
the correlation of its points with the rest of the paper (classical test theory, the corrected item-total correlation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from sqlalchemy import select

from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.quizzes import rules
from guanxue.quizzes.models import Attempt, Mark, Regrade, Submission
from guanxue.quizzes.queries import get_paper, list_regrades
from guanxue.quizzes.rules import Question
from guanxue.quizzes.standing import weigh

MOST = 2_000  # submissions looked at, the newest
FEWEST = 10  # below so many a correlation says nothing
_SHOWN_WRONG = 5


@dataclass(frozen=True)
class Chosen:
    """An option, or something written into a gap: how many gave it."""

    text: object
    count: int
    is_right: bool


@dataclass(frozen=True)
class Item:
    """A question's figures. `permille`: the mean of its points; `separates`: −1…1, None where too few handed in."""

    question: Question
    handed_in: int
    blank: int
    permille: int
    separates: float | None
    chosen: tuple[Chosen, ...]


def list_items(paper_id: int) -> list[Item]:
    """The paper's questions that anybody had before them, in its order. What waits for a person to mark it is passed over."""
    questions = rules.questions_from(get_paper(paper_id).document)
    regrades, firsts = list_regrades(paper_id), _first_submissions(paper_id)
    marks = _marks(s.attempt_id for _a, s in firsts if s.short_count)
    had: dict[str, list[tuple[object, int, float]]] = {q.id: [] for q in questions}
    given: dict[str, list[tuple[Attempt, object]]] = {q.id: [] for q in questions}
    for attempt, submission in firsts:
        now = weigh(attempt, submission, marks.get(attempt.id, ()), regrades)
        if not now.is_decided:
            continue
        whole, count = sum(now.points.values()), len(now.points)
        for name, points in now.points.items():
            answer = submission.answers.get(name)
            had[name].append((answer, points, (whole - points) / (count - 1) if count > 1 else 0.0))
            given[name].append((attempt, answer))
    return [_item(_as_known(q, regrades), had[q.id], given[q.id]) for q in questions if had[q.id]]


def _as_known(question: Question, regrades: Iterable[Regrade]) -> Question:
    """The question with its key as it was put right since."""
    key = rules.Key(question)
    for regrade in regrades:
        if regrade.question_id == question.id:
            key = rules.put_right(key, regrade.decision)
    return key.question


def _first_submissions(paper_id: int) -> list[tuple[Attempt, Submission]]:
    rows = session.execute(
        select(Attempt, Submission).join(Submission, Submission.attempt_id == Attempt.id)
        .where(Attempt.paper_id == paper_id).order_by(Submission.submitted_at.desc()).limit(MOST)).all()
    first = {}
    for attempt, submission in rows:  # the newest first, so that each person's oldest stays
        first[attempt.person_id] = (attempt, submission)
    return list(first.values())


def _marks(attempt_ids: Iterable[str]) -> dict[str, list[Mark]]:
    found: dict[str, list[Mark]] = {}
    for mark in session.scalars(select(Mark).where(Mark.attempt_id.in_(list(attempt_ids))).order_by(Mark.id)):
        found.setdefault(mark.attempt_id, []).append(mark)
    return found


def _item(question: Question, had: list[tuple[object, int, float]], given: list[tuple[Attempt, object]]) -> Item:
    points = [p for _answer, p, _rest in had]
    return Item(question, len(had), sum(answer in (None, "", [], {}) for answer, _p, _rest in had), sum(points) // len(had),
                correlation(points, [rest for _answer, _p, rest in had]) if len(had) >= FEWEST else None,
                _chosen(question, given))


def correlation(xs: list[int], ys: list[float]) -> float | None:
    """Pearson's r, to two decimals; None where one of them is the same throughout."""
    n, mean_x, mean_y = len(xs), sum(xs) / len(xs), sum(ys) / len(ys)
    spread_x = sqrt(sum((x - mean_x) ** 2 for x in xs) / n)
    spread_y = sqrt(sum((y - mean_y) ** 2 for y in ys) / n)
    if not spread_x or not spread_y:
        return None
    together = sum((x - mean_x) * (y - mean_y) for x, y in zip(xs, ys, strict=True)) / n
    return round(together / (spread_x * spread_y), 2)


def _chosen(question: Question, given: list[tuple[Attempt, object]]) -> tuple[Chosen, ...]:
    """What was given: every option of a choice; of what is written the commonest wrong answers; nothing for other kinds."""
    if question.kind == "truefalse":
        counted = Counter(answer for _attempt, answer in given)
        return tuple(Chosen(words, counted[truth], question.truth is truth)
                     for truth, words in ((True, _("对")), (False, _("错"))))
    if question.kind in ("single", "multiple"):
        counted = Counter(i for attempt, answer in given for i in positions(question, attempt, answer))
        return tuple(Chosen(o.text, counted[i], o.permille > 0) for i, o in enumerate(question.options))
    if question.kind == "fillin" and question.gap_count <= 1:
        right = {rules.folded(o.text) for o in question.options}
        counted = Counter(rules.folded(a)[:40] for _attempt, a in given if isinstance(a, str) and a.strip())
        return tuple(Chosen(text, n, False) for text, n in counted.most_common() if text not in right)[:_SHOWN_WRONG]
    return ()


def positions(question: Question, attempt: Attempt, answer: object) -> list[int]:
    """Which options the attempt's own ids in the answer stand for."""
    shown = rules.show(question, bytes.fromhex(attempt.seed))
    chosen = {answer} if isinstance(answer, str) else set(answer if isinstance(answer, list) else ())
    return [i for i, name in enumerate(shown.ids) if name in chosen]
