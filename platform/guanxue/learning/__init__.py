"""What a learner does: enrolling, watching and reading with evidence, quizzes, progress, completion.

An enrolment pins a course's revision and policy. What the player claims is kept as it came; what counts is decided by the
server's clock (rules.py) and can be decided again from the claims (derivation.py). Completion happens once.
"""

from guanxue.learning.aside import cases_about
from guanxue.learning.attempts import (
    extend_attempt,
    final_at,
    find_attempt_lesson,
    find_open_attempt,
    holds,
    lesson_of,
    limits_of,
    outcome_of,
    save_answers,
    save_changes,
    save_late,
    start_attempt,
    submit_attempt,
    take_hold,
)
from guanxue.learning.beside_classes import STUDY
from guanxue.learning.days import find_left, list_over
from guanxue.learning.derivation import Derivation, derive_completion, mark_of
from guanxue.learning.errors import CannotEnrol, CannotTestOut, LessonNotReady, NoSuchPlayback, NotEnrolled, PassedAlready
from guanxue.learning.events import CourseCompleted, Enrolled, LessonCompleted, StudyBegan
from guanxue.learning.evidence import Answer, answer_of, fits_key, open_playback
from guanxue.learning.exams import Spared, attempt_subject, extra_permille, is_strict, may_spare, time_subject
from guanxue.learning.explaining import LessonTold, SittingTold, explain_lesson
from guanxue.learning.heard import Heard, find_heard, list_claims, list_heard, list_played
from guanxue.learning.insight import GROUPS, Curve, count_groups, list_curves, list_items, list_learners
from guanxue.learning.judging import (
    Correction,
    ShortAnswer,
    answer_correction,
    ask_correction,
    correct_later,
    count_waiting,
    get_short_answer,
    is_awaiting,
    is_of_course,
    list_awaiting,
    list_corrections,
    list_marked,
    list_marking,
    list_outcomes,
    list_waiting,
    mark_answer,
    may_answer,
    may_mark,
    settle_marked,
)
from guanxue.learning.lapsing import watch_lapses
from guanxue.learning.merging import foresee_completions, list_ready, overlaps, shares_evidence
from guanxue.learning.models import Completion, Enrolment, Note, Playback
from guanxue.learning.moving import Onward, find_onward, move_on
from guanxue.learning.notes import add_note, change_note, list_notes
from guanxue.learning.presence import Challenge, FaceService, find_challenge, find_room_of, plug_face_service
from guanxue.learning.presence_rooms import (
    Seated,
    close_room,
    get_room,
    is_room_open,
    join_room,
    list_rooms,
    list_seated,
    may_open_room,
    open_room,
    roll,
    room_number,
)
from guanxue.learning.presence_rules import MAKEUP_TRIES
from guanxue.learning.presence_schedule import Drawn, list_schedule
from guanxue.learning.proving import (
    CannotProve,
    NoSuchCheck,
    Told,
    ask_make_up,
    get_told,
    is_missed,
    list_told,
    make_up,
)
from guanxue.learning.proving import answer as answer_check
from guanxue.learning.proving import choose as choose_check
from guanxue.learning.proving import extend as extend_check
from guanxue.learning.proving import give_up as give_up_check
from guanxue.learning.proving import show as show_check
from guanxue.learning.queries import (
    CourseProgress,
    LessonProgress,
    check_playback,
    completed_course_ids,
    count_in,
    course_progress,
    enrolment_for_lesson,
    find_completion,
    find_enrolment,
    get_completion,
    get_enrolment,
    get_playback,
    last_sync,
    lesson_progress,
    list_completions,
    list_counted,
    list_my_courses,
    standing,
)
from guanxue.learning.resting import give_rests_back
from guanxue.learning.rules import MOST_BEATS, Beat
from guanxue.learning.service import (
    beat_every_s,
    close_playback,
    complete_joined,
    elapsed_ms,
    enrol,
    find_spared,
    leave,
    may_set_aside,
    record_beats,
    settle_courses,
    settle_set_aside,
    test_out,
)
from guanxue.learning.sittings import MOST_ENTRIES, Entry
from guanxue.learning.taking import Takeable, list_takeable
from guanxue.learning.taught import Names, attended_beside, names_beside
from guanxue.learning.tickets import Synced, find_own_ticket, issue_ticket, secret_of, sync_ticket
from guanxue.learning.traces import BLINK_MS, BLINK_QUESTIONS

__all__ = [
    "Challenge", "FaceService", "find_challenge", "plug_face_service", "CannotProve", "NoSuchCheck", "Told", "get_told",
    "is_missed", "list_told", "make_up", "ask_make_up", "answer_check", "choose_check", "extend_check", "give_up_check",
    "show_check", "Seated", "close_room", "get_room", "join_room", "list_rooms", "list_seated", "may_open_room", "open_room",
    "roll", "room_number", "is_room_open", "find_room_of", "MAKEUP_TRIES", "Drawn", "list_schedule",
    "STUDY", "find_left", "list_over", "LessonTold", "SittingTold", "explain_lesson", "cases_about", "may_set_aside",
    "settle_set_aside",
    "Heard", "find_heard", "list_claims", "list_heard", "list_played", "lesson_of",
    "GROUPS", "MOST_BEATS", "Curve", "count_groups", "list_curves", "list_items", "list_learners",
    "Enrolment", "Playback", "Completion", "Beat", "Answer", "LessonProgress", "CourseProgress", "Derivation",
    "CourseCompleted", "LessonCompleted", "Enrolled", "StudyBegan", "NotEnrolled", "CannotEnrol", "LessonNotReady",
    "NoSuchPlayback",
    "enrol", "leave", "find_enrolment", "get_enrolment", "enrolment_for_lesson", "open_playback", "get_playback",
    "check_playback", "answer_of", "elapsed_ms", "beat_every_s", "record_beats", "close_playback", "start_attempt",
    "attempt_subject", "find_attempt_lesson", "save_answers", "submit_attempt", "outcome_of", "settle_courses",
    "course_progress", "lesson_progress", "list_my_courses", "count_in", "standing", "completed_course_ids",
    "extend_attempt", "save_late", "find_completion", "get_completion", "list_completions", "derive_completion", "mark_of",
    "fits_key", "list_counted", "complete_joined", "foresee_completions", "list_ready", "overlaps",
    "shares_evidence",
    "Correction", "ShortAnswer", "answer_correction", "ask_correction", "correct_later", "count_waiting", "get_short_answer",
    "is_awaiting", "list_awaiting", "list_corrections", "list_marked", "list_marking", "list_outcomes", "list_waiting",
    "mark_answer",
    "may_answer", "may_mark",
    "is_of_course", "lesson_of", "CannotTestOut", "PassedAlready", "Spared", "extra_permille", "find_spared", "holds",
    "is_strict", "may_spare", "save_changes", "take_hold",
    "test_out", "time_subject",
    "Onward", "find_onward", "move_on", "give_rests_back", "find_open_attempt", "final_at", "limits_of",
    "BLINK_MS", "BLINK_QUESTIONS", "settle_marked", "last_sync", "Note", "add_note", "change_note", "list_notes",
    "MOST_ENTRIES", "Entry", "Synced", "find_own_ticket", "issue_ticket", "secret_of", "sync_ticket",
    "Takeable", "list_takeable", "watch_lapses", "Names", "attended_beside", "names_beside",
]
