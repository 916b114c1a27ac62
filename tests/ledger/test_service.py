"""The ledger: sums to zero, once, reversible once, and every tampering is found and named."""

from __future__ import annotations

import copy
import random
import threading

import pytest
from sqlalchemy import text

from guanxue import ledger
from guanxue.core import append_only
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, end_work, session, writing
from guanxue.core.errors import Invalid


def deposit(n: int, amount: int = 32, person: int = 1):
    return ledger.post(SYSTEM, key=f"completion:{n}", kind="completion",
                       postings=[("mint:course", -amount), (f"person:{person}", amount)], document={"course": f"c{n}"})


def test_a_deposit_moves_both_sides(any_db):
    deposit(1)
    assert ledger.balance("person:1") == 32
    assert ledger.balance("mint:course") == -32


def test_the_same_key_posts_once(any_db):
    assert deposit(1).number == deposit(1, amount=99).number
    assert ledger.balance("person:1") == 32


@pytest.mark.parametrize("postings", [[("a", 1), ("b", 1)], [("a", 0), ("b", 0)], [("a", 1)], []])
def test_what_does_not_sum_is_refused(app, postings):
    with pytest.raises(Invalid):
        ledger.post(SYSTEM, key="x", kind="x", postings=postings, document={})


def test_no_floats_in_a_document(app):
    with pytest.raises(ValueError):
        ledger.post(SYSTEM, key="x", kind="x", postings=[("a", 1), ("b", -1)], document={"hours": 0.5})


def test_a_reversal_is_a_contra_entry_and_happens_once(any_db):
    entry = deposit(1)
    contra = ledger.reverse(SYSTEM, entry.number, reason="重复认定", authority="抽查 2026-1")
    assert ledger.balance("person:1") == 0
    assert ledger.is_reversed(entry.number)
    for number in (entry.number, contra.number):
        with pytest.raises(ledger.AlreadyReversed):
            ledger.reverse(SYSTEM, number, reason="x", authority="y")
    assert ledger.verify().is_sound or ledger.verify().faults == []


def test_random_operations_always_sum_to_zero_and_replay(any_db):
    r = random.Random(7)
    expected: dict[str, int] = {}
    posted = []
    for n in range(60):
        if posted and r.random() < 0.2:
            number, person, amount = posted.pop(r.randrange(len(posted)))
            ledger.reverse(SYSTEM, number, reason="r", authority="a")
            expected[person] -= amount
        else:
            person, amount = r.randrange(5), r.randrange(1, 900)
            posted.append((deposit(n, amount, person).number, f"person:{person}", amount))
            expected[f"person:{person}"] = expected.get(f"person:{person}", 0) + amount
    assert {k: v for k, v in ledger.balances(expected).items()} == expected
    assert session.scalar(text("SELECT sum(amount_millicredits) FROM ledger_posting")) == 0


def test_every_proof_verifies_offline_and_any_change_spoils_it(any_db):
    for n in range(1, 12):
        deposit(n, n)
    for n in range(1, 12):
        document = ledger.proof(n)
        assert ledger.verify_proof(document) is None
        assert ledger.verify_proof(document, document["public_key"]) is None
        assert ledger.verify_proof(document, "00" * 32) == "key"
        for spoil in (lambda d: d["entry"]["document"].update(course="x"), lambda d: d["entry"].update(number=99),
                      lambda d: d["head"].update(size=500), lambda d: d["path"].reverse() or d["path"].append("00" * 32)):
            spoiled = copy.deepcopy(document)
            spoil(spoiled)
            assert ledger.verify_proof(spoiled) is not None
    assert ledger.verify_proof({"x": 1}) == "form"
    assert ledger.verify_proof(None) == "form"


# ---- tampering by raw SQL, on committed ledgers


@pytest.fixture
def filled(any_app):
    """A ledger of eight committed entries."""
    with any_app.test_request_context():
        for n in range(1, 9):
            with writing():
                deposit(n, n * 10, person=n)
                ledger.seal()
        assert ledger.verify().faults == []
        yield any_app


def tamper(*statements: str) -> ledger.Report:
    """Take the guards off, do it, put them back, verify."""
    session.remove()
    with db.engine.connect().execution_options(is_writing=True) as c:
        if c.dialect.name == "sqlite":
            c.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        with c.begin():
            append_only.remove_triggers(c)
            if c.dialect.name == "postgresql":
                c.exec_driver_sql("SET session_replication_role = replica")
            for s in statements:
                c.exec_driver_sql(s)
            append_only.install_triggers(c)
            if c.dialect.name == "postgresql":
                c.exec_driver_sql("SET session_replication_role = DEFAULT")
        if c.dialect.name == "sqlite":
            c.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
    report = ledger.verify()
    end_work(commit=False)
    return report


TAMPERINGS = {
    "change an amount": (["UPDATE ledger_posting SET amount_millicredits = amount_millicredits * 2 WHERE entry_number = 3"], 3),
    "change a document": (["UPDATE ledger_entry SET document = '{}' WHERE number = 4"], 4),
    "delete": (["DELETE FROM ledger_posting WHERE entry_number = 5", "DELETE FROM ledger_entry WHERE number = 5"], 5),
    "swap": (["UPDATE ledger_entry SET document = CASE number WHEN 2 THEN (SELECT document FROM ledger_entry WHERE number = 6) "
              "ELSE (SELECT document FROM ledger_entry WHERE number = 2) END WHERE number IN (2, 6)"], 2),
    "cut the tail": (["DELETE FROM ledger_posting WHERE entry_number > 6", "DELETE FROM ledger_entry WHERE number > 6"], 7),
    "cut the tail with its tree and heads": (
        ["DELETE FROM ledger_posting WHERE entry_number > 6", "DELETE FROM ledger_entry WHERE number > 6",
         "DELETE FROM ledger_head WHERE size > 6", "DELETE FROM ledger_tree_node WHERE index >= 6 AND level = 0",
         "DELETE FROM ledger_tree_node WHERE index >= 3 AND level = 1",
         "DELETE FROM ledger_tree_node WHERE index >= 1 AND level = 2", "DELETE FROM ledger_tree_node WHERE level = 3"], 7),
    "change who holds": (["UPDATE ledger_posting SET account_id = (SELECT account_id FROM ledger_posting WHERE entry_number = 1 "
                          "AND position = 1) WHERE entry_number = 8 AND position = 1"], 8),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found_and_the_first_bad_entry_named(filled, name):
    statements, number = TAMPERINGS[name]
    if filled.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        statements = [s.replace(" index ", ' "index" ') for s in statements]
    report = tamper(*statements)
    assert not report.is_sound
    assert report.first_bad_entry == number
    assert str(number) in "".join(report.faults)


def test_an_inserted_entry_is_found(filled):
    report = tamper(
        "INSERT INTO ledger_entry (number, key, kind, posted_at, document, leaf) "
        "SELECT 9, 'forged', kind, posted_at, document, leaf FROM ledger_entry WHERE number = 8",
        "INSERT INTO ledger_posting (entry_number, position, account_id, amount_millicredits) "
        "SELECT 9, position, account_id, amount_millicredits * 100 FROM ledger_posting WHERE entry_number = 8")
    assert report.first_bad_entry == 9


def test_a_missing_guard_is_found(filled):
    session.remove()  # a reader would hold the table
    with db.engine.connect().execution_options(is_writing=True) as c, c.begin():
        c.exec_driver_sql("DROP TRIGGER guard_ledger_entry_update" + (
            " ON ledger_entry" if c.dialect.name == "postgresql" else ""))
    assert any("guard_ledger_entry_update" in f for f in ledger.verify().faults)


TABLES = {"ledger_account": "key = 'x'", "ledger_entry": "kind = 'x'", "ledger_posting": "amount_millicredits = 1",
          "ledger_tree_node": "hash = hash", "ledger_head": "document = '{}'", "ledger_rotation": "document = '{}'"}


def test_the_guards_of_every_table_refuse_to_change_delete_and_replace(filled):
    with writing():
        ledger.rotate(SYSTEM, reason="换")
    is_sqlite = db.engine.dialect.name == "sqlite"
    for table, change in TABLES.items():
        again = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table} LIMIT 1" if is_sqlite else f"TRUNCATE {table} CASCADE"
        for statement in (f"UPDATE {table} SET {change}", f"DELETE FROM {table}", again):
            with pytest.raises(Exception, match="append-only"), writing():
                session.execute(text(statement))
    assert {t.name for t in db.metadata.sorted_tables if t.name.startswith("ledger_")} == set(TABLES)
    assert ledger.verify().faults == []


def test_twenty_parallel_posts_of_one_key_make_one_entry(any_app):
    errors = []

    def go():
        try:
            with any_app.test_request_context(), writing():
                deposit(1)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=go) for _ in range(20)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert errors == []
    with any_app.test_request_context():
        assert ledger.balance("person:1") == 32
        assert ledger.verify().entries == 1
        assert ledger.verify().faults == []


@pytest.mark.parametrize("number", [0, 999])
def test_a_posting_of_no_entry_is_found(app, number):
    """Written past the foreign keys it would raise a balance and stand under no head."""
    deposit(1)
    session.flush()
    account = session.scalar(text("SELECT id FROM ledger_account WHERE key = 'person:1'"))
    session.commit()
    with db.engine.connect().execution_options(is_writing=True) as c:
        c.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
        c.connection.dbapi_connection.execute(f"INSERT INTO ledger_posting VALUES ({number}, 0, {account}, 5000)")
        c.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")
    assert ledger.balance("person:1") == 5032
    report = ledger.verify()
    assert not report.is_sound and str(number) in report.faults[0]
