"""Time in which a course rests is not the learner's: what a quiz lost by it comes back, and costs no request for more."""

from __future__ import annotations

from guanxue import courses, quizzes
from guanxue.core import clock
from guanxue.learning import rules


def give_rest_back(attempt: quizzes.Attempt, lesson: courses.RevisionLesson) -> None:
    """Let the attempt run on for as long as its lesson rested while it ran, up to now; again is the same."""
    rests = courses.list_rests(lesson, attempt.started_at)
    own_end = attempt.expires_at - quizzes.free_time(attempt.id)
    quizzes.give_time(attempt.id, rules.end_with_rests(attempt.started_at, own_end, rests, clock.now()))


def give_rests_back(event: courses.RestEnded) -> None:
    """A course goes on: so do the attempts that were open when it stopped."""
    papers = [p.paper_id for p in courses.list_papers(event.course_id)]
    for attempt in quizzes.list_unfinished(papers, event.began_at):
        lesson = courses.get_revision_lesson(int(attempt.subject.rpartition(":")[2]))
        if courses.get_revision(lesson.revision_id).course_id == event.course_id:  # other courses may give out the same paper
            give_rest_back(attempt, lesson)
