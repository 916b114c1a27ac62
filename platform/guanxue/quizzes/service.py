"""Making papers; opening, saving, handing in and grading attempts."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.markup import inline_html as to_html
from guanxue.quizzes import drawing, rules
from guanxue.quizzes.errors import AttemptClosed, AwaitsMarks, NoAttemptsLeft, NoMoreTime
from guanxue.quizzes.models import Attempt, Extension, Paper, Submission
from guanxue.quizzes.queries import (
    attempts_left,
    find_open_attempt,
    find_submission,
    get_attempt,
    get_paper,
    is_outrun,
    list_attempts,
    list_extensions,
    list_regrades,
    lock_paper,
    next_try_at,
)
from guanxue.quizzes.rules import Question, Shown
from guanxue.quizzes.standing import Standing, questions_of, standing_of, weigh

# Generous on purpose: the clock is against leaving a paper open for days, not against slow readers.
LEAST_TIME = timedelta(minutes=30)
TIME_A_QUESTION = timedelta(minutes=3)
# Whoever reads slowly asks for the same time again, as often as this, and gives no reason.
MOST_EXTENSIONS = 10
_GAP = "\ue000"  # stands for a gap while Markdown is rendered; a letter of nobody's language


@dataclass(frozen=True)
class Limits:
    """How often a paper may be tried, from the policy: `attempts` within `cooldown_ms`.

    `elsewhere`: (person, subject) of further attempts that count, made under another account of the same person.
    """

    attempts: int
    cooldown_ms: int
    elsewhere: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class Result:
    """What an attempt is worth now; no score while `waiting` short answers wait for a person to mark them."""

    score: int | None
    passed: bool
    pass_mark: int
    attempts_left: int
    waiting: int = 0


def create_paper(actor: Actor, *, title: str, questions: list[Question], draw: drawing.Draw | None = None) -> Paper:
    """The frozen paper of these questions; the same questions (drawn alike) are the same paper. Raises Invalid.

    `draw`: of which pool each attempt gets how many questions; of pools it does not name, all.
    """
    if not questions:
        raise Invalid(_("一份试卷至少要有一道题。"))
    if (fault := drawing.draw_fault(questions, draw or {})) is not None:
        raise Invalid(_("题库“%(pool)s”只有 %(n)s 道题，抽不出那么多。", pool=fault.pool, n=fault.size))
    document = rules.questions_to(questions)
    content = {"questions": document, "draw": draw} if draw else document
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    there = session.scalar(select(Paper).where(Paper.digest == digest))
    if there is not None:
        return there
    paper = Paper(digest=digest, title=title, document=document, draw=draw or {},
                  question_count=drawing.drawn_count(questions, draw or {}), created_at=clock.now())
    session.add(paper)
    session.flush()
    audit.record(actor, "quizzes.paper.created", f"paper:{paper.id}", {"questions": len(questions)})
    return paper


def open_attempt(actor: Actor, paper_id: int, subject: str, limits: Limits, *, device: str = "",
                 extra_permille: int = 0) -> Attempt:
    """The actor's open attempt at `subject`, or a new one, held by `device`. Raises AwaitsMarks, NoAttemptsLeft.

    Lock the person before. `extra_permille`: more time that was granted them.
    """
    running = find_open_attempt(actor.id, subject)
    if running is not None:
        return running
    if find_awaiting(((actor.id, subject), *limits.elsewhere)) is not None:
        raise AwaitsMarks(_("上次交的答卷还在等老师批改，批完再说，不占用下一次机会。"))
    if (why := why_no_try(actor.id, subject, limits)) is not None:
        raise NoAttemptsLeft(why)
    paper, now = get_paper(paper_id), clock.now()
    attempt = Attempt(
        id=secrets.token_urlsafe(12), person_id=actor.id, paper_id=paper.id, subject=subject, seed=secrets.token_hex(16),
        started_at=now, expires_at=now + time_for(paper, extra_permille), answers={}, stamps={}, hold=1, device=device,
        held_at=now, extra_permille=extra_permille)
    session.add(attempt)
    session.flush()
    return attempt


def why_no_try(person_id: int, subject: str, limits: Limits) -> object | None:
    """The sentence that every attempt is used, and from when on there is one again; None where one may be begun."""
    at = next_try_at(person_id, subject, limits.attempts, limits.cooldown_ms, limits.elsewhere)
    if at is None:
        return None
    minute = at.astimezone(clock.CITY) + timedelta(minutes=1, microseconds=-1)  # the first whole one that is late enough
    return _("%(n)s 次机会已用完。先回头看看课程，%(t)s 起可以再考。", n=limits.attempts, t=minute.strftime("%Y-%m-%d %H:%M"))


def find_awaiting(subjects: Iterable[tuple[int, str]]) -> Submission | None:
    """What was handed in and waits for a person to mark it, among the attempts at these (person, subject)."""
    for person_id, subject in subjects:
        for _attempt, submission in reversed(list_attempts(person_id, subject)):
            if submission is not None and submission.short_count and not standing_of(submission).is_decided:
                return submission
    return None


def time_for(paper: Paper, extra_permille: int = 0) -> timedelta:
    """How long an attempt at the paper lasts, and how much each extension adds."""
    return max(LEAST_TIME, TIME_A_QUESTION * paper.question_count) * (1000 + extra_permille) / 1000


@dataclass(frozen=True)
class MoreTime:
    """What an attempt may still be given: how many extensions, of how long each, and whether it may be asked for now."""

    left: int
    each: timedelta
    is_possible: bool


def more_time(attempt: Attempt) -> MoreTime:
    """More time may be asked for before the end, and after it as long as the new end lies ahead and nothing newer was begun."""
    left = MOST_EXTENSIONS - sum(not x.is_free for x in list_extensions(attempt.id))
    each = time_for(get_paper(attempt.paper_id), attempt.extra_permille)
    is_open = find_submission(attempt.id) is None and not is_outrun(attempt)
    return MoreTime(left, each, is_open and left > 0 and attempt.expires_at + each > clock.now())


def extend_attempt(actor: Actor, attempt_id: str) -> Attempt:
    """Give the attempt its time once more. Raises NoSuchAttempt, AttemptClosed when handed in, NoMoreTime."""
    attempt = get_attempt(attempt_id, actor.id, lock=True)
    if find_submission(attempt.id) is not None:
        raise AttemptClosed(_("这次考核已经交卷。"))
    more, ended_at = more_time(attempt), attempt.expires_at
    if more.left <= 0:
        raise NoMoreTime(_("已经加过 %(n)s 次时间，不能再加了。", n=MOST_EXTENSIONS))
    if not more.is_possible:
        raise NoMoreTime(_("这次考核结束太久了，不能再加时间。"))
    _extend(actor, attempt, ended_at + more.each)
    return attempt


def _extend(actor: Actor, attempt: Attempt, until: datetime, *, is_free: bool = False) -> None:
    number, ended_at = len(list_extensions(attempt.id)) + 1, attempt.expires_at
    attempt.expires_at = until
    session.add(Extension(attempt_id=attempt.id, number=number, asked_at=clock.now(), ended_at=ended_at, expires_at=until,
                          is_free=is_free))
    session.flush()
    audit.record(actor, "quizzes.attempt.extended", f"attempt:{attempt.id}",
                 {"number": number, "expires_at": until.isoformat()} | ({"free": True} if is_free else {}))


def give_time(attempt_id: str, until: datetime) -> None:
    """Let an attempt run until then, for time that was not the learner's; one that is handed in, or runs longer, stays."""
    attempt = session.get(Attempt, attempt_id, with_for_update=True, populate_existing=True)
    if until > attempt.expires_at and find_submission(attempt.id) is None:
        _extend(SYSTEM, attempt, until, is_free=True)


def free_time(attempt_id: str) -> timedelta:
    """How much time the attempt was given that nobody asked for."""
    return sum((x.expires_at - x.ended_at for x in list_extensions(attempt_id) if x.is_free), timedelta())


def shown_questions(attempt: Attempt) -> list[Shown]:
    """The paper's questions as this attempt shows them."""
    seed = bytes.fromhex(attempt.seed)
    return [rules.show(q, seed) for q in questions_of(attempt)]


def questions_for_learner(attempt: Attempt, *, is_saving: bool = False) -> list[dict]:
    """What may be seen before handing in: {id, kind, stem_html, gaps?, tail_html?, options?, choices?}; nothing of the key.

    With several gaps `gaps` are the pieces of the stem around them, one more than there are. `longest`: characters of a short
    answer. `is_saving`: the reader has little data, so pictures are links that say their size.
    """
    return [_for_learner(shown, lambda text: to_html(text, is_saving=is_saving)) for shown in shown_questions(attempt)]


def stem_html(stem: str, to_html: Callable[[str], str] = to_html) -> list[str]:
    """The stem's clean HTML in pieces, cut at its gaps. Markdown would take some runs of underscores for emphasis."""
    return to_html(_GAP.join(piece.replace(_GAP, "") for piece in rules.pieces_of(stem))).split(_GAP)


def _for_learner(shown: Shown, to_html: Callable[[str], str]) -> dict:
    q = shown.question
    pieces = stem_html(q.stem, to_html)
    seen: dict = {"id": q.id, "kind": q.kind, "stem_html": "____".join(pieces)}
    if q.tail:
        seen["tail_html"] = to_html(q.tail)
    if q.gap_count > 1:  # a stem with more gaps than answers keeps those as underscores, one with fewer has them at its end
        pieces += [""] * (q.gap_count + 1 - len(pieces))
        seen["gaps"] = [*pieces[: q.gap_count], "____".join(pieces[q.gap_count :])]
    if q.is_marked:
        seen["longest"] = rules.LONGEST_SHORT
    if shown.ids:
        seen["options"] = [{"id": shown.ids[i], "html": to_html(q.options[i].text)} for i in shown.order]
    if shown.choice_ids:
        seen["choices"] = [{"id": shown.choice_ids[i], "html": to_html(q.options[i].match)} for i in shown.choice_order]
    return seen


def right_answers(attempt: Attempt) -> dict[str, object]:
    """{question id: an answer that earns it whole}, for simulated learners and tests; never for a page or the API."""
    return {s.question.id: rules.right_answer(s) for s in shown_questions(attempt)}


def save_answers(actor: Actor, attempt_id: str, answers: dict) -> Attempt:
    """Merge answers into the open attempt; None clears one. Raises NoSuchAttempt, Invalid, AttemptClosed."""
    attempt = get_attempt(attempt_id, actor.id, lock=True)
    check_answers(attempt, answers)
    if find_submission(attempt.id) is not None:
        raise AttemptClosed(_("这次考核已经交卷。"))
    if attempt.expires_at <= clock.now():
        raise AttemptClosed(_("考核时间已到。"))
    merged, seq = {**attempt.answers, **answers}, newest_seq(attempt) + 1
    attempt.answers = {k: v for k, v in merged.items() if v is not None}
    attempt.stamps = {**attempt.stamps, **{name: [attempt.hold, seq] for name in answers}}
    session.flush()
    return attempt


def newest_seq(attempt: Attempt) -> int:
    """The highest number that a save of the attempt's present holder had."""
    return max((seq for hold, seq in attempt.stamps.values() if hold == attempt.hold), default=0)


def check_answers(attempt: Attempt, answers: object) -> None:
    """Raise Invalid unless every answer is a possible answer to a question of the attempt."""
    if not isinstance(answers, dict) or len(answers) > 500:
        raise Invalid(_("答案的格式不对。"))
    shown = {s.question.id: s for s in shown_questions(attempt)}
    faults = []
    for question_id, answer in answers.items():
        if question_id not in shown:
            faults.append({"field": str(question_id)[:40], "message": _("没有这道题。")})
        elif answer is not None and rules.answer_fault(shown[question_id], answer):
            faults.append({"field": question_id, "message": _("这不是这道题可能的答案。")})
    if faults:
        raise Invalid(_("有的答案格式不对，没有保存。"), fields=faults[:20], remember=_foreign(attempt, shown, answers))


def _foreign(attempt: Attempt, shown: dict[str, Shown], answers: dict) -> list[Callable[[], None]]:
    """What is remembered of answers that name options of another attempt, as no page of ours does: a line in the trail."""
    named = [name for name, answer in answers.items() if name in shown and rules.names_other_options(shown[name], answer)]
    if not named:
        return []
    actor = Actor("person", attempt.person_id)
    return [lambda: audit.record(actor, "quizzes.answers.foreign", f"attempt:{attempt.id}", {"questions": named[:50]})]


def submit_attempt(actor: Actor, attempt_id: str, *, pass_mark: int) -> tuple[Attempt, Submission]:
    """Hand in and grade what was saved; a second time gives the first answer. An attempt out of time is handed in so.

    Short answers wait for a person: what it is worth says standing_of().
    """
    attempt = get_attempt(attempt_id, actor.id, lock=True)
    there = find_submission(attempt.id)
    if there is not None:
        return attempt, there
    submission = _graded(attempt, pass_mark)
    try:
        with session.begin_nested():
            session.add(submission)
    except IntegrityError:
        return attempt, find_submission(attempt.id)
    return attempt, submission


def _graded(attempt: Attempt, pass_mark: int) -> Submission:
    """What was saved, as it is handed in now: graded by the paper's key as it stands."""
    lock_paper(attempt.paper_id)
    regrades = list_regrades(attempt.paper_id)
    submission = Submission(attempt_id=attempt.id, answers=attempt.answers, score=0, pass_mark=pass_mark, short_count=0,
                            regrade_id=max((r.id for r in regrades), default=0), submitted_at=clock.now())
    by_machine = weigh(attempt, submission, (), regrades)
    submission.score, submission.short_count = by_machine.score, len(by_machine.waiting)
    return submission


def result_of(attempt: Attempt, submission: Submission, limits: Limits) -> Result:
    """What the learner is told."""
    left = attempts_left(attempt.person_id, attempt.subject, limits.attempts, limits.cooldown_ms, limits.elsewhere)
    now = standing_of(submission)
    return Result(now.score if now.is_decided else None, now.is_passed, submission.pass_mark, left, len(now.waiting))


def feedback(attempt: Attempt, submission: Submission, *, explain: bool, is_passed: bool = True) -> list[dict]:
    """Question by question {question_id, points, waits?, remarks?, corrected?}; with the right answer's explanation only where
    `explain`, and without a pass only where something was answered: blank papers gather no keys. Points are None while a person
    has to mark them."""
    now, answers = standing_of(submission), submission.answers
    return [_told(q, now, explain and (is_passed or answers.get(q.id) is not None)) for q in questions_of(attempt)]


def areas_of(attempt: Attempt, submission: Submission) -> list[tuple[str, int]]:
    """(pool, mean in permille) of what was handed in, as rules.areas() tells it; nothing while marks are wanted."""
    now = standing_of(submission)
    found: dict[str, list[int]] = {}
    for question in questions_of(attempt) if now.is_decided else []:
        found.setdefault(question.pool, []).append(now.points[question.id])
    return rules.areas(found)


def _told(question: Question, now: Standing, explain: bool) -> dict:
    key, is_corrected = rules.Key(question), False
    for regrade in now.regrades:
        if regrade.question_id == question.id:
            key, is_corrected = rules.put_right(key, regrade.decision), True
    mark = next((m for m in now.marks if m.question_id == question.id), None)
    points = now.points[question.id]
    waits = question.id in now.waiting
    line: dict = {"question_id": question.id, "points": None if waits else points / rules.WHOLE}
    line |= {"waits": True} if waits else {}
    line |= {"remarks": mark.remarks} if mark and mark.remarks else {}
    line |= {"corrected": True} if is_corrected else {}
    if explain:
        line["explanation_html"] = "" if question.is_marked else to_html(question.explanation)
        line["right_html"] = to_html(str(_("这道题不计对错，人人得分。")) if key.is_for_everyone else _right(key.question))
    return line


def _right(q: Question) -> str:
    if q.is_marked:
        return q.explanation
    if q.kind == "truefalse":
        return str(_("对") if q.truth else _("错"))
    if q.kind == "matching":
        return "；".join(f"{o.text} → {o.match}" for o in q.options)
    if q.kind == "numeric":
        low, _dots, high = q.options[0].text.partition("..")
        return low if low == high else f"{low} ～ {high}"
    if q.kind == "ordering":
        return " → ".join(o.text for o in q.options)
    if q.gap_count > 1:
        return "；".join(" / ".join(o.text for o in q.options if o.gap == n and o.permille > 0) for n in range(q.gap_count))
    return "；".join(o.text for o in q.options if o.permille > 0)
