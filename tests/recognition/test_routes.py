"""Certificates through a browser: filed on a phone, looked up, approved, on the statement; refused, appealed; nobody else's."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import text
from tests.clients import Browser, place, words
from tests.factories import make_person
from tests.recognition.conftest import (
    FENG,
    FOURTH,
    HUANG,
    LIAN,
    LOOKUP,
    LUO,
    NUMBER,
    OTHER,
    actor_of,
    browser_of,
    day,
    file_by_browser,
    file_by_service,
    form,
    lookup,
    picture,
)

from guanxue import creditbank, recognition
from guanxue.core import clock
from guanxue.core.db import session, writing

ADMIN = "13800000009"


def look_up(browser: Browser, code: str, status: int = 303, **more):
    browser.see(f"/office/recognition/{code}")
    return browser.send(f"/office/recognition/{code}/look-up", status, **{**LOOKUP, "looked_on": clock.today().isoformat(), **more})


def test_from_a_photo_on_a_phone_to_a_line_on_the_statement(any_town):
    lian, feng, luo = Browser(any_town, LIAN), browser_of(any_town, FENG), browser_of(any_town, LUO)
    assert "证书换学分" in lian.see("/me") and "/me/recognition" in lian.see("/me/credits")
    assert "职业技能等级证书" in lian.see("/me/recognition/new")
    code = file_by_browser(lian)
    page = words(lian.get(f"/me/recognition/{code}"))
    assert "车工 五级/初级工" in page and "等核查" in page and "4.000 学分" in page and NUMBER in page
    # the first officer: masked until they say why
    assert code in feng.see("/office/recognition")
    page = feng.see(f"/office/recognition/{code}")
    assert NUMBER not in page and "Y00***************0001" in page and "/files/" not in page
    assert feng.client.get(f"/office/recognition/{code}/files/{'0' * 32}").status_code == 403
    feng.send(f"/office/recognition/{code}/open", reason="check")
    page = feng.see(f"/office/recognition/{code}")
    assert NUMBER in page
    answer = feng.get(re.search(rf'href="(/office/recognition/{code}/files/\w+)"', page)[1])
    assert answer.mimetype == "image/jpeg" and answer.headers["Cache-Control"] == "private, no-store"
    assert "核查证书" in words(lian.get(f"/me/recognition/{code}")), "who looked, and why, is told"
    look_up(feng, code)
    feng.send(f"/office/recognition/{code}/decide", 403, result="approve")
    # the second one
    luo.see(f"/office/recognition/{code}")
    luo.send(f"/office/recognition/{code}/decide", result="approve")
    assert "车工" in lian.see("/me") and "已认定" in words(lian.get("/me"))
    lian.see(f"/me/recognition/{code}")
    lian.send(f"/me/recognition/{code}", step="seen")
    assert f"/me/recognition/{code}" not in lian.see("/me")
    page = words(lian.get("/me/credits"))
    assert "车工 五级/初级工（职业技能等级证书）" in page and "+4.000" in page
    with any_town.test_request_context():
        assert creditbank.balance(1) == 4000 and creditbank.recompute()[1] == []
        trail = set(session.scalars(text("SELECT action FROM audit_line WHERE subject = :ref"), {"ref": f"filing:{code}"}))
    assert {f"recognition.certificate.{x}" for x in ("filed", "opened", "looked_up", "approved")} <= trail
    verify = place(lian.client.get(f"/verify?code={re.search(r'/verify/([A-Z0-9]{12})', lian.see('/me/credits'))[1]}"))
    assert "车工" in words(lian.get(verify)) and NUMBER not in lian.see(verify)


def test_what_is_wrong_is_named_all_at_once_and_everything_typed_stays_with_the_photo(town):
    lian = Browser(town, LIAN)
    answer = file_by_browser(lian, 422, number="Y0000", issuer=" ", issued_on="2099-01-01")
    page = answer.get_data(as_text=True)
    for expected in ("编号应是 22 位，现在是 5 位", "请填发证机构", "这一天还没有到", 'value="Y0000"', "照片已经传好", 'value="lathe-operator" selected'):
        assert expected in page, expected
    proof = re.search(r'name="proof" value="(\w{32})"', page)[1]
    assert lian.get(f"/me/recognition/pending/{proof}").mimetype == "image/jpeg"
    assert Browser(town, OTHER).client.get(f"/me/recognition/pending/{proof}").status_code == 404
    answer = lian.send("/me/recognition/new", multipart=True, **{**form(), "proof": proof})
    assert place(answer).startswith("/me/recognition/")
    with town.app_context():
        assert session.scalar(text("SELECT count(*) FROM recognition_filing")) == 1


@pytest.mark.parametrize(("change", "status", "says"), [
    ({"file": (io.BytesIO(b"MZ not a picture at all"), "a.jpg")}, 422, "照片（JPG、PNG、WebP）或 PDF"),
    ({"file": (io.BytesIO(b"\x89PNG broken"), "a.png")}, 422, "图片读不出来"),
    ({"file": (io.BytesIO(b""), "a.png")}, 422, "PDF"),
    ({"file": (io.BytesIO(b"%PDF-1.4 " + b"x" * (5 * 1024**2)), "a.pdf")}, 422, "最大 5 MB"),
    ({"file": (io.BytesIO(b""), "")}, 422, "请拍一张证书的照片"),
    ({"level": ""}, 422, "请选等级"), ({"occupation": "no-such-trade"}, 422, "请选职业"), ({"kind": "diploma"}, 422, "请选证书的种类"),
    ({"number": "Ｙ000044000001255000001"}, 303, ""),
    ({"file": (io.BytesIO(b"%PDF-1.4 a small one"), "a.exe")}, 303, ""),
], ids=["program", "broken", "empty", "large", "none", "level", "trade", "kind", "wide", "pdf"])
def test_a_form_is_judged_by_what_is_in_it(town, change, status, says):
    lian = Browser(town, LIAN)
    lian.see("/me/recognition/new?kind=skill-level")
    answer = lian.send("/me/recognition/new", status, multipart=True, **{**form(), "file": (picture(), "a.jpg"), **change})
    assert says in words(answer)
    with town.app_context():
        assert session.scalar(text("SELECT count(*) FROM recognition_filing")) == (status == 303)


def test_whoever_comes_from_a_goal_finds_trade_and_level_chosen(town):
    lian = Browser(town, LIAN)
    chosen = lian.see("/me/recognition/new?kind=skill-level&occupation=fitter&level=4")
    assert '<option value="fitter" selected>' in chosen and '<option value="4" selected>' in chosen
    assert " selected" not in lian.see("/me/recognition/new?kind=skill-level&occupation=nobody&level=9")


def test_filed_again_it_leads_to_the_first(town):
    lian = Browser(town, LIAN)
    code = file_by_browser(lian)
    answer = file_by_browser(lian, 409, number=NUMBER.lower())
    assert f"/me/recognition/{code}" in answer.get_data(as_text=True)
    lian.see(f"/me/recognition/{code}")
    lian.send(f"/me/recognition/{code}", step="withdraw")
    lian.send(f"/me/recognition/{code}", 409, step="withdraw")
    lian.send(f"/me/recognition/{code}", 422, step="dance")
    assert file_by_browser(lian) != code


def test_a_refusal_says_why_and_leads_to_another_try_and_to_an_appeal(town):
    lian, feng, luo = Browser(town, LIAN), browser_of(town, FENG), browser_of(town, LUO)
    code = file_by_browser(lian)
    assert "请写明" in words(look_up(feng, code, 422, found="differs", text="")) or "请写一点内容" in words(look_up(feng, code, 422, found="differs", text=""))
    look_up(feng, code, found="differs", text="查到的是四级。")
    luo.see(f"/office/recognition/{code}")
    luo.send(f"/office/recognition/{code}/decide", 409, result="approve")
    assert "请选原因" in words(luo.send(f"/office/recognition/{code}/decide", 422, result="refuse", why="", text="等级填错了。"))
    luo.send(f"/office/recognition/{code}/decide", result="refuse", why="other-content", text="证书是四级，请改好再交。")
    luo.send(f"/office/recognition/{code}/decide", 409, result="refuse", why="other-content", text="再来一次。")
    page = lian.see(f"/me/recognition/{code}")
    assert "证书是四级，请改好再交。" in page and "查到的是四级。" in page
    again = lian.see(f"/me/recognition/new?again={code}")
    assert f'value="{NUMBER}"' in again
    appeal = re.search(r'href="(/me/cases/new[^"]*)"', page)[1].replace("&amp;", "&")
    shown = lian.see(appeal)
    assert "车工" in shown and 'value="appeal" checked' in shown
    answer = lian.send("/me/cases/new", about=f"filing:{code}", kind="appeal", text="我有证书。")
    assert "车工" in words(lian.get(place(answer)))
    other = Browser(town, OTHER)
    other.see("/me/cases/new")
    other.send("/me/cases/new", 404, about=f"filing:{code}", kind="appeal", text="x")


def test_what_is_mine_is_nobody_elses(town):
    code = file_by_browser(Browser(town, LIAN))
    with town.app_context():
        proof = session.scalar(text("SELECT code FROM recognition_proof"))
    other, bare = Browser(town, OTHER), Browser(town, FENG)
    for path in (f"/me/recognition/{code}", f"/me/recognition/{code}/files/{proof}", f"/me/recognition/new?again={code}"):
        assert other.client.get(path).status_code == 404, path
    for path in (f"/office/recognition/{code}", "/office/recognition", f"/office/recognition/{code}/files/{proof}", "/office/recognition/batches"):
        assert other.client.get(path).status_code == 403, path
        assert bare.client.get(path).status_code == 303, "a second factor is asked for"
    officer = browser_of(town, FENG)
    assert officer.client.get("/office/recognition/NOSUCHCODE").status_code == 404
    assert place(officer.client.get(f"/office/recognition/find?code={code.lower()}")).endswith(code)
    assert officer.client.get("/office/recognition/find?code=x").status_code == 404
    assert "请选原因" in words(officer.send(f"/office/recognition/{code}/open", 422, reason="curiosity"))


def test_two_officers_take_it_back_and_its_holder_is_told(town):
    with town.test_request_context(), writing():
        made = file_by_service()
        recognition.look_up(actor_of(FENG), recognition.open_filing(made), lookup())
        recognition.approve(actor_of(LUO), recognition.open_filing(made))
    feng, luo, lian = browser_of(town, FENG), browser_of(town, LUO), Browser(town, LIAN)
    path = f"/office/recognition/{made.code}"
    feng.see(path)
    feng.send(f"{path}/take-back", 422, text=" ", authority="来函 12 号")
    feng.send(f"{path}/take-back", text="发证机构说证书作废。", authority="来函 12 号")
    assert "作废" not in lian.see(f"/me/recognition/{made.code}"), "what one officer asks another is no news yet"
    feng.send(f"{path}/take-back", 403, answer="yes")
    luo.see(path)
    luo.send(f"{path}/take-back", answer="yes")
    page = words(lian.get(f"/me/recognition/{made.code}"))
    assert "发证机构说证书作废。" in page and "来函 12 号" in page and "认定已收回" in page
    assert "-4.000" in words(lian.get("/me/credits"))


# ---- what it is worth


def test_anybody_reads_what_certificates_are_worth_and_that_it_is_a_proposal(town):
    page = words(town.test_client().get("/recognition"))
    assert "不是政府公布的标准" in page and "五级/初级工 4" in page and "特级技师 20" in page
    assert town.test_client().get("/recognition/1").status_code == 200 and town.test_client().get("/recognition/9").status_code == 404


def test_the_next_version_of_the_table_is_published_by_a_form(town):
    with town.test_request_context(), writing():
        make_person(ADMIN, "梁伟", "administrator")
    admin = Browser(town, ADMIN)
    page = admin.see("/admin/conversion")
    fields = dict(re.findall(r'name="([\w-]+)" type="text" value="([^"]*)"', page))
    assert fields["level-5"] == "4" and fields["city-2"] == "1.5"
    sent = {**fields, "identity_level": "2", "is_team_shared": "1", "effective_on": clock.today().isoformat()}
    for change in ({"level-5": "four"}, {"level-5": "-1"}, {"level-5": "30"}, {"effective_on": day()}, {"window_years": "x"}):
        answer = admin.send("/admin/conversion", 422, **{**sent, **change})
        assert 'role="alert"' in answer.get_data(as_text=True)
    admin.send("/admin/conversion", **{**sent, "level-5": "4.5"})
    assert "五级/初级工 4.5" in words(town.test_client().get("/recognition")) and "五级/初级工 4 " in words(town.test_client().get("/recognition/1"))
    assert Browser(town, FENG).client.get("/admin/conversion").status_code == 403


# ---- tables


HEAD = "姓名,手机号,证书种类,证书编号,职业（工种）,等级,发证机构,发证日期,竞赛名称,竞赛级别,名次,队员人数\n"


def csv(*lines: str) -> dict:
    return {"file": (io.BytesIO((HEAD + "\n".join(lines)).encode()), "一月.csv")}


def rows_of(answer) -> dict:
    page = answer.get_data(as_text=True)
    found = re.search(r'<textarea hidden name="rows"[^>]*>(.*?)</textarea>', page, re.S)
    return {"rows": found[1].replace("&#34;", '"').replace("&amp;", "&"), "filename": "一月.csv"} if found else {}


def good(number: str = NUMBER, name: str = "林小莲", phone: str = LIAN) -> str:
    return f"{name},{phone},职业技能等级证书,{number},车工,五级/初级工,东莞市评价中心,{day()},,,,"


def test_a_towns_table_is_taken_once_and_passes_both_pairs_of_eyes(any_town):
    town, feng, luo, lian = (browser_of(any_town, HUANG), browser_of(any_town, FENG), browser_of(any_town, LUO), Browser(any_town, LIAN))
    assert town.get("/office/recognition/batches/template.xlsx").data.startswith(b"PK")
    town.see("/office/recognition/batches")
    contest = f"林小莲,{LIAN},技能竞赛,,,,市总工会,{day()},2025年东莞市技能竞赛,市级,二等奖,"
    answer = town.send("/office/recognition/batches", 200, multipart=True, **csv(good(), contest))
    with any_town.app_context():
        assert session.scalar(text("SELECT count(*) FROM recognition_filing")) == 0, "a look writes nothing"
    sent = rows_of(answer)
    first = place(town.send("/office/recognition/batches/confirm", **sent))
    assert place(town.send("/office/recognition/batches/confirm", **sent)) == first, "the same table is one batch"
    with any_town.app_context():
        codes = list(session.scalars(text("SELECT code FROM recognition_filing ORDER BY id")))
    assert len(codes) == 2 and "用表格替你交" in words(lian.get(f"/me/recognition/{codes[0]}"))
    page = feng.see(first)
    assert NUMBER not in page
    feng.send(f"{first}/open", reason="check")
    assert NUMBER in feng.see(first)
    common = {"source": "organiser", "looked_on": clock.today().isoformat()}
    answer = feng.send(f"{first}/look-up", 422, **common, **{f"found-{codes[0]}": "match", f"reference-{codes[0]}": ""})
    assert "请写查询编号" in words(answer)
    feng.send(f"{first}/look-up", **common, **{f"{k}-{c}": v for c in codes for k, v in (
        ("found", "match"), ("reference", "第 3 页"), ("contest", "东莞市技能竞赛"))})
    feng.send(f"{first}/approve", 403, code=codes[0])
    luo.see(first)
    luo.send(f"{first}/approve", code=codes)
    with any_town.test_request_context():
        assert creditbank.balance(1) == 5500 and creditbank.recompute()[1] == []
    assert "已认定" in words(town.get(first))
    assert town.client.get("/office/recognition").status_code == 403 and town.client.get(f"/office/recognition/{codes[0]}").status_code == 403


@pytest.mark.parametrize(("line", "why"), [
    (good(number="Y0000"), "编号应是 22 位"), (good(name="林大莲"), "没有用这个手机号和姓名登记"),
    (good(phone="13811112222"), "没有用这个手机号和姓名登记"), (good(name="黄小明", phone=OTHER), "没有用这个手机号和姓名登记"),
    (good(phone="12345"), "11 位手机号"), (good().replace("车工", "魔术师"), "请选职业"), (good().replace("职业技能等级证书", "毕业证"), "请选证书的种类"),
    (good() + "\n" + good(), "同一张证书"),
], ids=["number", "name", "no-account", "other-town", "phone", "trade", "kind", "twice"])
def test_one_line_with_a_fault_and_nothing_is_taken(town, line, why):
    huang = browser_of(town, HUANG)
    huang.see("/office/recognition/batches")
    answer = huang.send("/office/recognition/batches", 200, multipart=True, **csv(good(FOURTH.replace("254", "255")), line))
    assert why in words(answer) and rows_of(answer) == {}
    with town.app_context():
        assert session.scalar(text("SELECT count(*) FROM recognition_filing")) == 0


def test_rows_that_were_changed_on_the_way_are_looked_at_again(town):
    huang = browser_of(town, HUANG)
    huang.see("/office/recognition/batches")
    sent = rows_of(huang.send("/office/recognition/batches", 200, multipart=True, **csv(good())))
    for rows in (sent["rows"].replace("林小莲", "林大莲"), "[]", "{", '[1]', "x" * 10, "[" * 5000):
        huang.send("/office/recognition/batches/confirm", 422, rows=rows, filename="x")
    with town.app_context():
        assert session.scalar(text("SELECT count(*) FROM recognition_filing")) == 0
    for body in (b"", b"PK\x03\x04 broken", HEAD.encode(), "没有表头\n1,2".encode()):
        huang.send("/office/recognition/batches", 422, multipart=True, file=(io.BytesIO(body), "a.xlsx"))
    assert Browser(town, LIAN).client.get("/office/recognition/batches").status_code == 403


def test_a_number_that_somebody_else_filed_is_not_taken_from_a_table(town):
    file_by_browser(Browser(town, LIAN))
    officer = browser_of(town, FENG)
    officer.see("/office/recognition/batches")
    answer = officer.send("/office/recognition/batches", 200, multipart=True, **csv(good(name="黄小明", phone=OTHER)))
    assert "请本人自己交" in words(answer) and "林小莲" not in words(answer)
