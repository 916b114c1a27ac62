"""Where every minute of a lesson went: what counted, what had counted before, what did not and for which reason.

Nothing is kept for this: the kept claims are judged once more, as they are for a credit, and each request is asked what
became of it. (docs/decisions/0002-evidence.md)
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from guanxue import policies
from guanxue.core import clock
from guanxue.courses import RevisionLesson
from guanxue.learning import evidence, rules
from guanxue.learning import sittings as offline
from guanxue.learning.aside import set_aside
from guanxue.learning.models import Enrolment
from guanxue.learning.queries import answered_t_ms
from guanxue.policies import Numbers

# Why something that was played does not count.
FAST, LATE, ABSENT, DAY, OFFLINE, CLASS, ASIDE = "fast", "late", "absent", "day", "offline", "class", "aside"
UNANSWERED = "unanswered"
TICKS_MS = 1_000  # players measure in ticks: what is less is no reason worth telling


@dataclass
class SittingTold:
    """One sitting before the lesson; milliseconds. `lost`: by reason what was played and does not count."""

    opened_at: datetime
    ref: str = ""  # as a case names it: "playback:12"
    new_ms: int = 0
    repeated_ms: int = 0
    is_offline: bool = False
    case: str = ""  # the code of the case that set it aside
    lost: Counter[str] = field(default_factory=Counter)

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """The reasons worth telling, the largest first."""
        return [(why, ms) for why, ms in self.lost.most_common() if ms >= TICKS_MS]


@dataclass(frozen=True)
class LessonTold:
    """A lesson's account. `spans` count, `gaps` are the parts that do not, both [from, to) in milliseconds of the lesson."""

    duration_ms: int
    credited_ms: int
    needed_ms: int
    spans: list[tuple[int, int]]
    gaps: list[tuple[int, int]]
    sittings: list[SittingTold]


def explain_lesson(enrolment: Enrolment, lesson: RevisionLesson) -> LessonTold:
    """The account of a film or a text that somebody studies; its sittings newest first."""
    numbers = policies.get_policy(enrolment.policy_id).numbers
    sittings: dict[int, SittingTold] = {}
    aside = set_aside([enrolment.person_id])

    def hear(judged: evidence.Judged) -> None:
        if judged.lesson_id == lesson.id:
            told = sittings.setdefault(judged.row.playback_id, SittingTold(
                clock.moment_of(judged.row.opened_ms), f"playback:{judged.row.playback_id}",
                is_offline=judged.row.ticket_id is not None,
                case=aside.get(judged.row.playback_id, "")))
            _add(told, judged, lesson.duration_ms or 0, numbers)

    derived = evidence.derive_spans(enrolment, tell=hear).get(lesson.id)
    duration, spans = lesson.duration_ms or 0, derived.spans if derived else []
    return LessonTold(duration, rules.covered_ms(spans), rules.needed_ms(duration, numbers.share_watched_permille), spans,
                      rules.gaps(spans, 0, duration), sorted(sittings.values(), key=lambda s: s.opened_at, reverse=True))


def _add(told: SittingTold, judged: evidence.Judged, duration_ms: int, numbers: Numbers) -> None:
    """What became of one request: each millisecond played counts, had counted before, or is lost for one reason."""
    allowed = rules.covered_ms((g.from_ms, g.to_ms) for g in judged.allowed)
    granted = rules.covered_ms((g.from_ms, g.to_ms) for g in judged.grants)
    new = rules.covered_ms(rules.merge_spans(judged.spans, [(g.from_ms, g.to_ms) for g in judged.grants]))
    new -= rules.covered_ms(judged.spans)
    told.new_ms += new
    told.repeated_ms += granted - new
    told.lost[DAY] += allowed - granted
    counted, last = {g.t_ms: g.to_ms - g.from_ms for g in judged.allowed}, judged.before.acked_t_ms
    for beat in judged.beats:
        if not last < beat.t_ms <= judged.after.acked_t_ms:
            continue  # heard before, or to come again
        length = max(0, min(beat.to_ms, duration_ms) - beat.from_ms)
        missing = length - min(length, counted.get(beat.t_ms, 0))
        if missing:
            told.lost[_reason(judged, beat, last, numbers)] += missing
        last = beat.t_ms


def _reason(judged: evidence.Judged, beat: rules.Beat, last_t_ms: int, numbers: Numbers) -> str:
    row = judged.row
    if judged.is_aside:
        return ASIDE
    if row.ticket_id is not None:
        answered = answered_t_ms(row.playback_id, row.seq)
        return UNANSWERED if beat in offline.unanswered(judged.beats, offline.checked_ms(numbers), answered) else OFFLINE
    at = row.opened_ms + beat.t_ms
    if rules.free_ms(row.opened_ms + last_t_ms, at, judged.shut) < beat.t_ms - last_t_ms:
        return ABSENT
    if rules.free_ms(row.opened_ms + last_t_ms, at, judged.taught) < beat.t_ms - last_t_ms:
        return CLASS
    is_late = rules.is_any_late(row.opened_ms, last_t_ms, [beat], row.received_ms, evidence.terms_of(0, numbers))
    return LATE if is_late else FAST
