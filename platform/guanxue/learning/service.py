"""Changes to a learner's study: joining, playbacks, beats, quizzes, completion."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from guanxue import accounts, audit, courses, jobs, policies, quizzes
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import beats as hot
from guanxue.learning import carried, evidence, exams, presence, resting, rules, traces
from guanxue.learning.derivation import derive_completion
from guanxue.learning.errors import CannotEnrol, CannotTestOut, LessonNotReady, NotEnrolled, PassedAlready
from guanxue.learning.events import CourseCompleted, Enrolled, LessonCompleted, StudyBegan
from guanxue.learning.models import Carry, Completion, Enrolment, Playback, Progress
from guanxue.learning.queries import (
    completion_of,
    course_progress,
    enrolment_for_lesson,
    find_enrolment,
    get_enrolment,
    get_playback,
    lesson_progress,
    progress_rows,
)

HAND_IN = "learning.hand_in"


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
    return sum(len(quizzes.list_attempts(enrolment.person_id, attempt_subject(enrolment, x))) for x in lessons)


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


# ---- quizzes


def attempt_subject(enrolment: Enrolment, lesson: RevisionLesson) -> str:
    """How an attempt names what it is for."""
    return f"enrolment:{enrolment.id}/lesson:{lesson.id}"


def limits_of(enrolment: Enrolment, lesson: RevisionLesson) -> quizzes.Limits:
    """How often the lesson's quiz may be tried."""
    numbers = policies.get_policy(enrolment.policy_id).numbers
    return quizzes.Limits(numbers.quiz_attempts, numbers.quiz_cooldown_ms, attempts_elsewhere(enrolment, lesson))


def attempts_elsewhere(enrolment: Enrolment, lesson: RevisionLesson) -> tuple[tuple[int, str], ...]:
    """(person, subject) of further attempts that count against the same limit: under merged accounts, and those at the same
    paper in a revision that was stopped.
    """
    if not (enrolment.is_joined or carried.has_moved(enrolment)):
        return ()
    sources = carried.sources_of(enrolment)
    here = (enrolment.person_id, attempt_subject(enrolment, lesson))
    counts_for = sources[0].lesson_for(lesson.id) or lesson.id
    return tuple(x for source in sources for x in source.subjects(counts_for) if x != here)


def find_open_attempt(enrolment: Enrolment, lesson: RevisionLesson) -> quizzes.Attempt | None:
    """The attempt that runs now, also one that was begun before they went on in a mended revision."""
    running = (quizzes.find_open_attempt(who, subject) for who, subject in _subjects(enrolment, lesson)
               if who == enrolment.person_id)
    return next((x for x in running if x is not None), None)


def _subjects(enrolment: Enrolment, lesson: RevisionLesson) -> list[tuple[int, str]]:
    """(person, subject) of every attempt that counts for the lesson."""
    return [(enrolment.person_id, attempt_subject(enrolment, lesson)), *attempts_elsewhere(enrolment, lesson)]


def start_attempt(actor: Actor, lesson: RevisionLesson) -> quizzes.Attempt:
    """The open attempt at the lesson's quiz, or a new one, from now on held by this device. What was answered in one before
    and not handed in is handed in first, also where that leaves no further try to begin (then the error remembers it).

    Raises NotEnrolled, LessonNotReady, PassedAlready, AwaitsMarks, NoAttemptsLeft.
    """
    if lesson.paper_id is None:
        raise LessonNotReady(_("这节课没有考核。"))
    courses.must_not_rest(lesson)
    enrolment = evidence.lock_enrolment(enrolment_for_lesson(actor, lesson).id)
    running = find_open_attempt(enrolment, lesson)
    if running is None:
        _must_not_have_passed(enrolment, lesson)
        accounts.must_be_known(actor.id, policies.get_policy(enrolment.policy_id).numbers, "exam")
        running = _begin_attempt(actor, enrolment, lesson)
    elif not quizzes.is_mine(actor, running):
        running = quizzes.take_hold(actor, running.id)
    events.emit(StudyBegan(actor, f"attempt:{running.id}"))
    return running


def _must_not_have_passed(enrolment: Enrolment, lesson: RevisionLesson) -> None:
    if lesson_progress(enrolment, lesson).is_complete:  # a further try would only gather keys, draw by draw
        raise PassedAlready(_("这次考核你已经通过了，不用再考。"))


def _begin_attempt(actor: Actor, enrolment: Enrolment, lesson: RevisionLesson) -> quizzes.Attempt:
    left = [attempt.id for who, subject in _subjects(enrolment, lesson) if who == actor.id
            for attempt, submission in quizzes.list_attempts(who, subject) if submission is None and attempt.answers]
    for attempt_id in left:
        hand_in_left(attempt_id)
    try:
        _must_not_have_passed(enrolment, lesson)
        begun = quizzes.open_attempt(actor, lesson.paper_id, attempt_subject(enrolment, lesson), limits_of(enrolment, lesson),
                                     device=quizzes.device_name(actor), extra_permille=exams.extra_permille(enrolment))
    except Problem as problem:
        problem.remember = (*problem.remember, *(partial(hand_in_left, attempt_id) for attempt_id in left))
        raise
    jobs.enqueue(HAND_IN, {"attempt_id": begun.id}, key=begun.id, run_at=final_at(begun, enrolment))
    return begun


def find_attempt_lesson(actor: Actor, attempt_id: str) -> tuple[quizzes.Attempt, Enrolment, RevisionLesson]:
    """The actor's attempt with its enrolment and lesson. Raises NoSuchAttempt, NotEnrolled after leaving."""
    attempt = quizzes.get_attempt(attempt_id, actor.id)
    enrolment, lesson = lesson_of(attempt)
    if enrolment.left_at is not None:
        raise NotEnrolled(_("你已退出这门课。"))
    return attempt, enrolment, lesson


def _give_rest_back(attempt: quizzes.Attempt, enrolment: Enrolment, lesson: RevisionLesson) -> None:
    """Where the attempt's time is over and its lesson rested meanwhile, or does still: that time was not theirs."""
    if attempt.expires_at <= clock.now():
        resting.give_rest_back(attempt, enrolment, lesson)


def save_answers(actor: Actor, attempt_id: str, answers: dict) -> quizzes.Attempt:
    """Keep answers of the open attempt. Raises TakenOver where another device goes on with it, and what quizzes raises."""
    attempt, enrolment, lesson = find_attempt_lesson(actor, attempt_id)
    _give_rest_back(attempt, enrolment, lesson)
    if quizzes.find_submission(attempt.id) is None:
        quizzes.claim(actor, attempt)
    return quizzes.save_answers(actor, attempt_id, answers)


def _must_hold(actor: Actor, attempt: quizzes.Attempt, hold: int | None = None) -> None:
    if quizzes.find_submission(attempt.id) is None:
        quizzes.must_hold(actor, attempt, hold)


def take_hold(actor: Actor, attempt_id: str, page: str) -> quizzes.Attempt:
    """Go on with the attempt on this page of this device. Raises what quizzes raises."""
    find_attempt_lesson(actor, attempt_id)
    return quizzes.take_hold(actor, attempt_id, page)


def save_changes(actor: Actor, attempt_id: str, page: str, hold: int, changes: list[quizzes.Change]) -> quizzes.Kept:
    """Keep what counts of a page's save, also after a lost line. Raises NoSuchAttempt, Invalid."""
    attempt, enrolment, lesson = find_attempt_lesson(actor, attempt_id)
    _give_rest_back(attempt, enrolment, lesson)
    return quizzes.save_changes(actor, attempt_id, page, hold, changes, grace_ms=exams.grace_ms(enrolment))


def extend_attempt(actor: Actor, attempt_id: str) -> quizzes.Attempt:
    """More time for the attempt; no reason is asked. Raises what quizzes raises."""
    attempt, enrolment, lesson = find_attempt_lesson(actor, attempt_id)
    _give_rest_back(attempt, enrolment, lesson)
    evidence.lock_enrolment(enrolment.id)  # a new attempt begins under the same lock
    return quizzes.extend_attempt(actor, attempt_id)


def save_late(actor: Actor, attempt_id: str, answers: dict, hold: int | None = None) -> quizzes.Attempt:
    """Keep a form's answers; one that comes after the end takes the time it could have asked for, so nothing written is lost.

    Where another page or device went on with the attempt since (`hold`), what is answered there stays, what is not is kept,
    and the attempt that is given back is held by that other one. Raises what quizzes raises.
    """
    attempt, enrolment, lesson = find_attempt_lesson(actor, attempt_id)
    _give_rest_back(attempt, enrolment, lesson)
    if attempt.expires_at <= clock.now() and quizzes.more_time(attempt).is_possible:
        extend_attempt(actor, attempt_id)
    if holds(actor, attempt, hold):
        quizzes.claim(actor, attempt)
    else:
        answers = {name: answer for name, answer in answers.items() if name not in attempt.answers}
    return quizzes.save_answers(actor, attempt_id, answers)


def holds(actor: Actor, attempt: quizzes.Attempt, hold: int | None = None) -> bool:
    """Does nobody else go on with the attempt?"""
    try:
        _must_hold(actor, attempt, hold)
    except quizzes.TakenOver:
        return False
    return True


def submit_attempt(actor: Actor, attempt_id: str) -> tuple[quizzes.Result, list[dict]]:
    """Hand in: (result, feedback), as outcome_of() tells it. A second time is the first answer.

    Raises TakenOver where another device goes on with it.
    """
    attempt, enrolment, lesson = find_attempt_lesson(actor, attempt_id)
    _must_hold(actor, attempt)
    enrolment = evidence.lock_enrolment(enrolment.id)
    is_new = quizzes.find_submission(attempt.id) is None
    submission = _hand_in(attempt, enrolment, lesson)
    if is_new:
        traces.in_a_blink(attempt, submission)
    enrolment.studied_at = clock.now()
    session.flush()
    return outcome_of(attempt, submission, enrolment)


def _hand_in(attempt: quizzes.Attempt, enrolment: Enrolment, lesson: RevisionLesson) -> quizzes.Submission:
    pass_mark = courses.get_revision(lesson.revision_id).pass_mark
    _attempt, submission = quizzes.submit_attempt(Actor("person", attempt.person_id), attempt.id, pass_mark=pass_mark)
    if quizzes.is_passed(submission, pass_mark):
        complete_quiz(enrolment, lesson)
    return submission


def final_at(attempt: quizzes.Attempt, enrolment: Enrolment) -> datetime:
    """From when on nothing can be added to the attempt: no more time can be asked for, and the grace of a lost line is over."""
    more = quizzes.more_time(attempt)
    return attempt.expires_at + max(more.each if more.left else timedelta(), timedelta(milliseconds=exams.grace_ms(enrolment)))


def hand_in_over(attempt_id: str) -> None:
    """Hand in what was answered in an attempt that is final; before that, come again then. Nothing for who left or was merged.
    Safe to repeat.
    """
    attempt = quizzes.find_attempt(attempt_id)
    if attempt is None or quizzes.find_submission(attempt_id) is not None:
        return
    enrolment, lesson = lesson_of(attempt)
    person = accounts.get_person(enrolment.person_id)
    if enrolment.left_at is not None or person.merged_into_id is not None or person.erased_at is not None:
        return
    enrolment = evidence.lock_enrolment(enrolment.id)
    _give_rest_back(attempt, enrolment, lesson)
    again_at = final_at(attempt, enrolment)
    if again_at > clock.now():
        jobs.enqueue(HAND_IN, {"attempt_id": attempt_id}, key=attempt_id, run_at=again_at)
    elif attempt.answers:
        hand_in_left(attempt_id)


def hand_in_left(attempt_id: str) -> None:
    """Hand in what was answered in an attempt that its learner does not go on with, as if they had; again is the same."""
    attempt = quizzes.find_attempt(attempt_id)
    enrolment, lesson = lesson_of(attempt)
    enrolment = evidence.lock_enrolment(enrolment.id)  # whoever hands in at the same moment waits for it
    if quizzes.find_submission(attempt_id) is not None:
        return
    submission = _hand_in(attempt, enrolment, lesson)
    audit.record(SYSTEM, "learning.attempt.handed_in", f"attempt:{attempt_id}", {"answers": len(submission.answers)})


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


def lesson_of(attempt: quizzes.Attempt) -> tuple[Enrolment, RevisionLesson]:
    """The enrolment and the lesson that the attempt is for."""
    enrolment_part, _slash, lesson_part = attempt.subject.partition("/")
    return (get_enrolment(int(enrolment_part.partition(":")[2])),
            courses.get_revision_lesson(int(lesson_part.partition(":")[2])))


def outcome_of(attempt: quizzes.Attempt, submission, enrolment: Enrolment) -> tuple[quizzes.Result, list[dict]]:
    """What the learner is told about a handed-in attempt.

    Right answers are told after a pass, or after the last try for what was answered; of a strict exam after a pass alone,
    and before it not even question by question, or each try would tell the next one the key. While the person sits the same
    paper, here or in another course, they are not told.
    """
    lesson = courses.get_revision_lesson(int(attempt.subject.rpartition(":")[2]))
    result = quizzes.result_of(attempt, submission, limits_of(enrolment, lesson))
    if exams.is_strict(enrolment, lesson) and not result.passed:
        return result, []
    is_over = ((result.passed or (result.attempts_left == 0 and not result.waiting))
               and not quizzes.is_sat(attempt.paper_id, accounts.all_accounts_of(enrolment.person_id)))
    return result, quizzes.feedback(attempt, submission, explain=is_over, is_passed=result.passed)


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
    """A case set a sitting aside, or a later one lifted that: count anew where nothing is complete yet; again is the same."""
    for enrolment in _counting(playback_id):
        locked = evidence.lock_enrolment(enrolment.id)
        if completion_of(locked) is None:
            evidence.rebuild_progress(locked)
            complete_course(locked)


def _counting(playback_id: int) -> list[Enrolment]:
    """The enrolment of a playback, and those to which its evidence is carried over now."""
    playback = session.get(Playback, playback_id)
    if playback is None:
        return []
    onward = session.scalars(select(Carry.to_enrolment_id).where(
        Carry.from_enrolment_id == playback.enrolment_id, Carry.ended_at.is_(None)))
    return [get_enrolment(one) for one in sorted({playback.enrolment_id, *onward})]
