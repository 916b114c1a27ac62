"""The one way to run an outside program: behind the site's own work, in an empty folder, within limits, dying with us.

A program gets no more of our environment than a path, leads a session of its own (so that its children end with it), and
is ended when it is no longer wanted, when it takes too long, or when it no longer gets on. What it said last is kept.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from guanxue.media.errors import Stopped

# The site's own answers come first: a program takes what they leave (nice), and dies with the worker (PR_SET_PDEATHSIG).
BEHIND = ("nice", "-n", "19", "setpriv", "--pdeathsig", "KILL", "--")
ENVIRON = {"PATH": os.environ.get("PATH", "/usr/local/bin:/usr/bin:/bin"), "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}
MEMORY_BYTES, FILE_BYTES = 3 * 1024**3, 4 * 1024**3
QUIET_S, GRACE_S = 60.0, 3.0
MOST_ERRORS, MOST_OUTPUT, LONGEST_LINE = 64 * 1024, 4 * 1024**2, 64 * 1024


class ProgramFailed(Exception):
    """The program ended with an error; the message is the end of what it said."""


def run(command: list[str], *, timeout_s: float, cpu_s: float | None = None, file_bytes: int = FILE_BYTES,
        folder: Path | None = None, stdin: bytes | None = None, on_line: Callable[[str], None] | None = None,
        on_progress: Callable[[float], None] | None = None, is_lost: Callable[[], bool] = lambda: False,
        quiet_s: float = QUIET_S, wants_errors: bool = False,
        overtaking: Callable[[], Callable[[], None] | None] = lambda: None) -> str:
    """Run to the end and give its stdout (or, where wanted, the end of its stderr). It works in an empty folder unless told.

    `on_line` gets stdout line by line (then "" is returned); what it raises ends the program and is raised here.
    `on_progress` gets the seconds made so far, of a program that was told `-progress pipe:1`. With either, a program that
    does not get on for quiet_s is ended. `overtaking` is asked all the time; what it gives is done while the program stands
    still. Raises ProgramFailed (also for limits) and Stopped when is_lost() turns true.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="guanxue-") as empty:
            return run(command, timeout_s=timeout_s, cpu_s=cpu_s, file_bytes=file_bytes, folder=Path(empty), stdin=stdin,
                       on_line=on_line, on_progress=on_progress, is_lost=is_lost, quiet_s=quiet_s, wants_errors=wants_errors,
                       overtaking=overtaking)
    process = subprocess.Popen(
        [*BEHIND, *_limits(cpu_s or timeout_s, file_bytes), *command], cwd=folder, env=ENVIRON, start_new_session=True,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    said = _Said(on_line, on_progress)
    readers = [threading.Thread(target=said.read_output, args=(process.stdout,), daemon=True),
               threading.Thread(target=said.read_errors, args=(process.stderr,), daemon=True)]
    for reader in readers:
        reader.start()
    try:
        if stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        _wait(process, said, timeout_s, quiet_s if on_line or on_progress else timeout_s, is_lost, overtaking)
    finally:
        _end(process)
        for reader, pipe in zip(readers, (process.stdout, process.stderr), strict=True):
            reader.join(5)
            if not reader.is_alive():
                pipe.close()
    if said.fault is not None:
        raise said.fault
    if process.returncode != 0:
        raise ProgramFailed(said.errors[-600:].strip() or f"exit {process.returncode}")
    return said.errors if wants_errors else said.output


def _limits(cpu_s: float, file_bytes: int) -> list[str]:
    cpu = max(1, round(cpu_s))
    return ["prlimit", f"--as={MEMORY_BYTES}", f"--cpu={cpu}:{cpu + 2}", f"--fsize={file_bytes}", "--core=0", "--nofile=256",
            "--"]


class _Said:
    """What a program has said, and when it last got on."""

    def __init__(self, on_line: Callable[[str], None] | None, on_progress: Callable[[float], None] | None) -> None:
        self.on_line, self.on_progress = on_line, on_progress
        self.fault: Exception | None = None
        self.moved_at = time.monotonic()
        self._out: list[str] = []
        self._out_size = self._made_us = 0
        self._err = bytearray()

    @property
    def output(self) -> str:
        return "".join(self._out)

    @property
    def errors(self) -> str:
        return self._err.decode("utf-8", "replace")

    def read_output(self, stream) -> None:
        for raw in iter(lambda: stream.readline(LONGEST_LINE), b""):
            if self.fault is None:
                try:
                    self._take(raw.decode("utf-8", "replace"))
                except Exception as fault:  # told to whoever waits, which is another thread
                    self.fault = fault

    def _take(self, line: str) -> None:
        if self.on_progress is not None:
            self._take_progress(line.strip())
        elif self.on_line is not None:
            self.moved_at = time.monotonic()
            self.on_line(line.strip())
        else:
            self._out_size += len(line)
            if self._out_size > MOST_OUTPUT:
                raise ProgramFailed("it says too much")
            self._out.append(line)

    def _take_progress(self, line: str) -> None:
        name, _equals, value = line.partition("=")
        if name == "out_time_us" and value.isdigit() and int(value) > self._made_us:
            self._made_us, self.moved_at = int(value), time.monotonic()
            self.on_progress(self._made_us / 1e6)

    def read_errors(self, stream) -> None:
        for raw in iter(lambda: stream.read1(LONGEST_LINE), b""):
            self._err += raw
            del self._err[:-MOST_ERRORS]


def _wait(process: subprocess.Popen, said: _Said, timeout_s: float, quiet_s: float, is_lost: Callable[[], bool],
          overtaking: Callable[[], Callable[[], None] | None]) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(0.1)
            return
        except subprocess.TimeoutExpired:
            if said.fault is not None:
                return
            if is_lost():
                raise Stopped from None
            if (other := overtaking()) is not None:
                deadline += _while_it_stands(process, other)
                said.moved_at = time.monotonic()
                continue
            now = time.monotonic()
            if now > deadline:
                raise ProgramFailed(f"no end after {timeout_s:.0f} s") from None
            if now - said.moved_at > quiet_s:
                raise ProgramFailed(f"it did not get on for {quiet_s:.0f} s") from None


def _while_it_stands(process: subprocess.Popen, other: Callable[[], None]) -> float:
    """Hold the program and whatever it started where they are, do something else, let them go on; seconds it took."""
    began = time.monotonic()
    try:
        os.killpg(process.pid, signal.SIGSTOP)
        other()
    finally:
        os.killpg(process.pid, signal.SIGCONT)
    return time.monotonic() - began


def _end(process: subprocess.Popen) -> None:
    """The program and whatever it started: asked first, then made to."""
    for way, patience_s in ((signal.SIGTERM, GRACE_S), (signal.SIGKILL, 10)):
        if process.poll() is not None:
            return
        try:
            os.killpg(process.pid, way)
            process.wait(patience_s)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
