"""Exams as learners sit them: begun, saved, held by one device, given more time, handed in, and what is told of them.

What is asked and graded is the quizzes room's; here it meets the enrolment, its policy and its completion.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from guanxue import accounts, audit, courses, jobs, policies, quizzes
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session
from guanxue.core.errors import Problem
from guanxue.core.i18n import lazy as _
from guanxue.courses import RevisionLesson
from guanxue.learning import carried, evidence, exams, resting, traces
from guanxue.learning.errors import LessonNotReady, NotEnrolled, PassedAlready
from guanxue.learning.events import StudyBegan
from guanxue.learning.models import Enrolment
from guanxue.learning.queries import enrolment_for_lesson, get_enrolment, lesson_progress
from guanxue.learning.service import complete_quiz


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
    here = (enrolment.person_id, exams.attempt_subject(enrolment, lesson))
    counts_for = sources[0].lesson_for(lesson.id) or lesson.id
    return tuple(x for source in sources for x in source.subjects(counts_for) if x != here)


def find_open_attempt(enrolment: Enrolment, lesson: RevisionLesson) -> quizzes.Attempt | None:
    """The attempt that runs now, also one that was begun before they went on in a mended revision."""
    running = (quizzes.find_open_attempt(who, subject) for who, subject in _subjects(enrolment, lesson)
               if who == enrolment.person_id)
    return next((x for x in running if x is not None), None)


def _subjects(enrolment: Enrolment, lesson: RevisionLesson) -> list[tuple[int, str]]:
    """(person, subject) of every attempt that counts for the lesson."""
    return [(enrolment.person_id, exams.attempt_subject(enrolment, lesson)), *attempts_elsewhere(enrolment, lesson)]


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
        begun = quizzes.open_attempt(
            actor, lesson.paper_id, exams.attempt_subject(enrolment, lesson), limits_of(enrolment, lesson),
            device=quizzes.device_name(actor), extra_permille=exams.extra_permille(enrolment))
    except Problem as problem:
        problem.remember = (*problem.remember, *(partial(hand_in_left, attempt_id) for attempt_id in left))
        raise
    jobs.enqueue(resting.HAND_IN, {"attempt_id": begun.id}, key=begun.id, run_at=final_at(begun))
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


def final_at(attempt: quizzes.Attempt) -> datetime:
    """From when on nothing can be added to the attempt: no rest gives time back, no more can be asked for, and the grace of a
    lost line is over.
    """
    enrolment, lesson = lesson_of(attempt)
    end, more = resting.end_of(attempt, enrolment, lesson), quizzes.more_time(attempt)
    if quizzes.is_outrun(attempt):
        return end
    return end + max(more.each if more.left else timedelta(), timedelta(milliseconds=exams.grace_ms(enrolment)))


def hand_in_over(attempt_id: str) -> None:
    """Hand in what was answered in an attempt that is final; before that, come again then. Nothing for who left or was merged,
    nor while it stands still: resting.py asks again. Safe to repeat.
    """
    attempt = quizzes.find_attempt(attempt_id)
    if attempt is None or quizzes.find_submission(attempt_id) is not None:
        return
    enrolment, lesson = lesson_of(attempt)
    person = accounts.get_person(enrolment.person_id)
    if enrolment.left_at is not None or person.merged_into_id is not None or person.erased_at is not None:
        return
    enrolment = evidence.lock_enrolment(enrolment.id)
    if resting.stands_still(attempt, enrolment, lesson):
        return
    again_at = final_at(attempt)
    if again_at > clock.now():
        jobs.enqueue(resting.HAND_IN, {"attempt_id": attempt_id}, key=attempt_id, run_at=again_at)
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


def lesson_of(attempt: quizzes.Attempt) -> tuple[Enrolment, RevisionLesson]:
    """The enrolment and the lesson that the attempt is for."""
    enrolment_part, _slash, lesson_part = attempt.subject.partition("/")
    return (get_enrolment(int(enrolment_part.partition(":")[2])),
            courses.get_revision_lesson(int(lesson_part.partition(":")[2])))


def outcome_of(attempt: quizzes.Attempt, submission, enrolment: Enrolment) -> tuple[quizzes.Result, list[dict]]:
    """What the learner is told about a handed-in attempt.

    Right answers are told after a pass, or after the last try for what was answered; of a strict exam after a pass alone,
    and before it not even question by question, or each try would tell the next one the key. While anything may be added to a
    try of the person's at the same paper, here or in another course, they are not told.
    """
    lesson = courses.get_revision_lesson(int(attempt.subject.rpartition(":")[2]))
    result = quizzes.result_of(attempt, submission, limits_of(enrolment, lesson))
    if exams.is_strict(enrolment, lesson) and not result.passed:
        return result, []
    is_over = (result.passed or (result.attempts_left == 0 and not result.waiting)) and not _is_sat(
        attempt.paper_id, enrolment.person_id)
    return result, quizzes.feedback(attempt, submission, explain=is_over, is_passed=result.passed)


def _is_sat(paper_id: int, person_id: int) -> bool:
    """May anything still be added to a try at the paper, under any of the person's accounts?"""
    return any(final_at(x) > clock.now() for x in quizzes.list_open_of(paper_id, accounts.all_accounts_of(person_id)))
