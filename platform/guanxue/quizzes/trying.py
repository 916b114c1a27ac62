"""Trying a quiz without an attempt: for its authors and readers, before anybody learns from it. Nothing is kept."""

from __future__ import annotations

from guanxue.core.markup import inline_html
from guanxue.quizzes import drawing, rules
from guanxue.quizzes.rules import Question, Shown
from guanxue.quizzes.service import _for_learner, _right


def trial_questions(questions: list[Question], draw: dict[str, int], seed: bytes) -> list[dict]:
    """The questions as an attempt with this seed would show them; see questions_for_learner()."""
    return [_for_learner(shown, inline_html) for shown in _shown(questions, draw, seed)]


def trial_result(questions: list[Question], draw: dict[str, int], seed: bytes, answers: dict) -> tuple[int, list[dict]]:
    """(score of 0…100, a line for each question: {stem_html, points 0…1 or None where a person marks, explanation_html,
    right_html, mine, remarks, is_corrected}). What is no possible answer to its question earns nothing.
    """
    shown, points, lines = _shown(questions, draw, seed), [], []
    for one in shown:
        q, given = one.question, answers.get(one.question.id)
        earned = 0 if given is None or rules.answer_fault(one, given) else rules.grade(one, given)
        points.append(earned)
        lines.append({
            "stem_html": _for_learner(one, inline_html)["stem_html"],
            "points": None if q.is_marked and rules.is_written(given) else earned / rules.WHOLE,
            "explanation_html": "" if q.is_marked else inline_html(q.explanation), "right_html": inline_html(_right(q)),
            "mine": str(given) if q.is_marked and rules.is_written(given) else "", "remarks": "", "is_corrected": False})
    return rules.score(points), lines


def _shown(questions: list[Question], draw: dict[str, int], seed: bytes) -> list[Shown]:
    return [rules.show(q, seed) for q in drawing.drawn(questions, draw, seed)]
