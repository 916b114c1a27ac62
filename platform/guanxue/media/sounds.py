"""Short sounds for texts and questions (an alarm, a machine that runs badly, a sentence): checked, made small, timed."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import ffmpeg

from guanxue.core.i18n import lazy as _
from guanxue.media.errors import BadFile
from guanxue.media.programs import ProgramFailed, run

# Only containers that hold their own bytes: a playlist may name other files.
FORMATS = "mov,mp4,m4a,3gp,mp3,aac,wav,ogg,flac,amr,amrnb,amrwb,matroska,webm,caf"
SAFE = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
LONGEST_S = 900
DEADLINE_S = 120


def convert(source: Path, target: Path) -> int:
    """Make an m4a of one channel at 48 kb/s, without remarks or pictures, at `target`; its length in whole seconds.

    Raises BadFile with a sentence for its teacher.
    """
    _must_be_sound(source)
    heard = ffmpeg.input(f"file:{source}", **SAFE).audio
    made = ffmpeg.output(heard, f"file:{target}", f="ipod", ac=1, ar=44100, map_metadata=-1, map_chapters=-1,
                         movflags="+faststart", t=LONGEST_S + 2, **{"c:a": "aac", "b:a": "48k"})
    try:
        run(made.global_args("-nostdin", "-v", "error").compile(overwrite_output=True), timeout_s=DEADLINE_S)
    except ProgramFailed:
        raise BadFile(_("声音读不出来，可能没有传完或已经损坏。")) from None
    return length(target)


def length(made: Path) -> int:
    """Whole seconds of what convert() made, at least 1. Raises BadFile."""
    try:
        seconds = float(_told(made, {})["format"]["duration"])
    except (ProgramFailed, ValueError, KeyError):
        raise BadFile(_("声音读不出来，可能没有传完或已经损坏。")) from None
    if seconds > LONGEST_S + 1:
        raise BadFile(_("声音太长，最长 15 分钟；请剪短，或放到视频课里。"))
    return max(1, round(seconds))


def samples(source: Path, target: Path, rate: int, gain_db: float = 0.0, is_lost: Callable[[], bool] = lambda: False) -> int:
    """A kept sound as a WAV of one channel at that rate, made louder or softer; its length in ms. ProgramFailed, Stopped."""
    heard = ffmpeg.input(f"file:{source}", **SAFE).audio.filter("volume", f"{gain_db:.1f}dB")
    heard = heard.filter("alimiter", limit=0.84, level="false", attack=5, release=50)
    made = ffmpeg.output(heard, f"file:{target}", f="wav", ac=1, ar=rate, acodec="pcm_s16le", map_metadata=-1, bitexact=None)
    run(made.global_args("-nostdin", "-v", "error").compile(overwrite_output=True), timeout_s=DEADLINE_S, is_lost=is_lost)
    with wave.open(str(target), "rb") as heard_again:
        return heard_again.getnframes() * 1000 // rate


def _must_be_sound(source: Path) -> None:
    try:
        streams = _told(source, SAFE).get("streams", [])
    except (ProgramFailed, ValueError):
        raise BadFile(_("声音读不出来，可能没有传完或已经损坏。")) from None
    kinds = {s.get("codec_type") for s in streams if not s.get("disposition", {}).get("attached_pic")}
    if "video" in kinds:
        raise BadFile(_("这是视频；请放到视频课里，在那里上传。"))
    if "audio" not in kinds:
        raise BadFile(_("文件里没有声音。"))


def _told(path: Path, limits: dict[str, str]) -> dict:
    flags = [part for name, value in limits.items() for part in (f"-{name}", value)]
    return json.loads(run(["ffprobe", "-v", "error", *flags, "-of", "json", "-show_streams", "-show_format",
                           "-i", f"file:{path}"], timeout_s=30))
