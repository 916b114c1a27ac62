"""The ledger's tables, all of them append-only."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.append_only import append_only
from guanxue.core.db import JsonDocument, Model


class Account(Model):
    """An account by its key: "person:17", "mint:course"."""

    __tablename__ = "ledger_account"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)


class Entry(Model):
    """One transfer. `number` runs 1, 2, 3 … without gaps; `document` is canonical JSON text; `leaf` its Merkle leaf hash."""

    __tablename__ = "ledger_entry"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    posted_at: Mapped[str]  # RFC 3339 text, as hashed
    reverses: Mapped[int | None] = mapped_column(ForeignKey("ledger_entry.number"), unique=True)
    document: Mapped[str]
    leaf: Mapped[bytes] = mapped_column(LargeBinary)


class Posting(Model):
    """One side of an entry; the sides of an entry sum to zero."""

    __tablename__ = "ledger_posting"
    # It lies by its key, as tree nodes do: half the writing of a deposit, and read in order.
    __table_args__ = (Index("ix_ledger_posting_account", "account_id", "entry_number"), {"sqlite_with_rowid": False})
    entry_number: Mapped[int] = mapped_column(ForeignKey("ledger_entry.number"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"))
    amount_millicredits: Mapped[int] = mapped_column(BigInteger)


class TreeNode(Model):
    """The hash of a complete subtree, so that roots and proofs cost O(log n)."""

    __tablename__ = "ledger_tree_node"
    __table_args__ = {"sqlite_with_rowid": False}
    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class Head(Model):
    """A signed statement: after `size` entries the root was this."""

    __tablename__ = "ledger_head"
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict] = mapped_column(JsonDocument)


class Rotation(Model):
    """One key handed over to the next: the document both signed. `number` runs 1, 2, 3 …"""

    __tablename__ = "ledger_rotation"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    document: Mapped[dict] = mapped_column(JsonDocument)


for _table in (Account, Entry, Posting, TreeNode, Head, Rotation):
    append_only(_table)
