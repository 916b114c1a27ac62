"""Whoever deletes their account and begins anew does not earn the same once more, and a payer still finds whose it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from tests.accounts.test_checking import LEARNER, NUMBER, OFFICER, OTHER, actor, any_people, proved, see, state
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import accounts, creditbank, policies
from guanxue.accounts import erasure, identity, kinds, naming
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.jobs.worker import run_one
from guanxue.policies.defaults import LIGHT_2

__all__ = ["any_people", "proved"]
ASKS = {"identity_at": "claim", "identity_level": 2, "retention_years": 10}
PASSPORT = "E12345678"


@pytest.fixture
def paid(any_people):
    """A course whose policy asks who it is."""
    with any_people.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="要证件", effective_on=clock.today(), numbers=LIGHT_2 | ASKS)
        make_course(videos_ms=(3_000_000,))
        make_course("second", title="第二门课", videos_ms=(3_000_000,))
    return any_people


def earn_and_go(app) -> str:
    """The learner earns the credit, is told what stays, and deletes the account; the hash of the number."""
    Learner(app, LEARNER).finish()
    with app.test_request_context(), writing():
        see(state())
        assert creditbank.balance(1) == 72
        hashed = identity.find_identity(1).number_hash
        told = [str(e.sentence) for e in erasure.foretell(1)]
        assert sum("校验码" in one for one in told) == 1
        assert [str(e.sentence) for e in erasure.erase_person(SYSTEM, 1) if e.what == "number.kept"] == [
            one for one in told if "校验码" in one]
    return hashed


def come_back(app) -> int:
    """The same person under a new account."""
    with app.test_request_context(), writing():
        return make_person(LEARNER).id


def show_paper(app, person_id: int) -> None:
    with app.test_request_context(), writing():
        see(state(), person_id=person_id)


def test_the_same_document_earns_the_same_course_once_and_another_as_ever(paid):
    earn_and_go(paid)
    new = come_back(paid)
    Learner(paid, LEARNER).finish()
    Learner(paid, LEARNER).finish("second")
    show_paper(paid, new)
    with paid.test_request_context():
        assert creditbank.balance(new) == 72 and creditbank.balance(1) == 72
        (refused,) = creditbank.list_uncredited(new)
        assert (refused.rule, refused.outcome.subject) == ("former", "course:safe-measuring")
        assert "已经领过这门课的学分" in str(refused.sentences)
        assert creditbank.recompute()[1] == []
    assert "已经领过这门课的学分" in words(Browser(paid, LEARNER).get("/me/credits"))


def test_another_person_and_a_course_that_asks_nobody_are_not_concerned(paid):
    earn_and_go(paid)
    with paid.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="不要证件", effective_on=clock.today(), numbers=LIGHT_2)
    new = come_back(paid)
    show_paper(paid, new)
    Learner(paid, LEARNER).finish()
    with paid.test_request_context():
        assert creditbank.balance(new) == 72 and creditbank.recompute()[1] == []


def test_what_stays_is_a_hash_and_no_number_and_goes_when_its_time_is_over(paid, proved):
    hashed = earn_and_go(paid)
    with paid.test_request_context():
        (row,) = session.execute(text("SELECT * FROM accounts_kept_number")).mappings()
        assert (row["person_id"], row["number_hash"], row["masked"]) == (1, hashed, "990***************")
        assert NUMBER not in str(row) and "林小莲" not in str(row)
        assert str(row["until_on"]) == clock.today().replace(year=clock.today().year + 10).isoformat()
    officer = Browser(paid, OFFICER)
    officer.see("/office/identity")
    assert "已注销的账号（编号 1）" in words(officer.send("/office/identity", 200, text=NUMBER))
    for days, left in ((3640, 1), (3660, 0)):
        with clock.advance(timedelta(days=days).total_seconds()), paid.test_request_context(), writing():
            assert accounts.let_numbers_go() == 1 - left
            assert session.scalar(text("SELECT count(*) FROM accounts_kept_number")) == left


def test_the_number_stays_with_the_new_account_that_was_refused_by_it_and_a_merge_changes_nothing(paid):
    earn_and_go(paid)
    new = come_back(paid)
    Learner(paid, LEARNER).finish()
    show_paper(paid, new)
    with paid.test_request_context(), writing():
        with pytest.raises(identity.NumberReliedOn):
            identity.withdraw_number(actor(LEARNER))
    with clock.advance(timedelta(days=4000).total_seconds()), paid.test_request_context(), writing():
        assert accounts.let_numbers_go() == 0
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        accounts.merge_accounts(SYSTEM, 2, new, reason="同一个人")
        assert creditbank.balance(2) == creditbank.balance(new) == 0 and creditbank.recompute()[1] == []
        erasure.erase_person(SYSTEM, 2)
        assert accounts.let_numbers_go() == 1 and creditbank.recompute()[1] == []


def test_every_paper_that_the_person_was_seen_with_is_remembered_and_none_that_was_only_stated(paid):
    """A card that was shown after the credit is the same person's, and would earn the course once more."""
    passport = {"kind": kinds.PASSPORT, "country": "CN"}
    Learner(paid, LEARNER).finish()
    with paid.test_request_context(), writing():
        see(state(number=PASSPORT, **passport), number=PASSPORT)
        assert creditbank.balance(1) == 72
    with clock.advance(60_000), paid.test_request_context(), writing():
        see(state())
        state(number="E87654321", **passport)
        naming.correct_name(actor(LEARNER), "林小荷", "改了姓名")
        erasure.erase_person(SYSTEM, 1)
        kept = session.execute(text("SELECT kind, until_on FROM accounts_kept_number")).all()
        assert sorted(kind for kind, _day in kept) == [kinds.CITIZEN, kinds.PASSPORT] and len({day for _kind, day in kept}) == 1
    new = come_back(paid)
    with clock.advance(120_000):
        Learner(paid, LEARNER).finish()
        show_paper(paid, new)
        with paid.test_request_context():
            assert creditbank.balance(new) == 0 and [r.rule for r in creditbank.list_uncredited(new)] == ["former"]


def test_who_was_refused_nothing_takes_back_a_number_that_an_erased_account_had(paid):
    """A slip, or whoever came back and wants nothing paid: and what is kept of it goes on its day."""
    earn_and_go(paid)
    with paid.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        see(state(OTHER), person_id=2)
        identity.withdraw_number(actor(OTHER))
        state(OTHER)
    Learner(paid, OTHER).finish()  # waits to be known, and nobody is told of a stranger's credits
    with paid.test_request_context(), writing():
        identity.withdraw_number(actor(OTHER))
        state(OTHER)
    with clock.advance(timedelta(days=3660).total_seconds()), paid.test_request_context(), writing():
        assert accounts.let_numbers_go() == 1
        assert session.scalar(text("SELECT count(*) FROM accounts_kept_number")) == 0


def test_who_was_refused_is_held_to_the_number_under_any_name_and_account_until_its_day(paid):
    earn_and_go(paid)
    new = come_back(paid)
    Learner(paid, LEARNER).finish()
    show_paper(paid, new)
    with paid.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
        accounts.merge_accounts(SYSTEM, 2, new, reason="同一个人")
        naming.correct_name(actor(OTHER), "林小荷", "改了姓名")  # the look lapses, so that nothing is refused just now
        with pytest.raises(identity.NumberReliedOn):
            identity.withdraw_number(actor(OTHER))
    with clock.advance(timedelta(days=3660).total_seconds()), paid.test_request_context(), writing():
        assert accounts.let_numbers_go() == 0
        identity.withdraw_number(actor(OTHER))
        assert accounts.let_numbers_go() == 1 and creditbank.recompute()[1] == []


def test_who_asked_to_be_forgotten_before_anything_stayed_is_forgotten_as_they_were_told(paid):
    Learner(paid, LEARNER).finish()
    with paid.test_request_context(), writing():
        see(state())
        asked = datetime(2026, 11, 26, 15, 59, tzinfo=UTC)  # one minute before the day of the notice that tells of it, in the city
        for minutes, tells in ((0, False), (1, True)):
            accounts.get_person(1).erase_after_at = asked + timedelta(minutes=minutes) + erasure.TIME_TO_RETURN
            assert any("校验码" in str(e.sentence) for e in erasure.foretell(1)) == tells
        accounts.get_person(1).erase_after_at = asked + erasure.TIME_TO_RETURN
        assert not any("校验码" in str(e.sentence) for e in erasure.erase_person(SYSTEM, 1))
        assert session.scalar(text("SELECT count(*) FROM accounts_kept_number")) == 0


def test_nothing_stays_where_no_credit_rests_on_a_document(paid):
    with paid.test_request_context(), writing():
        policies.publish_policy(SYSTEM, code="light", title="不要证件", effective_on=clock.today(), numbers=LIGHT_2)
    Learner(paid, LEARNER).finish()
    with paid.test_request_context(), writing():
        see(state())
        assert not any("校验码" in str(e.sentence) for e in erasure.foretell(1))
        erasure.erase_person(SYSTEM, 1)
        assert session.scalar(text("SELECT count(*) FROM accounts_kept_number")) == 0


@pytest.mark.parametrize("stays", [LEARNER, OTHER])
def test_a_merge_is_told_and_done_without_what_the_deleted_account_had(paid, stays):
    earn_and_go(paid)
    new = come_back(paid)
    show_paper(paid, new)
    with paid.test_request_context(), writing():
        naming.correct_name(actor(OTHER), "林小莲", "写错了")
    Learner(paid, OTHER).finish()
    Learner(paid, OTHER).finish("second")
    kept, merged = (new, 2) if stays == LEARNER else (2, new)
    with clock.advance(60_000), paid.test_request_context(), writing():
        told = accounts.foresee_merge(actor(stays), kept, merged)
        code = accounts.merge_accounts(actor(stays), kept, merged, reason="本人", foreseen=told.digest).code
        assert creditbank.balance(kept) == 72 and creditbank.recompute()[1] == []
        assert [e.amount for e in told.effects if e.what == "balance.after"] == [72]
        accounts.part_accounts(SYSTEM, code, reason="分开")
        assert creditbank.balance(2) == 72 and creditbank.balance(new) == 0 and creditbank.recompute()[1] == []


def test_what_was_taken_back_from_the_deleted_account_is_earned_anew(paid):
    Learner(paid, LEARNER).finish()
    with paid.test_request_context(), writing():
        see(state())
        creditbank.take_back(SYSTEM, creditbank.list_awards([1])[0].code, reason="录错了", authority="复核")
        erasure.erase_person(SYSTEM, 1)
    new = come_back(paid)
    Learner(paid, LEARNER).finish()
    show_paper(paid, new)
    with paid.test_request_context():
        assert (creditbank.balance(1), creditbank.balance(new)) == (0, 72) and creditbank.recompute()[1] == []


def test_an_appeal_gives_what_the_deleted_account_no_longer_has_and_nothing_before(paid):
    earn_and_go(paid)
    new = come_back(paid)
    Learner(paid, LEARNER).finish()
    show_paper(paid, new)
    with paid.test_request_context(), writing():
        (refused,) = creditbank.list_uncredited(new)
        again = creditbank.credit_again(SYSTEM, "course", refused.outcome.key, new, reason="申诉", authority="复核")
        assert again.given_milli == 0 and "已经注销的账号" in str(again.sentences) and creditbank.recompute()[1] == []
        creditbank.take_back(SYSTEM, creditbank.list_awards([1])[0].code, reason="录错了", authority="复核")
    while run_one(paid, heavy=False):
        pass
    with paid.test_request_context():
        assert (creditbank.balance(1), creditbank.balance(new)) == (0, 72) and creditbank.recompute()[1] == []
