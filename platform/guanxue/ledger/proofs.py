"""Checking a proof offline: no database, no network, only the document and the public key."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from guanxue.ledger import keys, merkle
from guanxue.ledger.canonical import canonical, entry_leaf

LARGEST_BYTES = 1_000_000


def read_proof(path: Path) -> object | None:
    """The JSON document in a file; None where there is none or it is far too large."""
    try:
        return json.loads(path.read_text("utf-8")) if path.stat().st_size <= LARGEST_BYTES else None
    except (OSError, ValueError, RecursionError):
        return None


def read_heads(path: Path) -> list[dict]:
    """The heads in a file somebody kept: one head, a proof or a page of heads with theirs, a list, or one a line."""
    try:
        text = path.read_text("utf-8")
        try:
            found = [json.loads(text)]
        except ValueError:
            found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, ValueError, RecursionError):
        return []
    if len(found) == 1 and isinstance(found[0], dict) and isinstance(found[0].get("items"), list):
        found = found[0]["items"]
    elif len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    found = [one["head"] if isinstance(one, dict) and isinstance(one.get("head"), dict) else one for one in found]
    return [one if isinstance(one, dict) and "root" in one else {"damaged": repr(one)} for one in found]


def verify_proof(document: dict, public_key_hex: str | None = None, rotations: Iterable[dict] = ()) -> str | None:
    """None when the entry is in the tree whose head was signed by the key, else what does not fit (a word).

    `public_key_hex` is the key the reader trusts, or one that rotations (these, or the document's own) lead to; without it
    the head's own key is taken.
    """
    try:
        entry, head = document["entry"], document["head"]
        fault = _fault_of_head(document, head, public_key_hex, rotations)
        if fault:
            return fault
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


def verify_consistency(document: dict, first: dict, public_key_hex: str | None = None,
                       rotations: Iterable[dict] = ()) -> str | None:
    """None when the ledger of the head `first`, which the reader kept, is the beginning of that of the document's head.

    Otherwise a word, as of verify_proof(): "path" says that history was rewritten in between. Whether `first` itself was
    signed is looked at as well.
    """
    try:
        head = document["head"]
        fault = (_fault_of_head(document, head, public_key_hex, rotations)
                 or _fault_of_head(document, first, public_key_hex, rotations))
        if fault:
            return fault
        if document["first_size"] != first["size"]:
            return "form"
        path = [bytes.fromhex(h) for h in document["path"]]
        roots = [bytes.fromhex(one["root"]) for one in (first, head)]
        return None if merkle.is_consistent(first["size"], roots[0], head["size"], roots[1], path) else "path"
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return "form"


def _fault_of_head(document: dict, head: dict, anchor: str | None, rotations: Iterable[dict]) -> str | None:
    fault = keys.fault_of(head)
    if fault in ("form", "algorithm"):
        return fault
    if anchor is not None:
        trusted = keys.trusted_keys(anchor, [*rotations, *document.get("rotations", [])])
        if not keys.may_sign(trusted, head):
            return "key"
    return fault
