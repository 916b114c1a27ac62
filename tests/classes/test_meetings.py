"""Meetings are planned before they are held: none is made up, lengthened or turned into theory afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.factories import HOUR_S, class_facts, make_class, make_person, meeting_plan

from guanxue import classes
from guanxue.core import clock
from guanxue.core.errors import Invalid


@pytest.fixture
def teacher(any_db):
    """陈师傅, who teaches."""
    return make_person("13800000002", "陈师傅", "instructor")


def refused(act) -> list[str]:
    """The fields by which it was refused."""
    with pytest.raises(Invalid) as problem:
        act()
    return [f["field"] for f in problem.value.fields]


def test_no_meeting_is_added_that_is_past(teacher):
    with clock.advance(20 * 86_400):
        ago = clock.today() - timedelta(days=19)
        cls = classes.create_class(teacher, class_facts(begins_on=ago, ends_on=clock.today() + timedelta(days=1)))
        for days in (1, 5, 18):
            assert refused(lambda d=days: classes.add_meeting(teacher, cls, meeting_plan(clock.now() - timedelta(days=d)))) == ["begins"]
        assert classes.list_meetings(cls.id) == []
        now = classes.add_meeting(teacher, cls, meeting_plan(clock.now().replace(second=0, microsecond=0)))
        assert now.begins_at <= clock.now()


def test_a_meeting_that_began_keeps_its_times_and_may_be_put_off(teacher):
    cls, meeting = make_class(teacher)
    begins, ends = meeting.begins_at, meeting.ends_at
    with clock.travel(ends + timedelta(hours=1)):
        for plan in (meeting_plan(begins, 9), meeting_plan(begins - timedelta(hours=3)), meeting_plan(begins, 3, kind="practice")):
            assert refused(lambda p=plan: classes.change_meeting(teacher, cls, meeting, p, "改一下")) == ["begins"]
        assert (meeting.begins_at, meeting.ends_at) == (begins, ends)
        classes.change_meeting(teacher, cls, meeting, meeting_plan(begins, 3, place="实训楼 401"), "换教室")
        classes.change_meeting(teacher, cls, meeting, meeting_plan(begins + timedelta(days=1)), "老师生病，改到明天")
        assert meeting.begins_at == begins + timedelta(days=1)


def test_a_break_is_not_taken_out_afterwards(teacher):
    begins = clock.now().astimezone(clock.CITY).replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    cls, _meeting = make_class(teacher, starts_in_s=48 * HOUR_S)
    meeting = classes.add_meeting(teacher, cls, meeting_plan(begins, 3, breaks="10:00-11:00"))
    with clock.travel(begins + timedelta(hours=4)):
        assert refused(lambda: classes.change_meeting(teacher, cls, meeting, meeting_plan(begins, 3), "没有休息")) == ["begins"]
