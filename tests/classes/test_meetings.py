"""Meetings are planned before they are held: none is made up, lengthened or turned into theory afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.factories import HOUR_S, attend, class_facts, make_class, make_person, meeting_plan

from guanxue import audit, classes, creditbank, policies
from guanxue.classes.meetings import NO_THEORY
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Conflict, Invalid


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
    cls, meeting = make_class(teacher, starts_in_s=48 * HOUR_S)  # hours before are in the period at any time of the day
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


# ---- opening


STRICTER = {"class_hour_ms": 3_600_000}


def publish(code: str, **numbers):
    """The next version of a policy, holding from today."""
    now = policies.current_policy(code)
    return policies.publish_policy(SYSTEM, code=code, title="更严", numbers={**now.document, **numbers}, effective_on=clock.today())


def completed(teacher, one, cls, meeting) -> None:
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        assert classes.close_class(teacher, cls) == 1


def test_a_class_goes_by_the_rules_of_the_day_it_opens(teacher):
    one = make_person()
    cls, meeting = make_class(teacher, is_public=True, opened=False)
    newer = publish("light", **STRICTER)
    classes.open_class(teacher, cls)
    publish("light", class_hour_ms=1_800_000)
    assert cls.policy_id == newer.id
    completed(teacher, one, cls, meeting)
    assert creditbank.study_hours_milli(one.id) == 3000 and creditbank.recompute() == (1, [])


def test_other_rules_than_those_of_that_day_are_named(teacher):
    one = make_person()
    older = policies.current_policy("light")
    cls, meeting = make_class(teacher, is_public=True, opened=False)
    publish("light", **STRICTER)
    classes.open_class(teacher, cls)
    cls.policy_id = older.id  # by hand
    completed(teacher, one, cls, meeting)
    (found,) = creditbank.recompute()[1]
    assert "开班那天" in str(found.why)


@pytest.mark.parametrize("change", ["effective_on = '2040-01-01'", "published_at = '2040-01-01 00:00:00.000000'"])
def test_a_shifted_day_of_the_rules_is_named(teacher, change):
    one = make_person()
    cls, meeting = make_class(teacher, is_public=True)
    completed(teacher, one, cls, meeting)
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    session.flush()
    session.execute(text("DROP TRIGGER guard_policies_policy_update" + ("" if is_sqlite else " ON policies_policy")))
    session.execute(text(f"UPDATE policies_policy SET {change} WHERE id = {cls.policy_id}"))  # noqa: S608 our own words
    session.expire_all()
    (found,) = creditbank.recompute()[1]
    assert "开班那天" in str(found.why)


def test_the_day_from_which_rules_hold_is_kept_in_the_log(teacher):
    publish("light", **STRICTER)
    assert audit.list_lines(action="policies.policy.published")[0].detail["effective_on"] == clock.today().isoformat()


# ---- theory before practice


def test_practice_under_rules_that_ask_for_theory_needs_a_course(teacher):
    cls, meeting = make_class(teacher, kind="practice", policy="subsidised", opened=False)
    with pytest.raises(Conflict) as problem:
        classes.open_class(teacher, cls)
    assert problem.value.message == NO_THEORY and cls.state == "draft"
    classes.change_meeting(teacher, cls, meeting, meeting_plan(meeting.begins_at), "")
    classes.open_class(teacher, cls)
    later = meeting_plan(meeting.begins_at + timedelta(days=1), kind="practice")
    assert refused(lambda: classes.add_meeting(teacher, cls, later)) == ["kind"]
    assert refused(lambda: classes.change_meeting(teacher, cls, meeting, later, "上机")) == ["kind"]
    light, _meeting = make_class(teacher, kind="practice")
    assert light.state == "open"
