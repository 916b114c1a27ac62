"""Files of questions between a look at them and bringing them in: a day beside the database, for their sender alone."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.settings import settings

LONGEST_WAIT_S = 24 * 3600
MOST_WAITING = 20  # of one person


def keep_waiting(actor: Actor, data: bytes) -> str:
    """Put a file aside; its ticket."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    _tidy(folder, actor)
    ticket = secrets.token_hex(16)
    draft = folder / f".{ticket}.part"
    draft.write_bytes(data)
    draft.replace(folder / f"{actor.id}-{ticket}")
    return ticket


def find_waiting(actor: Actor, ticket: str) -> bytes | None:
    """The file of one's own ticket, None where it is gone."""
    if not re.fullmatch(r"[0-9a-f]{32}", ticket):
        return None
    path = _folder() / f"{actor.id}-{ticket}"
    return path.read_bytes() if path.is_file() else None


def drop_waiting(actor: Actor, ticket: str) -> None:
    """It was brought in."""
    if re.fullmatch(r"[0-9a-f]{32}", ticket):
        (_folder() / f"{actor.id}-{ticket}").unlink(missing_ok=True)


def _folder() -> Path:
    return settings().data_dir / "waiting"


def _tidy(folder: Path, actor: Actor) -> None:
    """Nobody's file stays longer than a day, and nobody has more than a few."""
    oldest = clock.now().timestamp() - LONGEST_WAIT_S
    aged = sorted((path.stat().st_mtime, path) for path in folder.glob("*-*"))
    own = [path for _at, path in aged if path.name.startswith(f"{actor.id}-")]
    for path in [path for at, path in aged if at < oldest] + own[: max(0, len(own) - MOST_WAITING + 1)]:
        path.unlink(missing_ok=True)
