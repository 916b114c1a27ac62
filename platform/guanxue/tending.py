"""Tends the web server's workers: ends them when told, and has one made anew where one is gone.

serving.py becomes this program once its workers run, and this becomes serving.py again to make one. So nothing of the site
is kept in a process that only waits: it would take as much memory as a worker, because a page of memory that a worker
changes is shared no more. It is run by its path, imports nothing of ours, and its one process id stays what it was.
"""

from __future__ import annotations

import os
import signal
import sys
import time

END = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
NEWS = (*END, signal.SIGCHLD)
END_WITHIN_S = 5
LIVE_AT_LEAST_S = 5  # a worker that is gone sooner would be gone again


def main(host: str, port: str, workers: str, made: str, *pids: str) -> int:
    """Until told to end; the exit code. The last `made` of the process ids are workers that have just begun."""
    signal.pthread_sigmask(signal.SIG_BLOCK, NEWS)
    began, living, new = time.monotonic(), set(map(int, pids)), set(map(int, pids[len(pids) - int(made):]))
    while len(living := still_there(living)) == int(workers):
        if signal.sigwait(NEWS) in END:
            end(living)
            return 0
    if time.monotonic() - began < LIVE_AT_LEAST_S and not new <= living:
        print("网站的进程一启动就结束，请看上面的日志。", file=sys.stderr)
        end(living)
        return 1
    print("网站的一个进程意外结束，正在重新启动。", file=sys.stderr, flush=True)
    os.execv(sys.executable, [sys.executable, "-m", "guanxue.serving", host, port, workers, *map(str, living)])  # noqa: S606


def still_there(pids: set[int]) -> set[int]:
    """Those of these children that have not ended."""
    return {pid for pid in pids if os.waitpid(pid, os.WNOHANG) == (0, 0)}


def end(pids: set[int]) -> None:
    """Ask them to end; those that have not after END_WITHIN_S are ended."""
    for pid in pids:
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + END_WITHIN_S
    while (pids := still_there(pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
