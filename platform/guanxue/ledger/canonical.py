"""Canonical bytes of documents: the integers-and-strings part of RFC 8785 (JCS). Floats are refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime


def canonical(document: object) -> bytes:
    """UTF-8 JSON, members sorted by name, no blanks. Raises ValueError on a float: money is integers."""
    _refuse_floats(document)
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _refuse_floats(value: object) -> None:
    if isinstance(value, float):
        raise ValueError("a ledger document holds no floats")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _refuse_floats(inner)


def moment_text(moment: datetime) -> str:
    """RFC 3339 UTC with milliseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def entry_leaf(
    *, number: int, key: str, kind: str, posted_at: str, reverses: int | None, document: str, postings: list[list]
) -> bytes:
    """The bytes an entry is hashed as. `postings` are [account key, amount in millicredits], in posting order."""
    return canonical({
        "number": number, "key": key, "kind": kind, "posted_at": posted_at, "reverses": reverses,
        "document": document, "postings": postings,
    })
