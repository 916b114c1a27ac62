"""A copy to take along, a corrected name, an account closed: what goes, what stays, and that the books still balance."""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.clients import Browser, Learner, words
from tests.factories import PASSWORD, make_course, make_person, town_row

from guanxue import accounts, audit, courses, creditbank, discussions, helpdesk, jobs, learning, ledger, tracks
from guanxue.accounts import consent, erasure, identity, naming
from guanxue.accounts.keepers import list_keepers
from guanxue.accounts.routes import privacy as pages
from guanxue.core import clock
from guanxue.core.actor import ANONYMOUS, SYSTEM, Actor
from guanxue.core.db import Model, db, session, writing

PHONE, TEACHER, ADMIN = "13800000001", "13800000002", "13800000008"
NUMBER = "990000199001010017"
AFTER = timedelta(days=15, minutes=1).total_seconds()


@pytest.fixture
def lived(any_app):
    """林小莲 finished a course, joined a track, stated her number; 陈志强 teaches; 梁伟 administers."""
    pages._copies._buckets.clear()
    with any_app.test_request_context(), writing():
        accounts.load_towns(SYSTEM, [town_row()])
        learner = make_person(PHONE)
        make_person(TEACHER, "陈志强", "instructor")
        make_person(ADMIN, "梁伟", "administrator")
        make_course()
        track = tracks.create_track(SYSTEM, town_slug="humen", title="针织一条路", summary="先学测量。", slug="one")
        tracks.add_course(SYSTEM, track, tracks.add_stage(SYSTEM, track, "入门").id, "safe-measuring")
        tracks.publish_track(SYSTEM, track)
        tracks.join_track(learner, track)
        identity.state_number(learner, NUMBER, agrees=True)
    Learner(any_app, PHONE).finish()
    return any_app


def me(app, phone=PHONE) -> Actor:
    person = accounts.find_person_by_phone(phone)
    return Actor("person", person.id, person.name, accounts.capabilities_of(person.id))


def code_of(app) -> str:
    with app.app_context():
        return session.scalar(text("SELECT code FROM creditbank_award"))


# ---- every room says what it keeps


def test_every_table_with_a_person_belongs_to_a_room_that_tells_and_forgets(lived):
    keepers = {keeper.room: keeper for keeper in list_keepers()}
    known = {room: importlib.import_module(f"guanxue.{room}.keeping").KEEPS for room in keepers}
    with lived.app_context():
        told = {room: keeper.export(1) for room, keeper in keepers.items()}
    nameless = []
    for table in Model.metadata.tables.values():
        to_person = any(fk.column.table.name == "accounts_person" for fk in table.foreign_keys)
        if to_person or "person_id" in table.columns or table.name == "accounts_person":
            room = table.name.split("_")[0]
            if room not in keepers or known[room].get(table.name) not in told[room]:
                nameless.append(table.name)
    assert nameless == []


def test_every_name_in_an_export_has_words_for_people(lived):
    with lived.app_context():
        told = {keeper.room: keeper.export(1) for keeper in list_keepers()}
    parcel = importlib.import_module("guanxue.accounts.routes.parcel")

    def names(value):
        if isinstance(value, dict):
            return {k for k in value} | {n for v in value.values() for n in names(v)}
        return {n for v in value for n in names(v)} if isinstance(value, list) else set()

    free = {"answers", "context"}
    assert set(told) <= set(parcel.ROOMS)
    for room in told.values():
        for part in room.values():
            kept = [{k: v for k, v in row.items() if k not in free} for row in part] if isinstance(part, list) else part
            assert names(kept) <= set(parcel.WORDS), names(kept) - set(parcel.WORDS)


# ---- a copy to take along


def test_the_copy_has_everything_a_person_reads_and_a_program_too(lived):
    browser = Browser(lived, PHONE)
    browser.see("/me/settings/privacy")
    answer = browser.send("/me/settings/privacy/export", 200)
    assert answer.mimetype == "application/zip" and answer.headers["Cache-Control"] == "private, no-store"
    packed = zipfile.ZipFile(io.BytesIO(answer.get_data()))
    data, page = json.loads(packed.read("data.json")), packed.read("index.html").decode()
    assert data["accounts"]["account"]["phone"] == PHONE
    assert [c["purpose"] for c in data["accounts"]["consents"]] == ["terms", "privacy", "identity"]
    assert data["learning"]["enrolments"][0]["lessons"][0]["intervals_ms"] == [[0, 60_000]]
    assert data["quizzes"]["attempts"][0]["answers"] and data["quizzes"]["attempts"][0]["is_passed"]
    assert data["creditbank"]["entries"][0]["code"] == code_of(lived) and data["tracks"]["finishes"]
    assert {"accounts.identity.stated", "learning.course.completed"} <= {x["action"] for x in data["accounts"]["trail"]}
    for expected in ("林小莲", "针织一条路", code_of(lived), "0:00–1:00"):
        assert expected in page
    whole = answer.get_data() + packed.read("data.json") + page.encode()
    assert NUMBER.encode() not in whole and b"argon2" not in whole


def test_the_copy_holds_the_accounts_that_were_merged_too(lived):
    with lived.test_request_context(), writing():
        make_person("13800000005", "林小莲")
        accounts.merge_accounts(SYSTEM, 4, 1, reason="同一个人的两个账号")
    browser = Browser(lived, "13800000005")
    browser.see("/me/settings/privacy")
    packed = zipfile.ZipFile(io.BytesIO(browser.send("/me/settings/privacy/export", 200).get_data()))
    data = json.loads(packed.read("data.json"))
    assert [one["id"] for one in data["merged_accounts"]] == [1] and data["accounts"]["account"]["id"] == 4
    assert data["merged_accounts"][0]["quizzes"]["attempts"] and "账号编号 1" in packed.read("index.html").decode()


def test_the_copy_of_one_names_no_other(lived):
    with lived.test_request_context(), writing():
        make_person("13800000003", "周强")
    with lived.test_request_context(), pytest.raises(identity.NumberTaken) as refused, writing():
        identity.state_number(me(lived, "13800000003"), NUMBER, agrees=True)
    with lived.test_request_context(), writing():
        refused.value.remember[0]()
    for person_id, other in ((1, "person:4"), (4, "person:1")):
        with lived.app_context():
            assert other not in json.dumps({k.room: k.export(person_id) for k in list_keepers()}, ensure_ascii=False)


def test_copies_are_made_a_few_times_and_each_leaves_a_line(lived):
    browser = Browser(lived, PHONE)
    for _n in range(5):
        browser.send("/me/settings/privacy/export", 200)
    browser.send("/me/settings/privacy/export", 429)
    with lived.app_context():
        assert len(audit.list_lines(action="accounts.person.exported")) == 5


# ---- the name


def test_a_corrected_name_stands_everywhere_but_on_what_was_issued_before(lived):
    browser = Browser(lived, PHONE)
    browser.see("/me/settings/name")
    browser.send("/me/settings/name", 422, name="林晓莲", reason="")
    browser.send("/me/settings/name", name="欧阳晓莲", reason="注册时打错了字")
    assert "欧阳晓莲" in browser.see("/me") and "注册时打错了字" in browser.see("/me/settings/name")
    stranger = lived.test_client()
    assert stranger.get(f"/api/v1/verify/{code_of(lived)}").get_json()["holder_masked"].startswith("林")
    with lived.app_context():
        line = audit.list_lines(action="accounts.person.renamed")[0]
        assert "林" not in str(line.detail)


def test_a_teachers_new_name_is_on_the_page_of_the_course_at_once(lived):
    with lived.test_request_context(), writing():
        session.execute(text("UPDATE courses_course SET owner_id = 2"))
        importlib.import_module("guanxue.core.generation").bump("catalogue")
    visitor = lived.test_client()
    assert "陈志强" in words(visitor.get("/courses/safe-measuring"))
    with lived.test_request_context(), writing():
        naming.correct_name(me(lived, TEACHER), "陈志刚", "身份证上是这个字")
    page = words(visitor.get("/courses/safe-measuring"))
    assert "陈志刚" in page and "陈志强" not in page


# ---- closing the account


def ask(app) -> Browser:
    browser = Browser(app, PHONE)
    page = words(browser.get("/me/settings/leave"))
    for expected in ("学分流水", "学习时段", "答卷", "只增不改", "15 天"):
        assert expected in page
    browser.see("/me/settings/leave")
    return browser


def test_closing_needs_the_password_and_signs_out_everywhere(lived):
    browser, other = ask(lived), Browser(lived, PHONE)
    browser.send("/me/settings/leave", 422, password="not-the-password")
    answer = browser.send("/me/settings/leave", 200, password=PASSWORD)
    assert "重新登录" in words(answer)
    for one in (browser, other):
        assert one.client.get("/me").status_code == 303


def test_whoever_comes_back_within_fifteen_days_is_asked_and_may_stay(lived):
    ask(lived).send("/me/settings/leave", 200, password=PASSWORD)
    browser = Browser(lived, PHONE)
    assert "不注销了" in browser.see("/me") and "不注销了" in browser.see("/me/settings/privacy")
    browser.send("/me/settings/privacy/stay", next="/me")
    assert "不注销了" not in browser.see("/me")
    with clock.advance(AFTER):
        jobs.run_waiting(lived)
    with lived.app_context():
        assert accounts.find_person_by_phone(PHONE) is not None


def test_nothing_is_erased_before_its_time_and_a_second_wish_counts_anew(lived):
    with lived.test_request_context(), writing():
        erasure.ask_erasure(me(lived))
    with clock.advance(timedelta(days=10).total_seconds()):
        jobs.run_waiting(lived)
        with lived.test_request_context(), writing():
            erasure.cancel_erasure(me(lived))
            erasure.ask_erasure(me(lived))
    with clock.advance(AFTER):
        jobs.run_waiting(lived)
        with lived.app_context():
            assert accounts.find_person_by_phone(PHONE) is not None
    with clock.advance(AFTER + timedelta(days=10).total_seconds()):
        jobs.run_waiting(lived)
    with lived.app_context():
        assert accounts.find_person_by_phone(PHONE) is None


def everything(app) -> str:
    with app.app_context(), db.engine.connect() as connection:
        return "".join(repr(tuple(r)) for t in Model.metadata.tables for r in connection.execute(text(f"SELECT * FROM {t}")))


def test_an_erased_person_is_in_no_row_any_more_and_the_books_still_balance(lived):
    browser = ask(lived)
    with lived.app_context():
        hashed = identity.find_identity(1).number_hash
        before = creditbank.balance(1)
    code = code_of(lived)
    assert before > 0 and "林小莲" in everything(lived) and PHONE in everything(lived)
    browser.send("/me/settings/leave", 200, password=PASSWORD)
    with clock.advance(AFTER):
        jobs.run_waiting(lived)
        jobs.run_waiting(lived)
    left = everything(lived)
    for gone in ("林小莲", PHONE, hashed, NUMBER):
        assert gone not in left, gone
    with lived.test_request_context():
        person = accounts.get_person(1)
        assert person.name == "已注销用户 1" and person.phone is None and person.erased_at is not None
        assert creditbank.balance(1) == before and ledger.verify().faults == []
        assert creditbank.recompute() == (1, [])
        assert consent.list_consents(1) and identity.find_identity(1) is None
    answer = lived.test_client().get(f"/api/v1/verify/{code}").get_json()
    assert answer["valid"] and answer["holder_masked"] == "已注销用户"
    assert "已注销用户" in words(lived.test_client().get(f"/verify/{code}"))
    refused = lived.test_client().post("/api/v1/session", json={"phone": PHONE, "password": PASSWORD})
    assert refused.status_code == 401


def test_the_number_of_an_erased_person_is_free_for_a_new_account(lived):
    with lived.test_request_context(), writing():
        erasure.erase_person(SYSTEM, 1)
    with lived.test_request_context(), writing():
        new = make_person(PHONE, "林小莲")
        identity.state_number(new, NUMBER, agrees=True)
        assert new.id != 1 and creditbank.balance(new.id) == 0


def test_the_only_administrator_cannot_leave(lived):
    with lived.test_request_context(), pytest.raises(Exception, match="唯一的管理员"), writing():
        erasure.ask_erasure(me(lived, ADMIN))


def test_an_account_merged_into_an_erased_one_goes_with_it(lived):
    with lived.test_request_context(), writing():
        make_person("13800000005", "林小莲")
        accounts.get_person(4).merged_into_id = 1
        session.flush()
        erasure.erase_person(SYSTEM, 1)
    assert "林小莲" not in everything(lived) and "13800000005" not in everything(lived)


def test_words_a_person_wrote_go_and_answers_of_others_keep_their_place(lived):
    with lived.test_request_context(), writing():
        course, who = courses.get_course("safe-measuring", SYSTEM), me(lived)
        lesson = courses.lessons_of(course.revision_id)[0]
        learning.add_note(who, learning.find_enrolment(1, course.id), lesson, "自己的笔记甲")
        discussions.rate(who, course, 5, "讲得清楚乙")
        question = discussions.ask(who, course, "卡尺怎么读丙")
        session.execute(text("UPDATE courses_course SET owner_id = 2"))
        session.expire_all()
        discussions.answer(me(lived, TEACHER), course, question, "看主尺和游标")
        helpdesk.open_ticket(who, topic="other", text="打不开丁", context={"page": "/戊"})
        helpdesk.open_ticket(ANONYMOUS, topic="other", text="登录不了己", context={}, contact=PHONE, address="10.0.0.9")
    written = ("自己的笔记甲", "讲得清楚乙", "卡尺怎么读丙", "打不开丁", "/戊", "登录不了己", "10.0.0.9")
    with lived.app_context():
        told = json.dumps({k.room: k.export(1) for k in list_keepers()}, ensure_ascii=False)
    assert all(word in told for word in written[:5]) and all(word in everything(lived) for word in written)
    with lived.test_request_context(), writing():
        erasure.erase_person(SYSTEM, 1)
    left = everything(lived)
    assert [word for word in written if word in left] == [] and "看主尺和游标" in left
