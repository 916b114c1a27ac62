"""What goes beside a film for phones with little data: small sound, pictures with their moments, a small film, a face.

Everything is made from what is already there (the film we encoded, the narration's own words): no film is encoded again.
Pictures come as AVIF, WebP and JPEG, so that every phone finds one it knows.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from pathlib import Path

import ffmpeg
from PIL import Image, ImageChops, ImageStat

from guanxue.media import rules, showing
from guanxue.media.encoder import SEGMENT_S, link
from guanxue.media.narration import Cue, slide_starts_ms, vtt_time
from guanxue.media.programs import run
from guanxue.media.rules import NarrationSpec

# Opus at 12 kbit/s carries speech well; MP3 is for browsers that know no Opus.
SOUNDS = (("sound.webm", 'audio/webm; codecs="opus"',
           {"c:a": "libopus", "application": "voip", "b:a": "12k", "frame_duration": 60, "cues_to_front": 1}),
          ("sound.mp3", "audio/mpeg", {"c:a": "libmp3lame", "b:a": "16k", "ar": 16000}))
FORMATS = {"avif": {"quality": 52, "speed": 7}, "webp": {"quality": 68, "method": 5}, "jpg": {"quality": 70, "optimize": True}}
TILES, TILE_SIDE = 5, 160  # thumbnails stand in squares of 5 × 5, their longer side 160 points
EVERY_KEY_FRAMES, MOST_PICTURES = 5, 240  # of a film: one in 20 s, fewer of a long one
WITHOUT_THUMBS = 1  # what was made then lacks the thumbnails alone
SAME = 1.5  # mean difference of two small grey pictures (0…255) that show the same


def make(kind: str, source: dict, facts: dict, duration_ms: int, made: Path, work: Path, is_lost: Callable[[], bool]) -> dict:
    """Make everything that lacks in the empty folder `work` from the version in folder `made`; what to remember of it.

    Raises ProgramFailed, Stopped.
    """
    before = facts.get("companions", {})
    if before.get("made") == WITHOUT_THUMBS:
        return {**before, "made": rules.COMPANIONS, "thumbs": _thumbs(made / "small.mp4", facts, duration_ms, work, is_lost)}
    sounds = [_sound(made / "audio.m4a", work, *one, is_lost) for one in SOUNDS] if facts.get("has_sound") else []
    (work / "pictures").mkdir()
    if kind == "narrated":
        shown = _draw(NarrationSpec.from_document(source["spec"]), facts, work / "pictures")
    else:
        shown = _frames(made / "video.mp4", duration_ms, work, is_lost)
        _save(made / "poster.jpg", work / "pictures" / "face")
    _small_film(made, work, is_lost)
    return {"made": rules.COMPANIONS, "sounds": sounds, "pictures": shown,
            "thumbs": _thumbs(work / "small.mp4", facts, duration_ms, work, is_lost),
            "face": "1" if kind == "narrated" else "face", "small_mp4": (work / "small.mp4").stat().st_size}


def put_in_place(work: Path, made: Path) -> None:
    """Move what make() made to the files that are served. Names are new there, so nobody sees a half of anything."""
    (made / "pictures").mkdir(exist_ok=True)
    for path in sorted(work.rglob("*")):
        if path.is_file():
            with path.open("rb") as f:
                os.fsync(f.fileno())
            os.replace(path, made / path.relative_to(work))


def _sound(source: Path, work: Path, name: str, kind: str, options: dict, is_lost: Callable[[], bool]) -> dict:
    stream = ffmpeg.input(str(source), protocol_whitelist="file").audio
    run(_quiet(ffmpeg.output(stream, str(work / name), ac=1, **options)), timeout_s=1800, is_lost=is_lost)
    return {"file": name, "type": kind, "bytes": (work / name).stat().st_size}


def _quiet(output) -> list[str]:
    return output.global_args("-nostdin", "-v", "error").compile(overwrite_output=True)


def _draw(spec: NarrationSpec, facts: dict, folder: Path) -> dict:
    """The narration's slides, drawn again as they stand in its film."""
    showing.draw_all(spec, folder)
    told = [s for s in spec.slides if s.is_shown]
    for n in range(1, len(told) + 1):
        _save(folder / f"slide{n}.png", folder / str(n))
        (folder / f"slide{n}.png").unlink()
    starts = facts.get("slide_starts_ms") or slide_starts_ms([len(s.sentences) for s in told],
                                                             [Cue(*c) for c in facts["cues"]])
    return _told(folder, starts)


def _frames(film: Path, duration_ms: int, work: Path, is_lost: Callable[[], bool]) -> dict:
    """Pictures of a film at intervals, from its key frames alone; what shows the same as the one before is left out."""
    every = max(EVERY_KEY_FRAMES, math.ceil(duration_ms / 1000 / SEGMENT_S / MOST_PICTURES))
    drawn = work / "drawn"
    drawn.mkdir()
    stream = ffmpeg.input(str(film), protocol_whitelist="file", skip_frame="nokey").video
    picked = stream.filter("select", f"not(mod(n,{every}))")
    run(_quiet(ffmpeg.output(picked, str(drawn / "%05d.png"), vsync="vfr")), timeout_s=1800, is_lost=is_lost)
    starts, before = [], None
    for n, path in enumerate(sorted(drawn.iterdir())):
        with Image.open(path) as image:
            grey = image.convert("L").resize((64, 36))
        if before is None or ImageStat.Stat(ImageChops.difference(grey, before)).mean[0] > SAME:
            starts.append(n * every * SEGMENT_S * 1000)
            _save(path, work / "pictures" / str(len(starts)))
            before = grey
        path.unlink()
    drawn.rmdir()
    return _told(work / "pictures", starts)


def _save(source: Path, target: Path) -> None:
    """The picture in every width and format, as target-360.avif and so on."""
    with Image.open(source) as image:
        whole = image.convert("RGB")
    for width in rules.PICTURE_WIDTHS:
        sized = whole.resize((width, round(whole.height * width / whole.width)), Image.Resampling.LANCZOS)
        for ending, options in FORMATS.items():
            sized.save(target.with_name(f"{target.name}-{width}.{ending}"), **options)


def _told(folder: Path, starts_ms: list[int]) -> dict:
    """When each picture begins, how large they are, and their bytes by width and format."""
    with Image.open(folder / f"1-{rules.PICTURE_WIDTHS[0]}.jpg") as first:
        width, height = first.size
    sizes = {f"{w}.{ending}": sum((folder / f"{n}-{w}.{ending}").stat().st_size for n in range(1, len(starts_ms) + 1))
             for w in rules.PICTURE_WIDTHS for ending in FORMATS}
    return {"starts_ms": starts_ms, "width": width, "height": height, "bytes": sizes}


def _thumbs(film: Path, facts: dict, duration_ms: int, work: Path, is_lost: Callable[[], bool]) -> dict:
    """The key pictures (of long films fewer), small, as sheets thumbs-1.jpg …, and thumbs.vtt that finds them."""
    step = 1 if duration_ms <= 1_800_000 else 2 if duration_ms <= 3_600_000 else 4
    every_ms = step * facts.get("segment_s", SEGMENT_S) * 1000
    width, height = _tile(facts["width"], facts["height"])
    stream = ffmpeg.input(str(film), protocol_whitelist="file", skip_frame="nokey").video
    tiled = stream.filter("select", f"not(mod(n,{step}))").filter("scale", width, height).filter("tile", f"{TILES}x{TILES}")
    run(_quiet(ffmpeg.output(tiled, str(work / "thumbs-%d.jpg"), vsync="vfr", **{"q:v": 5})), timeout_s=1800, is_lost=is_lost)
    told = {"every_ms": every_ms, "side": TILES, "width": width, "height": height, "count": max(1, -(-duration_ms // every_ms))}
    (work / "thumbs.vtt").write_text(_thumbs_vtt(told, duration_ms), "utf-8")
    return told


def _tile(width: int, height: int) -> tuple[int, int]:
    scale = TILE_SIDE / max(width, height)
    return max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2)


def _thumbs_vtt(told: dict, duration_ms: int) -> str:
    """WebVTT as players read it: each cue names a sheet and a rectangle of it."""
    lines, each = ["WEBVTT", ""], told["side"] ** 2
    for n in range(told["count"]):
        row, column = divmod(n % each, told["side"])
        begins_ms, width, height = n * told["every_ms"], told["width"], told["height"]
        ends_ms = max(begins_ms + 1, min(duration_ms, begins_ms + told["every_ms"]))
        lines += [f"{vtt_time(begins_ms)} --> {vtt_time(ends_ms)}",
                  f"thumbs-{n // each + 1}.jpg#xywh={column * width},{row * height},{width},{height}", ""]
    return "\n".join(lines)


def _small_film(made: Path, work: Path, is_lost: Callable[[], bool]) -> None:
    """The smallest picture size as one file, its streams copied: for browsers that play nothing else, and without script."""
    sizes = sorted((p.parent for p in made.glob("*p/index.m3u8")), key=lambda p: int(p.name[:-1]))
    if len(sizes) == 1:  # it is the film itself
        link(made / "video.mp4", work / "small.mp4")
        return
    smallest = sizes[0]
    stream = ffmpeg.input(str(smallest / "index.m3u8"), protocol_whitelist="file,crypto", allowed_extensions="ALL")
    run(_quiet(ffmpeg.output(stream, str(work / "small.mp4"), c="copy", movflags="+faststart")), timeout_s=600, is_lost=is_lost)
