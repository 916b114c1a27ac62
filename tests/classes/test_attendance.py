"""Who was in the room: nobody in two at once, nobody who holds the class, nothing that the roll has said already."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.classes.test_merging import merge
from tests.factories import HOUR_S, attend, make_class, make_person, meeting_plan

from guanxue import accounts, audit, classes, creditbank
from guanxue.accounts import organisations
from guanxue.classes.models import Attendance
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Conflict

HOUR_MS, MINUTE_MS = HOUR_S * 1000, 60_000


@pytest.fixture
def people(any_db):
    """A teacher and three learners."""
    teacher = make_person("13800000002", "陈师傅", "instructor")
    return teacher, *(make_person(f"1380000001{n}", f"学员{n}") for n in range(3))


def seen_at(meeting, way, minutes):
    """What the screen shows so long after the beginning."""
    with clock.travel(meeting.begins_at + timedelta(minutes=minutes)):
        return classes.read_token(meeting, classes.shown_now(meeting, way).token)


def sign(person, cls, meeting, way, minutes, *, scanned=None):
    seen = seen_at(meeting, way, minutes if scanned is None else scanned)
    with clock.travel(meeting.begins_at + timedelta(minutes=minutes)):
        return classes.sign(person, cls, meeting, seen, classes.Where(), promises=True)


def minutes_of(cls, meeting, place):
    """(what counts towards the share, what the roll shows), in minutes after the meeting."""
    with clock.travel(meeting.ends_at + timedelta(minutes=40)):
        return (round(classes.standing_of(cls, place).attended_ms / MINUTE_MS),
                round(classes.roll_of(meeting, [place])[0].attended_ms / MINUTE_MS))


# ---- stays


def test_a_sign_out_ends_a_stay_and_a_sign_in_begins_the_next(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    for way, at in (("in", 0), ("out", 60), ("in", 90)):
        sign(one, cls, meeting, way, at)
    place = classes.find_place(one, cls)
    assert minutes_of(cls, meeting, place) == (60, 60)
    assert classes.roll_of(meeting, [place])[0].until_ms is None
    sign(one, cls, meeting, "out", 180)
    assert minutes_of(cls, meeting, place) == (150, 150)
    with pytest.raises(classes.NotSignedIn) as problem:
        sign(one, cls, meeting, "out", 190)
    assert "先再签到" in str(problem.value.message)


def test_nobody_is_in_two_rooms_by_signing_out_of_both_at_the_end(people):
    teacher, one, *_others = people
    (a, first), (b, second) = (make_class(teacher, is_public=True, title=t) for t in ("甲班", "乙班"))
    for cls in (a, b):
        classes.join_class(one, cls, promises=True)
    for cls, meeting, way, at in ((a, first, "in", 1), (a, first, "out", 2), (b, second, "in", 3), (b, second, "out", 179)):
        sign(one, cls, meeting, way, at)
    with pytest.raises(classes.NotSignedIn):
        sign(one, a, first, "out", 180)
    assert minutes_of(a, first, classes.find_place(one, a)) == (1, 1)
    assert minutes_of(b, second, classes.find_place(one, b)) == (176, 176)


@pytest.mark.parametrize("is_same_class", [True, False])
def test_a_code_scanned_before_signing_out_begins_no_stay(people, is_same_class):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    other, second = (cls, meeting) if is_same_class else make_class(teacher, is_public=True, title="乙班")
    for c in {cls, other}:
        classes.join_class(one, c, promises=True)
    sign(one, cls, meeting, "in", 0)
    sign(one, cls, meeting, "out", 30)
    with pytest.raises(classes.CodeExpired):
        sign(one, other, second, "in", 31, scanned=25)
    assert sign(one, other, second, "in", 32).kind == "in"


def test_lines_of_old_count_as_they_were_told(people):
    """Before, the last sign-out counted; who signed out in the break and again at the end was there all the time."""
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    sign(one, cls, meeting, "in", 0)
    last = sign(one, cls, meeting, "out", 90)
    session.add(Attendance(**{c.name: getattr(last, c.name) for c in Attendance.__table__.columns if c.name not in ("id", "to_ms", "step")},
                           to_ms=classes.ends_ms(meeting), step=last.step + 1))
    session.flush()
    assert minutes_of(cls, meeting, classes.find_place(one, cls)) == (180, 180)


# ---- the roll


def test_what_the_roll_said_until_when_no_code_says_anew(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    place = classes.find_place(one, cls)
    sign(one, cls, meeting, "in", 0)
    with clock.travel(meeting.begins_at + timedelta(minutes=90)):
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("left", None, classes.begins_ms(meeting) + 30 * MINUTE_MS), "早退")
    for way in ("out", "in"):
        with pytest.raises(Conflict) as problem:
            sign(one, cls, meeting, way, 179)
        assert "老师已经给你记了" in str(problem.value.message)
    assert minutes_of(cls, meeting, place) == (30, 30)


def test_who_was_marked_present_early_still_signs_out(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    place = classes.find_place(one, cls)
    with clock.travel(meeting.begins_at + timedelta(minutes=10)):
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "手机没电")
    sign(one, cls, meeting, "out", 120)
    assert minutes_of(cls, meeting, place) == (120, 120)


def test_putting_right_who_forgot_to_sign_out_leaves_out_when_they_were_away(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    for way, at in (("in", 0), ("out", 30), ("in", 150)):
        sign(one, cls, meeting, way, at)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        assert classes.close_meeting(teacher, cls, meeting, "屏幕坏了") == 1
        assert classes.close_meeting(teacher, cls, meeting, "再按一次") == 0
    place = classes.find_place(one, cls)
    assert minutes_of(cls, meeting, place) == (60, 60)
    assert classes.roll_of(meeting, [place])[0].way == "roll"


# ---- who holds the class is none of its learners


def test_who_leads_by_role_neither_joins_nor_signs_in_nor_is_marked(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True, seats=9)
    with pytest.raises(Conflict):
        classes.join_class(make_person("13800000006", "梁伟", "administrator"), cls, promises=True)
    classes.join_class(one, cls, promises=True)
    accounts.grant_role(SYSTEM, accounts.get_person(one.id), "administrator", None)
    with pytest.raises(Conflict) as problem:
        attend(one, cls, meeting)
    assert "不能同时当学员" in str(problem.value.message)
    with pytest.raises(Conflict), clock.travel(meeting.ends_at):
        classes.call_roll(teacher, cls, meeting, classes.find_place(one, cls), classes.Mark("present"), "他在")


def test_who_runs_classes_for_the_institution_is_none_of_its_learners(people):
    teacher, one, *_others = people
    works = organisations.create_organisation(SYSTEM, name="大朗毛织厂", kind="enterprise", slug="knit-works")
    organisations.add_teacher(SYSTEM, works, "13800000002")
    cls, meeting = make_class(teacher, is_public=True, institution="knit-works")
    classes.join_class(one, cls, promises=True)
    accounts.grant_role(SYSTEM, accounts.get_person(one.id), "enterprise_manager", "knit-works")
    with pytest.raises(Conflict):
        attend(one, cls, meeting)
    other, second = make_class(teacher, is_public=True, title="别的班", starts_in_s=5 * HOUR_S)
    classes.join_class(one, other, promises=True)
    attend(one, other, second)


def test_who_waits_for_a_seat_does_not_become_a_teacher(people):
    teacher, one, two, _three = people
    both = make_person("13800000004", "周工", "instructor")
    cls, _meeting = make_class(teacher, is_public=True)
    for person in (one, two, both):
        classes.join_class(person, cls, promises=True)
    assert classes.find_place(both, cls).state == "waiting"
    with pytest.raises(Conflict):
        classes.add_teacher(teacher, cls, "13800000004")
    classes.leave_class(both, cls)
    classes.add_teacher(teacher, cls, "13800000004")


def test_whose_number_waits_on_the_roster_does_not_become_a_teacher(people):
    teacher, *_others = people
    cls, _meeting = make_class(teacher)
    classes.add_people(teacher, cls, [classes.Line(1, "周工", "13900001111")])
    make_person("13900001111", "周工", "instructor")
    with pytest.raises(Conflict):
        classes.add_teacher(teacher, cls, "13900001111")


# ---- two accounts of one person


@pytest.fixture
def twice(people):
    """A teacher's class, and 林小莲 twice on its roster: (teacher, account that stays, account that is merged, class, meeting)."""
    kept, merged = make_person("13800000021", "林小莲"), make_person("13800000022", "林小莲")
    cls, meeting = make_class(people[0], is_public=True, seats=9)
    for one in (kept, merged):
        classes.join_class(one, cls, promises=True)
    return people[0], kept, merged, cls, meeting


def test_signed_in_under_one_account_and_out_under_the_other(twice):
    _teacher, kept, merged, cls, meeting = twice
    sign(merged, cls, meeting, "in", 0)
    with clock.travel(meeting.begins_at + timedelta(minutes=60)):
        merge(kept, merged)
    sign(kept, cls, meeting, "out", 180)
    assert minutes_of(cls, meeting, classes.find_place(kept, cls)) == (180, 180)


def test_signed_in_under_both_accounts_is_signed_out_at_once(twice):
    _teacher, kept, merged, cls, meeting = twice
    sign(kept, cls, meeting, "in", 0)
    sign(merged, cls, meeting, "in", 1)
    with clock.travel(meeting.begins_at + timedelta(minutes=60)):
        merge(kept, merged)
    sign(kept, cls, meeting, "out", 150)
    assert minutes_of(cls, meeting, classes.find_place(kept, cls)) == (150, 150)


def test_a_roll_stands_over_the_lines_of_both_accounts(twice):
    teacher, kept, merged, cls, meeting = twice
    attend(merged, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        merge(kept, merged)
        place = classes.find_place(kept, cls)
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("absent"), "别人替签")
    assert minutes_of(cls, meeting, place) == (0, 0)
    with clock.travel(meeting.ends_at + timedelta(minutes=50)):
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "看错了")
        assert classes.close_class(teacher, cls) == 1
        assert creditbank.balance(kept.id) == 250 and creditbank.recompute() == (1, [])


def test_a_roll_called_before_the_merge_speaks_of_its_own_account_alone(twice):
    teacher, kept, merged, cls, meeting = twice
    attend(merged, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        classes.call_roll(teacher, cls, meeting, classes.find_place(kept, cls), classes.Mark("absent"), "没见到这个号")
        merge(kept, merged)
    assert minutes_of(cls, meeting, classes.find_place(kept, cls)) == (180, 180)


# ---- no hours are made up afterwards


def test_the_roll_says_nothing_of_before_the_class_and_the_place(people):
    teacher, one, two, _three = people
    cls, meeting = make_class(teacher, is_public=True, opened=False)
    begins = classes.begins_ms(meeting)
    with clock.travel(meeting.begins_at + timedelta(minutes=60)):  # opened while it meets
        classes.open_class(teacher, cls)
        classes.join_class(one, cls, promises=True)
        place = classes.find_place(one, cls)
        assert classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "手机没电").from_ms == begins + 60 * MINUTE_MS
    with clock.travel(meeting.begins_at + timedelta(minutes=90)):
        classes.join_class(two, cls, promises=True)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        late = classes.find_place(two, cls)
        row = classes.call_roll(teacher, cls, meeting, late, classes.Mark("late", begins + 30 * MINUTE_MS), "堵车")
        assert (row.from_ms, row.to_ms) == (begins + 90 * MINUTE_MS, begins + 180 * MINUTE_MS)
        with pytest.raises(Conflict):
            classes.call_roll(teacher, cls, meeting, late, classes.Mark("left", None, begins + 45 * MINUTE_MS), "早退")


@pytest.mark.parametrize("is_late", ["the class", "the place"])
def test_a_meeting_that_was_over_is_nobodys(people, is_late):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True, opened=is_late == "the place")
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        if is_late == "the class":
            classes.open_class(teacher, cls)
        classes.join_class(one, cls, promises=True)
        with pytest.raises(Conflict) as problem:
            classes.call_roll(teacher, cls, meeting, classes.find_place(one, cls), classes.Mark("present"), "他在")
        assert "不能补记" in str(problem.value.message) and classes.list_attendance([meeting.id]) == []


def test_who_waited_has_no_hours_of_before_the_seat(people):
    teacher, one, two, three = people
    cls, meeting = make_class(teacher, is_public=True)
    for person in (one, two, three):
        classes.join_class(person, cls, promises=True)
    with clock.travel(meeting.begins_at + timedelta(minutes=120)):
        classes.leave_class(one, cls)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        row = classes.call_roll(teacher, cls, meeting, classes.find_place(three, cls), classes.Mark("present"), "坐在后排")
    assert row.from_ms == classes.begins_ms(meeting) + 120 * MINUTE_MS


def put_back(teacher, cls, person, phone="13800000010"):
    """Taken off the roster and put on it again by the teacher: the place."""
    place = classes.find_place(person, cls)
    if place.state != "withdrawn":
        classes.remove_person(teacher, cls, place, "点错了")
    classes.add_people(teacher, cls, [classes.Line(1, person.name, phone)])
    return place


def test_who_was_taken_off_the_roster_by_mistake_and_put_back_has_the_seat_since_they_had_it_first(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    with clock.travel(meeting.begins_at + timedelta(minutes=20)):
        put_back(teacher, cls, one)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        place = put_back(teacher, cls, one)
        row = classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "一直在")
        assert row.from_ms == classes.begins_ms(meeting) and classes.close_class(teacher, cls) == 1


def test_a_meeting_that_began_while_somebody_had_no_seat_is_not_theirs(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    classes.leave_class(one, cls)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        place = put_back(teacher, cls, one)
        with pytest.raises(Conflict) as problem:
            classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "他在")
        assert "不能补记" in str(problem.value.message)


def test_who_only_waited_and_went_has_no_seat_of_that_time(people):
    teacher, one, two, three = people
    cls, meeting = make_class(teacher, is_public=True)
    for person in (one, two, three):
        classes.join_class(person, cls, promises=True)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        classes.leave_class(three, cls)
        classes.leave_class(one, cls)
        place = put_back(teacher, cls, three, "13800000012")
        assert place.state == "enrolled"
        with pytest.raises(Conflict):
            classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "他在")


def test_a_seat_under_another_account_is_the_persons_seat(twice):
    teacher, kept, merged, cls, meeting = twice
    with clock.travel(meeting.begins_at + timedelta(minutes=90)):
        classes.leave_class(kept, cls)
        classes.join_class(kept, cls, promises=True)
        merge(kept, merged)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        row = classes.call_roll(teacher, cls, meeting, classes.find_place(kept, cls), classes.Mark("present"), "手机没电")
    assert row.from_ms == classes.begins_ms(meeting)


def test_a_week_later_only_a_second_person_calls_the_roll(people):
    teacher, one, two, _three = people
    second, admin = make_person("13800000004", "周工", "instructor"), make_person("13800000006", "梁伟", "administrator")
    cls, meeting = make_class(teacher, is_public=True)
    classes.add_teacher(teacher, cls, "13800000004")
    for person in (one, two):
        classes.join_class(person, cls, promises=True)
    sign(two, cls, meeting, "in", 0)
    place, present = classes.find_place(one, cls), classes.Mark("present")
    with clock.travel(meeting.ends_at + timedelta(days=7, minutes=-1)):
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("absent"), "没看到人")
    with clock.travel(meeting.ends_at + timedelta(days=7, minutes=1)):
        for one_of_them in (teacher, second):
            with pytest.raises(Conflict) as problem:
                classes.call_roll(one_of_them, cls, meeting, place, present, "补记")
            assert problem.value.message == classes.ROLL_OVER
            with pytest.raises(Conflict):
                classes.close_meeting(one_of_them, cls, meeting, "补记")
        classes.call_roll(admin, cls, meeting, place, present, "看了签名表")
        assert classes.close_meeting(admin, cls, meeting, "看了签名表") == 1
        assert classes.close_class(teacher, cls) == 2
    told = [x.detail["is_late"] for x in audit.list_lines(action="classes.roll.called")]
    assert sorted(told) == [False, True, True]


# ---- seats of the room


def test_a_number_of_seats_that_was_wrong_is_put_right_after_the_class_was_closed_and_nothing_else_is(people):
    teacher, one, two, *_others = people
    cls, meeting = make_class(teacher, is_public=True, seats=9)
    plan = meeting_plan(meeting.begins_at, 3, seats=1)
    classes.change_meeting(teacher, cls, meeting, plan, "小教室")
    for person in (one, two):
        classes.join_class(person, cls, promises=True)
    attend(one, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        classes.close_class(teacher, cls)
        place = classes.find_place(two, cls)
        with pytest.raises(classes.ClassState, match="1 个座位"):
            classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "手机没有电")
        with pytest.raises(classes.ClassState, match="只能改座位"):
            classes.change_meeting(teacher, cls, meeting, replace(plan, seats=2, place="实训楼 401"), "填错了")
        assert (meeting.seats, meeting.place) == (1, "实训楼 302")
        classes.change_meeting(teacher, cls, meeting, replace(plan, seats=2), "填错了")
        assert classes.list_changes([meeting.id])[meeting.id][-1].reason == "填错了"
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "手机没有电")
        assert place.state == "completed"


def test_a_room_holds_as_many_as_it_has_seats(people):
    teacher, one, two, three = people
    cls, first = make_class(teacher, is_public=True, seats=9)
    meeting = classes.add_meeting(teacher, cls, meeting_plan(first.ends_at, 3, seats=1))
    for person in (one, two, three):
        classes.join_class(person, cls, promises=True)
    sign(one, cls, meeting, "in", 0)
    with pytest.raises(Conflict) as problem:
        sign(two, cls, meeting, "in", 1)
    assert "座位" in str(problem.value.message)
    sign(one, cls, meeting, "out", 60)
    sign(two, cls, meeting, "in", 61)  # who left has left a seat
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        place, present = classes.find_place(three, cls), classes.Mark("present")
        with pytest.raises(Conflict):
            classes.call_roll(teacher, cls, meeting, place, present, "坐在后排")
        classes.change_meeting(teacher, cls, meeting, meeting_plan(meeting.begins_at, 3, seats=3), "加了椅子")
        classes.call_roll(teacher, cls, meeting, place, present, "坐在后排")
