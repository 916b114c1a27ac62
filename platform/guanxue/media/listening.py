"""What is said in a film, written down by the program or service of GUANXUE_TRANSCRIBE; nothing else leaves the site."""

from __future__ import annotations

import shlex
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import ffmpeg

from guanxue.core.i18n import lazy as _
from guanxue.media.programs import ProgramFailed, run
from guanxue.media.subtitles import LARGEST_BYTES, SubtitleReport, read_subtitles

MOST_WRITTEN = 64 * 1024**2
SHORTEST_S = 600  # what a program gets for a short film: it may have to load its model first


class NotHeard(Exception):
    """Nothing came of it; the message is a sentence for the teacher, the cause goes to the log."""


def transcribe(tool: str, sound: Path, duration_ms: int, work: Path, is_lost: Callable[[], bool]) -> SubtitleReport:
    """Listen to a film's sound with `tool`, in the empty folder `work`; at most four times as long as the film takes.

    Raises NotHeard, Stopped.
    """
    audio, limit_s = work / "sound.wav", max(SHORTEST_S, duration_ms / 250)
    try:
        _extract(sound, audio, is_lost)
        heard = _by_service(tool, audio, limit_s) if tool.startswith("https:") else _by_command(tool, audio, limit_s, is_lost)
    except (ProgramFailed, OSError) as error:
        raise NotHeard(_("听写程序没有做成，请告诉管理员，或者自己写字幕。")) from error
    report = read_subtitles(heard, duration_ms)
    if report.fault is not None:
        raise NotHeard(_("听写程序给的结果读不出来：%(why)s", why=report.fault))
    return report


def _extract(sound: Path, target: Path, is_lost: Callable[[], bool]) -> None:
    """16 kHz, one channel, plain samples: what every such program takes."""
    stream = ffmpeg.input(str(sound), protocol_whitelist="file").audio
    made = ffmpeg.output(stream, str(target), ac=1, ar=16000, acodec="pcm_s16le")
    run(made.global_args("-nostdin", "-v", "error").compile(overwrite_output=True), timeout_s=1800, is_lost=is_lost)


def _by_command(template: str, audio: Path, limit_s: float, is_lost: Callable[[], bool]) -> bytes:
    """Run the site's own command; it writes its subtitles to {vtt}."""
    written = audio.with_name("heard.vtt")
    words = [word.replace("{audio}", str(audio)).replace("{vtt}", str(written)) for word in shlex.split(template)]
    run(words, timeout_s=limit_s, cpu_s=limit_s * 8, file_bytes=MOST_WRITTEN, folder=audio.parent, is_lost=is_lost)
    with written.open("rb") as told:
        return told.read(LARGEST_BYTES + 1)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token and the sound are for this address only."""

    def redirect_request(self, *_arguments) -> None:
        return None


def _by_service(url: str, audio: Path, limit_s: float) -> bytes:
    """Post the sound as audio/wav with the address's token as bearer; the answer is the subtitles."""
    parts = urlsplit(url)
    userinfo, _at, host = parts.netloc.rpartition("@")
    headers = {"Content-Type": "audio/wav", "Content-Length": str(audio.stat().st_size), "Accept": "text/vtt"}
    if token := unquote(userinfo.rpartition(":")[2]):
        headers["Authorization"] = f"Bearer {token}"
    with audio.open("rb") as body:
        request = urllib.request.Request(  # noqa: S310 https, checked by Settings
            urlunsplit(parts._replace(netloc=host)), body, headers, method="POST")
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=limit_s) as answer:
            return answer.read(LARGEST_BYTES + 1)
