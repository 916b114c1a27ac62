"""An hour is one hour, however many meetings, places and lines tell of it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from tests.clients import Browser, Learner
from tests.factories import HOUR_S, attend, make_class, make_course, make_person, meeting_plan

from guanxue import classes, creditbank, policies
from guanxue.classes.models import Meeting
from guanxue.classes.routes.report import _credit
from guanxue.classes.routes.telling import hours_of
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
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
    cls, meeting = make_class(teacher, starts_in_s=48 * HOUR_S)  # two hours before is in the period at any time of the day
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


# ---- what pages say of it


def shown(cls, place) -> tuple[int, int, int]:
    """(room, online, both) in thousandths of class hours."""
    told = hours_of(cls, place, classes.standing_of(cls, place))
    return told["room_milli"], told["online_milli"], told["sum_milli"]


def test_hours_that_are_shown_are_those_that_are_credited(any_app):
    """An hour of the course that was played in the room is one hour, before and after the class is closed."""
    with any_app.test_request_context(), writing():
        teacher, one = make_person("13800000002", "陈师傅", "instructor"), make_person("13800000001", "林小莲")
        make_course(videos_ms=(3_600_000,))
        cls, meeting = make_class(teacher, starts_in_s=60, is_public=True, course="safe-measuring")
        classes.join_class(one, cls, promises=True)
        attend(one, cls, meeting)
        code, ends_at = cls.code, meeting.ends_at
    student = Learner(any_app, "13800000001")
    student.call("PUT", "/courses/safe-measuring/enrolment", 200)
    with clock.advance(1200):
        student.watch(student.lessons()[0]["id"], 3600)
    with clock.travel(ends_at + timedelta(minutes=5)):
        with any_app.test_request_context(), writing():
            cls = classes.find_class(code)
            place = classes.find_place(one, cls)
            room, online, both = shown(cls, place)
            assert online == 1333 and both == room + online and abs(both - 4000) <= 2  # three hours, one of them at the course
        page = Browser(any_app, "13800000001").see(f"/classes/{code}")
        assert "不重复算" in page and "1.33" in page
        student.finish()  # the quiz that was left
        with any_app.test_request_context(), writing():
            cls = classes.find_class(code)
            assert classes.close_class(teacher, cls) == 1
            assert shown(cls, classes.find_place(one, cls))[0] == room == creditbank.study_hours_milli(one.id) - _of_course(one)


def _of_course(one) -> int:
    """Class hours of the course's own line."""
    return sum(x.class_hours_milli for x in creditbank.statement(one.id).items if x.kind == "completion")


def test_whole_hours_are_shown_where_the_rules_round_down_to_them(people):
    teacher, one = people
    light = policies.current_policy("light")
    policies.publish_policy(SYSTEM, code="light", title="整学时", numbers={**light.document, "hour_step_milli": 1000},
                            effective_on=clock.today())
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting, until_s=2.5 * HOUR_S)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        assert shown(cls, classes.find_place(one, cls)) == (3000, 0, 3000)


def test_a_class_that_was_completed_in_the_morning_bears_the_citys_day(people):
    teacher, one = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting)
    day = clock.city_day(meeting.ends_at) + timedelta(days=1)
    with clock.travel(datetime.combine(day, time(6), clock.CITY)):
        classes.close_class(teacher, cls)
    session.flush()
    session.expire_all()
    assert _credit(classes.find_place(one, cls)) == day.isoformat()


# ---- rosters


def test_a_number_that_was_taken_off_the_roster_is_put_back(people):
    teacher, _one = people
    cls, _meeting = make_class(teacher)
    classes.add_people(teacher, cls, [classes.Line(1, "新来的", "13900001111")])
    classes.remove_person(teacher, cls, classes.list_places(cls.id)[0], "看错了")
    assert classes.add_people(teacher, cls, [classes.Line(1, "王新来", "13900001111")] * 2) == (1, 0)
    (place,) = classes.list_places(cls.id)
    assert (place.state, place.name, place.reason) == ("invited", "王新来", "")
    assert classes.join_class(make_person("13900001111", "王新来"), cls, promises=True).state == "enrolled"
