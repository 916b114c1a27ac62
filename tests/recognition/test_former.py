"""A prize and a trade are credited once to a person, also where they deleted the account that had them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.factories import make_person
from tests.recognition.conftest import FENG, FOURTH, LIAN, actor_of, file_by_service, recognise, see_paper

from guanxue import accounts, creditbank
from guanxue.accounts import erasure, identity
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing

PRIZE = {"kind": "competition", "number": "", "contest": "东莞市技能竞赛", "scope": "province"}


def come_back(app) -> int:
    """The learner deletes the account and begins anew; an officer sees the same card."""
    with app.test_request_context(), writing():
        told = [str(e.sentence) for e in erasure.foretell(1) if e.what == "number.kept"]
        assert len(told) == 1 and f"{clock.today().year + 10}-" in told[0] and "竞赛" in told[0]
        erasure.erase_person(SYSTEM, 1)
        new = make_person(LIAN, "林小莲")
        see_paper(actor_of(FENG), new, "99000019900101001")
        return new.id


@pytest.mark.parametrize(("first", "then", "difference"), [
    (PRIZE | {"rank": "1"}, PRIZE | {"rank": "1"}, 0),
    (PRIZE | {"rank": "2"}, PRIZE | {"rank": "1"}, 1000),
    ({}, {"number": FOURTH, "level": "4"}, 4000)])
def test_what_a_deleted_account_was_given_is_taken_off_the_higher_level(any_town, first, then, difference):
    with any_town.test_request_context(), writing():
        had = recognise(file_by_service(**first)).given_milli
    new = come_back(any_town)
    with any_town.test_request_context(), writing():
        decided = recognise(file_by_service(**then))
        assert (decided.given_milli, decided.rule) == (difference, "highest-level")
        assert any("已经注销的账号" in str(sentence) for sentence in decided.sentences)
        assert creditbank.balance(1) == had > 0 and creditbank.balance(new) == difference
        assert creditbank.recompute()[1] == []


def test_the_number_that_a_prize_was_refused_by_cannot_be_taken_back(any_town):
    with any_town.test_request_context(), writing():
        recognise(file_by_service(**PRIZE, rank="1"))
    new = come_back(any_town)
    with any_town.test_request_context(), writing():
        assert recognise(file_by_service(**PRIZE, rank="1")).given_milli == 0
        with pytest.raises(identity.NumberReliedOn):
            identity.withdraw_number(actor_of(LIAN))
        assert creditbank.balance(new) == 0


def test_it_still_adds_up_when_the_number_is_kept_no_more(any_town):
    with any_town.test_request_context(), writing():
        recognise(file_by_service())
    new = come_back(any_town)
    with any_town.test_request_context(), writing():
        recognise(file_by_service(number=FOURTH, level="4"))
        session.execute(text("DELETE FROM accounts_kept_number"))
        assert creditbank.recompute()[1] == [] and accounts.list_erased_before(new) == []


def test_what_was_taken_back_from_the_deleted_account_is_not_taken_off(any_town):
    with any_town.test_request_context(), writing():
        decided = recognise(file_by_service())
        creditbank.take_back(SYSTEM, decided.code, reason="录错了", authority="复核")
    new = come_back(any_town)
    with any_town.test_request_context(), writing():
        assert recognise(file_by_service(number=FOURTH, level="4")).given_milli == creditbank.balance(new) == 8000


def test_the_number_goes_ten_years_after_the_credit(any_town):
    with any_town.test_request_context(), writing():
        recognise(file_by_service())
        erasure.erase_person(SYSTEM, 1)
    for days, gone in ((3640, 0), (3660, 1)):
        with clock.advance(timedelta(days=days).total_seconds()), any_town.test_request_context(), writing():
            assert accounts.let_numbers_go() == gone
