"""What became of a published course, for those who teach it: how many get how far, where they stop, who is stuck.

Everything is read from enrolments, the spans that count (Progress), and submissions; every number opens the list behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, Select, exists, func, or_, select

from guanxue import courses, quizzes
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.paging import Page
from guanxue.courses import RevisionLesson
from guanxue.learning import rules
from guanxue.learning.models import Carry, Completion, Enrolment, Progress

GROUPS = ("all", "begun", "finished", "quiet", "failing")
QUIET_FOR = timedelta(days=7)
FAILED_TIMES = 2
PER_PAGE = 50
MOST_WATCHERS = 5_000  # the newest; more would change no curve
STRETCHES = 40
SHORTEST_STRETCH_MS = 1_000


# ---- how far people are


@dataclass(frozen=True)
class Learner:
    """Somebody in the course: when they began and were last there, lessons done, whether they finished."""

    person_id: int
    enrolment_id: int
    enrolled_at: datetime
    studied_at: datetime | None
    done: int
    completed_at: datetime | None


def count_groups(course: courses.Course) -> dict[str, int]:
    """How many are in each group of GROUPS."""
    return {group: session.scalar(select(func.count()).select_from(_group(course, group).subquery())) for group in GROUPS}


def list_learners(course: courses.Course, group: str, page: int = 1, per_page: int = PER_PAGE) -> Page[Learner]:
    """Those of a group, last studied first. Raises KeyError for a group that is none."""
    query = _group(course, group)
    total = session.scalar(select(func.count()).select_from(query.subquery()))
    rows = session.execute(query.order_by(func.coalesce(Enrolment.studied_at, Enrolment.enrolled_at).desc(), Enrolment.id)
                           .limit(per_page).offset((page - 1) * per_page)).all()
    done = dict(session.execute(select(Progress.enrolment_id, func.count()).where(
        Progress.enrolment_id.in_([e.id for e, _at in rows]), Progress.is_complete).group_by(Progress.enrolment_id)).all())
    return Page([Learner(e.person_id, e.id, e.enrolled_at, e.studied_at, done.get(e.id, 0), at) for e, at in rows], total, page,
                per_page)


def _completed_at() -> ScalarSelect:
    """When the enrolment's course was completed, also under an account that was merged into this one."""
    carried = select(Carry.completion_id).where(Carry.to_enrolment_id == Enrolment.id, Carry.ended_at.is_(None))
    return (select(func.min(Completion.completed_at)).correlate(Enrolment)
            .where(or_(Completion.enrolment_id == Enrolment.id, Completion.id.in_(carried))).scalar_subquery())


def _group(course: courses.Course, group: str) -> Select:
    completed_at = _completed_at()
    begun = exists().where(Progress.enrolment_id == Enrolment.id, Progress.credited_ms > 0)
    return select(Enrolment, completed_at).where(Enrolment.course_id == course.id, Enrolment.left_at.is_(None), *{
        "all": (),
        "begun": (begun,),
        "finished": (completed_at.is_not(None),),
        "quiet": (begun, completed_at.is_(None), Enrolment.studied_at < clock.now() - QUIET_FOR),
        "failing": (completed_at.is_(None), Enrolment.id.in_(_failing(course) if group == "failing" else ())),
    }[group])


def _failing(course: courses.Course) -> list[int]:
    """Enrolments that handed the quiz in and failed FAILED_TIMES or more, and never passed."""
    failed: dict[int, int] = {}
    passed = set()
    mine = dict(session.execute(select(Enrolment.person_id, Enrolment.id).where(Enrolment.course_id == course.id)).all())
    for paper in courses.list_papers(course.id):
        is_corrected = bool(quizzes.list_regrades(paper.paper_id))
        for attempt, submission in quizzes.list_submitted(paper.paper_id):
            enrolment_id = mine.get(attempt.person_id)
            if enrolment_id is None or not attempt.subject.startswith(f"enrolment:{enrolment_id}/"):
                continue
            is_final = submission.is_passed or not (submission.short_count or is_corrected)  # by the machine, once for all
            now = submission if is_final else quizzes.standing_of(submission)
            if now.is_passed:
                passed.add(enrolment_id)
            elif is_final or now.is_decided:
                failed[enrolment_id] = failed.get(enrolment_id, 0) + 1
    return [i for i, times in failed.items() if times >= FAILED_TIMES and i not in passed]


# ---- where they stop


@dataclass(frozen=True)
class Stretch:
    """A part of a film: how many watched its middle, and how many stopped there and have not gone on."""

    from_ms: int
    to_ms: int
    watched: int
    stopped: int


@dataclass(frozen=True)
class Curve:
    """How far a film is watched. `begun`: people with any second that counts; `finished`: those who completed the lesson."""

    lesson: RevisionLesson
    begun: int
    finished: int
    stretches: tuple[Stretch, ...]

    @property
    def worst(self) -> Stretch | None:
        """Where most stop before the end; None where nobody does."""
        most = max(self.stretches[:-1], key=lambda s: s.stopped, default=None)
        return most if most and most.stopped else None


def list_curves(course: courses.Course) -> list[Curve]:
    """One for each film of the published revision; earlier revisions that show the same film count too."""
    if course.revision_id is None:
        return []
    return [_curve(x) for x in courses.lessons_of(course.revision_id) if x.kind == "video" and x.duration_ms]


def _curve(lesson: RevisionLesson) -> Curve:
    twins = select(RevisionLesson.id).where(RevisionLesson.asset_id == lesson.asset_id, RevisionLesson.slug == lesson.slug,
                                            RevisionLesson.duration_ms == lesson.duration_ms)
    rows = session.execute(
        select(Progress.spans, Progress.resume_ms, Progress.is_complete).join(Enrolment, Enrolment.id == Progress.enrolment_id)
        .where(Progress.revision_lesson_id.in_(twins), Progress.credited_ms > 0, Enrolment.left_at.is_(None))
        .order_by(Enrolment.studied_at.desc()).limit(MOST_WATCHERS)).all()
    watched = [(rules.unpack_spans(spans), None if done else resume) for spans, resume, done in rows]
    return Curve(lesson, len(rows), sum(bool(row.is_complete) for row in rows), stretches_of(watched, lesson.duration_ms))


def stretches_of(watched: Sequence[tuple[Sequence[tuple[int, int]], int | None]], duration_ms: int) -> tuple[Stretch, ...]:
    """At most STRETCHES equal parts of a film, none under a second, from (spans, where that person stopped or None) of each."""
    count = max(1, min(STRETCHES, duration_ms // SHORTEST_STRETCH_MS))
    edges = [duration_ms * n // count for n in range(count + 1)]
    seen, stopped = [0] * count, [0] * count
    for spans, stop_ms in watched:
        for n in range(count):
            middle = (edges[n] + edges[n + 1]) // 2
            seen[n] += any(begin <= middle < end for begin, end in spans)
        if stop_ms is not None:
            stopped[min(count - 1, stop_ms * count // duration_ms)] += 1
    return tuple(Stretch(edges[n], edges[n + 1], seen[n], stopped[n]) for n in range(count))


# ---- which questions separate


def list_items(course: courses.Course) -> list[quizzes.Item]:
    """The figures of the questions of the published revision's quiz; other courses that give out the same paper count too."""
    lessons = courses.lessons_of(course.revision_id) if course.revision_id else []
    paper_id = next((x.paper_id for x in lessons if x.paper_id), None)
    return quizzes.list_items(paper_id) if paper_id else []
