"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Integer, bindparam, func, select

from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.core.paging import Page
from guanxue.core.prepared import Lent, Prepared, here
from guanxue.ledger import merkle
from guanxue.ledger.errors import NoSuchEntry
from guanxue.ledger.merkle import Node, Read
from guanxue.ledger.models import Account, Entry, Head, Posting, Rotation, TreeNode

_NODE = Prepared(select(TreeNode.hash).where(TreeNode.level == bindparam("level"), TreeNode.index == bindparam("index")))
_GROWN = Prepared(select(func.max(TreeNode.index)).where(TreeNode.level == 0))
_LEAVES = Prepared(select(Entry.number, Entry.leaf).where(Entry.number > bindparam("after")).order_by(Entry.number))
_SIZE = Prepared(select(func.max(Entry.number)))
_SEALED = Prepared(select(func.max(Head.size)))
_BALANCE = Prepared(select(func.sum(Posting.amount_millicredits)).join(Account, Account.id == Posting.account_id)
                    .where(Account.key == bindparam("key")))
_LINES = Prepared(select(Account.id, func.count()).join(Posting, Posting.account_id == Account.id)
                  .where(Account.key == bindparam("key")).group_by(Account.id))
_STATEMENT = Prepared(
    select(Posting.amount_millicredits, Entry.number, Entry.key, Entry.kind, Entry.posted_at, Entry.reverses, Entry.document,
           Entry.leaf)
    .join(Entry, Entry.number == Posting.entry_number).where(Posting.account_id == bindparam("account"))
    .order_by(Posting.entry_number.desc()).limit(bindparam("most", type_=Integer)).offset(bindparam("before", type_=Integer)))


def reader(on: Lent | None = None) -> Read:
    """Reads hashes of complete subtrees, on that connection: those that are stored, and those of the entries since, made from
    their leaves. LookupError where one is not there."""
    on = on or here()
    young: dict[Node, bytes] | None = None

    def read(level: int, index: int) -> bytes:
        nonlocal young
        value = _NODE.value(on, level=level, index=index)
        if value is None:
            young = dict(young_nodes(on)) if young is None else young
            value = young.get((level, index))
        if value is None:
            raise LookupError(f"tree node {level}/{index} is missing")
        return value

    return read


def young_nodes(on: Lent) -> list[tuple[Node, bytes]]:
    """The nodes that entries completed since nodes were stored last, lowest first."""
    made: dict[Node, bytes] = {}

    def read(level: int, index: int) -> bytes:
        return made.get((level, index)) or _NODE.value(on, level=level, index=index)

    grown = _GROWN.value(on)
    grown = 0 if grown is None else grown + 1
    for number, leaf in _LEAVES.rows(on, after=grown):
        if number != grown + 1:
            raise LookupError(f"entry {grown + 1} is missing")
        made.update(merkle.appended(grown, leaf, read))
        grown = number
    return list(made.items())


def size() -> int:
    """How many entries the ledger has."""
    return _SIZE.value() or 0


def sealed_size() -> int:
    """How many entries the newest head in the database speaks for."""
    return _SEALED.value() or 0


def get_entry(number: int) -> Entry:
    """The entry of that number. Raises NoSuchEntry."""
    entry = session.get(Entry, number)
    if entry is None:
        raise NoSuchEntry(_("账本里没有第 %(n)s 笔。", n=number))
    return entry


def entries_among(numbers: Iterable[int]) -> dict[int, Entry]:
    """By number: those of these entries that there are."""
    return {e.number: e for e in session.scalars(select(Entry).where(Entry.number.in_(list(numbers))))}


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
    return int(_BALANCE.value(key=account_key) or 0)  # PostgreSQL sums bigints as numeric


def balances(account_keys: Iterable[str]) -> dict[str, int]:
    """Millicredits by account key; unused accounts are left out."""
    rows = session.execute(
        select(Account.key, func.sum(Posting.amount_millicredits)).join(Account, Account.id == Posting.account_id)
        .where(Account.key.in_(list(account_keys))).group_by(Account.key))
    return {key: int(amount) for key, amount in rows}


def statement(account_key: str, page: int = 1, per_page: int = 20) -> Page[tuple[Entry, int]]:
    """(entry, amount in millicredits) of an account, newest first; an entry is its columns alone: thousands are quick."""
    counted = _LINES.rows(key=account_key)
    if not counted:
        return Page([], 0, page, per_page)
    account, total = counted[0]
    rows = _STATEMENT.rows(account=account, most=per_page, before=(page - 1) * per_page)
    return Page([(row, row.amount_millicredits) for row in rows], total, page, per_page)


def list_entries(kind: str) -> list[Entry]:
    """Every entry of a kind, oldest first."""
    return list(session.scalars(select(Entry).where(Entry.kind == kind).order_by(Entry.number)))


def stored_head(size: int | None = None) -> dict | None:
    """The newest head in the database, or that of just so many entries; None where there is none."""
    row = select(Head).order_by(Head.size.desc()).limit(1)
    found = session.scalar(row if size is None else row.where(Head.size == size))
    return found.document if found else None


def first_sealed() -> int:
    """How many entries the oldest head in the database speaks for, 0 without any."""
    return session.scalar(select(func.min(Head.size))) or 0


def list_heads(page: int = 1, per_page: int = 50) -> Page[dict]:
    """The heads in the database, newest first."""
    total = session.scalar(select(func.count()).select_from(Head)) or 0
    rows = session.scalars(select(Head).order_by(Head.size.desc()).limit(per_page).offset((page - 1) * per_page))
    return Page([row.document for row in rows], total, page, per_page)


def list_rotations() -> list[dict]:
    """Every time a key handed over to the next, oldest first."""
    return list(session.scalars(select(Rotation.document).order_by(Rotation.number)))
