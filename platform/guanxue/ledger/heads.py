"""Signed heads, and the file outside the database that keeps every one of them.

A head is {"algorithm", "key_id", "public_key", "size", "root", "sealed_at", "signature"}: after `size` entries the root of
the tree was this.

A kept line may also be a rotation (keys.py), or a rewind: the signed word that an older ledger was put back, on whose
authority, and that heads kept before it which say more than its `size` are given up. `after` is the SHA-256 of the file
before its line, so that a copied rewind excuses nothing elsewhere.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import event, select

from guanxue.core.db import session
from guanxue.core.settings import settings
from guanxue.ledger import keys
from guanxue.ledger.models import Head

log = logging.getLogger(__name__)
PENDING, UNDO = "ledger.heads", "ledger.undo"
REWIND = "rewind"
Line = dict | Callable[[str], dict]  # what is kept, or what is signed once the digest of the file before it is known


def signed_head(size: int, root: bytes, sealed_at: str) -> dict:
    """A head of ours."""
    return keys.signed({"size": size, "root": root.hex(), "sealed_at": sealed_at})


def signed_rewind(size: int, root: bytes, told: dict, after: str) -> dict:
    """A rewind of ours to `size`; `told` holds from_size, at, by, reason, authority."""
    return keys.signed({"kind": REWIND, "size": size, "root": root.hex(), "after": after, **told})


def kept_heads_path() -> Path:
    """The file outside the database: one head a line, only ever appended to."""
    return settings().data_dir / "ledger" / "heads.jsonl"


def kept_bytes() -> bytes:
    """The file as it stands, no line half written."""
    try:
        with kept_heads_path().open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return file.read()
    except FileNotFoundError:
        return b""


def kept_heads() -> list[dict]:
    """What is kept outside the database, in the order of keeping. A damaged line comes back as {"damaged": line}.

    A rewind gets "is_in_place": does it stand where it was signed, before its key handed over to another?
    """
    found, before, gone = [], hashlib.sha256(), set()
    for line in kept_bytes().splitlines(keepends=True):
        head = _parsed(line) if line.strip() else None
        if head is not None:
            if head.get("kind") == REWIND:
                head["is_in_place"] = head.get("after") == before.hexdigest() and head.get("public_key") not in gone
            elif keys.is_rotation(head):
                gone.add(head["public_key"])
            found.append(head)
        before.update(line)
    return found


def kept_rotations(path: Path) -> list[dict]:
    """The rotations in such a file, nothing where there is none; needs no site."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    return [line for line in (_parsed(x) for x in lines if b'"rotation"' in x) if keys.is_rotation(line)]


def _parsed(line: bytes) -> dict:
    try:
        head = json.loads(line)
        return head if isinstance(head, dict) else {"damaged": line}
    except ValueError:
        return {"damaged": line}


def keep(lines: list[Line]) -> None:
    """Append to the file outside and see it on the disk. What cannot be kept is written to the log, for work goes on."""
    try:
        _append(lines)
    except OSError:
        log.exception("a head could not be kept outside the database")


def _append(lines: list[Line]) -> None:
    path = kept_heads_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        for line in lines:
            if callable(line):
                file.seek(0)
                line = line(hashlib.sha256(file.read()).hexdigest())
            file.write(json.dumps(line, sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def keep_after_commit(first: Line | None = None) -> None:
    """Keep the newest head outside the database as soon as the present transaction has committed, and `first` before it."""
    pending = session.info.setdefault(PENDING, [])
    if first is not None:
        pending.append(first)


def undo_on_rollback(undo: Callable[[], None]) -> None:
    """Call it if the present transaction does not commit."""
    session.info.setdefault(UNDO, []).append(undo)


def seal_after_commit() -> None:
    """Install the hooks that do so; called once, by the wiring."""
    factory = session.session_factory
    if not event.contains(factory, "after_commit", _after_commit):
        event.listen(factory, "before_commit", _before_commit)
        event.listen(factory, "after_commit", _after_commit)
        event.listen(factory, "after_soft_rollback", _after_rollback)


def _before_commit(of) -> None:
    # What is kept is what is really committed: a savepoint that was undone may have taken the sealed head with it.
    if PENDING in of.info and not of.in_nested_transaction():
        head = of.scalar(select(Head.document).order_by(Head.size.desc()).limit(1))
        of.info[PENDING] = [*of.info[PENDING], *([head] if head else [])]


def _after_commit(of) -> None:
    if of.in_nested_transaction():
        return  # a savepoint was released; the work may still be undone
    of.info.pop(UNDO, None)
    lines = of.info.pop(PENDING, None)
    if lines:
        keep(lines)


def _after_rollback(of, previous) -> None:
    if previous.parent is None:
        of.info.pop(PENDING, None)
        for undo in of.info.pop(UNDO, []):
            undo()
