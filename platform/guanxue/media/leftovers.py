"""Files that were made ready and that no row came to name: counted for whoever sent them, gone after a day.

An original without a video (a form or a package that was refused after its film was kept) goes later: the last byte of an
upload may have come a week before somebody asks for its row. So do working folders of processes that were killed.

prepare_file() puts a file in its place before anybody knows whether the form it came with will be taken. A note on the disk
says who sent it: media/files/.sent/person-17/<key>, which holds how many bytes it takes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from guanxue import jobs
from guanxue.core import clock
from guanxue.core.db import session
from guanxue.core.enclosures import MARK_LENGTH
from guanxue.core.settings import settings
from guanxue.media.models import Asset, File

WAITS_S, ORIGINAL_WAITS_S = 24 * 3600, 8 * 24 * 3600
JOB = "media.sweep_files"


def _root() -> Path:
    return settings().media_dir / "files"


def _notes_of(ref: str) -> Path:
    return _root() / ".sent" / ref.replace(":", "-")


def note(ref: str, key: str, taken_bytes: int) -> None:
    """Say on the disk whose it is, until a row says it. Asks no database."""
    place = _notes_of(ref) / key
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(str(taken_bytes))


def bytes_waiting_of(ref: str, *, but: str = "") -> int:
    """What the files of "person:17" that have no row (yet) take of the disk, without that of key `but`."""
    noted = {note.name: note for note in _notes_of(ref).glob("*") if note.name != but}
    if not noted:
        return 0
    named = set(session.scalars(select(File.key).where(File.key.in_(noted))))
    return sum(_bytes_in(note) for key, note in noted.items() if key not in named)


def _bytes_in(note: Path) -> int:
    try:
        return int(note.read_text())
    except (OSError, ValueError):  # gone, or cut off by a crash
        return 0


def watch_files() -> None:
    """Have what is left over removed tomorrow; asked for again it is the same."""
    jobs.enqueue(JOB, {}, key="daily", run_at=clock.now() + timedelta(days=1))


def list_marks() -> set[str]:
    """The marks of all files that have a row."""
    return {key[:MARK_LENGTH] for key in session.scalars(select(File.key))}


def list_old(now_s: float) -> list[Path]:
    """Served files, drafts of processes that died, and notes, that are older than a day; asks no database."""
    return [path for pattern in ("*.part", "??/*", ".sent/*/*") for path in _root().glob(pattern) if _is_old(path, now_s)]


def _is_old(path: Path, now_s: float, waits_s: float = WAITS_S) -> bool:
    try:
        return path.stat().st_mtime <= now_s - waits_s
    except FileNotFoundError:
        return False


def remove(paths: Iterable[Path], marks: set[str], now_s: float) -> int:
    """Remove those of the paths whose mark is none of these, which were read after the paths; how many bytes that were."""
    freed = 0
    for path in paths:
        if path.name.partition(".")[0] not in marks and _is_old(path, now_s):  # nobody sent the same again meanwhile
            freed += path.stat().st_size
            path.unlink()
    return freed


def list_old_originals(now_s: float) -> list[Path]:
    """Originals and their drafts that are older than eight days; asks no database."""
    return [path for path in (settings().media_dir / "originals").glob("*") if _is_old(path, now_s, ORIGINAL_WAITS_S)]


def digests_among(paths: Iterable[Path]) -> set[str]:
    """Those of the originals that a video is made from."""
    names = [path.name for path in paths]
    found: set[str] = set()
    for n in range(0, len(names), 500):
        found |= set(session.scalars(select(Asset.digest).where(Asset.digest.in_(names[n:n + 500]))))
    return found


def remove_originals(paths: Iterable[Path], digests: set[str], now_s: float) -> None:
    """Remove those of the paths that are none of these, which were read after the paths, and folders left in the making."""
    for path in paths:
        if path.name not in digests and _is_old(path, now_s, ORIGINAL_WAITS_S):
            path.unlink(missing_ok=True)
    for folder in (settings().media_dir / "work").glob("*"):
        if _is_old(folder, now_s, ORIGINAL_WAITS_S):
            shutil.rmtree(folder, ignore_errors=True)
