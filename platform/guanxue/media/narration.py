"""A lesson's text as Mandarin speech by espeak-ng, with the moment of every sentence, and its WebVTT."""

from __future__ import annotations

import csv
import re
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from guanxue.media.programs import ProgramFailed, run

WORDS_A_MINUTE = 200  # of this voice: some 235 characters, a calm lecture
# From 1.51 on espeak-ng's "cmn" takes its own pinyin for English ("ni three how three", espeak-ng#1028); this voice does not.
VOICES = {"cmn": "cmn-latn-pinyin"}
READINGS = Path(__file__).with_name("readings.csv")
LEAD_IN_MS, SENTENCE_PAUSE_MS, SLIDE_PAUSE_MS, LEAD_OUT_MS = 700, 220, 700, 900
SILENT_MS = 4000  # how long a slide shows about which nothing is said
RATE = 22_050  # samples a second, as the voice has them
# How long the voice takes, in ms: a Chinese character, another sign, a comma, a sentence; fitted to 420 spoken sentences.
SIGN_MS, LATIN_MS, COMMA_MS, SENTENCE_MS = 218, 207, 180, 14
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


@dataclass(frozen=True)
class Cue:
    """A sentence and when it is heard, in milliseconds of the video."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True)
class Recording:
    """A person's own voice about a slide: a WAV of one channel at RATE, and its lines by the moments of this file."""

    path: Path
    cues: list[Cue]


@dataclass(frozen=True)
class Spoken:
    """`cues` of all sentences; `slide_starts_ms` when each slide appears; the whole length."""

    cues: list[Cue]
    slide_starts_ms: list[int]
    duration_ms: int


# What no list of words can hold, since it depends on what stands around: 得 behind a verb, 转 that turns, a number to call.
_VERB = "(?<=[\u4e00-\u9fff])(?<![不值觉获取难懒心使懂记晓舍免只非总还就都也要必可求所应该])"
_REACHED = re.compile(f"{_VERB}得着(?![急火凉迷慌手眼])")
_BEHIND_VERB = re.compile(f"{_VERB}得(?=[\u4e00-\u9fff])(?![到知分出以罪意当力利体先靠看])")
_MOVES = re.compile("旋转|运转|周转|扭转|翻转|好转|中转|流转|移转|婉转"
                    "|转[身账弯移正岗换变交告给运入出包发述让机化学院诊行念眼头角印料接款自走成基连向]"
                    "|转(?:过[来身脸去头]|个方|手动|到[手自]动)|(转)")
_CALLS = re.compile("(?<![零一二三四五六七八九十百千万点第])一(?:一[零九]|二[零二]|二三三三|二三四五|二三五一|二三一五)"
                    "(?![零一二三四五六七八九十百千万点个])")
_DE, _ZHUAN, _DE_ZHAO = "\ue000", "\ue001", "\ue002"  # signs that nobody writes


def _by_what_is_around(text: str) -> str:
    text = _BEHIND_VERB.sub(_DE, _REACHED.sub(_DE_ZHAO, text))
    text = _MOVES.sub(lambda m: _ZHUAN if m[1] else m[0], text)
    return _CALLS.sub(lambda m: m[0].replace("一", "幺"), text)


def speakable(text: str) -> str:
    """What the voice is given: each character by its sound in this sentence, codes of the trade and figures as people say them.

    模具 is mu2 ju4, not mo2 ju4; T0101, M03, 160/84A, G71 are spelt; 0.02 is 零点零二, 5% is 百分之五.
    """
    text = re.sub(r"(?<=\d)/(?=\d)", "杠", text)
    text = re.sub(r"(\d+(?:\.\d+)?)[%％]", r"百分之\1", text.replace("℃", "摄氏度"))

    def spell(match: re.Match) -> str:
        letters, number = match[1], match[2]
        said = _by_digits(number) if number.startswith("0") or len(number) > 3 else number
        return f"{' '.join(letters)} {said}"

    text = re.sub(r"([A-Z]{1,4})(\d+)", spell, text)
    text = re.sub(r"(?<![A-Za-z])([A-Z]{2,5})(?![A-Za-z])", lambda m: " ".join(m[1]), text)
    text = re.sub(r"(\d+)\.(\d+)", lambda m: f"{int(m[1]) or '零'}点{_by_digits(m[2])}", text)
    text = re.sub(r"\d{5,}|\d{4}(?=年)", lambda m: _by_digits(m[0]), text)
    lazy_pinyin, style = _readings()
    sounds = " ".join(lazy_pinyin(_by_what_is_around(text), style=style, neutral_tone_with_five=True, tone_sandhi=True))
    sounds = " ".join(sounds.replace(_DE, " de5 ").replace(_ZHUAN, " zhuan4 ").replace(_DE_ZHAO, " de5 zhao2 ").split())
    return re.sub(r"(?<![A-Za-z])G(?![A-Za-z])", "ji4", sounds)  # alone the voice would say zhi


def _by_digits(number: str) -> str:
    return "".join(_DIGITS[d] for d in number)


@cache
def _readings() -> tuple[Callable[..., list[str]], object]:
    """pypinyin with the words of the trade (readings.csv); its tables take 50 MB, so only who speaks loads them."""
    from pypinyin import Style, lazy_pinyin, load_phrases_dict  # noqa: PLC0415
    from pypinyin.contrib.tone_convert import to_tone  # noqa: PLC0415

    with READINGS.open(encoding="utf-8", newline="") as file:
        load_phrases_dict({row["words"]: [[to_tone(sound)] for sound in row["sounds"].split()] for row in csv.DictReader(file)})
    return lazy_pinyin, Style.TONE3


class _Track:
    """The sound as it grows, sample by sample, on the disk."""

    def __init__(self, out: wave.Wave_write) -> None:
        self._out, self._samples = out, 0
        out.setparams((1, 2, RATE, 0, "NONE", ""))

    @property
    def at_ms(self) -> int:
        return self._samples * 1000 // RATE

    def put(self, sound: bytes) -> None:
        self._out.writeframesraw(sound)
        self._samples += len(sound) // 2

    def rest(self, ms: int) -> None:
        self.put(b"\0\0" * (RATE * ms // 1000))

    def put_file(self, path: Path) -> None:
        with wave.open(str(path), "rb") as source:
            while piece := source.readframes(RATE):
                self.put(piece)


def speak(slides: list[list[str]], target: Path, work: Path, *, voice: str = "cmn",
          recordings: Mapping[int, Recording] = MappingProxyType({}),
          progress: Callable[[float], None] = lambda _f: None, is_lost: Callable[[], bool] = lambda: False) -> Spoken:
    """Speak slides of sentences into one WAV at `target`; a slide (from 0) with a recording is not spoken, but heard.

    Raises ProgramFailed, Stopped.
    """
    cues, starts = [], []
    whole, done = max(1, sum(len(s) for n, s in enumerate(slides) if n not in recordings)), 0
    with wave.open(str(target), "wb") as out:
        track = _Track(out)
        track.rest(LEAD_IN_MS)
        for n, sentences in enumerate(slides):
            starts.append(0 if n == 0 else track.at_ms - SLIDE_PAUSE_MS // 2)
            if n in recordings:
                cues += _put_recording(track, recordings[n])
            elif not sentences:
                track.rest(SILENT_MS)
            for sentence in sentences if n not in recordings else ():
                sound = _say(sentence, work / "sentence.wav", voice, is_lost)
                begin_ms = track.at_ms
                track.put(sound)
                cues.append(Cue(begin_ms, track.at_ms, sentence))
                track.rest(SENTENCE_PAUSE_MS)
                done += 1
                progress(done / whole)
            track.rest(SLIDE_PAUSE_MS)
        track.rest(LEAD_OUT_MS)
    return Spoken(cues, starts, track.at_ms)


def _put_recording(track: _Track, recording: Recording) -> list[Cue]:
    begin_ms = track.at_ms
    track.put_file(recording.path)
    return [Cue(begin_ms + c.start_ms, begin_ms + c.end_ms, c.text) for c in recording.cues]


def estimated_ms(sentences: list[str]) -> int:
    """About how long the voice takes for them, the pauses included: told before it has spoken."""
    signs = sum(SIGN_MS if c > "\u2e80" else LATIN_MS for s in sentences for c in s if c.isalnum())
    commas = sum(s.count(c) for s in sentences for c in "，、；：,;:")
    return signs + commas * COMMA_MS + len(sentences) * (SENTENCE_MS + SENTENCE_PAUSE_MS)


def slide_starts_ms(counts: list[int], cues: list[Cue]) -> list[int]:
    """When each slide of that many sentences appears, told from its sentences' moments: as speak() says it."""
    firsts = [sum(counts[:n]) for n in range(len(counts))]
    return [0 if n == 0 else cues[first].start_ms - SLIDE_PAUSE_MS // 2 for n, first in enumerate(firsts)]


def _say(sentence: str, path: Path, voice: str, is_lost: Callable[[], bool]) -> bytes:
    """16-bit mono samples at RATE, without the voice's own silence around them."""
    run(["espeak-ng", "-v", VOICES.get(voice, voice), "-s", str(WORDS_A_MINUTE), "-w", str(path), "--stdin"],
        stdin=speakable(sentence).encode(), timeout_s=60, is_lost=is_lost)
    with wave.open(str(path), "rb") as said:
        if said.getframerate() != RATE:
            raise ProgramFailed(f"the voice speaks at {said.getframerate()} samples a second")
        return _trimmed(said.readframes(said.getnframes()))


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
