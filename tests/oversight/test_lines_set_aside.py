"""Lines of attendance that a case sets aside or counts again, beside completions: what is said to be done is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.classes.test_merging import merge, part
from tests.factories import attend, make_class, make_person, meeting_plan

from guanxue import cases, classes, creditbank, oversight
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, end_work


@pytest.fixture
def people(any_app):
    """A teacher, 林小莲 twice, two inspectors; a writing transaction is open, on both databases."""
    with any_app.test_request_context():
        begin_writing()
        yield (make_person("13800000012", "周师傅", "instructor"), make_person("13800000001", "林小莲"),
               make_person("13800000002", "林小莲"), make_person("13800000003", "许明", "inspector"),
               make_person("13800000004", "何静", "inspector"))
        end_work(commit=False)


def lines(*meetings):
    return [f"attendance:{x.id}" for x in classes.list_attendance([m.id for m in meetings]) if x.kind == "in"]


def joined(cls, *who):
    for one in who:
        classes.join_class(one, cls, promises=True)


def sentenced(who, inspector, refs):
    """A fraud case about these lines is upheld with everything that is offered about them, and accepted."""
    case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="x", evidence=refs, person_ids=[who.id])
    cases.say(who, cases.dossier(case), "我自己来的。")
    return carried_out(case, who, inspector, cases.SET_ASIDE)


def carried_out(case, who, inspector, what):
    """Decided with every effect of that kind that is offered, and accepted; what was offered, what was said to be done."""
    offered = [x for x in oversight.list_offered(cases.dossier(case)) if x["what"] == what]
    cases.decide(inspector, cases.dossier(case), result="upheld", text="看过记录。", effects=offered)
    cases.accept(who, cases.dossier(case))
    return [x["ref"] for x in offered], [s.text for s in cases.dossier(case).steps if s.step == "carried-out"]


def objected(who, ref):
    return cases.open_case(who, kind="appeal", subject=ref, claim="我到了。", evidence=[ref], person_ids=[who.id])


def test_a_line_of_a_joined_account_on_which_a_credit_rests_is_not_offered_to_be_set_aside(people):
    teacher, kept, merged, inspector, _second = people
    cls, meeting = make_class(teacher, is_public=True, seats=9)
    joined(cls, merged, kept)
    attend(merged, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        code, _told = merge(kept, merged)
        assert classes.close_class(teacher, cls) == 1 and creditbank.balance(kept.id) == 250
        case = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="x", evidence=lines(meeting), person_ids=[kept.id])
        assert [x["what"] for x in oversight.list_offered(cases.dossier(case))] == ["reverse-award"]
        cases.decide(inspector, cases.dossier(case), result="refused", text="没有问题。")
        cases.accept(kept, cases.dossier(case))
        part(kept, code)
        other = cases.open_case(SYSTEM, kind="fraud", subject="finding:2", claim="x", evidence=lines(meeting), person_ids=[merged.id])
        assert oversight.list_offered(cases.dossier(other)) == [], "the credit that stayed rests on it"


def test_what_is_counted_again_after_the_class_was_completed_says_that_no_hour_changes(people):
    teacher, lin, _merged, inspector, second = people
    cls, first = make_class(teacher, is_public=True, seats=9, share_permille=500)
    other = classes.add_meeting(teacher, cls, meeting_plan(first.begins_at + timedelta(days=1)))
    joined(cls, lin)
    for meeting in (first, other):
        attend(lin, cls, meeting)
    with clock.travel(other.ends_at + timedelta(minutes=5)):
        sentenced(lin, inspector, lines(first))
        own = objected(lin, *lines(first))
        (plain,) = oversight.list_offered(cases.dossier(own))
        assert classes.close_class(teacher, cls) == 1 and creditbank.balance(lin.id) == 250
        (told,) = oversight.list_offered(cases.dossier(own))
        assert "学时没有改变" in told["words"] and "学时没有改变" not in plain["words"]
        _refs, (done,) = carried_out(own, lin, second, cases.COUNT_AGAIN)
        assert "学时没有改变" in done and creditbank.balance(lin.id) == 250
        assert classes.set_aside_in(cls, classes.find_place(lin, cls)) == {}, "nothing is held against her any more"


def test_all_that_is_counted_again_counts_in_the_completion_that_follows(people):
    teacher, lin, _merged, inspector, second = people
    cls, first = make_class(teacher, is_public=True, seats=9, share_permille=500)
    other = classes.add_meeting(teacher, cls, meeting_plan(first.begins_at + timedelta(days=1)))
    joined(cls, lin)
    for meeting in (first, other):
        attend(lin, cls, meeting)
    with clock.travel(other.ends_at + timedelta(minutes=5)):
        refs = lines(first, other)
        assert sentenced(lin, inspector, refs)[0] == refs and classes.close_class(teacher, cls) == 0
        again, told = carried_out(objected(lin, refs[0]), lin, second, cases.COUNT_AGAIN)
        assert again == refs and creditbank.balance(lin.id) == 500 and not any("没有改变" in x for x in told)
        assert creditbank.recompute()[1] == []


def test_only_the_class_in_which_a_line_was_set_aside_tells_of_it(people):
    teacher, lin, _merged, inspector, _second = people
    cls, meeting = make_class(teacher, is_public=True, seats=9)
    other, _meeting = make_class(teacher, is_public=True, seats=9, title="别的班")
    joined(cls, lin)
    joined(other, lin)
    attend(lin, cls, meeting)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        sentenced(lin, inspector, lines(meeting))
        told = [[f"attendance:{line}" for line in classes.set_aside_in(c, classes.find_place(lin, c))] for c in (cls, other)]
        assert told == [lines(meeting), []]


def test_a_sign_out_that_is_set_aside_is_named_as_one_and_nobody_forgot_it(people):
    teacher, lin, _merged, inspector, _second = people
    cls, meeting = make_class(teacher, is_public=True, seats=9)
    joined(cls, lin)
    attend(lin, cls, meeting)
    into, out = (f"attendance:{x.id}" for x in classes.list_attendance([meeting.id]))
    assert "到班签到" in str(cases.open_ref(into).title) and "签退" in str(cases.open_ref(out).title)
    with clock.travel(meeting.ends_at + timedelta(minutes=5)):
        _refs, (done,) = sentenced(lin, inspector, [out])
        assert "签退" in done and classes.list_unsigned(cls, meeting) == []
        assert classes.close_meeting(teacher, cls, meeting, "忘了签退") == 0
        place = classes.find_place(lin, cls)
        classes.call_roll(teacher, cls, meeting, place, classes.Mark("left", None, classes.begins_ms(meeting) + 3_600_000), "先走了")
        assert classes.standing_of(cls, place).attended_ms == 3_600_000
