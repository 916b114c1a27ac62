"""Four eyes under whichever account, a number once in the city, credit once; cases, merges, erasure."""

from __future__ import annotations

import importlib
import json
import threading

import pytest
from sqlalchemy import text
from tests.recognition.conftest import (
    FENG,
    FOURTH,
    LIAN,
    LUO,
    NUMBER,
    OTHER,
    ZHAO,
    actor_of,
    day,
    facts,
    file_by_service,
    lookup,
    picture,
    recognise,
    see_paper,
)

from guanxue import accounts, cases, creditbank, ledger, recognition
from guanxue.accounts.keepers import list_keepers
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, session, writing
from guanxue.core.errors import Conflict, Forbidden, Invalid, SecondFactorNeeded
from guanxue.recognition import proofs


@pytest.fixture
def at_work(town):
    """Inside a writing transaction with everybody there."""
    with town.test_request_context(), writing():
        yield town


def balance(phone=LIAN) -> int:
    return creditbank.balance(accounts.find_person_by_phone(phone).id)


def again(filing) -> recognition.File:
    return recognition.open_filing(filing)


# ---- credit


def test_a_recognised_certificate_is_credited_once_and_stands_on_the_statement(at_work):
    decision = recognise(file_by_service())
    assert decision.given_milli == 4000 and balance() == 4000
    line = creditbank.statement(actor_of(LIAN).id).items[0]
    assert line.title == "车工 五级/初级工（职业技能等级证书）" and line.amount == 4000 and line.code == decision.code
    document = json.loads(ledger.get_entry(decision.entry_number).document)
    assert document["checked_by"] == actor_of(FENG).ref and document["approved_by"] == actor_of(LUO).ref
    assert NUMBER not in str(document), "the ledger never forgets, so it is told no number"
    assert creditbank.recompute()[1] == []


def test_an_upgrade_adds_the_difference_and_a_lower_level_nothing(at_work):
    recognise(file_by_service())
    assert recognise(file_by_service(level="4", number=FOURTH)).given_milli == 4000 and balance() == 8000
    third = recognise(file_by_service(kind="qualification", level="5", number="1419003014401234"))
    assert third.given_milli == 0 and third.rule == "highest-level" and balance() == 8000
    fitter = recognise(file_by_service(occupation="fitter", number="Y000044000001255000009"))
    assert fitter.given_milli == 4000 and balance() == 12_000, "another trade is another outcome"
    assert creditbank.recompute()[1] == []


def test_a_result_of_a_contest_counts_and_a_team_shares_it(at_work):
    made = file_by_service(kind="competition", number="", contest="2025 年东莞市技能竞赛", scope="national", rank="1", team_size="3")
    assert recognise(made).given_milli == 2666
    with pytest.raises(recognition.NumberUsed):
        file_by_service(kind="competition", number="", contest="东莞市技能竞赛", scope="national", rank="1")
    assert creditbank.recompute()[1] == []


def test_of_one_contest_and_year_the_best_result_counts(at_work):
    for rank, given in (("2", 1500), ("1", 500), ("3", 0)):
        made = file_by_service(kind="competition", number="", contest="东莞市技能竞赛", scope="city", rank=rank)
        assert recognise(made).given_milli == given
    assert balance() == 2000 and creditbank.recompute()[1] == []


def test_a_later_version_of_the_table_leaves_what_was_filed_before(at_work):
    made = file_by_service()
    document = {**recognition.current_conversion().document, "specific_ability": 3000}
    document["levels"] = {**document["levels"], "5": 5000}
    recognition.publish_conversion(SYSTEM, document, clock.today())
    assert recognise(made).given_milli == 4000
    assert recognise(file_by_service(occupation="fitter", number="Y000044000001255000009")).given_milli == 5000
    with pytest.raises(Invalid):
        recognition.publish_conversion(SYSTEM, {**document, "window_years": -1}, clock.today())


def test_who_is_not_known_waits_before_the_second_pair_of_eyes(at_work):
    made = file_by_service(OTHER)
    recognition.look_up(actor_of(FENG), again(made), lookup())
    with pytest.raises(Conflict, match="证件"):
        recognition.approve(actor_of(LUO), again(made))
    see_paper(actor_of(FENG), actor_of(OTHER), "99000019900202002")
    assert recognition.approve(actor_of(LUO), again(made)).given_milli == 4000


# ---- four eyes


def test_nobody_checks_or_decides_their_own(at_work):
    see_paper(actor_of(LUO), actor_of(FENG), "99000019900303003")
    made = file_by_service(FENG)
    with pytest.raises(Forbidden):
        recognition.look_up(actor_of(FENG), again(made), lookup())
    recognition.look_up(actor_of(LUO), again(made), lookup())
    for phone in (FENG, LUO):
        with pytest.raises(Forbidden):
            recognition.approve(actor_of(phone), again(made))
        with pytest.raises(Forbidden):
            recognition.refuse(actor_of(phone), again(made), "other", "不行")
    assert recognition.approve(actor_of(ZHAO), again(made)).given_milli == 4000


def test_who_looked_it_up_once_does_not_decide_though_another_looked_again(at_work):
    made = file_by_service()
    recognition.look_up(actor_of(FENG), again(made), lookup(found="no-answer", reference=""))
    recognition.look_up(actor_of(LUO), again(made), lookup())
    with pytest.raises(Forbidden):
        recognition.approve(actor_of(FENG), again(made))


def test_a_merged_account_is_the_same_pair_of_eyes(at_work):
    """赵工 had another account with which he filed, and which is merged into his officer's one."""
    made = file_by_service(OTHER)
    zhao, other = accounts.find_person_by_phone(ZHAO), accounts.find_person_by_phone(OTHER)
    other.merged_into_id = zhao.id
    session.flush()
    with pytest.raises(Forbidden):
        recognition.look_up(actor_of(ZHAO), again(made), lookup())
    recognition.look_up(actor_of(FENG), again(made), lookup())
    with pytest.raises(Forbidden):
        recognition.approve(actor_of(ZHAO), again(made))


def test_only_officers_with_a_second_factor(at_work):
    made = file_by_service()
    for phone in (LIAN, OTHER):
        with pytest.raises(Forbidden):
            recognition.look_up(actor_of(phone), again(made), lookup())
    bare = accounts.find_person_by_phone(FENG)
    with pytest.raises(SecondFactorNeeded):
        recognition.look_up(type(SYSTEM)("person", bare.id, bare.name, accounts.capabilities_of(bare.id)), again(made), lookup())


@pytest.mark.parametrize("found", ["none", "differs", "no-answer"])
def test_only_what_matches_is_recognised(at_work, found):
    made = file_by_service()
    recognition.look_up(actor_of(FENG), again(made), lookup(found=found, text="姓名对不上"))
    with pytest.raises(Conflict):
        recognition.approve(actor_of(LUO), again(made))
    assert balance() == 0


@pytest.mark.parametrize("change", [
    {"source": ""}, {"source": "rumour"}, {"found": "maybe"}, {"looked_on": "x"}, {"looked_on": "2099-01-01"}, {"looked_on": "2020-01-01"},
    {"reference": " "}, {"source": "other", "text": " "}, {"found": "differs", "text": ""},
])
def test_a_look_up_says_where_when_and_what(at_work, change):
    made = file_by_service()
    with pytest.raises(Invalid):
        recognition.look_up(actor_of(FENG), again(made), lookup(**change))
    assert again(made).lookup is None and made.state == "waiting"


# ---- a number once


def test_two_people_with_one_number_open_one_case_and_neither_is_recognised(at_work):
    first = file_by_service()
    see_paper(actor_of(FENG), actor_of(OTHER), "99000019900202002")
    second = file_by_service(OTHER)
    found = session.scalars(db.select(cases.Case)).all()
    assert [c.kind for c in found] == ["certificate-dispute"]
    lian, other = actor_of(LIAN), actor_of(OTHER)
    assert set(cases.dossier(found[0]).person_ids) == {lian.id, other.id}
    assert other.name not in str(cases.open_for(f"filing:{second.code}", [lian.id]).title)
    for one in (first, second):
        recognition.look_up(actor_of(FENG), again(one), lookup())
        with pytest.raises(Conflict):
            recognition.approve(actor_of(LUO), again(one))
    recognition.refuse(actor_of(LUO), again(second), "other-name", "证书上是另一个名字。")
    assert recognition.approve(actor_of(LUO), again(first)).given_milli == 4000
    with pytest.raises(recognition.NumberUsed):
        file_by_service()
    third = file_by_service(OTHER)  # what is recognised for somebody else is looked into again, and never recognised twice
    recognition.look_up(actor_of(FENG), again(third), lookup())
    with pytest.raises(Conflict):
        recognition.approve(actor_of(LUO), again(third))


def test_both_approved_at_one_moment_post_once(any_town):
    with any_town.test_request_context(), writing():
        made = file_by_service()
        recognition.look_up(actor_of(FENG), again(made), lookup())
    results, gate = [], threading.Barrier(2)

    def decide(phone):
        with any_town.test_request_context():
            actor, file = actor_of(phone), recognition.get_filing(actor_of(phone), made.code)
            gate.wait(10)
            try:
                with writing():
                    results.append(recognition.approve(actor, file).given_milli)
            except Conflict as problem:
                results.append(str(problem))
            db.session.remove()

    threads = [threading.Thread(target=decide, args=(phone,)) for phone in (LUO, ZHAO)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(type(r).__name__ for r in results) == ["int", "str"], results
    with any_town.test_request_context():
        assert balance() == 4000 and session.scalar(text("SELECT count(*) FROM ledger_entry WHERE kind = 'certificate'")) == 1


# ---- taken back, appealed


def test_two_officers_take_a_recognition_back_and_the_number_is_free(at_work):
    made = file_by_service()
    recognise(made)
    recognition.ask_take_back(actor_of(FENG), again(made), "发证机构来函说证书作废。", "来函 12 号")
    with pytest.raises(Forbidden):
        recognition.answer_take_back(actor_of(FENG), again(made), agrees=True)
    recognition.answer_take_back(actor_of(LUO), again(made), agrees=True)
    assert made.state == "taken-back" and balance() == 0
    assert recognition.list_news(actor_of(LIAN).id) and creditbank.recompute()[1] == []
    assert recognise(file_by_service()).given_milli == 4000 and balance() == 4000, "it was the office's mistake"
    assert creditbank.recompute()[1] == []


def test_a_take_back_that_nobody_shares_changes_nothing(at_work):
    made = file_by_service()
    recognise(made)
    with pytest.raises(Invalid):
        recognition.ask_take_back(actor_of(FENG), again(made), " ", "来函 12 号")
    recognition.ask_take_back(actor_of(FENG), again(made), "可能有误。", "来函 12 号")
    recognition.answer_take_back(actor_of(ZHAO), again(made), agrees=False)
    assert made.state == "approved" and balance() == 4000 and again(made).take_back is None


def test_an_appeal_that_is_upheld_opens_it_again_for_other_eyes(at_work):
    made = file_by_service()
    recognition.look_up(actor_of(FENG), again(made), lookup(found="none", reference=""))
    recognition.refuse(actor_of(LUO), again(made), "not-found", "网上查不到。")
    lian = actor_of(LIAN)
    case = cases.open_case(lian, kind="appeal", subject=made.ref, claim="我去发证机构问过，是有的。", evidence=[made.ref], person_ids=[lian.id])
    inspector = type(lian)("person", actor_of(ZHAO).id, "赵工", frozenset({"inspect"}))
    cases.decide(inspector, cases.dossier(case), result="upheld", text="发证机构确认有这张证书。")
    cases.accept(lian, cases.dossier(case))
    assert made.state == "waiting" and again(made).lookup is None
    recognition.look_up(actor_of(FENG), again(made), lookup(source="issuer", reference=""))
    with pytest.raises(Forbidden):
        recognition.approve(actor_of(LUO), again(made))
    assert recognition.approve(actor_of(ZHAO), again(made)).given_milli == 4000


# ---- pictures, forgetting, merging


def test_pictures_are_sealed_and_bound_to_their_owner(at_work):
    made = file_by_service()
    proof = again(made).proofs[0]
    raw = proofs._place(proof.code).read_bytes()
    assert not raw.startswith(b"\xff\xd8") and b"JFIF" not in raw
    _found, body = recognition.open_proof(made.id, proof.code)
    assert body.startswith(b"\xff\xd8")
    with pytest.raises(recognition.NoSuchProof):
        recognition.open_proof(made.id + 1, proof.code)
    strange = recognition.keep_proof(actor_of(OTHER), recognition.prepare_proof(picture()))
    with pytest.raises(Invalid):
        recognition.file_certificate(actor_of(LIAN), facts(number=FOURTH, level="4"), [strange.code, proof.code])


def test_what_no_form_took_is_gone_after_a_day(at_work):
    kept = again(file_by_service()).proofs[0]
    left = recognition.keep_proof(actor_of(LIAN), recognition.prepare_proof(picture()))
    assert recognition.drop_forgotten() == 0
    with clock.advance(86_500):
        assert recognition.drop_forgotten() == 1
    assert proofs._place(kept.code).is_file() and not proofs._place(left.code).exists()


def test_who_goes_leaves_the_record_without_number_and_picture(at_work):
    approved, waiting = file_by_service(), file_by_service(occupation="fitter", number="Y000044000001255000009")
    recognise(approved)
    proof, lian = again(approved).proofs[0], actor_of(LIAN)
    keeper = next(k for k in list_keepers() if k.room == "recognition")
    told = keeper.export(lian.id)["filings"]
    assert [f["certificate_number"] for f in told] == [NUMBER, "Y000044000001255000009"]
    parcel = importlib.import_module("guanxue.accounts.routes.parcel")
    rows = [row for f in told for row in (f, *f["pictures"], *f["filing_steps"], *f["openings"])]
    assert {name for row in rows for name in row} <= set(parcel.WORDS)
    coded = {v for row in rows for k, v in row.items() if k in ("kind", "state", "step", "what", "answer") and v}
    assert coded <= set(parcel.VALUES), coded - set(parcel.VALUES)
    assert [e.what for e in keeper.erase(SYSTEM, lian.id)] == ["filings.kept"]
    assert waiting.state == "withdrawn" and waiting.number_hash is None
    assert approved.number_sealed is None and approved.number_hash, "a number that earned credit works once, for ever"
    assert not proofs._place(proof.code).exists() and not again(approved).proofs
    assert balance() == 4000 and creditbank.recompute()[1] == []


def test_after_a_merge_credit_goes_to_the_account_that_stays(at_work):
    made = file_by_service(OTHER)
    recognition.look_up(actor_of(FENG), again(made), lookup())
    other = accounts.find_person_by_phone(OTHER)
    other.name = "林小莲"
    session.flush()
    accounts.merge_accounts(SYSTEM, actor_of(LIAN).id, other.id, reason="一个人")
    assert recognition.list_own(actor_of(LIAN).id)
    assert recognition.approve(actor_of(LUO), again(made)).given_milli == 4000 and balance() == 4000
    assert creditbank.recompute()[1] == []


def test_old_and_future_certificates_are_refused_with_the_field(at_work):
    for issued_on in (day(-1), "1990-01-01", "2015-01-01", "not a day", ""):
        with pytest.raises(Invalid) as refused:
            file_by_service(issued_on=issued_on)
        assert [f["field"] for f in refused.value.fields] == ["issued_on"], issued_on
