"""Alembic migrations: a sentence for a name, tested both ways on filled databases of both kinds.

Guards of append-only tables are taken off before and put back after every migration: SQLite's batch mode rebuilds
tables and would drop them silently. Foreign keys are off meanwhile (a rebuild would cascade) and checked afterwards.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from guanxue.core.append_only import install_triggers, remove_triggers
from guanxue.core.db import db

FOLDER = Path(__file__).parent


def upgrade(revision: str = "head") -> None:
    """Bring the running app's database up to a revision (the newest by default). Safe to repeat, also in parallel."""
    _migrate(command.upgrade, revision)


def downgrade(revision: str) -> None:
    """Take the running app's database back to a revision ("base" for none)."""
    _migrate(command.downgrade, revision)


def is_current() -> bool:
    """Is the database at the newest revision?"""
    with db.engine.connect() as connection:
        have = MigrationContext.configure(connection).get_current_revision()
    return have == ScriptDirectory(str(FOLDER)).get_current_head()


def _migrate(verb, revision: str) -> None:
    with db.engine.connect().execution_options(is_writing=True) as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # The pragma is ignored inside a transaction, so it is set on the bare connection first.
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                _lock(connection)
                remove_triggers(connection)
                config = Config()
                config.set_main_option("script_location", str(FOLDER))
                config.attributes["connection"] = connection
                verb(config, revision)
                _check_foreign_keys(connection)
                install_triggers(connection)
        finally:
            if is_sqlite:
                connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")


def _lock(connection: Connection) -> None:
    # Two processes starting together: SQLite's BEGIN IMMEDIATE already queues them, PostgreSQL needs a word.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(71236501)"))


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise RuntimeError(f"the migration left rows without their parents: {broken[:5]}")
