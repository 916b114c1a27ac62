"""Questions asked on nearly every request: compiled once, put to the database's driver itself.

They read what the present transaction reads. Within `without_transaction()` each stands alone, on a connection that is
lent for the while and begins nothing: for answers that only look whether anything has changed.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import g
from sqlalchemy import Dialect, Select, event

from guanxue.core.db import db, session


class NeedsTransaction(Exception):
    """The session was used where only prepared questions are asked."""


@dataclass(frozen=True)
class Lent:
    """A driver's connection outside any transaction of ours, and what callers keep beside it for as long as it is lent."""

    driver: object
    dialect: Dialect
    info: dict = field(default_factory=dict)


@contextmanager
def without_transaction() -> Iterator[None]:
    """Ask without a transaction, as long as this lasts; whoever asks anything else meanwhile gets NeedsTransaction."""
    connection = db.engine.raw_connection()
    g.lent = Lent(connection.driver_connection, db.engine.dialect)
    try:
        yield
    finally:
        del g.lent
        connection.close()


def lent() -> Lent | None:
    """The connection of without_transaction(), None outside of it."""
    return g.get("lent")


def _refuse(*_begun: object) -> None:
    if lent() is not None:
        raise NeedsTransaction


event.listen(session, "after_begin", _refuse)


class Prepared:
    """A SELECT. Values given are numbers and texts; rows are named tuples with values as the columns' types make them."""

    def __init__(self, statement: Select) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}  # by dialect

    def rows(self, **values: int | str) -> list:
        """All rows."""
        if (here := lent()) is not None:
            driver, dialect = here.driver, here.dialect
        else:
            connection = session.connection()
            driver, dialect = connection.connection.driver_connection, connection.dialect
        form = self._forms.get(dialect.name)
        if form is None:
            form = self._forms[dialect.name] = _Form(self._statement, dialect)
        return form.rows(driver, values)

    def value(self, **values: int | str) -> object:
        """The first column of the first row, None without a row."""
        rows = self.rows(**values)
        return rows[0][0] if rows else None


class _Form:
    """The statement as one driver takes it."""

    def __init__(self, statement: Select, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self._text = compiled.string
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None
        columns = list(statement.selected_columns)
        self._row = namedtuple("Row", [c.key or "_" for c in columns], rename=True)  # noqa: PYI024 its names are the statement's
        makers: list[Callable | None] = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
        self._makers = [(n, make) for n, make in enumerate(makers) if make is not None]

    def rows(self, driver, values: dict) -> list:
        known = {**self._fixed, **values}
        given = known if self._order is None else [known[name] for name in self._order]
        return [self._row(*self._made(row)) for row in driver.execute(self._text, given).fetchall()]

    def _made(self, row: tuple) -> list:
        made = list(row)
        for n, make in self._makers:
            made[n] = make(made[n])
        return made
