"""Answers as they are written: kept from one device at a time, in the order in which they were written, also after a lost line.

An attempt is held by one page of one device. Whoever goes on elsewhere takes it over (`hold` rises); what the first one wrote
before that and could not send still counts where nothing newer stands. The number alone holds nothing: under it, too, another
device saves only what was written before it was taken. A save names each answer's number (`seq`), so that an
older one that comes late never takes a newer one's place. What was written before the end and comes within the grace counts
too, and is kept as evidence (LateSave), unless a newer try at the same paper was begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.quizzes import rules
from guanxue.quizzes.errors import AttemptClosed, TakenOver
from guanxue.quizzes.models import Attempt, LateSave
from guanxue.quizzes.queries import find_submission, get_attempt, is_outrun
from guanxue.quizzes.service import shown_questions

MOST_CHANGES = 500
MOST_LATE_SAVES = 100  # of one attempt: a page sends what it kept once, not again and again
HANDED_IN, OVER = "handed-in", "over"


@dataclass(frozen=True)
class Change:
    """One answer as a page wrote it (None clears): the page's number of it, and how long ago, by the page's own clock."""

    question_id: str
    answer: object
    seq: int
    ago_ms: int


@dataclass(frozen=True)
class Kept:
    """What became of a save: question ids that count now, and those that came too late or after another device took over.

    `closed`: "" while the attempt takes answers, else HANDED_IN or OVER.
    """

    attempt: Attempt
    is_mine: bool
    counted: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    closed: str = ""


def device_name(actor: Actor, page: str = "") -> str:
    """What holds an attempt: the session the actor came with, and one page of it where pages tell themselves apart."""
    return f"{actor.session_id or ''}/{page[:40]}"


def is_here(actor: Actor, attempt: Attempt) -> bool:
    """Is the attempt held by the session the actor came with, or by nobody? Whoever only began it holds up no one."""
    return _is_free(attempt) or (attempt.hold <= 1 and not attempt.stamps) or is_mine(actor, attempt)


def _is_free(attempt: Attempt) -> bool:
    return not attempt.device or attempt.device.startswith("/")


def is_mine(actor: Actor, attempt: Attempt) -> bool:
    """Did the session the actor came with take it, as the last that did?"""
    return actor.session_id is None or attempt.device.startswith(device_name(actor))


def claim(actor: Actor, attempt: Attempt) -> None:
    """From now on this device holds the attempt, where none does that wrote in it. Raises TakenOver."""
    must_hold(actor, attempt)
    if not is_mine(actor, attempt):
        take_hold(actor, attempt.id)


def must_hold(actor: Actor, attempt: Attempt, hold: int | None = None) -> None:
    """Raise TakenOver where another device went on with the attempt; with `hold`, also where another page did since."""
    if is_here(actor, attempt) and (hold is None or hold >= attempt.hold):
        return
    raise TakenOver(_("这次考核已经在另一台设备上接着答了。"))


def take_hold(actor: Actor, attempt_id: str, page: str = "") -> Attempt:
    """Go on with the attempt on this page of this device; again is the same. Raises NoSuchAttempt, AttemptClosed."""
    attempt = get_attempt(attempt_id, actor.id, lock=True)
    if find_submission(attempt.id) is not None:
        raise AttemptClosed(_("这次考核已经交卷。"))
    name = device_name(actor, page)
    if attempt.device == name:
        return attempt
    was_elsewhere = not is_here(actor, attempt)
    attempt.device, attempt.hold, attempt.held_at = name, attempt.hold + 1, clock.now()
    session.flush()
    if was_elsewhere:
        audit.record(actor, "quizzes.attempt.taken_over", f"attempt:{attempt.id}", {"hold": attempt.hold})
    return attempt


def save_changes(actor: Actor, attempt_id: str, page: str, hold: int, changes: Sequence[Change], *, grace_ms: int) -> Kept:
    """Keep what counts of these. Nothing is refused as a whole but what is no answer at all. Raises NoSuchAttempt, Invalid."""
    attempt = get_attempt(attempt_id, actor.id, lock=True)
    if len(changes) > MOST_CHANGES or hold > attempt.hold:
        raise Invalid(_("答案的格式不对。"))
    shown = {s.question.id: s for s in shown_questions(attempt)}
    for x in changes:
        if x.question_id not in shown or (x.answer is not None and rules.answer_fault(shown[x.question_id], x.answer)):
            raise Invalid(_("有的答案格式不对，没有保存。"),
                          fields=[{"field": x.question_id[:40], "message": _("这不是这道题可能的答案。")}])
    closed, now = _closed(attempt, grace_ms), clock.now()
    is_held = hold == attempt.hold and device_name(actor, page) == attempt.device
    if closed:
        return Kept(attempt, is_held, refused=tuple(x.question_id for x in changes), closed=closed)
    is_taken = hold < attempt.hold or not (_is_free(attempt) or is_mine(actor, attempt))
    if is_taken and hold == attempt.hold and changes:
        _note_elsewhere(actor, attempt)
    counted = [x for x in sorted(changes, key=lambda x: x.seq) if _counts(attempt, hold, x, now, is_taken)]
    _apply(attempt, hold, counted)
    if changes and now >= attempt.expires_at:
        _note_late(attempt, page, hold, changes, counted, now)
    session.flush()
    late = tuple(x.question_id for x in changes if x not in counted and not _is_older(attempt, hold, x))
    return Kept(attempt, is_held, tuple(x.question_id for x in counted), late)


def _closed(attempt: Attempt, grace_ms: int) -> str:
    if find_submission(attempt.id) is not None:
        return HANDED_IN
    is_over = clock.now() >= attempt.expires_at + timedelta(milliseconds=grace_ms) or is_outrun(attempt)
    return OVER if is_over else ""


def _note_elsewhere(actor: Actor, attempt: Attempt) -> None:
    """No page of ours saves so: a line in the trail, one for each device that holds the attempt."""
    action, subject = "quizzes.answers.elsewhere", f"attempt:{attempt.id}"
    if not any(x.detail["hold"] == attempt.hold for x in audit.list_lines(subject=subject, action=action, limit=1)):
        audit.record(actor, action, subject, {"hold": attempt.hold})


def _counts(attempt: Attempt, hold: int, change: Change, now: datetime, is_taken: bool) -> bool:
    written_at = now - timedelta(milliseconds=max(0, change.ago_ms))
    if written_at >= attempt.expires_at:
        return False
    if is_taken and attempt.held_at is not None and written_at > attempt.held_at:
        return False  # somebody was already going on elsewhere
    return not _is_older(attempt, hold, change)


def _is_older(attempt: Attempt, hold: int, change: Change) -> bool:
    """Does a save of the same answer that was written later, or the very same one, stand already?"""
    return [hold, change.seq] <= attempt.stamps.get(change.question_id, [-1, 0])


def _apply(attempt: Attempt, hold: int, changes: Sequence[Change]) -> None:
    answers, stamps = dict(attempt.answers), dict(attempt.stamps)
    for x in changes:
        stamps[x.question_id] = [hold, x.seq]
        answers[x.question_id] = x.answer
    attempt.answers, attempt.stamps = {k: v for k, v in answers.items() if v is not None}, stamps


def _note_late(attempt: Attempt, page: str, hold: int, changes: Sequence[Change], counted: Sequence[Change],
               now: datetime) -> None:
    count = session.scalar(select(func.count()).select_from(LateSave).where(LateSave.attempt_id == attempt.id))
    if count >= MOST_LATE_SAVES:
        raise AttemptClosed(_("考核时间已到。"))
    now_ms = int(now.timestamp() * 1000)
    session.add(LateSave(
        attempt_id=attempt.id, device=page[:40], hold=hold, expired_at=attempt.expires_at, received_at=now,
        document=[[x.question_id, x.answer, x.seq, now_ms - max(0, x.ago_ms), x in counted] for x in changes]))


def list_late(attempt_id: str) -> list[LateSave]:
    """What came after the end and was written before it, first first."""
    return list(session.scalars(select(LateSave).where(LateSave.attempt_id == attempt_id).order_by(LateSave.id)))
