"""Changes to a learner's study: joining, playbacks, beats, completion. Exams: attempts.py."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, courses, policies, quizzes
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import beats as hot
from guanxue.learning import carried, evidence, exams, presence, rules
from guanxue.learning.aside import set_aside
from guanxue.learning.derivation import derive_completion
from guanxue.learning.errors import CannotEnrol, CannotTestOut, NotEnrolled
from guanxue.learning.events import CourseCompleted, Enrolled, LessonCompleted
from guanxue.learning.models import Carry, Completion, Enrolment, Playback, Progress
from guanxue.learning.queries import (
    completion_of,
    course_progress,
    find_enrolment,
    get_enrolment,
    get_playback,
    progress_rows,
)


def enrol(actor: Actor, course: courses.Course) -> Enrolment:
    """Join the course's present revision under its policy; again is the same, also after leaving.

    Raises CannotEnrol, and IdentityNeeded where the policy wants to know first who it is.
    """
    actor.must_be_person()
    if course.revision_id is None:
        raise CannotEnrol(_("这门课还在筹备，暂时不能报名。可以点“我想学”。"))
    enrolment = find_enrolment(actor.id, course.id)
    if (enrolment is None or enrolment.left_at is not None) and (why := courses.why_closed(course)) is not None:
        raise CannotEnrol(why)
    if enrolment is None:
        revision = courses.get_revision(course.revision_id)
        accounts.must_be_known(actor.id, courses.policy_for(revision).numbers, "enrol")
        enrolment = Enrolment(person_id=actor.id, course_id=course.id, revision_id=revision.id,
                              policy_id=courses.policy_for(revision).id, enrolled_at=clock.now())
        try:
            with session.begin_nested():
                session.add(enrolment)
        except IntegrityError:  # the same person pressed twice
            return find_enrolment(actor.id, course.id)
    elif enrolment.left_at is None:
        return enrolment
    else:
        _come_back(enrolment, course)
        accounts.must_be_known(actor.id, policies.get_policy(enrolment.policy_id).numbers, "enrol")
    audit.record(actor, "learning.enrolment.began", f"course:{course.id}", {"revision": enrolment.revision_id})
    session.flush()
    events.emit(Enrolled(enrolment.id, actor.id, course.id))
    return enrolment


def _come_back(enrolment: Enrolment, course: courses.Course) -> None:
    enrolment.left_at = None
    if enrolment.revision_id == course.revision_id or completion_of(enrolment) is not None:
        return
    if not (evidence.has_beats(enrolment.id) or enrolment.is_joined or count_all_attempts(enrolment)):
        revision = courses.get_revision(course.revision_id)  # nothing earned yet: begin with what is taught today
        enrolment.revision_id, enrolment.policy_id = revision.id, courses.policy_for(revision).id
        enrolment.enrolled_at = clock.now()  # they begin anew, under the rules of today


def count_all_attempts(enrolment: Enrolment) -> int:
    """How often a quiz was begun in it, in whatever revision. What was passed, or waits for a marker, counts there alone."""
    lessons = [x for pinned in carried.pinned_ids(enrolment) for x in courses.lessons_of(pinned) if x.kind == "quiz"]
    return sum(len(quizzes.list_attempts(enrolment.person_id, exams.attempt_subject(enrolment, x))) for x in lessons)


def leave(actor: Actor, course: courses.Course) -> None:
    """Leave; what was earned stays. Its open playback ends. Again is the same."""
    enrolment = find_enrolment(actor.id, course.id)
    if enrolment is None or enrolment.left_at is not None:
        return
    evidence.end_playbacks(actor.id, enrolment_id=enrolment.id)
    enrolment.left_at = clock.now()
    audit.record(actor, "learning.enrolment.left", f"course:{course.id}")
    session.flush()


# ---- watching


def record_beats(actor: Actor, code: str, seq: int, nonce: str, beats: list[rules.Beat]) -> evidence.Answer:
    """Apply one request of the player. Raises NoSuchPlayback, NotEnrolled and the conflicts of the protocol."""
    answer, standing, is_newly_complete = hot.record_beats(actor, code, seq, nonce, beats)
    if standing.pinned_id != standing.played_id:  # played before they went on in a mended revision: it counts there
        enrolment = evidence.lock_enrolment(standing.enrolment_id)
        evidence.rebuild_progress(enrolment)
        complete_course(enrolment)
        return answer
    if not is_newly_complete or answer.challenge is not None:  # while a check waits nothing completes
        return answer
    enrolment, lesson = evidence.lock_enrolment(standing.enrolment_id), courses.get_revision_lesson(standing.revision_lesson_id)
    progress = session.get(Progress, (enrolment.id, lesson.id), populate_existing=True)
    _complete_lesson(enrolment, lesson, progress)
    return replace(answer, is_complete=True)


def close_playback(actor: Actor, code: str) -> evidence.Answer:
    """End the playback now; again is the same."""
    return evidence.close_playback(get_playback(actor, code, lock=True))


def elapsed_ms(playback: Playback) -> int:
    """How long ago it was opened."""
    return clock.now_ms() - playback.opened_ms


def beat_every_s(enrolment: Enrolment) -> int:
    """How often its player should report."""
    return policies.get_policy(enrolment.policy_id).numbers.beat_every_s


# ---- completion


def complete_lessons(enrolment: Enrolment) -> None:
    """Complete the lessons of which enough counts and that waited for presence to be shown; again is the same."""
    rows, numbers = progress_rows(enrolment.id), policies.get_policy(enrolment.policy_id).numbers
    for lesson in courses.lessons_of(enrolment.revision_id):
        row = rows.get(lesson.id)
        if row is not None and not row.is_complete and evidence.counts_as_complete(lesson, row.credited_ms, numbers):
            _complete_lesson(enrolment, lesson, row)


def _complete_lesson(enrolment: Enrolment, lesson: RevisionLesson, progress: Progress) -> None:
    progress.is_complete = True
    session.flush()
    events.emit(LessonCompleted(enrolment.person_id, lesson.id, enrolment.id))
    complete_course(enrolment)


def complete_joined(actor: Actor, enrolment_id: int) -> None:
    """Complete a course that two merged accounts studied to its end together; again is the same. Raises NotEnrolled.

    A merge itself completes nothing, so that it can be undone; this is the person's own step after it.
    """
    enrolment = evidence.lock_enrolment(enrolment_id)
    if enrolment is None or enrolment.person_id != actor.id or enrolment.left_at is not None:
        raise NotEnrolled(_("没有这条报名记录。"))
    complete_course(enrolment)


def complete_course(enrolment: Enrolment, spared: exams.Spared | None = None) -> None:
    """Write the completion where every lesson is complete (or `spared`) and there is none yet; what was derived must say the
    same. Spared lessons are worth nothing.
    """
    if completion_of(enrolment) is not None or accounts.get_person(enrolment.person_id).merged_into_id is not None:
        return
    progress = course_progress(enrolment)
    without = {x.id for x in spared.lessons} if spared else set()
    if any(not x.is_complete and x.lesson.id not in without for x in progress.lessons) or not progress.lessons:
        return
    content_ms = courses.content_ms(x.lesson for x in progress.lessons if x.lesson.id not in without)
    if content_ms is None or presence.is_asking(enrolment):
        return
    named = evidence.named(enrolment) | ({"tested_out": sorted(without)} if spared else {})
    digest = evidence.digest_of(named)
    completion = Completion(enrolment_id=enrolment.id, person_id=enrolment.person_id, course_id=enrolment.course_id,
                            revision_id=enrolment.revision_id, policy_id=enrolment.policy_id, content_ms=content_ms,
                            evidence=named, evidence_digest=digest, completed_at=clock.now())
    derived = derive_completion(completion)
    if derived.content_ms != content_ms:  # the cache says complete, the evidence does not: no credit may rest on that
        why = [str(f) for f in derived.faults]
        audit.record(SYSTEM, "learning.completion.refused", f"enrolment:{enrolment.id}", {"why": why})
        return
    try:
        with session.begin_nested():
            session.add(completion)
    except IntegrityError:  # a parallel finish was first; its completion is the one
        return
    actor = Actor("person", enrolment.person_id)
    audit.record(actor, "learning.course.completed", f"enrolment:{enrolment.id}", {"content_ms": content_ms})
    events.emit(CourseCompleted(completion.id, enrolment.id, enrolment.person_id, enrolment.course_id,
                                enrolment.revision_id, enrolment.policy_id, content_ms, digest))


def find_spared(enrolment: Enrolment) -> exams.Spared | None:
    """What the person's first try at the quiz spares them, where it was good enough and the course is not complete."""
    progress = course_progress(enrolment)
    if progress.completion is not None:
        return None
    return exams.find_spared(enrolment, [x.lesson for x in progress.lessons if not x.is_complete])


def test_out(actor: Actor, course: courses.Course) -> Completion:
    """Complete the course without the lessons that the first try at its quiz spares; again is the same. The person's own step:
    it is final, and hours count what was studied alone. Raises NotEnrolled, CannotTestOut.
    """
    found = find_enrolment(actor.id, course.id)
    if found is None or found.left_at is not None:
        raise NotEnrolled(_("请先报名这门课。"))
    enrolment = evidence.lock_enrolment(found.id)
    there = completion_of(enrolment)
    if there is not None:
        return there
    spared = find_spared(enrolment)
    if spared is None:
        raise CannotTestOut(_("这门课现在不能免修：要在第一次考核就考到规定的分数。"))
    evidence.end_playbacks(actor.id, enrolment_id=enrolment.id)
    complete_course(enrolment, spared)
    done = completion_of(enrolment)
    if done is None:
        raise CannotTestOut(_("现在还不能结业，请稍后再试。"))
    audit.record(actor, "learning.course.tested_out", f"enrolment:{enrolment.id}",
                 {"attempt": spared.attempt_id, "score": spared.score, "lessons": [x.id for x in spared.lessons]})
    return done


def complete_quiz(enrolment: Enrolment, lesson: RevisionLesson) -> None:
    """The lesson's quiz was passed: the lesson is complete, and perhaps the course; again is the same. Lock the enrolment."""
    if lesson.revision_id != enrolment.revision_id:  # they went on in a mended revision, where the same paper counts as well
        evidence.rebuild_progress(enrolment)
        complete_course(enrolment)
        return
    progress = evidence.progress_row(enrolment, lesson)
    if progress.is_complete:
        complete_course(enrolment)
    else:
        progress.credited_ms = lesson.duration_ms
        _complete_lesson(enrolment, lesson, progress)


def settle_courses(event: courses.LessonReady) -> None:
    """A lesson's length became known: whoever had everything else done may be complete now."""
    rows = session.scalars(
        select(Enrolment).join(Progress, Progress.enrolment_id == Enrolment.id)
        .where(Enrolment.revision_id == event.revision_id, Progress.is_complete).distinct())
    for enrolment in rows.all():
        complete_course(enrolment)


# ---- what a case set aside


def may_set_aside(playback_id: int) -> bool:
    """Would setting a sitting aside still change anything: is its course not complete yet?"""
    return any(completion_of(x) is None for x in _counting(playback_id))


def settle_set_aside(playback_id: int) -> None:
    """A case set a sitting aside, which ends it, or a later one lifted that: count anew where nothing is complete yet; again is
    the same.
    """
    _end_aside(playback_id)
    for enrolment in _counting(playback_id):
        locked = evidence.lock_enrolment(enrolment.id)
        if completion_of(locked) is None:
            evidence.rebuild_progress(locked)
            complete_course(locked)


def _end_aside(playback_id: int) -> None:
    """Nothing that was not heard yet is taken of it: whoever goes on begins another, which counts."""
    playback = session.get(Playback, playback_id, with_for_update=True, populate_existing=True)
    if playback is not None and playback_id in set_aside([playback.person_id]):
        playback.ended_ms = playback.opened_ms + playback.acked_t_ms


def _counting(playback_id: int) -> list[Enrolment]:
    """The enrolment of a playback, and those to which its evidence is carried over now."""
    playback = session.get(Playback, playback_id)
    if playback is None:
        return []
    onward = session.scalars(select(Carry.to_enrolment_id).where(
        Carry.from_enrolment_id == playback.enrolment_id, Carry.ended_at.is_(None)))
    return [get_enrolment(one) for one in sorted({playback.enrolment_id, *onward})]
