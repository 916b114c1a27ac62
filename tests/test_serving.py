"""`guanxue serve`: workers are copies of one warmed app, answer alike, and end with the process that made them."""

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


def test_a_worker_that_dies_is_made_again_from_the_same_app(server):
    process, port = server
    gone = min(children(process.pid))
    os.kill(gone, signal.SIGKILL)
    assert wait_until(lambda: len(children(process.pid) - {gone}) == 2)
    assert all(answers(port, "/courses") for _n in range(8))


def test_no_worker_outlives_a_server_that_was_killed(server):
    process, _port = server
    workers = children(process.pid)
    process.kill()
    assert wait_until(lambda: not any(map(is_alive, workers)), 10)
