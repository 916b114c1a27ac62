"""What a narration shows and lets be heard: slides drawn by the machine or a teacher's own, recordings beside them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from guanxue.core.enclosures import PICTURE, SOUND, read_address
from guanxue.core.i18n import lazy as _
from guanxue.media import encoder, lines, narration, probing, slides, sounds
from guanxue.media.errors import BadVideo
from guanxue.media.files import find_kept
from guanxue.media.probing import Probe
from guanxue.media.programs import ProgramFailed
from guanxue.media.rules import NarrationSpec, SlideSpec

SOFTER_DB = 4.5  # the voice is that much softer than a lesson that somebody speaks: measured at -20.5 LUFS


def draw_all(spec: NarrationSpec, folder: Path) -> tuple[int, int]:
    """Draw the slides that are shown as folder/slide1.png and so on; their width and height. BadVideo for a lost picture."""
    shown = [s for s in spec.slides if s.is_shown]
    told = [read_address(s.picture) for s in shown if s.picture]
    frame = slides.frame_of([(x.width, x.height) for x in told if x]) if told else (slides.WIDTH, slides.HEIGHT)
    for n, slide in enumerate(shown, 1):
        if slide.picture:
            label = slides.LABEL if slide.sentences and not slide.recording else ""
            _draw_own(_kept(slide.picture, PICTURE, n), frame, label, folder / f"slide{n}.png", n)
        else:
            face = slides.SlideFace(spec.course_title, spec.title, slide.headline, spec.accent, n, len(shown), slides.LABEL,
                                    slide.drawing)
            slides.draw_slide(face, folder / f"slide{n}.png")
    return frame


def _draw_own(picture: Path, frame: tuple[int, int], label: str, target: Path, n: int) -> None:
    try:
        slides.draw_page(picture, frame, label, target)
    except (OSError, ValueError):
        raise _lost(n) from None


def _kept(address: str, kind: str, n: int) -> Path:
    told = read_address(address)
    found = find_kept(told) if told is not None and told.kind == kind else None
    if found is None:
        raise _lost(n)
    return found[0]


def _lost(n: int) -> BadVideo:
    return BadVideo(_("第 %(n)s 页的图片或录音不在了；请在“幻灯片课”里换上，再生成视频。", n=n))


def recordings(shown: list[SlideSpec], work: Path, is_lost: Callable[[], bool]) -> dict[int, narration.Recording]:
    """By slide (from 0): its recording as loud as every lesson is (as the voice, where that speaks too), and its sentences
    laid over it. Raises BadVideo, Stopped.
    """
    made = {}
    is_mixed = any(s.sentences and not s.recording for s in shown)
    for n, slide in enumerate(shown):
        if not slide.recording:
            continue
        source, target = _kept(slide.recording, SOUND, n + 1), work / f"recording{n}.wav"
        try:
            loudness = probing.measure(source, Probe(0, 0, sounds.LONGEST_S * 1000, True, False, sound=0), is_lost)
            gain = encoder.gain_db(loudness) - (SOFTER_DB if is_mixed else 0.0) if loudness is not None else 0.0
            length_ms = sounds.samples(source, target, narration.RATE, gain, is_lost)
        except ProgramFailed:
            raise _lost(n + 1) from None
        made[n] = narration.Recording(target, lines.spread(slide.sentences, length_ms))
    return made


def facts(shown: list[SlideSpec], spoken: narration.Spoken, recordings: dict[int, narration.Recording]) -> dict:
    """What is remembered of a film of a teacher's own slides; nothing of others, whose sentences tell everything."""
    if not any(s.picture for s in shown):
        return {}
    is_synthetic = any(s.sentences for n, s in enumerate(shown) if n not in recordings)
    return {"slide_starts_ms": spoken.slide_starts_ms, "is_synthetic": is_synthetic}
