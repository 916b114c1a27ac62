"""The check as one file to keep, in a browser without any server; and the command."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from click.testing import CliRunner
from tests.credentials.test_checking import INDEX, KEY, NOW, OTHER, a_list, forged, jwk, payload, token

from guanxue import credentials
from guanxue.cli import main
from guanxue.core import clock


@pytest.fixture
def now_is_now(monkeypatch):
    """The files of test_checking are dated NOW; the browser's and the command's clock stand a day later."""
    with clock.travel(NOW + timedelta(days=1)):
        yield


def files(folder) -> dict:
    """{name: (path, what is said of it)}."""
    texts = {
        "good": (token(), ""), "flipped": (token()[:-20] + ("A" if token()[-20] != "A" else "B") + token()[-19:], "signature"),
        "none": (forged(header={"alg": "none"}, signature=""), "algorithm"), "swapped": (token(key=OTHER), "key"),
        "expired": (token(payload(expires_at=NOW + timedelta(hours=1))), "expired"), "revoked": (token(payload(status_index=7)), "revoked"),
        "replaced": (token(payload(status_index=8)), "replaced"), "text": ("hello", "form"), "schema": (token({**payload(), "nbf": 1}), "schema"),
    }
    for name, (text, _fault) in texts.items():
        (folder / f"{name}.jwt").write_text(text)
    return {name: (folder / f"{name}.jwt", fault) for name, (_text, fault) in texts.items()}


def test_the_file_to_keep_tells_genuine_from_forged_without_a_network(bare_app, browser, tmp_path, now_is_now):
    with bare_app.test_request_context():
        (tmp_path / "check.html").write_text(credentials.page_to_keep([jwk()], [a_list([7, 8], [8])]), "utf-8")
    page = browser.new_page()
    page.clock.install(time=NOW + timedelta(days=1))
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto((tmp_path / "check.html").as_uri())
    for name, (path, fault) in files(tmp_path).items():
        page.locator("#file").set_input_files(path)
        page.wait_for_function("(why) => document.getElementById('why').textContent === why",
                               arg=str(credentials.WHY[fault]) if fault else "签名正确，内容没有改动，在有效期内。", timeout=10_000)
        assert page.locator("#verdict").inner_text() == ("无效" if fault else "真实有效"), name
        if name == "good":
            assert "林小莲" in page.locator("#facts").inner_text() and "没有被撤销" in page.locator("#listed").inner_text()
    assert faults == []
    page.close()


def test_the_command_says_the_same(tmp_path, now_is_now):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [jwk(KEY)]}))
    (tmp_path / "list.jwt").write_text(a_list([7, 8], [8]))
    for name, (path, fault) in files(tmp_path).items():
        if name == "text":
            continue
        told = CliRunner().invoke(main, ["verify", str(path), "--keys", str(tmp_path / "keys.json"), "--status", str(tmp_path / "list.jwt")])
        assert told.exit_code == (1 if fault else 0), (name, told.output)
        assert (str(credentials.WHY[fault]) if fault else "真实有效：林小莲") in told.output, (name, told.output)
    alone = CliRunner().invoke(main, ["verify", str(tmp_path / "good.jwt"), "--keys", str(tmp_path / "keys.json")])
    assert alone.exit_code == 0 and "没有看撤销名单" in alone.output
    nobody = CliRunner().invoke(main, ["verify", str(tmp_path / "good.jwt")], env={"GUANXUE_DATA": str(tmp_path / "none")})
    assert nobody.exit_code == 1 and "没有可信的公钥" in nobody.output
    assert INDEX not in (7, 8)


def test_check_knows_the_kind_and_says_what_is_wrong(tmp_path, now_is_now):
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "keys.json").write_text(json.dumps({"keys": [jwk(KEY)]}))
    for name, (path, fault) in files(tmp_path).items():
        if name in ("revoked", "replaced", "text"):
            continue  # what no list told
        told = CliRunner().invoke(main, ["check", str(path), "--json"], env={"GUANXUE_DATA": str(tmp_path)})
        said = json.loads(told.stdout)
        assert (said["kind"], said["accepted"], told.exit_code) == ("credential", not fault, bool(fault)), told.output
        assert said.get("reason", "") == (str(credentials.WHY[fault]) if fault else "")
