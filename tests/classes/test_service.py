"""Classes from nothing to credit, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.clients import Learner
from tests.factories import HOUR_S, attend, class_facts, learner, make_class, make_course, make_person, meeting_plan

from guanxue import accounts, classes, courses, creditbank, learning, ledger, policies
from guanxue.classes import completing
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import begin_writing, end_work, session
from guanxue.core.errors import Conflict, Forbidden, Invalid, NotFound
from guanxue.policies.defaults import SUBSIDISED_1

WIDE = {"seats": 10}


@pytest.fixture
def people(any_db):
    """A teacher and three learners."""
    teacher = make_person("13800000002", "陈师傅", "instructor")
    return teacher, *(make_person(f"1380000001{n}", f"学员{n}") for n in range(3))


def roster(teacher, cls, *phones):
    return classes.add_people(teacher, cls, [classes.Line(n, f"学员{p[-1]}", p) for n, p in enumerate(phones, 1)])


def promoted(person):
    """The same person as an administrator, who may lead every class from then on."""
    accounts.grant_role(SYSTEM, accounts.get_person(person.id), "administrator", None)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


def close(teacher, cls, meeting):
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        return classes.close_class(teacher, cls)


# ---- rosters


def test_seats_are_given_in_turn_and_who_waits_moves_up_by_themselves(people):
    teacher, one, two, three = people
    cls, _meeting = make_class(teacher, is_public=True)
    for person in (one, two, three):
        classes.join_class(person, cls, promises=True)
    assert [p.state for p in classes.list_places(cls.id)] == ["enrolled", "enrolled", "waiting"]
    assert classes.turn_of(classes.find_place(three, cls)) == 1
    classes.leave_class(one, cls)
    moved = classes.find_place(three, cls)
    assert moved.state == "enrolled" and classes.is_just_moved_up(moved)
    classes.join_class(one, cls, promises=True)
    assert classes.find_place(one, cls).state == "waiting"  # whoever left queues up again
    classes.edit_class(teacher, cls, class_facts(seats=3, is_public=True))
    assert classes.find_place(one, cls).state == "enrolled"


def test_who_has_no_account_has_a_place_that_waits_for_their_number(people):
    teacher, *_others = people
    cls, meeting = make_class(teacher)
    assert roster(teacher, cls, "13900001111") == (1, 0)
    assert roster(teacher, cls, "13900001111") == (0, 0)
    newcomer = make_person("13900001111", "新来的")
    place = classes.find_place(newcomer, cls)
    assert place.state == "invited" and place.person_id is None
    attend(newcomer, cls, meeting)
    assert place.person_id == newcomer.id and place.phone is None and place.state == "enrolled" and place.undertaking_at


def test_a_roster_alone_decides_where_the_class_is_not_public(people):
    teacher, one, two, _three = people
    cls, _meeting = make_class(teacher)
    with pytest.raises(NotFound):
        classes.get_class(one, cls.code)
    with pytest.raises(NotFound):
        classes.join_class(one, cls, promises=True)
    roster(teacher, cls, "13800000010")
    with pytest.raises(Invalid):
        classes.join_class(one, cls, promises=False)
    assert classes.join_class(one, cls, promises=True).state == "enrolled"
    with pytest.raises(Forbidden):
        classes.remove_person(two, cls, classes.find_place(one, cls), "x")
    classes.remove_person(teacher, cls, classes.find_place(one, cls), "报错班了")
    with pytest.raises(Conflict):
        classes.join_class(one, cls, promises=True)


def test_only_who_holds_classes_makes_them_and_others_do_not_change_them(people):
    teacher, one, *_others = people
    other = make_person("13800000003", "周工", "instructor")
    with pytest.raises(Forbidden):
        classes.create_class(one, class_facts())
    cls, meeting = make_class(teacher)
    for act in (lambda: classes.edit_class(other, cls, class_facts()), lambda: classes.close_class(other, cls),
                lambda: classes.cancel_meeting(other, cls, meeting, "x"), lambda: roster(other, cls, "13800000010")):
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(NotFound):
        classes.get_class_at_work(other, cls.code)
    classes.add_teacher(teacher, cls, "13800000003")
    assert classes.get_class_at_work(other, cls.code) is cls and classes.may_teach(other, cls) and not classes.may_lead(other, cls)


@pytest.mark.parametrize("facts", [{"seats": 0}, {"share_permille": 400}, {"ends_on": None}, {"policy": "x"}, {"course": "none"},
                                   {"title": " "}, {"institution": "nowhere"}, {"ends_on": clock.today() - timedelta(days=3)}])
def test_a_class_that_cannot_be_is_refused_by_its_field(people, facts):
    with pytest.raises(Invalid) as problem:
        classes.create_class(people[0], class_facts(**facts))
    assert problem.value.fields


def test_a_class_beside_a_subsidised_course_goes_by_a_strict_policy_and_none_by_one_that_does_not_hold_yet(people):
    make_course("paid").is_subsidised = True
    make_course("free")
    policies.publish_policy(SYSTEM, code="later", title="以后", effective_on=clock.today() + timedelta(days=9),
                            numbers=SUBSIDISED_1)
    for facts in ({"course": "paid", "policy": "light"}, {"course": "free", "policy": "subsidised"}, {"policy": "later"}):
        with pytest.raises(Invalid) as problem:
            classes.create_class(people[0], class_facts(**facts))
        assert [f["field"] for f in problem.value.fields] == ["policy"]
    made = classes.create_class(people[0], class_facts(course="paid", policy="subsidised"))
    with pytest.raises(Invalid):
        classes.edit_class(people[0], made, class_facts(course="paid", policy="light"))


def test_a_class_does_not_open_under_a_voluntary_policy_once_its_course_asks_for_a_subsidy(people):
    course = make_course("paid")
    cls, _meeting = make_class(people[0], course="paid", policy="light", opened=False)
    course.is_subsidised = True
    session.flush()
    with pytest.raises(classes.ClassState, match="申请补贴的课程"):
        classes.open_class(people[0], cls)
    assert cls.state == "draft"
    classes.edit_class(people[0], cls, class_facts(course="paid", policy="subsidised"))
    classes.open_class(people[0], cls)
    assert cls.state == "open" and policies.get_policy(cls.policy_id).code == "subsidised"


# ---- meetings


def test_a_meeting_is_changed_and_called_off_with_a_reason_until_somebody_came(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    later = meeting.begins_at + timedelta(days=1)
    with pytest.raises(Invalid):
        classes.change_meeting(teacher, cls, meeting, meeting_plan(later), "")
    classes.change_meeting(teacher, cls, meeting, meeting_plan(later), "老师生病")
    assert meeting.begins_at == later and classes.list_changes([meeting.id])[meeting.id][0].reason == "老师生病"
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting)
    with pytest.raises(Conflict):
        classes.change_meeting(teacher, cls, meeting, meeting_plan(later, 5), "再改")
    assert meeting.ends_at == later + timedelta(hours=3)
    classes.change_meeting(teacher, cls, meeting, meeting_plan(later, place="实训楼 401"), "换教室")
    with pytest.raises(Conflict):
        classes.cancel_meeting(teacher, cls, meeting, "不上了")


@pytest.mark.parametrize("breaks", ["10点", "25:00-26:00", "03:00-03:10"])
def test_breaks_are_times_of_the_meeting(people, breaks):
    cls, meeting = make_class(people[0])
    begins = meeting.begins_at.astimezone(clock.CITY).replace(hour=9, minute=0) + timedelta(days=1)
    with pytest.raises(Invalid):
        classes.add_meeting(people[0], cls, meeting_plan(begins, 3, breaks=breaks))
    made = classes.add_meeting(people[0], cls, meeting_plan(begins, 8, breaks="10:30-10:45，12:00～13:30"))
    assert [(b - a) // 60_000 for a, b in made.breaks] == [15, 90]


def test_a_class_at_night_ends_the_next_morning(people):
    cls, meeting = make_class(people[0])
    begins = meeting.begins_at.astimezone(clock.CITY).replace(hour=22, minute=0) + timedelta(days=1)
    made = classes.add_meeting(people[0], cls, meeting_plan(begins, 4, breaks="00:10-00:20"))
    assert made.ends_at - made.begins_at == timedelta(hours=4) and len(made.breaks) == 1


# ---- signing


def test_hours_are_what_lies_between_signing_in_and_out_without_breaks(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting, -600, 2.5 * HOUR_S)
    with clock.travel(meeting.ends_at + timedelta(seconds=1)):
        standing = classes.standing_of(cls, classes.find_place(one, cls))
    assert standing.attended_ms == pytest.approx(2.5 * HOUR_S * 1000, abs=5000) and standing.taught_ms == 3 * HOUR_S * 1000
    assert standing.is_enough and standing.is_course_done is None


def test_a_code_from_before_or_of_another_meeting_signs_nobody_in(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    second = classes.add_meeting(teacher, cls, meeting_plan(meeting.begins_at + timedelta(days=1)))
    with clock.travel(meeting.begins_at):
        token, digits = classes.shown_now(meeting, "in").token, classes.shown_now(meeting, "in").digits
        assert classes.read_token(meeting, token).way == "in"
        with pytest.raises(classes.CodeExpired):
            classes.read_token(second, token)
        with pytest.raises(classes.CodeExpired):
            classes.read_token(meeting, token.replace(".in.", ".out."))
        with pytest.raises(classes.CodeExpired):
            classes.read_digits(meeting, "out", digits)
    with clock.travel(meeting.begins_at + timedelta(minutes=1)):
        for read in (lambda: classes.read_token(meeting, token), lambda: classes.read_digits(meeting, "in", digits)):
            with pytest.raises(classes.CodeExpired):
                read()
    for forged in ("", "1", "1.in.x.y", "1.in.9999999999999999.aa", f"{meeting.id}.in.1.{'é' * 20}"):
        with pytest.raises(classes.CodeExpired):
            classes.read_token(meeting, forged)


def test_the_moment_of_scanning_is_kept_over_signing_in_and_only_in_the_same_browser(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    with clock.travel(meeting.begins_at):
        seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
        stamp = classes.stamp(seen, "browser-1")
    with clock.travel(meeting.begins_at + timedelta(minutes=8)):
        again = classes.read_stamp(stamp, "browser-1")
        assert again.at_ms == seen.at_ms
        for bearer, word in (("browser-2", stamp), ("browser-1", stamp[:-1] + "x"), ("browser-1", "x")):
            with pytest.raises(classes.CodeExpired):
                classes.read_stamp(word, bearer)
        row = classes.sign(one, cls, meeting, again, classes.Where("1.2.3.4", "phone", "device"))
        assert row.from_ms == seen.at_ms and row.received_ms - row.from_ms >= 480_000 and "1.2.3.4" not in row.address_hash
    with clock.travel(meeting.begins_at + timedelta(minutes=11)), pytest.raises(classes.CodeExpired):
        classes.read_stamp(stamp, "browser-1")


def test_signing_in_twice_is_once_and_out_needs_in(people):
    teacher, one, two, _three = people
    cls, meeting = make_class(teacher, is_public=True)
    for person in (one, two):
        classes.join_class(person, cls, promises=True)
    with clock.travel(meeting.begins_at):
        seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
        first = classes.sign(one, cls, meeting, seen, classes.Where())
        assert classes.sign(one, cls, meeting, seen, classes.Where()).id == first.id
    with clock.travel(meeting.begins_at + timedelta(hours=1)):
        out = classes.read_token(meeting, classes.shown_now(meeting, "out").token)
        with pytest.raises(classes.NotSignedIn):
            classes.sign(two, cls, meeting, out, classes.Where())
        assert classes.sign(one, cls, meeting, out, classes.Where()).id == classes.sign(one, cls, meeting, out, classes.Where()).id
    assert len(classes.list_attendance([meeting.id])) == 2


def test_nobody_without_a_seat_signs_in_and_nobody_outside_the_hours(people):
    teacher, one, two, three = people
    cls, meeting = make_class(teacher, is_public=True, seats=1)
    for person in (one, two):
        classes.join_class(person, cls, promises=True)
    for person, at, error in ((two, meeting.begins_at, Conflict), (three, meeting.begins_at, NotFound),
                              (one, meeting.begins_at - timedelta(minutes=31), classes.CodeExpired),
                              (one, meeting.ends_at, classes.CodeExpired)):
        with clock.travel(at):
            seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
            with pytest.raises(error):
                classes.sign(person, cls, meeting, seen, classes.Where())


def test_nobody_sits_in_two_classes_at_once(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    other, second = make_class(teacher, is_public=True, title="另一个班")
    for c in (cls, other):
        classes.join_class(one, c, promises=True)
    with clock.travel(meeting.begins_at):
        classes.sign(one, cls, meeting, classes.read_token(meeting, classes.shown_now(meeting, "in").token), classes.Where())
        seen = classes.read_token(second, classes.shown_now(second, "in").token)
        with pytest.raises(classes.ElsewhereNow):
            classes.sign(one, other, second, seen, classes.Where())


def test_one_phone_for_two_people_is_seen_on_the_roll(people):
    teacher, one, two, three = people
    cls, meeting = make_class(teacher, is_public=True, **WIDE)
    for person, device in ((one, "a"), (two, "a"), (three, "b")):
        classes.join_class(person, cls, promises=True)
        with clock.travel(meeting.begins_at):
            seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
            classes.sign(person, cls, meeting, seen, classes.Where("10.0.0.1", "same browser", device))
    roll = classes.roll_of(meeting, classes.list_places(cls.id))
    assert [h.shares_phone for h in roll] == [True, True, False]


# ---- theory before practice


def test_practice_waits_for_the_theory_that_the_policy_demands(any_app):
    with any_app.test_request_context():
        begin_writing()
        teacher, one = make_person("13800000002", "陈师傅", "instructor"), make_person("13800000001", "林小莲")
        make_course().is_subsidised = True
        cls, meeting = make_class(teacher, kind="practice", policy="subsidised", course="safe-measuring", is_public=True)
        classes.join_class(one, cls, promises=True)
        code = cls.code
        end_work(commit=True)
    student = Learner(any_app, "13800000001")
    for share, is_let_in in ((30, False), (60, True)):
        student.call("PUT", "/courses/safe-measuring/enrolment", 200)
        student.watch(student.lessons()[0]["id"], share)
        with any_app.test_request_context():
            begin_writing()
            cls = classes.find_class(code)
            meeting = classes.list_meetings(cls.id)[0]
            with clock.travel(meeting.begins_at):
                seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
                if is_let_in:
                    assert classes.sign(one, cls, meeting, seen, classes.Where()).theory_permille == 1000
                else:
                    with pytest.raises(classes.TheoryMissing):
                        classes.sign(one, cls, meeting, seen, classes.Where())
            end_work(commit=False)


# ---- the roll


def test_the_roll_corrects_with_a_reason_and_nobody_marks_themselves(people):
    teacher, one, two, _three = people
    cls, meeting = make_class(teacher, is_public=True, **WIDE)
    admin = make_person("13800000006", "梁伟")
    for person in (one, two, admin):
        classes.join_class(person, cls, promises=True)
    admin = promoted(admin)
    place = classes.find_place(one, cls)
    present = classes.Mark("present")
    with pytest.raises(Conflict), clock.travel(meeting.begins_at - timedelta(hours=1)):
        classes.call_roll(teacher, cls, meeting, place, present, "手机没电")
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        with pytest.raises(Invalid):
            classes.call_roll(teacher, cls, meeting, place, present, " ")
        with pytest.raises(Forbidden):
            classes.call_roll(admin, cls, meeting, classes.find_place(admin, cls), present, "我在")
        with pytest.raises(Forbidden):
            classes.call_roll(two, cls, meeting, place, present, "他在")
        classes.call_roll(teacher, cls, meeting, place, present, "手机没电")
        assert classes.standing_of(cls, place).attended_ms == 3 * HOUR_S * 1000
        half = classes.begins_ms(meeting) + HOUR_S * 1000
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("late", half), "看错了")
        assert classes.standing_of(cls, place).attended_ms == 2 * HOUR_S * 1000
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("left", None, half), "早退")
        assert classes.standing_of(cls, place).attended_ms == HOUR_S * 1000
        with pytest.raises(Invalid):
            classes.call_roll(teacher, cls, meeting, place, classes.Mark("late", classes.ends_ms(meeting) + 1), "x")
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("absent"), "记错人")
        assert classes.standing_of(cls, place).attended_ms == 0
    assert len(classes.list_attendance([meeting.id])) == 4


def test_who_forgot_to_sign_out_is_put_right_at_once_but_not_oneself(people):
    teacher, one, two, _three = people
    admin = make_person("13800000006", "梁伟")
    cls, meeting = make_class(teacher, is_public=True, **WIDE)
    for person in (one, two, admin):
        classes.join_class(person, cls, promises=True)
        with clock.travel(meeting.begins_at + timedelta(minutes=30)):
            seen = classes.read_token(meeting, classes.shown_now(meeting, "in").token)
            classes.sign(person, cls, meeting, seen, classes.Where())
    admin = promoted(admin)
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        assert classes.standing_of(cls, classes.find_place(one, cls)).attended_ms == 0
        assert classes.close_meeting(admin, cls, meeting, "下课时屏幕坏了") == 2
        assert classes.standing_of(cls, classes.find_place(one, cls)).attended_ms == pytest.approx(2.5 * HOUR_S * 1000, abs=5000)
        assert classes.standing_of(cls, classes.find_place(admin, cls)).attended_ms == 0
        assert classes.close_meeting(teacher, cls, meeting, "再按一次") == 0


def test_who_teaches_a_class_is_none_of_its_learners(people):
    teacher, one, *_others = people
    both = make_person("13800000004", "周工", "instructor")
    cls, _meeting = make_class(teacher, is_public=True)
    with pytest.raises(Conflict):
        classes.join_class(teacher, cls, promises=True)
    classes.join_class(both, cls, promises=True)
    with pytest.raises(Conflict):
        classes.add_teacher(teacher, cls, "13800000004")


def test_who_never_registered_is_marked_and_takes_the_hours_later(people):
    teacher, *_others = people
    cls, meeting = make_class(teacher)
    roster(teacher, cls, "13900001111")
    place = classes.list_places(cls.id)[0]
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("present"), "没有手机，核对过身份证")
        assert classes.close_class(teacher, cls) == 0
        newcomer = make_person("13900001111", "新来的")
        assert classes.join_class(newcomer, cls, promises=True).state == "completed"
        assert creditbank.balance(newcomer.id) == 250 and creditbank.recompute() == (1, [])


# ---- what it is worth


def test_a_completed_class_is_credited_once_and_derived_again(people):
    teacher, one, two, _three = people
    cls, meeting = make_class(teacher, is_public=True, hours=4, **WIDE)
    for person, until in ((one, None), (two, 3 * HOUR_S)):
        classes.join_class(person, cls, promises=True)
        attend(person, cls, meeting, until_s=until)
    assert close(teacher, cls, meeting) == 1  # the other was there for three quarters
    # 4 h of 45 minutes at 16 a credit: 5.333 class hours, 0.333 credits
    assert creditbank.balance(one.id) == 4 * 3_600_000 * 1000 // (2_700_000 * 16) == 333
    assert creditbank.study_hours_milli(one.id) == 5333 and creditbank.balance(two.id) == 0
    assert close(teacher, cls, meeting) == 1 and creditbank.balance(one.id) == 333
    line = creditbank.statement(one.id).items[0]
    assert line.kind == "class" and line.title == cls.title and line.reason == "培训班结业"
    assert creditbank.verify(line.code).is_valid
    assert creditbank.recompute() == (1, [])
    assert classes.find_place(one, cls).state == "completed"
    with pytest.raises(Conflict), clock.travel(meeting.ends_at + timedelta(minutes=1)):
        classes.call_roll(teacher, cls, meeting, classes.find_place(one, cls), classes.Mark("absent"), "x")
    with clock.travel(meeting.ends_at + timedelta(minutes=2)):  # who is put right after the end completes then
        classes.call_roll(teacher, cls, meeting, classes.find_place(two, cls), classes.Mark("present"), "没签退")
    assert creditbank.balance(two.id) == 333 and creditbank.recompute() == (2, [])
    creditbank.take_back(make_person("13800000006", "梁工", "administrator"), line.code, reason="冒名", authority="东人社〔2026〕1号")
    assert creditbank.balance(one.id) == 0 and creditbank.verify(line.code).is_revoked and creditbank.recompute()[1] == []


def test_what_somebody_played_in_the_room_counts_once(any_app):
    with any_app.test_request_context():
        begin_writing()
        teacher, one = make_person("13800000002", "陈师傅", "instructor"), make_person("13800000001", "林小莲")
        make_course(videos_ms=(3_600_000,))
        cls, meeting = make_class(teacher, starts_in_s=60, is_public=True)
        classes.join_class(one, cls, promises=True)
        attend(one, cls, meeting)
        end_work(commit=True)
    student = Learner(any_app, "13800000001")
    student.call("PUT", "/courses/safe-measuring/enrolment", 200)
    with clock.advance(1200):
        student.watch(student.lessons()[0]["id"], 600)
    with any_app.test_request_context():
        begin_writing()
        cls = classes.find_class(cls.code)
        assert close(teacher, cls, classes.list_meetings(cls.id)[0]) == 1
        completion = classes.list_completions(one.id)[0]
        assert abs(completion.attended_ms - (3 * HOUR_S - 600) * 1000) < 1000
        assert creditbank.recompute(one.id)[1] == []
        assert completing.derive(completion.evidence).faults == ()
        end_work(commit=True)


def test_a_class_with_a_course_is_complete_with_the_course(any_app):
    with any_app.test_request_context():
        begin_writing()
        teacher, one = make_person("13800000002", "陈师傅", "instructor"), make_person("13800000001", "林小莲")
        make_course()
        cls, meeting = make_class(teacher, starts_in_s=60, course="safe-measuring", is_public=True)
        classes.join_class(one, cls, promises=True)
        attend(one, cls, meeting)
        assert close(teacher, cls, meeting) == 0 and classes.standing_of(cls, classes.find_place(one, cls)).is_course_done is False
        end_work(commit=True)
    with clock.advance(4 * HOUR_S):
        Learner(any_app, "13800000001").finish()
    with any_app.test_request_context():
        completion = classes.list_completions(one.id)[0]
        course = courses.get_course("safe-measuring", one)
        assert completion.evidence["course"] == learning.find_completion(learning.find_enrolment(one.id, course.id).id).id
        kinds = [x.kind for x in creditbank.statement(one.id).items]
        assert sorted(kinds) == ["class", "completion"] and creditbank.recompute() == (2, [])
        assert ledger.verify().faults == []


FORGERIES = [
    ("UPDATE classes_attendance SET to_ms = to_ms - 3600000 WHERE kind = 'out'", "classes_attendance"),
    ("DELETE FROM classes_attendance WHERE kind = 'out'", "classes_attendance"),
    ("UPDATE classes_meeting SET breaks = '[[0,1]]'", None),
    ("UPDATE classes_completion SET attended_ms = 1", "classes_completion"),
]


@pytest.mark.parametrize(("statement", "guarded"), FORGERIES)
def test_whatever_is_changed_by_hand_is_named(people, statement, guarded):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting)
    close(teacher, cls, meeting)
    assert creditbank.recompute()[1] == []
    session.flush()
    if guarded:
        with pytest.raises(Exception, match="append-only"), session.begin_nested():
            session.execute(text(statement))
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        for verb in ("update", "delete"):
            session.execute(text(f"DROP TRIGGER guard_{guarded}_{verb}" + ("" if is_sqlite else f" ON {guarded}")))
    session.execute(text(statement))
    session.expire_all()
    found = creditbank.recompute()[1]
    assert [d.course for d in found] == [cls.title] and "学员0" in found[0].person and found[0].why


def test_a_contra_without_ground_is_named(people):
    _teacher, one, *_others = people
    ledger.post(one, key="class:99:99", kind="class", postings=[("mint:classes", -5), (f"person:{one.id}", 5)], document={})
    assert [(d.stored, d.derived) for d in creditbank.recompute()[1]] == [(5, 0)]


def test_earlier_classes_take_their_moments(people):
    """Two classes at the same hours: by the roll both can be claimed, and the second counts only what the first did not."""
    teacher, one, *_others = people
    first, m1 = make_class(teacher, is_public=True, hours=3)
    second, m2 = make_class(teacher, is_public=True, hours=4, title="另一个班")
    for cls in (first, second):
        classes.join_class(one, cls, promises=True)
    with clock.travel(m2.ends_at + timedelta(minutes=1)):
        for cls, meeting in ((first, m1), (second, m2)):
            classes.call_roll(teacher, cls, meeting, classes.find_place(one, cls), classes.Mark("present"), "补记")
    close(teacher, first, m2)
    close(teacher, second, m2)
    assert [c.attended_ms for c in classes.list_completions(one.id)] == [3 * HOUR_S * 1000, pytest.approx(HOUR_S * 1000, abs=120_000)]
    assert creditbank.recompute()[1] == []


def test_the_evidence_in_the_ledger_is_the_completions(people):
    teacher, one, *_others = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting)
    close(teacher, cls, meeting)
    entry = ledger.list_entries("class")[0]
    document = json.loads(entry.document)
    assert document["evidence"] == classes.list_completions(one.id)[0].evidence_digest
    assert document["class"] == cls.code and document["rule"] == "class/1" and document["policy"].startswith("light/")


def test_an_erased_person_leaves_no_name_and_the_next_moves_up(people):
    teacher, one, two, three = people
    cls, _meeting = make_class(teacher, is_public=True)
    for person in (one, two, three):
        classes.join_class(person, cls, promises=True)
    roster(teacher, cls, "13900002222")
    quiet = make_person("13900002222", "没来过")
    accounts.erase_person(learner(quiet.id), quiet.id)
    assert "139****2222" not in str([(p.name, p.phone) for p in classes.list_places(cls.id)])
    assert all(p.phone is None for p in classes.list_places(cls.id))
    accounts.erase_person(learner(one.id), one.id)
    places = classes.list_places(cls.id)
    assert "学员0" not in {p.name for p in places} and classes.find_place(three, cls).state == "enrolled"


def test_who_may_not_be_put_on_the_roll_any_more_is_not_sent_in_a_circle(people):
    """Taking the credit back reopens no roll, so nobody is told to do that: hours that are missing are made up elsewhere."""
    teacher, one, *_rest = people
    cls, meeting = make_class(teacher, is_public=True)
    classes.join_class(one, cls, promises=True)
    attend(one, cls, meeting, until_s=2.5 * HOUR_S)
    assert close(teacher, cls, meeting) == 1
    with clock.travel(meeting.ends_at + timedelta(minutes=2)), pytest.raises(Conflict) as told:
        classes.call_roll(teacher, cls, meeting, classes.find_place(one, cls), classes.Mark("present"), "他在")
    assert "冲销" not in str(told.value.message) and "另一个班" in str(told.value.message)
