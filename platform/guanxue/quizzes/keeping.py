"""What this room tells a person about their attempts, and forgets when they go."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from guanxue.accounts import Effect
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.quizzes.models import Allowance, Attempt, Extension, LateSave, Mark, Opinion, Paper, RegradeRequest, Submission
from guanxue.quizzes.standing import standing_of

# Table → where export() tells of it.
KEEPS = {"quizzes_attempt": "attempts", "quizzes_mark": "marks_given", "quizzes_regrade_request": "corrections_asked",
         "quizzes_opinion": "opinions_given", "quizzes_allowance": "extra_time"}


def export(person_id: int) -> dict:
    """Every attempt with its answers as they were given, and what it is worth; what the person marked, keys they doubted."""
    rows = session.execute(
        select(Attempt, Paper.title, Submission).join(Paper, Paper.id == Attempt.paper_id)
        .outerjoin(Submission, Submission.attempt_id == Attempt.id)
        .where(Attempt.person_id == person_id).order_by(Attempt.started_at, Attempt.id))
    given = session.scalars(select(Mark).where(Mark.by == f"person:{person_id}").order_by(Mark.id))
    asked = session.scalars(select(RegradeRequest).where(RegradeRequest.by == f"person:{person_id}")
                            .order_by(RegradeRequest.id))
    opined = session.scalars(select(Opinion).where(Opinion.by == f"person:{person_id}").order_by(Opinion.id))
    granted = session.scalars(select(Allowance).where(Allowance.person_id == person_id).order_by(Allowance.id))
    return {"attempts": [_attempt(attempt, title, submission) for attempt, title, submission in rows],
            "marks_given": [{"at": m.at.isoformat(), "permille": m.permille, "remarks": m.remarks, "reason": m.reason}
                            for m in given],
            "opinions_given": [{"at": x.at.isoformat(), "permille": x.permille, "remarks": x.remarks} for x in opined],
            "extra_time": [{"at": x.at.isoformat(), "permille": x.permille, "reason": x.reason,
                            "ended_at": x.ended_at.isoformat() if x.ended_at else ""} for x in granted],
            "corrections_asked": [{"at": r.at.isoformat(), "reason": r.reason, "answer": r.answer or ""} for r in asked]}


def _attempt(attempt: Attempt, title: str, submission: Submission | None) -> dict:
    told = {"title": title, "started_at": attempt.started_at.isoformat(), "expires_at": attempt.expires_at.isoformat(),
            "answers": attempt.answers}
    if submission is not None:
        now = standing_of(submission)
        told |= {"answers": submission.answers, "submitted_at": submission.submitted_at.isoformat(),
                 "score": now.score if now.is_decided else "", "pass_mark": submission.pass_mark, "is_passed": now.is_passed}
        told |= {"marks": [{"permille": m.permille, "remarks": m.remarks, "at": m.at.isoformat()} for m in now.marks]}
    return told


def erase(actor: Actor, person_id: int) -> list[Effect]:
    """Forget what was never handed in; what was is what credits rest on."""
    mine = Attempt.person_id == person_id
    open_ones = select(Attempt.id).where(mine, Attempt.id.not_in(select(Submission.attempt_id)))
    session.execute(update(Attempt).where(Attempt.id.in_(open_ones)).values(answers={})
                    .execution_options(synchronize_session=False))
    session.execute(delete(Allowance).where(Allowance.person_id == person_id).execution_options(synchronize_session=False))
    kept = select(Extension.attempt_id).union(select(LateSave.attempt_id))
    session.execute(delete(Attempt).where(Attempt.id.in_(open_ones), Attempt.id.not_in(kept))
                    .execution_options(synchronize_session=False))
    return left(person_id)


def left(person_id: int) -> list[Effect]:
    """What stays, and why; also told before."""
    told = [Effect("attempts.kept", "quizzes", _(
        "交过的答卷和成绩以“已注销用户”保留：学分是凭它们认定的。没交的答卷删掉。"))]
    by = f"person:{person_id}"
    if session.scalar(select(Mark.id).where(Mark.by == by).limit(1)) is not None or session.scalar(
            select(Opinion.id).where(Opinion.by == by).limit(1)) is not None:
        told.append(Effect("marks.kept", "quizzes", _("批改过的答卷是工作记录，得分和评语要保留，不显示你的姓名。")))
    return told
