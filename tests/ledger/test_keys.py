"""Keys hand over to one another; old heads and proofs hold; what no key of ours signed never does."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.factories import learner
from tests.ledger.test_service import deposit

from guanxue import audit, ledger
from guanxue.core.actor import SYSTEM
from guanxue.core.command import Application
from guanxue.core.db import writing
from guanxue.core.errors import Forbidden, Invalid
from guanxue.core.settings import settings
from guanxue.ledger import keys
from guanxue.ledger.canonical import canonical
from guanxue.ledger.commands import WHY, group, verify_file


def posted(n: int) -> dict:
    """A proof of a committed entry."""
    with writing():
        number = deposit(n).number
        ledger.seal()
    return ledger.proof(number)


def rotated(reason: str = "到期") -> dict:
    with writing():
        return ledger.rotate(SYSTEM, reason=reason)


def test_two_rotations_later_the_first_proof_and_every_head_still_hold(any_app):
    with any_app.test_request_context():
        old = posted(1)
        first = rotated()
        assert ledger.public_bytes().hex() == first["next"]["public_key"] != old["public_key"]
        between = ledger.proof(1)  # its head is still the old key's; how it led to the new one stands beside
        assert between["head"] == old["head"] and ledger.verify_proof(between, between["public_key"]) is None
        middle = posted(2)
        rotated("一年一换")
        new = posted(3)
        report = ledger.verify([old["head"], middle["head"], new["head"]])
        assert report.faults == [] and len(report.rotations) == 2 and "一年一换" in report.rotations[1]
        rotations = ledger.list_rotations()
        for proof in (old, middle, new):
            for anchor in (old["public_key"], middle["public_key"], new["public_key"]):
                assert ledger.verify_proof(proof, anchor, rotations) is None
        assert ledger.verify_proof(old, new["public_key"]) == "key"  # nothing says how one led to the other
        assert [x.action for x in audit.list_lines(subject="ledger")] == ["ledger.key.rotated"] * 2


def test_the_old_key_signs_nothing_that_came_after_it(app):
    old_key = keys.load_key(settings().ledger_key_path)
    old = deposit(1) and ledger.seal()
    rotations = [ledger.rotate(SYSTEM, reason="泄露了")]
    entry = deposit(2)
    proof = ledger.proof(entry.number)
    assert ledger.verify_proof(proof, old["public_key"], rotations) is None
    stolen = {k: v for k, v in proof["head"].items() if k != "signature"} | keys.named(keys.public_of(old_key))
    stolen["signature"] = old_key.sign(canonical(stolen)).hex()
    assert keys.is_genuine(stolen) and ledger.verify_proof({**proof, "head": stolen}, old["public_key"], rotations) == "key"
    assert any("别的密钥" in f for f in ledger.verify([stolen]).faults)


def test_whoever_stole_an_old_key_leads_nobody_astray(app):
    stolen = keys.load_key(settings().ledger_key_path)
    ledger.rotate(SYSTEM, reason="换")
    own, thief = ledger.public_bytes().hex(), Ed25519PrivateKey.generate()
    path = settings().ledger_key_path
    path.unlink()
    keys.write_key(path, stolen)
    forged = keys.signed_rotation(thief, {"size": 10**6, "root": "", "at": "", "by": "", "reason": ""})
    evil, old = keys.public_of(thief).hex(), keys.public_of(stolen).hex()
    both = [*ledger.list_rotations(), forged]
    assert keys.is_rotation(forged) and evil not in keys.trusted_keys(own, both)
    assert set(keys.trusted_keys(own, both)) == {own, old} and set(keys.trusted_keys(old, both)) == {old}
    assert not keys.is_rotation({**forged, "countersignature": forged["signature"]})
    assert not keys.is_rotation({**forged, "size": 3})


@pytest.mark.parametrize(("change", "word"), [
    ({"algorithm": "none"}, "algorithm"), ({"algorithm": "none", "signature": ""}, "algorithm"), ({"algorithm": "RS256"}, "algorithm"),
    ({"algorithm": ["Ed25519"]}, "form"), ({"key_id": "0" * 16}, "signature"), ({"signature": "00" * 64}, "signature"),
    ({"signature": "x"}, "signature"), ({"public_key": "00" * 32}, "key"), ({"public_key": None}, "key"), ({"size": 7}, "signature")])
def test_each_false_head_has_its_word_and_its_sentence(app, tmp_path, monkeypatch, change, word):
    monkeypatch.setenv("GUANXUE_DATA", str(tmp_path / "site"))
    proof = ledger.proof(deposit(1).number)
    bad = {**proof, "head": proof["head"] | change}
    assert ledger.verify_proof(bad, proof["public_key"]) == word
    file = tmp_path / "proof.json"
    file.write_text(json.dumps(bad), "utf-8")
    told = CliRunner().invoke(verify_file, [str(file)])
    assert told.exit_code == 1 and WHY[word] in told.stderr
    ledger.seal()
    assert not ledger.verify([bad["head"]]).is_sound


def test_another_algorithm_is_one_more_line(app, monkeypatch):
    """As SM2 with SM3 would be: told apart by the name in the head."""
    proof = ledger.proof(deposit(1).number)
    head = {k: v for k, v in proof["head"].items() if k != "signature"} | {"algorithm": "SM2-SM3"}
    head["signature"] = canonical(head).hex()
    assert keys.fault_of(head) == "algorithm"
    monkeypatch.setitem(keys.ALGORITHMS, "SM2-SM3", lambda _public, signature, message: signature == message)
    assert keys.fault_of(head) is None and keys.fault_of({**head, "size": 9}) == "signature"
    assert ledger.verify_proof({**proof, "head": head}, proof["public_key"]) is None


def test_a_rotation_that_does_not_commit_leaves_the_old_key(any_app):
    with any_app.test_request_context():
        posted(1)
        before = (ledger.public_bytes(), ledger.kept_bytes())
        with pytest.raises(ZeroDivisionError), writing():
            ledger.rotate(SYSTEM, reason="换")
            raise ZeroDivisionError
        assert (ledger.public_bytes(), ledger.kept_bytes()) == before and ledger.list_rotations() == []
        assert ledger.verify().faults == []


def test_who_may_rotate_and_to_what(app, tmp_path):
    with pytest.raises(Forbidden):
        ledger.rotate(learner(), reason="换")
    with pytest.raises(Invalid):
        ledger.rotate(SYSTEM, reason=" ")
    for content in ("", "no key"):
        (tmp_path / "new.pem").write_text(content)
        with pytest.raises(ledger.CannotRotate):
            ledger.rotate(SYSTEM, reason="换", new_key=tmp_path / "new.pem")
    first = ledger.rotate(SYSTEM, reason="换")
    old = settings().ledger_key_path.with_name(f"ledger-{first['key_id']}.pem")
    assert keys.public_bytes(old).hex() == first["public_key"] and old.stat().st_mode & 0o77 == 0
    with pytest.raises(ledger.CannotRotate):  # never back to a key that was given up
        ledger.rotate(SYSTEM, reason="换", new_key=old)


def test_a_forged_rotation_beside_the_heads_is_a_fault(app):
    deposit(1)
    ledger.rotate(SYSTEM, reason="换")
    path = ledger.kept_heads_path()
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(ledger.list_rotations()[0] | {"size": 0}) + "\n")
    assert any("换钥登记" in f for f in ledger.verify().faults)


def test_the_commands_rotate_and_check_old_files_offline(bare_app, tmp_path, monkeypatch):
    run = lambda command, *args: CliRunner().invoke(command, [str(a) for a in args], obj=Application(lambda: bare_app))
    with bare_app.test_request_context():
        old = posted(1)
    files = {name: tmp_path / f"{name}.json" for name in ("old", "keys", "head", "consistency")}
    files["old"].write_text(json.dumps(old), "utf-8")
    files["head"].write_text(json.dumps(old["head"]), "utf-8")
    assert run(group, "rotate").exit_code == 2
    told = run(group, "rotate", "--reason", "六年一换")
    assert told.exit_code == 0 and ledger.public_bytes(tmp_path / "site" / "keys" / "ledger.pem").hex() in told.stdout
    with bare_app.test_request_context():
        posted(2)
    files["keys"].write_text(run(group, "keys").stdout, "utf-8")
    files["consistency"].write_text(run(group, "consistency", "1").stdout, "utf-8")
    seen = run(group, "verify", "--head", files["head"])
    assert seen.exit_code == 0 and "1 个账头相符" in seen.stdout and "六年一换" in seen.stdout
    monkeypatch.setenv("GUANXUE_DATA", str(tmp_path / "site"))
    assert run(verify_file, files["old"]).exit_code == 0  # on the site itself
    new = json.loads(files["keys"].read_text("utf-8"))["keys"][0]["public_key"]
    monkeypatch.setenv("GUANXUE_DATA", str(tmp_path / "elsewhere"))
    assert run(verify_file, files["old"], "--public-key", new).exit_code == 1
    assert run(verify_file, files["old"], "--public-key", new, "--keys", files["keys"]).exit_code == 0
    since = ("--public-key", new, "--keys", files["keys"], "--since")
    assert run(verify_file, files["consistency"], *since, files["head"]).stdout.startswith("前后一致")
    files["head"].write_text(json.dumps(old["head"] | {"root": "11" * 32}), "utf-8")
    assert run(verify_file, files["consistency"], *since, files["head"]).exit_code == 1
    refused = run(group, "verify", "--head", files["head"])
    assert refused.exit_code == 1 and "签名是假的" in refused.stdout
