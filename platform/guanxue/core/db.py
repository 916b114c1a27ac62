"""The database: one session an app context, reads that cannot write, writes that begin IMMEDIATE and late.

A transaction is a *reading* one unless begin_writing() was called first. Reading is enforced by the database itself
(SQLite query_only, PostgreSQL READ ONLY). Only edges commit: the dispatch, a job, a command, through writing().
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import DateTime, Engine, MetaData, Text, TypeDecorator, event, text
from sqlalchemy.orm import DeclarativeBase

from guanxue.core.turns import Turns

NAMING = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class _Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


db = SQLAlchemy(model_class=_Base, session_options={"expire_on_commit": False})
Model = db.Model
session = db.session


class UtcMoment(TypeDecorator):
    """An aware UTC datetime; naive ones are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect):
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("moments are aware datetimes")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect):
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class JsonDocument(TypeDecorator):
    """A JSON document kept as text, the same bytes on both databases; Chinese stays readable. Not mutable in place."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(self, value, dialect):
        return None if value is None else json.loads(value)


def begin_writing() -> None:
    """End the reading transaction; the next statement begins a writing one. Rows read before are read again."""
    if session.info.get("is_writing"):
        return
    session.rollback()
    session.info["is_writing"] = True


def read_one_moment() -> None:
    """What is read from now on is of one moment, however long it takes. SQLite's transactions always are."""
    if session.get_bind().dialect.name == "postgresql":
        session.rollback()
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def is_writing() -> bool:
    """Is the present (or next) transaction of this context a writing one?"""
    return bool(session.info.get("is_writing"))


def end_work(*, commit: bool) -> None:
    """Commit or roll back and go back to reading. For edges."""
    try:
        if commit:
            session.commit()
        else:
            session.rollback()
    finally:
        session.rollback()
        session.info.pop("is_writing", None)


@contextmanager
def writing() -> Iterator[None]:
    """A writing transaction of its own, for jobs, commands and what an error leaves behind: commits unless it raises."""
    begin_writing()
    try:
        yield
    except BaseException:
        end_work(commit=False)
        raise
    end_work(commit=True)


def wait_for_turn(name: str) -> None:
    """Let one writer of that name through at a time, until its transaction ends. SQLite lets only one write anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(71236503, hashtext(:name))"), {"name": name})


def hold(row: Model) -> None:
    """Keep a row that never changes in the present session, which forgets rows nobody refers to and reads them again."""
    session.info.setdefault("held", set()).add(row)


def configure_engine(engine: Engine) -> None:
    """Set up the listeners that make reading and writing transactions what they are on this engine."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _open_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _end_turn)
    else:
        event.listen(engine, "begin", _begin_postgresql)


def _open_sqlite(connection, _record) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA busy_timeout=10000")
    _use_wal(connection)
    # Every thread has a connection, every connection a cache of pages: half a MB each; the kernel keeps the file anyway.
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "cache_size=-512"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection) -> None:
    # Two processes that open a fresh file together: the one that comes second is told "locked" at once, without the wait.
    for _try in range(50):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            time.sleep(0.1)
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_sqlite(connection) -> None:
    if _may_write(connection):
        _await_turn(connection)
        _be_query_only(connection, "OFF")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        _be_query_only(connection, "ON")
        connection.connection.dbapi_connection.execute("BEGIN")  # the short way: every page begins like this


def _be_query_only(connection, wanted: str) -> None:
    # Only where it changes: saying it again would have SQLite compile every statement of this connection anew.
    if connection.info.get("query_only") != wanted:
        connection.connection.dbapi_connection.execute(f"PRAGMA query_only={wanted}")
        connection.info["query_only"] = wanted


_turns: dict[str, Turns] = {}


def _await_turn(connection) -> None:
    path = connection.engine.url.database
    if path and path != ":memory:" and "turn" not in connection.info:
        turns = turns_of(path)
        if turns.take():
            connection.info["turn"] = turns


def turns_of(path: str) -> Turns:
    """The queue of those who want to write into that SQLite file."""
    return _turns.get(path) or _turns.setdefault(path, Turns(Path(path)))


def _end_turn(_connection, record) -> None:
    # When the connection goes back to the pool: committed or rolled back, whatever happened in between.
    if (turns := record.info.pop("turn", None)) is not None:
        turns.give_back()


def _begin_postgresql(connection) -> None:
    if not _may_write(connection):
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _may_write(connection) -> bool:
    # Migrations and maintenance take a connection of their own: engine.connect().execution_options(is_writing=True).
    return connection.get_execution_options().get("is_writing") or is_writing()
