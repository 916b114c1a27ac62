"""Counters that move in the same transaction as the data: whoever caches keys by the number and can never be stale."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import Model, session
from guanxue.core.prepared import Prepared, lent


class Generation(Model):
    """One counter: how often the named data has changed."""

    __tablename__ = "core_generation"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


_VALUE = Prepared(select(Generation.value).where(Generation.name == bindparam("name")))


@dataclass
class _Seen:
    """What the present transaction knows: values read, counters it moved itself, what callers keep beside them."""

    transaction: object
    numbers: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    drafts: dict[str, object] = field(default_factory=dict)


def current(name: str) -> int:
    """The counter's value, 0 if it never moved. Asked of the database once a transaction."""
    numbers = _seen().numbers
    if name not in numbers:
        numbers[name] = _VALUE.value(name=name) or 0
    return numbers[name]


def bump(name: str) -> None:
    """Move the counter; commits with the change it stands for."""
    moved = session.execute(update(Generation).where(Generation.name == name).values(value=Generation.value + 1))
    if not moved.rowcount:
        session.execute(insert(Generation).values(name=name, value=1))
    seen = _seen()
    seen.numbers.pop(name, None)
    seen.drafts.clear()
    seen.moved.add(name)


def drafts(name: str) -> dict[str, object] | None:
    """Where to keep what is made from the named data, if this very transaction has moved the counter; else None.

    Its number is then nobody else's yet, and after a rollback the next change gets the same one: nothing made under it
    may outlive the transaction. What is kept here does not, and is gone with the next move.
    """
    seen = _seen()
    return seen.drafts if name in seen.moved else None


def _seen() -> _Seen:
    if (connection := lent()) is not None:
        return connection.info.setdefault("generations", _Seen(None))
    here = session()
    if here.get_transaction() is None:
        here.connection()
    seen = here.info.get("generations")
    if seen is None or seen.transaction is not here.get_transaction():
        seen = here.info["generations"] = _Seen(here.get_transaction())
    return seen
