"""Time in which a course rests is not the learner's: what a quiz lost by it comes back, and costs no request for more."""

from __future__ import annotations

from datetime import datetime

from guanxue import courses, jobs, quizzes
from guanxue.core import clock
from guanxue.learning import carried, rules
from guanxue.learning.models import Enrolment
from guanxue.learning.queries import get_enrolment

HAND_IN = "learning.hand_in"


def end_of(attempt: quizzes.Attempt, enrolment: Enrolment, lesson: courses.RevisionLesson) -> datetime:
    """When the attempt ends with all that its lesson rested while it ran, up to now: also what was not given back yet.

    Whoever went on in a mended revision is no longer kept from it: there its clock runs.
    """
    rests = courses.list_rests(lesson, attempt.started_at)
    own_end = attempt.expires_at - quizzes.free_time(attempt.id)
    until = carried.moved_at(enrolment, lesson.revision_id) or clock.now()
    return max(attempt.expires_at, rules.end_with_rests(attempt.started_at, own_end, rests, until))


def stands_still(attempt: quizzes.Attempt, enrolment: Enrolment, lesson: courses.RevisionLesson) -> bool:
    """Does its lesson rest since before its end? How long it lasts is known when the rest ends, or they move on from it."""
    is_kept = courses.why_resting(lesson) is not None and carried.moved_at(enrolment, lesson.revision_id) is None
    return is_kept and end_of(attempt, enrolment, lesson) > clock.now()


def give_rest_back(attempt: quizzes.Attempt, enrolment: Enrolment, lesson: courses.RevisionLesson) -> None:
    """Let the attempt run on for as long as its lesson rested while it ran, up to now; again is the same."""
    quizzes.give_time(attempt.id, end_of(attempt, enrolment, lesson))


def _go_on(attempt: quizzes.Attempt, enrolment: Enrolment, lesson: courses.RevisionLesson) -> None:
    """It runs again, and is handed in when it is over."""
    give_rest_back(attempt, enrolment, lesson)
    jobs.enqueue(HAND_IN, {"attempt_id": attempt.id}, key=attempt.id, run_at=attempt.expires_at)


def give_rests_back(event: courses.RestEnded) -> None:
    """A course goes on: so do the attempts that were open when it stopped."""
    papers = [p.paper_id for p in courses.list_papers(event.course_id)]
    for attempt in quizzes.list_unfinished(papers, event.began_at):
        enrolment_part, _slash, lesson_part = attempt.subject.partition("/")
        lesson = courses.get_revision_lesson(int(lesson_part.partition(":")[2]))
        if courses.get_revision(lesson.revision_id).course_id == event.course_id:  # other courses may give out the same paper
            _go_on(attempt, get_enrolment(int(enrolment_part.partition(":")[2])), lesson)


def give_all_back(enrolment: Enrolment) -> None:
    """What its attempts lost up to now by a rest of the revision that it is in."""
    for lesson in courses.lessons_of(enrolment.revision_id):
        for attempt, submission in quizzes.list_attempts(enrolment.person_id, f"enrolment:{enrolment.id}/lesson:{lesson.id}"):
            if submission is None:
                _go_on(attempt, enrolment, lesson)
