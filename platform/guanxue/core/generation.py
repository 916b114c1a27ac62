"""Counters that move in the same transaction as the data: whoever caches keys by the number and can never be stale."""

from __future__ import annotations

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from guanxue.core.db import Model, session


class Generation(Model):
    """One counter: how often the named data has changed."""

    __tablename__ = "core_generation"
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


def current(name: str) -> int:
    """The counter's value, 0 if it never moved."""
    return session.scalar(select(Generation.value).where(Generation.name == name)) or 0


def bump(name: str) -> None:
    """Move the counter; commits with the change it stands for."""
    moved = session.execute(update(Generation).where(Generation.name == name).values(value=Generation.value + 1))
    if not moved.rowcount:
        session.execute(insert(Generation).values(name=name, value=1))
