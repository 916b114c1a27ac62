"""Heads are signed in batches: a deposit hashes nothing but itself and signs nothing, and nothing stays unsealed for long.

The first entry after a head asks, in its own transaction, for a job that seals some minutes later; BATCH entries seal at
once. Who wants a proof sooner has a head signed for it there and then.
"""

from __future__ import annotations

import json
from datetime import timedelta

from flask import current_app
from sqlalchemy import insert

from guanxue import jobs
from guanxue.core import clock
from guanxue.core.db import is_writing, session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Lent, PreparedChange, here
from guanxue.ledger import heads, keys, merkle, queries
from guanxue.ledger.canonical import moment_text
from guanxue.ledger.errors import NoSuchHead
from guanxue.ledger.models import Head, TreeNode

JOB = "ledger.seal"
SEAL_AFTER = timedelta(minutes=2)
LATE = timedelta(hours=1)
BATCH = 1000
_SIGNED = "guanxue.ledger.head"
_NEW_NODE = PreparedChange(insert(TreeNode), ["level", "index", "hash"])


def queue() -> Lent:
    """Entry numbers have no gaps, so postings queue up until the transaction's end. SQLite's writers do anyway.

    Gives the transaction's connection.
    """
    on = here()
    if on.dialect.name == "postgresql":
        on.driver.execute("SELECT pg_advisory_xact_lock(71236502)")
    return on


def seal() -> dict | None:
    """Grow the stored tree, sign the present head, keep it in the database and, once committed, outside it too.

    None for an empty ledger.
    """
    on = queue()
    for (level, index), value in queries.young_nodes(on):
        _NEW_NODE.make(on, level=level, index=index, hash=value)
    size = queries.size()
    there = queries.stored_head(size)
    if there is None and size:
        there = heads.signed_head(size, merkle.root(size, queries.reader()), moment_text(clock.now()))
        session.add(Head(size=size, document=there))
        session.flush()
    heads.keep_after_commit()
    return there


def seal_soon(size: int, sealed: int) -> None:
    """After entry number `size`, where the newest head speaks for `sealed`."""
    if size - sealed >= BATCH:
        seal()
    elif size - sealed == 1:
        jobs.enqueue(JOB, {}, key="tail", run_at=clock.now() + SEAL_AFTER)


def watch() -> None:
    """Have the tail sealed if there is one; for the site's start."""
    if queries.size() > queries.sealed_size():
        jobs.enqueue(JOB, {}, key="tail")


def is_waiting() -> bool:
    """Is there a job that will seal the tail, and not one that should have long ago?"""
    return any(job.state in ("waiting", "running") and job.run_at > clock.now() - LATE for job in jobs.list_jobs(JOB, 10))


def head() -> dict | None:
    """A signed head that speaks for every entry: the newest, or one signed now. None for an empty ledger.

    While only reading, what is signed now is kept outside the database alone; the job stores a head soon after.
    """
    size, stored = queries.size(), queries.stored_head()
    if stored is not None and stored["size"] >= size:
        return stored
    if not size:
        return None
    if is_writing():
        return seal()
    of = (queries.get_entry(size).leaf, keys.public_bytes())
    known, signed = current_app.extensions.get(_SIGNED, (None, {}))
    if known != of:
        signed = heads.signed_head(size, merkle.root(size, queries.reader()), moment_text(clock.now()))
        heads.keep([signed])
        current_app.extensions[_SIGNED] = (of, signed)
    return signed


def proof(number: int) -> dict:
    """Everything a stranger needs to check an entry offline: see proofs.verify_proof(). Raises NoSuchEntry."""
    entry, signed = queries.get_entry(number), head()
    return {
        "format": "guanxue-ledger-proof/1",
        "entry": {
            "number": entry.number, "key": entry.key, "kind": entry.kind, "posted_at": entry.posted_at,
            "reverses": entry.reverses, "document": json.loads(entry.document),
            "postings": [list(p) for p in queries.postings_of(number)],
        },
        "leaf": entry.leaf.hex(),
        "path": [h.hex() for h in merkle.path(number - 1, signed["size"], queries.reader())],
        "head": signed,
        **_keys_beside(signed),
    }


def consistency(first: int, second: int | None = None) -> dict:
    """The proof that the ledger of `first` entries is the beginning of that of `second` (unless said, of the newest head).

    Raises Invalid where it cannot be, NoSuchHead where no head of just `second` entries was stored.
    """
    signed = head() if second is None else queries.stored_head(second)
    if signed is None:
        raise NoSuchHead(_("没有 %(n)s 笔时的账头。", n=second or 0))
    if not 0 <= first <= signed["size"]:
        raise Invalid(_("开头的笔数应在 0 到 %(n)s 之间。", n=signed["size"]))
    path = merkle.consistency(first, signed["size"], queries.reader())
    return {"format": "guanxue-ledger-consistency/1", "first_size": first, "path": [h.hex() for h in path], "head": signed,
            **_keys_beside(signed)}


def _keys_beside(signed: dict) -> dict:
    """The key that is ours now, and how the head's key led to it where that is another."""
    own = keys.public_bytes().hex()
    return {"public_key": own} | ({} if signed["public_key"] == own else {"rotations": queries.list_rotations()})


def published_keys() -> dict:
    """Every key that signed or signs, newest first, with the moment and the size from which and to which it did."""
    rotations = queries.list_rotations()
    own, first = keys.public_bytes(), session.get(Head, queries.first_sealed())
    found = [keys.named(own) | {"until": None, "until_size": None}]
    for rotation in reversed(rotations):
        found[-1] |= {"since": rotation["at"], "since_size": rotation["size"]}
        found.append({name: rotation[name] for name in ("algorithm", "key_id", "public_key")}
                     | {"until": rotation["at"], "until_size": rotation["size"]})
    found[-1] |= {"since": first.document["sealed_at"] if first else None, "since_size": 0}
    return {"format": "guanxue-ledger-keys/1", "keys": found, "rotations": rotations}
