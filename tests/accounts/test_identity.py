"""The citizen's number: what can be one, one number one person, sealed and masked, shown for a reason only."""

from __future__ import annotations

import logging
import threading
from datetime import date

import pytest
from sqlalchemy import text
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import accounts, audit, migrations
from guanxue.accounts import identity, rules
from guanxue.core import clock
from guanxue.core.db import db, session, writing
from guanxue.core.web import dispatch

PHONE, OTHER, ADMIN = "13800000001", "13800000002", "13800000008"


def valid(body: str) -> str:
    """The number with its check digit."""
    return next(body + c for c in "0123456789X" if rules.citizen_id_fault(body + c, date(2026, 1, 1)) is None)


# Made up: nobody lives at address code 990000.
NUMBER, SECOND = valid("99000019900101001"), valid("99000019881212002")


@pytest.fixture
def people(any_app):
    """Two learners and an administrator."""
    with any_app.test_request_context(), writing():
        make_person(PHONE)
        make_person(OTHER, "周强")
        make_person(ADMIN, "梁伟", "administrator")
    return any_app


@pytest.fixture
def proved(monkeypatch):
    """Every session has shown its second factor."""
    monkeypatch.setattr("guanxue.core.actor.Actor.is_proved", True)


def actor(app, phone):
    person = accounts.find_person_by_phone(phone)
    return dispatch.Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


def state(browser, number=NUMBER, status=303, **more):
    return browser.send("/me/settings/identity", status, number=number, **{"agrees": "1", **more})


# ---- what can be one


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", NUMBER])
def test_numbers_of_the_standard_are_taken(number):
    assert rules.citizen_id_fault(number, date(2000, 1, 1)) is None


@pytest.mark.parametrize(("number", "fault"), [
    ("", "length"), (NUMBER[:-1], "length"), (NUMBER + "1", "length"), ("A" * 18, "characters"), ("X" + NUMBER[1:], "characters"),
    ("990000199002300010", "date"), ("990000209901010010", "future"), ("990000170001010010", "date"),
    (NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2"), "check"), ("٩" * 18, "length")])
def test_wrong_numbers_are_told_what_is_wrong(number, fault):
    found = rules.citizen_id_fault(rules.normal_citizen_id(number), date(2026, 1, 1))
    assert found == fault or (fault == "length" and found == "characters")


def test_a_number_may_be_typed_in_any_usual_way():
    wide = "".join(chr(ord(c) + 0xFEE0) for c in "11010519491231002")
    assert rules.normal_citizen_id(f" {wide[:6]} {wide[6:14]}-{wide[14:]}x ") == "11010519491231002X"


def test_the_mask_keeps_back_what_a_neighbour_does_not_know():
    masked = rules.mask_citizen_id(NUMBER)
    assert masked.startswith(NUMBER[:3]) and set(masked[3:]) == {"*"} and len(masked) == 18


# ---- stating it


def test_a_number_is_stated_with_a_consent_of_its_own_sealed_and_shown_masked(people):
    browser = Browser(people, PHONE)
    assert "我单独同意" in browser.see("/me/settings/identity")
    assert "单独同意" in words(state(browser, status=422, agrees="0"))
    state(browser)
    page = browser.see("/me/settings/identity")
    assert "990***************" in page and NUMBER not in page
    with people.app_context():
        row = identity.find_identity(1)
        assert NUMBER.encode() not in row.number_sealed and NUMBER not in row.number_hash
        assert identity.find_holder(f" {NUMBER.lower()} ") == 1


@pytest.mark.parametrize(("number", "says"), [("123", "18 位"), ("990000209901010010", "还没有到"), ("990000199002300010", "真实的日期"),
                                             (NUMBER[:-2] + "99", "抄错了")])
def test_a_wrong_number_gets_a_sentence_and_stands_in_no_page(people, number, says):
    browser = Browser(people, PHONE)
    answer = state(browser, number, 422)
    assert says in words(answer) and (len(number) < 18 or number not in answer.get_data(as_text=True))
    with people.app_context():
        assert identity.find_identity(1) is None


def test_a_number_that_another_stated_is_refused_without_telling_whose_it_is(people):
    state(Browser(people, PHONE))
    answer = state(Browser(people, OTHER), status=409)
    said = answer.get_data(as_text=True)
    assert "另一个账号" in said and "林小莲" not in said and PHONE not in said and "138****0001" not in said
    with people.app_context():
        line = audit.list_lines(action="accounts.identity.claimed")[0]
        assert (line.actor, line.subject, line.detail) == ("person:2", "person:1", {})
        assert identity.find_identity(2) is None and not accounts.consent.has_agreed(2, "identity")


def test_numbers_of_others_cannot_be_tried_out_at_leisure(people):
    browser = Browser(people, PHONE)
    for _n in range(5):
        state(browser, "123", 422)
    assert state(browser, status=429).headers["Retry-After"]
    for n in range(5):
        with clock.advance(120 * (n + 1)):
            state(browser, "123", 422)
    with clock.advance(3600):
        assert "明天" in words(state(browser, status=429))
    with clock.advance(86_400 * 2):
        state(browser)


def test_a_number_is_corrected_and_withdrawn_while_nothing_rests_on_it(people):
    browser = Browser(people, PHONE)
    state(browser)
    state(browser, SECOND)
    with people.app_context():
        assert identity.find_holder(SECOND) == 1 and identity.find_holder(NUMBER) is None
    browser.send("/me/settings/identity/withdraw")
    with people.app_context():
        assert identity.find_identity(1) is None
        assert not accounts.consent.has_agreed(1, "identity")


def test_a_number_that_credits_rest_on_is_corrected_by_an_administrator_with_a_reason_alone(people, proved):
    browser = Browser(people, PHONE)
    state(browser)
    with people.test_request_context(), writing():
        make_course()
    Learner(people, PHONE).finish()
    assert "工作人员" in words(state(browser, SECOND, 409))
    browser.send("/me/settings/identity/withdraw", 409)
    state(browser)  # the same number again changes nothing
    admin = Browser(people, ADMIN)
    admin.send("/admin/people/1/identity/correct", 422, number=SECOND, reason="")
    admin.send("/admin/people/1/identity/correct", number=SECOND, reason="本人带身份证到窗口更正")
    with people.app_context():
        assert identity.find_holder(SECOND) == 1
        assert audit.list_lines(action="accounts.identity.corrected")[0].detail == {"reason": "本人带身份证到窗口更正"}
    state(browser, NUMBER, 409)  # what rested on the wrong number rests on the right one


# ---- looking behind the mask


def test_the_whole_number_is_shown_once_for_a_reason_and_its_owner_sees_who_looked(people, proved):
    state(Browser(people, PHONE))
    admin = Browser(people, ADMIN)
    assert NUMBER not in admin.see("/admin/people/1")
    assert "写明原因" in words(admin.send("/admin/people/1/identity", 422, reason=" "))
    shown = admin.send("/admin/people/1/identity", 200, reason="核对学分归属")
    assert NUMBER in shown.get_data(as_text=True) and shown.headers["Cache-Control"] == "private, no-store"
    assert NUMBER not in admin.see("/admin/people/1")
    page = Browser(people, PHONE).see("/me/settings/privacy")
    assert "看了完整的身份证号" in page and "梁伟" in page and "核对学分归属" in page and "打开了我的账号页" in page


@pytest.mark.parametrize("phone", [PHONE, OTHER])
def test_nobody_else_looks_behind_the_mask(people, proved, phone):
    state(Browser(people, PHONE))
    browser = Browser(people, phone)
    for address in ("/admin/people/1/identity", "/admin/people/1/identity/correct"):
        browser.send(address, 403, reason="想看看", number=SECOND)


def test_without_a_second_proof_an_administrator_sees_no_people(people):
    admin = Browser(people, ADMIN)
    for answer in (admin.client.get("/admin/people"), admin.client.get("/admin/people/1")):
        assert answer.status_code == 303 and "/me/settings/second-factor" in answer.headers["Location"]
    with people.app_context():
        assert audit.list_lines(action="accounts.person.opened") == []


def test_the_number_stands_in_no_log_and_in_no_row_of_the_database(people, proved, caplog):
    caplog.set_level(logging.DEBUG)
    state(Browser(people, PHONE))
    state(Browser(people, OTHER), status=409)
    admin = Browser(people, ADMIN)
    admin.see("/admin/people")
    found = admin.send("/admin/people", 200, way="number", text=NUMBER)
    assert "林小莲" in words(found) and NUMBER not in found.get_data(as_text=True)
    admin.send("/admin/people/1/identity", 200, reason="核对学分归属")
    assert NUMBER not in caplog.text
    with people.app_context(), db.engine.connect() as connection:
        tables = connection.dialect.get_table_names(connection)
        rows = "".join(repr(tuple(r)) for t in tables for r in connection.execute(text(f"SELECT * FROM {t}")))
    assert NUMBER not in rows


def test_a_sealed_number_moved_to_another_row_does_not_open(people):
    with people.test_request_context(), writing():
        identity.state_number(actor(people, PHONE), NUMBER, agrees=True)
        identity.state_number(actor(people, OTHER), SECOND, agrees=True)
    with people.test_request_context(), pytest.raises(Exception, match="citizen-id"), writing():
        identity.find_identity(2).number_sealed = identity.find_identity(1).number_sealed
        session.flush()
        identity.reveal_number(actor(people, ADMIN), 2, "试一试")




def test_of_two_who_state_one_number_in_the_same_moment_one_has_it(people):
    with people.app_context():
        actors = [actor(people, PHONE), actor(people, OTHER)]
    ready, told = threading.Barrier(2), []

    def claim(who) -> None:
        with people.test_request_context():
            try:
                with writing():
                    ready.wait(10)
                    identity.state_number(who, NUMBER, agrees=True)
                told.append("has it")
            except identity.NumberTaken:
                told.append("taken")
            finally:
                session.remove()

    threads = [threading.Thread(target=claim, args=(who,)) for who in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["has it", "taken"]


def test_numbers_that_were_stated_before_there_were_other_documents_are_kept_through_the_move_and_back(people):
    with people.test_request_context(), writing():
        before = identity.state_number(actor(people, PHONE), NUMBER, agrees=True)
        identity.state_number(actor(people, PHONE), "B1234567", agrees=True, kind="passport", country="VN")
        stated_at = before.stated_at
    with people.app_context():
        migrations.downgrade("0018")
        session.remove()
        with db.engine.connect() as connection:
            rows = connection.execute(text("SELECT person_id, kind, masked FROM accounts_identity")).all()
        assert [tuple(row) for row in rows] == [(1, "citizen-id", "990***************")]
        migrations.upgrade()
        session.remove()
    with people.test_request_context(), writing():
        row = identity.find_identity(1)
        assert (row.kind, row.stated_at, len(row.code)) == ("citizen-id", stated_at, 16)
        assert identity.find_holder(NUMBER) == 1 and accounts.level_of(1) == 1
        assert identity.reveal_number(actor(people, ADMIN), 1, "核对学分归属") == NUMBER
