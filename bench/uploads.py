"""G7: videos over lines that break. The same file after 200 cuts and 20 kills, little sent twice, little memory, little lost time.

    python bench/uploads.py                                  # all of it, some minutes; writes its section of RESULTS.md
    python bench/uploads.py --cuts 20 --kills 2 --gigabytes 0.2 --only-print
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import http.client
import io
import random
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from bench.lines import Line, Passed, Plan, Served, Tus, free_port, sign_in  # noqa: E402
from results import Verdict, verdicts, write  # noqa: E402

from guanxue import accounts, migrations, wiring  # noqa: E402
from guanxue.app import create_app  # noqa: E402
from guanxue.config import Settings  # noqa: E402
from guanxue.core.actor import SYSTEM  # noqa: E402
from guanxue.core.db import db, writing  # noqa: E402

MB = 1024**2
PHONE, PASSWORD, SECRET = "13700000001", "only-for-the-bench-1", "bench-secret-bench-secret-bench-secret-0123"
PIECE = 8 * MB  # what our page sends at once
LINE_RATE = 25 * MB // 2  # 100 Mbit/s
CUTS_A_FILE = 10


@dataclass
class Found:
    """What was seen: bytes sent again after each cut and kill, files that came out otherwise."""

    again_after_cut: list[int] = field(default_factory=list)
    again_after_kill: list[int] = field(default_factory=list)
    files: int = 0
    wrong: int = 0


class Studio:
    """A site with one teacher, served; and whether what it keeps is what was sent."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environ = {"GUANXUE_DATA": str(folder), "GUANXUE_SECRET_KEY": SECRET}
        app = create_app(Settings.from_env(environ))
        with app.test_request_context():
            migrations.upgrade()
            with writing():
                wiring.prepare(SYSTEM)
                person = accounts.register_person(SYSTEM, phone=PHONE, password_hash=accounts.hash_password(PASSWORD), name="陈师傅",
                                                  terms_version=accounts.current_edition())
                accounts.grant_role(SYSTEM, person, "instructor", None)
            db.session.remove()
            db.engine.dispose()
        self.server = Served(environ, free_port())
        self.server.start()
        self.account = sign_in(self.server.port, PHONE, PASSWORD)
        self.tus = Tus(self.server.port, self.account)

    def by(self, line: Line) -> Tus:
        """The teacher behind that line."""
        return Tus(line.port, self.account)

    def has(self, digest: str) -> bool:
        """Does that original lie there, byte for byte? It is removed, so that the disk does not fill."""
        path = self.folder / "media" / "originals" / digest
        if not path.is_file():
            return False
        with path.open("rb") as f:
            is_same = hashlib.file_digest(f, "sha256").hexdigest() == digest
        path.unlink()
        return is_same

    def forget_quota(self) -> None:
        """A teacher may begin 60 files a day; the bench begins more."""
        app = create_app(Settings.from_env({"GUANXUE_DATA": str(self.folder), "GUANXUE_SECRET_KEY": SECRET}))
        with app.test_request_context(), writing():
            db.session.execute(db.text("DELETE FROM media_upload WHERE state <> 'open'"))
        with app.app_context():
            db.engine.dispose()


# ---- cuts


def cuts(studio: Studio, count: int, found: Found, chance: random.Random) -> None:
    """Cut the line so often: in the head, anywhere in the body, after the last byte before the answer."""
    left = count
    while left > 0:
        data = chance.randbytes(chance.randrange(2 * MB, 12 * MB))
        path = studio.tus.create(len(data))
        for _n in range(min(CUTS_A_FILE, left)):
            left -= _cut_once(studio, path, data, found, chance)
        if studio.tus.offset(path) < len(data):
            studio.tus.send(path, io.BytesIO(data), len(data), PIECE)
        _judge(studio, data, found)
    studio.forget_quota()


def _cut_once(studio: Studio, path: str, data: bytes, found: Found, chance: random.Random) -> int:
    at = studio.tus.offset(path)
    if at == len(data):
        return 0
    length = min(len(data) - at, chance.choice((PIECE, 300_000, MB)))
    kind = chance.random()
    if kind < 0.15:
        plan = Plan(cut_after=chance.randrange(1, 420))  # inside the head
    elif kind < 0.3:
        plan = Plan(swallow_answer=True)
    else:
        plan = Plan(cut_after=420 + chance.randrange(length), abruptly=chance.random() < 0.5)
    line = Line(studio.server.port, lambda: plan)
    with contextlib.suppress(OSError, http.client.HTTPException):
        studio.by(line).append(path, at, data[at:at + length])
    here = studio.tus.offset(path)  # at once, as a client asks that is back
    passed = line.passed[0]
    line.close()
    if passed.is_cut:
        found.again_after_cut.append(at + passed.body - here)
    return int(passed.is_cut)


def _judge(studio: Studio, data: bytes, found: Found) -> None:
    found.files += 1
    found.wrong += not studio.has(hashlib.sha256(data).hexdigest())


# ---- kills


def kills(studio: Studio, count: int, found: Found, chance: random.Random) -> None:
    """kill -9 the server and its workers in the middle of an upload, start it again, go on."""
    data = chance.randbytes(48 * MB)
    for _file in range(0, count, 10):
        path = studio.tus.create(len(data))
        for _n in range(min(10, count - _file)):
            _kill_once(studio, path, data, found, chance)
        studio.tus.send(path, io.BytesIO(data), len(data), PIECE)
        _judge(studio, data, found)


def _kill_once(studio: Studio, path: str, data: bytes, found: Found, chance: random.Random) -> None:
    at = studio.tus.offset(path)
    line = Line(studio.server.port, rate=LINE_RATE)
    sending = threading.Thread(target=_try, args=(studio.by(line), path, at, data[at:at + PIECE]), daemon=True)
    sending.start()
    time.sleep(chance.uniform(0.05, 0.6))
    studio.server.kill()
    sending.join(30)
    passed = line.passed[0] if line.passed else Passed()
    line.close()
    studio.server.start()
    found.again_after_kill.append(max(0, at + passed.body - studio.tus.offset(path)))


def _try(tus: Tus, path: str, at: int, data: bytes) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        tus.append(path, at, data)


# ---- memory


@dataclass
class Memory:
    """A worker's memory in MB: at the start, and the most of it that was seen."""

    rss: float
    pss: float
    most_rss: float = 0.0
    most_pss: float = 0.0


def memory(studio: Studio, size: int) -> list[Memory]:
    """Send a file with holes of that size, half in pieces, half in one; what each worker took meanwhile."""
    studio.server.stop()
    studio.server.start()
    for _n in range(20):  # the first pages of a process load what it needs
        studio.tus.ask("GET", "/courses")
    workers = {pid: Memory(*_memory_mb(pid)) for pid in studio.server.worker_pids()}
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(workers, over))
    watching.start()
    holes = studio.folder / "holes"
    with holes.open("wb") as f:
        f.truncate(size)
    path = studio.tus.create(size)
    with holes.open("rb") as f:
        studio.tus.send(path, f, size // 2 // PIECE * PIECE, PIECE)
        studio.tus.send(path, f, size)
    over.set()
    watching.join()
    holes.unlink()
    for kept in (studio.folder / "media" / "originals").iterdir():
        kept.unlink()
    return list(workers.values())


def _watch(workers: dict[int, Memory], over: threading.Event) -> None:
    while not over.wait(0.1):
        for pid, seen in workers.items():
            rss, pss = _memory_mb(pid)
            seen.most_rss, seen.most_pss = max(seen.most_rss, rss), max(seen.most_pss, pss)


def _memory_mb(pid: int) -> tuple[float, float]:
    told = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    rss, pss = (next(int(line.split()[1]) for line in told if line.startswith(name)) for name in ("Rss:", "Pss:"))
    return rss / 1024, pss / 1024


# ---- goodput


def goodput(studio: Studio, size: int, rate: int, rounds: int) -> tuple[float, float]:
    """(ours, a bare socket's) MB a second for a file of that size over the same line, medians of alternating rounds."""
    ours, bare = [], []
    data = random.Random(5).randbytes(size)
    for _n in range(rounds):
        line = Line(studio.server.port, rate=rate)
        began = time.monotonic()
        path = studio.tus.create(size)
        studio.by(line).send(path, io.BytesIO(data), size, PIECE)
        ours.append(size / MB / (time.monotonic() - began))
        line.close()
        studio.has(hashlib.sha256(data).hexdigest())
        bare.append(size / MB / _bare_copy(studio.folder / "bare", data, rate))
    return statistics.median(ours), statistics.median(bare)


def _bare_copy(target: Path, data: bytes, rate: int) -> float:
    """Seconds until a program that does nothing else has the bytes on its disk and says so."""
    listener = socket.create_server(("127.0.0.1", 0))

    def take() -> None:
        one, _address = listener.accept()
        with one, target.open("wb", buffering=0) as out:
            while block := one.recv(64 * 1024):
                out.write(block)
            one.sendall(b"k")

    taking = threading.Thread(target=take)
    taking.start()
    line = Line(listener.getsockname()[1], rate=rate)
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", line.port)) as one:
        one.sendall(data)
        one.shutdown(socket.SHUT_WR)
        one.recv(1)
    took = time.monotonic() - began
    taking.join()
    line.close()
    listener.close()
    target.unlink()
    return took


# ---- together


def measure(folder: Path, cut: int, kill: int, gigabytes: float) -> str:
    """The section's text."""
    studio, found, chance = Studio(folder), Found(), random.Random(20)
    try:
        cuts(studio, cut, found, chance)
        print(f"  {len(found.again_after_cut)} cuts, at most {max(found.again_after_cut, default=0):,} bytes again", flush=True)
        kills(studio, kill, found, chance)
        print(f"  {len(found.again_after_kill)} kills, at most {max(found.again_after_kill, default=0):,} bytes again", flush=True)
        workers = memory(studio, int(gigabytes * 1024) * MB)
        print(f"  memory {workers}", flush=True)
        slow = goodput(studio, 40 * MB, LINE_RATE, 3)
        fast = goodput(studio, 200 * MB, 0, 3)
        print(f"  goodput {slow} {fast}", flush=True)
    finally:
        studio.server.stop()
    return _told(found, workers, slow, fast, gigabytes)


def _told(found: Found, workers: list[Memory], slow: tuple[float, float], fast: tuple[float, float], gigabytes: float) -> str:
    grown = max(m.most_rss - m.rss for m in workers)
    again_cut, again_kill = max(found.again_after_cut, default=0), max(found.again_after_kill, default=0)
    rows = [
        Verdict(f"files that came out otherwise, of {found.files}", str(found.wrong), "–", found.wrong, 0, unit=""),
        Verdict(f"sent again a cut ({len(found.again_after_cut)} cuts), most", f"{again_cut:,} bytes", "–", again_cut / MB, 1, unit="MiB"),
        Verdict(f"sent again a kill -9 ({len(found.again_after_kill)} kills), most", f"{again_kill:,} bytes", "–", again_kill / MB, 8, unit="MiB"),
        Verdict(f"a worker's RSS over its start, {gigabytes:g} GB", f"{grown:.0f} MB", "–", grown, 120, unit="MB"),
        Verdict("goodput at 100 Mbit/s", f"{slow[0]:.1f} MB/s", f"{slow[1]:.1f} MB/s", slow[0] / slow[1], 0.9, is_most=False)]
    each = "\n".join(f"| {n} | {m.rss:.0f} | {m.most_rss:.0f} | {m.pss:.0f} | {m.most_pss:.0f} |" for n, m in enumerate(workers, 1))
    middle = [int(statistics.median(x)) if x else 0 for x in (found.again_after_cut, found.again_after_kill)]
    return "\n\n".join([
        verdicts(rows),
        f"Sent again, median: {middle[0]:,} bytes a cut, {middle[1]:,} a kill. What had passed the line counts, less what the server had.",
        "| worker | RSS MB at start | most | PSS MB at start | most |\n|---|---|---|---|---|\n" + each,
        f"Without a limit on the line: {fast[0]:.0f} MB/s with sha256 and fsync, a bare socket to a file {fast[1]:.0f} MB/s "
        f"({fast[0] / fast[1]:.2f}; no goal)."])


def main() -> int:
    """Measure on a site of its own in a temporary folder."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--cuts", type=int, default=200)
    asked.add_argument("--kills", type=int, default=20)
    asked.add_argument("--gigabytes", type=float, default=2)
    asked.add_argument("--only-print", action="store_true", help="leave RESULTS.md as it is")
    options = asked.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="guanxue-bench-") as folder:
        text = measure(Path(folder), options.cuts, options.kills, options.gigabytes)
    if not options.only_print:
        write("G7 uploads", text)
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
