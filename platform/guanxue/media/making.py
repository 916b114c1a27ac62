"""From a source to the folder of files that phones play: narrated in one go, an upload in two.

An upload is watchable as soon as its first size stands with its sound; the other sizes follow in a second version, which
takes the first one's place only when it is whole. Both show the same pictures at the same moments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import ffmpeg

from guanxue.core.i18n import lazy as _
from guanxue.media import encoder, narration, probing, showing
from guanxue.media.errors import BadVideo
from guanxue.media.hls import Rendition
from guanxue.media.probing import Probe
from guanxue.media.rules import NarrationSpec

SLIDE_FRAMES, SLIDE_HEIGHTS = "5", [720]
SAME_MS = 50  # by how much the two versions of an upload may differ in length: less than two pictures of the slowest


def narrate(spec: NarrationSpec, work: Path, out: Path, report: Callable[[str, float], None],
            is_lost: Callable[[], bool]) -> dict:
    """Speak, draw and film a narration into `out`; its facts."""
    shown = [s for s in spec.slides if s.is_shown]
    report("speaking", 0.0)
    recordings = showing.recordings(shown, work, is_lost)
    spoken = narration.speak([s.sentences for s in shown], work / "voice.wav", work, voice=spec.voice, recordings=recordings,
                             progress=lambda f: report("speaking", f * 0.3), is_lost=is_lost)
    width, height = showing.draw_all(spec, work)
    _write_list(work, spoken)
    picture = ffmpeg.input(str(work / "slides.txt"), format="concat", safe=0, protocol_whitelist="file").video
    sound = ffmpeg.input(str(work / "voice.wav"), protocol_whitelist="file").audio
    source = Probe(width, height, spoken.duration_ms, True, False, frame_rate=SLIDE_FRAMES)
    renditions = encoder.encode(
        source, picture.filter("fps", SLIDE_FRAMES), sound, out, SLIDE_HEIGHTS, is_still=True, is_synthetic=not recordings,
        progress=lambda f: report("encoding", 0.3 + f * 0.65), is_lost=is_lost)
    if spoken.cues:
        narration.write_vtt(spoken.cues, out / "zh-Hans.vtt")
    encoder.write_poster(out / "video.mp4", out / "poster.jpg", 0, among=1)  # the first slide
    return {**_facts(out, renditions, has_sound=True), "segment_s": encoder.STILL_SEGMENT_S,
            "subtitles": [{"lang": "zh-Hans", "label": "简体中文", "file": "zh-Hans.vtt"}] if spoken.cues else [],
            "cues": [[c.start_ms, c.end_ms, c.text] for c in spoken.cues], **showing.facts(shown, spoken, recordings)}


def _write_list(work: Path, spoken: narration.Spoken) -> None:
    """ffmpeg's concat list: each slide for as long as it is spoken about."""
    ends = [*spoken.slide_starts_ms[1:], spoken.duration_ms]
    lines = ["ffconcat version 1.0"]
    for n, (begin, end) in enumerate(zip(spoken.slide_starts_ms, ends, strict=True), 1):
        lines += [f"file slide{n}.png", f"duration {(end - begin) / 1000:.3f}"]
    lines.append(f"file slide{len(ends)}.png")  # the format wants the last one named again
    (work / "slides.txt").write_text("\n".join(lines) + "\n", "utf-8")


def begin(original: Path, out: Path, report: Callable[[str, float], None], is_lost: Callable[[], bool]) -> dict:
    """The first version of an upload: one size, its sound, a poster; its facts. `is_partial` says that more will come."""
    report("checking", 0.0)
    source = probing.probe(original)
    report("listening", 0.04)
    loudness = probing.measure(original, source, is_lost) if source.sound is not None else None
    sound = encoder.heard(source, original, loudness, threads=2)
    made = [encoder.first_height(source)]
    renditions = encoder.encode(source, encoder.upright(source, original, threads=2), sound, out, made,
                                progress=lambda f: report("encoding", 0.1 + f * 0.88), is_lost=is_lost)
    encoder.write_poster(out / "video.mp4", out / "poster.jpg", _poster_ms(source))
    return {**_facts(out, renditions, has_sound=sound is not None), "was_rotated": source.is_rotated,
            "is_portrait": source.is_portrait, "done": _done(source, loudness), "source": asdict(source),
            "is_partial": encoder.heights(source) != made}


def improve(original: Path, facts: dict, made: Path, duration_ms: int, out: Path, report: Callable[[str, float], None],
            is_lost: Callable[[], bool], overtaking: Callable[[], Callable[[], None] | None] = lambda: None) -> dict:
    """The whole version in `out`, beside the first one in `made`; its facts. Raises BadVideo where they would not agree."""
    source = Probe(**{**facts["source"], "done": tuple(facts["source"]["done"])})
    renditions = encoder.encode_more(source, original, made, out, has_sound=facts["has_sound"],
                                     progress=lambda f: report("improving", f * 0.98), is_lost=is_lost, overtaking=overtaking)
    if abs(probing.scanned_duration_ms(out / "video.mp4") - duration_ms) > SAME_MS:
        raise BadVideo(_("更清晰的画面与已经能看的版本长短不一，没有采用。"))
    encoder.write_poster(out / "video.mp4", out / "poster.jpg", _poster_ms(source))
    return {**facts, **_facts(out, renditions, has_sound=facts["has_sound"]), "is_partial": False, "is_rough": False}


def _poster_ms(source: Probe) -> int:
    return source.duration_ms // 10 if source.duration_ms > 2000 else 0


def _done(source: Probe, loudness: probing.Loudness | None) -> list[str]:
    """What was done to an upload, by names that pages put into words."""
    done = list(source.done)
    if source.sound is not None and loudness is None:
        done.append("sound-lost")
    elif loudness is not None and loudness.lufs is None:
        done.append("silent")
    elif loudness is not None and abs(encoder.gain_db(loudness)) >= 0.5:
        done.append("loudness")
    return done


def _facts(out: Path, renditions: list[Rendition], *, has_sound: bool) -> dict:
    def size(pattern: str) -> int:
        return sum(p.stat().st_size for p in out.glob(pattern))

    return {
        "width": renditions[-1].width, "height": renditions[-1].height, "has_sound": has_sound,
        "renditions": [r.name for r in renditions],
        "bytes": {**{r.name: size(f"{r.name}/*") for r in renditions}, "mp4": size("video.mp4"), "audio": size("audio.m4a")},
    }
