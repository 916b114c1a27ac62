"""Watches over the web server and the worker: starts both, greets when the site answers, ends both together.

Run by `guanxue up` in its own place (`python -m guanxue.supervisor PORT LINE…`), so it imports nothing of ours.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

STOP_WITHIN_S = 8


def main(port: int, greeting: list[str]) -> int:
    """Until told to stop, or until a child is gone by itself; the exit code."""
    stopped: list[int] = []
    for sign in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sign, lambda number, _frame: stopped.append(number))
    environ = {**os.environ, "GUANXUE_DIE_WITH_PARENT": "1", "PORT": str(port)}
    children = [subprocess.Popen([sys.executable, "-m", "guanxue", name], env=environ) for name in ("serve", "worker")]
    is_greeted = False
    while not stopped and all(child.poll() is None for child in children):
        time.sleep(0.2)
        if not is_greeted and answers(port):
            is_greeted = True
            print("\n".join(greeting), flush=True)
    end(children)
    if not stopped:
        print("网站或后台任务意外结束，请看上面的日志。", file=sys.stderr)
    return 0 if stopped else 1


def answers(port: int) -> bool:
    """Does somebody listen there?"""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def end(children: list[subprocess.Popen]) -> None:
    """Ask both to end; whoever has not after STOP_WITHIN_S is ended."""
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN_S
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
