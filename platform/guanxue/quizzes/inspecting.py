"""Exactly the paper that an attempt had, with what was answered: for the teacher and the inspector, years later as on that day.

It is made again from the frozen paper and the attempt's seed alone; the fingerprint is over what the learner saw.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

from sqlalchemy import select

from guanxue.core.db import session
from guanxue.core.markup import inline_html
from guanxue.quizzes import drawing, rules
from guanxue.quizzes.models import Attempt, Extension, LateSave, Paper, Submission
from guanxue.quizzes.queries import get_paper
from guanxue.quizzes.rules import Shown
from guanxue.quizzes.service import _for_learner, _right, shown_questions, stem_html
from guanxue.quizzes.standing import standing_of


def paper_of(document: list[dict], draw: drawing.Draw, seed: str) -> list[dict]:
    """What an attempt with this seed (hex) shows of a paper: a pure function, the same today and in ten years."""
    key = bytes.fromhex(seed)
    questions = drawing.drawn(rules.questions_from(document), draw, key)
    return [_for_learner(rules.show(q, key), inline_html) for q in questions]


def fingerprint(attempt: Attempt) -> str:
    """SHA-256 of what the attempt shows, hex: equal papers in equal order have equal ones."""
    paper = get_paper(attempt.paper_id)
    shown = paper_of(paper.document, paper.draw, attempt.seed)
    return hashlib.sha256(json.dumps(shown, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def show_again(attempt: Attempt, submission: Submission | None) -> list[dict]:
    """Question by question as the attempt showed it: {number, kind, pool, level, stem_html, options, said, right_html, points}.

    `options` of choices in their order of that day, each {html, is_chosen, is_right}; `said` is any other answer in words;
    `points` in permille, None while somebody has to mark it or nothing was handed in.
    """
    answers = submission.answers if submission is not None else attempt.answers
    now = standing_of(submission) if submission is not None else None
    lines = []
    for number, shown in enumerate(shown_questions(attempt), 1):
        q, answer = shown.question, answers.get(shown.question.id)
        is_open = now is None or q.id in now.waiting
        lines.append({
            "number": number, "kind": q.kind, "pool": q.pool, "level": q.level,
            "stem_html": "____".join(stem_html(q.stem)) + (f"____{inline_html(q.tail)}" if q.tail else ""),
            "options": _options(shown, answer), "said": _said(shown, answer), "right_html": inline_html(_right(q)),
            "points": None if is_open else now.points[q.id]})
    return lines


def _options(shown: Shown, answer: object) -> list[dict]:
    if shown.question.kind not in ("single", "multiple"):
        return []
    chosen = {answer} if isinstance(answer, str) else set(answer or ())
    options = shown.question.options
    return [{"html": inline_html(options[i].text), "is_chosen": shown.ids[i] in chosen, "is_right": options[i].permille > 0}
            for i in shown.order]


def _said(shown: Shown, answer: object) -> str:
    """An answer in words; "" where nothing was answered, and of choices, which show it themselves."""
    q = shown.question
    if answer is None or q.kind in ("single", "multiple"):
        return ""
    if q.kind == "truefalse":
        return "√" if answer else "×"
    texts = dict(zip(shown.ids, (o.text for o in q.options), strict=False))
    if q.kind == "ordering":
        return " → ".join(texts.get(x, "?") for x in answer)
    if q.kind == "matching":
        rights = dict(zip(shown.choice_ids, (o.match for o in q.options), strict=True))
        return "；".join(f"{texts.get(a, '?')} → {rights.get(b, '?')}" for a, b in answer.items())
    return "；".join(answer) if isinstance(answer, list) else str(answer)


def list_handed_in(paper_ids: Iterable[int] | None = None, most: int = 50) -> list[tuple[Attempt, Submission, Paper]]:
    """What was handed in (on these papers, where given), the newest first."""
    query = (select(Attempt, Submission, Paper).join(Submission, Submission.attempt_id == Attempt.id)
             .join(Paper, Paper.id == Attempt.paper_id).order_by(Submission.submitted_at.desc(), Attempt.id).limit(most))
    rows = session.execute(query if paper_ids is None else query.where(Attempt.paper_id.in_(list(paper_ids))))
    return [(attempt, submission, paper) for attempt, submission, paper in rows]


def find_attempt(attempt_id: str) -> Attempt | None:
    """The attempt of that id, whoever's it is: for rooms that have decided who may see it."""
    return session.get(Attempt, attempt_id)


def time_line(attempt: Attempt) -> list[tuple[object, str, dict]]:
    """(moment, what, details) of what happened to its time and its saves, oldest first. what: extended, rested, late."""
    extensions = session.scalars(select(Extension).where(Extension.attempt_id == attempt.id))
    late = session.scalars(select(LateSave).where(LateSave.attempt_id == attempt.id))
    found = [(x.asked_at, "rested" if x.is_free else "extended", {"until": x.expires_at}) for x in extensions]
    found += [(x.received_at, "late", {
        "expired_at": x.expired_at, "counted": sum(bool(row[4]) for row in x.document), "answers": len(x.document),
        "written_ms": min(row[3] for row in x.document)}) for x in late]
    return sorted(found, key=lambda x: x[0])
