"""The web server: the app is made and warmed once, and its workers are copies that share what they do not change.

Forking afterwards instead of loading the app in each worker halves the start and saves about 200 MB with two workers. It is
safe because nothing is running yet: no thread, no open connection, no lock; the search index is mapped, not read by seeking.
`guanxue serve` becomes this program (`python -m guanxue.serving`), so that what only commands need is in none of them; and
once the workers run, this becomes tending.py, so that only they hold the site.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from typing import NoReturn

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from guanxue import tending, wiring
from guanxue.app import create_app
from guanxue.core import i18n, logs
from guanxue.core.db import db
from guanxue.core.web.turnstile import THREADS, Turnstile

# A phone that is gone without a word is noticed after 20 + 3 × 5 seconds. Nothing else would tell a thread that reads from it.
QUIET_S, PROBE_EVERY_S, PROBES = 20, 5, 3
# How glibc keeps memory. A heap for every thread would keep what that thread once took; one heap is enough under one lock.
# Left to itself it learns from the first large piece that is given back (a password's hash takes 19 MB) to take such pieces
# from the heap and to keep them there, in each worker: with fixed thresholds they go back to the system.
THRIFTY = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "262144", "MALLOC_TRIM_THRESHOLD_": "262144"}


def ready_app() -> Flask:
    """The site, with everything read that its first visitor needs."""
    logs.install()
    app = create_app()
    i18n.forget_tables()
    wiring.warm(app)
    with app.app_context():
        db.engine.dispose()  # a connection belongs to the process that opened it
    # All of this stays as long as the process: looking through it for garbage again and again would hold requests up.
    gc.collect()
    gc.freeze()
    return app


def end_with_parent() -> None:
    """Ask the kernel (Linux) to end this process when the one that started it is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def notice_the_gone(port: int, within_s: float = 10) -> None:
    """Have the kernel ask those who connect to this process whether they are still there, once they are silent."""
    deadline = time.monotonic() + within_s
    while not any(_ask_the_silent(int(fd), port) for fd in os.listdir("/proc/self/fd")) and time.monotonic() < deadline:
        time.sleep(0.1)


def _ask_the_silent(fd: int, port: int) -> bool:
    """If that open file is the socket that listens there: what is set on it, each of its connections inherits."""
    try:
        handle = os.dup(fd)
    except OSError:
        return False
    try:
        one = socket.socket(fileno=handle)
    except OSError:  # a file of another kind
        os.close(handle)
        return False
    with one, contextlib.suppress(OSError):  # a socket not of the network
        is_listening = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if not is_listening or one.family not in (socket.AF_INET, socket.AF_INET6) or one.getsockname()[1] != port:
            return False
        one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, QUIET_S)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY_S)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
        return True
    return False


def become_server(host: str, port: int, workers: int) -> NoReturn:
    """Answer on that address until told to end (TERM, INT), in this process but with nothing loaded that others needed."""
    environ = {**os.environ, **THRIFTY}
    os.execve(sys.executable, [sys.executable, "-m", "guanxue.serving", host, str(port), str(workers)], environ)  # noqa: S606


class Nursery(Granian):
    """Granian, until its workers run: then a program that holds nothing of the site takes this one's place."""

    told: tuple[str, ...] = ()  # what that program is told first: the address and how many workers there are to be
    living: tuple[str, ...] = ()  # process ids of workers that were there before

    def startup(self, *args: object) -> None:
        """Start the workers and give them away."""
        super().startup(*args)
        made = [str(child.pid) for child in multiprocessing.active_children()]
        os.execv(sys.executable, [  # noqa: S606
            sys.executable, "-I", "-S", tending.__file__, *self.told, str(len(made)), *self.living, *made])


def serve(host: str, port: int, workers: int, living: Sequence[str] = ()) -> None:
    """Answer on that address until told to end (TERM, INT). `living` are the process ids of workers there are already."""
    multiprocessing.set_start_method("fork", force=True)
    app = ready_app()
    for thread in threading.enumerate():  # a copy would lack it, and wait for ever for what it holds
        if thread is not threading.main_thread():
            thread.join()

    def in_worker() -> Turnstile:
        end_with_parent()
        _listen_to_signals()
        if sys.platform == "linux":  # the server opens its socket after this
            threading.Thread(target=notice_the_gone, args=(port,), name="notice-the-gone", daemon=True).start()
        return Turnstile(app)

    signal.pthread_sigmask(signal.SIG_BLOCK, tending.NEWS)  # what is told to this process meanwhile, tending.py hears
    server = Nursery("wsgi:app", address=host, port=port, interface=Interfaces.WSGI, workers=workers - len(living),
                     blocking_threads=THREADS, backlog=1024, backpressure=1024 // workers, websockets=False,
                     log_level=LogLevels.warning)
    server.told, server.living = (host, str(port), str(workers)), tuple(living)
    server.serve(target_loader=in_worker, wrap_loader=False)


def _listen_to_signals() -> None:
    """Undo what a worker has from the process that made it: signals held back, and what would become of them there."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # tending.py asks to end
    signal.pthread_sigmask(signal.SIG_UNBLOCK, tending.NEWS)


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
