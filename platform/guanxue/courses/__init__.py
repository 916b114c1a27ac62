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
from guanxue.courses.errors import BadFolder, NoSuchCourse, NoSuchLesson, NotReady
from guanxue.courses.events import CoursePublished, LessonReady
from guanxue.courses.folders import CourseFolder, read_folder
from guanxue.courses.importing import bring_in, export_folder, import_folder, take_folder
from guanxue.courses.models import Course, Lesson, Revision, RevisionLesson
from guanxue.courses.packages import opened
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
    teacher_of,
)
from guanxue.courses.rules import KINDS, may_edit_course, may_review_course, spoken_text
from guanxue.courses.service import (
    add_lesson,
    approve_course,
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
    return_course,
    submit_course,
    take_on,
    wish_for,
    withdraw_wish,
)

__all__ = [
    "Course", "Lesson", "Revision", "RevisionLesson", "CoursePublished", "LessonReady", "BadFolder", "NoSuchCourse",
    "NoSuchLesson", "NotReady", "Query", "Listing", "Item", "FACETS", "SORTS", "browse", "find_item", "items_of", "label",
    "snapshot", "shown", "KINDS", "spoken_text", "may_edit_course", "may_review_course", "CourseFolder", "read_folder",
    "import_folder", "take_folder", "bring_in", "export_folder", "opened", "check_file", "Check",
    "find_course", "get_course", "courses_by_id", "list_own_courses", "list_submitted", "list_awaited_assets",
    "list_lessons", "get_lesson", "get_revision", "lessons_of", "get_revision_lesson", "lesson_states", "content_ms",
    "list_town_ids", "list_review_lines", "count_wishes", "is_wished", "teacher_of", "create_course", "edit_course",
    "add_lesson",
    "edit_lesson", "move_lesson", "remove_lesson", "attach_video", "submit_course", "return_course", "approve_course",
    "publish_course", "fill_durations", "note_failure", "note_companions", "load_plans", "wish_for", "withdraw_wish", "take_on",
]
