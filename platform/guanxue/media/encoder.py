"""ffmpeg: everything a phone needs from a source, first what can be watched soon, then the other sizes in one run.

Commands are built with ffmpeg-python's compile() only (its probe() and run() have neither whitelist nor deadline). No word
of a teacher stands in them: files have names of ours.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import ffmpeg

from guanxue.core.i18n import lazy as _
from guanxue.media import hls, probing
from guanxue.media.errors import BadVideo
from guanxue.media.hls import Rendition
from guanxue.media.probing import Probe
from guanxue.media.programs import ProgramFailed, run

log = logging.getLogger(__name__)
SEGMENT_S = 4
STILL_SEGMENT_S = 16  # where slides stand still a key picture is nearly all there is, so there are few of them
# The shorter side of each size: quality (x264's CRF, smaller is better) and the most bits a second.
LADDER = {240: (27, 180), 360: (26, 400), 480: (25, 800), 720: (24, 1500)}
BEGIN = 360
STILL = {720: (28, 1600)}  # slides that stand still cost nearly nothing, so one size does for all and peaks may be higher
LOUD_LUFS, PEAK_DB, MOST_GAIN_DB, MOST_PRESSED_DB = -16.0, -1.5, 18.0, 6.0
TONE_MAP = (("zscale", {"t": "linear", "npl": 100}), ("format", {"pix_fmts": "gbrpf32le"}), ("zscale", {"p": "bt709"}),
            ("tonemap", {"tonemap": "hable", "desat": 0}), ("zscale", {"t": "bt709", "m": "bt709", "r": "tv"}))
OURS = {"protocol_whitelist": "file", "allowed_extensions": "ALL"}  # playlists that we wrote ourselves
BARE = {"map_metadata": -1, "map_chapters": -1}


# ---- which sizes


def heights(source: Probe) -> list[int]:
    """The shorter sides made of a source, smallest first: never larger than its own, the largest its own up to 720."""
    short = min(source.width, source.height)
    top = max(2, min(max(LADDER), short // 2 * 2))
    return [h for h in LADDER if h < max(LADDER) and h * 1.1 <= top] + [top]


def first_height(source: Probe) -> int:
    """The size that is made first, because a phone can begin with it."""
    return min(heights(source), key=lambda h: abs(h - BEGIN))


def size(source: Probe, short: int) -> tuple[int, int]:
    """Width and height, even, whose shorter side is `short`; of very long pictures the longer side is held to 2⅔ of it."""
    own_short, own_long = sorted((source.width, source.height))
    scale = min(short / own_short, short * 8 / 3 / own_long)
    sides = max(2, round(own_short * scale / 2) * 2), max(2, round(own_long * scale / 2) * 2)
    return sides if source.is_portrait else (sides[1], sides[0])


def _rung(height: int, ladder: dict[int, tuple[int, int]]) -> tuple[int, int]:
    return ladder[next((h for h in ladder if h >= height), max(ladder))]


# ---- commands


def _opened(original: Path, threads: int = 1):
    return ffmpeg.input(f"file:{original}", **probing.SAFE, threads=threads)


def upright(source: Probe, original: Path, *, threads: int = 1):
    """The picture of an upload as it is to be shown, at the rate it is made at. More threads are sooner, one costs less."""
    picture = _opened(original, threads)[str(source.picture)]
    if source.is_interlaced:
        picture = picture.filter("bwdif", mode="send_frame", deint="interlaced")
    picture = picture.filter("fps", source.frame_rate, start_time=0)
    return picture.filter("tpad", stop_mode="clone", stop_duration=source.held_ms / 1000) if source.held_ms else picture


def heard(source: Probe, original: Path, loudness: probing.Loudness | None, *, threads: int = 1):
    """The sound of an upload as one channel, at the loudness of all lessons; None where there is none.

    `threads` as upright() has them: then both are read from one opened file.
    """
    if source.sound is None or loudness is None:
        return None
    sound = _opened(original, threads)[str(source.sound)].filter("aresample", 44100, **{"async": 1, "first_pts": 0})
    sound = sound.filter("aformat", channel_layouts="mono")
    gain = gain_db(loudness)
    if abs(gain) < 0.5:
        return sound
    sound = sound.filter("volume", f"{gain:.1f}dB")
    if loudness.peak_db + gain > PEAK_DB:
        sound = sound.filter("alimiter", limit=0.84, level="false", attack=5, release=50)
    return sound


def gain_db(loudness: probing.Loudness) -> float:
    """By how much it is made louder or softer: evenly, so speech keeps its ups and downs. What is silent is left alone."""
    if loudness.lufs is None:
        return 0.0
    return min(LOUD_LUFS - loudness.lufs, MOST_GAIN_DB, PEAK_DB - loudness.peak_db + MOST_PRESSED_DB)


def _sized(picture, source: Probe, made: list[int]) -> list:
    """The picture at those shorter sides (smallest first), each scaled from the next larger one: less work, no less sharp."""
    streams, larger = [], picture
    for n, height in enumerate(reversed(made)):
        larger = larger.filter("scale", *size(source, height)).filter("setsar", 1)
        if n == 0:
            for name, options in TONE_MAP if source.is_hdr and probing.has_tone_mapping() else ():
                larger = larger.filter(name, **options)
            larger = larger.filter("format", "yuv420p")
        if n < len(made) - 1:
            both = larger.filter_multi_output("split", 2)
            larger, this = both[0], both[1]
        else:
            this = larger
        streams.insert(0, this)
    return streams


def _hls(folder: Path, name: str, segment_s: int = SEGMENT_S) -> dict:
    return {"f": "hls", "hls_time": segment_s, "hls_playlist_type": "vod", "hls_segment_type": "fmp4",
            "hls_flags": "independent_segments", "hls_fmp4_init_filename": "init.mp4",
            "hls_segment_filename": str(folder / name / "%05d.m4s"), **BARE}


def _segment_s(is_still: bool) -> int:
    return STILL_SEGMENT_S if is_still else SEGMENT_S


def _film(height: int, frame_rate: str, *, is_still: bool, threads: int) -> dict:
    quality, most = _rung(height, STILL if is_still else LADDER)
    segment_s = _segment_s(is_still)
    return {"c:v": "libx264", "preset": "veryfast", "crf": quality, "maxrate": f"{most}k", "bufsize": f"{most * 2}k",
            "profile:v": "main", "bf": 2, "g": round(Fraction(frame_rate) * segment_s * 2), "sc_threshold": 0,
            "force_key_frames": f"expr:gte(t,n_forced*{segment_s})", "threads": threads,
            **({"tune": "stillimage"} if is_still else {})}


AAC = {"c:a": "aac", "b:a": "48k", "ac": 1, "ar": 44100}
# The machine's own voice has nothing above. The encoder goes half beyond what it is asked for so far down: these are 23 kbit/s.
VOICE = {**AAC, "b:a": "16k", "ar": 16000}


def first_command(source: Probe, picture, sound, folder: Path, made: list[int], *, is_still: bool = False,
                  is_synthetic: bool = False) -> list[str]:
    """Those sizes with their sound from streams of ffmpeg-python, into folder/360p and so on.

    `is_still`: slides that stand; `is_synthetic`: the machine speaks, and nobody else.
    """
    sounds = [[]] * len(made) if sound is None else [[sound]]
    if sound is not None and len(made) > 1:
        shared = sound.filter_multi_output("asplit", len(made))
        sounds = [[shared[n]] for n in range(len(made))]
    outputs = [
        ffmpeg.output(stream, *sounds[n], str(folder / f"{height}p" / "index.m3u8"),
                      **_hls(folder, f"{height}p", _segment_s(is_still)),
                      **_film(height, source.frame_rate, is_still=is_still, threads=2),
                      **((VOICE if is_synthetic else AAC) if sound is not None else {}), t=_longest_s(source))
        for n, (height, stream) in enumerate(zip(made, _sized(picture, source, made), strict=True))]
    return _compiled(*outputs)


def second_command(source: Probe, original: Path, first: Path, folder: Path, made: list[int], *, has_sound: bool) -> list[str]:
    """The other sizes of an upload in one run; their sound is copied from the first size (its playlist `first`)."""
    sound = [ffmpeg.input(str(first), **OURS).audio] if has_sound else []
    outputs = [
        ffmpeg.output(stream, *sound, str(folder / f"{height}p" / "index.m3u8"), **_hls(folder, f"{height}p"),
                      **_film(height, source.frame_rate, is_still=False, threads=1),
                      **({"c:a": "copy"} if has_sound else {}), t=_longest_s(source))
        for height, stream in zip(made, _sized(upright(source, original), source, made), strict=True)]
    return _compiled(*outputs)


def beside_command(playlist: Path, folder: Path, *, has_sound: bool, is_still: bool = False) -> list[str]:
    """Without encoding: the film as one file and, where there is sound, the sound alone as a file and as segments.

    Slides that stand cost little more than their sound, so that has no segments.
    """
    # A segment's pictures come before its sound: a step back as long as a segment is no fault of the clock.
    steps = {"dts_delta_threshold": 2 * STILL_SEGMENT_S} if is_still else {}
    source = ffmpeg.input(str(playlist), **OURS, **steps)
    streams = [source.video, *([source.audio] if has_sound else [])]
    outputs = [ffmpeg.output(*streams, str(folder / "video.mp4"), c="copy", movflags="+faststart", **BARE)]
    if has_sound:
        outputs.append(ffmpeg.output(source.audio, str(folder / "audio.m4a"), c="copy", movflags="+faststart", **BARE))
    if has_sound and not is_still:
        outputs.append(ffmpeg.output(source.audio, str(folder / hls.SOUND / "index.m3u8"), c="copy", **_hls(folder, hls.SOUND)))
    return _compiled(*outputs)


def film_command(playlist: Path, target: Path) -> list[str]:
    """Without encoding: a size as one file."""
    return _compiled(ffmpeg.output(ffmpeg.input(str(playlist), **OURS), str(target), c="copy", movflags="+faststart", **BARE))


def _longest_s(source: Probe) -> str:
    """No output grows beyond its source, whatever the decoder finds in it."""
    return f"{source.duration_ms / 1000 + 1.5:.3f}"


def _compiled(*outputs) -> list[str]:
    merged = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else outputs[0]
    return merged.global_args("-nostdin", "-v", "error", "-progress", "pipe:1").compile(overwrite_output=True)


# ---- making


def _work(command: list[str], source: Probe, sizes: int, progress: Callable[[float], None],
          is_lost: Callable[[], bool], overtaking: Callable[[], Callable[[], None] | None] = lambda: None) -> None:
    seconds = source.duration_ms / 1000
    try:
        run(command, timeout_s=600 + seconds * 12 * max(1, sizes), cpu_s=60 + 8 * seconds * max(1, sizes),
            file_bytes=64 * 1024**2 + round(seconds) * 512 * 1024, is_lost=is_lost, overtaking=overtaking,
            on_progress=lambda made_s: progress(min(1.0, made_s / max(0.001, seconds))))
    except ProgramFailed as failure:
        raise _failed(failure) from None


def _failed(failure: ProgramFailed) -> BadVideo:
    log.warning("ffmpeg failed: %s", failure)
    return BadVideo(_("视频转换没有成功，文件可能损坏；请用剪辑软件重新导出成 MP4 再上传。"))


def encode(source: Probe, picture, sound, folder: Path, made: list[int], *, is_still: bool = False,
           is_synthetic: bool = False, progress: Callable[[float], None], is_lost: Callable[[], bool]) -> list[Rendition]:
    """Make those sizes from ffmpeg-python streams (sound may be None) with everything that plays beside them, in `folder`."""
    renditions = _folders(source, folder, made)
    _work(first_command(source, picture, sound, folder, made, is_still=is_still, is_synthetic=is_synthetic), source, len(made),
          lambda f: progress(f * 0.97), is_lost)
    has_segments = sound is not None and not is_still
    if has_segments:
        (folder / hls.SOUND).mkdir(exist_ok=True)
    _work(beside_command(folder / renditions[-1].name / "index.m3u8", folder, has_sound=sound is not None, is_still=is_still),
          source, 1, lambda f: progress(0.97 + f * 0.03), is_lost)
    hls.write_master(folder, renditions, float(Fraction(source.frame_rate)), has_sound=has_segments)
    return renditions


def encode_more(source: Probe, original: Path, made_before: Path, folder: Path, *, has_sound: bool,
                progress: Callable[[float], None], is_lost: Callable[[], bool],
                overtaking: Callable[[], Callable[[], None] | None] = lambda: None) -> list[Rendition]:
    """Make the sizes that lack and put what was made before beside them: a whole version in `folder`."""
    begun, all_heights = first_height(source), heights(source)
    renditions = _folders(source, folder, all_heights)
    more = [h for h in all_heights if h != begun]
    (folder / f"{begun}p").rmdir()
    for name in (f"{begun}p", *((hls.SOUND, "audio.m4a") if has_sound else ())):
        link(made_before / name, folder / name)
    _work(second_command(source, original, made_before / f"{begun}p" / "index.m3u8", folder, more, has_sound=has_sound),
          source, len(more), lambda f: progress(f * 0.99), is_lost, overtaking)
    _work(film_command(folder / renditions[-1].name / "index.m3u8", folder / "video.mp4"), source, 1, lambda _f: None, is_lost)
    hls.write_master(folder, renditions, float(Fraction(source.frame_rate)), has_sound=has_sound)
    return renditions


def _folders(source: Probe, folder: Path, made: list[int]) -> list[Rendition]:
    for height in made:
        (folder / f"{height}p").mkdir(parents=True, exist_ok=True)
    return [Rendition(f"{h}p", *size(source, h)) for h in made]


def link(source: Path, target: Path) -> None:
    """The same file, or every file of a folder, under a second name where the disk can do that; else a copy."""
    if source.is_dir():
        target.mkdir()
        for path in source.iterdir():
            link(path, target / path.name)
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def write_poster(video: Path, target: Path, at_ms: int, among: int = 3) -> None:
    """One picture of a video we made, as JPEG: of so many key pictures around there the one most like the others."""
    before_s = at_ms // 1000 // SEGMENT_S * SEGMENT_S - 1  # a second before the first of them
    options = {"skip_frame": "nokey", "threads": 1, **({"ss": before_s} if before_s > 0 else {})}
    opened = ffmpeg.input(str(video), protocol_whitelist="file", **options)
    stream = opened.filter("thumbnail", among) if among > 1 else opened.video
    command = ffmpeg.output(stream, str(target), vframes=1, **{"q:v": 4}).global_args(
        "-nostdin", "-v", "error").compile(overwrite_output=True)
    try:
        run(command, timeout_s=60)
    except ProgramFailed as failure:
        raise _failed(failure) from None
