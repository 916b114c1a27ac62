"""Classes that meet (培训班): a period, an institution, a roster, meetings, and who was there.

A screen in the room shows a code that changes every ten seconds; who scans it signs in or out. A teacher's roll stands over
it. Lines of attendance are only added to; enough of them, and the class's course where it has one, complete the class, once.
"""

from guanxue.classes.attendance import (
    MARKS,
    ROLL_OVER,
    Mark,
    Where,
    call_roll,
    close_meeting,
    is_roll_over,
    list_unsigned,
    sign,
)
from guanxue.classes.codes import Seen, Shown, meeting_id_of, read_digits, read_stamp, read_token, shown_now, stamp
from guanxue.classes.completing import (
    Derived,
    Standing,
    counted_ms,
    counted_spans,
    derive_completion,
    is_spent,
    set_aside_in,
    settle_class,
    settle_course,
    settle_course_later,
    standing_of,
    taught_ms,
)
from guanxue.classes.errors import (
    ClassState,
    CodeExpired,
    ElsewhereNow,
    NoSuchClass,
    NoSuchMeeting,
    NoSuchPlace,
    NotSignedIn,
    TheoryMissing,
)
from guanxue.classes.events import ClassCompleted, SignedHere
from guanxue.classes.meetings import Plan, add_meeting, cancel_meeting, change_meeting
from guanxue.classes.models import Attendance, ClassCompletion, Meeting, Place, TrainingClass
from guanxue.classes.places import add_people, join_class, leave_class, remove_person
from guanxue.classes.queries import (
    Here,
    begins_ms,
    classes_by_id,
    count_seated,
    ends_ms,
    find_class,
    find_completion,
    find_place,
    get_class,
    get_class_at_work,
    get_completion,
    get_meeting,
    get_place,
    institution_of,
    is_just_moved_up,
    list_at_work,
    list_attendance,
    list_changes,
    list_completions,
    list_meetings,
    list_mine,
    list_places,
    list_public,
    may_lead,
    may_teach,
    must_lead,
    must_teach,
    roll_of,
    teacher_ids,
    turn_of,
)
from guanxue.classes.roster import Line, Read, Refused, read_lines, read_roster
from guanxue.classes.rules import CLASS_STATES, KINDS, PROMISES, RULE, STATES, is_window, may_make
from guanxue.classes.service import (
    Facts,
    add_teacher,
    cancel_class,
    close_class,
    create_class,
    edit_class,
    list_institutions,
    open_class,
    remove_teacher,
)
from guanxue.classes.study import Study
from guanxue.classes.study import register as register_study

__all__ = [
    "TrainingClass", "Meeting", "Place", "Attendance", "ClassCompletion", "ClassCompleted", "SignedHere",
    "Facts", "Plan", "Study", "Line",
    "Read", "Refused", "Here", "Standing", "Derived", "Seen", "Shown", "Mark", "Where",
    "NoSuchClass", "NoSuchMeeting", "NoSuchPlace", "ClassState", "CodeExpired", "NotSignedIn", "ElsewhereNow", "TheoryMissing",
    "CLASS_STATES", "KINDS", "MARKS", "PROMISES", "ROLL_OVER", "RULE", "STATES", "is_roll_over",
    "is_window", "may_make", "may_lead", "may_teach",
    "must_lead",
    "must_teach", "create_class", "edit_class", "open_class", "close_class", "cancel_class", "add_teacher", "remove_teacher",
    "list_institutions", "institution_of", "teacher_ids", "add_meeting", "change_meeting", "cancel_meeting", "add_people",
    "join_class", "leave_class", "remove_person", "read_lines", "read_roster", "sign", "call_roll", "close_meeting",
    "shown_now", "read_token", "read_digits", "read_stamp", "stamp", "meeting_id_of", "register_study", "settle_course",
    "settle_course_later", "settle_class", "set_aside_in", "list_unsigned",
    "standing_of", "taught_ms", "derive_completion", "counted_ms", "counted_spans",
    "find_class", "get_class", "get_class_at_work", "list_at_work", "list_public",
    "list_mine",
    "find_place", "get_place", "list_places", "count_seated", "turn_of", "is_just_moved_up", "list_meetings", "get_meeting",
    "list_changes", "list_attendance", "begins_ms", "ends_ms", "roll_of", "find_completion", "is_spent", "get_completion",
    "list_completions",
    "classes_by_id",
]
