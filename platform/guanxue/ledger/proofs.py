"""Checking a proof offline: no database, no network, only the document and the public key."""

from __future__ import annotations

import json
from pathlib import Path

from guanxue.ledger import merkle
from guanxue.ledger.canonical import canonical, entry_leaf
from guanxue.ledger.heads import is_genuine

LARGEST_BYTES = 1_000_000


def read_proof(path: Path) -> object | None:
    """The JSON document in a file; None where there is none or it is far too large."""
    try:
        return json.loads(path.read_text("utf-8")) if path.stat().st_size <= LARGEST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None


def verify_proof(document: dict, public_key_hex: str | None = None) -> str | None:
    """None when the entry is in the tree whose head was signed by the key, else what does not fit (a word).

    `public_key_hex` is the key the reader trusts; without it the head's own key is taken.
    """
    try:
        entry, head = document["entry"], document["head"]
        if public_key_hex is not None and head["public_key"] != public_key_hex:
            return "key"
        if not is_genuine(head):
            return "signature"
        if sum(amount for _account, amount in entry["postings"]):
            return "sum"
        leaf = merkle.leaf_hash(entry_leaf(**{**entry, "document": canonical(entry["document"]).decode()}))
        if leaf.hex() != document["leaf"]:
            return "entry"
        path = [bytes.fromhex(h) for h in document["path"]]
        if merkle.root_from_path(leaf, entry["number"] - 1, head["size"], path).hex() != head["root"]:
            return "path"
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return "form"
    return None
