"""A strict reader of the HLS we write (RFC 8216), sharing no line with the writer: every finding is a sentence."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ATTRIBUTE = re.compile(r'([A-Z0-9-]+)=("[^"]*"|[^",]+)(?:,|$)')
KNOWN_IN_MEDIA = {"#EXTM3U", "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-PLAYLIST-TYPE",
                  "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-MAP", "#EXTINF", "#EXT-X-ENDLIST"}
KNOWN_IN_MASTER = {"#EXTM3U", "#EXT-X-VERSION", "#EXT-X-INDEPENDENT-SEGMENTS", "#EXT-X-STREAM-INF"}


@dataclass
class Media:
    """A media playlist: seconds and bytes of each segment, moments of its packets' key pictures."""

    name: str
    seconds: list[float]
    sizes: list[int]
    files: list[Path]
    init: Path


def check(folder: Path, duration_ms: int) -> list[str]:
    """Everything wrong with the set in `folder`, whose film is that long."""
    found: list[str] = []
    text = (folder / "master.m3u8").read_text("utf-8")
    _must_begin_well("master", text, KNOWN_IN_MASTER, found)
    pairs = re.findall(r"#EXT-X-STREAM-INF:([^\n]+)\n([^#\n]+)\n", text)
    if not pairs or len(pairs) != text.count("#EXT-X-STREAM-INF"):
        found.append("master: a STREAM-INF has no address behind it")
    films = []
    for attributes, uri in pairs:
        told = _attributes(uri, attributes, found)
        media = _media(folder, uri, duration_ms, found)
        if media is None:
            continue
        _bandwidth(told, media, found)
        is_film = "RESOLUTION" in told
        _streams(told, media, found)
        if is_film:
            films.append((media, _pictures(media, found)))
    _alike(films, found)
    return found


def _must_begin_well(name: str, text: str, known: set[str], found: list[str]) -> None:
    lines = text.split("\n")
    if lines[0] != "#EXTM3U":
        found.append(f"{name}: the first line is no #EXTM3U")
    if text.startswith("\ufeff") or "\r" in text or not text.endswith("\n"):
        found.append(f"{name}: a mark, a carriage return or no last line feed")
    for line in lines:
        tag = line.partition(":")[0]
        if line.startswith("#EXT") and tag not in known:
            found.append(f"{name}: {tag} is not expected here")
    version = re.findall(r"^#EXT-X-VERSION:(\d+)$", text, re.M)
    if len(version) != 1 or int(version[0]) < 7:
        found.append(f"{name}: EXT-X-VERSION must stand once and be 7 at least")
    # In the master it speaks for every playlist; ffmpeg leaves it out where there is sound alone.
    if text.count("#EXT-X-INDEPENDENT-SEGMENTS") not in ((1,) if name == "master" else (0, 1)):
        found.append(f"{name}: EXT-X-INDEPENDENT-SEGMENTS must stand once")


def _attributes(uri: str, text: str, found: list[str]) -> dict[str, str]:
    pairs = ATTRIBUTE.findall(text)
    if ",".join(f"{k}={v}" for k, v in pairs) != text or len({k for k, _v in pairs}) != len(pairs):
        found.append(f"{uri}: its attributes are no attribute list")
    told = dict(pairs)
    for name in ("BANDWIDTH", "AVERAGE-BANDWIDTH"):
        if not re.fullmatch(r"[1-9]\d*", told.get(name, "")):
            found.append(f"{uri}: {name} is no whole number")
    if not re.fullmatch(r'"[^"]+"', told.get("CODECS", "")):
        found.append(f"{uri}: CODECS is no quoted text")
    return told


def _media(folder: Path, uri: str, duration_ms: int, found: list[str]) -> Media | None:
    if not (folder / uri).is_file() or not (folder / uri).resolve().is_relative_to(folder.resolve()):
        found.append(f"{uri}: there is no such playlist")
        return None
    text, place = (folder / uri).read_text("utf-8"), (folder / uri).parent
    _must_begin_well(uri, text, KNOWN_IN_MEDIA, found)
    for tag in ("#EXT-X-TARGETDURATION:", "#EXT-X-MAP:", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-ENDLIST"):
        if text.count(tag) != 1:
            found.append(f"{uri}: {tag} must stand exactly once")
    if not text.rstrip("\n").endswith("#EXT-X-ENDLIST"):
        found.append(f"{uri}: something stands behind EXT-X-ENDLIST")
    parts = re.findall(r"#EXTINF:([\d.]+),[^\n]*\n([^#\n]+)\n", text)
    if len(parts) != text.count("#EXTINF"):
        found.append(f"{uri}: an EXTINF has no address behind it")
    longest = re.search(r"#EXT-X-TARGETDURATION:(\d+)", text)
    mapped = re.search(r'#EXT-X-MAP:URI="([^"]+)"', text)
    if not parts or not longest or not mapped:
        return None
    seconds, files = [float(s) for s, _uri in parts], [place / name for _s, name in parts]
    if any(round(s) > int(longest[1]) for s in seconds):
        found.append(f"{uri}: a segment is longer than EXT-X-TARGETDURATION")
    if len(set(files)) != len(files) or any(not f.is_file() or not f.stat().st_size for f in [*files, place / mapped[1]]):
        found.append(f"{uri}: a segment is missing, empty or named twice")
        return None
    if abs(sum(seconds) - duration_ms / 1000) > (0.15 if "audio" not in uri else 0.6):
        found.append(f"{uri}: its segments last {sum(seconds):.3f} s, the film {duration_ms / 1000:.3f} s")
    return Media(uri.split("/")[0], seconds, [f.stat().st_size for f in files], files, place / mapped[1])


def _bandwidth(told: dict[str, str], media: Media, found: list[str]) -> None:
    rates = [size * 8 / s for size, s in zip(media.sizes, media.seconds, strict=True) if s >= 1]
    peak, mean = max(rates, default=0), sum(media.sizes) * 8 / sum(media.seconds)
    said, said_mean = int(told.get("BANDWIDTH", "0")), int(told.get("AVERAGE-BANDWIDTH", "0"))
    if rates and not peak <= said <= peak * 1.1 + 2:
        found.append(f"{media.name}: BANDWIDTH {said}, but the worst segment has {peak:.0f} bits a second")
    if not mean - 1 <= said_mean <= mean * 1.1 + 2:
        found.append(f"{media.name}: AVERAGE-BANDWIDTH {said_mean}, but it is {mean:.0f}")


def _ffprobe(media: Media, *words: str) -> list[str]:
    whole = b"".join(p.read_bytes() for p in [media.init, *media.files])
    ran = subprocess.run(["ffprobe", "-v", "error", *words, "-of", "csv=p=0", "-f", "mp4", "-i", "pipe:0"], input=whole,
                         capture_output=True, check=True, timeout=60)
    return ran.stdout.decode().split()


def _streams(told: dict[str, str], media: Media, found: list[str]) -> None:
    """CODECS and RESOLUTION as another program reads them from the first segment's streams."""
    names = []
    for line in _ffprobe(media, "-show_entries", "stream=codec_name,profile,width,height,level,codec_tag_string"):
        words = line.split(",")
        if words[0] == "h264":
            width, height, level = (int(w) for w in words if w.isdigit())
            profile = {"Main": "4d", "High": "64", "Baseline": "42"}.get(words[1], "42")
            if told.get("RESOLUTION") != f"{width}x{height}":
                found.append(f"{media.name}: RESOLUTION is {told.get('RESOLUTION')}, the picture {width}x{height}")
            names.append((f"avc1.{profile}", f"{level:02x}"))
        elif words[0] == "aac":
            names.append(("mp4a.40.2", ""))
    codecs = told.get("CODECS", "").strip('"').split(",")
    if len(codecs) != len(names) or any(not c.startswith(a) or not c.endswith(z) for c, (a, z) in zip(codecs, names, strict=False)):
        found.append(f"{media.name}: CODECS {codecs}, but the streams are {names}")


def _pictures(media: Media, found: list[str]) -> tuple[list[float], float]:
    """(moments of key pictures, first moment of all), in seconds; each segment must begin with a key picture."""
    for file in media.files:
        alone = Media(media.name, [1], [1], [file], media.init)
        first = _ffprobe(alone, "-select_streams", "v:0", "-show_entries", "packet=flags", "-read_intervals", "%+#1")
        if not first or "K" not in first[0]:
            found.append(f"{media.name}: {file.name} does not begin with a key picture")
    lines = [line.split(",")[:2] for line in _ffprobe(media, "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags")]
    keys = [float(at) for at, marks in lines if "K" in marks]
    if len(keys) != len(media.files):
        found.append(f"{media.name}: {len(keys)} key pictures in {len(media.files)} segments")
    return keys, min(float(at) for at, _marks in lines)


def _alike(films: list[tuple[Media, tuple[list[float], float]]], found: list[str]) -> None:
    """Every size is cut at the same moments, to a millisecond, and begins at the same one."""
    for media, (keys, first) in films[1:]:
        other, (other_keys, other_first) = films[0]
        if len(media.seconds) != len(other.seconds) or any(
                abs(a - b) > 0.001 for a, b in zip(media.seconds, other.seconds, strict=False)):
            found.append(f"{media.name} and {other.name} are cut at different moments")
        if len(keys) != len(other_keys) or any(abs(a - b) > 0.001 for a, b in zip(keys, other_keys, strict=False)):
            found.append(f"{media.name} and {other.name} have key pictures at different moments")
        if abs(first - other_first) > 0.001:
            found.append(f"{media.name} begins at {first}, {other.name} at {other_first}")
