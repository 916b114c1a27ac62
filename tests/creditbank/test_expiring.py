"""Credit that is valid until a day: told when it is given, warned of before, ended once by an entry, derived again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from tests.creditbank.test_any_order import asking  # noqa: F401 a fixture
from tests.factories import make_person

from guanxue import creditbank, ledger
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, Invalid
from guanxue.creditbank.models import CreditPolicy
from guanxue.creditbank.outcomes import Outcome

LAWS = {"valid_months": [["general-literacy", 12]], "warn_days": 30}
FINISHED = datetime.fromisoformat("2026-05-01T23:30:00+08:00")


@pytest.fixture
def given(app, asking):  # noqa: F811
    """(person, decision) of a credit that is valid for a year."""
    with clock.travel(FINISHED):
        session.add(CreditPolicy(version=2, title="一年有效", document=LAWS, effective_on=date(2026, 1, 1), published_at=clock.now()))
        session.flush()
        person = make_person()
        asking["study"].append(Outcome("study", f"{person.id}:1", person.id, "study:1", "茶艺", 2000, 0, "general-literacy", "city", None,
                                       FINISHED, is_online=True))
        return person, creditbank.credit(SYSTEM, asking["study"][0])


def on(day: str):
    return clock.travel(datetime.fromisoformat(f"{day}T09:00:00+08:00"))


def test_the_last_day_is_told_at_once_and_warned_of_before(given):
    person, decision = given
    with on("2026-05-02"):
        assert "有效到 2027-05-01，到期另记一笔。" in [str(s) for s in creditbank.statement(person.id).items[0].sentences]
        assert decision.given_milli == 2000
    for day, told in (("2027-03-31", 0), ("2027-04-01", 1), ("2027-05-01", 1)):
        with on(day):
            assert len(creditbank.list_expiring(person.id)) == told, day


def test_it_ends_once_the_day_after(given):
    person, decision = given
    with on("2027-05-01"):
        assert creditbank.expire_over() == 0 and creditbank.balance(person.id) == 2000
    with on("2027-05-02"):
        assert creditbank.expire_over() == 1 and creditbank.expire_over() == 0
        assert creditbank.balance(person.id) == 0 and creditbank.list_holdings(person.id) == []
        line = creditbank.statement(person.id).items[0]
        assert (line.kind, line.amount, line.title, line.reason) == ("expiry", -2000, "茶艺", "有效期到了")
        assert creditbank.recompute(person.id) == (1, [])
        with pytest.raises(Invalid):  # there is nothing left to take back
            creditbank.take_back(SYSTEM, decision.code, reason="冒名", authority="一号")
        again = creditbank.preview(Outcome("study", f"{person.id}:2", person.id, "study:1", "茶艺", 2000, 0, "general-literacy", "city",
                                           None, FINISHED + timedelta(days=1), is_online=True))
        assert (again.given_milli, again.rule) == (0, "once")  # it was had, and is not had again


def test_a_later_version_takes_nothing_of_what_was_promised(given):
    person, _decision = given
    with on("2026-12-01"):
        creditbank.publish_credit_policy(SYSTEM, title="一个月", document={"valid_months": [["general-literacy", 1]]},
                                         effective_on=clock.today())
        assert creditbank.expire(person.id) == 0 and creditbank.recompute(person.id) == (1, [])


def test_an_end_that_came_too_early_is_found(given):
    person, decision = given
    with on("2026-12-01"):
        ledger.post(SYSTEM, key=f"expiry:{decision.entry_number}", kind="expiry", document={
            "entry": decision.entry_number, "award": decision.code, "expired": "2026-11-30"},
            postings=[(f"person:{person.id}", -2000), ("mint:study", 2000)])
        assert [(d.stored, d.derived) for d in creditbank.recompute(person.id)[1]] == [(-2000, 0)]


@pytest.mark.parametrize("facts", [
    {"title": " "}, {"document": {"year_month": 0}}, {"effective_on": date(2026, 4, 30)}, {"document": {"nothing": 1}},
])
def test_what_cannot_be_published(given, facts):
    with clock.travel(FINISHED), pytest.raises(Invalid):
        creditbank.publish_credit_policy(SYSTEM, **{"title": "试", "document": LAWS, "effective_on": clock.today(), **facts})


def test_only_an_administrator_publishes(given):
    person, _decision = given
    with pytest.raises(Forbidden):
        creditbank.publish_credit_policy(person, title="试", document=LAWS, effective_on=clock.today())
