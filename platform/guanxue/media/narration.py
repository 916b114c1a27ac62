"""A lesson's text as Mandarin speech by espeak-ng, with the moment of every sentence, and its WebVTT."""

from __future__ import annotations

import re
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from guanxue.media.programs import run

WORDS_A_MINUTE = 250  # a natural lecturing speed of this voice
LEAD_IN_MS, SENTENCE_PAUSE_MS, SLIDE_PAUSE_MS, LEAD_OUT_MS = 700, 220, 700, 900
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


@dataclass(frozen=True)
class Cue:
    """A sentence and when it is heard, in milliseconds of the video."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class Spoken:
    """`cues` of all sentences; `slide_starts_ms` when each slide appears; the whole length."""

    cues: list[Cue]
    slide_starts_ms: list[int]
    duration_ms: int


def speakable(text: str) -> str:
    """How the voice should read codes of the trade: T0101, M03, 160/84A, G71."""
    text = re.sub(r"(?<=\d)/(?=\d)", "杠", text)

    def spell(match: re.Match) -> str:
        letters, number = match[1], match[2]
        said = "".join(_DIGITS[d] for d in number) if number.startswith("0") or len(number) > 3 else number
        return f"{' '.join(letters)} {said}"

    text = re.sub(r"([A-Z]{1,4})(\d+)", spell, text)
    return re.sub(r"(?<![A-Za-z])([A-Z]{2,5})(?![A-Za-z])", lambda m: " ".join(m[1]), text)


def speak(slides: list[list[str]], target: Path, work: Path, *, voice: str = "cmn",
          progress: Callable[[float], None] = lambda _f: None, is_lost: Callable[[], bool] = lambda: False) -> Spoken:
    """Speak slides of sentences into one WAV at `target`. Raises ProgramFailed, Stopped."""
    cues, starts, frames, rate = [], [], [], 22_050
    whole, done, at = sum(map(len, slides)), 0, 0  # `at` counts samples

    def rest(ms: int) -> None:
        nonlocal at
        samples = rate * ms // 1000
        frames.append(b"\0\0" * samples)
        at += samples

    rest(LEAD_IN_MS)
    for n, sentences in enumerate(slides):
        starts.append(0 if n == 0 else (at - rate * SLIDE_PAUSE_MS // 2000) * 1000 // rate)
        for sentence in sentences:
            sound, rate = _say(sentence, work / "sentence.wav", voice, is_lost)
            begin = at
            frames.append(sound)
            at += len(sound) // 2
            cues.append(Cue(begin * 1000 // rate, at * 1000 // rate, sentence))
            rest(SENTENCE_PAUSE_MS)
            done += 1
            progress(done / whole)
        rest(SLIDE_PAUSE_MS)
    rest(LEAD_OUT_MS)
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(b"".join(frames))
    return Spoken(cues, starts, at * 1000 // rate)


def slide_starts_ms(counts: list[int], cues: list[Cue]) -> list[int]:
    """When each slide of that many sentences appears, told from its sentences' moments: as speak() says it."""
    firsts = [sum(counts[:n]) for n in range(len(counts))]
    return [0 if n == 0 else cues[first].start_ms - SLIDE_PAUSE_MS // 2 for n, first in enumerate(firsts)]


def _say(sentence: str, path: Path, voice: str, is_lost: Callable[[], bool]) -> tuple[bytes, int]:
    """16-bit mono samples without the voice's own silence around them, and their rate."""
    run(["espeak-ng", "-v", voice, "-s", str(WORDS_A_MINUTE), "-w", str(path), "--stdin"],
        stdin=speakable(sentence).encode(), timeout_s=60, is_lost=is_lost)
    with wave.open(str(path), "rb") as said:
        sound, rate = said.readframes(said.getnframes()), said.getframerate()
    return _trimmed(sound), rate


def _trimmed(sound: bytes, floor: int = 200) -> bytes:
    samples = memoryview(sound).cast("h")
    begin, end = 0, len(samples)
    while begin < end and -floor < samples[begin] < floor:
        begin += 1
    while end > begin and -floor < samples[end - 1] < floor:
        end -= 1
    return bytes(samples[begin:end]) if begin < end else sound


def vtt_time(ms: int) -> str:
    """HH:MM:SS.mmm."""
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"


def write_vtt(cues: list[Cue], path: Path) -> None:
    """WebVTT; what could be taken for markup is escaped."""
    lines = ["WEBVTT", ""]
    for n, cue in enumerate(cues, 1):
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        lines += [str(n), f"{vtt_time(cue.start_ms)} --> {vtt_time(cue.end_ms)}", text, ""]
    path.write_text("\n".join(lines), "utf-8")
