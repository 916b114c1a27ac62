"""The catalogue, and how a course comes into it: plans, drafts, lessons, review, frozen revisions, folders in and out.

A course can be studied once it has a revision: a frozen copy of its lessons with their durations, pass mark and policy.
The draft may move on; enrolments, evidence and credits name the revision.
"""

from guanxue.courses.catalogue import (
    FACETS,
    SORTS,
    Item,
    Listing,
    Query,
    browse,
    find_item,
    items_of,
    label,
    shown,
    snapshot,
)
from guanxue.courses.checking import Check, check_file
from guanxue.courses.comparing import compare, paragraphs_of
from guanxue.courses.errors import (
    BadFolder,
    CandidateMoved,
    NoSuchComplaint,
    NoSuchCourse,
    NoSuchLesson,
    NoSuchRemark,
    NotReady,
    Paused,
    TextMoved,
)
from guanxue.courses.events import CoursePublished, LessonReady
from guanxue.courses.folders import CourseFolder, read_folder
from guanxue.courses.importing import bring_in, export_folder, import_folder, take_folder
from guanxue.courses.models import Course, Lesson, Revision, RevisionLesson
from guanxue.courses.outline import (
    add_section,
    arrange,
    get_outline,
    list_missing,
    move_section,
    remove_section,
    rename_section,
)
from guanxue.courses.packages import opened
from guanxue.courses.papers import SetPaper, draw_of, list_papers, list_using
from guanxue.courses.plans import Plans, give_back, list_free_plans, may_give_back, propose_lessons
from guanxue.courses.queries import (
    content_ms,
    count_wishes,
    courses_by_id,
    find_course,
    get_course,
    get_lesson,
    get_revision,
    get_revision_lesson,
    is_wished,
    lesson_states,
    lessons_of,
    list_awaited_assets,
    list_lessons,
    list_own_courses,
    list_review_lines,
    list_submitted,
    list_town_ids,
    may_review_course,
    teacher_of,
)
from guanxue.courses.questions import (
    bring_questions,
    find_quiz,
    foresee_questions,
    has_comments,
    kept_beside,
    last_brought,
    move_question,
    put_question,
    questions_in,
    remove_question,
)
from guanxue.courses.remarking import (
    add_remark,
    answer_remark,
    count_unsettled,
    decide_remark,
    draft_content,
    list_remarks,
    remarks_here,
)
from guanxue.courses.remarking import shown as shown_remark
from guanxue.courses.review_models import Candidate, Checklist, Complaint, Rights, Verdict
from guanxue.courses.reviewing import (
    Judged,
    Reading,
    approve_course,
    current_checklist,
    draw_back,
    find_candidate,
    list_checklists,
    publish_checklist,
    reading_of,
    return_course,
    submit_course,
    verdicts_of,
    why_not_reader,
)
from guanxue.courses.rights import LICENCES, Claim, declare_rights, ends_on, rights_of, settle_all, warning, watch_rights
from guanxue.courses.rules import KINDS, Section, may_edit_course, may_lead_course, sentences_of, spoken_text
from guanxue.courses.service import (
    add_lesson,
    attach_video,
    create_course,
    edit_course,
    edit_lesson,
    fill_durations,
    load_plans,
    move_lesson,
    note_companions,
    note_failure,
    publish_course,
    remove_lesson,
    set_draw,
    take_on,
    wish_for,
    withdraw_wish,
)
from guanxue.courses.stopping import (
    find_withdrawal,
    may_restore,
    must_not_rest,
    resting,
    restore_course,
    stopped_ids,
    why_closed,
    why_resting,
    withdraw_course,
)
from guanxue.courses.subtitling import (
    Said,
    Subtitling,
    ask_for_transcript,
    lines_at,
    play_of,
    subtitling_of,
    take_subtitles_off,
    take_transcript,
    take_up_subtitles,
    where_said,
    words_of,
    write_subtitles,
)
from guanxue.courses.takedowns import (
    TOPICS,
    Case,
    add_words,
    ask_author,
    cases_of,
    complain,
    count_waiting,
    counter,
    decide,
    get_case,
    get_case_of,
    hold,
    is_waiting,
    list_cases,
    may_uphold,
    release,
    why_not_officer,
)
from guanxue.courses.teams import (
    answer_invitation,
    hand_over,
    institution_of,
    invite_author,
    invite_colleague,
    list_coauthors,
    list_colleagues,
    list_invitations,
    list_left_courses,
    remove_author,
    set_institution,
    take_over,
)
from guanxue.courses.versions import content_at, list_versions, usual_versions
from guanxue.courses.waiting import drop_waiting, find_waiting, keep_waiting

__all__ = [
    "bring_questions", "find_quiz", "foresee_questions", "has_comments", "kept_beside", "last_brought", "move_question",
    "put_question", "questions_in", "remove_question", "keep_waiting", "find_waiting", "drop_waiting",
    "Said", "Subtitling", "subtitling_of", "words_of", "play_of", "where_said", "write_subtitles", "take_subtitles_off",
    "take_up_subtitles", "lines_at", "sentences_of",
    "ask_for_transcript", "take_transcript",
    "Course", "Lesson", "Revision", "RevisionLesson", "CoursePublished", "LessonReady", "BadFolder", "NoSuchCourse",
    "NoSuchLesson", "NotReady", "CandidateMoved", "NoSuchComplaint", "NoSuchRemark", "Paused",
    "Query", "Listing", "Item", "FACETS", "SORTS", "browse", "find_item", "items_of", "label",
    "snapshot", "shown", "KINDS", "spoken_text", "may_edit_course", "may_review_course", "CourseFolder", "read_folder",
    "import_folder", "take_folder", "bring_in", "export_folder", "opened", "check_file", "Check",
    "find_course", "get_course", "courses_by_id", "list_own_courses", "list_submitted", "list_awaited_assets",
    "list_lessons", "get_lesson", "get_revision", "lessons_of", "get_revision_lesson", "lesson_states", "content_ms",
    "list_town_ids", "list_review_lines", "count_wishes", "is_wished", "teacher_of", "create_course", "edit_course",
    "Section", "get_outline", "list_missing", "add_section", "rename_section",
    "move_section", "remove_section", "arrange", "TextMoved",
    "Plans", "list_free_plans", "propose_lessons", "may_give_back", "give_back", "may_lead_course",
    "answer_invitation", "hand_over", "institution_of", "invite_author", "invite_colleague", "list_coauthors",
    "list_colleagues",
    "list_invitations", "list_left_courses", "remove_author", "set_institution", "take_over",
    "add_lesson",
    "edit_lesson", "move_lesson", "remove_lesson", "attach_video", "submit_course", "return_course", "approve_course",
    "publish_course", "fill_durations", "note_failure", "note_companions", "load_plans", "wish_for", "withdraw_wish", "take_on",
    "SetPaper", "draw_of", "list_papers", "list_using", "set_draw",
    "Candidate", "Checklist", "Complaint", "Rights", "Verdict", "Judged", "Reading", "Claim", "current_checklist",
    "list_checklists", "publish_checklist", "draw_back", "find_candidate", "reading_of", "verdicts_of", "why_not_reader",
    "add_remark", "answer_remark", "decide_remark", "count_unsettled", "list_remarks", "remarks_here", "draft_content",
    "declare_rights", "rights_of", "ends_on", "warning", "settle_all", "watch_rights", "withdraw_course", "restore_course",
    "LICENCES", "TOPICS", "Case", "complain", "get_case", "get_case_of",
    "list_cases", "cases_of", "count_waiting", "is_waiting", "may_uphold",
    "why_not_officer", "hold", "release", "ask_author", "decide", "counter", "add_words", "find_withdrawal", "may_restore",
    "shown_remark", "compare", "paragraphs_of", "content_at", "list_versions", "usual_versions",
    "resting", "must_not_rest", "stopped_ids", "why_closed", "why_resting",
]
