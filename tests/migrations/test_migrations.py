"""Migrations on filled databases of both kinds, both ways: guards come back, rows survive, the schema is the models'."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from tests.clients import Learner
from tests.conftest import make_app
from tests.factories import make_course, make_person

from guanxue import ledger, migrations
from guanxue.core.append_only import missing_triggers
from guanxue.core.db import Model, db, session, writing

REVISIONS = [s.revision for s in reversed(list(ScriptDirectory(str(migrations.FOLDER)).walk_revisions()))]


@pytest.fixture
def filled(any_app):
    """A site with a person, a course, evidence, a completion, a ledger entry and audit lines."""
    with any_app.test_request_context(), writing():
        make_person()
        make_course()
    Learner(any_app).finish()
    return any_app


def contents(app) -> dict[str, list]:
    """Every row of every table, in a form that can be compared."""
    with app.app_context(), db.engine.connect() as connection:
        names = sorted(set(inspect(connection).get_table_names()) - {"alembic_version"})
        return {name: sorted(repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name}")))
                for name in names}


def missing(app) -> list[str]:
    """Guards that are gone."""
    with app.app_context(), db.engine.connect() as connection:
        return missing_triggers(connection)


def test_the_migrated_schema_is_the_models_own(any_app):
    with any_app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Model.metadata) == []


def test_every_guard_is_there_after_upgrading(any_app):
    assert missing(any_app) == []


def test_one_step_down_and_up_keeps_every_row_of_the_tables_that_stay(filled):
    before = contents(filled)
    assert before["ledger_entry"] and before["learning_beat"] and before["audit_line"]
    below = REVISIONS[-2] if len(REVISIONS) > 1 else "base"
    with filled.app_context():
        migrations.downgrade(below)
        session.remove()
        stayed = set(inspect(db.engine).get_table_names())
        migrations.upgrade()
    after = contents(filled)
    assert set(after) == set(before)
    assert {name: after[name] for name in before if name in stayed} == {n: rows for n, rows in before.items() if n in stayed}
    assert missing(filled) == []


SHIPPED = {"courses_checklist"}  # rows that a migration brings


def test_down_to_nothing_and_up_again_gives_an_empty_site_with_every_guard(filled):
    for _n in range(2):
        with filled.app_context():
            migrations.downgrade("base")
            assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
            migrations.upgrade()
        assert missing(filled) == []
    assert {name for name, rows in contents(filled).items() if rows} == SHIPPED


def test_each_step_alone_puts_the_guards_of_its_tables_on(any_app):
    with any_app.app_context():
        migrations.downgrade("base")
        for revision in REVISIONS:
            migrations.upgrade(revision)
            tables = set(inspect(db.engine).get_table_names())
            gone = missing(any_app)
            assert [name for name in gone if name.removeprefix("guard_").rsplit("_", 1)[0] in tables] == []
        assert missing(any_app) == []


def test_upgrading_twice_changes_nothing(filled):
    before = contents(filled)
    with filled.app_context():
        migrations.upgrade()
        assert migrations.is_current()
    assert contents(filled) == before


def test_a_guard_that_was_taken_off_is_missed_and_put_back(filled):
    with filled.app_context():
        on = " ON ledger_entry" if db.engine.dialect.name == "postgresql" else ""
        with db.engine.connect().execution_options(is_writing=True) as c, c.begin():
            c.exec_driver_sql(f"DROP TRIGGER guard_ledger_entry_update{on}")
        assert missing(filled) == ["guard_ledger_entry_update"]
        migrations.upgrade()
        assert missing(filled) == []


CHANGES = [
    "UPDATE ledger_entry SET kind = 'x'", "DELETE FROM ledger_posting", "UPDATE learning_beat SET received_ms = 1",
    "DELETE FROM audit_line", "UPDATE courses_revision SET pass_mark = 1", "UPDATE courses_revision_lesson SET duration_ms = 1",
    "DELETE FROM learning_completion", "UPDATE creditbank_award SET code = 'x'", "UPDATE policies_policy SET title = 'x'",
    "DELETE FROM quizzes_submission",
]


def test_guards_and_ledger_hold_on_a_database_that_went_down_and_up(filled):
    with filled.app_context():
        if len(REVISIONS) > 1:
            migrations.downgrade(REVISIONS[-2])
        migrations.upgrade()
        for statement in CHANGES:
            with pytest.raises(Exception, match="append-only"):
                with db.engine.connect().execution_options(is_writing=True) as c, c.begin():
                    c.exec_driver_sql(statement)
    with filled.test_request_context():
        assert ledger.verify().faults == []


def test_two_processes_that_start_together_migrate_once(tmp_path):
    environ = {**os.environ, "GUANXUE_DATA": str(tmp_path / "fresh")}
    environ.pop("GUANXUE_DATABASE_URL", None)
    starts = [subprocess.Popen([sys.executable, "-m", "guanxue", "init"], env=environ, stderr=subprocess.PIPE) for _n in range(2)]
    said = [p.communicate(timeout=300)[1].decode() for p in starts]
    assert [p.returncode for p in starts] == [0, 0], said
    with make_app(tmp_path / "fresh").app_context():
        assert migrations.is_current()
        db.engine.dispose()
