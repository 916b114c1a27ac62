"""The statement, certificates and the verify page as people see them."""

from __future__ import annotations

import base64
import json

import pytest
from tests.clients import Browser, Learner, is_chinese, words
from tests.factories import make_course, make_person

from guanxue import creditbank, ledger
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing


@pytest.fixture
def finished(bare_app):
    """(app, the code of 林小莲's credit)."""
    with bare_app.test_request_context(), writing():
        make_person()
        make_person("13800000002", "周工")
        make_course(videos_ms=(3_000_000,))
    learner = Learner(bare_app)
    learner.finish()
    return bare_app, learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]


def reverse(app, code):
    with app.test_request_context(), writing():
        creditbank.take_back(SYSTEM, code, reason="冒名学习", authority="文件1号")


def test_the_statement_explains_every_line(finished):
    app, code = finished
    page = words(Browser(app, "13800000001").get("/me/credits"))
    assert "0.072" in page and "安全测量" in page and "light/2" in page and creditbank.spaced_code(code) in page
    assert "还没有学分" in words(Browser(app, "13800000002").get("/me/credits"))


def test_the_statement_shows_a_reversal_and_its_reason(finished):
    app, code = finished
    reverse(app, code)
    page = words(Browser(app, "13800000001").get("/me/credits"))
    assert "-0.072" in page and "冒名学习" in page and "已撤销" in page and "0.000" in page


def test_a_record_is_valid_to_a_stranger_who_sees_no_full_name_or_number(finished):
    app, code = finished
    client = app.test_client()
    for typed in (code, code.lower(), creditbank.spaced_code(code)):
        answer = client.get(f"/verify/{typed}")
        page = words(answer)
        assert answer.status_code == 200 and "真实有效" in page and "林**" in page and "安全测量" in page
        assert "林小莲" not in page and "13800000001" not in page
    assert client.get("/verify", query_string={"code": creditbank.spaced_code(code)}).headers["Location"].endswith(f"/verify/{code}")


def test_the_qr_code_holds_the_address_of_the_page(finished):
    app, code = finished
    page = app.test_client().get(f"/verify/{code}").get_data(as_text=True)
    address = app.extensions["guanxue.settings"].base_url + f"/verify/{code}"
    assert address in page
    import segno
    wanted = segno.make(address, error="m").svg_data_uri(border=2, dark="#1B2420", light="#FFFFFF")
    assert wanted.replace("&", "&amp;") in page or wanted in page or base64.b64encode(wanted.encode()).decode() in page


def test_a_reversed_record_says_so(finished):
    app, code = finished
    reverse(app, code)
    answer = app.test_client().get(f"/verify/{code}")
    assert answer.status_code == 200 and "已经撤销" in words(answer) and "真实有效" not in words(answer)


@pytest.mark.parametrize("code", ["AAAABBBBCCCC", "x", "很", "' OR 1=1 --", "A" * 500, "%00", "..", "%2e%2e%2fetc"])
def test_an_unknown_code_is_not_found(finished, code):
    app, _code = finished
    for path in (f"/verify/{code}", f"/verify/{code}/proof.json", f"/api/v1/verify/{code}"):
        answer = app.test_client().get(path)
        assert answer.status_code == 404, path
        assert is_chinese(answer.get_json()["detail"] if answer.is_json else words(answer))


def test_a_misread_code_stays_in_the_field_to_be_put_right(finished):
    app, _code = finished
    answer = app.test_client().get("/verify/AAAABBBBCCCC")
    assert answer.status_code == 404 and 'value="AAAA-BBBB-CCCC"' in answer.get_data(as_text=True)
    assert 'aria-invalid="true"' in answer.get_data(as_text=True) and "没有这个编号的记录" in words(answer)


def test_the_proof_can_be_checked_offline(finished):
    app, code = finished
    answer = app.test_client().get(f"/verify/{code}/proof.json")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    proof = json.loads(answer.get_data(as_text=True))
    assert ledger.verify_proof(proof) is None
    proof["entry"]["postings"][1][1] += 1
    assert ledger.verify_proof(proof) is not None


def test_whoever_tries_code_after_code_is_slowed_down(finished):
    app, _code = finished
    client = app.test_client()
    statuses = [client.get(f"/verify/AAAABBBB{n:04}").status_code for n in range(60)]
    assert 429 in statuses and set(statuses) == {404, 429}


def test_certificates_are_my_own(finished):
    app, code = finished
    assert f"/verify/{code}" in Browser(app, "13800000001").see("/me/certificates")
    assert code not in Browser(app, "13800000002").see("/me/certificates")
    for path in ("/me/certificates", "/me/credits"):
        assert app.test_client().get(path).status_code == 303


@pytest.mark.parametrize("page", ["0", "-1", "x", "²", "9" * 30, "99999"])
def test_absurd_pages_of_the_statement_are_answered(finished, page):
    app, _code = finished
    Browser(app, "13800000001").get(f"/me/credits?page={page}")
    assert Learner(app).call("GET", f"/me/credits?page={page}", 200)["total"] == 1


# ---- the rules of crediting


def test_the_rules_of_crediting_are_told_in_plain_words_to_anybody(client):
    text = words(client.get("/rules/credits"))
    assert "在线学习的学分一年最多 60 学分。" in text and "“技能提升”的学分可以当“中等职业教育”用，反过来不行。" in text
    assert "学分不会到期。" in text and "证书要在取得后 96 个月内交来。" in text and "credit/1" in text
    assert client.get("/rules/credits/1").status_code == 200
    for version in ("0", "2", "x", "9" * 30):
        assert client.get(f"/rules/credits/{version}").status_code == 404


def test_each_credit_says_how_it_was_judged_and_what_was_refused_says_why(bare_app):
    with bare_app.test_request_context(), writing():
        make_person()
        make_course("first", title="机床安全（一）")
        make_course("again", title="机床安全 1")
    learner = Learner(bare_app)
    for slug in ("first", "again"):
        learner.finish(slug)
    told = learner.call("GET", "/me/credits", 200)
    [item], [refused] = told["items"], told["uncredited"]
    assert item["explained"][0] == "按学分规则第 1 版（credit/1）。" and item["explained"][1].endswith("全部记入。")
    assert "还剩 59." in item["explained"][2] and refused["rule"] == "same-title"
    assert "机床安全（一）" in refused["explained"][2] and "100%" in refused["explained"][2]
    page = Browser(bare_app, "13800000001").get("/me/credits").text
    assert "学完了、没有记入的" in page and "按学分规则第 1 版" in page
    with bare_app.test_request_context():
        assert creditbank.recompute() == (2, [])
