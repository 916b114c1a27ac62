"""Writers of one SQLite file take turns: in a queue of the kernel's, not by asking again and again.

SQLite lets one writer in and has the others sleep and retry, up to a tenth of a second each time: under load most of the
time is slept away, and who comes first is chance. So whoever wants to write waits here first, threads of this process at a
lock, processes at a lock on a file beside the database, which is gone with the process that held it.
"""

from __future__ import annotations

import fcntl
import os
import threading
from pathlib import Path


class Turns:
    """The queue before one database. A turn belongs to a connection, whichever thread gives it back.

    A process whose threads wait hands the turn on among them a few times before others get it: that is cheaper than waking
    another process for each, and nobody waits for long.
    """

    LONGEST_WAIT_S = 10.0  # then SQLite's own lock decides, as if there were no queue
    MOST_IN_A_ROW = 8

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(f"{database.name}-queue")
        self._threads = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = self._in_a_row = 0
        self._file: int | None = None

    def take(self) -> bool:
        """Wait for a turn; False when it did not come in time or the file cannot be opened."""
        if not self._wait():
            return False
        if self._file is None:
            try:
                self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX)
            except OSError:
                self.give_back()
                return False
        return True

    def _wait(self) -> bool:
        with self._counting:
            self._waiting += 1
        is_mine = self._threads.acquire(timeout=self.LONGEST_WAIT_S)
        with self._counting:  # in one step, or a turn handed to somebody who has just gone would be lost
            self._waiting -= 1
            return is_mine or self._threads.acquire(blocking=False)

    def give_back(self) -> None:
        """The next one may write."""
        with self._counting:
            self._in_a_row += 1
            if self._file is not None and (not self._waiting or self._in_a_row >= self.MOST_IN_A_ROW):
                os.close(self._file)
                self._file, self._in_a_row = None, 0
            self._threads.release()
