"""Merging and parting as people do it: on pages, without scripts; what the merged account's owner and strangers are told."""

from __future__ import annotations

import html
import re

import pytest
from tests.clients import API, Browser, Learner, is_chinese, words
from tests.factories import PASSWORD, make_course, make_person

from guanxue import accounts, creditbank, ledger, wiring
from guanxue.accounts.models import Session
from guanxue.accounts.routes import merging as merging_pages
from guanxue.core import clock
from guanxue.core.db import session, writing
from guanxue.learning import api as learning_api

KEPT, MERGED, ADMIN, OTHER = "13800000001", "13800000002", "13800000008", "13800000003"


@pytest.fixture(autouse=True)
def nobody_is_slowed_down(monkeypatch):
    """Stories of many requests in one second."""
    monkeypatch.setattr(learning_api._beats, "check", lambda key: None)
    monkeypatch.setattr(learning_api._openings, "check", lambda key: None)


@pytest.fixture
def two(any_app):
    """林小莲 with a credit on each of two accounts, one for the same course twice; an administrator; somebody else."""
    with any_app.test_request_context(), writing():
        for phone, name, role in ((KEPT, "林小莲", None), (MERGED, "林莲", None), (OTHER, "王强", None), (ADMIN, "梁伟", "administrator")):
            make_person(phone, name, role)
        for slug in ("alone", "twice"):
            make_course(slug, title=f"课程{slug}", videos_ms=(3_000_000,))
    Learner(any_app, KEPT).finish("twice")
    for later_s, slug in ((10_000, "alone"), (20_000, "twice")):
        with clock.advance(later_s):
            Learner(any_app, MERGED).finish(slug)
    return any_app


def digest(page: str) -> str:
    return re.search(r'name="digest" value="(\w+)"', page)[1]


def foresee(browser, phone=MERGED, password=PASSWORD) -> str:
    """Prove the other account; the preview's page."""
    browser.see("/me/settings/merge")
    assert browser.send("/me/settings/merge", phone=phone, password=password).headers["Location"].endswith("/me/settings/merge/preview")
    return browser.see("/me/settings/merge/preview")


def merge(browser) -> None:
    page = foresee(browser)
    browser.send("/me/settings/merge/confirm", digest=digest(page))


def codes(app, phone) -> list[str]:
    return [x["verify_code"] for x in Learner(app, phone).call("GET", "/me/credits", 200)["items"]]


def test_everything_is_told_before_it_happens_and_happens_as_told(two):
    theirs = codes(two, MERGED)
    bearer = Learner(two, MERGED)
    browser = Browser(two, KEPT)
    page = html.unescape(foresee(browser))
    for sentence in ("《课程alone》的 0.072 学分（1.155 学时）转到保留的账号", "《课程twice》的 0.072 学分不再算一次", "一共 0.144 学分，2.310 学时",
                     "138****0002 不能再登录", "《课程alone》的结业算到保留的账号上"):
        assert sentence in page, sentence
    assert Learner(two, KEPT).call("GET", "/me/credits", 200)["balance"] == 0.072, "nothing has happened yet"
    browser.send("/me/settings/merge/confirm", digest=digest(page))
    after = Learner(two, KEPT).call("GET", "/me/credits", 200)
    assert after["balance"] == 0.144 and [x["rule"] for x in after["refused"]] == ["once"] and is_chinese(after["refused"][0]["reason"])
    assert bearer.call("GET", "/me/credits", 401), "programs of the merged account are signed out"
    statement = words(browser.get("/me/credits"))
    assert "学分从另一个账号转来" in statement and "同一门课一个人只算一次" in statement
    assert all(f"/verify/{code}" in browser.see("/me/certificates") for code in codes(two, KEPT) if code)
    seen = [two.test_client().get(f"{API}/verify/{code}").get_json() for code in theirs]
    assert all(x["valid"] and x["merged_into"] == "林**" and x["holder_masked"] == "林*" for x in seen)
    assert sorted(x["counted"] for x in seen) == [False, True] and all(ledger.verify_proof(x["proof"]) is None for x in seen)
    told = words(two.test_client().get(f"/verify/{theirs[0]}"))
    assert "真实有效" in told and "账号已并入 林**" in told and "林小莲" not in told


def test_the_merged_account_cannot_sign_in_and_is_told_where(two):
    merge(Browser(two, KEPT))
    browser = Browser(two)
    browser.see("/login")
    answer = words(browser.send("/login", 409, phone=MERGED, password=PASSWORD))
    assert "已经并入 138****0001" in answer
    refused = two.test_client().post(f"{API}/session", json={"phone": MERGED, "password": PASSWORD})
    assert refused.status_code == 409 and refused.get_json()["type"].endswith("account-merged")
    wrong = words(browser.send("/login", 401, phone=MERGED, password="not-the-password"))
    assert "并入" not in wrong, "who cannot prove the account is not told"


def test_parting_opens_the_account_again(two):
    browser = Browser(two, KEPT)
    merge(browser)
    page = browser.see("/me/settings/merge")
    path = re.search(r'href="(/me/settings/merge/\w+)"', page)[1]
    told = html.unescape(browser.see(path))
    assert "又可以用原来的密码登录" in told and "学分回到原来的账号" in told
    browser.send(path, digest=digest(told))
    assert Learner(two, MERGED).call("GET", "/me/credits", 200)["balance"] == 0.144
    assert Learner(two, KEPT).call("GET", "/me/credits", 200)["balance"] == 0.072
    assert "已分开" in browser.see("/me/settings/merge")
    browser.send(path, 409, digest=digest(told))


def test_the_other_account_is_proved_and_guessing_is_slowed_down(two):
    browser = Browser(two, OTHER)
    browser.see("/me/settings/merge")
    statuses = [browser.client.post("/me/settings/merge", data={
        "csrf_token": browser.token, "phone": MERGED, "password": f"guess-{n}"}).status_code for n in range(8)]
    assert set(statuses) == {422, 429}
    assert browser.get("/me/settings/merge/preview", 303) and browser.send("/me/settings/merge/confirm", digest="x")
    with two.test_request_context():
        assert accounts.list_merges() == []


def test_a_proof_belongs_to_one_person_and_ends(two):
    browser = Browser(two, KEPT)
    page = foresee(browser)
    with clock.advance(1000):
        assert browser.get("/me/settings/merge/preview", 303).headers["Location"].endswith("/me/settings/merge")
        browser.send("/me/settings/merge/confirm", digest=digest(page))
    with two.test_request_context():
        assert accounts.list_merges() == []


def test_what_changed_since_it_was_shown_is_shown_again(two):
    browser = Browser(two, KEPT)
    page = foresee(browser)
    with clock.advance(30_000):
        Learner(two, KEPT).finish("alone")
    again = browser.send("/me/settings/merge/confirm", 409, digest=digest(page)).get_data(as_text=True)
    assert "情况有变化" in again and "0.072 学分不再算一次" in html.unescape(again)
    browser.send("/me/settings/merge/confirm", digest=digest(again))
    assert Learner(two, KEPT).call("GET", "/me/credits", 200)["balance"] == 0.144


def test_strangers_see_no_merge_of_others(two):
    browser = Browser(two, KEPT)
    merge(browser)
    path = re.search(r'href="(/me/settings/merge/\w+)"', browser.see("/me/settings/merge"))[1]
    other = Browser(two, OTHER)
    other.get(path, 404)
    other.send(path, 404, digest="x")
    other.get("/admin" + path.replace("/me/settings/merge", "/merges"), 403)
    assert two.test_client().get(path).status_code == 303


def test_an_administrator_merges_and_parts_with_a_reason(two):
    admin = Browser(two, ADMIN)
    admin.get("/admin/people/1/merge", 303)
    with two.test_request_context(), writing():
        session.query(Session).update({"proved_at": clock.now()})
    admin.see("/admin/people/1/merge")
    assert "请写明原因" in words(admin.send("/admin/people/1/merge", 422, phone=MERGED, reason=" "))
    assert "没有用这个手机号" in words(admin.send("/admin/people/1/merge", 422, phone="13800000077", reason="本人到场"))
    page = admin.send("/admin/people/1/merge", 200, phone=MERGED, reason="本人带两张卡到场").get_data(as_text=True)
    admin.send("/admin/people/1/merge/confirm", digest=digest(page), merged="2", reason="本人带两张卡到场")
    with two.test_request_context():
        made = accounts.list_merges()[0]
        assert made.reason == "本人带两张卡到场" and made.by == "person:4" and creditbank.recompute()[1] == []
        path = f"/admin/merges/{made.code}"
    page = admin.see(path)
    assert 'class="rail' in page and 'href="/admin/people" aria-current' in page, "the way back to people is not beside it"
    again = admin.send(path, 422, digest=digest(page), reason=" ")
    admin.send(path, digest=digest(again.get_data(as_text=True)), reason="弄错了人")
    with two.test_request_context():
        assert accounts.list_merges()[0].parted_at is not None and creditbank.recompute()[1] == []


def test_what_happens_in_every_room_that_takes_part_is_told():
    assert {room for room, _title in merging_pages.ROOMS} == set(wiring.MERGING)
