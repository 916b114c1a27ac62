"""What learners say to each other and to teachers: ratings after finishing, questions with answers, reports and removal.

Nobody is ranked, counted in public or asked to come back every day.
"""

from guanxue.discussions.errors import NoSuchPost, NotFinished, NotInCourse, ReportedAlready
from guanxue.discussions.models import Answer, Question, Rating, Report
from guanxue.discussions.queries import (
    Reported,
    Summary,
    answers_of,
    count_unanswered,
    course_id_of,
    find_rating,
    get_post,
    list_questions,
    list_ratings,
    list_reported,
    summary,
)
from guanxue.discussions.rules import KINDS, may_remove
from guanxue.discussions.service import GENERATION, answer, ask, keep, may_rate, may_speak, rate, remove, report, teaches

__all__ = [
    "Rating", "Question", "Answer", "Report", "Reported", "Summary", "NoSuchPost", "NotFinished", "NotInCourse",
    "ReportedAlready", "GENERATION", "KINDS", "rate", "ask", "answer", "report", "remove", "keep", "teaches", "may_speak",
    "may_rate", "may_remove", "summary", "find_rating", "list_ratings", "list_questions", "answers_of", "count_unanswered",
    "get_post", "course_id_of", "list_reported",
]
