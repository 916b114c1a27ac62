"""Questions, frozen papers, attempts and grading.

Questions come from GIFT with a report in which imported + left out = total. A paper is a frozen set of questions; the
same questions are the same paper. An attempt belongs to a person and a paper; answers are saved as they come, graded
once when handed in, and can be graded again from what was stored. Whoever needs more time asks for it and has it.
"""

from guanxue.quizzes.errors import AttemptClosed, NoAttemptsLeft, NoMoreTime, NoSuchAttempt
from guanxue.quizzes.gift import GiftReport, read_gift, write_gift
from guanxue.quizzes.models import Attempt, Paper
from guanxue.quizzes.queries import (
    attempts_left,
    find_open_attempt,
    find_submission,
    get_attempt,
    get_paper,
    list_attempts,
    list_extensions,
)
from guanxue.quizzes.rules import Question, questions_from, questions_to
from guanxue.quizzes.service import (
    Limits,
    MoreTime,
    Result,
    create_paper,
    derive_score,
    extend_attempt,
    feedback,
    more_time,
    open_attempt,
    questions_for_learner,
    result_of,
    right_answers,
    save_answers,
    submit_attempt,
)

__all__ = [
    "read_gift", "write_gift", "GiftReport", "Question", "questions_from", "questions_to", "Paper", "Attempt", "create_paper",
    "get_paper", "open_attempt", "find_open_attempt", "get_attempt", "list_attempts", "attempts_left", "questions_for_learner",
    "save_answers", "submit_attempt", "find_submission", "result_of", "right_answers", "feedback", "derive_score", "Limits",
    "Result", "AttemptClosed", "NoAttemptsLeft", "NoSuchAttempt", "NoMoreTime", "MoreTime", "more_time", "extend_attempt",
    "list_extensions",
]
