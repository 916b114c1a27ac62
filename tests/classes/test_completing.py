"""An hour is one hour, however many meetings, places and lines tell of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.factories import HOUR_S, make_class, make_person, meeting_plan

from guanxue import classes, creditbank
from guanxue.classes.models import Meeting
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.errors import Invalid

HOUR_MS = HOUR_S * 1000


@pytest.fixture
def people(any_db):
    """A teacher and a learner."""
    return make_person("13800000002", "陈师傅", "instructor"), make_person("13800000010", "学员")


def beside(meeting: Meeting, *, title: str = "另一组") -> Meeting:
    """One more meeting at the same time, as classes had them once."""
    made = Meeting(class_id=meeting.class_id, kind="theory", title=title, place="实训楼 303", seats=None, begins_at=meeting.begins_at,
                   ends_at=meeting.ends_at, breaks=[], secret=meeting.secret, created_at=clock.now())
    session.add(made)
    session.flush()
    return made


def test_a_class_does_not_meet_twice_at_the_same_time(people):
    teacher, _one = people
    cls, meeting = make_class(teacher)
    for hours in (-2, 0, 2):
        with pytest.raises(Invalid) as problem:
            classes.add_meeting(teacher, cls, meeting_plan(meeting.begins_at + timedelta(hours=hours), 3))
        assert [f["field"] for f in problem.value.fields] == ["begins"]
    after = classes.add_meeting(teacher, cls, meeting_plan(meeting.ends_at, 3, title="接着上"))
    with pytest.raises(Invalid):
        classes.change_meeting(teacher, cls, after, meeting_plan(meeting.begins_at, 3), "提前")
    classes.cancel_meeting(teacher, cls, meeting, "停电")
    classes.change_meeting(teacher, cls, after, meeting_plan(after.begins_at, 4), "加一小时")
    classes.add_meeting(teacher, cls, meeting_plan(meeting.begins_at, 3, title="补上"))


def test_an_hour_in_two_meetings_is_one_hour(people):
    teacher, one = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    place = classes.find_place(one, cls)
    both = (meeting, beside(meeting))
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        for each in both:
            classes.call_roll(teacher, cls, each, place, classes.Mark("present"), "手机没电")
        standing = classes.standing_of(cls, place)
        assert (standing.attended_ms, standing.taught_ms) == (3 * HOUR_MS, 3 * HOUR_MS)
        assert classes.close_class(teacher, cls) == 1
    assert classes.list_completions(one.id)[0].attended_ms == 3 * HOUR_MS
    assert creditbank.study_hours_milli(one.id) == 4000 and creditbank.recompute() == (1, [])


def test_who_was_in_one_of_two_groups_was_there_all_the_time(people):
    teacher, one = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    group = beside(meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        classes.call_roll(teacher, cls, group, classes.find_place(one, cls), classes.Mark("present"), "在二组")
        assert classes.close_class(teacher, cls) == 1
    assert creditbank.recompute() == (1, [])
