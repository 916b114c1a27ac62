"""A faulty key found late is put right, by two people; nobody loses what they honestly had.

Asking shows who would have more; a second person confirms. The decision is a row that is only ever added (Regrade), and what
every submission is worth follows from it (standing.py). Rooms above give those who pass now what passing gives.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from guanxue import accounts, audit
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.quizzes import rules
from guanxue.quizzes.errors import DecidedAlready, NotForYou
from guanxue.quizzes.events import KeyCorrected
from guanxue.quizzes.models import Attempt, Paper, Regrade, RegradeRequest, Submission
from guanxue.quizzes.queries import (
    get_paper,
    get_request,
    has_attempt,
    list_marks,
    list_regrades,
    list_requests,
    list_submitted,
    lock_paper,
)
from guanxue.quizzes.rules import Key
from guanxue.quizzes.standing import weigh

LONGEST_REASON = 500
CONFIRMED, REFUSED = "confirmed", "refused"
_NOT_YET = 2**31  # comes after every correction there is


@dataclass(frozen=True)
class Change:
    """What a decision does to one submission; scores of 0…100."""

    attempt_id: str
    person_id: int
    before: int
    after: int
    is_passed_now: bool  # it was not before


@dataclass(frozen=True)
class Foresight:
    """What a decision would do: to how many submissions with the question, who gains, and who keeps more than it would give."""

    count: int
    gains: tuple[Change, ...]
    keeps: tuple[Change, ...]  # `after` is what the corrected key alone would give

    @property
    def passing(self) -> int:
        """How many submissions pass by it."""
        return sum(c.is_passed_now for c in self.gains)


def key_now(paper: Paper, question_id: str) -> Key:
    """By what the question is judged today. Raises NotFound."""
    question = next((q for q in rules.questions_from(paper.document) if q.id == question_id), None)
    if question is None:
        raise NotFound(_("没有这道题。"))
    key = Key(question)
    for regrade in list_regrades(paper.id):
        if regrade.question_id == question_id:
            key = rules.put_right(key, regrade.decision)
    return key


def foresee(paper_id: int, question_id: str, decision: dict) -> Foresight:
    """What the decision would do today to everything handed in on the paper. Changes nothing. Raises NotFound, Invalid."""
    paper = get_paper(paper_id)
    key = _checked(paper, question_id, decision)
    regrades = list_regrades(paper_id)
    more = Regrade(id=_NOT_YET, paper_id=paper_id, question_id=question_id, decision=decision)
    count, gains, keeps = 0, [], []
    for attempt, submission in list_submitted(paper_id):
        marks = list_marks(attempt.id) if submission.short_count else ()
        before = weigh(attempt, submission, marks, regrades)
        if question_id not in before.points:
            continue
        after, count = weigh(attempt, submission, marks, [*regrades, more]), count + 1
        if after.points[question_id] > before.points[question_id]:
            gains.append(Change(attempt.id, attempt.person_id, before.score, after.score,
                                after.is_passed and not before.is_passed))
        elif (alone := _alone(key, attempt, submission, question_id)) < before.points[question_id]:
            less = rules.score([alone if name == question_id else p for name, p in before.points.items()])
            keeps.append(Change(attempt.id, attempt.person_id, before.score, less, False))
    return Foresight(count, tuple(gains), tuple(keeps))


def _alone(key: Key, attempt: Attempt, submission: Submission, question_id: str) -> int:
    return rules.points_under(key, bytes.fromhex(attempt.seed), submission.answers.get(question_id))


def _checked(paper: Paper, question_id: str, decision: dict) -> Key:
    """The key as it would be. Raises Invalid for no decision, and for one that changes nothing."""
    now = key_now(paper, question_id)
    if rules.decision_fault(now.question, decision):
        raise Invalid(_("请说明正确的答案是什么。"), fields=[{"field": "decision", "message": _("请说明正确的答案是什么。")}])
    then = rules.put_right(now, decision)
    if then == now or (now.is_for_everyone and then.is_for_everyone):
        raise Invalid(_("这样改和现在的答案一样。"), fields=[{"field": "decision", "message": _("这样改和现在的答案一样。")}])
    return then


def decision_key(paper_id: int, question_id: str, decision: dict) -> str:
    """What makes a decision happen once: the same words after a further correction of the question are another decision."""
    earlier = sum(r.question_id == question_id for r in list_regrades(paper_id))
    text = json.dumps([paper_id, question_id, decision, *([earlier] if earlier else [])], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def question_number(paper: Paper, question_id: str) -> int:
    """Where the question stands in its paper, from 1."""
    return 1 + [q["id"] for q in paper.document].index(question_id)


def ask_regrade(actor: Actor, paper_id: int, question_id: str, decision: dict, *, reason: str, subject: str) -> RegradeRequest:
    """Say that a key is faulty and how it is put right; `subject` is where it was asked ("course:4"). Needs "teach".

    An open request that says the same is the one. What was decided may be decided anew, where the key is another by now.
    Raises NotFound, Invalid.
    """
    actor.require("teach")
    paper = get_paper(paper_id)
    _checked(paper, question_id, decision)
    if not 5 <= len(reason.strip()) <= LONGEST_REASON:
        message = _("请写明答案错在哪里（5 到 %(n)s 个字）。", n=LONGEST_REASON)
        raise Invalid(message, fields=[{"field": "reason", "message": message}])
    key = decision_key(paper_id, question_id, decision)
    for there in list_requests(subject, is_open=True):
        if decision_key(there.paper_id, there.question_id, there.decision) == key:
            return there
    request = RegradeRequest(paper_id=paper_id, question_id=question_id, decision=decision, subject=subject,
                             reason=reason.strip(), by=actor.ref, by_name=actor.name, at=clock.now())
    session.add(request)
    session.flush()
    audit.record(actor, "quizzes.regrade.asked", f"paper:{paper_id}", {"request": request.id, "question": question_id})
    return request


def _open_request(actor: Actor, request_id: int) -> RegradeRequest:
    actor.require("review")
    request = get_request(request_id, lock=True)
    if request.answer is not None:
        raise DecidedAlready(_("这个申请已经有人处理过了。"))
    if accounts.is_same_person(actor, [request.by]):
        raise NotForYou(_("自己提出的更正，要由另一个人来确认。"))
    return request


def confirm_regrade(actor: Actor, request_id: int) -> Regrade:
    """Put the key right. Needs "review", and somebody who neither asked nor has anything to gain.

    Raises NotFound, NotForYou, Invalid where it changes nothing any more, and DecidedAlready also where the question was put
    right since it was asked: whoever asked had another key before them.
    """
    request = _open_request(actor, request_id)
    paper = lock_paper(request.paper_id, alone=True)  # whoever hands in or marks meanwhile does so before or after, not beside
    if actor.is_person and has_attempt(paper.id, accounts.all_accounts_of(actor.id)):  # one that is open has most to gain
        raise NotForYou(_("你自己考过这份试卷，请别人来确认。"))
    if any(r.question_id == request.question_id and r.at > request.at for r in list_regrades(paper.id)):
        raise DecidedAlready(_("提出以后，这道题又更正过。请老师看过现在的答案，再提一次。"))
    _checked(paper, request.question_id, request.decision)
    key, now = decision_key(paper.id, request.question_id, request.decision), clock.now()
    regrade = Regrade(request_id=request.id, paper_id=paper.id, question_id=request.question_id, decision=request.decision,
                      key=key, reason=request.reason, by=request.by, confirmed_by=actor.ref, at=now)
    session.add(regrade)
    _answer(actor, request, CONFIRMED, "")
    audit.record(actor, "quizzes.regrade.confirmed", f"paper:{paper.id}",
                 {"regrade": regrade.id, "question": regrade.question_id, "decision": regrade.decision, "asked_by": regrade.by})
    events.emit(KeyCorrected(regrade.id, paper.id))
    return regrade


def refuse_regrade(actor: Actor, request_id: int, *, remarks: str) -> None:
    """Leave the key as it is, and say why. Needs "review". Raises NotFound, NotForYou, DecidedAlready, Invalid."""
    request = _open_request(actor, request_id)
    if not 1 <= len(remarks.strip()) <= LONGEST_REASON:
        message = _("请写明为什么不更正。")
        raise Invalid(message, fields=[{"field": "remarks", "message": message}])
    _answer(actor, request, REFUSED, remarks.strip())
    audit.record(actor, "quizzes.regrade.refused", f"paper:{request.paper_id}", {"request": request.id})


def _answer(actor: Actor, request: RegradeRequest, answer: str, remarks: str) -> None:
    request.answer, request.remarks, request.answered_by, request.answered_at = answer, remarks, actor.ref, clock.now()
    session.flush()
