"""A policy's year: what it has room for is credited, the rest is told; derived again it is the same, also after a merge."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import select
from tests.clients import Browser, Learner
from tests.factories import make_course, make_person

from guanxue import accounts, creditbank, jobs, learning, policies
from guanxue.audit.models import AuditLine
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.creditbank import rules
from guanxue.ledger.models import Entry
from guanxue.policies import Numbers, Worth
from guanxue.policies.defaults import LIGHT_1, LIGHT_2

HOUR = 45 * 60_000
CAPPED = LIGHT_2 | {"yearly_cap_milli": 2500}


@pytest.mark.parametrize(("step", "used", "hours", "credits"), [
    (1, 0, 2000, 125), (1, 500, 2000, 125), (1, 501, 1999, 124), (1, 2499, 1, 0), (1, 2500, 0, 0), (1, 9999, 0, 0),
    (1000, 501, 1000, 62), (1000, 1501, 0, 0), (500, 1501, 500, 31),
])
def test_the_year_gives_what_it_has_room_for(step, used, hours, credits):
    numbers = Numbers.from_document(CAPPED | {"hour_step_milli": step})
    assert rules.within_year(numbers, Worth(2 * HOUR, 2000, 125), used) == Worth(2 * HOUR, hours, credits)


def test_without_a_bound_the_year_has_no_end():
    assert rules.within_year(Numbers.from_document(LIGHT_1), Worth(1, 10**9, 10**9), 10**9) == Worth(1, 10**9, 10**9)


@pytest.fixture
def capped(any_app):
    """Three courses of 44 minutes and a quiz of two each, under a policy with two and a half class hours a year."""
    with any_app.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="有上限", numbers=CAPPED, effective_on=clock.today())
        make_person()
        for n in range(3):
            make_course(f"course-{n}", title=f"课{n}", videos_ms=(HOUR - 120_000,))
    return any_app


def study(app, *slugs, phone="13800000001"):
    who = Learner(app, phone)
    for slug in slugs:
        who.finish(slug)
    return who


def test_what_the_year_has_no_room_for_is_cut_told_and_derived_again(capped):
    who = study(capped, "course-0", "course-1", "course-2")
    items = who.call("GET", "/me/credits", 200)["items"]
    assert [x["amount"] for x in items] == [0.031, 0.062, 0.062]
    assert who.call("GET", "/me/credits", 200)["study_hours"] == 2.5
    with capped.test_request_context():
        assert creditbank.recompute() == (3, [])
    page = Browser(capped, "13800000001").get("/me/credits").text
    assert "本来是 0.062 学分" in page


def test_a_full_year_earns_nothing_and_says_so_and_the_next_is_new(capped):
    study(capped, "course-0", "course-1")
    with capped.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="更低", numbers=CAPPED | {"yearly_cap_milli": 2000},
                                effective_on=clock.today())
    who = study(capped, "course-2")
    assert len(who.call("GET", "/me/credits", 200)["items"]) == 2
    with capped.test_request_context():
        assert creditbank.recompute() == (3, [])
        [full] = creditbank.list_uncredited(1)
        assert (full.outcome.key, full.rule, full.given_milli) == ("1:3", "year", 0)
        refused = [x.detail for x in session.scalars(select(AuditLine)) if x.action == "creditbank.credit.refused"]
        assert [x["rule"] for x in refused] == ["year"]
    assert "学完了、没有记入的" in Browser(capped, "13800000001").get("/me/credits").text


def test_the_year_is_that_of_the_city(capped):
    eve = datetime.fromisoformat(f"{clock.today().year}-12-31T23:59:00+08:00")
    with clock.travel(eve.replace(hour=20)):
        study(capped, "course-0", "course-1")
    with clock.travel(datetime.fromisoformat(f"{clock.today().year + 1}-01-01T00:01:00+08:00")):
        who = study(capped, "course-2")
        assert who.call("GET", "/me/credits", 200)["items"][0]["amount"] == 0.062
    with capped.test_request_context():
        assert creditbank.recompute() == (3, [])


def test_what_was_taken_back_leaves_its_room(capped):
    who = study(capped, "course-0", "course-1")
    code = who.call("GET", "/me/credits", 200)["items"][0]["verify_code"]
    with capped.test_request_context(), writing():
        creditbank.take_back(SYSTEM, code, reason="冒名", authority="一号")
    assert study(capped, "course-2").call("GET", "/me/credits", 200)["items"][0]["amount"] == 0.062
    with capped.test_request_context():
        assert creditbank.recompute() == (3, [])


def test_a_course_that_found_no_room_counts_once_there_is_some(capped):
    """Whoever finished honestly and was told that the year is full gets what a contra entry makes room for, by itself."""
    with capped.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="更低", numbers=CAPPED | {"yearly_cap_milli": 2000},
                                effective_on=clock.today())
    who = study(capped, "course-0", "course-1", "course-2")
    items = who.call("GET", "/me/credits", 200)["items"]
    assert len(items) == 2
    with capped.test_request_context(), writing():
        creditbank.take_back(SYSTEM, items[0]["verify_code"], reason="冒名", authority="一号")
    with capped.test_request_context():
        assert creditbank.recompute() == (3, [])
    assert who.call("GET", "/me/credits", 200)["items"][0]["amount"] > 0


def test_a_larger_amount_than_the_year_had_room_for_is_named(capped, monkeypatch):
    study(capped, "course-0", "course-1")
    monkeypatch.setattr(rules, "within_year", lambda numbers, its, used_milli: its)
    study(capped, "course-2")
    monkeypatch.undo()
    with capped.test_request_context():
        count, found = creditbank.recompute()
        assert count == 3 and [(d.stored, d.derived) for d in found] == [(62, 31)]
        assert session.scalar(select(Entry.number).order_by(Entry.number.desc()).limit(1)) == 3
        assert learning.list_completions(1)


def test_what_found_no_room_under_an_account_that_was_merged_is_no_difference(capped):
    """Its hours went along with the account; the year of the account that stays is as full."""
    with capped.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="更低", numbers=CAPPED | {"yearly_cap_milli": 2000},
                                effective_on=clock.today())
        kept, merged = make_person("13800000002", "林小莲"), accounts.find_person_by_phone("13800000001")
        kept_id, merged_id = kept.id, merged.id
    study(capped, "course-0", "course-1", "course-2")
    with capped.test_request_context(), writing():
        foreseen = accounts.foresee_merge(kept, kept_id, merged_id)
        code = accounts.merge_accounts(kept, kept_id, merged_id, reason="同一个人", foreseen=foreseen.digest).code
    with capped.test_request_context():
        assert creditbank.recompute()[1] == []
    with capped.test_request_context(), writing():
        foreseen = accounts.foresee_part(kept, accounts.get_merge(code))
        accounts.part_accounts(kept, code, reason="分开", foreseen=foreseen.digest)
    jobs.run_waiting(capped)
    with capped.test_request_context():
        assert creditbank.recompute()[1] == []
