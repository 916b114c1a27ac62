"""What was handed in, so that equal answers are equal: for whoever compares sheets of different people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from guanxue.core.db import session
from guanxue.quizzes import rules
from guanxue.quizzes.analysis import positions
from guanxue.quizzes.models import Attempt, Paper, Submission
from guanxue.quizzes.queries import list_regrades
from guanxue.quizzes.rules import Question
from guanxue.quizzes.standing import questions_of, standing_of, weigh


@dataclass(frozen=True)
class Sheet:
    """A handed-in attempt. `chars`: how much there was to read. `labels`: {question: (answer, is it right)}; of what was left
    blank, is marked by people or is put in an order there is none.
    """

    attempt_id: str
    person_id: int
    paper_id: int
    started_at: datetime
    submitted_at: datetime
    score: int
    chars: int
    labels: dict[str, tuple[str, bool]]


def list_sheets(since: datetime, until: datetime) -> list[Sheet]:
    """Every sheet of each paper that somebody handed in in between, in the order in which they were begun."""
    touched = (select(Attempt.paper_id).join(Submission, Submission.attempt_id == Attempt.id)
               .where(Submission.submitted_at >= since, Submission.submitted_at < until))
    papers = {p.id: p for p in session.scalars(select(Paper).where(Paper.id.in_(touched)))}  # kept, or each sheet reads its own
    regrades = {paper_id: list_regrades(paper_id) for paper_id in papers}
    rows = session.execute(select(Attempt, Submission).join(Submission, Submission.attempt_id == Attempt.id)
                           .where(Attempt.paper_id.in_(papers)).order_by(Attempt.started_at, Attempt.id))
    found = []
    for attempt, submission in rows:
        now = weigh(attempt, submission, (), regrades[attempt.paper_id])
        questions = {q.id: q for q in questions_of(attempt)}
        labels = {name: (label, now.points[name] >= rules.WHOLE) for name, q in questions.items()
                  if (label := _label(q, attempt, submission.answers.get(name))) is not None}
        found.append(Sheet(attempt.id, attempt.person_id, attempt.paper_id, attempt.started_at, submission.submitted_at,
                           submission.score, sum(_chars(q) for q in questions.values()), labels))
    return found


def _label(question: Question, attempt: Attempt, answer: object) -> str | None:
    """The answer as everybody's equal one reads: positions of options, folded words; None where there is nothing to compare."""
    if answer in (None, "", [], {}):
        return None
    if question.kind in ("single", "multiple"):
        return ",".join(map(str, sorted(positions(question, attempt, answer))))
    if question.kind == "truefalse":
        return str(answer)
    if question.kind in ("fillin", "numeric") and isinstance(answer, str):
        return rules.folded(answer)[:80]
    return None


def _chars(question: Question) -> int:
    return len(question.stem) + len(question.tail) + sum(len(o.text) + len(o.match) for o in question.options
                                                        if question.kind not in ("fillin", "numeric"))


@dataclass(frozen=True)
class Given:
    """A question of a handed-in attempt, what was answered in words ("" for nothing), and whether it earned everything."""

    stem: str
    words: str
    is_right: bool


def list_given(attempt: Attempt, submission: Submission) -> list[Given]:
    """Every question of the attempt with what was answered, for whoever may see another's paper."""
    points = standing_of(submission).points
    return [Given(q.stem, _words(q, attempt, submission.answers.get(q.id)), points[q.id] >= rules.WHOLE)
            for q in questions_of(attempt)]


def _words(question: Question, attempt: Attempt, answer: object) -> str:
    if answer in (None, "", [], {}):
        return ""
    if question.kind in ("single", "multiple", "ordering"):
        shown = rules.show(question, bytes.fromhex(attempt.seed))
        text = {name: question.options[i].text for i, name in enumerate(shown.ids)}
        return "；".join(text.get(x, "?") for x in (answer if isinstance(answer, list) else [answer]))
    return "对" if answer is True else "错" if answer is False else str(answer)[:500]
