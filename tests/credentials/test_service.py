"""Issuing, correcting, revoking; keys that change; who is told what."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from tests.accounts.test_identity import NUMBER
from tests.clients import Learner
from tests.factories import make_course, make_person

from guanxue import accounts, credentials, creditbank
from guanxue.accounts import checking, identity, naming
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing
from guanxue.core.errors import Forbidden, Invalid
from guanxue.credentials.checking import check
from guanxue.credentials.keeping import erase, export
from guanxue.credentials.merging import plan_merge


@pytest.fixture
def earned(any_app):
    """(app, 林小莲, the code of her credit), on either database."""
    with any_app.test_request_context(), writing():
        lin = make_person()
        make_person("13800000002", "周工")
        make_course(videos_ms=(3_000_000,))
    learner = Learner(any_app)
    learner.finish()
    return any_app, lin, learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]


@pytest.fixture
def held(bare_app):
    """The same on SQLite, with an open writing context: (林小莲, code)."""
    with bare_app.test_request_context(), writing():
        lin = make_person()
        make_course(videos_ms=(3_000_000,))
    learner = Learner(bare_app)
    learner.finish()
    code = learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]
    with bare_app.test_request_context(), writing():
        yield lin, code


def test_the_level_of_a_course_stands_there_as_people_say_it(bare_app):
    with bare_app.test_request_context(), writing():
        lin = make_person()
        make_course(videos_ms=(3_000_000,), level=5)
    learner = Learner(bare_app)
    learner.finish()
    code = learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]
    with bare_app.test_request_context(), writing():
        row = credentials.issue(lin, code)
        assert credentials.payload_of(row)["microCredential"]["level"] == "五级"
        assert ["方式等级  Mode, level", "线上自学；五级"] in credentials.paper_of(row)["rows"]


def verdict(row, *, lists=True, now=None):
    at = now or clock.now()
    return check(credentials.file_of(row), credentials.list_keys(), at, [credentials.signed_list(1, at)] if lists else [])


def reverse(code):
    take = getattr(creditbank, "take_back", None) or creditbank.reverse_award
    take(SYSTEM, code, reason="冒名学习", authority="文件1号")


def rename(lin, name="林晓莲") -> Actor:
    naming.correct_name(lin, name, "身份证上的字")
    return Actor("person", lin.id, name, lin.capabilities)


def test_one_award_one_credential_however_often_it_is_asked_for(earned):
    app, lin, code = earned
    with app.test_request_context(), writing():
        first = credentials.issue(lin, code)
        assert credentials.issue(lin, creditbank.spaced_code(code).lower()).id == first.id and credentials.issue_all(lin.id) == 0
        assert first.serial == f"{code}-1" and first.kind == "course" and verdict(first).is_valid
        token = credentials.file_of(first)
    with app.test_request_context(), writing():
        assert credentials.file_of(credentials.find_issued(code).credential) == token
        said = credentials.payload_of(credentials.find_issued(code).credential)["microCredential"]
        assert said["learner"] == "林小莲" and said["title"] == "安全测量" and said["workload"]["credits"] == 0.072


def test_what_was_issued_cannot_be_altered(earned):
    app, lin, code = earned
    with app.test_request_context(), writing():
        credentials.issue(lin, code)
    for change in ("UPDATE credentials_credential SET digest = 'x'", "DELETE FROM credentials_credential"):
        with app.test_request_context(), pytest.raises(DatabaseError), writing():
            session.execute(text(change))


def test_the_worker_issues_what_was_earned(held):
    lin, code = held
    assert session.scalar(text("SELECT count(*) FROM jobs_job WHERE name = 'credentials.issue'")) == 1
    assert credentials.issue_all(lin.id) == 1 and credentials.find_issued(code).is_valid


def test_nobody_gets_a_credential_of_somebody_elses_credit(held):
    _lin, code = held
    zhou = make_person("13800000002", "周工")
    for asks in (lambda: credentials.issue(zhou, code), lambda: credentials.issue(zhou, "AAAABBBBCCCC"), lambda: credentials.get_own(zhou, code)):
        with pytest.raises(credentials.NoSuchCredential):
            asks()
    with pytest.raises(credentials.NotIssuable):
        credentials.issue_statement(zhou)


def test_a_corrected_name_makes_a_further_edition_and_the_old_one_says_so(held):
    lin, code = held
    old = credentials.issue(lin, code)
    lin = rename(lin)
    new = credentials.issue(lin, code)
    assert (new.edition, new.reason, credentials.name_in(new), credentials.name_in(old)) == (2, "renamed", "林晓莲", "林小莲")
    assert verdict(new).is_valid and verdict(old).fault == "replaced" and verdict(old, lists=False).is_valid
    assert credentials.find_issued(code, 1).state == "replaced" and credentials.find_issued(code, 1).newest == new.serial
    assert credentials.issue(lin, code).id == new.id


def test_whose_document_was_seen_since_gets_an_edition_that_says_so_when_they_ask_for_it(held):
    lin, code = held
    officer = make_person("13800000003", "冯佩", "credit_officer")
    old = credentials.issue(lin, code)
    assert credentials.outdated_by(old, lin.id) == ""
    document = identity.state_number(lin, NUMBER, agrees=True)
    assert credentials.outdated_by(old, lin.id) == "", "a number that is only stated makes no paper better"
    checking.record_seen(Actor("person", officer.id, "冯佩", frozenset({"identify"})), lin.id, document.code, number=NUMBER,
                         place="窗口", looked_on=clock.today(), is_original=True, is_person=True)
    assert credentials.outdated_by(old, lin.id) == "identified" and verdict(old).is_valid
    new = credentials.issue(lin, code)
    said = [credentials.payload_of(row)["microCredential"]["identityCheck"] for row in (old, new)]
    assert said == ["手机号码注册，未核对证件", "工作人员看过证件原件"] and (new.edition, new.reason) == (2, "identified")
    assert credentials.outdated_by(new, lin.id) == "" and credentials.issue(lin, code).id == new.id
    assert verdict(new).is_valid and verdict(old).fault == "replaced"


def test_a_reversed_credit_revokes_by_itself(held):
    lin, code = held
    row = credentials.issue(lin, code)
    reverse(code)
    assert verdict(row).fault == "revoked" and credentials.find_issued(code).state == "reversed"
    with pytest.raises(credentials.NotIssuable):
        credentials.issue(lin, code)


def test_revoking_asks_for_reason_and_authority_and_happens_once(held):
    lin, code = held
    row = credentials.issue(lin, code)
    for asks, problem in (((lin, row.serial, "写错了", "文件2号"), Forbidden), ((SYSTEM, row.serial, " ", "文件2号"), Invalid),
                          ((SYSTEM, "AAAABBBBCCCC-1", "写错了", "文件2号"), credentials.NoSuchCredential)):
        with pytest.raises(problem):
            credentials.revoke(asks[0], asks[1], reason=asks[2], authority=asks[3])
    credentials.revoke(SYSTEM, row.serial, reason="写错了", authority="文件2号")
    assert verdict(row).fault == "revoked" and credentials.find_issued(code).reason == "写错了"
    with pytest.raises(credentials.NotIssuable):
        credentials.revoke(SYSTEM, row.serial, reason="写错了", authority="文件2号")


def test_a_file_six_years_old_verifies_after_two_rotations(held):
    lin, code = held
    row, six_years = credentials.issue(lin, code), 6 * 365 * 86400
    before = credentials.list_keys()
    with clock.advance(86400 * 400):
        credentials.rotate_key(SYSTEM)
    with clock.advance(86400 * 1500):
        _old, newest = credentials.rotate_key(SYSTEM)
    with clock.advance(six_years):
        assert len(credentials.list_keys()) == len(before) + 2 and verdict(row).is_valid
        assert check(credentials.file_of(row), [k for k in credentials.list_keys() if k["kid"] != row.key_id], clock.now()).fault == "key"
        later = credentials.issue_statement(lin)
        assert later.key_id == newest != row.key_id and verdict(later).is_valid
        assert {k["kid"] for k in credentials.list_keys() if "until" not in k} == {newest}
    with clock.advance(six_years + 91 * 86400):
        assert verdict(later).fault == "expired" and verdict(row).is_valid


def test_keys_are_nobody_elses_to_change(held):
    lin, _code = held
    with pytest.raises(Forbidden):
        credentials.rotate_key(lin)
    assert credentials.published_path().with_name(".lock").exists() and "PRIVATE" not in credentials.published_path().read_text()


def test_a_statement_lists_every_entry_and_ends_after_ninety_days(held):
    lin, code = held
    row = credentials.issue_statement(lin)
    told = credentials.payload_of(row)
    assert [(e["title"], e["credits"], e["code"]) for e in told["entries"]] == [("安全测量", 0.072, code)]
    assert told["microCredential"]["workload"]["credits"] == 0.072 and verdict(row).is_valid
    assert row.expires_at - row.issued_at == timedelta(days=90) and credentials.list_statements(lin.id)[0].is_valid


def test_certificates_come_by_pages(held, monkeypatch):
    lin, code = held
    monkeypatch.setattr("guanxue.credentials.queries.PER_PAGE", 1)
    first, second = (credentials.page_of_awards(lin.id, n) for n in (1, 2))
    assert [a.code for a in first.items] == [code] and (first.total, first.pages) == (1, 1) and second.items == []


# ---- whose it is


def test_a_name_or_the_last_four_match_or_not_and_the_holder_is_told(held):
    lin, code = held
    assert credentials.matches_holder(code, "林小莲"), "also before anything is issued"
    credentials.issue(lin, code)
    for typed, is_match in (("林小莲", True), ("林 小莲", True), ("林小", False), ("周工", False), ("0001", True), ("0002", False), ("1380", False)):
        assert credentials.matches_holder(code, typed) is is_match, typed
        look = credentials.list_looks(lin.id)[0]
        assert (look.code, look.is_match, look.way) == (code, is_match, "digits" if typed.isdigit() else "name")
        assert typed not in json.dumps(export(lin.id)["compared"], ensure_ascii=False)


def test_where_a_document_was_stated_its_last_four_count_and_the_numbers_no_more(held):
    lin, code = held
    assert accounts.ends_with(lin.id, "0001")
    identity.state_number(lin, NUMBER, agrees=True)
    assert accounts.ends_with(lin.id, NUMBER[-4:].lower()) and not accounts.ends_with(lin.id, "0001")
    assert credentials.payload_of(credentials.issue(lin, code))["credentialSubject"]["identifier"][1]["identityHash"].endswith("*" * 15)


def test_what_is_no_name_is_not_looked_for(held):
    lin, code = held
    for typed in ("", "  ", "林" * 41):
        with pytest.raises(Invalid):
            credentials.matches_holder(code, typed)
    assert credentials.list_looks(lin.id) == []


# ---- what is kept of a person


def test_a_deletion_takes_the_files_and_leaves_a_register_without_names(held):
    lin, code = held
    row = credentials.issue(lin, code)
    credentials.matches_holder(code, "林小莲")
    assert export(lin.id)["credentials"][0]["file"] == credentials.file_of(row)
    erase(SYSTEM, lin.id)
    with pytest.raises(credentials.NoSuchCredential):
        credentials.file_of(row)
    assert credentials.list_looks(lin.id) == [] and credentials.find_issued(code).is_valid
    left = "".join(repr(tuple(r)) for t in ("credential", "file", "revocation", "look") for r in session.execute(text(f"SELECT * FROM credentials_{t}")))
    assert "林小莲" not in left


def test_a_merge_leaves_credentials_as_they_are_and_says_so(held):
    lin, code = held
    assert plan_merge(99, lin.id).effects == ()
    credentials.issue(lin, code)
    plan = plan_merge(99, lin.id)
    assert plan.effects[0].amount == 1 and plan.steps == ()
