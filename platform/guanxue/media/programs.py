"""The one way to run an outside program: behind the site's own work, dying with us, with a deadline and last words kept."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable

from guanxue.media.errors import Stopped

# The site's own answers come first: an encoder takes what they leave (nice), and dies with the worker (PR_SET_PDEATHSIG).
BEHIND = ("nice", "-n", "19", "setpriv", "--pdeathsig", "KILL", "--")


class ProgramFailed(Exception):
    """The program ended with an error; the message is the end of what it said."""


def run(command: list[str], *, timeout_s: float, stdin: bytes | None = None, on_line: Callable[[str], None] | None = None,
        is_lost: Callable[[], bool] = lambda: False) -> str:
    """Run to the end and give its stdout. `on_line` gets stdout line by line (then "" is returned).

    Raises ProgramFailed (also after timeout_s) and Stopped when is_lost() turns true.
    """
    process = subprocess.Popen([*BEHIND, *command], stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = [], []
    readers = [threading.Thread(target=_read, args=(process.stdout, out, on_line), daemon=True),
               threading.Thread(target=_read, args=(process.stderr, err, None), daemon=True)]
    for reader in readers:
        reader.start()
    try:
        if stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
        _wait(process, timeout_s, is_lost)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        for reader, pipe in zip(readers, (process.stdout, process.stderr), strict=True):
            reader.join(5)
            if not reader.is_alive():
                pipe.close()
    if process.returncode != 0:
        raise ProgramFailed("".join(err)[-600:].strip() or f"exit {process.returncode}")
    return "".join(out)


def _read(stream, kept: list[str], on_line: Callable[[str], None] | None) -> None:
    for raw in stream:
        line = raw.decode("utf-8", "replace")
        if on_line is not None:
            on_line(line.strip())
            continue
        kept.append(line)
        if len(kept) > 400_000:
            del kept[:200_000]


def _wait(process: subprocess.Popen, timeout_s: float, is_lost: Callable[[], bool]) -> None:
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            process.wait(0.2)
            return
        except subprocess.TimeoutExpired:
            if is_lost():
                raise Stopped from None
            if time.monotonic() > deadline:
                raise ProgramFailed(f"no end after {timeout_s:.0f} s") from None
