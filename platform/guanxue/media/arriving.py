"""A file that arrives piece by piece: its bytes, whose turn it is to write them, and what they hash to. Asks no database.

An upload is two files in media/uploads: <code>.part, whose size says how far it is, and <code>.turn, one line that says
whose turn it is. An append holds a lock on the turn for the moment of writing and looks whether the turn is still its own.
So a newer connection simply takes the turn: one that hangs half open, reading from a phone that is gone, holds nobody up.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from guanxue.core import clock
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media.errors import NoRoom, NotWhole, TurnTaken, UploadGone, WrongOffset

SYNC_EVERY_BYTES = 8 * 1024**2
READ_BYTES = 1024**2
STRAY_AFTER_S = 24 * 3600
CODE = re.compile(r"[0-9a-f]{32}")
_EVERYTHING = -1
_LINE_BYTES = 20 + 1 + 20 + 1 + 1 + 1 + 64 + 1
QUIET_S, PATIENCE_S = 0.2, 3.0


@dataclass
class _Turn:
    """What a .turn says: a number that grows with each new writer; up to where bytes count (those behind it came with a
    checksum that nobody has compared yet), or _EVERYTHING; whether somebody is at it (or died at it); and the digest, once the
    file is whole and about to be moved."""

    number: int = 0
    counts_to: int = _EVERYTHING
    is_at_it: bool = False
    digest: str = ""

    @classmethod
    def read(cls, fd: int) -> _Turn:
        words = os.pread(fd, _LINE_BYTES, 0).decode("ascii", "replace").split()
        return cls(int(words[0]), int(words[1]), words[2] == "1", words[3].strip("-")) if len(words) == 4 else cls()

    def write(self, fd: int) -> None:
        """In one call and always as long, so that a process that dies leaves the old line or the new one."""
        line = f"{self.number:020} {self.counts_to:020} {self.is_at_it:d} {self.digest or '-':<64}\n"
        os.pwrite(fd, line.encode(), 0)


def folder() -> Path:
    """Where uploads lie while they arrive."""
    return settings().media_dir / "uploads"


def _path(code: str, ending: str) -> Path:
    if not CODE.fullmatch(code):
        raise ValueError("no code of an upload")
    return folder() / f"{code}.{ending}"


def _original(digest: str) -> Path:
    return settings().media_dir / "originals" / digest


@contextmanager
def _turn(code: str) -> Iterator[tuple[int, _Turn]]:
    """Hold the turn's lock: its open file and what it says. Raises UploadGone."""
    try:
        fd = os.open(_path(code, "turn"), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UploadGone(_("这次上传已经过期或删除了，请重新选择文件上传。")) from None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield fd, _Turn.read(fd)
    finally:
        fcntl.flock(fd, fcntl.LOCK_UN)  # closing would not do where a writer holds a second handle
        os.close(fd)


def make(code: str) -> None:
    """Begin with nothing. Raises NoRoom."""
    folder().mkdir(parents=True, exist_ok=True)
    try:
        for ending in ("turn", "part"):
            os.close(os.open(_path(code, ending), os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_WRONLY, 0o600))
    except OSError as error:
        raise _as_no_room(error) from error


def forget(code: str) -> None:
    """Remove what has arrived, also under a writer's hands. Again is the same."""
    try:
        with _turn(code) as (fd, turn):
            turn.number += 1
            turn.write(fd)
            for ending in ("part", "turn"):
                _path(code, ending).unlink(missing_ok=True)
    except UploadGone:
        _path(code, "part").unlink(missing_ok=True)
    _hashed.take(code)


def is_empty() -> bool:
    """Does no file lie there?"""
    return not folder().is_dir() or not any(folder().iterdir())


def list_strays(known: set[str]) -> list[str]:
    """Codes of files that no upload knows and nobody touched for a day: a process died before it could say so."""
    found = {}
    for path in folder().glob("*.*") if folder().is_dir() else ():
        if CODE.fullmatch(path.stem) and path.stem not in known:
            found[path.stem] = max(found.get(path.stem, 0), path.stat().st_mtime)
    return [code for code, touched in found.items() if touched < clock.now().timestamp() - STRAY_AFTER_S]


def arrived_bytes(code: str) -> int:
    """How much is here, for lists; disturbs nobody. 0 when it is gone, or moved."""
    try:
        size = _path(code, "part").stat().st_size
        with _path(code, "turn").open("rb") as f:
            counts_to = _Turn.read(f.fileno()).counts_to
    except FileNotFoundError:
        return 0
    return size if counts_to == _EVERYTHING else min(size, counts_to)


def take_turn(code: str) -> int | None:
    """Whoever was writing is out; how many bytes are here. None: the whole file stands among the originals already.

    Raises UploadGone.
    """
    with _turn(code) as (fd, turn):
        try:
            part = os.open(_path(code, "part"), os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            if turn.digest and _original(turn.digest).is_file():
                return None
            raise UploadGone(_("这次上传已经过期或删除了，请重新选择文件上传。")) from None
        try:
            _next_turn(fd, turn, part)
            return os.fstat(part).st_size
        finally:
            os.close(part)


def _next_turn(fd: int, turn: _Turn, part: int) -> None:
    if turn.counts_to != _EVERYTHING and os.fstat(part).st_size > turn.counts_to:
        os.ftruncate(part, turn.counts_to)
    turn.number, turn.counts_to, turn.is_at_it = turn.number + 1, _EVERYTHING, False
    turn.write(fd)


def let_finish(code: str) -> None:
    """Wait as long as whoever is writing still writes what came before their line broke: moments, and PATIENCE_S at most.

    Somebody who hangs writes nothing: that is known after QUIET_S.
    """
    deadline, before = time.monotonic() + PATIENCE_S, -1
    while time.monotonic() < deadline:
        try:
            size = _path(code, "part").stat().st_size
            with _path(code, "turn").open("rb") as f:
                is_at_it = _Turn.read(f.fileno()).is_at_it
        except FileNotFoundError:
            return
        if not is_at_it or size == before:
            return
        before = size
        time.sleep(QUIET_S)


class Writer:
    """One connection's turn at an upload's file, from `offset` on. Raises WrongOffset when the file is not that long.

    With `is_checked` nothing counts before accept(); after undo(), or when somebody else takes the turn, nothing was written.
    """

    def __init__(self, code: str, offset: int, *, is_checked: bool = False) -> None:
        self.code, self.offset, self._began, self._synced = code, offset, offset, offset
        self._hash = None
        with _turn(code) as (fd, turn):
            try:
                self._part = os.open(_path(code, "part"), os.O_RDWR | os.O_CLOEXEC)
            except FileNotFoundError:
                raise WrongOffset(_("这个文件已经传完了。")) from None
            try:
                self._begin(fd, turn, is_checked)
            except BaseException:
                os.close(self._part)
                raise

    def _begin(self, fd: int, turn: _Turn, is_checked: bool) -> None:
        here = os.fstat(self._part).st_size
        counts = here if turn.counts_to == _EVERYTHING else min(here, turn.counts_to)
        if counts != self.offset:
            raise WrongOffset(_("续传的位置不对，请从 %(n)s 字节处接着传。", n=counts), extra={"offset": counts})
        _next_turn(fd, turn, self._part)
        self._number, turn.is_at_it = turn.number, True
        if is_checked:
            turn.counts_to = self.offset
        turn.write(fd)
        if not is_checked:
            self._hash = _hashed.up_to(self.code, self._part, self.offset)
        self._turn_fd = os.dup(fd)

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._hash is not None:
            _hashed.put(self.code, self.offset, self._hash)
        with suppress(TurnTaken), self._own_turn() as turn:
            turn.is_at_it = False
            turn.write(self._turn_fd)
        for fd in (self._part, self._turn_fd):
            os.close(fd)

    @contextmanager
    def _own_turn(self) -> Iterator[_Turn]:
        """Hold the lock for a moment, if the turn is still ours. Raises TurnTaken."""
        fcntl.flock(self._turn_fd, fcntl.LOCK_EX)
        try:
            turn = _Turn.read(self._turn_fd)
            if turn.number != self._number:
                raise TurnTaken(_("另一个连接接着在传这个文件。"))
            yield turn
        finally:
            fcntl.flock(self._turn_fd, fcntl.LOCK_UN)

    def append(self, piece: bytes) -> None:
        """Write a piece at the end. Raises TurnTaken, and NoRoom when the disk is full (what it took stays)."""
        try:
            with self._own_turn():
                self._write(memoryview(piece))
            if self.offset - self._synced >= SYNC_EVERY_BYTES:
                self.sync()
        except OSError as error:
            raise _as_no_room(error) from error

    def _write(self, piece: memoryview) -> None:
        while piece:
            taken = os.pwrite(self._part, piece, self.offset)
            if self._hash is not None:
                self._hash.update(piece[:taken])
            self.offset += taken
            piece = piece[taken:]

    def sync(self) -> None:
        """What was written is on the disk, whatever happens to the machine."""
        if self.offset != self._synced:
            os.fdatasync(self._part)
            self._synced = self.offset

    def accept(self) -> None:
        """The checksum was right: what was written counts. Raises TurnTaken."""
        self.sync()
        with self._own_turn() as turn:
            turn.counts_to = _EVERYTHING
            turn.write(self._turn_fd)

    def undo(self) -> None:
        """Take back what was written; nobody can have been told of it while the turn is ours. Raises TurnTaken."""
        self._hash = None
        with self._own_turn() as turn:
            os.ftruncate(self._part, self._began)
            turn.counts_to = _EVERYTHING
            turn.write(self._turn_fd)
            self.offset = self._began


def keep(code: str, size: int) -> str:
    """Move the whole file of `size` bytes among the originals and give its sha256; again is the same.

    Raises NotWhole when something is missing, UploadGone.
    """
    with _turn(code) as (fd, turn):
        part_path = _path(code, "part")
        if not part_path.exists() and turn.digest and _original(turn.digest).is_file():
            return turn.digest
        try:
            part = os.open(part_path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            raise UploadGone(_("这次上传已经过期或删除了，请重新选择文件上传。")) from None
        try:
            if os.fstat(part).st_size == size:  # else whoever is writing may go on
                _next_turn(fd, turn, part)
        except BaseException:
            os.close(part)
            raise
    try:
        if os.fstat(part).st_size != size:
            raise NotWhole(_("这个文件还没有传完。"))
        digest = _hashed.whole(code, part, size)
        os.fdatasync(part)
    finally:
        os.close(part)
    _move(code, digest)
    return digest


def hand_over(code: str, target: Path) -> None:
    """Move what has arrived to `target`; whoever was writing is out. Raises UploadGone."""
    with _turn(code) as (fd, turn):
        turn.number += 1
        turn.write(fd)
        try:
            shutil.move(_path(code, "part"), target)
        except FileNotFoundError:
            raise UploadGone(_("这次上传已经过期或删除了，请重新选择文件上传。")) from None


def _move(code: str, digest: str) -> None:
    target = _original(digest)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _turn(code) as (fd, turn):
        turn.digest = digest  # said before it is done: a process that dies between leaves no file that nobody knows
        turn.write(fd)
        os.fsync(fd)
        try:
            os.replace(_path(code, "part"), target)
        except FileNotFoundError:
            if not target.is_file():  # else another request moved it meanwhile
                raise
    place = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)


def _as_no_room(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return NoRoom(_("服务器的磁盘满了，视频暂时传不上来。传了的部分都在，请告诉管理员，稍后接着传。"))
    return error


class _Hashed:
    """How far this process has hashed which file, so that the last piece need not wait until all was read again.

    What is kept is always the hash of bytes that stay where they are. The pieces of one file may go to several processes: each
    reads what the others took, if that is not much; whatever is missing in the end whole() reads.
    """

    MOST_KEPT = 64
    FARTHEST_BYTES = 64 * 1024**2

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, object]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, code: str) -> tuple[int, object]:
        """(bytes hashed, their hash), no longer kept here."""
        with self._lock:
            return self._kept.pop(code, (0, None))

    def put(self, code: str, offset: int, hashed: object) -> None:
        """Keep it, unless somebody is further; forget the one unused for longest."""
        with self._lock:
            if self._kept.get(code, (-1, None))[0] >= offset:
                return
            self._kept[code] = offset, hashed
            self._kept.move_to_end(code)
            if len(self._kept) > self.MOST_KEPT:
                self._kept.popitem(last=False)

    def up_to(self, code: str, part: int, offset: int) -> object | None:
        """The hash of the first `offset` bytes; None when too much would have to be read for it now."""
        at, hashed = self.take(code)
        if at > offset or offset - at > self.FARTHEST_BYTES:
            return None
        return _read_into(hashed or hashlib.sha256(), part, at, offset)

    def whole(self, code: str, part: int, size: int) -> str:
        """The file's sha256."""
        at, hashed = self.take(code)
        if at > size or hashed is None:
            at, hashed = 0, hashlib.sha256()
        return _read_into(hashed, part, at, size).hexdigest()


def _read_into(hashed, part: int, at: int, end: int):
    while at < end:
        piece = os.pread(part, min(READ_BYTES, end - at), at)
        if not piece:
            raise OSError(errno.EIO, "the file became shorter while it was read")
        hashed.update(piece)
        at += len(piece)
    return hashed


_hashed = _Hashed()
