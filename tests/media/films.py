"""Films made by code, for tests and for the bench: no camera, no download."""

from __future__ import annotations

import subprocess
from pathlib import Path


def ffmpeg(*words, within_s: float = 120) -> None:
    """Run ffmpeg quietly; its own words are the error."""
    ran = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, words)], capture_output=True, timeout=within_s)
    assert ran.returncode == 0, ran.stderr.decode("utf-8", "replace")[-2000:]


def tone(seconds: float, more: str = "") -> list[str]:
    """A tone as an input."""
    return ["-f", "lavfi", "-i", f"sine=440:duration={seconds}{more}"]


def picture(size: str, rate: float, seconds: float) -> list[str]:
    """A moving test picture as an input."""
    return ["-f", "lavfi", "-i", f"testsrc2=size={size}:rate={rate}:duration={seconds}"]


def plain(path: Path, size: str = "640x360", rate: float = 25, seconds: float = 2, *more) -> Path:
    """A film with a tone."""
    ffmpeg(*picture(size, rate, seconds), *tone(seconds), "-shortest", "-pix_fmt", "yuv420p", "-preset", "ultrafast", *more, path)
    return path
