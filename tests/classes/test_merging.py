"""Two accounts of one person in classes: what is told is what happens, and parting undoes it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.factories import HOUR_S, attend, make_class, make_person
from tests.two_accounts import told

from guanxue import accounts, classes, creditbank, jobs, ledger
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import begin_writing, end_work


@pytest.fixture
def person(any_db):
    """A teacher, and 林小莲 twice."""
    return make_person("13800000003", "陈师傅", "instructor"), make_person("13800000001", "林小莲"), make_person("13800000002", "林小莲")


def merge(kept, merged):
    foreseen = accounts.foresee_merge(kept, kept.id, merged.id)
    return accounts.merge_accounts(kept, kept.id, merged.id, reason="同一个人", foreseen=foreseen.digest).code, told(foreseen)


def part(kept, code):
    foreseen = accounts.foresee_part(kept, accounts.get_merge(code))
    accounts.part_accounts(kept, code, reason="分开", foreseen=foreseen.digest)
    return told(foreseen)


def attended(teacher, person, *, until_s=None, **facts):
    cls, meeting = make_class(teacher, is_public=True, seats=9, **facts)
    if person:
        classes.join_class(person, cls, promises=True)
        attend(person, cls, meeting, until_s=until_s)
    return cls, meeting


def close(teacher, cls, meeting):
    with clock.travel(meeting.ends_at + timedelta(minutes=1)):
        return classes.close_class(teacher, cls)


def figures(*people):
    return [(creditbank.balance(p.id), creditbank.study_hours_milli(p.id),
             [(c.code, p2.state) for c, p2 in classes.list_mine(p.id)]) for p in people]


def must_hold():
    assert creditbank.recompute()[1] == [] and ledger.verify().faults == []


def test_credits_of_classes_follow_their_person_and_come_back(person):
    teacher, kept, merged = person
    cls, meeting = attended(teacher, merged)
    close(teacher, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        before, amount = figures(kept, merged), creditbank.balance(merged.id)
        assert amount == 250
        code, effects = merge(kept, merged)
        assert effects["credit.moved"] == {f"class:{cls.id}": amount} and effects["place.moved"].keys() == {f"class:{cls.id}"}
        assert figures(kept)[0] == (amount, 4000, [(cls.code, "completed")]) and creditbank.balance(merged.id) == 0
        assert effects["balance.after"] == {f"person:{kept.id}": amount}
        must_hold()
        line = creditbank.statement(kept.id).items[0]
        assert line.kind == "class-merge" and creditbank.verify(line.code).merged_into
        gone = creditbank.read_account(merged.id).statement()
        assert [(x.kind, x.title, x.training_class, x.source, x.amount, x.hours_milli) for x in gone.lines()] == [
            ("class", cls.title, cls.code, "class", amount, 4000), ("class-merge", cls.title, cls.code, "class", -amount, -4000)]
        assert (gone.closing, gone.hours_milli, gone.by_source()) == (0, 0, {"class": 0})
        effects = part(kept, code)
        assert effects["credit.returned"] == {f"class:{cls.id}": amount}
        assert figures(kept, merged) == before
        must_hold()


def test_the_same_class_counts_once_for_both_accounts(person):
    teacher, kept, merged = person
    cls, meeting = attended(teacher, kept)
    with clock.travel(meeting.begins_at - timedelta(minutes=10)):
        classes.join_class(merged, cls, promises=True)
    attend(merged, cls, meeting)
    close(teacher, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(hours=1)):
        before = figures(kept, merged)
        code, effects = merge(kept, merged)
        assert effects["credit.refused"] == {f"class:{cls.id}": 250} and effects["place.joined"]
        assert creditbank.balance(kept.id) == 250 and [r.amount for r in creditbank.list_refused(kept.id)] == [250]
        assert len(classes.list_places(cls.id)) == 1
        must_hold()
        part(kept, code)
        assert figures(kept, merged) == before
        must_hold()


def test_two_halves_make_a_whole_while_the_accounts_are_one(any_app):
    with any_app.test_request_context():
        begin_writing()
        teacher, kept, merged = (make_person("13800000003", "陈师傅", "instructor"), make_person("13800000001", "林小莲"),
                                 make_person("13800000002", "林小莲"))
        cls, meeting = attended(teacher, kept, until_s=1.5 * HOUR_S)
        with clock.travel(meeting.begins_at - timedelta(minutes=10)):
            classes.join_class(merged, cls, promises=True)
        attend(merged, cls, meeting, 1.4 * HOUR_S)
        assert close(teacher, cls, meeting) == 0
        class_id, ends_at = cls.id, meeting.ends_at
        end_work(commit=True)
    with clock.travel(ends_at + timedelta(hours=1)):
        with any_app.test_request_context():
            begin_writing()
            code, effects = merge(kept, merged)
            assert effects["balance.after"] == {f"person:{kept.id}": 0}  # a merge completes nothing that it did not tell
            end_work(commit=True)
        jobs.run_waiting(any_app)
        with any_app.test_request_context():
            begin_writing()
            assert creditbank.balance(kept.id) == 250
            must_hold()
            part(kept, code)
            must_hold()
            assert creditbank.balance(kept.id) == 250  # what was earned since stays
            place = classes.find_place(Actor("person", merged.id, "林小莲"), classes.classes_by_id([class_id])[class_id])
            assert classes.find_completion(place.id) is None
            end_work(commit=True)
        with any_app.test_request_context():  # the other half alone earns nothing with the same lines
            begin_writing()
            classes.settle_class(class_id)
            assert creditbank.balance(merged.id) == 0 and creditbank.recompute()[1] == []
            end_work(commit=False)


def test_a_waiting_place_takes_the_seat_of_the_other_account_and_the_next_moves_up(person):
    teacher, kept, merged = person
    third = make_person("13800000009", "张伟")
    cls, meeting = make_class(teacher, is_public=True, seats=2)
    for one in (merged, third, kept):
        classes.join_class(one, cls, promises=True)
    fourth = make_person("13800000010", "王芳")
    classes.join_class(fourth, cls, promises=True)
    code, _effects = merge(kept, merged)
    assert [p.state for p in classes.list_places(cls.id)] == ["enrolled", "enrolled", "waiting"]
    assert classes.find_place(kept, cls).state == "enrolled" and classes.find_place(fourth, cls).state == "waiting"
    part(kept, code)
    assert classes.find_place(kept, cls).state == "waiting" and classes.find_place(merged, cls).state == "enrolled"


def test_two_seats_of_one_person_are_one(person):
    teacher, kept, merged = person
    cls, meeting = make_class(teacher, is_public=True, seats=2)
    for one in (merged, kept):
        classes.join_class(one, cls, promises=True)
    third = make_person("13800000009", "张伟")
    classes.join_class(third, cls, promises=True)
    merge(kept, merged)
    assert classes.find_place(third, cls).state == "enrolled"


def test_a_teachers_classes_go_along(person):
    _teacher, kept, _merged = person
    old = make_person("13800000007", "陈师傅", "instructor")
    admin = make_person("13800000008", "梁伟", "administrator")
    cls, _meeting = make_class(old)
    foreseen = accounts.foresee_merge(admin, kept.id, old.id)
    made = accounts.merge_accounts(admin, kept.id, old.id, reason="同一个人", foreseen=foreseen.digest)
    assert cls.manager_id == kept.id and classes.teacher_ids(cls.id) == [kept.id]
    foreseen = accounts.foresee_part(admin, made)
    accounts.part_accounts(admin, made.code, reason="分开", foreseen=foreseen.digest)
    assert cls.manager_id == old.id and classes.teacher_ids(cls.id) == [old.id]
