"""Looking at files before they are brought in: can this video be used, does this subtitle file hold together?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from guanxue.core.i18n import lazy as _
from guanxue.media import encoder
from guanxue.media.errors import BadVideo
from guanxue.media.narration import Cue

# What begins like this has no picture, whatever its name says.
_SOUND = ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf1"), (0, b"OggS"), (0, b"fLaC"), (8, b"WAVE"),
          (4, b"ftypM4A"), (0, b"#!AMR"))
_TIME = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMES = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?")


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
    if any(head[at:at + len(magic)] == magic for at, magic in _SOUND):
        return Examined("sound", _("只有声音，没有画面；课程目前只收视频。"), size)
    try:
        found = encoder.probe(path)
    except BadVideo as problem:
        return Examined("video", problem.message, size)
    return Examined("video", None, {
        **size, "width": found.width, "height": found.height, "duration_s": found.duration_ms / 1000,
        "has_sound": found.has_sound, "is_rotated": found.is_rotated})


@dataclass(frozen=True)
class SubtitleReport:
    """The cues of a WebVTT file in order, and (line, why) of every block that is none; `fault` refuses it whole."""

    cues: list[Cue] = field(default_factory=list)
    left_out: list[tuple[int, object]] = field(default_factory=list)
    fault: object | None = None


def read_vtt(text: str) -> SubtitleReport:
    """Read WebVTT (w3.org/TR/webvtt1), texts as they stand; notes, styles and regions are no cues."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        return SubtitleReport(fault=_("第一行应为 WEBVTT。"))
    cues, left_out = [], []
    for number, block in _blocks(lines[1:]):
        if re.match(r"(NOTE|STYLE|REGION)(\s|$)", block[0]):
            continue
        made = _cue(block)
        if isinstance(made, Cue):
            cues.append(made)
        else:
            left_out.append((number, made))
    return SubtitleReport(cues, left_out, None if cues else _("没有读到一条字幕。"))


def _blocks(lines: list[str]) -> list[tuple[int, list[str]]]:
    """(first line's number in the file, lines) of everything between blank lines; the file's second line is number 2."""
    found: list[tuple[int, list[str]]] = []
    is_in = False
    for number, line in enumerate(lines, 2):
        if not line.strip():
            is_in = False
        elif is_in:
            found[-1][1].append(line)
        else:
            found.append((number, [line]))
            is_in = True
    return found


def _cue(block: list[str]) -> Cue | object:
    """The cue, or why it is none."""
    timing = 0 if "-->" in block[0] else 1
    times = _TIMES.fullmatch(block[timing].strip()) if len(block) > timing else None
    if times is None:
        return _("没有正确的时间（应为 00:00:01.000 --> 00:00:04.000）。")
    start, end = _ms(times.groups()[:4]), _ms(times.groups()[4:])
    if end <= start:
        return _("结束时间不在开始时间之后。")
    said = "\n".join(block[timing + 1:]).strip()
    return Cue(start, end, said) if said else _("没有文字。")


def _ms(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, ms = (int(p or 0) for p in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
