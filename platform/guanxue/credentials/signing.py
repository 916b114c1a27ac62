"""Signed tokens: the compact form of RFC 7515, and which algorithms there are.

The key says by which algorithm a token is checked, never the token's own header: a header that names another one, or none,
is refused. A further algorithm (SM2 with SM3) is a line of ALGORITHMS, named as its keys and headers will name it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

LARGEST_BYTES = 1_000_000


class Malformed(ValueError):
    """The text is no token in compact form."""


@dataclass(frozen=True)
class Algorithm:
    """How keys of one kind sign. `kty` and `crv` are how a JWK names such a key (RFC 8037 for Ed25519)."""

    kty: str
    crv: str
    sign: Callable[[object, bytes], bytes]
    is_signed: Callable[[bytes, bytes, bytes], bool]


def _is_signed_ed25519(public: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


ALGORITHMS = {"EdDSA": Algorithm("OKP", "Ed25519", lambda key, data: key.sign(data), _is_signed_ed25519)}


@dataclass(frozen=True)
class Token:
    """A token taken apart; nothing about it has been checked."""

    header: dict
    payload: dict
    signed: bytes
    signature: bytes

    @property
    def key_id(self) -> str:
        """The id of the key that the header names: the last part of its address."""
        return str(self.header.get("kid", "")).rpartition("/")[2]


def encode(data: bytes) -> str:
    """base64url without padding (RFC 7515)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The bytes of base64url without padding, written in the one way that there is for them. Raises Malformed."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(str(error)) from error
    if encode(data) != text:
        raise Malformed("not written in the one right way")
    return data


def sign(key: Ed25519PrivateKey, payload: dict, *, kid: str, algorithm: str = "EdDSA") -> str:
    """The payload as a signed token whose header names the key by its address."""
    header = {"alg": algorithm, "kid": kid, "typ": "JWT"}
    signed = ".".join(encode(_bytes(part)) for part in (header, payload))
    return f"{signed}.{encode(ALGORITHMS[algorithm].sign(key, signed.encode()))}"


def _bytes(part: dict) -> bytes:
    return json.dumps(part, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse(text: str) -> Token:
    """Take a token apart. Raises Malformed."""
    parts = text.strip().split(".")
    if len(parts) != 3 or len(text) > LARGEST_BYTES or not text.isascii():
        raise Malformed("three parts are asked for")
    header, payload = (_object(part) for part in parts[:2])
    return Token(header, payload, f"{parts[0]}.{parts[1]}".encode(), decode(parts[2]))


def _object(part: str) -> dict:
    try:
        found = json.loads(decode(part), object_pairs_hook=_once)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from error
    if not isinstance(found, dict):
        raise Malformed("an object is asked for")
    return found


def _once(pairs: list[tuple[str, object]]) -> dict:
    """A name that stands twice would be read differently by different readers."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Malformed("a name stands twice")
    return found


def key_of(public: bytes, algorithm: str = "EdDSA") -> dict:
    """A public key as a JWK: its id is the beginning of its SHA-256."""
    kind = ALGORITHMS[algorithm]
    return {"kty": kind.kty, "crv": kind.crv, "x": encode(public), "kid": hashlib.sha256(public).hexdigest()[:16],
            "alg": algorithm, "use": "sig"}


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    """The 32 bytes of the key's public half."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def is_signed_by(token: Token, key: dict) -> bool:
    """Was the token signed with that key (a JWK), by the key's own algorithm?"""
    kind = ALGORITHMS.get(key.get("alg", ""))
    if kind is None or token.header.get("alg") != key["alg"] or (key.get("kty"), key.get("crv")) != (kind.kty, kind.crv):
        return False
    try:
        return kind.is_signed(decode(key["x"]), token.signature, token.signed)
    except (KeyError, TypeError, Malformed):
        return False
