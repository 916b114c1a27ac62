"""Questions, frozen papers, attempts and grading.

Questions come from GIFT with a report in which imported + left out = total. A paper is a frozen set of questions; the
same questions are the same paper. An attempt belongs to a person and a paper; answers are saved as they come, graded
once when handed in, and can be graded again from what was stored. Whoever needs more time asks for it and has it. Short answers
are marked by people, blind; a faulty key is put right by two people, and nobody loses by it (standing.py says what counts).
"""

from guanxue.quizzes.allowing import (
    LONGEST_REASON,
    SHARES,
    end_allowance,
    extra_permille,
    grant_time,
    list_allowances,
)
from guanxue.quizzes.analysis import FEWEST, Item, list_items
from guanxue.quizzes.drawing import POOL_TIMES, Draw, Part, draw_fault, drawn_count, levels_of, parts_of, pools_of, thin_parts
from guanxue.quizzes.errors import (
    AttemptClosed,
    AwaitsMarks,
    DecidedAlready,
    NoAttemptsLeft,
    NoMoreTime,
    NoSuchAttempt,
    NotForYou,
    TakenOver,
)
from guanxue.quizzes.events import KeyCorrected, SubmissionMarked
from guanxue.quizzes.formats.assembling import assemble, content_id
from guanxue.quizzes.formats.drafts import Bad, Draft
from guanxue.quizzes.formats.reading import FORMAT_NAMES, MOST_FILE_BYTES, is_packed, read_file, read_text
from guanxue.quizzes.formats.reports import Doubt, Dropped, LeftOut, Loss, Report, Unreadable, Written
from guanxue.quizzes.formats.spelling import KIND_NAMES, Spelled, answer_in_words, spelled
from guanxue.quizzes.formats.table_writing import write_template
from guanxue.quizzes.formats.twins import Merge, Met, merge
from guanxue.quizzes.formats.writing import FORMS, write_questions
from guanxue.quizzes.gift import read_gift
from guanxue.quizzes.gift_writing import write_gift
from guanxue.quizzes.inspecting import find_attempt, fingerprint, list_handed_in, paper_of, show_again, time_line
from guanxue.quizzes.marking import LONGEST_REMARKS, give_opinion, has_false_marks, is_awaited, is_own, mark_answer
from guanxue.quizzes.models import Allowance, Attempt, LateSave, Mark, Opinion, Paper, Regrade, RegradeRequest, Submission
from guanxue.quizzes.queries import (
    attempts_left,
    find_open_attempt,
    find_submission,
    get_attempt,
    get_attempt_of,
    get_paper,
    get_regrade,
    get_request,
    get_submission,
    is_outrun,
    list_attempts,
    list_awaiting,
    list_corrected,
    list_extensions,
    list_marked,
    list_marked_since,
    list_marks,
    list_open_of,
    list_opinions,
    list_regrades,
    list_regrades_of,
    list_requests,
    list_submitted,
    list_unfinished,
    list_waiting,
    papers_waiting,
    people_of,
)
from guanxue.quizzes.regrading import (
    Foresight,
    ask_regrade,
    confirm_regrade,
    foresee,
    key_now,
    question_number,
    refuse_regrade,
)
from guanxue.quizzes.rules import (
    KINDS,
    LARGEST,
    LEVELS,
    LONGEST_SHORT,
    WHOLE,
    Question,
    is_won_by_all,
    questions_from,
    questions_to,
)
from guanxue.quizzes.saving import (
    Change,
    Kept,
    claim,
    device_name,
    is_here,
    is_mine,
    list_late,
    must_hold,
    save_changes,
    take_hold,
)
from guanxue.quizzes.service import (
    Limits,
    MoreTime,
    Result,
    areas_of,
    create_paper,
    extend_attempt,
    feedback,
    find_awaiting,
    free_time,
    give_time,
    more_time,
    newest_seq,
    open_attempt,
    questions_for_learner,
    result_of,
    right_answers,
    save_answers,
    submit_attempt,
    why_no_try,
)
from guanxue.quizzes.sheets import Given, Sheet, list_given, list_sheets
from guanxue.quizzes.standing import (
    Standing,
    derive_score,
    digest_of,
    is_passed,
    questions_of,
    standing_by,
    standing_of,
)
from guanxue.quizzes.trying import trial_questions, trial_result

__all__ = [
    "KINDS",
    "FEWEST", "Item", "list_items", "Given", "Sheet", "list_given", "list_sheets",
    "read_file", "read_text", "is_packed", "Report", "LeftOut", "Doubt", "Dropped", "Unreadable", "FORMAT_NAMES",
    "MOST_FILE_BYTES",
    "write_questions", "write_template", "FORMS", "Written", "Loss", "merge", "Merge", "Met", "Draft", "Bad", "assemble",
    "content_id", "spelled", "Spelled", "answer_in_words", "KIND_NAMES",
    "trial_questions", "trial_result",
    "read_gift", "write_gift", "Question", "questions_from", "questions_to", "Paper", "Attempt", "create_paper",
    "get_paper", "open_attempt", "find_open_attempt", "get_attempt", "list_attempts", "attempts_left", "questions_for_learner",
    "save_answers", "submit_attempt", "find_submission", "result_of", "right_answers", "feedback", "derive_score", "Limits",
    "Result", "AttemptClosed", "NoAttemptsLeft", "NoSuchAttempt", "NoMoreTime", "MoreTime", "more_time", "extend_attempt",
    "list_extensions", "AwaitsMarks",
    "free_time", "give_time", "is_outrun", "list_open_of", "list_unfinished",
    "find_attempt", "fingerprint", "list_handed_in", "paper_of", "show_again", "time_line",
    "areas_of", "Allowance", "LONGEST_REASON", "SHARES", "end_allowance", "extra_permille", "grant_time", "list_allowances",
    "TakenOver", "Change", "Kept", "claim", "is_mine", "LateSave", "device_name", "is_here", "list_late", "must_hold",
    "save_changes", "take_hold",
    "newest_seq", "Opinion", "give_opinion", "has_false_marks", "is_awaited", "list_opinions", "papers_waiting",
    "LEVELS", "POOL_TIMES", "Draw", "Part", "levels_of", "parts_of", "thin_parts",
    "DecidedAlready", "NotForYou", "KeyCorrected", "SubmissionMarked", "LONGEST_REMARKS",
    "is_own", "mark_answer", "Mark", "Regrade", "RegradeRequest", "Submission", "get_regrade", "get_request",
    "get_submission", "list_awaiting", "list_corrected", "list_marked", "list_marked_since", "list_marks", "list_regrades",
    "list_regrades_of",
    "list_requests", "list_submitted", "people_of", "list_waiting", "Foresight", "ask_regrade", "confirm_regrade", "foresee",
    "key_now", "LARGEST", "why_no_try",
    "question_number", "refuse_regrade", "LONGEST_SHORT", "WHOLE", "draw_fault", "drawn_count", "pools_of", "find_awaiting",
    "is_won_by_all",
    "Standing", "digest_of", "is_passed", "questions_of", "standing_by", "standing_of", "get_attempt_of",
]
