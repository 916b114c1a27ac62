"""Our own master playlist (RFC 8216): real peaks and averages, codecs as they stand in the streams, a line for sound alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FIRST, SOUND = "360p", "audio"


@dataclass(frozen=True)
class Rendition:
    """One picture size: its folder's name ("360p"), width and height."""

    name: str
    width: int
    height: int


def write_master(folder: Path, renditions: list[Rendition], frame_rate: float, *, has_sound: bool) -> None:
    """Write master.m3u8: the size everybody begins with first, then from small to large, sound alone last."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for r in sorted(renditions, key=lambda r: (r.name != FIRST, min(r.width, r.height))):
        lines += [f"#EXT-X-STREAM-INF:{_bits(folder / r.name)},RESOLUTION={r.width}x{r.height},FRAME-RATE={frame_rate:.3f},"
                  f'CODECS="{codecs(folder / r.name / "init.mp4")}"', f"{r.name}/index.m3u8"]
    if has_sound:
        lines += [f'#EXT-X-STREAM-INF:{_bits(folder / SOUND)},CODECS="{codecs(folder / SOUND / "init.mp4")}"',
                  f"{SOUND}/index.m3u8"]
    (folder / "master.m3u8").write_text("\n".join(lines) + "\n", "utf-8")


def _bits(folder: Path) -> str:
    """BANDWIDTH (the worst segment; one shorter than a second does not count) and AVERAGE-BANDWIDTH, in bits a second."""
    parts = [(float(s), (folder / name).stat().st_size * 8)
             for s, name in re.findall(r"#EXTINF:([\d.]+),[^\n]*\n([^#\s]+)", (folder / "index.m3u8").read_text("utf-8"))]
    peak = max((bits / s for s, bits in parts if s >= 1), default=max(bits / max(s, 0.001) for s, bits in parts))
    mean = sum(bits for _s, bits in parts) / sum(s for s, _bits in parts)
    return f"BANDWIDTH={round(max(peak, mean)) + 1},AVERAGE-BANDWIDTH={round(mean) + 1}"


def codecs(init: Path) -> str:
    """RFC 6381 names of what an initialisation segment announces."""
    head, found = init.read_bytes(), []
    at = head.find(b"avcC")
    if at >= 0:
        found.append("avc1." + head[at + 5:at + 8].hex())
    at = head.find(b"esds")
    if at >= 0:
        found.append(_aac(head[at + 8:at + 100]))
    return ",".join(found)


def _aac(descriptors: bytes) -> str:
    """mp4a.40.x from the decoder's own description (ISO 14496-1): tag 3, in it tag 4, in it tag 5, whose first five bits tell.

    They are taken apart in order: a byte of a bit rate may look like a tag.
    """
    try:
        at = _inside(descriptors, 0, 3) + 3  # behind the stream's number and its marks
        at = _inside(descriptors, at, 4) + 13  # behind what kind of stream it is, its buffer and its rates
        kind = descriptors[_inside(descriptors, at, 5)] >> 3
    except (IndexError, ValueError):
        kind = 0
    return f"mp4a.40.{kind or 2}"


def _inside(descriptors: bytes, at: int, tag: int) -> int:
    """Where the content of the descriptor begins that stands there; its length takes one to four bytes."""
    if descriptors[at] != tag:
        raise ValueError(f"no descriptor {tag} where one must stand")
    at += 1
    while descriptors[at] & 0x80:
        at += 1
    return at + 1
