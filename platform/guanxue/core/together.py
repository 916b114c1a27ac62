"""Small changes that wait at the same moment share one transaction: one turn, one BEGIN IMMEDIATE, one COMMIT.

SQLite lets one writer in, and coming in and out costs as much as a small change itself. So whoever comes first leads: while
it waits for its turn others gather behind it; it makes their changes one after another with its own, commits, and only then
does anybody get an answer. A fault in one undoes the whole of it, and then each goes its usual way by itself: a neighbour
loses time, nothing else. Nothing is lost with a process either, for nothing was answered before it was kept.

For SQLite alone: PostgreSQL lets many write at once, and there nothing is gained.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine, event

from guanxue.core.db import turns_of
from guanxue.core.prepared import Lent

log = logging.getLogger(__name__)
T = TypeVar("T")
MOST = 32  # in one transaction: the other process waits meanwhile


class Undone(Exception):
    """What was asked for was not done, nor anything with it: do it the usual way."""


class _Asked:
    """A change somebody waits for."""

    __slots__ = ("bell", "is_over", "is_undone", "result", "work")

    def __init__(self, work: Callable[[Lent], object]) -> None:
        self.work, self.result, self.is_over, self.is_undone = work, None, False, False
        self.bell = threading.Lock()
        self.bell.acquire()


class Together:
    """The small changes of one process. It keeps connections of its own, beside those of the pool."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: deque[_Asked] = deque()
        self._is_led = False
        self._lock = threading.Lock()
        self._writer: Lent | None = None
        self._idle: deque[Lent] = deque()  # connections nobody asks on now
        event.listen(engine, "engine_disposed", self._close)

    def look(self, ask: Callable[[Lent], T]) -> T:
        """Ask on a connection outside of any transaction: each question stands alone. Change nothing on it."""
        try:
            on = self._idle.pop()
        except IndexError:
            on = self._open()
        answer = ask(on)
        self._idle.append(on)
        return answer

    def change(self, work: Callable[[Lent], T]) -> T:
        """Do the work on a connection inside a writing transaction; its result, once that is committed. Raises Undone.

        The work is quick, asks and changes only on the connection it is given, and may be done by another thread.
        """
        mine = _Asked(work)
        with self._lock:
            self._waiting.append(mine)
            is_leader, self._is_led = not self._is_led, True
        if not is_leader:
            mine.bell.acquire()  # until it is done, or it is for this one to lead
        if not mine.is_over:
            self._lead()
        if mine.is_undone:
            raise Undone
        return mine.result

    def _open(self) -> Lent:
        connection = self._engine.raw_connection()
        driver = connection.driver_connection
        connection.detach()  # or the pool would wait for it to come back
        driver.execute("PRAGMA query_only=OFF")
        return Lent(driver, self._engine.dialect, {"of": connection})

    def _close(self, _engine: Engine) -> None:
        kept, self._writer = [*self._idle, *([self._writer] if self._writer else [])], None
        self._idle.clear()
        for one in kept:
            one.driver.close()

    def _lead(self) -> None:
        """Make the changes of everybody who waits, wake them, and hand on to the first who came too late."""
        shared: list[_Asked] = []
        is_kept = False
        try:
            is_kept = self._transact(shared)
        finally:
            with self._lock:
                if not shared:  # it did not even come in: whoever waits goes the usual way
                    shared.extend(self._waiting)
                    self._waiting.clear()
                heir = self._waiting[0] if self._waiting else None
                self._is_led = heir is not None
            for one in shared:
                one.is_undone, one.is_over = not is_kept, True
                one.bell.release()
            if heir is not None:
                heir.bell.release()

    def _transact(self, shared: list[_Asked]) -> bool:
        """Was it all committed? `shared` is filled with those whose changes were."""
        turns = turns_of(self._engine.url.database)
        has_turn = turns.take()
        try:
            if self._writer is None:
                self._writer = self._open()
            on = self._writer
            on.driver.execute("BEGIN IMMEDIATE")
            try:
                while len(shared) < MOST and (one := self._next(shared)) is not None:
                    one.result = one.work(on)
                on.driver.execute("COMMIT")
            except BaseException:
                on.driver.rollback()
                raise
            return True
        except Exception:
            log.warning("a shared change was undone; each of %d goes the usual way", len(shared), exc_info=True)
            self._writer = None
            return False
        finally:
            if has_turn:
                turns.give_back()

    def _next(self, shared: list[_Asked]) -> _Asked | None:
        with self._lock:
            if not self._waiting:
                return None
            one = self._waiting.popleft()
            shared.append(one)
            return one
