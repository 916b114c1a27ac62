"""Keys and signatures: which algorithms we know, the key that signs now, and how one key hands over to the next.

A signed document names its `algorithm`, `key_id` and `public_key`; the signature covers the canonical bytes of all its
members but `signature` and `countersignature`. Binary members are hex. Another algorithm (SM2 with SM3) is one more line in
ALGORITHMS and a key that signs by it.

A rotation is such a document, kind "rotation": the old key signs that `next` goes on after `size` entries, and `next`
countersigns the same bytes. So who trusts either key is led to the other, and to the old one for heads up to `size` alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
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

from guanxue.core.settings import settings
from guanxue.ledger.canonical import canonical

ALGORITHM = "Ed25519"
ROTATION = "rotation"
_SIGNATURES = ("signature", "countersignature")


def _ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


# By the name a document gives: does the signature fit the public key and the message? ValueError for a malformed key.
ALGORITHMS: dict[str, Callable[[bytes, bytes, bytes], bool]] = {ALGORITHM: _ed25519}


# ---- our own key


def ensure_key() -> None:
    """Make the signing key where there is none (never in production, where it must be given)."""
    path = settings().ledger_key_path
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_key(path, Ed25519PrivateKey.generate())


def write_key(path: Path, key: Ed25519PrivateKey) -> None:
    """Put the key there, readable for its owner alone, unless a file of that name is there already."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first
    finally:
        draft.unlink()


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file, as the file is now. Raises OSError, and ValueError for what is no Ed25519 key."""
    told = path.stat()
    return _load(path, told.st_ino, told.st_mtime_ns)


@lru_cache(maxsize=4)
def _load(path: Path, _inode: int, _changed_ns: int) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def public_of(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of its public key."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def public_bytes(path: Path | None = None) -> bytes:
    """The 32 bytes of our public key, or of the key in `path`."""
    return public_of(load_key(path or settings().ledger_key_path))


def key_id(public: bytes) -> str:
    """The first 16 hex digits of the public key's SHA-256."""
    digest = Hash(SHA256())
    digest.update(public)
    return digest.finalize().hex()[:16]


def named(public: bytes) -> dict:
    """How a document names an Ed25519 key."""
    return {"algorithm": ALGORITHM, "key_id": key_id(public), "public_key": public.hex()}


def signed(body: dict) -> dict:
    """The document of these members, signed with the key that is ours now."""
    key = load_key(settings().ledger_key_path)
    document = {**named(public_of(key)), **body}
    return {**document, "signature": key.sign(canonical(document)).hex()}


# ---- judging others' documents


def fault_of(document: dict) -> str | None:
    """None when the signature fits the document's own key, else "form", "algorithm" or "signature".

    Whether that key is one to trust is for the caller.
    """
    if not isinstance(document, dict) or not isinstance(document.get("algorithm"), str):
        return "form"
    return _fault(document, document, "signature")


def _fault(document: dict, key: dict, member: str) -> str | None:
    """Does `member` of the document hold a signature of this key?"""
    check = ALGORITHMS.get(key["algorithm"])
    if check is None:
        return "algorithm"
    try:
        public, body = bytes.fromhex(key["public_key"]), {k: v for k, v in document.items() if k not in _SIGNATURES}
        is_good = key["key_id"] == key_id(public) and check(public, bytes.fromhex(document[member]), canonical(body))
    except (KeyError, TypeError, ValueError, RecursionError):
        return "signature"
    return None if is_good else "signature"


def is_genuine(document: dict) -> bool:
    """Does the signature fit the document's own key, by an algorithm we know?"""
    return fault_of(document) is None


# ---- one key after another


def signed_rotation(new: Ed25519PrivateKey, told: dict) -> dict:
    """Our present key hands over to `new`; `told` holds size, root, at, by, reason."""
    document = signed({"kind": ROTATION, "next": named(public_of(new)), **told})
    body = {k: v for k, v in document.items() if k not in _SIGNATURES}
    return {**document, "countersignature": new.sign(canonical(body)).hex()}


def is_rotation(document: dict) -> bool:
    """Is it a rotation that both keys signed?"""
    try:
        return (document["kind"] == ROTATION and isinstance(document["size"], int) and is_genuine(document)
                and _fault(document, document["next"], "countersignature") is None)
    except (KeyError, TypeError, AttributeError):
        return False


def trusted_keys(anchor: str, rotations: Iterable[dict]) -> dict[str, int | None]:
    """Which public keys (hex) the anchor leads to, each with the largest size its heads may have, None without a bound.

    Backward as far as rotations reach: each key vouched for the one before it. Forward from the anchor alone, and only where
    it handed over to one key: two would mean that somebody else has it.
    """
    good = list({r["signature"]: r for r in rotations if is_rotation(r)}.values())
    onward = {r["next"]["public_key"] for r in good if r["public_key"] == anchor}
    trusted: dict[str, int | None] = {anchor: None}
    _go_back(anchor, good, trusted)
    at = anchor
    while len(onward) == 1:
        rotation = next(r for r in good if r["public_key"] == at)
        trusted[at], at = rotation["size"], onward.pop()
        if at in trusted:
            break
        trusted[at] = None
        onward = {r["next"]["public_key"] for r in good if r["public_key"] == at}
    return trusted


def _go_back(key: str, rotations: list[dict], trusted: dict[str, int | None]) -> None:
    waiting = [key]
    while waiting:
        at = waiting.pop()
        for rotation in rotations:
            if rotation["next"]["public_key"] == at and rotation["public_key"] not in trusted:
                trusted[rotation["public_key"]] = rotation["size"]
                waiting.append(rotation["public_key"])


def may_sign(trusted: dict[str, int | None], document: dict) -> bool:
    """May the document's key have signed for so many entries?"""
    key, size = document.get("public_key"), document.get("size")
    if not isinstance(key, str) or key not in trusted or not isinstance(size, int):
        return False
    return trusted[key] is None or size <= trusted[key]
