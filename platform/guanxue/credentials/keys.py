"""The keys that sign credentials: one signs now, of all the public half stays published, so that old files verify for ever.

The private key is a file (GUANXUE_CREDENTIAL_KEY, by default keys/credential.pem in the data folder). The published ones are
credentials/keys.json in the data folder: JWKs with `since`, and `until` once another took over. A file signed outside its
key's time is not valid, so that a key that was put aside signs nothing new.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.settings import settings
from guanxue.credentials import signing
from guanxue.credentials.checking import read_keys
from guanxue.credentials.document import moment


def published_path() -> Path:
    """The file of all public keys there ever were."""
    return settings().data_dir / "credentials" / "keys.json"


def list_keys() -> list[dict]:
    """All public keys as JWKs, oldest first; the last one signs."""
    try:
        return read_keys(published_path().read_text("utf-8"))
    except FileNotFoundError:
        return []


def take_published(text: str) -> None:
    """Add the keys of a backup that are not among ours, oldest first. Raises Malformed."""
    theirs = read_keys(text)
    with _published() as keys:
        known = {(k["kid"], k["since"]) for k in keys}
        keys[:] = sorted([*keys, *(k for k in theirs if (k["kid"], k["since"]) not in known)], key=lambda k: k["since"])


def signing_key() -> tuple[Ed25519PrivateKey, str]:
    """The key that signs now, and its id. It is published before it first signs."""
    key = _load(settings().credential_key_path)
    jwk = signing.key_of(signing.public_bytes(key))
    if not any(k["kid"] == jwk["kid"] and "until" not in k for k in list_keys()):
        _publish(jwk)
    return key, jwk["kid"]


def ensure_key() -> None:
    """Make the signing key where there is none (never in production, where it must be given), and publish it."""
    path = settings().credential_key_path
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = _draft(path)
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first
        finally:
            draft.unlink()
    signing_key()


def rotate_key(actor: Actor) -> tuple[str, str]:
    """Make a new key that signs from now on; the ids of the old and the new. The old private key is overwritten, for nothing
    needs it any more: what it signed is checked with its public half. Needs "administer"."""
    actor.require("administer")
    _key, old = signing_key()
    path = settings().credential_key_path
    draft = _draft(path)
    new = signing.key_of(signing.public_bytes(_load(draft)))
    _publish(new)
    os.replace(draft, path)
    audit.record(actor, "credentials.key.rotated", f"key:{new['kid']}", {"before": old})
    return old, new["kid"]


def _load(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key


def _draft(path: Path) -> Path:
    """A new private key beside `path`, readable for us alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    return draft


def _publish(jwk: dict) -> None:
    """Put a key at the end of the published ones; those before it end now."""
    now = moment(clock.now())
    with _published() as keys:
        if keys and keys[-1]["kid"] == jwk["kid"]:
            return  # another process was first
        for key in keys:
            key.setdefault("until", now)
        keys.append({**jwk, "since": now})


@contextmanager
def _published() -> Iterator[list[dict]]:
    """The published keys, to be changed by one process at a time; written whole or not at all."""
    path = published_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        keys = list_keys()
        yield keys
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps({"keys": keys}, indent=1) + "\n", "utf-8")
        os.replace(draft, path)
