"""Signed heads: making the key, signing, and keeping every head in a file outside the database.

A head is {"algorithm", "key_id", "public_key", "size", "root", "sealed_at", "signature"}; the signature covers the
canonical bytes of all the others. Binary members are hex.

A kept line may also be a rewind: the signed word that an older ledger was put back, on whose authority, and that heads
kept before it which say more than its `size` are given up. `after` is the SHA-256 of the file before its line, so that
a copied rewind excuses nothing elsewhere.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import event, select

from guanxue.core.db import session
from guanxue.core.settings import settings
from guanxue.ledger.canonical import canonical
from guanxue.ledger.models import Head

log = logging.getLogger(__name__)
ALGORITHM = "Ed25519"
PENDING = "ledger.heads"
REWIND = "rewind"
Line = dict | Callable[[str], dict]  # a head, or what is signed once the digest of the file before it is known


def ensure_key() -> None:
    """Make the signing key where there is none (never in production, where it must be given)."""
    path = settings().ledger_key_path
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_bytes(pem)
    draft.chmod(0o600)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink()


@lru_cache(maxsize=4)
def _key(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def public_bytes(path: Path | None = None) -> bytes:
    """The 32 bytes of our public key, or of the key in `path`."""
    return _key(path or settings().ledger_key_path).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public: bytes) -> str:
    """The first 16 hex digits of the public key's SHA-256."""
    digest = Hash(SHA256())
    digest.update(public)
    return digest.finalize().hex()[:16]


def signed_head(size: int, root: bytes, sealed_at: str) -> dict:
    """A head of ours."""
    return _signed({"size": size, "root": root.hex(), "sealed_at": sealed_at})


def signed_rewind(size: int, root: bytes, told: dict, after: str) -> dict:
    """A rewind of ours to `size`; `told` holds from_size, at, by, reason, authority."""
    return _signed({"kind": REWIND, "size": size, "root": root.hex(), "after": after, **told})


def _signed(body: dict) -> dict:
    public = public_bytes()
    head = {"algorithm": ALGORITHM, "key_id": key_id(public), "public_key": public.hex(), **body}
    return {**head, "signature": _key(settings().ledger_key_path).sign(canonical(head)).hex()}


def is_genuine(head: dict) -> bool:
    """Does the signature fit the head's own public key? Whether that key is ours is for the caller."""
    try:
        if head["algorithm"] != ALGORITHM or head["key_id"] != key_id(bytes.fromhex(head["public_key"])):
            return False
        body = {k: v for k, v in head.items() if k != "signature"}
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head["public_key"]))
        public.verify(bytes.fromhex(head["signature"]), canonical(body))
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


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
    """The heads kept outside the database, in the order of keeping. A damaged line comes back as {"damaged": line}.

    A rewind gets "is_in_place": does it stand where it was signed?
    """
    found, before = [], hashlib.sha256()
    for line in kept_bytes().splitlines(keepends=True):
        head = _parsed(line) if line.strip() else None
        if head is not None:
            if head.get("kind") == REWIND:
                head["is_in_place"] = head.get("after") == before.hexdigest()
            found.append(head)
        before.update(line)
    return found


def _parsed(line: bytes) -> dict:
    try:
        head = json.loads(line)
        return head if isinstance(head, dict) else {"damaged": line}
    except ValueError:
        return {"damaged": line}


def _keep(lines: list[Line]) -> None:
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


def keep_after_commit(rewind: Callable[[str], dict] | None = None) -> None:
    """Keep the newest head outside the database as soon as the present transaction has committed, a rewind before it."""
    pending = session.info.setdefault(PENDING, [])
    if rewind is not None:
        pending.append(rewind)


def seal_after_commit() -> None:
    """Install the hook that does so; called once, by the wiring."""
    factory = session.session_factory
    if not event.contains(factory, "after_commit", _after_commit):
        event.listen(factory, "before_commit", _before_commit)
        event.listen(factory, "after_commit", _after_commit)
        event.listen(factory, "after_soft_rollback", _after_rollback)


def _before_commit(of) -> None:
    # What is kept is what is really committed: a savepoint that was undone may have taken the sealed head with it.
    if PENDING in of.info and not of.in_nested_transaction():
        head = of.scalar(select(Head.document).order_by(Head.size.desc()).limit(1))
        of.info[PENDING] = [*(x for x in of.info[PENDING] if callable(x)), *([head] if head else [])]


def _after_commit(of) -> None:
    if of.in_nested_transaction():
        return  # a savepoint was released; the work may still be undone
    lines = of.info.pop(PENDING, None)
    if lines:
        try:
            _keep(lines)
        except OSError:
            log.exception("a head could not be kept outside the database")


def _after_rollback(of, previous) -> None:
    if previous.parent is None:
        of.info.pop(PENDING, None)
