"""Questions asked, and changes made, on nearly every request: compiled once, put to the database's driver itself.

They are of the present transaction. Within `without_transaction()` each stands alone, on a connection that is lent for the
while and begins nothing: for answers that only look whether anything has changed. And who has a connection of their own
(core/together.py) says which.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import g
from sqlalchemy import Dialect, Insert, Select, Update, event

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


def here() -> Lent:
    """The connection of the present transaction, which begins if there is none; within without_transaction() the lent one."""
    if (borrowed := lent()) is not None:
        return borrowed
    connection = session.connection()
    return Lent(connection.connection.driver_connection, connection.dialect)


class Prepared:
    """A SELECT. Values given are numbers and texts; rows are named tuples with values as the columns' types make them."""

    def __init__(self, statement: Select) -> None:
        self._statement = statement
        self._forms: dict[str, _Form] = {}  # by dialect

    def rows(self, on: Lent | None = None, /, **values: int | str) -> list:
        """All rows, asked on that connection or on the one of here()."""
        on = on or here()
        return self._form(on).rows(on.driver, values)

    def _form(self, on: Lent) -> _Form:
        form = self._forms.get(on.dialect.name)
        if form is None:
            form = self._forms[on.dialect.name] = _Form(self._statement, on.dialect)
        return form

    def tuples(self, **values: int | str) -> list[tuple]:
        """All rows of numbers, texts and bytes as the driver gives them: for whoever reads very many."""
        on = here()
        form = self._form(on)
        return on.driver.execute(form.text, form.given(values)).fetchall()

    def value(self, on: Lent | None = None, /, **values: int | str) -> object:
        """The first column of the first row, None without a row."""
        rows = self.rows(on, **values)
        return rows[0][0] if rows else None


class PreparedChange:
    """An INSERT of these columns, or an UPDATE. Values given are as the columns' types take them."""

    def __init__(self, statement: Insert | Update, columns: list[str] | None = None) -> None:
        self._statement, self._columns = statement, columns
        self._texts: dict[str, _Text] = {}  # by dialect

    def make(self, on: Lent, /, **values: object) -> None:
        """Change it, on that connection and in its transaction."""
        told = self._texts.get(on.dialect.name)
        if told is None:
            told = self._texts[on.dialect.name] = _Text(self._statement, on.dialect, self._columns)
        on.driver.execute(told.text, told.given(values))


class _Text:
    """A statement as one driver takes it, and what it is given."""

    def __init__(self, statement: Select | Insert | Update, dialect: Dialect, columns: list[str] | None = None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        self.text = compiled.string
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}
        self._order: list[str] | None = compiled.positiontup if compiled.positional else None
        makers = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
        self._makers = [(name, make) for name, make in makers.items() if make is not None]

    def given(self, values: dict) -> dict | list:
        known = {**self._fixed, **values}
        for name, make in self._makers:
            known[name] = make(known[name])
        return known if self._order is None else [known[name] for name in self._order]


class _Form(_Text):
    """A question as one driver takes it, and what it makes of the answer."""

    def __init__(self, statement: Select, dialect: Dialect) -> None:
        super().__init__(statement, dialect)
        columns = list(statement.selected_columns)
        self._row = namedtuple("Row", [c.key or "_" for c in columns], rename=True)  # noqa: PYI024 its names are the statement's
        readers: list[Callable | None] = [c.type.dialect_impl(dialect).result_processor(dialect, None) for c in columns]
        self._readers = [(n, read) for n, read in enumerate(readers) if read is not None]

    def rows(self, driver, values: dict) -> list:
        return [self._row(*self._read(row)) for row in driver.execute(self.text, self.given(values)).fetchall()]

    def _read(self, row: tuple) -> tuple | list:
        if not self._readers:
            return row
        made = list(row)
        for n, read in self._readers:
            made[n] = read(made[n])
        return made
