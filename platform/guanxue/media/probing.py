"""What is this file, and can it become a lesson? Nothing it says of itself is believed: its packets are counted.

Only containers that hold their own bytes are opened: a playlist, a script or an image sequence may name other files.
"""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from statistics import median

from guanxue.core.i18n import lazy as _
from guanxue.media.errors import BadVideo
from guanxue.media.programs import ProgramFailed, run

FORMATS = "mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,3gp"
MAGIC = ((4, b"ftyp"), (4, b"moov"), (4, b"mdat"), (4, b"wide"), (4, b"free"), (4, b"skip"), (0, b"\x1aE\xdf\xa3"),
         (8, b"AVI "), (0, b"G"), (0, b"FLV"), (0, b"0&\xb2u"), (0, b"\x00\x00\x01\xba"))
# What people upload instead of a video, by its first bytes, and what it is in their words.
INSTEAD = (
    (0, b"GIF8", _("GIF 动图")), (8, b"WEBP", _("WebP 图片")), (0, b"\x89PNG", _("PNG 图片")),
    (0, b"\xff\xd8\xff", _("JPG 图片")), (4, b"ftypavif", _("AVIF 图片")), (4, b"ftypheic", _("HEIC 照片")),
    (4, b"ftypmif1", _("HEIC 照片")), (0, b"BM", _("BMP 图片")), (0, b"%PDF", _("PDF 文件")),
    (0, b"PK", _("压缩包或 Office 文件")), (0, b"\xd0\xcf\x11\xe0", _("Office 文件")),
    (0, b"Rar!", _("压缩包")), (0, b"7z\xbc\xaf", _("压缩包")), (0, b"\x1f\x8b", _("压缩包")),
    (0, b"#EXTM3U", _("播放列表")), (0, b"ffconcat", _("播放列表")))
SOUND = ((0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2"), (0, b"\xff\xf1"), (0, b"\xff\xf9"), (0, b"OggS"),
         (0, b"fLaC"), (8, b"WAVE"), (4, b"ftypM4A"), (0, b"#!AMR"))
CAMCORDER_BYTES = 192  # .MTS of camcorders: each packet of a transport stream behind four bytes that tell its moment
READABLE_PIXELS, MOST_PIXELS, SMALLEST_SIDE, MOST_STREAMS = 36_000_000, 4096 * 2304, 16, 60
SAFE = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "max_pixels": READABLE_PIXELS}
SHORTEST_MS, LONGEST_MS, LONGEST_GAP_S = 500, 4 * 3_600_000, 600
TRIAL = 25  # pictures that are decoded before the work begins; half of them at least must come out
HDR = ("smpte2084", "arib-std-b67")
RATES = (5, 10, 12.5, 15, 20, 24000 / 1001, 24, 25, 30000 / 1001, 30, 48, 50, 60000 / 1001, 60, 90, 100, 120, 240)
UNEVEN_RATE, MOST_RATE, LEAST_RATE = 25, 30.5, 5
STREAM = ("index,codec_type,codec_name,width,height,sample_aspect_ratio,field_order,color_transfer,duration,nb_frames,channels,"
          "sample_rate")


@dataclass(frozen=True)
class Probe:
    """What a source is: `width` and `height` as it is shown (upright, square points), `duration_ms` from its packets.

    `frame_rate` is what it is made at, as ffmpeg reads it. `held_ms`: how much longer the sound is than the pictures.
    """

    width: int
    height: int
    duration_ms: int
    has_sound: bool
    is_rotated: bool
    picture: int = 0
    sound: int | None = None
    frame_rate: str = "25"
    held_ms: int = 0
    is_hdr: bool = False
    is_interlaced: bool = False
    done: tuple[str, ...] = field(default=())

    @property
    def is_portrait(self) -> bool:
        """Higher than wide, as shown."""
        return self.height > self.width


def probe(path: Path) -> Probe:
    """Look at an uploaded file. Raises BadVideo with a sentence for its teacher."""
    _must_begin_like_a_video(path)
    told = _streams(path)
    streams = told.get("streams", [])
    pictures = [s for s in streams if s.get("codec_type") == "video" and not s.get("disposition", {}).get("attached_pic")]
    sounds = [s for s in streams if s.get("codec_type") == "audio" and s.get("codec_name") and int(s.get("channels") or 0) > 0]
    if len(streams) > MOST_STREAMS:
        raise BadVideo(_("文件里有 %(n)s 条轨道，太多了；请用剪辑软件重新导出成普通的 MP4。", n=len(streams)))
    if not pictures:
        raise sound_only() if sounds else BadVideo(_("文件里没有画面；请上传带画面的视频。"))
    picture, sound = pictures[0], _chosen(sounds)
    width, height, is_turned, is_stretched = _shown(picture)
    packets = scan(path, SAFE, picture["index"], sound["index"] if sound else None)
    _must_be_whole(packets, told, picture)
    _must_show_something(path, picture["index"], packets.count)
    rate, rate_note = _rate(packets.moments)
    held_ms = packets.held_ms
    is_hdr, is_interlaced = picture.get("color_transfer") in HDR, picture.get("field_order") in ("tt", "bb", "tb", "bt")
    notes = {"turned": is_turned, "square": is_stretched, "hdr": is_hdr, "interlaced": is_interlaced,
             rate_note: bool(rate_note), "no-sound": sound is None, "held": held_ms > 0}
    return Probe(width, height, packets.duration_ms + held_ms, sound is not None, is_turned, picture["index"],
                 sound["index"] if sound else None, rate, held_ms, is_hdr, is_interlaced,
                 tuple(name for name, is_so in notes.items() if is_so))


def sound_only() -> BadVideo:
    """Why a file without pictures is refused."""
    return BadVideo(_("这个文件只有声音，没有画面。请上传带画面的视频；只有录音时，可以先用剪辑软件配一张图片导出成视频。"))


def _must_begin_like_a_video(path: Path) -> None:
    with path.open("rb") as f:
        head = f.read(CAMCORDER_BYTES + 64)
    if not head:
        raise BadVideo(_("文件是空的，请检查后重新上传。"))
    if any(head[at:at + len(magic)] == magic for at, magic in SOUND):
        raise sound_only()
    instead = next((what for at, magic, what in INSTEAD if head[at:at + len(magic)] == magic), None)
    if instead is not None:
        raise BadVideo(_("这是“%(what)s”，不是视频。请上传 MP4、MOV、MKV、AVI 等格式的视频。", what=instead))
    is_camcorders = head[4:5] == head[CAMCORDER_BYTES + 4:CAMCORDER_BYTES + 5] == b"G"
    if not is_camcorders and not any(head[at:at + len(magic)] == magic for at, magic in MAGIC):
        raise BadVideo(_("这不是视频文件。请上传 MP4、MOV、MKV、AVI 等格式的视频。"))


def _unreadable() -> BadVideo:
    return BadVideo(_("视频读不出来，可能没有传完或已经损坏；请在电脑上播放一遍，能放就重新上传。"))


def _streams(path: Path) -> dict:
    entries = f"stream={STREAM}:stream_disposition=attached_pic,default:stream_side_data=rotation:format=duration,format_name"
    try:
        told = json.loads(run(["ffprobe", "-v", "error", *flags(SAFE), "-of", "json", "-show_entries", entries,
                               "-i", f"file:{path}"], timeout_s=30))
    except (ProgramFailed, ValueError):
        raise _unreadable() from None
    return told


def flags(options: dict) -> list[str]:
    """Options as a command line has them."""
    return [part for name, value in options.items() for part in (f"-{name}", str(value))]


def _chosen(sounds: list[dict]) -> dict | None:
    return next((s for s in sounds if s.get("disposition", {}).get("default")), sounds[0] if sounds else None)


def _shown(picture: dict) -> tuple[int, int, bool, bool]:
    """(width, height, is turned, is stretched) as a player shows it."""
    width, height = int(picture.get("width") or 0), int(picture.get("height") or 0)
    if not (width and height):
        raise BadVideo(_("画面太大，或者尺寸读不出来。最大支持 4096×2304，请导出成 1080p 再上传。"))
    if width * height > MOST_PIXELS:
        raise BadVideo(_("画面太大（%(w)s×%(h)s）。最大支持 4096×2304，请导出成 1080p 再上传。", w=width, h=height))
    across, _colon, down = str(picture.get("sample_aspect_ratio") or "1:1").partition(":")
    stretch = int(across) / int(down) if across.isdigit() and down.isdigit() and int(across) and int(down) else 1.0
    is_stretched = 0.1 < stretch < 10 and abs(stretch - 1) > 0.01
    if is_stretched:
        width = max(1, round(width * stretch))
    angle = round(float(next((d["rotation"] for d in picture.get("side_data_list", []) if "rotation" in d), 0))) % 360
    if angle % 180 == 90:
        width, height = height, width
    if min(width, height) < SMALLEST_SIDE or max(width, height) > 20 * min(width, height):
        raise BadVideo(_("画面尺寸不对（%(w)s×%(h)s），学员看不清；请换一个正常尺寸的视频。", w=width, h=height))
    return width, height, angle != 0, is_stretched


# ---- packets


@dataclass(frozen=True)
class Packets:
    """When pictures are shown (seconds, in order), how long they last, how much longer the sound; `count` of all packets.

    `whole_ms`: until the last picture and the last sound are over.
    """

    moments: array
    count: int
    duration_ms: int
    held_ms: int
    whole_ms: int


class _Scan:
    """Takes ffprobe's lines; raises BadVideo as soon as no lesson can come of them."""

    def __init__(self, picture: int, sound: int | None) -> None:
        self.picture, self.sound = str(picture), None if sound is None else str(sound)
        self.moments, self.count = array("d"), 0
        self.end = self.sound_end = float("-inf")
        self.first = self.sound_first = float("inf")

    def take(self, line: str) -> None:
        index, pts, dts, length, marks = (*line.split(","), "", "", "", "")[:5]
        at = _number(pts, dts)
        self.count += index == self.picture
        if at is None or "D" in marks or index not in (self.picture, self.sound):
            return
        lasts = max(0.0, _number(length) or 0.0)
        end = at + lasts
        if index == self.sound:
            self.sound_first, self.sound_end = min(self.sound_first, at), max(self.sound_end, end)
            return
        if lasts > LONGEST_GAP_S or (self.moments and not -LONGEST_GAP_S <= at - self.end <= LONGEST_GAP_S):
            raise BadVideo(_("视频的时间轴有断裂：两个画面之间相隔太久。请用剪辑软件重新导出。"))
        self.moments.append(at)
        self.first, self.end = min(self.first, at), max(self.end, end)
        if self.end - self.first > LONGEST_MS / 1000:
            raise BadVideo(_("视频太长，最长 4 小时；请剪成几节。"))


def _number(*texts: str) -> float | None:
    for text in texts:
        try:
            return float(text)
        except ValueError:
            continue
    return None


def scan(path: Path, options: dict, picture: int = 0, sound: int | None = None) -> Packets:
    """Read every packet's moment, decode nothing. Raises BadVideo, at once where the time line is absurd."""
    seen = _Scan(picture, sound)
    try:
        run(["ffprobe", "-v", "error", *flags(options),
             "-show_entries", "packet=stream_index,pts_time,dts_time,duration_time,flags", "-of", "csv=p=0",
             "-i", f"file:{path}"], timeout_s=600, cpu_s=200, on_line=seen.take)
    except ProgramFailed:
        raise _unreadable() from None
    if not seen.moments:
        raise BadVideo(_("视频里没有可以播放的画面；请换一个文件，或用剪辑软件重新导出。"))
    moments = array("d", sorted(seen.moments))
    held_s = seen.sound_end - seen.end
    if held_s > LONGEST_GAP_S * 6 or abs(min(seen.sound_first, seen.first) - seen.first) > LONGEST_GAP_S:
        raise BadVideo(_("声音比画面长得多，对不上；请用剪辑软件重新导出。"))
    return Packets(moments, seen.count, round((seen.end - seen.first) * 1000), round(held_s * 1000) if held_s > 2 else 0,
                   round((max(seen.end, seen.sound_end) - seen.first) * 1000))


def scanned_duration_ms(path: Path) -> int:
    """The true length of a file we made, from its packets."""
    return scan(path, {"protocol_whitelist": "file"}).duration_ms


def _must_be_whole(packets: Packets, told: dict, picture: dict) -> None:
    """Is as much there as the file's own table says? A header that merely lies about seconds is passed over."""
    count, stated_ms = _number(str(picture.get("nb_frames") or "")), _stated_ms(told, picture)
    is_cut = packets.count < 0.9 * count if count else (
        stated_ms <= LONGEST_MS and packets.whole_ms + 1000 < 0.9 * stated_ms)
    if is_cut:
        raise BadVideo(_("视频不完整，可能没有传完；请重新上传。"))
    if packets.duration_ms + packets.held_ms < SHORTEST_MS:
        raise BadVideo(_("视频太短，不到半秒；请检查是不是选错了文件，再重新上传。"))


def _stated_ms(told: dict, video: dict) -> int:
    """How long the header says the picture is, 0 where it says nothing."""
    try:
        return round(float(video.get("duration") or told.get("format", {}).get("duration") or 0) * 1000)
    except (OverflowError, ValueError):
        return 0


def _must_show_something(path: Path, picture: int, count: int) -> None:
    """Decode the first pictures: what cannot be seen (encrypted, scrambled) is told now, not after an hour of waiting."""
    shown: list[str] = []
    try:
        run(["ffmpeg", "-nostdin", "-v", "error", *flags(SAFE), "-threads", "1", "-t", "60", "-i", f"file:{path}",
             "-map", f"0:{picture}", "-vsync", "passthrough", "-frames:v", str(TRIAL), "-f", "framecrc", "pipe:1"],
            timeout_s=60, cpu_s=40, on_line=shown.append)
    except ProgramFailed:
        pass
    if sum(bool(line) and not line.startswith("#") for line in shown) < max(1, min(TRIAL, count) // 2):
        raise BadVideo(_("画面解不出来，可能损坏、加密或格式太特别；请用剪辑软件导出成 MP4（H.264）再上传。"))


def _rate(moments: Iterable[float]) -> tuple[str, str]:
    """(frames a second to make it at, what was done to its own: "", "uneven", "fewer")."""
    at = list(moments)
    steps = [b - a for a, b in zip(at, at[1:], strict=False) if b > a]
    if len(steps) < 2:
        return str(LEAST_RATE), ""
    usual = median(steps)
    if sum(abs(s - usual) > 0.3 * usual for s in steps) > 0.05 * len(steps):
        return str(UNEVEN_RATE), "uneven"
    own = len(steps) / (at[-1] - at[0])
    nearest = min(RATES, key=lambda r: abs(own - r))
    known = nearest if abs(own - nearest) < 0.005 * nearest else own
    made = known
    while made > MOST_RATE:
        made /= 2
    if known == own and own > MOST_RATE:
        made = 30
    return _as_ffmpeg_reads(max(LEAST_RATE, made), is_known=known != own or own in RATES), "fewer" if own > MOST_RATE else ""


def _as_ffmpeg_reads(rate: float, *, is_known: bool) -> str:
    if abs(rate * 1001 / 1000 - round(rate * 1001 / 1000)) < 1e-6 and abs(rate - round(rate)) > 1e-6:
        return f"{round(rate * 1001 / 1000) * 1000}/1001"
    return f"{rate:g}" if is_known else str(round(rate))


# ---- how loud it is


@dataclass(frozen=True)
class Loudness:
    """Of the whole sound as one channel: `lufs` by EBU R 128 (None: silent), `peak_db` of its loudest sample."""

    lufs: float | None
    peak_db: float


def measure(path: Path, source: Probe, is_lost: Callable[[], bool] = lambda: False) -> Loudness | None:
    """Listen to all of it; None where it cannot be decoded. Raises Stopped."""
    heard = "aformat=channel_layouts=mono,ebur128=peak=sample:framelog=verbose"
    try:
        told = run(["ffmpeg", "-nostdin", "-hide_banner", "-nostats", *flags(SAFE), "-vn", "-sn", "-dn", "-i", f"file:{path}",
                    "-map", f"0:{source.sound}", "-af", heard, "-f", "null", "-"], timeout_s=120 + source.duration_ms / 1000,
                   wants_errors=True, is_lost=is_lost)
    except ProgramFailed:
        return None
    loud = re.findall(r"^\s*I:\s+(-?[\d.]+|-?inf|nan) LUFS", told, re.M)
    peak = re.findall(r"^\s*Peak:\s+(-?[\d.]+|-?inf|nan) dBFS", told, re.M)
    if not loud or not peak:
        return None
    lufs, peak_db = float(loud[-1]), float(peak[-1])
    return Loudness(lufs if lufs > -60 else None, peak_db)


@lru_cache(maxsize=1)
def has_tone_mapping() -> bool:
    """Can this ffmpeg turn HDR into ordinary pictures?"""
    try:
        known = run(["ffmpeg", "-hide_banner", "-filters"], timeout_s=20)
    except ProgramFailed:
        return False
    return " zscale " in known and " tonemap " in known
