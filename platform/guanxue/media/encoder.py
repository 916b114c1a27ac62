"""ffmpeg: is this a video we can use, and everything a phone needs made from it in one run.

Commands are built with ffmpeg-python's compile() only (its probe() and run() have neither whitelist nor deadline).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from guanxue.core.i18n import lazy as _
from guanxue.media.errors import BadVideo
from guanxue.media.programs import ProgramFailed, run

# A playlist or image sequence may name other files: only containers that hold their own bytes are opened.
FORMATS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,3gp"
MAGIC = ((4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (0, b"\x1aE\xdf\xa3"), (0, b"RIFF"), (0, b"G"), (0, b"FLV"),
         (0, b"0&\xb2u"), (0, b"\x00\x00\x01\xba"))
SAFE = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
LONGEST_MS = 4 * 3_600_000
MOST_PIXELS = 4096 * 2304
SEGMENT_S = 4
HEIGHTS = (360, 720)


@dataclass(frozen=True)
class Probe:
    """What a source is. `duration_ms` from a scan of its packets, not from its header."""

    width: int
    height: int
    duration_ms: int
    has_sound: bool
    is_rotated: bool

    @property
    def is_portrait(self) -> bool:
        """Higher than wide, as shown."""
        return self.height > self.width


def probe(path: Path) -> Probe:
    """Look at an uploaded file. Raises BadVideo with a sentence for its teacher."""
    if path.stat().st_size == 0:
        raise BadVideo(_("文件是空的，请检查后重新上传。"))
    with path.open("rb") as f:
        head = f.read(16)
    if not any(head[at:at + len(magic)] == magic for at, magic in MAGIC):
        raise BadVideo(_("这不是视频文件。请上传 MP4、MOV、MKV、AVI 等格式的视频。"))
    try:
        told = json.loads(run(["ffprobe", "-v", "error", *_flags(SAFE), "-of", "json", "-show_streams", "-show_format",
                               "-i", f"file:{path}"], timeout_s=30))
    except (ProgramFailed, ValueError):
        raise BadVideo(_("视频读不出来，可能没有传完或已经损坏。")) from None
    video = next((s for s in told.get("streams", []) if s.get("codec_type") == "video"
                  and not s.get("disposition", {}).get("attached_pic")), None)
    if video is None:
        raise BadVideo(_("文件里没有画面。"))
    width, height = int(video.get("width") or 0), int(video.get("height") or 0)
    if not (width and height) or width * height > MOST_PIXELS:
        raise BadVideo(_("画面太大或尺寸不明（%(w)s×%(h)s）。最大支持 4096×2304。", w=width, h=height))
    packets = _scan(path, SAFE)
    if packets.duration_ms <= 0:
        raise BadVideo(_("视频里没有可以播放的内容。"))
    if packets.duration_ms + 1000 < _stated_ms(told, video) * 9 // 10:
        raise BadVideo(_("视频不完整，可能没有传完；请重新上传。"))
    if packets.duration_ms > LONGEST_MS:
        raise BadVideo(_("视频太长，最长 4 小时；请剪成几节。"))
    if packets.count * 10_000 < packets.duration_ms:
        raise BadVideo(_("视频的时间轴有问题：画面太少、间隔太长。"))
    turn = abs(int(next((d["rotation"] for d in video.get("side_data_list", []) if "rotation" in d), 0))) % 180 == 90
    if turn:
        width, height = height, width
    return Probe(width, height, packets.duration_ms, any(s.get("codec_type") == "audio" for s in told["streams"]), turn)


def _stated_ms(told: dict, video: dict) -> int:
    """How long the header says the picture is, 0 where it says nothing."""
    try:
        return round(float(video.get("duration") or told.get("format", {}).get("duration") or 0) * 1000)
    except (OverflowError, ValueError):
        return 0


@dataclass(frozen=True)
class _Packets:
    count: int
    duration_ms: int


def _flags(options: dict[str, str]) -> list[str]:
    return [part for name, value in options.items() for part in (f"-{name}", value)]


def _scan(path: Path, options: dict[str, str]) -> _Packets:
    count, first, last = 0, None, 0.0

    def take(line: str) -> None:
        nonlocal count, first, last
        at, _comma, length = line.rstrip(",").partition(",")
        try:
            begin = float(at)
            end = begin + (float(length) if length not in ("", "N/A") else 0.0)
        except ValueError:
            return
        count, first, last = count + 1, begin if first is None else min(first, begin), max(last, end)

    try:
        run(["ffprobe", "-v", "error", *_flags(options), "-select_streams", "v:0", "-show_entries",
             "packet=pts_time,duration_time", "-of", "csv=p=0", "-i", f"file:{path}"], timeout_s=300, on_line=take)
    except ProgramFailed:
        raise BadVideo(_("视频读不出来，可能没有传完或已经损坏。")) from None
    return _Packets(count, round((last - (first or 0.0)) * 1000))


def scanned_duration_ms(path: Path) -> int:
    """The true length of a file we made, from its packets."""
    return _scan(path, {"protocol_whitelist": "file"}).duration_ms


@dataclass(frozen=True)
class Rendition:
    """One picture size: name ("360p"), width, height, bits a second over the whole."""

    name: str
    width: int
    height: int
    bandwidth: int


def encode(source: Probe, picture, sound, folder: Path, *, frames_a_second: int, is_still: bool,
           progress: Callable[[float], None], is_lost: Callable[[], bool]) -> list[Rendition]:
    """Make HLS (fMP4), sound-only and progressive MP4 in `folder` from ffmpeg-python streams (sound may be None).

    One run decodes once and writes all; key frames stand every SEGMENT_S in every rendition, so that players may switch.
    """
    heights = [h for h in HEIGHTS if h == HEIGHTS[0] or min(source.width, source.height) > HEIGHTS[0] * 5 // 4]
    pictures = picture.filter("fps", frames_a_second).filter_multi_output("split", len(heights))
    outputs, sounds = [], sound.filter_multi_output("asplit", len(heights) + 1) if sound is not None else None
    sizes = []
    for n, height in enumerate(heights):
        sizes.append(_size(source, height))
        (folder / f"{height}p").mkdir(parents=True, exist_ok=True)
        scaled = pictures[n].filter("scale", *sizes[n]).filter("setsar", 1).filter("format", "yuv420p")
        streams = [scaled, *([sounds[n]] if sounds is not None else [])]
        outputs.append(ffmpeg.output(*streams, str(folder / f"{height}p" / "index.m3u8"),
                                     **_hls(folder, height, frames_a_second, is_still)))
    if sounds is not None:
        outputs.append(ffmpeg.output(sounds[len(heights)], str(folder / "audio.m4a"), **{
            "c:a": "aac", "b:a": "40k", "ac": 1, "ar": 44100, "movflags": "+faststart"}))
    command = ffmpeg.merge_outputs(*outputs).global_args(
        "-nostdin", "-v", "error", "-progress", "pipe:1", "-threads", "2").compile(overwrite_output=True)
    try:
        run(command, timeout_s=600 + source.duration_ms / 1000 * 8, is_lost=is_lost,
            on_line=lambda line: _tell(line, source.duration_ms, progress))
    except ProgramFailed as failure:
        raise BadVideo(_("视频转换失败：%(why)s", why=str(failure)[-200:])) from None
    renditions = [Rendition(f"{h}p", *size, _bandwidth(folder / f"{h}p", source.duration_ms))
                  for h, size in zip(heights, sizes, strict=True)]
    _write_master(folder, renditions, sound is not None)
    _write_mp4(folder, renditions[-1], is_lost)
    return renditions


def _size(source: Probe, short: int) -> tuple[int, int]:
    """Width and height whose shorter side is `short`, even, never larger than the source unless it is tiny."""
    scale = short / min(source.width, source.height)
    long = max(2, round(max(source.width, source.height) * scale / 2) * 2)
    return (short, long) if source.is_portrait else (long, short)


def _hls(folder: Path, height: int, frames_a_second: int, is_still: bool) -> dict:
    most = {360: "500k", 720: "1600k"}[height]
    tune = {"tune": "stillimage"} if is_still else {}
    return {
        "f": "hls", "hls_time": SEGMENT_S, "hls_playlist_type": "vod", "hls_segment_type": "fmp4",
        "hls_fmp4_init_filename": "init.mp4", "hls_segment_filename": str(folder / f"{height}p" / "%05d.m4s"),
        "c:v": "libx264", "preset": "veryfast", "crf": 26 if is_still else 25, "maxrate": most, "bufsize": most,
        "profile:v": "main", "level": "3.1", "g": frames_a_second * SEGMENT_S, "keyint_min": frames_a_second * SEGMENT_S,
        "sc_threshold": 0, **tune, "c:a": "aac", "b:a": "48k", "ac": 1, "ar": 44100,
    }


def _tell(line: str, whole_ms: int, progress: Callable[[float], None]) -> None:
    name, _equals, value = line.partition("=")
    if name == "out_time_us" and value.lstrip("-").isdigit():
        progress(min(1.0, max(0, int(value)) / 1000 / max(1, whole_ms)))


def _bandwidth(folder: Path, duration_ms: int) -> int:
    size = sum(p.stat().st_size for p in folder.glob("*.m4s"))
    return max(64_000, size * 8 * 1000 * 12 // (10 * max(1, duration_ms)))  # a fifth more than the mean


def _write_master(folder: Path, renditions: list[Rendition], has_sound: bool) -> None:
    codecs = "avc1.4d401f,mp4a.40.2" if has_sound else "avc1.4d401f"
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for r in renditions:
        lines += [f'#EXT-X-STREAM-INF:BANDWIDTH={r.bandwidth},RESOLUTION={r.width}x{r.height},CODECS="{codecs}"',
                  f"{r.name}/index.m3u8"]
    (folder / "master.m3u8").write_text("\n".join(lines) + "\n", "utf-8")


def _write_mp4(folder: Path, best: Rendition, is_lost: Callable[[], bool]) -> None:
    source = ffmpeg.input(str(folder / best.name / "index.m3u8"), protocol_whitelist="file,crypto", allowed_extensions="ALL")
    command = ffmpeg.output(source, str(folder / "video.mp4"), c="copy", movflags="+faststart").global_args(
        "-nostdin", "-v", "error").compile(overwrite_output=True)
    run(command, timeout_s=600, is_lost=is_lost)


def write_poster(video: Path, target: Path, at_ms: int) -> None:
    """One picture of a video we made, as JPEG."""
    stream = ffmpeg.input(str(video), ss=at_ms / 1000, protocol_whitelist="file")
    command = ffmpeg.output(stream, str(target), vframes=1, **{"q:v": 4}).global_args(
        "-nostdin", "-v", "error").compile(overwrite_output=True)
    run(command, timeout_s=60)
