"""A credit by its code for who administers: what would follow is shown, then done, told, and left to two where money was paid."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text
from tests.clients import Browser, Learner, place, words
from tests.factories import make_course, make_person

from guanxue import accounts, cases, creditbank, programmes
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import session, writing

LIN, ADMIN, OFFICER = "13800000001", "13800000006", "13800000009"
WHY = {"reason": "冒名学习，已查实。", "authority": "莞人社〔2026〕1号"}


@pytest.fixture
def town(bare_app):
    """林小莲 has 0.12 credits from two courses; an administrator, a credit officer."""
    with bare_app.test_request_context(), writing():
        make_person(LIN)
        make_person(ADMIN, "梁工", "administrator")
        make_person(OFFICER, "何主任", "credit_officer")
        for slug in ("one", "two"):
            make_course(slug, videos_ms=(2_500_000,), title=f"课程 {slug}")
    learner = Learner(bare_app, LIN)
    for n, slug in enumerate(("one", "two")):
        with clock.advance(n * 7200):
            learner.finish(slug)
    return bare_app


def administrator(app) -> Browser:
    """Whose session has shown a second factor."""
    browser = Browser(app, ADMIN)
    with app.test_request_context(), writing():
        session.execute(text("UPDATE accounts_session SET proved_at = :now WHERE person_id = :id"),
                        {"now": clock.now().replace(tzinfo=None), "id": accounts.find_person_by_phone(ADMIN).id})
    return browser


def lin(app) -> tuple[int, list[str]]:
    with app.app_context():
        person = accounts.find_person_by_phone(LIN).id
        return person, [h.code for h in creditbank.list_holdings(person)]


def test_what_is_shown_is_done_and_told(town):
    person, codes = lin(town)
    browser, path = administrator(town), f"/admin/credits/{codes[0]}"
    assert place(browser.get(f"/admin/credits?code={codes[0].lower()}", 303)) == path
    browser.get("/admin/credits?code=NONE", 404)
    page = browser.see(path)
    assert "收回《课程 one》的 0.060 学分" in page and "从 0.120 变成 0.060" in page and "在账上" in page and "没有达到" in page
    shown = re.search(r'name="foreseen" value="(\w+)"', page)[1]
    assert "一点内容" in words(browser.send(path, 422, reason=" ", authority="x", foreseen=shown))
    assert "再看一遍" in words(browser.send(path, 409, **WHY, foreseen="stale"))
    assert "再看一遍" in words(browser.send(path, 409, **WHY))
    browser.send(path, **WHY, foreseen=shown)
    assert "已撤销" in browser.see(path) and "冲销过" in browser.see(path)
    assert "冲销过" in words(browser.send(path, 409, **WHY, foreseen=shown))
    own = Browser(town, LIN)
    with town.app_context():
        assert creditbank.balance(person) == 60
        found = cases.list_own(person)[0]
    letter = words(own.get(f"/me/cases/{found.case.code}/letters/1"))
    for part in ("冒名学习，已查实。", "莞人社〔2026〕1号", "收回《课程 one》的 0.060 学分", "从 0.120 变成 0.060", "可以申诉"):
        assert part in letter
    own.see(f"/me/cases/{found.case.code}")
    own.send(f"/me/cases/{found.case.code}", step="appeal", text="不是冒名。")
    assert "这件事是你提出的" in words(browser.get(f"/oversight/cases/{found.case.id}"))


def test_only_administrators_with_a_second_factor(town):
    _person, codes = lin(town)
    for path in ("/admin/credits", f"/admin/credits/{codes[0]}"):
        Browser(town, LIN).get(path, 403)
        Browser(town, OFFICER).get(path, 403)
        assert "second-factor" in place(Browser(town, ADMIN).get(path, 303))


def test_what_was_rewarded_goes_to_another_person_and_is_not_rewarded_again(town):
    person, codes = lin(town)
    with town.test_request_context(), writing():
        officer = accounts.find_person_by_phone(OFFICER)
        programmes.mark_rewarded(Actor("person", officer.id, officer.name, frozenset({"identify"})), "first-step", person)
        used = programmes.used_by("first-step", codes)[codes[0]]  # all of it, or what the other one left
        with pytest.raises(creditbank.NeedsSecond):
            creditbank.take_back(SYSTEM, codes[0], **WHY)
    browser, path = administrator(town), f"/admin/credits/{codes[0]}"
    page = browser.see(path)
    assert f"的奖励用到过其中 {creditbank.decimal_text(used)} 学分" in page and "交给另一个人决定" in page
    shown = re.search(r'name="foreseen" value="(\w+)"', page)[1]
    case = place(browser.send(path, **WHY, foreseen=shown))
    assert "这件事是你提出的" in words(browser.get(case))
    with town.test_request_context(), writing():
        assert creditbank.balance(person) == 120
        creditbank.take_back(SYSTEM, codes[0], **WHY, deciders=["person:98", "person:99"])
        award = creditbank.find_award(codes[0])
        again = creditbank.credit_again(SYSTEM, *creditbank.root_of(award), person, reason="查错了", authority="二号")
        assert again.given_milli == 60 and programmes.used_by("first-step", [again.code]) == {again.code: used}
        assert creditbank.recompute(person)[1] == []
        assert creditbank.foresee(again.code).is_money


def test_a_second_reason_after_a_refusal_is_a_new_case_and_its_words_are_in_it(town):
    person, codes = lin(town)
    with town.test_request_context(), writing():
        officer = accounts.find_person_by_phone(OFFICER)
        programmes.mark_rewarded(Actor("person", officer.id, officer.name, frozenset({"identify"})), "first-step", person)
        second = make_person("13800000003", "许明", "inspector")
    browser, path = administrator(town), f"/admin/credits/{codes[0]}"
    shown = re.search(r'name="foreseen" value="(\w+)"', browser.see(path))[1]
    first = place(browser.send(path, **WHY, foreseen=shown))
    browser.see(path)
    assert place(browser.send(path, reason="又有一个证人。", authority="二号", foreseen=shown)) == first
    assert "又有一个证人。（二号）" in browser.see(first)
    with town.test_request_context(), writing():
        case = session.get(cases.Case, int(first.rpartition("/")[2]))
        cases.decide(second, cases.dossier(case), result="refused", text="不成立。")
    browser.see(path)
    later = place(browser.send(path, reason="查到了新的证据。", authority="三号", foreseen=shown))
    assert later != first and "查到了新的证据。（三号）" in browser.see(later) and "在处理" in browser.see(later)
