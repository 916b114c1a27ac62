"""What somebody tries who means no good: old proofs used late, half-made factors, words that open doors they should not."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from tests.accounts.test_codes import PHONE, change, quiet, sms_app
from tests.accounts.test_merging_pages import ADMIN, KEPT, MERGED, foresee, two
from tests.accounts.test_second_factor import app_code, set_up
from tests.clients import API, Browser, Learner, place, words
from tests.factories import PASSWORD, make_person
from tests.two_accounts import kept_actor, merge, part, person

from guanxue import accounts
from guanxue.accounts import attempts, consent, identity, naming
from guanxue.accounts.errors import WrongCode
from guanxue.accounts.models import Session
from guanxue.audit import AuditLine
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import TooMany

__all__ = ["sms_app", "two"]


def proves_number(app) -> Browser:
    """Somebody who has the phone and wants to register."""
    browser = Browser(app)
    browser.see("/register")
    browser.send("/register/code", phone=PHONE)
    browser.send("/register/code/enter", code=app.phones.code(PHONE))
    return browser


def test_a_program_cannot_register_past_the_documents_with_the_demonstrations_word(bare_app):
    """Only the demonstration's own people are never asked."""
    body = {"phone": PHONE, "password": PASSWORD, "name": "阿莲", "terms_version": consent.DEMO}
    assert bare_app.test_client().post(f"{API}/people", json=body).status_code == 201
    with bare_app.test_request_context():
        assert consent.must_ask(accounts.find_person_by_phone(PHONE).terms_version)


def test_an_app_that_was_never_confirmed_proves_nothing(any_app):
    with any_app.test_request_context(), writing():
        actor = make_person()
        accounts.begin_second_factor(actor)
        secret = accounts.pending_secret(actor.id)
        with pytest.raises(WrongCode):
            accounts.show_second_factor(actor, actor.id, app_code(secret))
    answer = Learner(any_app).client.post(f"{API}/session/second-factor", json={"code": app_code(secret)},
                                          headers=Learner(any_app).headers)
    assert answer.status_code == 422


def test_second_factors_are_guessed_at_no_more_than_some_dozens_of_times_a_day(app):
    key = accounts.factor_key(1)
    for n in range(accounts.FACTOR_TRIES_A_DAY):
        with clock.advance(n * 1000):
            attempts.claim_attempt(key, most_a_day=accounts.FACTOR_TRIES_A_DAY)
    with clock.advance(accounts.FACTOR_TRIES_A_DAY * 1000), pytest.raises(TooMany):
        attempts.claim_attempt(key, most_a_day=accounts.FACTOR_TRIES_A_DAY)


def test_a_proof_of_the_other_account_is_worth_nothing_once_its_password_changed(two):
    browser = Browser(two, KEPT)
    page = foresee(browser)
    with two.test_request_context(), writing():
        other = person(MERGED)
        hashed = accounts.hash_password("quite-another-1", MERGED)
        accounts.change_password(Actor("person", other.id), other, hashed, keep_session_id=None)
    digest = re.search(r'name="digest" value="(\w+)"', page)[1]
    assert place(browser.send("/me/settings/merge/confirm", digest=digest)) == "/me/settings/merge"
    with two.test_request_context():
        assert person(MERGED).merged_into_id is None


def test_a_number_stated_after_the_merge_does_not_go_to_the_account_that_parts(city):
    first, second = "11010519491231002X", "440308199901010012"
    with city.test_request_context(), writing():
        identity.state_number(Actor("person", person(MERGED).id), first, agrees=True)
    code, _effects = merge(city)
    with clock.advance(60):
        with city.test_request_context(), writing():
            identity.withdraw_number(kept_actor())
            identity.state_number(kept_actor(), second, agrees=True)
        part(city, code)
    with city.test_request_context():
        assert identity.find_holder(second) == person(KEPT).id
        assert identity.find_identity(person(MERGED).id) is None


def test_a_shut_account_does_not_lose_its_number_to_whoever_says_not_mine(sms_app):
    quiet(sms_app)
    change(sms_app, disabled_at=clock.now())
    stranger = proves_number(sms_app)
    assert "停用" in words(stranger.send("/login/whose/not-mine", 200))
    with sms_app.test_request_context():
        assert accounts.find_person_by_phone(PHONE) is not None


def test_saying_not_mine_again_leaves_no_second_line(sms_app):
    browser = proves_number(sms_app)
    for _again in range(3):
        browser.send("/login/whose/not-mine", 200)
    with sms_app.test_request_context():
        assert session.query(AuditLine).filter_by(action="accounts.phone.disputed").count() == 1


def test_administrators_decide_nothing_about_their_own_accounts(two):
    """Their own credits, their own second factor: as everybody does it, with the proofs everybody needs."""
    admin = Browser(two, ADMIN)
    with two.test_request_context(), writing():
        own = person(ADMIN)
        set_up(Actor("person", own.id))
        session.query(Session).update({"proved_at": clock.now()})
        own_id = own.id
    admin.see("/admin/people")
    admin.send(f"/admin/people/{own_id}/merge", 409, phone=MERGED, reason="换号")
    admin.send(f"/admin/people/{own_id}/merge/confirm", 409, merged="2", reason="换号", digest="0")
    admin.send(f"/admin/people/{own_id}/second-factor", 409, reason="手机丢了")
    with two.test_request_context():
        assert accounts.list_merges() == [] and accounts.has_second_factor(own_id)


def test_what_a_failed_statement_was_given_stands_in_no_log(any_app):
    """A fault of the database is logged with its words; names, numbers and texts of people are not among them."""
    with any_app.test_request_context(), pytest.raises(DBAPIError) as caught:
        session.execute(text("SELECT :phone FROM nowhere"), {"phone": PHONE})
    assert PHONE not in str(caught.value)


def test_names_and_choices_change_a_few_times_a_day_and_not_without_end(app):
    """Each leaves a line that stays; and a name that changes hourly is a name for hire."""
    actor = make_person()
    for n in range(naming.CHANGES_A_DAY):
        naming.correct_name(actor, f"林小{n}", "写错了")
    with pytest.raises(TooMany):
        naming.correct_name(actor, "林小莲", "写错了")
    for n in range(consent.ANSWERS_A_DAY):
        consent.set_optional(actor, consent.COURSE_SMS, agrees=n % 2 == 0)
    with pytest.raises(TooMany):
        consent.set_optional(actor, consent.COURSE_SMS, agrees=not consent.has_agreed(actor.id, consent.COURSE_SMS))
    with clock.advance(86_401):
        naming.correct_name(actor, "林小莲", "写错了")
