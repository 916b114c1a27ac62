"""A stranger's own verifier, written from docs/formats.md alone: nothing of ours is imported to judge what we publish."""

from __future__ import annotations

import copy
import hashlib
import json

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from tests.ledger.test_service import deposit

from guanxue import ledger
from guanxue.core.actor import SYSTEM
from guanxue.core.db import writing

# ---- the stranger's program


def canonical(value) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def signed_by(document: dict, key: dict, member: str = "signature") -> bool:
    body = {k: v for k, v in document.items() if k not in ("signature", "countersignature")}
    public = bytes.fromhex(key["public_key"])
    if key["algorithm"] != "Ed25519" or key["key_id"] != sha(public).hex()[:16]:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(document[member]), canonical(body))
    except InvalidSignature:
        return False
    return True


def is_citys(head: dict, keys: dict) -> bool:
    own = [k for k in keys["keys"] if k["public_key"] == head["public_key"]]
    return bool(own) and (own[0]["until_size"] is None or head["size"] <= own[0]["until_size"]) and signed_by(head, own[0])


def is_proved(proof: dict, keys: dict) -> bool:
    entry, head = proof["entry"], proof["head"]
    value = sha(b"\0" + canonical({**entry, "document": canonical(entry["document"]).decode()}))
    at, last = entry["number"] - 1, head["size"] - 1
    for sibling in map(bytes.fromhex, proof["path"]):
        if at % 2 or at == last:
            value = sha(b"\1" + sibling + value)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            value = sha(b"\1" + value + sibling)
        at, last = at // 2, last // 2
    return is_citys(head, keys) and sum(n for _, n in entry["postings"]) == 0 and last == 0 and value.hex() == head["root"]


def goes_on(proof: dict, mine: dict, keys: dict) -> bool:
    path, at, last = [bytes.fromhex(h) for h in proof["path"]], mine["size"] - 1, proof["head"]["size"] - 1
    if mine["size"] == proof["head"]["size"]:
        return not path and mine["root"] == proof["head"]["root"]
    if mine["size"] & (mine["size"] - 1) == 0:
        path.insert(0, bytes.fromhex(mine["root"]))
    while at % 2:
        at, last = at // 2, last // 2
    old = new = path[0]
    for sibling in path[1:]:
        if at % 2 or at == last:
            old, new = sha(b"\1" + sibling + old), sha(b"\1" + sibling + new)
            while at and not at % 2:
                at, last = at // 2, last // 2
        else:
            new = sha(b"\1" + new + sibling)
        at, last = at // 2, last // 2
    return is_citys(proof["head"], keys) and last == 0 and (old.hex(), new.hex()) == (mine["root"], proof["head"]["root"])


# ---- what we publish, before its eyes


@pytest.fixture
def years(bare_app):
    """Proofs and heads from before, between and after two rotations, as a stranger would have kept them."""
    proofs, heads, number = [], [], 0
    with bare_app.test_request_context():
        for rounds in (5, 4, 3):
            if number:
                with writing():
                    ledger.rotate(SYSTEM, reason="一年一换")
            for _n in range(rounds):
                number += 1
                with writing():
                    deposit(number, number)
                    heads.append(ledger.seal())
                proofs += [ledger.proof(n) for n in (1, number)]
    return proofs, heads


def test_every_proof_of_all_years_holds_for_a_stranger(bare_app, years):
    proofs, _heads = years
    keys = bare_app.test_client().get("/api/v1/ledger/keys").get_json()
    assert len(keys["keys"]) == 3 and len({p["head"]["public_key"] for p in proofs}) == 3
    for proof in proofs:
        assert is_proved(proof, keys)
        for spoil in (lambda p: p["entry"].update(number=p["entry"]["number"] + 1), lambda p: p["head"].update(algorithm="none"),
                      lambda p: p["entry"]["postings"].reverse(), lambda p: p["path"].append("00" * 32),
                      lambda p: p["head"].update(size=500)):
            spoiled = copy.deepcopy(proof)
            spoil(spoiled)
            assert not is_proved(spoiled, keys)


def test_every_head_ever_kept_is_the_beginning_of_the_ledger(bare_app, years):
    _proofs, heads = years
    client = bare_app.test_client()
    keys = client.get("/api/v1/ledger/keys").get_json()
    published = client.get("/api/v1/ledger/heads").get_json()
    assert published["items"] == heads[::-1] and all(is_citys(h, keys) for h in heads)
    for n, mine in enumerate(heads):
        for second in (None, heads[-1]["size"], *(h["size"] for h in heads[n:n + 3])):
            address = f"/api/v1/ledger/consistency?first={mine['size']}" + (f"&second={second}" if second else "")
            proof = client.get(address).get_json()
            assert goes_on(proof, mine, keys), (mine["size"], second)
            if second != mine["size"]:
                assert not goes_on(proof, {**mine, "root": "11" * 32}, keys)


def test_rotations_are_signed_by_both_keys(bare_app, years):
    keys = bare_app.test_client().get("/api/v1/ledger/keys").get_json()
    assert [k["until_size"] for k in keys["keys"]] == [None, 9, 5]
    for rotation, older, newer in zip(keys["rotations"], keys["keys"][:0:-1], keys["keys"][-2::-1], strict=True):
        assert rotation["public_key"] == older["public_key"] and signed_by(rotation, older)
        assert rotation["next"]["public_key"] == newer["public_key"] and signed_by(rotation, newer, "countersignature")
