"""`guanxue verify FILE`: whose signature it is decides, not that there is one."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.ledger.test_service import deposit

from guanxue import ledger
from guanxue.ledger import merkle
from guanxue.ledger.canonical import canonical, entry_leaf
from guanxue.ledger.commands import verify_file
from guanxue.ledger.keys import key_id


@pytest.fixture
def file(app, tmp_path, monkeypatch):
    """A genuine proof in a file, on its own site."""
    monkeypatch.setenv("GUANXUE_DATA", str(tmp_path / "site"))
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(ledger.proof(deposit(1).number)), "utf-8")
    return path


def forged(document: dict) -> dict:
    """A tree of one leaf, a thousand times the amount, signed with a fresh key of the forger's own."""
    key = Ed25519PrivateKey.generate()
    entry = {**document["entry"], "number": 1, "postings": [[a, n * 1000] for a, n in document["entry"]["postings"]]}
    leaf = merkle.leaf_hash(entry_leaf(**{**entry, "document": canonical(entry["document"]).decode()}))
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    head = {**document["head"], "size": 1, "root": leaf.hex(), "public_key": public.hex(), "key_id": key_id(public)}
    head.pop("signature")
    head["signature"] = key.sign(canonical(head)).hex()
    return {**document, "entry": entry, "leaf": leaf.hex(), "path": [], "head": head, "public_key": public.hex()}


def test_the_sites_own_proof_is_genuine(file):
    assert CliRunner().invoke(verify_file, [str(file)]).exit_code == 0
    assert CliRunner().invoke(verify_file, [str(file), "--public-key", ledger.public_bytes().hex()]).exit_code == 0


def test_a_forgery_signed_with_another_key_is_refused_without_being_told_the_key(file):
    file.write_text(json.dumps(forged(json.loads(file.read_text()))))
    assert ledger.verify_proof(json.loads(file.read_text())) is None  # it is whole in itself
    told = CliRunner().invoke(verify_file, [str(file)])
    assert told.exit_code == 1 and "公钥" in told.stderr


def test_where_no_key_is_known_nobody_is_believed(file, monkeypatch, tmp_path):
    monkeypatch.setenv("GUANXUE_DATA", str(tmp_path / "elsewhere"))
    told = CliRunner().invoke(verify_file, [str(file)])
    assert told.exit_code == 1 and "--public-key" in told.stderr
    assert not (tmp_path / "elsewhere").exists()
