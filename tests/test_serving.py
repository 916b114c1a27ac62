"""`guanxue serve`: workers are copies of one warmed app, answer alike, and end with the process that tends them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from guanxue import serving, tending

ROOT = Path(__file__).resolve().parents[1]
GUANXUE = Path(sys.executable).with_name("guanxue")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def children(pid: int) -> set[int]:
    return {int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(holds, within_s: float = 30) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture
def server(tmp_path):
    """(process, port) of a prepared site that answers."""
    port = free_port()
    environ = {**os.environ, "GUANXUE_DATA": str(tmp_path / "data"), "GUANXUE_ENV": "demo", "PORT": str(port)}
    subprocess.run([GUANXUE, "init"], env=environ, check=True, capture_output=True)
    process = subprocess.Popen([GUANXUE, "serve", "--host", "127.0.0.1"], env=environ, cwd=ROOT, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: answers(port))
        yield process, port
    finally:
        process.kill()
        process.wait(10)


def answers(port: int, path: str = "/healthz") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def test_workers_answer_and_all_end_when_told(server):
    process, port = server
    workers = children(process.pid)
    assert len(workers) == 2 and all(answers(port, "/courses") for _n in range(8))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    assert wait_until(lambda: not any(map(is_alive, workers)), 5) and not answers(port)


def test_a_worker_that_dies_is_made_again_beside_the_other(server):
    process, port = server
    gone, stays = sorted(children(process.pid))
    assert wait_until(lambda: b"tending.py" in Path(f"/proc/{process.pid}/cmdline").read_bytes())
    time.sleep(tending.LIVE_AT_LEAST_S + 1)
    os.kill(gone, signal.SIGKILL)
    assert wait_until(lambda: len(children(process.pid) - {gone}) == 2) and stays in children(process.pid)
    assert all(answers(port, "/courses") for _n in range(8))


def tend(before: str = "", new: int = 2) -> subprocess.Popen:
    """tending.py with two children that only sleep, so many of them new, after these further words in the process that made
    them.
    """
    script = f"""
import os, signal, subprocess, sys
sleepers = [str(subprocess.Popen(["sleep", "60"]).pid) for _n in range(2)]
{before}
os.execv(sys.executable, [sys.executable, "-I", "-S", {tending.__file__!r}, "127.0.0.1", "1", "2", "{new}", *sleepers])
"""
    return subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.DEVNULL)


def test_workers_that_die_at_once_are_not_made_again_for_ever():
    process = tend()
    assert wait_until(lambda: len(children(process.pid)) == 2)
    workers = children(process.pid)
    os.kill(min(workers), signal.SIGKILL)
    assert process.wait(10) == 1
    assert wait_until(lambda: not any(map(is_alive, workers)), 5)


def test_a_worker_that_is_gone_beside_a_new_one_is_made_again_however_soon():
    process = tend(new=1)
    assert wait_until(lambda: len(children(process.pid)) == 2)
    gone, stays = sorted(children(process.pid))
    os.kill(gone, signal.SIGKILL)
    assert wait_until(lambda: b"guanxue.serving" in Path(f"/proc/{process.pid}/cmdline").read_bytes(), 5)
    process.kill()
    process.wait(10)
    os.kill(stays, signal.SIGKILL)


def test_a_port_that_somebody_listens_on_is_refused_with_a_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as taken:
        told = subprocess.run([GUANXUE, "serve", "--host", "127.0.0.1", "--port", str(taken.getsockname()[1])], cwd=ROOT,
                              env={**os.environ, "GUANXUE_DATA": str(tmp_path)}, capture_output=True, text=True, timeout=30)
    assert told.returncode == 1 and "已被占用" in told.stderr


def test_told_to_end_before_it_could_look_it_ends_all():
    process = tend("signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}); os.kill(os.getpid(), signal.SIGTERM)")
    assert process.wait(10) == 0


def test_only_workers_hold_the_site(server):
    process, _port = server
    rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    assert sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_")) < 16 * 1024


def test_no_worker_outlives_a_server_that_was_killed(server):
    process, _port = server
    workers = children(process.pid)
    process.kill()
    assert wait_until(lambda: not any(map(is_alive, workers)), 10)


HASHES = """
import re
from argon2 import PasswordHasher
def own_kb():
    return int(re.search(r"Private_Dirty:\\s+(\\d+)", open("/proc/self/smaps_rollup").read())[1])
hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
pieces = [bytes(20_000) for _ in range(10)]
before = own_kb()
for _ in range(4):
    hasher.hash("mima-bu-jiandan-1")
    pieces.append(bytes(20_000))
print(own_kb() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="told by /proc")
def test_memory_of_a_passwords_hash_goes_back_to_the_system():
    """Else each worker keeps the 19 MB of its first sign-in for ever."""
    done = subprocess.run([sys.executable, "-c", HASHES], env={**os.environ, **serving.THRIFTY}, capture_output=True, text=True,
                          check=True)
    assert int(done.stdout) < 4_000
