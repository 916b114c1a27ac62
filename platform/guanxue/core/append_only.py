"""Tables that are only ever added to, guarded by the database itself.

append_only(Model) registers a table; install_triggers() puts the guards on (after every migration, on both
databases), missing_triggers() tells which are gone. `may_fill` columns may go from NULL to a value, once; `free` ones may
change; a row whose `may_go` column is not NULL may be deleted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import TypeVar

from sqlalchemy import Connection, UniqueConstraint, inspect, text

M = TypeVar("M")


@dataclass(frozen=True)
class _Guarded:
    table: str
    columns: tuple[str, ...]
    may_fill: tuple[str, ...]
    free: tuple[str, ...]
    may_go: str  # "" where no row ever may
    keys: tuple[tuple[str, ...], ...]  # what is unique: the primary key first


_guarded: dict[str, _Guarded] = {}


def append_only(model: type[M], *, may_fill: tuple[str, ...] = (), free: tuple[str, ...] = (), may_go: str = "") -> type[M]:
    """Register the model's table as append-only and give the model back."""
    table = model.__table__
    unique = [*(c for c in table.constraints if isinstance(c, UniqueConstraint)), *(i for i in table.indexes if i.unique)]
    # Sorted: SQLAlchemy keeps them in sets, whose order is another in every process.
    keys = sorted(tuple(c.name for c in one.columns) for one in unique)
    _guarded[table.name] = _Guarded(table.name, tuple(c.name for c in table.columns), may_fill, free, may_go,
                                    (tuple(c.name for c in table.primary_key.columns), *keys))
    return model


def install_triggers(connection: Connection) -> None:
    """Put every guard on, replacing what is there; tables an older revision does not have are passed over."""
    there = set(inspect(connection).get_table_names())
    for guarded in _guarded.values():
        if guarded.table not in there:
            continue
        for statement in _statements(_as_it_stands(guarded, connection), connection.dialect.name):
            connection.exec_driver_sql(statement)


def _as_it_stands(guarded: _Guarded, connection: Connection) -> _Guarded:
    """Without the columns that an older revision of its table does not have yet."""
    if not (guarded.may_fill or guarded.free or guarded.may_go):
        return guarded  # nothing may change: its guard names no column
    there = {c["name"] for c in inspect(connection).get_columns(guarded.table)}
    return replace(guarded, columns=tuple(c for c in guarded.columns if c in there),
                   free=tuple(c for c in guarded.free if c in there), may_go=guarded.may_go if guarded.may_go in there else "")


def remove_triggers(connection: Connection) -> None:
    """Take every guard off, for a migration that rebuilds tables."""
    for table in _guarded.keys() & set(inspect(connection).get_table_names()):
        for verb in _verbs(connection.dialect.name):
            on = f" ON {table}" if connection.dialect.name == "postgresql" else ""
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_name(table, verb)}{on}")


def missing_triggers(connection: Connection) -> list[str]:
    """Names of guards that should be there and are not, or do something else than they should, sorted."""
    have = (_sqlite_guards if connection.dialect.name == "sqlite" else _postgresql_guards)(connection)
    return sorted(name for name, does in _wanted(connection).items() if have.get(name) not in does)


def _wanted(connection: Connection) -> dict[str, set]:
    """What each guard may be: its own text on SQLite, whatever the order of the table's keys in it, for it was any order
    once; on PostgreSQL (guards truly, has a condition)."""
    dialect, there = connection.dialect.name, set(inspect(connection).get_table_names())
    standing = [_as_it_stands(g, connection) if g.table in there else g for g in _guarded.values()]
    if dialect == "sqlite":
        found: dict[str, set] = {}
        for guarded in standing:
            for keys in permutations(guarded.keys[1:]):
                for statement in _statements(replace(guarded, keys=(guarded.keys[0], *keys)), dialect):
                    if statement.startswith("CREATE TRIGGER"):
                        found.setdefault(statement.split()[2], set()).add(statement)
        return found
    return {_name(g.table, verb): {(True, bool(_condition(g, verb, dialect)))} for g in standing for verb in _verbs(dialect)}


def _sqlite_guards(connection: Connection) -> dict[str, object]:
    return dict(connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all())


def _postgresql_guards(connection: Connection) -> dict[str, object]:
    rows = connection.execute(text(
        "SELECT t.tgname, t.tgenabled <> 'D' AND p.proname = 'guard_append_only' AND p.prosrc LIKE '%RAISE EXCEPTION%',"
        " t.tgqual IS NOT NULL FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"))
    return {name: (is_true, has_condition) for name, is_true, has_condition in rows}


def _verbs(dialect: str) -> tuple[str, ...]:
    # SQLite has no TRUNCATE (its DELETE without WHERE goes row by row where there are triggers), but its INSERT OR REPLACE
    # takes the old row away without asking the delete guard.
    return ("update", "delete", "truncate" if dialect == "postgresql" else "insert")


def _name(table: str, verb: str) -> str:
    return f"guard_{table}_{verb}"


def _statements(guarded: _Guarded, dialect: str) -> list[str]:
    make = _sqlite if dialect == "sqlite" else _postgresql
    return [s for verb in _verbs(dialect) for s in make(guarded.table, verb, _condition(guarded, verb, dialect))]


def _condition(guarded: _Guarded, verb: str, dialect: str) -> str:
    """The SQL condition under which the verb is refused; "" where it always is."""
    if verb == "update":
        return _changed(guarded, dialect)
    if verb == "insert":
        return _stands_already(guarded)
    return f'OLD."{guarded.may_go}" IS NULL' if verb == "delete" and guarded.may_go else ""


def _stands_already(guarded: _Guarded) -> str:
    """The SQL condition under which an insert would take the place of a row."""
    places = " OR ".join("(" + " AND ".join(f'"{c}" = NEW."{c}"' for c in key) + ")" for key in guarded.keys)
    return f"EXISTS (SELECT 1 FROM {guarded.table} WHERE {places})"  # noqa: S608 names of our own models


def _changed(guarded: _Guarded, dialect: str) -> str:
    """The SQL condition under which an update is refused."""
    differs = "IS NOT" if dialect == "sqlite" else "IS DISTINCT FROM"
    parts = []
    for column in (c for c in guarded.columns if c not in guarded.free):
        test = f'OLD."{column}" {differs} NEW."{column}"'
        if column in guarded.may_fill:
            test = f'(OLD."{column}" IS NOT NULL AND {test})'
        parts.append(test)
    return " OR ".join(parts) if guarded.may_fill or guarded.free else ""


def _sqlite(table: str, verb: str, condition: str) -> list[str]:
    name = _name(table, verb)
    when = f"WHEN {condition} " if condition else ""
    return [
        f"DROP TRIGGER IF EXISTS {name}",
        f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END",
    ]


def _postgresql(table: str, verb: str, condition: str) -> list[str]:
    name = _name(table, verb)
    when = f"WHEN ({condition}) " if condition else ""
    each = "STATEMENT" if verb == "truncate" else "ROW"
    return [
        "CREATE OR REPLACE FUNCTION guard_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is append-only'; END $$",
        f"DROP TRIGGER IF EXISTS {name} ON {table}",
        f"CREATE TRIGGER {name} BEFORE {verb.upper()} ON {table} FOR EACH {each} {when}"
        "EXECUTE FUNCTION guard_append_only()",
    ]
