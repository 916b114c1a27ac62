"""Posting, reversing, rewinding, and handing over to another key."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import bindparam, func, insert, select

from guanxue import audit
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.prepared import Lent, Prepared, PreparedChange
from guanxue.core.settings import settings
from guanxue.ledger import heads, keys, merkle, queries, sealing
from guanxue.ledger.canonical import LARGEST, account_text, canonical, moment_text, posting_text, row_leaf
from guanxue.ledger.errors import AlreadyReversed, CannotRotate
from guanxue.ledger.events import EntryReversed
from guanxue.ledger.models import Account, Entry, Head, Posting, Rotation
from guanxue.ledger.verification import rewind_point

# A deposit is asked and written by the driver itself: what it costs is what a bare insert of as many rows costs.
_BEFORE = Prepared(select(
    select(Entry.number).where(Entry.key == bindparam("key")).scalar_subquery().label("there"),
    select(func.max(Entry.number)).scalar_subquery().label("size"),
    select(func.max(Head.size)).scalar_subquery().label("sealed"),
    *(select(Account.id).where(Account.key == bindparam(name)).scalar_subquery().label(name) for name in ("first", "second"))))
_ACCOUNT = Prepared(select(Account.id).where(Account.key == bindparam("key")))
_NEW_ACCOUNT = PreparedChange(insert(Account), ["key"])
_ENTRY_COLUMNS = ["number", "key", "kind", "posted_at", "reverses", "document", "leaf"]
_NEW_ENTRY = PreparedChange(insert(Entry), _ENTRY_COLUMNS)
_NEW_POSTING = PreparedChange(insert(Posting), ["entry_number", "position", "account_id", "amount_millicredits"])


def post(
    actor: Actor, *, key: str, kind: str, postings: list[tuple[str, int]], document: dict, at: datetime | None = None,
    reverses: int | None = None,
) -> Entry:
    """Post a transfer of millicredits between accounts; the same `key` gives the same entry, posted once.

    `postings` are (account key, amount) and sum to zero; `document` says why (integers and strings only).
    Raises Invalid when they do not sum, are fewer than two, or one is zero.
    """
    if len(postings) < 2 or sum(amount for _account, amount in postings) or not all(a for _k, a in postings):
        raise Invalid(_("记账两边不相等。"))
    if not all(type(amount) is int and abs(amount) <= LARGEST for _account, amount in postings):
        raise ValueError("an amount is a number of millicredits")
    on = sealing.queue()
    (first, _a), (second, _b) = postings[:2]
    before = _BEFORE.rows(on, key=key, first=first, second=second)[0]
    if before.there is not None:
        return queries.get_entry(before.there)
    facts = {"number": (before.size or 0) + 1, "key": key, "kind": kind, "posted_at": moment_text(at or clock.now()),
             "reverses": reverses, "document": canonical({**document, "by": actor.ref}).decode()}
    written = ",".join([posting_text(account_text(account), amount) for account, amount in postings])
    facts["leaf"] = merkle.leaf_hash(row_leaf(**facts, postings=written))
    _write(on, facts, postings, {first: before.first, second: before.second})
    sealing.seal_soon(facts["number"], before.sealed or 0)
    return Entry(**facts)


def _write(on: Lent, facts: dict, postings: list[tuple[str, int]], known: dict[str, int | None]) -> None:
    """The entry with its postings; the tree grows when it is sealed. `known` accounts were asked for already."""
    number = facts["number"]
    _NEW_ENTRY.make(on, **facts)
    for position, (account, amount) in enumerate(postings):
        id = known[account] = known.get(account) or _account_id(on, account)
        _NEW_POSTING.make(on, entry_number=number, position=position, account_id=id, amount_millicredits=amount)


def _account_id(on: Lent, key: str) -> int:
    found = _ACCOUNT.value(on, key=key)
    if found is None:
        _NEW_ACCOUNT.make(on, key=key)  # nobody else opens one: postings queue up
        found = _ACCOUNT.value(on, key=key)
    return found


def reverse(actor: Actor, number: int, *, reason: str, authority: str) -> Entry:
    """Undo an entry by a contra entry that names reason and authority. Raises NoSuchEntry, AlreadyReversed, Invalid.

    Emits EntryReversed: who holds the accounts is told by the rooms that know them.
    """
    reason, authority = reason.strip(), authority.strip()
    if not reason or not authority:
        raise Invalid(_("冲销必须写明原因和依据。"))
    sealing.queue()
    entry = queries.get_entry(number)
    if queries.is_reversed(number) or entry.reverses is not None:
        raise AlreadyReversed(_("这笔学分已经冲销过，或本身就是冲销。"))
    postings = queries.postings_of(number)
    made = post(actor, key=f"reversal:{number}", kind="reversal", postings=[(account, -amount) for account, amount in postings],
                reverses=number, document={"reverses": number, "reason": reason, "authority": authority})
    audit.record(actor, "ledger.entry.reversed", f"entry:{number}", {"contra": made.number, "reason": reason})
    events.emit(EntryReversed(actor, number, made.number, tuple(postings), reason, authority))
    return made


def rewind(actor: Actor, *, reason: str, authority: str) -> dict:
    """Record, signed and audited, that an older ledger was put back on purpose. Needs "administer".

    Rotations that the older ledger lacks come back from the heads kept outside. Gives {"from_size", "size"}. Raises Invalid
    without reason and authority, NothingToRewind.
    """
    actor.require("administer")
    if not reason.strip() or not authority.strip():
        raise Invalid(_("回退必须写明原因和依据。"))
    sealing.queue()
    size, root, from_size = rewind_point()
    told = {"from_size": from_size, "at": moment_text(clock.now()), "by": actor.ref, "reason": reason.strip(),
            "authority": authority.strip()}
    audit.record(actor, "ledger.rewound", "ledger", {**told, "size": size, "root": root.hex()})
    known = queries.list_rotations()
    for rotation in heads.kept_heads():
        if keys.is_rotation(rotation) and rotation not in known:
            known.append(rotation)
            session.add(Rotation(number=len(known), document=rotation))
    session.flush()
    heads.keep_after_commit(lambda after: heads.signed_rewind(size, root, told, after))
    sealing.seal()
    return {"from_size": from_size, "size": size}


def rotate(actor: Actor, *, reason: str, new_key: Path | None = None) -> dict:
    """Hand over to a new key (made now, or the one in a file), signed by both, audited. Needs "administer".

    The key's file then holds the new one; the old one stays beside it under its key id, to be put away. Gives the rotation.
    Raises Invalid without a reason, CannotRotate where the new key was used before or a file cannot be read or written.
    """
    actor.require("administer")
    if not reason.strip():
        raise Invalid(_("换钥必须写明原因。"))
    try:
        new = keys.load_key(new_key) if new_key else Ed25519PrivateKey.generate()
        own = keys.public_bytes()
    except (OSError, ValueError) as error:
        raise CannotRotate(_("密钥文件读不出来，或不是 Ed25519 私钥：%(why)s", why=str(error))) from None
    sealing.queue()
    done = queries.list_rotations()
    used = {own.hex()} | {r["public_key"] for r in done}
    if keys.public_of(new).hex() in used:
        raise CannotRotate(_("这把密钥以前用过，请换一把新的。"))
    sealing.seal()
    size = queries.size()
    told = {"size": size, "root": merkle.root(size, queries.reader()).hex(), "at": moment_text(clock.now()), "by": actor.ref,
            "reason": reason.strip()}
    rotation = keys.signed_rotation(new, told)
    session.add(Rotation(number=len(done) + 1, document=rotation))
    audit.record(actor, "ledger.key.rotated", "ledger", {"from": rotation["key_id"], "to": rotation["next"]["key_id"], **told})
    session.flush()
    heads.keep_after_commit(rotation)
    _swap_keys(new, rotation)
    return rotation


def _swap_keys(new: Ed25519PrivateKey, rotation: dict) -> None:
    """Put the new key in the place of ours before the handing over is committed; back again if it is not."""
    path = settings().ledger_key_path
    old, draft = (path.with_name(f"{path.stem}-{document['key_id']}.pem") for document in (rotation, rotation["next"]))
    try:
        old.unlink(missing_ok=True)
        os.link(path, old)
        keys.write_key(draft, new)
        os.replace(draft, path)
    except OSError as error:
        raise CannotRotate(_("密钥文件写不进去：%(why)s", why=str(error))) from None
    heads.undo_on_rollback(lambda: os.replace(old, path))
