"""What a closed case does to credits: taken back, and given once more, also where only the second decider saw it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.cases.test_routes import FIRST, LIN, SECOND, inspector
from tests.clients import Browser, words
from tests.factories import attend, make_class, make_person

from guanxue import accounts, cases, classes, creditbank, oversight
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, writing


@pytest.fixture
def town(any_app):
    """林小莲 sat in a class and was credited; the credit was taken back by an officer; two inspectors look at her appeal."""
    with any_app.test_request_context(), writing():
        lin, teacher = make_person(LIN), make_person("13800000012", "陈师傅", "instructor")
        for phone, name in ((FIRST, "许明"), (SECOND, "何静")):
            make_person(phone, name, "inspector")
        cls, meeting = make_class(teacher, is_public=True)
        classes.join_class(lin, cls, promises=True)
        attend(lin, cls, meeting)
        ends_at = meeting.ends_at
        with clock.travel(ends_at + timedelta(minutes=1)):
            classes.close_class(teacher, cls)
            officer = make_person("13800000009", "梁工", "administrator")
            officer = Actor("person", officer.id, officer.name, officer.capabilities | {"inspect"})
            creditbank.take_back(officer, creditbank.list_holdings(lin.id)[0].code, reason="查错了。", authority="一号")
    with clock.travel(ends_at + timedelta(minutes=2)):
        yield any_app


def own_case(app, lin) -> str:
    """Her case about the credit that was taken back; its code."""
    with app.app_context():
        code = session.scalar(text("SELECT code FROM creditbank_award"))
    lin.see("/me/cases/new")
    answer = lin.send("/me/cases/new", about=f"award:{code}", kind="correction", text="收回错了。")
    return answer.headers["Location"].rpartition("/")[2]


def credits(app) -> int:
    with app.app_context():
        return creditbank.balance(1)


def test_what_the_first_decider_refused_the_second_may_give(town):
    lin, first, second = Browser(town, LIN), inspector(town), inspector(town, SECOND)
    code = own_case(town, lin)
    with town.app_context():
        case = next(d.case for d in cases.list_own(1) if d.case.code == code)
    path, ref = f"/oversight/cases/{case.id}", f"{case.subject}"
    assert "重新认定" in first.see(path)
    first.send(path, step="decide", result="refused", text="没有错。")
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="appeal", text="那天我在教室。")
    assert "重新记入学分" in second.see(path) and f'value="{ref}"' in second.see(path)
    second.send(path, step="decide", result="upheld", text="签到记录是真的。", award=ref)
    assert credits(town) > 0 and "已执行" in lin.see(f"/me/cases/{code}")


def test_what_the_first_decision_gives_stays_ticked_and_is_given_once(town):
    """Meanwhile it may have been given another way: the appeal is decided all the same, and nothing is counted twice."""
    lin, first, second = Browser(town, LIN), inspector(town), inspector(town, SECOND)
    code = own_case(town, lin)
    with town.app_context():
        case = next(d.case for d in cases.list_own(1) if d.case.code == code)
    path = f"/oversight/cases/{case.id}"
    first.see(path)
    first.send(path, step="decide", result="partly", text="有一半对。", award=case.subject)
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="appeal", text="全都对。")
    with town.test_request_context(), writing():  # the officer's own letter: its appeal is upheld by another
        taken = next(d for d in cases.list_own(1) if d.case.kind == "take-back")
        third = make_person("13800000005", "宋姐", "inspector")
        cases.appeal(Actor("person", 1, "林小莲"), taken, "收回错了。")
        cases.decide(third, cases.dossier(taken.case), result="refused", text="收回错了。")
    given = credits(town)
    assert given > 0
    page = second.see(path)
    assert "checked" in page.split('name="award"')[1].split(">")[0]
    assert "不能让结果更重" in words(second.send(path, 422, step="decide", result="upheld", text="全都对。"))
    second.send(path, step="decide", result="upheld", text="全都对。", award=case.subject)
    assert credits(town) == given and "没有再记" in lin.see(f"/me/cases/{code}")


def test_who_took_it_back_is_not_asked_whether_that_was_right(town):
    lin = Browser(town, LIN)
    code = own_case(town, lin)
    with town.app_context():
        found, officer = cases.get_own(Actor("person", 1, "林小莲"), code), accounts.find_person_by_phone("13800000009")
        officer = Actor("person", officer.id, officer.name, frozenset({"inspect", "administer"}))
        assert cases.why_not_decider(officer, found) is not None
        assert oversight.award_deciders(found.case.subject.partition(":")[2]) == {officer.ref}
        assert cases.why_not_decider(Actor("person", 2, "x", frozenset({"inspect"})), found) is None
