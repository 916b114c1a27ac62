"""Officers say who somebody is: by the paper in their hand, never about themselves, with a way back and a way on."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text
from tests.accounts.test_kinds import checked
from tests.clients import Browser, Learner, words
from tests.factories import make_course, make_person

from guanxue import accounts, audit
from guanxue.accounts import checking, erasure, identity, keeping, kinds, levels, naming
from guanxue.accounts.events import IdentityDisputed, IdentityRaised
from guanxue.core import clock, events
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import db, session, writing
from guanxue.core.errors import Forbidden, Invalid, NotFound
from guanxue.policies import MATCHED, PHONE, SEEN, STATED

LEARNER, OTHER, OFFICER, ADMIN = "13800000001", "13800000002", "13800000003", "13800000008"
NUMBER, SECOND = checked("99000019900101001"), checked("99000019881212002")
LOOKED = {"place": "大朗镇服务中心 3 号窗口", "is_original": "1", "is_person": "1"}


@pytest.fixture
def proved(monkeypatch):
    """Every session has shown its second factor."""
    monkeypatch.setattr("guanxue.core.actor.Actor.is_proved", True)


def fill(app):
    with app.test_request_context(), writing():
        make_person(LEARNER)
        make_person(OTHER, "周强")
        make_person(OFFICER, "冯佩", "credit_officer")
        make_person(ADMIN, "梁伟", "administrator")
    return app


@pytest.fixture
def people(bare_app):
    """A learner, another, an officer and an administrator."""
    return fill(bare_app)


@pytest.fixture
def any_people(any_app):
    """The same on each database."""
    return fill(any_app)


def actor(phone=OFFICER):
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id), proved_at=clock.now())


def state(phone=LEARNER, number=NUMBER, **more):
    """The code of the document that this person states."""
    return identity.state_number(actor(phone), number, agrees=True, **more).code


def see(code, person_id=1, number=NUMBER, **more):
    given = {"place": "大朗镇服务中心", "looked_on": clock.today(), "is_original": True, "is_person": True} | more
    return checking.record_seen(actor(), person_id, code, number=number, **given)


def raised(app) -> list:
    """What is told of people who are known better from now on."""
    told: list = []
    events.listen(IdentityRaised, told.append)
    return told


# ---- levels


def test_a_person_is_known_step_by_step_and_each_step_is_told_once(any_people):
    with any_people.test_request_context(), writing():
        told = raised(any_people)
        assert accounts.level_of(1) == PHONE
        code = state()
        assert accounts.level_of(1) == STATED
        checking.ask_check(actor(LEARNER), code)
        see(code)
        assert accounts.level_of(1) == SEEN and checking.count_waiting() == 0
        see(code)  # the same look again
        checking.record_match(actor(), 1, code, "GA-2026-0001")
        assert accounts.list_levels([1, 2]) == {1: MATCHED, 2: PHONE}
        assert [e.level for e in told] == [STATED, SEEN, MATCHED]
        assert [s.step for s in levels.list_known(1)[0].steps] == ["stated", "asked", "seen", "matched"]


def test_a_wrong_check_is_withdrawn_for_a_reason_and_the_level_falls(any_people):
    with any_people.test_request_context(), writing():
        code = state()
        look = see(code)
        match = checking.record_match(actor(), 1, code, "GA-1")
        checking.withdraw_check(actor(), 1, look.id, "看错了人")
        assert accounts.level_of(1) == STATED  # data alone says nothing of who sits there
        with pytest.raises(NotFound):
            checking.withdraw_check(actor(), 1, look.id, "看错了人")
        see(code)
        assert accounts.level_of(1) == MATCHED
        checking.withdraw_check(actor(), 1, match.id, "查询编号写错了")
        assert accounts.level_of(1) == SEEN


def test_steps_cannot_be_changed_or_taken_out_of_the_database(any_people):
    with any_people.test_request_context(), writing():
        see(state())
    for change in ("UPDATE accounts_identity_check SET step = 'matched'", "DELETE FROM accounts_identity_check"):
        with any_people.test_request_context(), pytest.raises(Exception, match="append-only"), writing():
            session.execute(text(change))


def test_a_corrected_number_begins_anew_and_another_document_beside_it_takes_nothing_away(people):
    with people.test_request_context(), writing():
        see(state())
        passport = state(number="B1234567", kind=kinds.PASSPORT, country="VN")
        assert accounts.level_of(1) == SEEN and identity.find_identity(1).kind == kinds.CITIZEN
        see(passport, number="b 1234567")
        assert identity.find_identity(1).kind == kinds.CITIZEN  # of two known as well the first one counts
        state(number=SECOND)  # corrects the first: a citizen has one number
        assert {k.document.kind: k.level for k in levels.list_known(1)} == {kinds.PASSPORT: SEEN, kinds.CITIZEN: STATED}
        identity.withdraw_number(actor(LEARNER), passport)
        assert accounts.level_of(1) == STATED


def test_a_renewed_passport_stands_beside_the_old_one_and_both_stay_the_persons(people):
    with people.test_request_context(), writing():
        for number in ("B1234567", "B7654321"):
            state(number=number, kind=kinds.PASSPORT, country="VN")
        assert len(levels.list_known(1)) == 2
    for number in ("B1234567", "B7654321"):
        with people.test_request_context(), pytest.raises(identity.NumberTaken), writing():
            state(OTHER, number, kind=kinds.PASSPORT, country="VN")
    with people.test_request_context(), writing():
        state(OTHER, "B1234567", kind=kinds.PASSPORT, country="MM")  # another country's passport


def test_a_card_of_eighteen_digits_is_one_document_whatever_it_is_called(people):
    card = checked("91112419810803001")
    with people.test_request_context(), writing():
        state(number=card, kind=kinds.FOREIGN)
    with people.test_request_context(), pytest.raises(identity.NumberTaken), writing():
        state(OTHER, card)


def test_under_another_name_what_was_checked_counts_no_more(people):
    with people.test_request_context(), writing():
        see(state())
        naming.correct_name(actor(LEARNER), "林小荷", "改了姓名")
        assert accounts.level_of(1) == STATED
        assert [s.step for s in levels.list_known(1)[0].steps] == ["stated", "seen", "lapsed"]


# ---- who may, and what is asked


def test_nobody_says_who_they_are_themselves_under_any_account(people):
    with people.test_request_context(), writing():
        code = state(OFFICER, SECOND)
        other = state(OTHER, NUMBER)
        accounts.merge_accounts(SYSTEM, 4, 3, reason="同一个人")  # the officer's and the administrator's account are one person's
    with people.test_request_context(), writing():
        for who, person_id, document in ((ADMIN, 4, code), (ADMIN, 3, code)):
            with pytest.raises((Forbidden, NotFound)):
                checking.record_seen(actor(who), person_id, document, number=SECOND, place="窗口", looked_on=clock.today(),
                                     is_original=True, is_person=True)
        with pytest.raises(Forbidden):
            checking.record_seen(actor(OTHER), 2, other, number=NUMBER, place="窗口", looked_on=clock.today(),
                                 is_original=True, is_person=True)
        assert accounts.level_of(2) == accounts.level_of(4) == STATED


@pytest.mark.parametrize(("change", "field"), [
    ({"number": SECOND}, "number"), ({"number": ""}, "number"), ({"place": " "}, "place"), ({"looked_on": None}, "looked_on"),
    ({"is_original": False}, "is_original"), ({"is_person": False}, "is_person")])
def test_a_look_needs_the_papers_own_number_and_where_when_and_whose(people, change, field):
    with people.test_request_context(), writing():
        code = state()
        with pytest.raises(Invalid) as refused:
            see(code, **change)
        assert [f["field"] for f in refused.value.fields] == [field]
        assert accounts.level_of(1) == STATED


def test_a_look_is_of_the_last_month_and_not_of_tomorrow(people):
    with people.test_request_context(), writing():
        code, today = state(), clock.today()
        for day in (today.replace(year=today.year + 1), today.replace(year=today.year - 1)):
            with pytest.raises(Invalid):
                see(code, looked_on=day)


def test_data_is_matched_after_the_paper_was_seen(people):
    with people.test_request_context(), writing():
        code = state()
        with pytest.raises(Exception, match="先看证件"):
            checking.record_match(actor(), 1, code, "GA-1")


# ---- two people, one document


def test_of_two_who_claim_a_document_both_are_told_calmly_and_neither_who_the_other_is(people, proved):
    told: list = []
    with people.test_request_context():
        events.listen(IdentityDisputed, told.append)
    with people.test_request_context(), writing():
        state()
    browser = Browser(people, OTHER)
    for _n in range(2):
        said = words(browser.send("/me/settings/identity", 409, number=NUMBER, agrees="1"))
        assert "另一个账号" in said and "林小莲" not in said
    assert [(e.holder_id, e.claimant_id, e.kind) for e in told] == [(1, 2, "citizen-id")]
    assert "另一个账号也登记了" in browser.see("/me/settings/identity")
    page = Browser(people, LEARNER).see("/me/settings/identity")
    assert "另一个账号也填了这个号码" in page and "周强" not in page
    officer = Browser(people, OFFICER)
    shown = officer.see("/office/identity/1")
    assert "另一个账号也填了这个号码" in shown and "周强" not in shown
    with people.test_request_context():
        code = levels.list_known(1)[0].document.code
        assert "周强" not in str(keeping.export(1)) and "林小莲" not in str(keeping.export(2)["identity_steps"])
    officer.send("/office/identity/1/take-off", document=code, reason="证件是另一个人的")
    browser.send("/me/settings/identity", number=NUMBER, agrees="1")
    with people.test_request_context():
        assert (accounts.level_of(1), accounts.level_of(2)) == (PHONE, STATED)
        assert not identity.has_open_claim(2)


def test_of_two_who_state_one_passport_in_the_same_moment_one_has_it(any_people):
    with any_people.app_context():
        both = [actor(LEARNER), actor(OTHER)]
    ready, told = threading.Barrier(2), []

    def claim(who) -> None:
        with any_people.test_request_context():
            try:
                with writing():
                    ready.wait(10)
                    identity.state_number(who, "B1234567", agrees=True, kind=kinds.PASSPORT, country="VN")
                told.append("has it")
            except identity.NumberTaken:
                told.append("taken")
            finally:
                session.remove()

    threads = [threading.Thread(target=claim, args=(who,)) for who in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(told) == ["has it", "taken"]


# ---- pages


def test_a_learner_asks_and_an_officer_looks_and_the_learner_is_known(people, proved):
    learner, officer = Browser(people, LEARNER), Browser(people, OFFICER)
    learner.send("/me/settings/identity", number=NUMBER, agrees="1", next="/me/credits")
    page = learner.see("/me/settings/identity?next=/me/credits")
    assert 'href="/me/credits"' in page and "我要办" in page
    with people.test_request_context():
        code = levels.list_known(1)[0].document.code
    learner.send("/me/settings/identity/ask", document=code)
    assert "等工作人员看证件" in learner.see("/me/settings/identity")
    queue = officer.see("/office/identity")
    assert "林小莲" in queue and "1 人在等" in queue and NUMBER not in queue
    assert "照着证件输一遍号码" in officer.see("/office/identity/1")
    refused = officer.send("/office/identity/1/seen", 422, document=code, number=SECOND, looked_on="2026-13-40", **LOOKED)
    assert "不一样" in words(refused) and "哪一天" in words(refused) and SECOND not in refused.get_data(as_text=True)
    officer.send("/office/identity/1/seen", document=code, number=NUMBER, looked_on=clock.today().isoformat(), **LOOKED)
    assert "没有人在等" in officer.see("/office/identity")
    shown = officer.see("/office/identity/1")
    assert "冯佩" in shown and LOOKED["place"] in shown and NUMBER not in shown
    assert "工作人员看过证件" in learner.see("/me/settings/identity")
    assert "打开了我的账号页" in learner.see("/me/settings/privacy")


def test_a_refusal_has_a_reason_and_a_way_on(people, proved):
    with people.test_request_context(), writing():
        code = state()
        checking.ask_check(actor(LEARNER), code)
    officer = Browser(people, OFFICER)
    officer.see("/office/identity/1")
    assert "请选原因" in words(officer.send("/office/identity/1/refuse", 422, document=code))
    assert "写明原因" in words(officer.send("/office/identity/1/refuse", 422, document=code, why="other"))
    officer.send("/office/identity/1/refuse", document=code, why="expired", note="2020 年就到期了")
    page = Browser(people, LEARNER).see("/me/settings/identity")
    assert "证件过期了" in page and "2020 年就到期了" in page and "换了新证件再来" in page and "我要办" in page


def test_an_officer_finds_whoever_stands_at_the_counter_by_a_whole_number_alone(people, proved):
    with people.test_request_context(), writing():
        state()
        state(OTHER, "B1234567", kind=kinds.PASSPORT, country="VN")
    officer = Browser(people, OFFICER)
    officer.see("/office/identity")
    for given, name in ((LEARNER, "林小莲"), (NUMBER, "林小莲"), ("b1234567", "周强")):
        assert name in words(officer.send("/office/identity", 200, text=given))
    for given in ("林小莲", NUMBER[:17], "1380000000", ""):
        assert "林小莲" not in words(officer.send("/office/identity", 200, text=given))
    with people.test_request_context():
        assert audit.list_lines(action="accounts.people.searched")[0].detail == {"way": "identity"}


def test_the_whole_number_is_shown_for_a_reason_and_its_owner_sees_who_looked(people, proved):
    with people.test_request_context(), writing():
        code = state()
    officer = Browser(people, OFFICER)
    officer.see("/office/identity/1")
    officer.send("/office/identity/1/reveal", 422, document=code, reason="")
    shown = officer.send("/office/identity/1/reveal", 200, document=code, reason="核对更正")
    assert NUMBER in shown.get_data(as_text=True) and "no-store" in shown.headers["Cache-Control"]
    page = Browser(people, LEARNER).see("/me/settings/privacy")
    assert "看了完整的身份证号" in page and "冯佩" in page and "核对更正" in page


def test_an_officer_corrects_a_number_and_withdraws_a_check(people, proved):
    with people.test_request_context(), writing():
        check = see(state()).id
        code = levels.list_known(1)[0].document.code
    officer = Browser(people, OFFICER)
    officer.see("/office/identity/1")
    officer.send("/office/identity/1/withdraw", 422, check=check, reason="")
    officer.send("/office/identity/1/withdraw", check=check, reason="看错了人")
    officer.send("/office/identity/1/withdraw", 404, check="x", reason="看错了人")
    officer.send("/office/identity/1/correct", 422, document=code, number="123", reason="写错了")
    officer.send("/office/identity/1/correct", document=code, number=SECOND, reason="写错了")
    with people.test_request_context():
        assert identity.find_holder(SECOND) == 1 and accounts.level_of(1) == STATED


def test_a_number_an_officer_mistypes_makes_nobody_a_case_until_they_say_that_it_is_right(people, proved):
    told: list = []
    with people.test_request_context():
        events.listen(IdentityDisputed, told.append)
    with people.test_request_context(), writing():
        code = state()
        state(OTHER, SECOND)
    officer = Browser(people, OFFICER)
    officer.see("/office/identity/1")
    given = {"document": code, "number": SECOND, "reason": "抄错了一位"}
    refused = officer.send("/office/identity/1/correct", 409, **given)
    assert "再对一遍证件" in words(refused) and "合并" not in words(refused) and SECOND not in refused.get_data(as_text=True)
    with people.test_request_context():
        assert told == [] and not levels.list_known(2)[0].is_disputed and not identity.has_open_claim(1)
        assert audit.list_lines(action="accounts.identity.claimed") == []
    assert "没有抄错" not in officer.see("/office/identity/1")  # it is asked about what was just typed, and no further
    reported = words(officer.send("/office/identity/1/correct", 409, is_sure="1", **given))
    assert "已经报上去" in reported
    with people.test_request_context():
        assert [(e.holder_id, e.claimant_id) for e in told] == [(2, 1)] and identity.has_open_claim(1)
        assert levels.list_known(2)[0].is_disputed and accounts.level_of(1) == STATED


@pytest.mark.parametrize("deed", ["seen", "refuse", "match", "withdraw", "correct", "take-off", "reveal"])
def test_strangers_are_refused_and_what_is_not_there_is_not_found(people, proved, deed):
    learner, officer = Browser(people, LEARNER), Browser(people, OFFICER)
    learner.send(f"/office/identity/2/{deed}", 403)
    officer.see("/office/identity")
    officer.send(f"/office/identity/999/{deed}", 404, reason="看一看", number=NUMBER)
    assert officer.client.get(f"/office/identity/1/{deed}").status_code == 405


def test_without_a_second_proof_an_officer_sees_nobody(people):
    officer = Browser(people, OFFICER)
    for address in ("/office/identity", "/office/identity/1"):
        answer = officer.client.get(address)
        assert answer.status_code == 303 and "/me/settings/second-factor" in answer.headers["Location"]
    with people.app_context():
        assert audit.list_lines(action="accounts.person.opened") == []


# ---- telling and forgetting


def test_a_copy_tells_each_step_masked_and_an_erased_person_leaves_steps_without_words(people):
    with people.test_request_context(), writing():
        code = state()
        checking.refuse(actor(), 1, code, "other", "照片上的人戴着帽子")
        see(code)
        told = keeping.export(1)
        assert told["identity"]["level"] == SEEN and told["documents"][0]["number_masked"] == "990***************"
        assert [s["step"] for s in told["identity_steps"]] == [f"document.{x}" for x in ("stated", "refused", "seen")]
        assert NUMBER not in str(told) and "冯佩" not in str(told)
        hashed = identity.find_identity(1).number_hash
        erasure.erase_person(SYSTEM, 1)
    with people.app_context(), db.engine.connect() as connection:
        tables = connection.dialect.get_table_names(connection)
        rows = "".join(repr(tuple(r)) for t in tables for r in connection.execute(text(f"SELECT * FROM {t}")))
        assert hashed not in rows and "戴着帽子" not in rows
        steps = connection.execute(text("SELECT step FROM accounts_identity_check WHERE person_id = 1 ORDER BY id")).scalars().all()
        assert steps == ["stated", "refused", "seen"]


def test_documents_and_their_checks_follow_their_person_and_go_back(any_people):
    with any_people.test_request_context(), writing():
        other = accounts.find_person_by_phone(OTHER)
        naming.correct_name(Actor("person", other.id), "林小莲", "同一个人")
        see(state(OTHER), person_id=2)
        code = accounts.merge_accounts(SYSTEM, 1, 2, reason="同一个人").code
        assert accounts.list_levels([1, 2]) == {1: SEEN, 2: SEEN} and identity.find_holder(NUMBER) == 1
        accounts.part_accounts(SYSTEM, code, reason="不是同一个人")
        assert accounts.list_levels([1, 2]) == {1: PHONE, 2: SEEN} and identity.find_holder(NUMBER) == 2


def test_checks_under_another_name_do_not_come_along_with_a_merge(people):
    with people.test_request_context(), writing():
        see(state(OTHER), person_id=2)
        accounts.merge_accounts(SYSTEM, 1, 2, reason="同一个人")
        assert accounts.level_of(1) == STATED


def test_a_program_is_told_how_far_its_person_is_known_and_no_number(people):
    assert people.test_client().get("/api/v1/me/identity").status_code == 401
    learner = Learner(people, LEARNER)
    assert learner.call("GET", "/me/identity", 200) == {"level": 0, "documents": []}
    with people.test_request_context(), writing():
        see(state(number="B1234567", kind=kinds.PASSPORT, country="VN"), number="B1234567")
    told = learner.call("GET", "/me/identity", 200)
    assert told["level"] == SEEN and told["documents"][0]["number_masked"] == "B1******"
    assert (told["documents"][0]["country"], told["documents"][0]["waiting"]) == ("VN", False)


def test_a_document_that_is_stated_later_takes_no_protection_from_the_first(people):
    with people.test_request_context(), writing():
        make_course()
        state()
    Learner(people, LEARNER).finish()
    with people.test_request_context(), writing():
        first = identity.find_identity(1)
        passport = state(number="B1234567", kind=kinds.PASSPORT, country="VN")
        assert identity.find_identity(1).id == first.id  # whoever sits at an open screen changes no second proof
        see(passport, number="B1234567")
        assert identity.find_identity(1).code == passport
        with pytest.raises(identity.NumberReliedOn):
            identity.withdraw_number(actor(LEARNER), first.code)
        with pytest.raises(identity.NumberReliedOn):
            state(number=SECOND)


def test_an_officer_sees_under_which_names_the_account_went_before(people, proved):
    with people.test_request_context(), writing():
        naming.correct_name(actor(LEARNER), "林小荷", "改了姓名")
    assert "以前的姓名：林小莲" in words(Browser(people, OFFICER).get("/office/identity/1"))


def test_a_refused_form_shows_nobodys_file_unseen(people, proved):
    """Whoever sends an empty form to somebody's file is shown the file: that is a look, and its owner sees it too."""
    with people.test_request_context(), writing():
        code = state()
    officer = Browser(people, OFFICER)
    officer.see("/office/identity")
    assert "林小莲" in words(officer.send("/office/identity/1/seen", 422, document=code))
    with people.test_request_context():
        assert len(audit.list_lines(action="accounts.person.opened")) == 1
    with people.test_request_context(), writing():
        accounts.get_person(2).erased_at = clock.now()
    officer.send("/office/identity/2/withdraw", 404)
