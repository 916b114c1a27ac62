"""Certificates as people and systems meet them: the list, the papers, the files, the check."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tests.clients import API, Browser, Learner, is_chinese, place, words
from tests.factories import make_course, make_person

from guanxue import credentials, creditbank
from guanxue.accounts import naming
from guanxue.core import clock
from guanxue.core.actor import SYSTEM, Actor
from guanxue.core.db import writing

LIN, ZHOU = "13800000001", "13800000002"


@pytest.fixture
def issued(bare_app):
    """(app, the code of 林小莲's credit), its certificate issued."""
    with bare_app.test_request_context(), writing():
        make_person()
        make_person(ZHOU, "周工")
        make_course(videos_ms=(3_000_000,))
    learner = Learner(bare_app)
    learner.finish()
    code = learner.call("GET", "/me/credits", 200)["items"][0]["verify_code"]
    with bare_app.test_request_context(), writing():
        assert credentials.issue_all(1) == 1
    return bare_app, code


def pdf_text(pdf: bytes, *more) -> str:
    return subprocess.run(["pdftotext", *more, "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()


def test_the_list_has_paper_file_picture_and_link_of_each(issued):
    app, code = issued
    page = Browser(app, LIN).see("/me/certificates")
    for part in (f"/me/certificates/{code}.pdf", f"/me/certificates/{code}.jwt", f"/verify/{code}", "data:image/svg+xml", "学习证明", f"{code}-1"):
        assert part in page
    other = Browser(app, ZHOU)
    assert code not in other.see("/me/certificates")
    for path in (f"/me/certificates/{code}.pdf", f"/me/certificates/{code}.jwt"):
        assert other.get(path, 404) and app.test_client().get(path).status_code == 303
    other.send(f"/me/certificates/{code}", 404)
    other.send("/me/certificates/statement", 409)
    other.send(f"/me/certificates/{code}", 403, token=False)


def test_the_paper_holds_the_name_the_facts_and_nothing_of_a_state_certificate(issued):
    app, code = issued
    browser = Browser(app, LIN)
    answer = browser.get(f"/me/certificates/{code}.pdf")
    assert answer.mimetype == "application/pdf" and answer.headers["Cache-Control"] == "private, no-store" and len(answer.data) < 120_000
    told, fonts = pdf_text(answer.data), subprocess.run(["pdffonts", "-"], input=answer.data, capture_output=True).stdout.decode()
    for part in ("学习证明", "林小莲", "安全测量", f"{code}-1", creditbank.spaced_code(code), "1.155 学时", "0.072", "未登记证件", "60 分合格", "莞学学分银行"):
        assert part in told, part
    assert [w for w in credentials.STATE_WORDS if w in told.replace("\n", "")] == []
    assert "yes yes yes" in fonts and fonts.count("\n") == 3, "one font, embedded, a subset, with its Unicode"
    assert "Pages:           1" in subprocess.run(["pdfinfo", "-"], input=answer.data, capture_output=True).stdout.decode()
    assert browser.get(f"/me/certificates/{code}.pdf").data == answer.data, "the same file makes the same paper"


def test_no_page_or_paper_of_ours_is_named_as_the_state_names_its_certificates():
    root = Path(credentials.__file__).parents[3]
    papers = [*(root / "templates/credentials").glob("*.html"), root / "templates/creditbank/verify.html", root / "templates/creditbank/ask.html",
              *(root / "platform/guanxue/credentials" / f"{name}.py" for name in ("paper", "press", "facts", "document", "service", "routes"))]
    found = [(p.name, w) for p in papers for w in credentials.STATE_WORDS if w in p.read_text("utf-8")]
    assert len(papers) > 10 and found == []
    assert "img" not in (root / "platform/guanxue/credentials/press.py").read_text("utf-8"), "no picture, so no emblem"


def test_a_statement_is_issued_printed_and_verified(issued):
    app, code = issued
    browser = Browser(app, LIN)
    browser.see("/me/certificates")
    assert place(browser.send("/me/certificates/statement")) == "/me/certificates"
    with app.test_request_context():
        row = credentials.list_statements(1)[0].credential
    told = pdf_text(browser.get(f"/me/certificates/{row.code}.pdf").data, "-layout")
    assert "学分对账单" in told and "林小莲" in told and "+0.072" in told
    page = words(app.test_client().get(f"/verify/{row.code}"))
    assert "学分对账单" in page and "有效" in page and "林小莲" not in page
    with clock.advance(91 * 86400):
        assert "已过期" in words(app.test_client().get(f"/verify/{row.code}"))


def test_anybody_fetches_what_is_needed_to_check_a_file_offline(issued):
    app, code = issued
    token = Browser(app, LIN).get(f"/me/certificates/{code}.jwt").get_data(as_text=True)
    anybody = app.test_client()
    keys = anybody.get("/.well-known/jwks.json").get_json()["keys"]
    listed = anybody.get("/credentials/status/1")
    seen = credentials.check(token, keys, clock.now(), [listed.get_data(as_text=True)])
    assert seen.is_valid and seen.payload["microCredential"]["learner"] == "林小莲"
    assert listed.headers["Access-Control-Allow-Origin"] == "*" and "d" not in keys[0], "no private half"
    said = seen.payload
    for address in (said["issuer"]["id"], said["credentialStatus"]["statusListCredential"], said["@context"][2]):
        assert anybody.get(address.removeprefix(said["issuer"]["url"])).status_code == 200, address
    assert anybody.get(f"/credentials/keys/{seen.key_id}").get_json() == keys[-1] and anybody.get("/credentials/keys/x").status_code == 404
    assert place(anybody.get(said["id"].removeprefix(said["issuer"]["url"]))) == f"/verify/{code}"
    for gone in ("/credentials/x", f"/credentials/{code}-9", "/credentials/status/2", "/credentials/status/0"):
        assert anybody.get(gone).status_code == 404


def test_a_name_corrected_since_can_be_put_on_a_new_one(issued):
    app, code = issued
    browser = Browser(app, LIN)
    assert "重新出具" not in browser.see("/me/certificates")
    with app.test_request_context(), writing():
        naming.correct_name(Actor("person", 1, "林小莲"), "林晓莲", "身份证上的字")
    assert "用现在的姓名重新出具" in browser.see("/me/certificates")
    assert place(browser.send(f"/me/certificates/{code}")) == "/me/certificates"
    assert f"{code}-2" in browser.see("/me/certificates")
    seen = app.test_client().get(f"{API}/credentials/{code}-1").get_json()
    assert (seen["state"], seen["valid"], seen["newest"]) == ("replaced", False, f"{code}-2")


# ---- for people who check


def test_the_verify_page_asks_for_a_name_and_never_shows_one(issued):
    app, code = issued
    stranger = Browser(app)
    page = stranger.see(f"/verify/{code}")
    assert "林小莲" not in page and f'action="/verify/{code}/holder"' in page and f"{code}-1" in page
    for typed, said in (("林小莲", "相符"), ("周工", "不相符"), ("0001", "相符"), ("9999", "不相符")):
        answer = stranger.send(f"/verify/{code}/holder", 200, token=False, typed=typed)
        assert f"<h1>{said}</h1>" in answer.get_data(as_text=True) and answer.headers["Cache-Control"] == "private, no-store"
        assert "林小莲" not in answer.get_data(as_text=True)
    told = words(Browser(app, LIN).get("/me/certificates"))
    assert told.count("有人核对过") == 4 and "比对后四位" in told
    assert "有人比对过" in words(Browser(app, LIN).get("/me"))
    stranger.send(f"/verify/{code}/holder", 422, token=False, typed=" ")
    stranger.send("/verify/AAAABBBBCCCC/holder", 404, token=False, typed="林小莲")


def test_four_digits_cannot_be_tried_out(issued):
    app, code = issued
    statuses = [app.test_client().post(f"{API}/credentials/{code}/holder", json={"typed": f"{n:04}"},
                                       environ_base={"REMOTE_ADDR": f"10.0.0.{n}"}).status_code for n in range(8)]
    assert statuses[0] == 200 and 429 in statuses, statuses
    after = app.test_client().post(f"{API}/credentials/{code}/holder", json={"typed": "0001"}, environ_base={"REMOTE_ADDR": "10.9.9.9"})
    assert after.status_code == 429 and int(after.headers["Retry-After"]) > 0 and is_chinese(after.get_json()["detail"])


def test_other_systems_ask_in_their_own_way(issued):
    app, code = issued
    token = Browser(app, LIN).get(f"/me/certificates/{code}.jwt").get_data(as_text=True)
    system = app.test_client()
    good = system.post(f"{API}/credentials/check", json={"credential": token}).get_json()
    assert good["valid"] and good["credential"]["microCredential"]["title"] == "安全测量" and good["newest"] == f"{code}-1"
    flipped = token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:]
    bad = system.post(f"{API}/credentials/check", json={"credential": flipped})
    assert bad.status_code == 200 and (bad.get_json()["valid"], bad.get_json()["fault"]) == (False, "signature") and is_chinese(bad.get_json()["why"])
    assert system.post(f"{API}/credentials/check", json={}).status_code == 422
    assert system.get(f"{API}/credentials/{code}").get_json()["valid"] and system.get(f"{API}/credentials/AAAABBBBCCCC").status_code == 404
    with app.test_request_context(), writing():
        credentials.revoke(SYSTEM, f"{code}-1", reason="写错了", authority="文件2号")
    gone = system.post(f"{API}/credentials/check", json={"credential": token}).get_json()
    assert (gone["valid"], gone["fault"], gone["state"]) == (False, "revoked", "revoked")
    page = words(system.get(f"/verify/{code}"))
    assert "证书已撤销" in page and "写错了" in page
    paths = system.get(f"{API}/openapi.json").get_json()["paths"]
    assert {"/credentials/check", "/credentials/{code}", "/credentials/{code}/holder"} <= {p.removeprefix(API) for p in paths}


def test_the_check_to_keep_is_one_whole_file(issued):
    app, _code = issued
    page = app.test_client().get("/verify/guanxue-check.html")
    text = page.get_data(as_text=True)
    assert page.headers["Content-Disposition"].startswith("attachment") and "crypto.subtle" in text
    for outside in ("src=", "<link", "@import", "http-equiv"):
        assert outside not in text.split("<script>")[0], outside
    with app.app_context():
        assert credentials.list_keys()[0]["x"] in text
