"""S13, T4: the ledger at 10⁶ entries, as a section of bench/RESULTS.md.

    python bench/ledger.py [--entries 1000000] [--rounds 3] [--deposits 300]

Rows are computed by the ledger's own pure functions and put in by the thousand; then: going through all of it, the proof of
one entry at 10³ … 10⁶, a page of a statement, deposits beside bare inserts in turn, and what is found of six tamperings.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from results import Verdict, verdicts, write
from sqlalchemy import text
from stage import Site

from guanxue import ledger, migrations
from guanxue.core import append_only
from guanxue.core.actor import SYSTEM
from guanxue.core.db import begin_writing, db, end_work, session, writing
from guanxue.core.prepared import here
from guanxue.ledger import canonical, merkle, sealing

PEOPLE, MINT, HEAD_EVERY = 20_000, 1, 1000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "cache_size=-512", "busy_timeout=10000")


# ---- filling


class Filling:
    """A ledger that grows by rows as `ledger.post` would have written them."""

    def __init__(self) -> None:
        self.size = 0
        session.execute(text("INSERT INTO ledger_account (id, key) VALUES (1, 'mint:courses')"))
        here().driver.executemany("INSERT INTO ledger_account (id, key) VALUES (?, ?)",
                                  [(1 + n, f"person:{n}") for n in range(1, PEOPLE + 1)])

    def grow(self, size: int) -> None:
        """Up to so many entries."""
        while self.size < size:
            self._batch(min(size, self.size + HEAD_EVERY))

    def _batch(self, until: int) -> None:
        entries, postings = [], []
        for number in range(self.size + 1, until + 1):
            person = 1 + (number * 7919) % PEOPLE
            entry, sides = entry_of(number, person)
            entries.append(entry)
            postings += sides
        driver = here().driver
        driver.executemany("INSERT INTO ledger_entry VALUES (?, ?, ?, ?, NULL, ?, ?)", entries)
        driver.executemany("INSERT INTO ledger_posting VALUES (?, ?, ?, ?)", postings)
        self.size = until
        sealing.seal()


def entry_of(number: int, person: int) -> tuple[tuple, list[tuple]]:
    """An entry's row and the rows of its postings."""
    amount = 1000 + number % 7 * 125
    facts = {"number": number, "key": f"completion:{person}:{number}", "kind": "completion", "reverses": None,
             "posted_at": canonical.moment_text(BEGAN + timedelta(seconds=20 * number)), "document": document_of(number)}
    sides = [("mint:courses", -amount), (f"person:{person}", amount)]
    written = ",".join(canonical.posting_text(canonical.account_text(key), n) for key, n in sides)
    leaf = merkle.leaf_hash(canonical.row_leaf(**facts, postings=written))
    return ((number, facts["key"], facts["kind"], facts["posted_at"], facts["document"], leaf),
            [(number, 0, MINT, -amount), (number, 1, 1 + person, amount)])


def document_of(number: int) -> str:
    """Why, as an entry keeps it."""
    return canonical.canonical({"by": "system", **why(number)}).decode()


def why(number: int) -> dict:
    """What an entry is explained by, as long as a real one."""
    chain = hashlib.sha256(str(number).encode()).hexdigest()
    return {
        "course": f"cnc-turning-{number % 1200}", "title": "数控车床的操作与编程", "revision": 1 + number % 5,
        "policy": "light/2", "content_ms": 5_400_000, "class_hours_milli": 2000, "class_hour_ms": 2_700_000,
        "class_hours_per_credit": 16, "code": chain[:12], "evidence": chain}


# ---- measuring


def verifying(entries: int, rounds: int) -> tuple[float, float]:
    """Entries a second of the processor, the medians of the rounds: ours, and of only reading every row and hashing it."""
    rates, bare = [], []
    for _round in range(rounds):
        began = time.process_time()
        read_and_hash()
        bare.append(entries / (time.process_time() - began))
        began = time.process_time()
        report = ledger.verify()
        rates.append(entries / (time.process_time() - began))
        if report.faults or report.entries != entries:
            raise RuntimeError(f"the ledger does not hold: {report.faults}")
        end_work(commit=False)
    return statistics.median(rates), statistics.median(bare)


def read_and_hash() -> None:
    """What no verifier can do without: each row read, each entry and each node hashed once."""
    driver, sha256 = here().driver, hashlib.sha256
    for *_facts, document, _leaf in driver.execute("SELECT * FROM ledger_entry ORDER BY number"):
        sha256(document.encode()).digest()
    for _row in driver.execute("SELECT * FROM ledger_posting ORDER BY entry_number, position"):
        pass
    for _level, _index, value in driver.execute('SELECT * FROM ledger_tree_node ORDER BY level, "index"'):
        sha256(value + value).digest()


def proving(entries: int, count: int = 200) -> tuple[float, float, int]:
    """(median ms, statements asked a proof, hashes in the longest path) of random entries."""
    asked, spent, longest = [0], [], 0
    driver = here().driver
    driver.set_trace_callback(lambda _statement: asked.__setitem__(0, asked[0] + 1))
    for _n in range(count):
        number = random.randint(1, entries)
        began = time.perf_counter()
        document = ledger.proof(number)
        spent.append(time.perf_counter() - began)
        longest = max(longest, len(document["path"]))
    driver.set_trace_callback(None)
    if ledger.verify_proof(document, document["public_key"]) is not None:
        raise RuntimeError("a proof does not hold")
    end_work(commit=False)
    return statistics.median(spent) * 1000, asked[0] / count, longest


def stating(count: int = 2000) -> tuple[float, float]:
    """(median, p95) ms of what a page of somebody's statement asks: balance, twenty entries, which of them were reversed."""
    spent = []
    for _n in range(count):
        account = f"person:{random.randint(1, PEOPLE)}"
        began = time.perf_counter()
        page = ledger.statement(account)
        balance = ledger.balance(account)
        ledger.reversed_among(entry.number for entry, _amount in page.items)
        spent.append(time.perf_counter() - began)
        if not balance or len(page.items) < min(20, page.total):
            raise RuntimeError("a statement lacks something")
        session.expunge_all()
    end_work(commit=False)
    return statistics.median(spent) * 1000, sorted(spent)[round(len(spent) * 0.95)] * 1000


class Bare:
    """Two rows of what a deposit says, in a table with a key and nothing else, on a file of the same settings."""

    def __init__(self, folder: Path) -> None:
        self._number = 0
        self.own = sqlite3.connect(folder / "bare.db", isolation_level=None)
        for setting in SETTINGS:
            self.own.execute(f"PRAGMA {setting}")
        self.own.execute(self.TABLE)

    TABLE = "CREATE TABLE bench_row (id INTEGER PRIMARY KEY, account TEXT, amount INTEGER, at TEXT, document TEXT)"

    def insert(self, driver: sqlite3.Connection) -> None:
        """Both rows."""
        self._number += 1
        facts = (canonical.moment_text(datetime.now(UTC)), json.dumps(why(self._number)))
        driver.execute("INSERT INTO bench_row (account, amount, at, document) VALUES (?, ?, ?, ?)", ("mint:courses", -1000, *facts))
        driver.execute("INSERT INTO bench_row (account, amount, at, document) VALUES (?, ?, ?, ?)",
                       (f"person:{random.randint(1, PEOPLE)}", 1000, *facts))

    def alone(self) -> None:
        """In a transaction of a bare connection's own."""
        self.own.execute("BEGIN IMMEDIATE")
        self.insert(self.own)
        self.own.execute("COMMIT")

    def as_we_write(self) -> None:
        """In a transaction as this site opens and ends them."""
        with writing():
            self.insert(here().driver)


def deposit(number: Iterator[int]) -> None:
    """One deposit."""
    n = next(number)
    ledger.post(SYSTEM, key=f"bench:{n}", kind="completion", document=why(n),
                postings=[("mint:courses", -1000), (f"person:{random.randint(1, PEOPLE)}", 1000)])


def depositing(folder: Path, count: int, rounds: int) -> dict[str, float]:
    """Median milliseconds of the processor of each kind, rounds in turn; each in a transaction of its own, and fifty in one."""
    bare, number = Bare(folder), iter(range(10**9))
    with writing():
        session.execute(text(Bare.TABLE))

    def deposit_alone() -> None:
        with writing():
            deposit(number)

    def deposit_fifty() -> None:
        with writing():
            for _n in range(50):
                deposit(number)

    def bare_fifty() -> None:
        with writing():
            for _n in range(50):
                bare.insert(here().driver)

    kinds: dict[str, tuple[Callable[[], None], int, int]] = {
        "bare, a connection of its own": (bare.alone, count, 1), "bare, as we write": (bare.as_we_write, count, 1),
        "deposit": (deposit_alone, count, 1), "bare, fifty in one": (bare_fifty, count // 50, 50),
        "deposit, fifty in one": (deposit_fifty, count // 50, 50)}
    spent: dict[str, list[float]] = {name: [] for name in kinds}
    for _round in range(rounds + 1):
        for name, (work, times, of) in kinds.items():
            took = []
            for _n in range(times):
                began = time.process_time()
                work()
                took.append((time.process_time() - began) / of)
            if _round:  # the first warms
                spent[name].append(statistics.median(took) * 1000)
    with writing():
        session.execute(text("DROP TABLE bench_row"))
    return {name: statistics.median(values) for name, values in spent.items()}


# ---- tampering


@contextmanager
def tampered(*statements: tuple[str, dict] | str) -> Iterator[None]:
    """With the guards off, and all of it undone afterwards."""
    begin_writing()
    session.execute(text("PRAGMA defer_foreign_keys=ON"))
    append_only.remove_triggers(session.connection())
    for statement in statements:
        sql, values = statement if isinstance(statement, tuple) else (statement, {})
        session.execute(text(sql), values)
    append_only.install_triggers(session.connection())
    try:
        yield
    finally:
        end_work(commit=False)


def tamperings(size: int) -> dict[str, tuple[list, int]]:
    """What is done by raw SQL, and the number that must be named."""
    middle, forged, sides = size // 2, *entry_of(size + 1, 17)
    names = ("a", "b", "c", "d", "e", "f")
    return {
        "a changed amount": ([f"UPDATE ledger_posting SET amount_millicredits = amount_millicredits * 2 WHERE entry_number = {middle}"],
                             middle),
        "a deleted entry": ([f"DELETE FROM ledger_posting WHERE entry_number = {middle}",
                             f"DELETE FROM ledger_entry WHERE number = {middle}"], middle),
        "an inserted entry, hash and all": ([
            ("INSERT INTO ledger_entry VALUES (:a, :b, :c, :d, NULL, :e, :f)", dict(zip(names, forged, strict=True))),
            *(("INSERT INTO ledger_posting VALUES (:a, :b, :c, :d)", dict(zip(names, side, strict=False))) for side in sides)], size + 1),
        "two entries that changed places": ([
            f"UPDATE ledger_entry SET number = -number WHERE number IN ({middle}, {middle + 1})",
            f"UPDATE ledger_entry SET number = {2 * middle + 1} + number WHERE number IN (-{middle}, -{middle + 1})",
            f"UPDATE ledger_posting SET entry_number = -entry_number WHERE entry_number IN ({middle}, {middle + 1})",
            f"UPDATE ledger_posting SET entry_number = {2 * middle + 1} + entry_number WHERE entry_number IN (-{middle}, -{middle + 1})"],
            middle),
        "a cut tail": ([f"DELETE FROM ledger_posting WHERE entry_number > {size - 5}",
                        f"DELETE FROM ledger_entry WHERE number > {size - 5}"], size - 4),
    }


def cut_cleanly(size: int) -> list[str]:
    """The end taken off with every trace of it in the database."""
    return [f"DELETE FROM ledger_posting WHERE entry_number > {size}", f"DELETE FROM ledger_entry WHERE number > {size}",
            f"DELETE FROM ledger_head WHERE size > {size}",
            f'DELETE FROM ledger_tree_node WHERE ("index" + 1) * (1 << level) > {size}']


def finding(size: int, held: dict) -> list[tuple[str, str]]:
    """(tampering, what was said) of each; raises where one was not found or the wrong entry was named."""
    said = []
    for name, (statements, number) in tamperings(size).items():
        with tampered(*statements):
            report = ledger.verify()
        if report.first_bad_entry != number:
            raise RuntimeError(f"{name}: named {report.first_bad_entry} instead of {number}: {report.faults}")
        said.append((name, report.faults[0]))
    outside = ledger.kept_heads_path()
    aside = outside.rename(outside.with_suffix(".aside"))  # whoever cut the tail had the file, too
    cut = size - size % HEAD_EVERY - HEAD_EVERY
    with tampered(*cut_cleanly(cut)):
        blind, report = ledger.verify(), ledger.verify([held])
    outside.unlink(missing_ok=True)
    aside.rename(outside)
    if blind.faults or report.first_bad_entry != cut + 1:
        raise RuntimeError(f"a tail cut without trace: {blind.faults} / {report.faults}")
    said.append(("a tail cut without a trace, judged by a head somebody kept", report.faults[0]))
    return said


def main() -> int:
    """Measure in a temporary folder."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--entries", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=3)
    asked.add_argument("--deposits", type=int, default=300, help="how many a round")
    asked.add_argument("--try", dest="is_trial", action="store_true", help="print, and leave RESULTS.md as it is")
    options = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="guanxue-bench-") as folder:
        site = Site(Path(folder))
        with site.app.test_request_context():
            migrations.upgrade()
            ledger.ensure_key()
            body = measured(options, Path(folder))
            db.session.remove()
            db.engine.dispose()
    if options.is_trial:
        print(body)
    else:
        write("S13 ledger", body)
    return 0


def measured(options: argparse.Namespace, folder: Path) -> str:
    """The section's text."""
    steps = [n for n in (1000, 10_000, 100_000, 1_000_000) if n < options.entries] + [options.entries]
    proofs, began = [], time.perf_counter()
    filling = None
    for size in steps:
        with writing():
            here().driver.execute("PRAGMA cache_size=-200000")
            append_only.remove_triggers(session.connection())
            filling = filling or Filling()
            filling.grow(size)
            append_only.install_triggers(session.connection())
        with writing():
            here().driver.execute("PRAGMA cache_size=-512")  # as the site has it
        proofs.append((size, *proving(size)))
        print(f"  {size:,} entries: {proofs[-1][1:]}", flush=True)
    filled_s = time.perf_counter() - began
    rate = verifying(options.entries, options.rounds)
    print(f"  verified at {rate[0]:,.0f}/s, {rate[1]:,.0f} bare", flush=True)
    median_ms, p95_ms = stating()
    held = ledger.head()
    said = finding(options.entries, held)
    print("  tampering found", flush=True)
    cost = depositing(folder, options.deposits, options.rounds)
    print(f"  {cost}", flush=True)
    return told(options, proofs, filled_s, rate, (median_ms, p95_ms), said, cost)


def told(options: argparse.Namespace, proofs: list[tuple], filled_s: float, rate: tuple[float, float], page: tuple[float, float],
         said: list[tuple[str, str]], cost: dict[str, float]) -> str:
    """Figures as text."""
    micro = {name: f"{ms * 1000:,.0f} µs" for name, ms in cost.items()}
    alone, ours, bare = (cost[name] for name in ("bare, a connection of its own", "deposit", "bare, as we write"))
    goals = [
        Verdict(f"S13 verify, {options.entries:,} entries, a second of processor (beside: only read and hashed)", f"{rate[0]:,.0f}", f"{rate[1]:,.0f}", rate[0], 100_000, is_most=False, unit="/s"),
        Verdict("S13 deposit beside two bare rows, each its own transaction of ours", micro["deposit"], micro["bare, as we write"], ours / bare, 2),
        Verdict("S13 hashes in a proof, most", str(proofs[-1][3]), "–", proofs[-1][3], options.entries.bit_length(), unit="hashes"),
        Verdict("S13 page of a statement, p95", f"{page[1]:.2f} ms", "–", page[1], 5, unit="ms"),
        Verdict("T4 tamperings found and named, of 6", str(len(said)), "–", len(said), 6, is_most=False, unit=""),
    ]
    rows = "\n".join(f"| {size:,} | {ms:.2f} | {statements:.0f} | {longest} |" for size, ms, statements, longest in proofs)
    found = "\n".join(f"| {name} | {sentence} |" for name, sentence in said)
    return f"""{verdicts(goals)}

Reading every row and hashing each entry and node once, and nothing else, goes through {rate[1]:,.0f} entries a second here: ours takes {rate[1] / rate[0]:.1f} times as long.
A bare connection without anything of ours (no queue of writers, no session) puts its two rows in within {micro["bare, a connection of its own"]}:
a deposit is {ours / alone:.1f} times that. Of fifty in one transaction each takes {micro["deposit, fifty in one"]}, two bare rows {micro["bare, fifty in one"]}. A page of a statement takes {page[0]:.2f} ms in the median. Filled in {filled_s:.0f} s.

| entries | proof, median ms | statements | longest path |
|---|---|---|---|
{rows}

| tampering by raw SQL, guards off | what `ledger verify` says first |
|---|---|
{found}
"""


if __name__ == "__main__":
    sys.exit(main())
