"""An administrator decides whose a number is."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from tests.accounts.test_second_factor import turn_on
from tests.clients import API, Browser, words
from tests.factories import PASSWORD, make_person

from guanxue import accounts
from guanxue.audit import AuditLine
from guanxue.core import clock
from guanxue.core.db import session, writing

PHONE, OFFICER = "13800000001", "13800000006"


@pytest.fixture
def officer(any_app):
    """An administrator who has shown a second factor; somebody whose number is disputed."""
    with any_app.test_request_context(), writing():
        person = make_person()
        make_person(OFFICER, "梁伟", "administrator")
        accounts.get_person(person.id).phone_disputed_at = clock.now()
    browser = Browser(any_app, OFFICER)
    browser.path = f"/admin/people/{person.id}/phone"
    browser.get(browser.path, 303)  # not without the second factor
    turn_on(browser)
    browser.see(browser.path)
    return browser


def sign_in(browser, phone):
    return browser.client.application.test_client().post(f"{API}/session", json={"phone": phone, "password": PASSWORD}).status_code


def test_officer_phone_gives_a_number_with_a_reason(officer):
    assert "有人用短信验证了这个号码" in officer.see(officer.path)
    for wrong in ({"phone": "123", "reason": "看过身份证"}, {"phone": "13800000009"}):
        officer.send(officer.path, 422, **wrong)
    officer.send(officer.path, 409, phone=OFFICER, reason="看过身份证")
    officer.send(officer.path, phone="13800000009", reason="看过身份证")
    assert (sign_in(officer, PHONE), sign_in(officer, "13800000009")) == (401, 200)
    with officer.client.application.test_request_context():
        line = session.scalar(select(AuditLine).where(AuditLine.action == "accounts.phone.changed"))
        assert line.detail == {"old": "138****0001", "new": "138****0009", "reason": "看过身份证"}
        assert accounts.find_person_by_phone("13800000009").phone_disputed_at is None


def test_officer_phone_takes_a_number_from_an_account_that_stays(officer):
    officer.send(officer.path + "/release", 422)
    officer.send(officer.path + "/release", reason="号码换了主人")
    assert sign_in(officer, PHONE) == 401
    assert "没有" in words(officer.client.get(officer.path))
    officer.send(officer.path + "/release", 409, reason="号码换了主人")
    officer.send(officer.path, phone="13800000009", reason="看过身份证")
    assert sign_in(officer, "13800000009") == 200


def test_officer_phone_is_neither_for_oneself_nor_for_accounts_that_are_gone(officer):
    with officer.client.application.test_request_context(), writing():
        me = accounts.find_person_by_phone(OFFICER).id
        accounts.find_person_by_phone(PHONE).erased_at = clock.now()
    officer.send(f"/admin/people/{me}/phone", 409, phone="13800000009", reason="换号码")
    officer.send(officer.path, 409, phone="13800000009", reason="看过身份证")
    officer.get("/admin/people/999/phone", 404)
