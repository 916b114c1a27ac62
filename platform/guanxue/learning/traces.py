"""What a known cheat leaves in the audit trail although it earns nothing: an honest player never does any of these.

Each gives what an error remembers after its rollback, or writes a line at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import select

from guanxue import audit, quizzes
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.learning.models import Playback
from guanxue.learning.rules import Beat

AHEAD_MS = 60_000  # a clock that drifts is ahead by seconds
# Nobody reads, decides and taps in less than a second, question after question, however well they know the paper.
BLINK_MS, BLINK_QUESTIONS = 1_000, 5


def not_enrolled(actor: Actor, lesson_id: int) -> Callable[[], None]:
    """Somebody wanted to study what they are not enrolled in, past the pages that say so."""
    return lambda: audit.record(actor, "learning.playback.refused", f"lesson:{lesson_id}")


def superseded(person_id: int, playback_id: int, seq: int) -> Callable[[], None]:
    """A device went on after another had taken over."""
    return lambda: audit.record(Actor("person", person_id), "learning.beat.superseded", f"playback:{playback_id}", {"seq": seq})


def foreign(actor: Actor, code: str) -> list[Callable[[], None]]:
    """Somebody sent beats for another's playback; nothing where nobody has one of that code."""
    playback_id = session.scalar(select(Playback.id).where(Playback.code == code))
    if playback_id is None:
        return []
    return [lambda: audit.record(actor, "learning.beat.foreign", f"playback:{playback_id}")]


def is_ahead(beats: Sequence[Beat], elapsed_ms: int) -> bool:
    """Does one of them claim a moment that is a minute away yet?"""
    return any(b.t_ms > elapsed_ms + AHEAD_MS for b in beats)


def ahead(actor: Actor, playback_id: int, beats: Sequence[Beat], elapsed_ms: int) -> None:
    """A clock that runs faster than the server's: what is ahead is not counted."""
    furthest = max(b.t_ms for b in beats)
    audit.record(actor, "learning.beat.ahead", f"playback:{playback_id}", {"t_ms": furthest, "elapsed_ms": elapsed_ms})


def replayed(actor: Actor, playback_id: int, seq: int, last_seq: int) -> None:
    """A request that was answered long ago came again; after a lost answer a player sends the newest one."""
    audit.record(actor, "learning.beat.replayed", f"playback:{playback_id}", {"seq": seq, "last_seq": last_seq})


def in_a_blink(attempt: quizzes.Attempt, submission: quizzes.Submission) -> None:
    """An exam was handed in quicker than people read and tap. Its grade stays: whether it was a person, people say."""
    count = quizzes.get_paper(attempt.paper_id).question_count
    lasted_ms = round((submission.submitted_at - attempt.started_at).total_seconds() * 1000)
    if count >= BLINK_QUESTIONS and lasted_ms < BLINK_MS * count:
        audit.record(Actor("person", attempt.person_id), "learning.attempt.in_a_blink", f"attempt:{attempt.id}",
                     {"questions": count, "lasted_ms": lasted_ms, "score": submission.score})
