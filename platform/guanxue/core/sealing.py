"""Small secrets at rest: sealed so that only this site can open them, and hashed so that equal ones can be found.

AES-256-GCM with a key of its own for each purpose, derived from the site's secret. The first byte names the way it was
sealed, so that a later one can stand beside it; the owner's name is bound in, so that a sealed value moved to another row
does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guanxue.core.settings import settings

_AES_256_GCM = b"\x01"
_NONCE_BYTES = 12


class CannotOpen(Exception):
    """The value was sealed with another key, for another owner, or was changed."""


def seal(purpose: str, owner: str, value: str) -> bytes:
    """`value` sealed for one purpose ("citizen-id") and one owner ("person:17")."""
    return seal_bytes(purpose, owner, value.encode())


def unseal(purpose: str, owner: str, sealed: bytes) -> str:
    """The value again. Raises CannotOpen."""
    return unseal_bytes(purpose, owner, sealed).decode()


def seal_bytes(purpose: str, owner: str, value: bytes) -> bytes:
    """The same for a file."""
    nonce = os.urandom(_NONCE_BYTES)
    return _AES_256_GCM + nonce + AESGCM(_key("seal", purpose)).encrypt(nonce, value, owner.encode())


def unseal_bytes(purpose: str, owner: str, sealed: bytes) -> bytes:
    """The file again. Raises CannotOpen."""
    if sealed[:1] != _AES_256_GCM:
        raise CannotOpen(purpose)
    nonce, body = sealed[1:1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES:]
    try:
        return AESGCM(_key("seal", purpose)).decrypt(nonce, body, owner.encode())
    except InvalidTag:
        raise CannotOpen(purpose) from None


def keyed_hash(purpose: str, value: str) -> str:
    """64 hex digits: the same for equal values, worth nothing to somebody without the site's secret."""
    return hmac.new(_key("hash", purpose), value.encode(), hashlib.sha256).hexdigest()


def _key(kind: str, purpose: str) -> bytes:
    return settings().derive_key(f"{kind}:{purpose}")
