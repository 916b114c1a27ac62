"""Tables that are only added to: the database itself refuses everything else, on both kinds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from tests.factories import make_course

from guanxue import audit
from guanxue.core import append_only, clock
from guanxue.core.actor import SYSTEM
from guanxue.core.append_only import missing_triggers
from guanxue.core.db import db, session, writing
from guanxue.courses.models import RevisionLesson
from guanxue.policies.models import Policy


@pytest.fixture
def with_line(any_app):
    """A site with an audit line."""
    with any_app.test_request_context(), writing():
        audit.record(SYSTEM, "tried", "x")
    return any_app


def attempt(app, *statements):
    with app.app_context(), db.engine.connect().execution_options(is_writing=True) as c, c.begin():
        for statement in statements:
            c.exec_driver_sql(statement)


STATEMENTS = ["UPDATE audit_line SET action = 'y'", "DELETE FROM audit_line", "DELETE FROM audit_line WHERE id = 1",
              "UPDATE audit_line SET id = 99 WHERE id = 1"]


def test_rows_can_be_neither_changed_nor_deleted(with_line):
    with with_line.app_context():
        more = ["TRUNCATE audit_line"] if db.engine.dialect.name == "postgresql" else []
    for statement in STATEMENTS + more:
        with pytest.raises(Exception, match="append-only"):
            attempt(with_line, statement)
    with with_line.app_context():
        assert session.scalar(select(audit.AuditLine.action).where(audit.AuditLine.subject == "x")) == "tried"


def test_a_row_cannot_be_replaced_by_an_insert(bare_app):
    with bare_app.test_request_context(), writing():
        audit.record(SYSTEM, "tried", "x")
        policy = session.scalar(select(Policy))
        code, version = policy.code, policy.version
    columns = "(id, code, version, title, document, effective_on, published_at)"
    for statement in (
        "INSERT OR REPLACE INTO audit_line VALUES (1, '2026-01-01', 'nobody', 'changed', 'x', '{}')",
        f"REPLACE INTO policies_policy {columns} VALUES (77, '{code}', {version}, 'x', '{{}}', '2026-01-01', '2026-01-01')",
    ):
        with pytest.raises(Exception, match="append-only"):
            attempt(bare_app, statement)
    attempt(bare_app, "INSERT INTO audit_line VALUES (NULL, '2026-01-01', 'nobody', 'added', 'x', '{}')")


def test_an_update_that_changes_nothing_is_still_refused_where_nothing_may_be_filled(with_line):
    with pytest.raises(Exception, match="append-only"):
        attempt(with_line, "UPDATE audit_line SET action = action")


def test_a_column_that_may_be_filled_is_filled_once(any_app):
    with any_app.test_request_context(), writing():
        make_course()
        revision = session.scalar(select(RevisionLesson.revision_id).limit(1))
        policy = session.scalar(select(Policy.id))
        session.add(RevisionLesson(revision_id=revision, slug="x", section="", title="x", kind="video", position=99, body=""))
        assert policy
    attempt(any_app, "UPDATE courses_revision_lesson SET duration_ms = 5 WHERE position = 99")
    for statement in ("UPDATE courses_revision_lesson SET duration_ms = 6 WHERE position = 99",
                      "UPDATE courses_revision_lesson SET duration_ms = NULL WHERE position = 99",
                      "UPDATE courses_revision_lesson SET title = 'y' WHERE position = 99"):
        with pytest.raises(Exception, match="append-only"):
            attempt(any_app, statement)


def test_a_guard_that_was_only_switched_off_is_missed_too(postgresql_app):
    attempt(postgresql_app, "ALTER TABLE audit_line DISABLE TRIGGER guard_audit_line_delete")
    with postgresql_app.app_context(), db.engine.connect() as c:
        assert missing_triggers(c) == ["guard_audit_line_delete"]


def test_lines_say_who_did_what_to_what_and_when(any_db):
    audit.record(SYSTEM, "a.b.c", "course:1", {"why": "因为"})
    audit.record(SYSTEM, "a.b.d", "course:2")
    session.flush()
    line, = audit.list_lines(subject="course:1")
    assert (line.actor, line.action, line.detail) == ("system:worker", "a.b.c", {"why": "因为"})
    assert abs((clock.now() - line.at).total_seconds()) < 60
    assert [x.action for x in audit.list_lines(action="a.b.d")] == ["a.b.d"]
    assert [x.action for x in audit.list_lines(limit=2)] == ["a.b.d", "a.b.c"]


def test_a_guard_that_was_hollowed_out_is_missed_too(any_app):
    with any_app.app_context():
        is_sqlite = db.engine.dialect.name == "sqlite"
    if is_sqlite:
        attempt(any_app, "DROP TRIGGER guard_audit_line_update",
                "CREATE TRIGGER guard_audit_line_update BEFORE UPDATE ON audit_line BEGIN SELECT 1; END")
    else:
        attempt(any_app, "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
                "DROP TRIGGER guard_audit_line_update ON audit_line",
                "CREATE TRIGGER guard_audit_line_update BEFORE UPDATE ON audit_line FOR EACH ROW EXECUTE FUNCTION nothing()")
    with any_app.app_context(), db.engine.connect() as c:
        assert missing_triggers(c) == ["guard_audit_line_update"]


@pytest.mark.parametrize("first", ["key", "reverses"])
def test_a_guard_is_no_other_for_the_order_of_its_keys(bare_app, first):
    with bare_app.app_context(), db.engine.connect().execution_options(is_writing=True) as c, c.begin():
        kept = append_only._guarded["ledger_entry"]
        assert kept.keys == (("number",), ("key",), ("reverses",)), "the same in every process"
        keys = (kept.keys[0], *sorted(kept.keys[1:], key=lambda names: names != (first,)))
        for statement in append_only._statements(replace(kept, keys=keys), "sqlite"):
            c.exec_driver_sql(statement)
        assert missing_triggers(c) == []
