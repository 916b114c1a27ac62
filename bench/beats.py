"""Heartbeats as the city grows, and after a crash: sections of bench/RESULTS.md.

    python bench/beats.py growth [--rows 10000000] [--seconds N] [--rounds N]   S5: a site of many stored rows beside one of few
    python bench/beats.py crash [--learners 1000] [--seconds N]                 kill -9 in the middle of 1,000 learners' beats
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from measure import Contender, compare, sittings_file
from results import Verdict, load_table, verdicts, write
from sqlalchemy import select
from stage import LEARNERS, OUR_PORT, ROOT, SECRET, Server, Site, Stage, _tree, get

from guanxue import learning
from guanxue.core.append_only import install_triggers, remove_triggers
from guanxue.core.db import db, session
from guanxue.learning import evidence, rules
from guanxue.learning.models import BeatRow, Progress

FEW_PORT, MANY_PORT = OUR_PORT, OUR_PORT + 2
ROWS_A_PLAYBACK = 80  # twenty minutes at a beat every 15 s


# ---- growth


def growth(options: argparse.Namespace, folder: Path) -> None:
    """The same beats against few rows and against many, in turn; what a learner waits for there; bytes a beat."""
    site = Site(folder / "few")
    few = site.fill(options.learners or LEARNERS)
    with site.app.app_context():  # to copy a file is to close it, which drops SQLite's locks of this process: hold nothing open
        db.session.remove()
        db.engine.dispose()
    shutil.copytree(folder / "few", folder / "many")
    many = Stage(folder / "many", few.cookie, few.course, few.learners)
    grow(many, options.rows)
    stored = [count_rows(stage) for stage in (few, many)]
    print(f"  {stored[0]:,} rows beside {stored[1]:,}", flush=True)
    with serving(few, FEW_PORT) as a, serving(many, MANY_PORT) as b:
        at_few, at_many = compare([_beats("few rows", few, a), _beats("many rows", many, b)], folder, seconds=options.seconds,
                                  rounds=options.rounds)
        waits = {path: p95_ms(b, many.learners, path) for path in ("/api/v1/me/courses", "/api/v1/me/credits")}
    bytes_a_beat, rows = size(many)
    goals = [
        Verdict(f"S5 rate at {stored[1]:,} rows", f"{at_many.rate:,.0f}/s", f"{at_few.rate:,.0f}/s", at_many.rate / at_few.rate, 0.9,
                is_most=False),
        *(Verdict(f"S5 p95 of {path}", f"{ms:.1f} ms", "–", ms, 5, unit="ms") for path, ms in waits.items()),
        Verdict(f"S5 evidence, {rows:,} rows", f"{bytes_a_beat:.1f} bytes", "–", bytes_a_beat, 60, unit="bytes")]
    also = f"{stored[0]:,} rows beside {stored[1]:,}, each on a server of its own. By processor time: {at_few.cpu_ms / at_many.cpu_ms:.2f}."
    write("S5 growth", "\n\n".join([verdicts(goals), load_table([at_few, at_many]), also]))


def grow(stage: Stage, rows: int) -> None:
    """Give the site's learners so many rows of evidence more, by SQL."""
    app = Site(stage.folder).app
    with app.app_context(), db.engine.connect().execution_options(is_writing=True) as c, c.begin():
        remove_triggers(c)
        c.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) INSERT INTO learning_playback (code,"
            " person_id, enrolment_id, revision_lesson_id, key, opened_ms, ended_ms, max_rate_permille, last_seq, contact_ms,"
            " acked_t_ms, granted_ms, chain) SELECT 'grown-' || i, e.person_id, e.id, l.id, NULL, 1700000000000 + i * 1000,"
            " 1700001200000 + i * 1000, 2000, ?, 1700001200000 + i * 1000, 1200000, 1200000, randomblob(32) FROM n"
            " JOIN (SELECT id, person_id, revision_id, row_number() OVER (ORDER BY id) - 1 AS k FROM learning_enrolment) e"
            " ON e.k = n.i % (SELECT count(*) FROM learning_enrolment)"
            " JOIN (SELECT revision_id, min(id) AS id FROM courses_revision_lesson GROUP BY revision_id) l"
            " ON l.revision_id = e.revision_id", (rows // ROWS_A_PLAYBACK, ROWS_A_PLAYBACK))
        claims = rules.pack_beats([rules.Beat(600_000, 585_000, 600_000, 1000)])
        c.exec_driver_sql(
            "WITH RECURSIVE s(seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < ?) INSERT INTO learning_beat"
            " (playback_id, seq, received_ms, claims) SELECT p.id, s.seq, p.opened_ms + s.seq * 15000, ? FROM learning_playback p"
            " CROSS JOIN s WHERE p.code LIKE 'grown-%' ORDER BY p.id, s.seq", (ROWS_A_PLAYBACK, claims))
        install_triggers(c)
    with app.app_context():
        db.engine.dispose()


def count_rows(stage: Stage) -> int:
    """How many rows of evidence the site keeps."""
    with sqlite3.connect(stage.folder / "guanxue.db") as c:
        return c.execute("SELECT count(*) FROM learning_beat").fetchone()[0]


def size(stage: Stage) -> tuple[float, int]:
    """(bytes a row, rows) of the beats of a thousand playbacks at a time, in an order as they come: of the pages in the file."""
    chance, live, at, count = random.Random(5), {}, 1_000_000, 0
    with sqlite3.connect(stage.folder / "guanxue.db") as site:
        table = site.execute("SELECT sql FROM sqlite_master WHERE name = 'learning_beat'").fetchone()[0]
    path = stage.folder / "beats.db"
    with sqlite3.connect(path) as c:
        c.execute(table)
        for step in range(500_000):
            if step % 500 == 0:  # those who have finished meanwhile make room for others
                while len(live) < 1000:
                    at, live[at] = at + 1, [0, chance.randint(20, 160)]
                known = tuple(live)
            playback = chance.choice(known)
            if playback not in live:
                continue
            live[playback][0] = seq = live[playback][0] + 1
            claims = rules.pack_beats([rules.Beat(seq * 15_000, seq * 15_000 - 15_000, seq * 15_000, 1000)])
            c.execute("INSERT INTO learning_beat (playback_id, seq, received_ms, claims) VALUES (?, ?, ?, ?)",
                      (playback, seq, 1_900_000_000_000 + step * 15, claims))
            count += 1
            if seq == live[playback][1]:
                del live[playback]
    return path.stat().st_size / count, count


def _beats(name: str, stage: Stage, server: Server) -> Contender:
    site = Site(stage.folder)

    def sittings() -> dict[str, str]:
        return sittings_file(stage, site.sittings(stage.learners, 200), "/api/v1/playbacks/", "/beats")

    return Contender(name, server, connections=64, beats=sittings)


def p95_ms(server: Server, learners: list, path: str, count: int = 200) -> float:
    """How long 95 of 100 learners wait for that, one after another."""
    seen = []
    for one in random.sample(learners, min(count, len(learners))):
        began = time.perf_counter()
        status, _headers, _body = get(server.port, path, {"Authorization": f"Bearer {one.token}"})
        seen.append((time.perf_counter() - began) * 1000)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")
    return statistics.quantiles(seen, n=20)[-1]


# ---- a crash


@dataclass
class Acknowledged:
    """What one learner was told last, and what was sent and not answered."""

    seq: int = 0
    credited_s: float = 0.0
    count: int = 0
    open: int = 0


def crash(options: argparse.Namespace, folder: Path) -> None:
    """A thousand learners send beats at once; every process of the server is killed; each second they were told of is there."""
    site = Site(folder / "site")
    stage = site.fill(options.learners or 1000)
    told = site.sittings(stage.learners, 400)
    with serving(stage, FEW_PORT) as server:
        heard, rate = asyncio.run(_study(server, told, options.seconds))
    lost, faults, rows, derived = _what_is_left(site, heard)
    acknowledged = sum(a.count for a in heard.values())
    goals = [Verdict("acknowledged seconds that are not there", str(lost), "–", lost, 0, unit=""),
             Verdict("playbacks whose chain does not hold", str(faults), "–", faults, 0, unit=""),
             Verdict("lessons whose cache says other than the evidence", str(derived), "–", derived, 0, unit="")]
    also = (f"{len(heard):,} learners, {acknowledged:,} beats acknowledged at {rate:,.0f}/s by a client in Python, "
            f"{sum(a.open for a in heard.values()):,} on the way when every process was killed; {rows:,} rows kept.")
    write("S5 crash", "\n\n".join([verdicts(goals), also]))
    print("  " + also, flush=True)


async def _study(server: Server, told: list[dict], seconds: float) -> tuple[dict[str, Acknowledged], float]:
    heard = {one["code"]: Acknowledged() for one in told}
    learners = [asyncio.create_task(_learn(server.port, one, heard[one["code"]])) for one in told]
    await asyncio.sleep(seconds)
    for pid in sorted(_tree(server.pid), reverse=True):
        os.kill(pid, signal.SIGKILL)
    await asyncio.wait(learners, timeout=10)
    for learner in learners:
        learner.cancel()
    return heard, sum(a.count for a in heard.values()) / seconds


async def _learn(port: int, one: dict, heard: Acknowledged) -> None:
    """Beats of one second each, a second played before each, one connection, until the line breaks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    begun_s, seq = int(time.time()) - one["opened_s"], one["seq"]
    try:
        for n, word in enumerate(one["words"]):
            body = json.dumps({"nonce": word, "seq": seq + n, "beats": [
                {"t_ms": begun_s * 1000 + n, "from_s": n * 0.2, "to_s": n * 0.2 + 0.2, "rate": 1}]}).encode()
            heard.open = 1
            writer.write(f"POST /api/v1/playbacks/{one['code']}/beats HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {one['token']}\r\n"
                         f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
            answer = json.loads(await reader.readexactly(length))
            heard.seq, heard.credited_s = answer["next_seq"] - 1, answer["credited_s"]
            heard.count, heard.open = heard.count + 1, 0
            await asyncio.sleep(0.5)  # a player is slowed down that sends more than two a second
    except (OSError, EOFError, KeyError):
        return


def _what_is_left(site: Site, heard: dict[str, Acknowledged]) -> tuple[int, int, int, int]:
    """(acknowledged and not there, chains that do not hold, rows, caches that differ from the evidence)."""
    lost = faults = differing = 0
    with site.app.app_context():
        for playback in session.scalars(select(learning.Playback)):
            known = heard.get(playback.code)
            if known is None:
                continue
            progress = session.get(Progress, (playback.enrolment_id, playback.revision_lesson_id))
            lost += playback.last_seq < known.seq or progress.credited_ms < round(known.credited_s * 1000)
            faults += evidence.chain_fault(playback.id, playback.last_seq, playback.chain.hex())
            derived = evidence.derive_spans(learning.get_enrolment(playback.enrolment_id))
            differing += derived[playback.revision_lesson_id].credited_ms != progress.credited_ms
        rows = session.query(BeatRow).count()
        db.session.remove()
    return lost, faults, rows, differing


def serving(stage: Stage, port: int):
    """The site as `guanxue serve` serves it, answering; ended afterwards."""
    environ = {**stage.environ, "GUANXUE_DATA": str(stage.folder), "GUANXUE_SECRET_KEY": SECRET, "PORT": str(port),
               "BENCH_FOLDER": str(stage.folder)}
    return Server(f"site-{port}", port, ["guanxue", "serve", "--host", "127.0.0.1"], ROOT, environ)


GOALS = {"growth": growth, "crash": crash}


def main() -> int:
    """Measure what was asked for in a temporary folder."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("goals", nargs="*", choices=[*GOALS, []], help="without any: both")
    asked.add_argument("--rows", type=int, default=10_000_000, help="how many rows the grown site keeps")
    asked.add_argument("--learners", type=int, help="how many send beats; 4,000 in turn (growth), 1,000 at once (crash)")
    asked.add_argument("--seconds", type=int, default=5, help="how long a round, or the time before the crash, takes")
    asked.add_argument("--rounds", type=int, default=5)
    options = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in options.goals or GOALS:
        print(name, flush=True)
        with tempfile.TemporaryDirectory(prefix="guanxue-bench-") as folder:
            GOALS[name](options, Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
