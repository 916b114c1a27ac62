"""The worker's part: make every rendition in a folder of its own, put it in place only when whole."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import ffmpeg

from guanxue import jobs
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.i18n import gettext as _
from guanxue.core.settings import settings
from guanxue.media import companions, encoder, listening, narration, queries, service, slides, subtitling, uploads
from guanxue.media.errors import BadVideo, Stopped
from guanxue.media.models import READY
from guanxue.media.rules import COMPANIONS, NarrationSpec

log = logging.getLogger(__name__)
SLIDE_FRAMES, MOTION_FRAMES = 5, 25


def make(job: jobs.Running) -> None:
    """media.make: one asset from its source. Safe to run twice."""
    asset_id = job.payload["asset_id"]
    asset = queries.get_asset(asset_id)
    kind, source, original, state = asset.kind, asset.source, queries.original_path(asset), asset.state
    session.remove()
    if state == READY:
        return
    work = settings().media_dir / "work" / f"{asset_id}-{job.attempt}-{secrets.token_hex(3)}"
    work.mkdir(parents=True)
    report = _reporter(job, asset_id)
    try:
        out = work / "out"
        out.mkdir()
        if kind == "narrated":
            facts = _narrate(NarrationSpec.from_document(source["spec"]), work, out, report, job.is_lost)
        else:
            facts = _convert(original, out, report, job.is_lost)
        duration_ms = encoder.scanned_duration_ms(out / "video.mp4")
        if job.is_lost():
            return
        version = _put_in_place(asset_id, out)
        with writing():
            service.finish_asset(asset_id, version=version, duration_ms=duration_ms, facts=facts)
        for left in work.parent.glob(f"{asset_id}-*"):  # also what an attempt that was killed left behind
            shutil.rmtree(left, ignore_errors=True)
    except Stopped:
        return
    except BadVideo as problem:
        with writing():
            service.fail_asset(asset_id, str(problem.message))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def make_companions(job: jobs.Running) -> None:
    """media.companions: what goes beside one film that plays already. Safe to run twice."""
    asset_id = job.payload["asset_id"]
    asset = queries.get_asset(asset_id)
    kind, source, facts, duration_ms, version = asset.kind, asset.source, asset.facts, asset.duration_ms, asset.version
    is_wanted = asset.state == READY and facts.get("companions", {}).get("made") != COMPANIONS
    session.remove()
    if not is_wanted:
        return
    work = settings().media_dir / "work" / f"beside-{asset_id}-{job.attempt}-{secrets.token_hex(3)}"
    work.mkdir(parents=True)
    try:
        made = queries.folder_of(asset_id, version)
        told = companions.make(kind, source, facts, duration_ms, made, work, job.is_lost)
        if job.is_lost():
            return
        companions.put_in_place(work, made)
        with writing():
            service.note_companions(asset_id, version, told)
        for left in work.parent.glob(f"beside-{asset_id}-*"):
            shutil.rmtree(left, ignore_errors=True)
    except Stopped:
        return
    finally:
        shutil.rmtree(work, ignore_errors=True)


def sweep_uploads(_job: jobs.Running) -> None:
    """media.sweep_uploads: what nobody goes on uploading is forgotten, row and file. Safe to run twice."""
    with writing():
        gone = uploads.sweep_uploads()
    uploads.forget_arrived(gone)


def transcribe(job: jobs.Running) -> None:
    """media.transcribe: what is said in one film, written down by the site's program. Safe to run twice."""
    asset_id, tool = job.payload["asset_id"], settings().transcribe
    asset = queries.get_asset(asset_id)
    sound, duration_ms = queries.folder_of(asset_id, asset.version) / "audio.m4a", asset.duration_ms
    session.remove()
    work = settings().media_dir / "work" / f"heard-{asset_id}-{job.attempt}-{secrets.token_hex(3)}"
    work.mkdir(parents=True)
    try:
        if not tool:
            raise listening.NotHeard(_("这个平台没有接入听写程序。"))
        heard = listening.transcribe(tool, sound, duration_ms, work, job.is_lost)
        if job.is_lost():
            return
        with writing():
            subtitling.finish_transcript(asset_id, subtitling.keep_subtitles(SYSTEM, heard.cues, origin="transcribed"))
    except Stopped:
        return
    except listening.NotHeard as problem:
        log.warning("nothing was heard in video %s: %s", asset_id, problem.__cause__ or problem)
        with writing():
            subtitling.fail_transcript(asset_id, str(problem))
    finally:
        shutil.rmtree(work, ignore_errors=True)


def give_up_listening(payload: dict, reason: str) -> None:
    """media.transcribe will not be tried again: its teacher is told."""
    log.error("listening to video %s was given up: %s", payload["asset_id"], reason)
    subtitling.fail_transcript(payload["asset_id"], str(_("听写程序没有做成，请告诉管理员，或者自己写字幕。")))


def give_up(payload: dict, reason: str) -> None:
    """media.make will not be tried again: its teacher is told, and asking for the same video begins anew."""
    log.error("video %s was given up: %s", payload["asset_id"], reason)
    service.fail_asset(payload["asset_id"], str(_("视频没有做成（服务器的问题，不是文件的问题），请稍后再试一次。")))


def _reporter(job: jobs.Running, asset_id: int) -> Callable[[str, float], None]:
    """Tell people how far it is, at most once in two seconds."""
    last = [0.0, ""]

    def report(stage: str, fraction: float) -> None:
        job.report(fraction, stage)
        if stage == last[1] and time.monotonic() - last[0] < 2:
            return
        last[:] = [time.monotonic(), stage]
        with job.app.app_context():  # called from a reader's thread, which has no context of its own
            with writing():
                service.note_progress(asset_id, stage, round(fraction * 1000))

    return report


def _narrate(spec: NarrationSpec, work: Path, out: Path, report, is_lost) -> dict:
    shown = [s for s in spec.slides if s.sentences]
    report("speaking", 0.0)
    spoken = narration.speak([s.sentences for s in shown], work / "voice.wav", work, voice=spec.voice,
                             progress=lambda f: report("speaking", f * 0.3), is_lost=is_lost)
    for n, slide in enumerate(shown, 1):
        face = slides.SlideFace(spec.course_title, spec.title, slide.headline, spec.accent, n, len(shown), slides.LABEL)
        slides.draw_slide(face, work / f"slide{n}.png")
    _write_list(work, spoken)
    picture = ffmpeg.input(str(work / "slides.txt"), format="concat", safe=0, protocol_whitelist="file").video
    sound = ffmpeg.input(str(work / "voice.wav"), protocol_whitelist="file").audio
    source = encoder.Probe(slides.WIDTH, slides.HEIGHT, spoken.duration_ms, True, False)
    renditions = encoder.encode(source, picture, sound, out, frames_a_second=SLIDE_FRAMES, is_still=True,
                                progress=lambda f: report("encoding", 0.3 + f * 0.65), is_lost=is_lost)
    narration.write_vtt(spoken.cues, out / "zh-Hans.vtt")
    encoder.write_poster(out / "video.mp4", out / "poster.jpg", 500)
    return {**_facts(out, renditions, has_sound=True),
            "subtitles": [{"lang": "zh-Hans", "label": "简体中文", "file": "zh-Hans.vtt"}],
            "cues": [[c.start_ms, c.end_ms, c.text] for c in spoken.cues]}


def _write_list(work: Path, spoken: narration.Spoken) -> None:
    """ffmpeg's concat list: each slide for as long as it is spoken about."""
    ends = [*spoken.slide_starts_ms[1:], spoken.duration_ms]
    lines = ["ffconcat version 1.0"]
    for n, (begin, end) in enumerate(zip(spoken.slide_starts_ms, ends, strict=True), 1):
        lines += [f"file slide{n}.png", f"duration {(end - begin) / 1000:.3f}"]
    lines.append(f"file slide{len(ends)}.png")  # the format wants the last one named again
    (work / "slides.txt").write_text("\n".join(lines) + "\n", "utf-8")


def _convert(original: Path, out: Path, report, is_lost) -> dict:
    report("checking", 0.0)
    source = encoder.probe(original)
    opened = ffmpeg.input(f"file:{original}", **encoder.SAFE)
    renditions = encoder.encode(source, opened.video, opened.audio if source.has_sound else None, out,
                                frames_a_second=MOTION_FRAMES, is_still=False,
                                progress=lambda f: report("encoding", 0.05 + f * 0.9), is_lost=is_lost)
    encoder.write_poster(out / "video.mp4", out / "poster.jpg", source.duration_ms // 10)
    return {**_facts(out, renditions, has_sound=source.has_sound), "was_rotated": source.is_rotated,
            "is_portrait": source.is_portrait}


def _facts(out: Path, renditions: list[encoder.Rendition], *, has_sound: bool) -> dict:
    def size(pattern: str) -> int:
        return sum(p.stat().st_size for p in out.glob(pattern))

    return {
        "width": renditions[-1].width, "height": renditions[-1].height, "has_sound": has_sound,
        "renditions": [r.name for r in renditions],
        "bytes": {**{r.name: size(f"{r.name}/*") for r in renditions}, "mp4": size("video.mp4"), "audio": size("audio.m4a")},
    }


def _put_in_place(asset_id: int, out: Path) -> str:
    """Rename the finished folder into the place that is served; its name tells versions apart."""
    version = secrets.token_hex(6)
    target = queries.folder_of(asset_id, version)
    target.parent.mkdir(parents=True, exist_ok=True)
    for path in out.rglob("*"):
        if path.is_file():
            with path.open("rb") as f:
                os.fsync(f.fileno())
    os.rename(out, target)
    return version


