"""更正和申诉 through a browser: asked from where it is wrong, followed, answered, decided, appealed, written to."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from tests.clients import Browser, Learner, is_chinese, place, words
from tests.factories import make_course, make_person

from guanxue import accounts, cases, creditbank
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing

LIN, OTHER, FIRST, SECOND = "13800000001", "13800000002", "13800000003", "13800000004"


@pytest.fixture
def town(bare_app):
    """林小莲 finished a course; another learner; two inspectors with their second factor shown."""
    with bare_app.test_request_context(), writing():
        make_course(videos_ms=(3_000_000,))
        make_person(LIN)
        make_person(OTHER, "黄小明")
        for phone, name in ((FIRST, "许明"), (SECOND, "何静")):
            make_person(phone, name, "inspector")
    Learner(bare_app, LIN).finish()
    return bare_app


def inspector(app, phone=FIRST) -> Browser:
    """An inspector's browser whose session has shown a second factor."""
    browser = Browser(app, phone)
    with app.test_request_context(), writing():
        person = accounts.find_person_by_phone(phone)
        session.execute(text("UPDATE accounts_session SET proved_at = :now WHERE person_id = :id"), {"now": clock.now().replace(tzinfo=None), "id": person.id})
    return browser


def award_of(app) -> str:
    with app.app_context():
        return session.scalar(text("SELECT code FROM creditbank_award"))


def ask(app, browser=None, about=None, says="少算了二十分钟。") -> str:
    """A correction of 林小莲's; its code."""
    browser = browser or Browser(app, LIN)
    browser.see("/me/cases/new")
    answer = browser.send("/me/cases/new", about=f"award:{award_of(app)}" if about is None else about, kind="correction", text=says)
    return place(answer).rpartition("/")[2]


def test_what_is_wrong_is_asked_for_from_the_statement(town):
    browser = Browser(town, LIN)
    page = browser.see("/me/credits")
    link = re.search(r'href="(/me/cases/new[^"]*)"', page)[1].replace("&amp;", "&")
    assert "《安全测量》" in browser.see(link)
    code = ask(town, browser)
    page = words(browser.get(f"/me/cases/{code}"))
    assert code in page and "少算了二十分钟。" in page and "《安全测量》" in page and "以前给你答复" in page
    assert code in words(browser.get("/me/cases")) and "更正和申诉" in words(browser.get("/me"))


def test_what_is_another_persons_cannot_be_asked_about(town):
    other = Browser(town, OTHER)
    assert other.client.get(f"/me/cases/new?about=award:{award_of(town)}").status_code == 404
    other.see("/me/cases/new")
    for about in (f"award:{award_of(town)}", "award:NONE", "person:1", "nonsense", "playback:1", "playback:99999999999", "x:" + "9" * 300):
        other.send("/me/cases/new", 404, about=about, kind="correction", text="x")


def test_bad_words_are_named_and_stay_in_the_form(town):
    browser = Browser(town, LIN)
    browser.see("/me/cases/new")
    answer = browser.send("/me/cases/new", 422, kind="correction", text=" ", about="")
    assert "请写一点内容" in words(answer)
    assert "长长" in words(browser.send("/me/cases/new", 422, kind="correction", text="长" * 2001, about=""))
    assert "没有这一类" in words(browser.send("/me/cases/new", 422, kind="gossip", text="x", about=""))
    browser.send("/me/cases/new", 403, kind="fraud", text="x", about="")


def test_nobody_else_reads_or_writes_in_it(town):
    code = ask(town)
    with town.test_request_context(), writing():
        case = session.get(cases.Case, 1)
        cases.decide(Actor("person", accounts.find_person_by_phone(FIRST).id, "许明", frozenset({"inspect"})), cases.dossier(case), result="refused", text="没有少。")
    other = Browser(town, OTHER)
    for path in (f"/me/cases/{code}", f"/me/cases/{code}/letters/1", f"/me/cases/{code}/letters/1.txt", "/me/cases/NOSUCH"):
        assert is_chinese(words(other.get(path, 404)))
        assert place(town.test_client().get(path)).startswith("/login")
    other.send(f"/me/cases/{code}", 404, step="say", text="我来说")
    other.get("/oversight/cases", 403)
    other.get("/oversight/cases/1", 403)
    other.send("/oversight/cases/1", 403, step="decide", result="upheld", text="x")
    assert other.client.delete(f"/me/cases/{code}").status_code == 405


def test_an_inspector_shows_a_second_factor_before_a_case(town):
    ask(town)
    assert "second-factor" in place(Browser(town, FIRST).get("/oversight/cases/1", 303))


def test_from_the_question_to_the_appeal_and_the_letters(town):
    lin, first, second = Browser(town, LIN), inspector(town), inspector(town, SECOND)
    code = ask(town, lin)
    assert "少算了二十分钟" in first.see("/oversight/cases")
    assert "《安全测量》" in first.see("/oversight/cases/1")
    first.send("/oversight/cases/1", step="ask", text="是哪一天晚上？")
    assert "是哪一天晚上？" in lin.see(f"/me/cases/{code}") and "有新消息" in words(lin.get("/me"))
    lin.send(f"/me/cases/{code}", step="say", text="十一月三日。")
    assert "十一月三日" in first.see("/oversight/cases/1")
    assert "请选成立" in words(first.send("/oversight/cases/1", 422, step="decide", result="", text="没有少。"))
    first.send("/oversight/cases/1", step="decide", result="refused", text="没有少：那天没有播放。")
    page = lin.see(f"/me/cases/{code}")
    assert "不成立" in page and "看信" in page
    letter = words(lin.get(f"/me/cases/{code}/letters/1"))
    for part in ("林小莲", "没有少：那天没有播放。", "《安全测量》", "不成立", "可以申诉"):
        assert part in letter
    plain = lin.get(f"/me/cases/{code}/letters/1.txt")
    assert plain.mimetype == "text/plain" and "没有少" in plain.get_data(as_text=True) and plain.headers["Cache-Control"] == "private, no-store"
    lin.get(f"/me/cases/{code}/letters/2", 404)
    lin.send(f"/me/cases/{code}", step="appeal", text="播放过，是用厂里的平板。")
    assert "要由别人复核" in words(first.get("/oversight/cases/1"))
    first.send("/oversight/cases/1", 403, step="decide", result="upheld", text="x")
    second.see("/oversight/cases/1")
    second.send("/oversight/cases/1", step="decide", result="upheld", text="平板上的记录找到了，已经补上。")
    assert "最后决定" in words(lin.get(f"/me/cases/{code}/letters/2"))
    assert "现在不能申诉" in words(lin.send(f"/me/cases/{code}", 409, step="appeal", text="x"))
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="seen")
    assert "有了决定" not in words(lin.get("/me"))


def test_nonsense_in_forms_is_named(town):
    lin, first, code = Browser(town, LIN), inspector(town), ask(town)
    lin.see("/me/cases")
    assert lin.send(f"/me/cases/{code}", 422, step="fly").status_code == 422
    assert lin.send(f"/me/cases/{code}", 422, step="say", text="").status_code == 422
    first.see("/oversight/cases")
    first.send("/oversight/cases/1", 422, step="fly")
    first.send("/oversight/cases/1", 422, step="ask", text=" ")
    first.send("/oversight/cases/1", 422, step="decide", result="upheld", text="x", award="award:NONE")
    first.send("/oversight/cases/99", 404, step="ask", text="x")
    first.get("/oversight/cases/99", 404)


def test_credits_are_taken_back_only_once_the_decision_stands(town):
    lin, first = Browser(town, LIN), inspector(town)
    with town.test_request_context(), writing():
        person = accounts.find_person_by_phone(LIN)
        cases.open_case(SYSTEM, kind="fraud", subject=person.ref, claim="两台设备同时在播放。", evidence=["playback:1"], person_ids=[person.id])
        code, before = session.get(cases.Case, 1).code, creditbank.balance(person.id)
    assert "请看看，写下你的说明" in words(lin.get("/me"))
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="say", text="我换了手机。")
    assert "收回《安全测量》" in first.see("/oversight/cases/1")
    first.send("/oversight/cases/1", step="decide", result="upheld", text="两台设备同时在播放。", award=f"award:{award_of(town)}")
    with town.app_context():
        assert creditbank.balance(person.id) == before > 0
    assert "申诉期间什么都不变" in words(lin.get(f"/me/cases/{code}/letters/1"))
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="accept")
    with town.app_context():
        assert creditbank.balance(person.id) == 0
        line = creditbank.statement(person.id).items[0]
        assert line.kind == "reversal" and line.reason == "两台设备同时在播放。" and creditbank.recompute()[1] == []
    assert "已执行" in lin.see(f"/me/cases/{code}") and "已经撤销" in words(town.test_client().get(f"/verify/{award_of(town)}"))




def test_an_inspector_adds_evidence_and_its_person_answers_it(town):
    lin, first = Browser(town, LIN), inspector(town)
    with town.test_request_context(), writing():
        person = accounts.find_person_by_phone(LIN)
        code = cases.open_case(SYSTEM, kind="fraud", subject="finding:1", claim="两台设备同时在播放。", evidence=["playback:1"], person_ids=[person.id]).code
    lin.see(f"/me/cases/{code}")
    lin.send(f"/me/cases/{code}", step="say", text="我换了手机。")
    assert "补证据" in first.see("/oversight/cases/1")
    for bad in ("", "x", "/oversight/evidence/playback/99", "https://x.cn/verify/NONE", "/oversight/evidence/playback/1"):
        assert first.send("/oversight/cases/1", 422, step="evidence", ref=bad, words="x").status_code == 422
    assert "请写一点内容" in words(first.send("/oversight/cases/1", 422, step="evidence", ref=f"/admin/credits/{award_of(town)}", words=" "))
    address = f"https://guanxue.cn/verify/{award_of(town)}?from=x"
    assert place(first.send("/oversight/cases/1", step="evidence", ref=address, words="这笔学分也在里面。")).startswith("/oversight/cases/1")
    page = first.see("/oversight/cases/1")
    assert "补了证据" in page and "《安全测量》的" in page and "现有的证据还没有说明" in page
    first.send("/oversight/cases/1", 409, step="decide", result="upheld", text="属实。")
    assert "请看看，写下你的说明" in words(lin.get("/me"))
    page = lin.see(f"/me/cases/{code}")
    assert "还没有认定什么" in page and "这笔学分也在里面。" in page and "《安全测量》的" in page and "/oversight/" not in page and "/admin/" not in page
    lin.send(f"/me/cases/{code}", step="say", text="那是我自己学的。")
    first.send("/oversight/cases/1", step="decide", result="upheld", text="属实。")
    assert "补证据" not in first.see("/oversight/cases/1")
    Browser(town, OTHER).send("/oversight/cases/1", 403, step="evidence", ref=address, words="x")
