"""What a class that meets asks about online study: the theory that is done, the time that counts, when somebody was playing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from guanxue import classes
from guanxue.core.db import session
from guanxue.learning import carried, rules
from guanxue.learning.models import Completion, Enrolment, Playback
from guanxue.learning.queries import completed_course_ids, course_progress

People = Sequence[int]


def _progress(people: People, course_id: int) -> list:
    rows = session.scalars(select(Enrolment).where(Enrolment.person_id.in_(people), Enrolment.course_id == course_id)
                           .order_by(Enrolment.id))
    return [course_progress(e) for e in rows]


def theory_permille(people: People, course_id: int) -> int:
    """Share of the course's lessons (its exam left out) that are done, by time; the whole where the course is complete."""
    found = 0
    for progress in _progress(people, course_id):
        theory = [x for x in progress.lessons if x.lesson.kind != "quiz"]
        whole = sum(x.lesson.duration_ms or 0 for x in theory)
        done = sum((x.lesson.duration_ms or 0) if x.is_complete else x.credited_ms for x in theory)
        is_done = progress.completion is not None or (theory and all(x.is_complete for x in theory))
        found = max(found, 1000 if is_done else min(999, done * 1000 // whole) if whole else 0)
    return found


def online_ms(people: People, course_id: int) -> int:
    """Time of the course that counts, milliseconds; of the account in which more does."""
    return max((sum((x.lesson.duration_ms or 0) if x.is_complete else x.credited_ms for x in p.lessons)
                for p in _progress(people, course_id)), default=0)


def completion_of(people: People, course_id: int) -> int | None:
    """The row id of a completion of the course under any of the accounts."""
    if not any(course_id in completed_course_ids(one) for one in people):
        return None
    return session.scalar(select(func.min(Completion.id)).where(Completion.person_id.in_(people),
        Completion.course_id == course_id))


def name_playing(people: People, from_ms: int, to_ms: int) -> list[list[int]]:
    """Playbacks that may have played in [from, to), each with its last request as it stands."""
    ended = func.coalesce(Playback.ended_ms, Playback.contact_ms + rules.SILENCE_ENDS_MS)
    rows = session.execute(select(Playback.id, Playback.last_seq).where(
        Playback.person_id.in_(people), Playback.last_seq > 0, Playback.opened_ms < to_ms, ended > from_ms)
        .order_by(Playback.id))
    return [[one, last] for one, last in rows]


def playing(names: list[list[int]]) -> Sequence[tuple[int, int]]:
    """When those playbacks were really playing; one that is gone says nothing, and its completion's own check tells of it."""
    there = set(session.scalars(select(Playback.id).where(Playback.id.in_([one for one, _last in names]))))
    return carried.busy_of([x for x in names if x[0] in there])


STUDY = classes.Study(theory_permille, online_ms, completion_of, name_playing, playing)
