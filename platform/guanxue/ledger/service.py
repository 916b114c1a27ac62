"""Posting, reversing, sealing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.ledger import heads, merkle
from guanxue.ledger.canonical import canonical, entry_leaf, moment_text
from guanxue.ledger.errors import AlreadyReversed
from guanxue.ledger.models import Account, Entry, Head, Posting, TreeNode
from guanxue.ledger.queries import find_entry_by_key, get_entry, is_reversed, postings_of, read_node
from guanxue.ledger.verification import rewind_point


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
    _queue()
    there = find_entry_by_key(key)
    if there is not None:
        return there
    number = _size() + 1
    entry = Entry(number=number, key=key, kind=kind, posted_at=moment_text(at or clock.now()), reverses=reverses,
                  document=canonical({**document, "by": actor.ref}).decode())
    entry.leaf = merkle.leaf_hash(entry_leaf(
        number=number, key=key, kind=kind, posted_at=entry.posted_at, reverses=reverses, document=entry.document,
        postings=[list(p) for p in postings]))
    session.add(entry)
    session.flush()
    session.add_all(
        Posting(entry_number=number, position=n, account_id=_account_id(account), amount_millicredits=amount)
        for n, (account, amount) in enumerate(postings))
    for (level, index), value in merkle.appended(number - 1, entry.leaf, read_node):
        session.add(TreeNode(level=level, index=index, hash=value))
    session.flush()
    seal()
    return entry


def reverse(actor: Actor, number: int, *, reason: str, authority: str) -> Entry:
    """Undo an entry by a contra entry that names reason and authority. Raises NoSuchEntry, AlreadyReversed, Invalid."""
    if not reason.strip() or not authority.strip():
        raise Invalid(_("冲销必须写明原因和依据。"))
    _queue()
    entry = get_entry(number)
    if is_reversed(number) or entry.reverses is not None:
        raise AlreadyReversed(_("这笔学分已经冲销过，或本身就是冲销。"))
    contra = [(account, -amount) for account, amount in postings_of(number)]
    made = post(actor, key=f"reversal:{number}", kind="reversal", postings=contra, reverses=number,
                document={"reverses": number, "reason": reason.strip(), "authority": authority.strip()})
    audit.record(actor, "ledger.entry.reversed", f"entry:{number}", {"contra": made.number, "reason": reason})
    return made


def seal() -> dict:
    """Sign the present head, keep it in the database and, once committed, outside it too."""
    size = _size()
    head = heads.signed_head(size, merkle.root(size, read_node), moment_text(clock.now()))
    if session.get(Head, size) is None:
        session.add(Head(size=size, document=head))
        session.flush()
    heads.keep_after_commit()
    return head


def rewind(actor: Actor, *, reason: str, authority: str) -> dict:
    """Record, signed and audited, that an older ledger was put back on purpose. Needs "administer".

    Gives {"from_size", "size"}. Raises Invalid without reason and authority, NothingToRewind.
    """
    actor.require("administer")
    if not reason.strip() or not authority.strip():
        raise Invalid(_("回退必须写明原因和依据。"))
    _queue()
    size, root, from_size = rewind_point()
    told = {"from_size": from_size, "at": moment_text(clock.now()), "by": actor.ref, "reason": reason.strip(),
            "authority": authority.strip()}
    audit.record(actor, "ledger.rewound", "ledger", {**told, "size": size, "root": root.hex()})
    session.flush()
    heads.keep_after_commit(lambda after: heads.signed_rewind(size, root, told, after))
    seal()
    return {"from_size": from_size, "size": size}


def _queue() -> None:
    # Entry numbers have no gaps, so postings queue up. SQLite's writing transactions already do.
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(71236502)"))


def _size() -> int:
    return session.scalar(select(func.max(Entry.number))) or 0


def _account_id(key: str) -> int:
    found = session.scalar(select(Account.id).where(Account.key == key))
    if found is not None:
        return found
    account = Account(key=key)
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError:  # not under the queue's lock, but a stranger may have opened it
        return session.scalar(select(Account.id).where(Account.key == key))
    return account.id
