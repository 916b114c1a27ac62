"""Reading the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sqlalchemy import func, select

from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.ledger import heads, merkle
from guanxue.ledger.errors import NoSuchEntry
from guanxue.ledger.models import Account, Entry, Head, Posting, TreeNode


def read_node(level: int, index: int) -> bytes:
    """The hash of a complete subtree. LookupError when it is not there."""
    value = session.scalar(select(TreeNode.hash).where(TreeNode.level == level, TreeNode.index == index))
    if value is None:
        raise LookupError(f"tree node {level}/{index} is missing")
    return value


def get_entry(number: int) -> Entry:
    """The entry of that number. Raises NoSuchEntry."""
    entry = session.get(Entry, number)
    if entry is None:
        raise NoSuchEntry(_("账本里没有第 %(n)s 笔。", n=number))
    return entry


def find_entry_by_key(key: str) -> Entry | None:
    """The entry posted under that key."""
    return session.scalar(select(Entry).where(Entry.key == key))


def is_reversed(number: int) -> bool:
    """Was a contra entry posted?"""
    return session.scalar(select(Entry.number).where(Entry.reverses == number)) is not None


def reversed_among(numbers: Iterable[int]) -> set[int]:
    """Which of these entries were reversed."""
    return set(session.scalars(select(Entry.reverses).where(Entry.reverses.in_(list(numbers)))))


def postings_of(number: int) -> list[tuple[str, int]]:
    """(account key, amount in millicredits) of an entry, in order."""
    rows = session.execute(
        select(Account.key, Posting.amount_millicredits).join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_number == number).order_by(Posting.position))
    return [(key, amount) for key, amount in rows]


def balance(account_key: str) -> int:
    """Millicredits on an account; 0 for one that was never used."""
    total = session.scalar(  # PostgreSQL sums bigints as numeric
        select(func.coalesce(func.sum(Posting.amount_millicredits), 0))
        .join(Account, Account.id == Posting.account_id).where(Account.key == account_key))
    return int(total or 0)


def balances(account_keys: Iterable[str]) -> dict[str, int]:
    """Millicredits by account key; unused accounts are left out."""
    rows = session.execute(
        select(Account.key, func.sum(Posting.amount_millicredits)).join(Account, Account.id == Posting.account_id)
        .where(Account.key.in_(list(account_keys))).group_by(Account.key))
    return {key: int(amount) for key, amount in rows}


def statement(account_key: str, page: int = 1, per_page: int = 20) -> Page[tuple[Entry, int]]:
    """(entry, amount in millicredits) of an account, newest first."""
    rows = (
        select(Entry, Posting.amount_millicredits).join(Posting, Posting.entry_number == Entry.number)
        .join(Account, Account.id == Posting.account_id).where(Account.key == account_key))
    total = session.scalar(select(func.count()).select_from(rows.subquery())) or 0
    items = session.execute(rows.order_by(Entry.number.desc()).limit(per_page).offset((page - 1) * per_page)).all()
    return Page([(entry, amount) for entry, amount in items], total, page, per_page)


def list_entries(kind: str) -> list[Entry]:
    """Every entry of a kind, oldest first."""
    return list(session.scalars(select(Entry).where(Entry.kind == kind).order_by(Entry.number)))


def head() -> dict | None:
    """The newest signed head, None for an empty ledger."""
    row = session.scalar(select(Head).order_by(Head.size.desc()).limit(1))
    return row.document if row else None


def proof(number: int) -> dict:
    """Everything a stranger needs to check an entry offline: see proofs.verify_proof(). Raises NoSuchEntry."""
    entry, signed = get_entry(number), head()
    return {
        "format": "guanxue-ledger-proof/1",
        "entry": {
            "number": entry.number, "key": entry.key, "kind": entry.kind, "posted_at": entry.posted_at,
            "reverses": entry.reverses, "document": json.loads(entry.document),
            "postings": [list(p) for p in postings_of(number)],
        },
        "leaf": entry.leaf.hex(),
        "path": [h.hex() for h in merkle.path(number - 1, signed["size"], read_node)],
        "head": signed,
        "public_key": heads.public_bytes().hex(),
    }
