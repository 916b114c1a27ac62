"""Marks and corrected keys, where enrolments are needed: who waits for a marker, who passes now, what learners are told.

Whoever passes by a mark or a correction completes the lesson as after a pass at once (service.complete_quiz), once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from guanxue import accounts, courses, jobs, quizzes
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, NotFound
from guanxue.core.i18n import lazy as _
from guanxue.learning import carried, evidence, exams
from guanxue.learning.attempts import attempts_elsewhere, lesson_of
from guanxue.learning.models import Carry, Enrolment
from guanxue.learning.service import complete_course, complete_quiz

TOLD_FOR = timedelta(days=60)  # how long a learner's own page tells of a correction
MARKED_FOR = timedelta(days=14)  # how long it tells that something was marked
MOST_MARKED = 50


# ---- who passes now


def settle_marked(event: quizzes.SubmissionMarked) -> None:
    """The score of what was handed in is decided, or is more than it was."""
    settle_attempt(event.attempt_id)


def correct_later(event: quizzes.KeyCorrected) -> None:
    """A key was put right: a job gives everybody who passes now what passing gives."""
    jobs.enqueue("learning.settle_correction", {"paper_id": event.paper_id}, key=f"{event.paper_id}:{event.regrade_id}")


def settle_attempt(attempt_id: str) -> bool:
    """Complete the lesson of an attempt that passes now, and what follows from it; again is the same. Does it pass?

    Where its account was merged, it counts for the account that stayed, as everything else that was carried over.
    """
    submission = quizzes.get_submission(attempt_id)
    attempt = quizzes.get_attempt_of(submission)
    enrolment, lesson = lesson_of(attempt)
    if accounts.get_person(attempt.person_id).erased_at is not None:
        return False
    onward = session.scalars(select(Carry.to_enrolment_id).where(
        Carry.from_enrolment_id == enrolment.id, Carry.ended_at.is_(None))).all()
    locked = {i: evidence.lock_enrolment(i) for i in sorted({enrolment.id, *onward})}
    if not quizzes.is_passed(submission, courses.get_revision(lesson.revision_id).pass_mark):
        return False
    complete_quiz(locked[enrolment.id], lesson)
    for enrolment_id in onward:
        evidence.rebuild_progress(locked[enrolment_id])
        complete_course(locked[enrolment_id])
    return True


def list_unpassed(paper_id: int, after: str, most: int) -> tuple[list[str], str]:
    """(attempts on the paper that did not pass by the machine alone, the last one looked at), from `after` on.

    Also those that count in another revision as well, which may ask for more. The last one is "" when there are no more.
    """
    rows = quizzes.list_submitted(paper_id, after, most)
    elsewhere = carried.list_elsewhere({_enrolment_id(a) for a, _s in rows})
    return ([a.id for a, s in rows if not s.is_passed or _enrolment_id(a) in elsewhere],
            rows[-1][0].id if len(rows) == most else "")


def _enrolment_id(attempt: quizzes.Attempt) -> int:
    return int(attempt.subject.partition("/")[0].partition(":")[2])


def passes_now(attempt_id: str) -> bool:
    """Does what was handed in pass by the key and the marks as they are now? Changes nothing."""
    submission = quizzes.get_submission(attempt_id)
    return quizzes.is_passed(submission, submission.pass_mark)


# ---- marking


@dataclass(frozen=True)
class ShortAnswer:
    """One short answer of somebody who is not named: `number` is where its question stands in the attempt, from 1."""

    attempt_id: str
    number: int
    question: quizzes.Question
    answer: str
    submitted_at: datetime
    mark: quizzes.Mark | None
    is_decided: bool
    is_own: bool
    is_strict: bool = False  # two people mark it, blind to each other
    is_wanted: bool = True  # the actor's word is: nobody says theirs twice


def may_mark(actor: Actor, course: courses.Course, *, is_strict: bool) -> bool:
    """Whoever may change the course marks its short answers; reviewers are the second and the third in strict exams."""
    return courses.may_edit_course(actor, course) or (is_strict and actor.may("review"))


def list_waiting(actor: Actor, course: courses.Course) -> list[ShortAnswer]:
    """Every short answer that waits for a mark, handed in first first; not the actor's own."""
    rows = quizzes.list_waiting(p.paper_id for p in courses.list_papers(course.id))
    answers = [x for attempt, submission in rows if is_of_course(attempt, course) for x in _answers(actor, attempt, submission)]
    return [x for x in answers if x.mark is None and not x.is_own and x.is_wanted
            and may_mark(actor, course, is_strict=x.is_strict)]


def list_marked(actor: Actor, course: courses.Course) -> list[ShortAnswer]:
    """Short answers of submissions that are marked, the newest first, as many as are still looked at."""
    rows = quizzes.list_marked((p.paper_id for p in courses.list_papers(course.id)), MOST_MARKED)
    answers = [x for attempt, submission in rows if is_of_course(attempt, course) for x in _answers(actor, attempt, submission)]
    return [x for x in answers if x.mark is not None and not x.is_own and may_mark(actor, course, is_strict=x.is_strict)]


def get_short_answer(actor: Actor, course: courses.Course, attempt_id: str, number: int) -> ShortAnswer:
    """One short answer handed in in the course. Raises NotFound."""
    submission = quizzes.get_submission(attempt_id)
    attempt = quizzes.get_attempt_of(submission)
    found = [x for x in _answers(actor, attempt, submission) if x.number == number] if is_of_course(attempt, course) else []
    if not found:
        raise NotFound(_("没有这个要批改的答案。"))
    return found[0]


def is_of_course(attempt: quizzes.Attempt, course: courses.Course) -> bool:
    """Was the attempt made in the course?"""
    return lesson_of(attempt)[0].course_id == course.id  # other courses may give out the same paper


def _answers(actor: Actor, attempt: quizzes.Attempt, submission: quizzes.Submission) -> list[ShortAnswer]:
    now, is_own = quizzes.standing_of(submission), quizzes.is_own(actor, attempt)
    marks, is_strict = {m.question_id: m for m in now.marks}, exams.is_strict(*lesson_of(attempt))
    opinions: dict[str, list[quizzes.Opinion]] = {}
    for opinion in quizzes.list_opinions(attempt.id) if is_strict else ():
        opinions.setdefault(opinion.question_id, []).append(opinion)
    return [ShortAnswer(attempt.id, n, q, submission.answers.get(q.id, ""), submission.submitted_at, marks.get(q.id),
                        now.is_decided, is_own, is_strict, quizzes.is_awaited(actor, opinions.get(q.id, [])))
            for n, q in enumerate(quizzes.questions_of(attempt), 1) if q.id in now.waiting or q.id in marks]


def mark_answer(actor: Actor, course: courses.Course, attempt_id: str, number: int, *, permille: int, remarks: str,
                reason: str) -> None:
    """Give it its points; in a strict exam, one's opinion of it. Raises Forbidden, NotFound, and what quizzes raises."""
    answer = get_short_answer(actor, course, attempt_id, number)
    if not may_mark(actor, course, is_strict=answer.is_strict):
        raise Forbidden(_("这门课由别的老师负责。"))
    if answer.is_strict and answer.mark is None:
        quizzes.give_opinion(actor, attempt_id, answer.question.id, permille=permille, remarks=remarks)
    else:
        quizzes.mark_answer(actor, attempt_id, answer.question.id, permille=permille, remarks=remarks, reason=reason)


def list_marking(actor: Actor) -> list[courses.Course]:
    """Courses in which the actor marks: their own with a quiz, and for reviewers those where strict exams wait for them."""
    own = [c for c in courses.list_own_courses(actor) if courses.list_papers(c.id)] if actor.may("teach") else []
    others = {c.id: c for paper in (quizzes.papers_waiting() if actor.may("review") else ()) for c in courses.list_using(paper)}
    for course in own:
        others.pop(course.id, None)
    return own + [c for c in others.values() if list_waiting(actor, c)]


def count_waiting(actor: Actor) -> int:
    """How many short answers wait for the actor."""
    return sum(len(list_waiting(actor, course)) for course in list_marking(actor))


# ---- keys that were put right


def ask_correction(actor: Actor, course: courses.Course, paper_id: int, question_id: str, decision: dict, *,
                   reason: str) -> quizzes.RegradeRequest:
    """Say that a key of the course is faulty. Raises Forbidden, NotFound, and what quizzes raises."""
    if not courses.may_edit_course(actor, course):
        raise Forbidden(_("这门课由别的老师负责。"))
    if paper_id not in {p.paper_id for p in courses.list_papers(course.id)}:
        raise NotFound(_("没有这份试卷。"))
    return quizzes.ask_regrade(actor, paper_id, question_id, decision, reason=reason, subject=f"course:{course.id}")


def may_answer(actor: Actor, request: quizzes.RegradeRequest) -> bool:
    """A reviewer who neither asked nor is an author of any course with that paper: four eyes."""
    if accounts.is_same_person(actor, [request.by]):
        return False
    return all(courses.may_review_course(actor, course) for course in courses.list_using(request.paper_id))


def answer_correction(actor: Actor, request_id: int, *, is_confirmed: bool, remarks: str = "") -> None:
    """Put the key right, or leave it and say why. Raises Forbidden for an author, and what quizzes raises."""
    actor.require("review")
    if not may_answer(actor, quizzes.get_request(request_id)):
        raise Forbidden(_("自己的课、自己提出的更正，要由另一个人来确认。"))
    if is_confirmed:
        quizzes.confirm_regrade(actor, request_id)
    else:
        quizzes.refuse_regrade(actor, request_id, remarks=remarks)


@dataclass(frozen=True)
class Correction:
    """What a corrected key did to something a learner had handed in; scores of 0…100, None while answers wait for a mark."""

    course_id: int
    lesson_slug: str
    subject: str
    number: int  # of the question, as that attempt showed it
    before: int | None
    after: int | None
    is_passed_now: bool
    at: datetime


def list_corrections(person_id: int, subject: str | None = None) -> list[Correction]:
    """What corrected keys did to the person's own attempts (at one subject, where given), the newest first."""
    return [found for regrade, attempt, submission in quizzes.list_corrected(person_id, clock.now() - TOLD_FOR)
            if subject in (None, attempt.subject) and (found := _correction(regrade, attempt, submission)) is not None]


def _correction(regrade: quizzes.Regrade, attempt: quizzes.Attempt, submission: quizzes.Submission) -> Correction | None:
    numbers = {q.id: n for n, q in enumerate(quizzes.questions_of(attempt), 1)}
    if regrade.question_id not in numbers:
        return None  # the attempt did not draw it
    before = quizzes.standing_of(submission, before=regrade.id)
    after = quizzes.standing_of(submission, before=regrade.id + 1)
    enrolment, lesson = lesson_of(attempt)
    return Correction(enrolment.course_id, lesson.slug, attempt.subject, numbers[regrade.question_id],
                      before.score if before.is_decided else None, after.score if after.is_decided else None,
                      after.is_passed and not before.is_passed, regrade.at)


def is_awaiting(enrolment: Enrolment, lesson: courses.RevisionLesson) -> bool:
    """Does something handed in at the lesson's quiz, also under a merged account, wait for a marker?"""
    subjects = [(enrolment.person_id, exams.attempt_subject(enrolment, lesson)), *attempts_elsewhere(enrolment, lesson)]
    return quizzes.find_awaiting(subjects) is not None


@dataclass(frozen=True)
class Outcome:
    """What something that waited for a marker came to, 0…100."""

    course_id: int
    lesson_slug: str
    score: int
    is_passed: bool


def list_outcomes(person_id: int) -> list[Outcome]:
    """What came of the person's short answers lately, the newest handed in first; of each quiz once."""
    found: dict[str, Outcome] = {}
    for attempt, submission in quizzes.list_marked_since(person_id, clock.now() - MARKED_FOR):
        enrolment, lesson = lesson_of(attempt)
        now = quizzes.standing_of(submission)
        found.setdefault(attempt.subject, Outcome(enrolment.course_id, lesson.slug, now.score, now.is_passed))
    return list(found.values())


def list_awaiting(person_id: int) -> list[Enrolment]:
    """The person's courses in which something they handed in waits for a marker."""
    return [lesson_of(attempt)[0] for attempt, submission in quizzes.list_awaiting(person_id)
            if not quizzes.standing_of(submission).is_decided]  # a question put right for everybody needs no mark
