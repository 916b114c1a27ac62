"""Finding enrolments, playbacks, progress and completions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app
from sqlalchemy import and_, bindparam, func, select

from guanxue import courses, policies
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Prepared
from guanxue.courses import RevisionLesson
from guanxue.learning import carried, sittings, traces
from guanxue.learning.errors import NoSuchPlayback, NotEnrolled
from guanxue.learning.models import BeatRow, Carry, Completion, Enrolment, Playback, Progress


def find_enrolment(person_id: int, course_id: int) -> Enrolment | None:
    """The person's enrolment in the course, left or not."""
    return session.scalar(
        select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.course_id == course_id))


def get_enrolment(enrolment_id: int) -> Enrolment:
    """The enrolment with that row id. Raises NotEnrolled."""
    enrolment = session.get(Enrolment, enrolment_id)
    if enrolment is None:
        raise NotEnrolled(_("没有这条报名记录。"))
    return enrolment


def enrolment_for_lesson(actor: Actor, lesson: RevisionLesson) -> Enrolment:
    """The actor's present enrolment in the revision the lesson belongs to. Raises NotEnrolled."""
    enrolment = session.scalar(select(Enrolment).where(
        Enrolment.person_id == actor.id, Enrolment.revision_id == lesson.revision_id, Enrolment.left_at.is_(None)))
    if enrolment is None:
        raise NotEnrolled(_("请先报名这门课。"))
    return enrolment


def _of_playback(*columns):
    return (select(*columns, Enrolment.left_at).select_from(Playback).join(Enrolment, Enrolment.id == Playback.enrolment_id)
            .where(Playback.code == bindparam("code"), Playback.person_id == bindparam("person_id")))


_PLAYBACK, _IS_MINE = _of_playback(Playback), _of_playback()
_PLAYBACK_LOCKED = _PLAYBACK.with_for_update(of=Playback).execution_options(populate_existing=True)


def get_playback(actor: Actor, code: str, *, lock: bool = False) -> Playback:
    """The actor's own playback while they are in its course. Raises NoSuchPlayback, NotEnrolled."""
    return _must_be_mine(_PLAYBACK_LOCKED if lock else _PLAYBACK, actor, code)[0]


def check_playback(actor: Actor, code: str) -> None:
    """Raise NoSuchPlayback or NotEnrolled unless get_playback() would find it; loads nothing."""
    _must_be_mine(_IS_MINE, actor, code)


def _must_be_mine(query, actor: Actor, code: str):
    row = session.execute(query, {"code": code, "person_id": actor.id}).first()
    if row is None:
        raise NoSuchPlayback(_("没有这次播放。"), remember=traces.foreign(actor, code))
    if row.left_at is not None:
        raise NotEnrolled(_("你已退出这门课。"))
    return row


def find_completion(enrolment_id: int) -> Completion | None:
    """The enrolment's completion, its own or one carried over to it."""
    return completion_of(get_enrolment(enrolment_id))


def completion_of(enrolment: Enrolment) -> Completion | None:
    """The enrolment's completion, its own or one carried over to it."""
    own = session.scalar(select(Completion).where(Completion.enrolment_id == enrolment.id))
    return own or (carried.find_completion(enrolment) if enrolment.is_joined else None)


def get_completion(completion_id: int) -> Completion:
    """The completion with that row id; LookupError when it is gone."""
    completion = session.get(Completion, completion_id)
    if completion is None:
        raise LookupError(f"completion {completion_id} is missing")
    return completion


def list_completions(person_id: int | None = None) -> list[Completion]:
    """All completions, or those written under a person's account, oldest first."""
    query = select(Completion).order_by(Completion.id)
    return list(session.scalars(query.where(Completion.person_id == person_id) if person_id else query))


def list_counted(person_id: int) -> list[Completion]:
    """The completions that count for a person now: their own, and those of accounts that were merged into theirs."""
    return [*list_completions(person_id), *carried.list_completions(person_id)]


def progress_rows(enrolment_id: int) -> dict[int, Progress]:
    """Cached progress by revision lesson."""
    return {p.revision_lesson_id: p for p in session.scalars(select(Progress).where(Progress.enrolment_id == enrolment_id))}


@dataclass(frozen=True)
class LessonProgress:
    """How far a lesson is. Coverage is permille of its length, and `share_permille` is what completes it."""

    lesson: RevisionLesson
    credited_ms: int
    resume_ms: int
    is_complete: bool
    share_permille: int
    is_spared: bool = False  # the course was completed without it

    @property
    def coverage_permille(self) -> int:
        """Of the whole length; 0 while the length is unknown."""
        return self.credited_ms * 1000 // self.lesson.duration_ms if self.lesson.duration_ms else 0


@dataclass(frozen=True)
class CourseProgress:
    """How far an enrolment is; `lessons` in order."""

    enrolment: Enrolment
    lessons: list[LessonProgress]
    completion: Completion | None

    @property
    def done(self) -> int:
        """How many lessons are complete."""
        return sum(x.is_complete for x in self.lessons)

    @property
    def next_lesson(self) -> LessonProgress | None:
        """The first one that is neither complete nor spared."""
        return next((x for x in self.lessons if not x.is_complete and not x.is_spared), None)

    @property
    def permille(self) -> int:
        """Of the whole content: credited time of videos and texts, whole time of a passed quiz."""
        whole = sum(x.lesson.duration_ms or 0 for x in self.lessons)
        done = sum((x.lesson.duration_ms or 0) if x.is_complete else x.credited_ms for x in self.lessons)
        return 1000 if self.completion else min(999, done * 1000 // whole) if whole else 0


def course_progress(enrolment: Enrolment) -> CourseProgress:
    """How far the enrolment is, lesson by lesson."""
    rows = progress_rows(enrolment.id)
    share = policies.get_policy(enrolment.policy_id).numbers.share_watched_permille
    lessons = []
    completion = completion_of(enrolment)
    spared = completion.evidence.get("tested_out", ()) if completion is not None else ()
    for lesson in courses.lessons_of(enrolment.revision_id):
        row = rows.get(lesson.id)
        lessons.append(LessonProgress(lesson, row.credited_ms if row else 0, row.resume_ms if row else 0,
                                      bool(row and row.is_complete), share, lesson.id in spared))
    return CourseProgress(enrolment, lessons, completion)


def lesson_progress(enrolment: Enrolment, lesson: RevisionLesson) -> LessonProgress:
    """How far one lesson is."""
    row = session.get(Progress, (enrolment.id, lesson.id))
    share = policies.get_policy(enrolment.policy_id).numbers.share_watched_permille
    return LessonProgress(lesson, row.credited_ms if row else 0, row.resume_ms if row else 0,
                          bool(row and row.is_complete), share)


def list_my_courses(person_id: int, course_ids: Iterable[int] | None = None) -> list[CourseProgress]:
    """The person's courses (of some where given), last studied first."""
    query = (select(Enrolment).where(Enrolment.person_id == person_id, Enrolment.left_at.is_(None))
             .order_by(func.coalesce(Enrolment.studied_at, Enrolment.enrolled_at).desc(), Enrolment.id.desc()))
    if course_ids is not None:
        query = query.where(Enrolment.course_id.in_(list(course_ids)))
    return [course_progress(e) for e in session.scalars(query)]


MANY = 1000  # from there on nobody sees one more or less, and counting would take long: it is done once a minute
_IN = select(Enrolment.course_id).where(Enrolment.course_id == bindparam("course_id"), Enrolment.left_at.is_(None))
_COUNT_FEW = Prepared(select(func.count()).select_from(_IN.limit(MANY).subquery()))
_COUNT_IN = Prepared(select(func.count()).select_from(_IN.subquery()))
_STANDING = Prepared(
    select(Enrolment.id, Enrolment.revision_id, func.coalesce(Completion.id, Carry.completion_id), Progress.revision_lesson_id,
           Progress.credited_ms, Progress.is_complete)
    .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
    .outerjoin(Carry, and_(Carry.to_enrolment_id == Enrolment.id, Carry.ended_at.is_(None), Carry.completion_id.is_not(None)))
    .outerjoin(Progress, Progress.enrolment_id == Enrolment.id)
    .where(Enrolment.person_id == bindparam("person_id"), Enrolment.course_id == bindparam("course_id"),
           Enrolment.left_at.is_(None))
    .order_by(Progress.revision_lesson_id))


def count_in(course_id: int) -> int:
    """How many are in the course now; where they are many, as of a minute ago at most."""
    few = _COUNT_FEW.value(course_id=course_id)
    if few < MANY:
        return few
    kept, minute = current_app.extensions.setdefault("guanxue.many", {}), clock.now_ms() // 60_000
    told = kept.get(course_id)
    if told is None or told[0] != minute:
        told = kept[course_id] = minute, _COUNT_IN.value(course_id=course_id)
    return told[1]


def standing(person_id: int, course_id: int) -> tuple[tuple, ...]:
    """Where the person stands in the course, as values that are equal as long as nothing changed; () while not in it.

    The first two of each are the enrolment's and its revision's row ids.
    """
    return tuple(tuple(row) for row in _STANDING.rows(person_id=person_id, course_id=course_id))


def completed_course_ids(person_id: int) -> set[int]:
    """Courses the person has completed, also under an account that was merged into theirs."""
    theirs = (select(Completion.course_id).join(Carry, Carry.completion_id == Completion.id)
              .where(Carry.to_person_id == person_id, Carry.ended_at.is_(None)))
    return set(session.scalars(select(Completion.course_id).where(Completion.person_id == person_id).union_all(theirs)))


def last_sync(person_id: int, course_id: int, lesson_slug: str) -> dict:
    """Where somebody stands in a lesson: {lesson, lesson_title, credited_ms, last_sync_ms}, all None where unknown.

    `last_sync_ms` is when the server last heard from the player, epoch milliseconds. {} while they are not in the course.
    """
    enrolment = find_enrolment(person_id, course_id)
    lesson = next((x for x in courses.lessons_of(enrolment.revision_id) if x.slug == lesson_slug), None) if enrolment else None
    if lesson is None:
        return {}
    heard_ms = session.scalar(select(func.max(Playback.contact_ms)).where(
        Playback.enrolment_id == enrolment.id, Playback.revision_lesson_id == lesson.id))
    return {"lesson": lesson.slug, "lesson_title": lesson.title, "last_sync_ms": heard_ms,
            "credited_ms": lesson_progress(enrolment, lesson).credited_ms}


def answered_t_ms(playback_id: int, before_seq: int) -> int:
    """When "still there?" was answered last in a sitting without a network, in its rows before that one; 0: not yet."""
    found = 0
    for claims in session.scalars(select(BeatRow.claims).where(
            BeatRow.playback_id == playback_id, BeatRow.seq < before_seq).order_by(BeatRow.seq)):
        found = sittings.last_answer(sittings.read_row(claims).beats, found)
    return found
