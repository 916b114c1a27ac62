"""Short answers are marked by people, who do not see whose they are. A mark is never changed; a later one takes its place.

In a strict exam two people give their opinion without seeing each other's; where those are far apart a third decides. What
comes of them is a mark like any other, so that everything that rests on marks needs to know of one kind alone.
"""

from __future__ import annotations

from guanxue import accounts, audit
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.quizzes import rules
from guanxue.quizzes.errors import DecidedAlready, NoSuchAttempt, NotForYou
from guanxue.quizzes.events import SubmissionMarked
from guanxue.quizzes.models import Attempt, Mark, Opinion, Submission
from guanxue.quizzes.queries import get_attempt_of, get_submission, list_marks, list_opinions, lock_paper
from guanxue.quizzes.standing import questions_of, standing_of

LONGEST_REMARKS = 500
JOINT = "system:joint"  # who gave a mark that several people's opinions made


def mark_answer(actor: Actor, attempt_id: str, question_id: str, *, permille: int, remarks: str = "", reason: str = "") -> Mark:
    """Give a short answer its points; `remarks` are for the learner. The same again is the same.

    Where there is a mark already a `reason` is needed; once the score is decided it only goes up. Whoever has the right to mark
    is decided by the room above; nobody marks their own. Raises NoSuchAttempt, NotForYou, Invalid, DecidedAlready.
    """
    submission = get_submission(attempt_id, lock=True)
    attempt = get_attempt_of(submission)
    if is_own(actor, attempt):
        raise NotForYou(_("这是你自己的答卷，请别的老师来批改。"))
    lock_paper(attempt.paper_id)  # a correction of the key waits until this mark is written
    _check(attempt, submission.answers, question_id, permille, remarks)
    before, was = standing_of(submission), _newest(attempt_id, question_id)
    if was is not None and (was.permille, was.remarks) == (permille, remarks.strip()):
        return was
    if was is not None:
        _check_again(was, permille, reason, before.is_decided)
        _must_be_another(actor, attempt_id, question_id)
    mark = Mark(attempt_id=attempt_id, question_id=question_id, permille=permille, remarks=remarks.strip(),
                reason=reason.strip() if was else "", by=actor.ref, at=clock.now())
    session.add(mark)
    session.flush()
    audit.record(actor, "quizzes.answer.marked", f"attempt:{attempt_id}",
                 {"question": question_id, "permille": permille, "mark": mark.id} | ({"reason": mark.reason} if was else {}))
    if standing_of(submission).is_decided:
        events.emit(SubmissionMarked(attempt.id, attempt.person_id, attempt.subject))
    return mark


def give_opinion(actor: Actor, attempt_id: str, question_id: str, *, permille: int, remarks: str = "") -> Opinion:
    """Say what a short answer of a strict exam is worth, as one of two or as the third; the same again is the same.

    Nobody gives two opinions of one answer, under whatever account, and nobody sees the others'. Once they decide it, it is
    marked. Raises NoSuchAttempt, NotForYou, Invalid, DecidedAlready.
    """
    submission = get_submission(attempt_id, lock=True)
    attempt = get_attempt_of(submission)
    if is_own(actor, attempt):
        raise NotForYou(_("这是你自己的答卷，请别的老师来批改。"))
    lock_paper(attempt.paper_id)
    _check(attempt, submission.answers, question_id, permille, remarks)
    there = list_opinions(attempt_id, question_id)
    mine = next((x for x in there if accounts.is_same_person(actor, [x.by])), None)
    if mine is not None and (mine.permille, mine.remarks) == (permille, remarks.strip()):
        return mine
    if mine is not None or _newest(attempt_id, question_id) is not None:
        raise DecidedAlready(_("这个答案你已经批过。") if mine is not None else _("这个答案已经由别的老师批完。"))
    opinion = Opinion(attempt_id=attempt_id, question_id=question_id, place=len(there) + 1, permille=permille,
                      remarks=remarks.strip(), by=actor.ref, at=clock.now())
    session.add(opinion)
    session.flush()
    audit.record(actor, "quizzes.answer.judged", f"attempt:{attempt_id}",
                 {"question": question_id, "permille": permille, "opinion": opinion.id, "place": opinion.place})
    _settle(attempt, submission, [*there, opinion])
    return opinion


def _settle(attempt: Attempt, submission: Submission, opinions: list[Opinion]) -> None:
    """Mark the answer where its opinions decide it."""
    permille = rules.joint_points([x.permille for x in opinions])
    if permille is None:
        return
    words = dict.fromkeys(x.remarks for x in opinions if x.remarks)
    mark = Mark(attempt_id=attempt.id, question_id=opinions[0].question_id, permille=permille,
                remarks="\n".join(words), is_joint=True, by=JOINT, at=clock.now())
    session.add(mark)
    session.flush()
    audit.record(SYSTEM, "quizzes.answer.marked", f"attempt:{attempt.id}",
                 {"question": mark.question_id, "permille": permille, "mark": mark.id, "opinions": [x.id for x in opinions]})
    if standing_of(submission).is_decided:
        events.emit(SubmissionMarked(attempt.id, attempt.person_id, attempt.subject))


def has_false_marks(attempt_id: str) -> bool:
    """Does a mark that two or three people's opinions made not follow from them?"""
    return any(mark.permille != rules.joint_points([x.permille for x in list_opinions(attempt_id, mark.question_id)])
               for mark in list_marks(attempt_id) if mark.is_joint)


def is_awaited(actor: Actor, opinions: list[Opinion]) -> bool:
    """Is the actor's opinion still wanted beside these of one answer?"""
    return rules.joint_points([x.permille for x in opinions]) is None and not accounts.is_same_person(
        actor, [x.by for x in opinions])


def _must_be_another(actor: Actor, attempt_id: str, question_id: str) -> None:
    """What two people marked only somebody else may raise."""
    if accounts.is_same_person(actor, [x.by for x in list_opinions(attempt_id, question_id)]):
        raise NotForYou(_("这个答案你批过，要改请没有批过它的老师来改。"))


def is_own(actor: Actor, attempt: Attempt) -> bool:
    """Did the actor make the attempt, under this or a merged account?"""
    return accounts.is_same_person(actor, [f"person:{attempt.person_id}"])


def _check(attempt: Attempt, answers: dict, question_id: str, permille: int, remarks: str) -> None:
    question = next((q for q in questions_of(attempt) if q.id == question_id), None)
    if question is None or not question.is_marked or not rules.is_written(answers.get(question_id)):
        raise NoSuchAttempt(_("没有这个要批改的答案。"))
    faults = []
    if not 0 <= permille <= rules.WHOLE:
        faults.append({"field": "permille", "message": _("请选一个得分。")})
    if len(remarks.strip()) > LONGEST_REMARKS:
        faults.append({"field": "remarks", "message": _("评语最多 %(n)s 个字。", n=LONGEST_REMARKS)})
    if faults:
        raise Invalid(faults[0]["message"], fields=faults)


def _check_again(was: Mark, permille: int, reason: str, is_decided: bool) -> None:
    if is_decided and permille < was.permille:
        raise DecidedAlready(_("成绩已经告诉学员了，只能往高改，不能往低改。"))
    if not 1 <= len(reason.strip()) <= LONGEST_REMARKS:
        message = _("这个答案已经批过。要改的话，请写明原因（%(n)s 个字以内）。", n=LONGEST_REMARKS)
        raise Invalid(message, fields=[{"field": "reason", "message": message}])


def _newest(attempt_id: str, question_id: str) -> Mark | None:
    return next((m for m in reversed(list_marks(attempt_id)) if m.question_id == question_id), None)
