"""Looking at files before they are brought in: can this video be used?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from guanxue.media import probing
from guanxue.media.errors import BadVideo


@dataclass(frozen=True)
class Examined:
    """What a file is: kind "video" or "sound"; `fault` says why it cannot be used; `facts` what it is otherwise."""

    kind: str
    fault: object | None
    facts: dict


def examine(path: Path) -> Examined:
    """Look at a video or sound file as an upload would; writes nothing, asks no database."""
    size = {"bytes": path.stat().st_size}
    with path.open("rb") as f:
        head = f.read(16)
    if any(head[at:at + len(magic)] == magic for at, magic in probing.SOUND):
        return Examined("sound", probing.sound_only().message, size)
    try:
        found = probing.probe(path)
    except BadVideo as problem:
        return Examined("video", problem.message, size)
    return Examined("video", None, {
        **size, "width": found.width, "height": found.height, "duration_s": found.duration_ms / 1000,
        "has_sound": found.has_sound, "is_rotated": found.is_rotated,
        "frame_rate": found.frame_rate, "done": list(found.done)})
