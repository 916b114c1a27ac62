"""Class hours that rest on a roll alone: found from what is kept, shown with its evidence, answered by whoever called it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.cases.test_routes import FIRST, inspector
from tests.classes.test_merging import merge
from tests.clients import Browser, place, words
from tests.factories import attend, make_class, make_person, meeting_plan

from guanxue import cases, classes, oversight
from guanxue.core import clock
from guanxue.core.db import writing
from guanxue.oversight import queries

TEACHER = "13800000012"


def hold(signed: int, called_after: timedelta):
    """A class of six over three days; the first sign in, the others are called all at once so long after the last meeting."""
    teacher = make_person(TEACHER, "周师傅", "instructor")
    cls, first = make_class(teacher, is_public=True, seats=9)
    meetings = [first, *(classes.add_meeting(teacher, cls, meeting_plan(first.begins_at + timedelta(days=n), 3)) for n in (1, 2))]
    learners = [make_person(f"1370000{n:04}", f"人{n}") for n in range(6)]
    for learner in learners:
        classes.join_class(learner, cls, promises=True)
    for meeting in meetings:
        for learner in learners[:signed]:
            attend(learner, cls, meeting)
    with clock.travel(meetings[-1].ends_at + called_after):
        for n, meeting in enumerate(meetings):
            for m, learner in enumerate(learners[signed:]):
                with clock.advance(60 * n + m):
                    classes.call_roll(teacher, cls, meeting, classes.find_place(learner, cls), classes.Mark("present"), "名册点名")
        with clock.advance(600):
            assert classes.close_class(teacher, cls) == 6
    return meetings[-1].ends_at + called_after + timedelta(hours=1)


@pytest.fixture
def town(any_app):
    """A class that was typed in at once; an inspector looks an hour later."""
    with any_app.test_request_context(), writing():
        make_person(FIRST, "许明", "inspector")
        after = hold(1, timedelta(hours=3))
        with clock.travel(after):
            oversight.look(clock.now() - timedelta(days=3), clock.now())
            assert oversight.look(clock.now() - timedelta(days=3), clock.now()) == []
    with clock.travel(after):
        yield any_app


def test_it_is_on_the_board_with_the_class_and_the_roll_opened(town):
    first = inspector(town)
    page = first.see("/oversight/fraud?kind=roll")
    assert "只有点名的学时" in page and "周师傅" in page and "当场点名" in page
    page = first.see("/oversight/fraud/1")
    assert "结业的 6 人里，5 人各有 8 学时以上没有扫码签到，只靠一个人点名。3 天的课，2 分钟里一起点的名。" in page
    assert "培训班《数控车工五级班》" in page and page.count("点名：") == 5
    report = page.split('href="/teach/classes/')[1].split('"')[0]
    assert "人5" in first.see(f"/teach/classes/{report}")
    line = page.split("/oversight/evidence/attendance/")[1].split('"')[0]
    shown = words(first.get(f"/oversight/evidence/attendance/{line}"))
    assert "周师傅" in shown and "名册点名" in shown and "点名的人" in shown and "人1" in shown


def test_whoever_called_it_answers_and_is_told_nobodys_name(town):
    first, teacher = inspector(town), Browser(town, TEACHER)
    first.see("/oversight/fraud/1")
    assert place(first.send("/oversight/fraud/1", step="case", claim="三天的课两分钟里点完了。")) == "/oversight/cases/1"
    with town.app_context():
        (found,) = cases.list_own(oversight.people_of([1])[1][0])
    page = teacher.see(f"/me/cases/{found.case.code}")
    assert "三天的课" in page and "培训班《数控车工五级班》" in page and "人1" not in page and "/oversight/" not in page
    teacher.get("/me/cases/new?about=class:" + found.exhibits[0].ref.partition(":")[2], 404)


@pytest.mark.parametrize("signed", (2, 6))
def test_a_class_of_which_enough_signed_in_is_in_order(any_app, signed):
    with any_app.test_request_context(), writing():
        with clock.travel(hold(signed, timedelta(hours=3))):
            assert oversight.look(clock.now() - timedelta(days=3), clock.now()) == []


def test_a_stay_is_one_under_whichever_account_it_ended(any_app):
    with any_app.test_request_context(), writing():
        teacher = make_person(TEACHER, "周师傅", "instructor")
        kept, merged = make_person("13700000021", "林小莲"), make_person("13700000022", "林小莲")
        cls, meeting = make_class(teacher, is_public=True, seats=9)
        for one in (kept, merged):
            classes.join_class(one, cls, promises=True)
        for who, way, minutes in ((merged, "in", 0), (None, "", 30), (kept, "out", 90), (kept, "in", 100), (kept, "out", 170)):
            with clock.travel(meeting.begins_at + timedelta(minutes=minutes)):
                if who is None:
                    merge(kept, merged)
                    continue
                seen = classes.read_token(meeting, classes.shown_now(meeting, way).token)
                classes.sign(who, cls, meeting, seen, classes.Where())
        begins = classes.begins_ms(meeting)
        sat = queries.list_sat(begins - 60_000, begins + 86_400_000, queries.Owners())
        assert [(x.person_id, round((x.from_ms - begins) / 60_000), round((x.to_ms - begins) / 60_000)) for x in sat] == [
            (kept.id, 0, 90), (kept.id, 100, 170)]


def test_hours_that_a_hand_began_and_ended_rest_on_the_roll_alone(any_app):
    with any_app.test_request_context(), writing():
        teacher, one = make_person(TEACHER, "周师傅", "instructor"), make_person(FIRST, "许明")
        cls, meeting = make_class(teacher, is_public=True)
        classes.join_class(one, cls, promises=True)
        with clock.travel(meeting.begins_at + timedelta(minutes=5)):
            classes.call_roll(teacher, cls, meeting, classes.find_place(one, cls), classes.Mark("present"), "手机没电")
        with clock.travel(meeting.ends_at + timedelta(minutes=5)):
            assert classes.close_meeting(teacher, cls, meeting, "手机没电") == 1 and classes.close_class(teacher, cls) == 1
        told = queries.list_completed(meeting.begins_at, meeting.ends_at + timedelta(days=1), queries.Owners())
        assert [(x.hours_milli, len(x.calls)) for x in told[f"class:{cls.code}"]] == [(4000, 1)]
