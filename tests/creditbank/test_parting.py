"""A document opens what waits on the account that it stays with, and on no other: parting does not carry it on."""

from __future__ import annotations

import pytest
from tests.accounts.test_checking import ADMIN, LEARNER, NUMBER, OTHER, actor, any_people, proved, see, state
from tests.clients import Browser, Learner, words
from tests.creditbank.test_former import paid

from guanxue import accounts, creditbank
from guanxue.accounts import identity, naming
from guanxue.accounts.errors import CannotPart
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing

__all__ = ["any_people", "paid", "proved"]
PHONES = {1: LEARNER, 2: OTHER}


def show_card(app, person_id: int) -> None:
    """An officer sees the card of that account; both have one name."""
    with app.test_request_context(), writing():
        if accounts.get_person(2).name != "林小莲":
            naming.correct_name(actor(OTHER), "林小莲", "写错了")
        see(state(PHONES[person_id]), person_id=person_id)


def actor_of(app, phone: str):
    with app.test_request_context():
        return actor(phone)


def merge(app, kept: int, merged: int) -> tuple[str, list[str]]:
    """As the person does it; the merge's code and what was told before."""
    with app.test_request_context(), writing():
        told = accounts.foresee_merge(actor(PHONES[kept]), kept, merged)
        code = accounts.merge_accounts(actor(PHONES[kept]), kept, merged, reason="本人", foreseen=told.digest).code
        return code, [e.what for e in told.effects]


def part(app, code: str, by) -> list[str]:
    with app.test_request_context(), writing():
        told = accounts.foresee_part(by, accounts.get_merge(code))
        accounts.part_accounts(by, code, reason="分开", foreseen=told.digest)
        return [e.what for e in told.effects]


@pytest.mark.parametrize(("kept", "merged"), [(1, 2), (2, 1)])
def test_what_a_document_opened_is_parted_from_it_by_an_administrator_alone(paid, kept, merged):
    Learner(paid, LEARNER).finish()
    with clock.advance(60_000):
        show_card(paid, 2)
        code, told = merge(paid, kept, merged)
        assert "credit.opened" in told
        with paid.test_request_context():
            assert creditbank.balance(kept) == 72
            with pytest.raises(CannotPart, match="由管理员办理") as refused:
                accounts.foresee_part(actor(PHONES[kept]), accounts.get_merge(code))
            assert refused.value.code == "credits-by-document"
        assert "credit.apart" in part(paid, code, actor_of(paid, ADMIN))
        with paid.test_request_context(), writing():
            assert [creditbank.balance(n) for n in (1, 2)] == [72, 0] and creditbank.recompute()[1] == []
            assert identity.find_holders(NUMBER) == [2]


def test_what_was_studied_since_under_its_document_is_not_parted_from_it_either(paid):
    show_card(paid, 2)
    code, told = merge(paid, 1, 2)
    assert "credit.opened" not in told
    Learner(paid, LEARNER).finish()
    with clock.advance(60_000):
        with paid.test_request_context(), pytest.raises(CannotPart):
            accounts.foresee_part(actor(LEARNER), accounts.get_merge(code))
        with paid.test_request_context(), writing():
            (award,) = creditbank.list_awards([1])
            creditbank.take_back(SYSTEM, award.code, reason="录错了", authority="复核")
        assert "credit.apart" not in part(paid, code, SYSTEM)


def test_a_name_that_was_changed_meanwhile_is_no_way_around_it(paid):
    Learner(paid, LEARNER).finish()
    with clock.advance(60_000):
        show_card(paid, 2)
        code, _told = merge(paid, 1, 2)
        with paid.test_request_context(), writing():
            naming.correct_name(actor(LEARNER), "林小荷", "写错了")
            assert accounts.level_of(1) == 1
        with paid.test_request_context(), pytest.raises(CannotPart):
            accounts.foresee_part(actor(LEARNER), accounts.get_merge(code))


def test_who_keeps_the_document_parts_by_themselves_and_loses_nothing(paid):
    show_card(paid, 1)
    Learner(paid, OTHER).call("PUT", "/courses/second/enrolment", 200)
    code, _told = merge(paid, 1, 2)
    Learner(paid, LEARNER).finish()
    with clock.advance(60_000):
        assert "credit.apart" not in part(paid, code, actor_of(paid, LEARNER))
        with paid.test_request_context():
            assert [creditbank.balance(n) for n in (1, 2)] == [72, 0] and creditbank.recompute()[1] == []
            assert identity.find_holders(NUMBER) == [1]


def test_the_page_says_who_can_part_them(paid):
    Learner(paid, LEARNER).finish()
    with clock.advance(60_000):
        show_card(paid, 2)
        code, _told = merge(paid, 1, 2)
        browser = Browser(paid, LEARNER)
        browser.see("/me/settings/merge")
        answer = browser.client.get(f"/me/settings/merge/{code}")
        assert answer.status_code == 409 and "由管理员办理" in words(answer)
