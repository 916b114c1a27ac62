"""One person, two papers, two accounts: how they become one, and that a parting makes no second known person of it."""

from __future__ import annotations

import pytest
from tests.accounts.test_checking import (
    ADMIN,
    LEARNER,
    NUMBER,
    OTHER,
    SECOND,
    actor,
    any_people,
    people,
    proved,
    see,
    state,
)
from tests.clients import Browser, Learner, words
from tests.factories import make_course

from guanxue import accounts, creditbank, policies
from guanxue.accounts import identity, kinds, naming
from guanxue.accounts.errors import CannotMerge
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing
from guanxue.core.errors import Invalid
from guanxue.policies import SEEN, STATED
from guanxue.policies.defaults import LIGHT_2

__all__ = ["any_people", "people", "proved"]
PERMIT, CARD = "H12345678", NUMBER


@pytest.fixture
def both(people):
    """Two accounts of one name with credits on each: one with a card that was seen, one with a permit that was stated."""
    with people.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        make_course(videos_ms=(3_000_000,))
        make_course("other", title="另一门课", videos_ms=(3_000_000,))
        see(state(number=CARD), number=CARD)
        state(OTHER, PERMIT, kind=kinds.HK_MACAO)
    Learner(people, LEARNER).finish()
    with clock.advance(50_000):  # not while the other account plays
        Learner(people, OTHER).finish("other")
    return people


def refused(who, code):
    with pytest.raises(CannotMerge) as caught:
        accounts.foresee_merge(actor(who), 1, 2)
    assert caught.value.code == code
    return str(caught.value)


def test_the_person_is_sent_to_the_desk_where_an_administrator_merges_them(both, proved):
    with both.test_request_context(), writing():
        assert "带两个证件的原件找工作人员" in refused(LEARNER, "two-papers")
        with pytest.raises(identity.NumberReliedOn):
            identity.withdraw_number(actor(OTHER))  # so that was no advice
        before = creditbank.balance(1) + creditbank.balance(2)
    admin = Browser(both, ADMIN)
    admin.see("/admin/people/1/merge")
    page = words(admin.send("/admin/people/1/merge", 200, phone=OTHER, reason="两个证件都看过，是同一个人"))
    assert "两个账号的证件不同" in page and "H1*******" in page and PERMIT not in page
    with clock.advance(60_000), both.test_request_context(), writing():
        accounts.merge_accounts(actor(ADMIN), 1, 2, reason="两个证件都看过，是同一个人")
        assert accounts.level_of(1) == SEEN and identity.find_holder(PERMIT, kinds.HK_MACAO) == 1
        assert creditbank.balance(1) == before and creditbank.recompute()[1] == []
        see(identity.get_document(1, _code(PERMIT)).code, number=PERMIT)  # nobody else of the name is left to ask about


def _code(number):
    return next(k.document.code for k in identity.levels.list_known(1) if k.document.masked.startswith(number[:2]))


def test_not_without_one_name_and_a_paper_that_was_seen(both):
    with both.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林大莲", "写错了")
        assert "姓名一样" in refused(ADMIN, "unseen-papers")
        naming.correct_name(actor(OTHER), "林小莲", "改回来")
        checks = identity.levels.list_known(1)[0].standing
        identity.add_step(actor(), identity.find_identity(1), "withdrawn", of_id=checks[0].id)
        refused(ADMIN, "unseen-papers")


def test_two_cards_are_two_people_for_an_administrator_too(people):
    with people.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        see(state())
        state(OTHER, SECOND)
        for who in (LEARNER, ADMIN):
            assert "两个人" in refused(who, "two-identities")


def test_a_paper_that_was_seen_while_they_were_one_is_seen_again_after_a_parting(both):
    with both.test_request_context(), writing():
        code = accounts.merge_accounts(actor(ADMIN), 1, 2, reason="同一个人").code
        see(_code(PERMIT), number=PERMIT)
    with both.test_request_context(), writing():
        foreseen = accounts.foresee_part(actor(LEARNER), accounts.get_merge(code))
        assert "identity.doubtful" in {e.what for e in foreseen.effects}
        accounts.part_accounts(actor(LEARNER), code, reason="分开")
        assert accounts.list_levels([1, 2]) == {1: SEEN, 2: STATED}


def test_capitals_make_no_other_name_where_officer_and_administrator_meet(any_people):
    """The officer does not pass the second passport and sends them to the administrator: so that merge has to go through."""
    names, of_vietnam = {LEARNER: "Nguyen Van An", OTHER: "NGUYEN VAN AN"}, {"kind": kinds.PASSPORT, "country": "VN"}
    with any_people.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="要证件", effective_on=clock.today(),
                                numbers=LIGHT_2 | {"identity_at": "claim", "identity_level": SEEN})
        make_course(videos_ms=(3_000_000,))
        for who, name in names.items():
            naming.correct_name(actor(who), name, "照护照")
        see(state(number="B1234567", **of_vietnam), number="B1234567")
        second = state(OTHER, "B7654321", **of_vietnam)
    Learner(any_people, OTHER).finish()
    with clock.advance(60_000), any_people.test_request_context(), writing():
        with pytest.raises(Invalid):
            see(second, person_id=2, number="B7654321")
        foreseen = {e.what for e in accounts.foresee_merge(actor(ADMIN), 1, 2).effects}
        assert foreseen.isdisjoint({"names.differ", "identity.lapsed"})
        accounts.merge_accounts(actor(ADMIN), 1, 2, reason="两个证件都看过，是同一个人")
        assert accounts.level_of(1) == SEEN and creditbank.balance(1) == 72 and creditbank.recompute()[1] == []


def test_a_name_in_other_capitals_is_the_one_the_paper_was_seen_with(people):
    with people.test_request_context(), writing():
        naming.correct_name(actor(LEARNER), "Nguyen Van An", "照护照")
        see(state())
        naming.correct_name(actor(LEARNER), "NGUYEN VAN AN", "照护照")
        assert accounts.level_of(1) == SEEN
