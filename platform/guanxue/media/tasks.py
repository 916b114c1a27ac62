"""The worker's part: make every rendition in a folder of its own, put it in place only when whole."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from guanxue import jobs
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.i18n import gettext as _
from guanxue.core.settings import settings
from guanxue.media import companions, leftovers, listening, making, probing, queries, service, subtitling, uploads
from guanxue.media.errors import BadVideo, Stopped
from guanxue.media.models import READY, WAITING, WORKING
from guanxue.media.rules import NarrationSpec

log = logging.getLogger(__name__)
LOOK_EVERY_S = 1.5


def make(job: jobs.Running) -> None:
    """media.make: one asset from its source, so far that it can be watched. Safe to run twice."""
    asset_id = job.payload["asset_id"]
    asset = queries.get_asset(asset_id)
    kind, source, original, state = asset.kind, asset.source, queries.original_path(asset), asset.state
    session.remove()
    if state not in (WAITING, WORKING):
        return
    report, is_lost = _reporter(job, asset_id), _loss(job, asset_id)
    with _work(f"{asset_id}-", job) as work:
        out = work / "out"
        out.mkdir()
        try:
            if kind == "narrated":
                facts = making.narrate(NarrationSpec.from_document(source["spec"]), work, out, report, is_lost)
            else:
                facts = making.begin(original, out, report, is_lost)
            duration_ms = probing.scanned_duration_ms(out / "video.mp4")
        except BadVideo as problem:
            with writing():
                service.fail_asset(asset_id, str(problem.message))
            return
        if is_lost():
            return
        version = _put_in_place(asset_id, out)
        with writing():
            is_taken = service.finish_asset(asset_id, version=version, duration_ms=duration_ms, facts=facts)
        _forget(asset_id, version, is_taken)


def improve(job: jobs.Running) -> None:
    """media.improve: the other sizes of an upload that can be watched already. Safe to run twice."""
    asset_id = job.payload["asset_id"]
    asset = queries.get_asset(asset_id)
    facts, before, duration_ms, original = asset.facts, asset.version, asset.duration_ms, queries.original_path(asset)
    is_wanted = asset.state == READY and facts.get("is_partial", False)
    session.remove()
    if not is_wanted:
        return
    with _work(f"{asset_id}-", job) as work:
        try:
            facts = making.improve(original, facts, queries.folder_of(asset_id, before), duration_ms, work / "out",
                                   _reporter(job, asset_id), job.is_lost, _first_ones(job))
        except BadVideo as problem:
            log.warning("video %s stays as it was made first: %s", asset_id, problem)
            with writing():
                service.leave_rough(asset_id)
            return
        if job.is_lost():
            return
        version = _put_in_place(asset_id, work / "out")
        with writing():
            is_taken = service.improve_asset(asset_id, before=before, version=version, facts=facts)
        _forget(asset_id, version, is_taken)


def sweep_version(job: jobs.Running) -> None:
    """media.sweep_version: the files of a version that was replaced, once nobody can hold an address of them."""
    asset_id, version = job.payload["asset_id"], job.payload["version"]
    is_served = queries.get_asset(asset_id).version == version
    session.remove()
    if not is_served:
        shutil.rmtree(queries.folder_of(asset_id, version), ignore_errors=True)


def leave_rough(payload: dict, reason: str) -> None:
    """media.improve will not be tried again: the film stays as it was made first."""
    log.error("video %s was not improved: %s", payload["asset_id"], reason)
    service.leave_rough(payload["asset_id"])


@contextmanager
def _work(name: str, job: jobs.Running) -> Iterator[Path]:
    """A folder of this attempt's own, gone at its end; work that was taken away ends quietly."""
    place = settings().media_dir / "work"
    work = place / f"{name}{job.attempt}-{secrets.token_hex(3)}"
    work.mkdir(parents=True)
    try:
        yield work
    except Stopped:
        return
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _loss(job: jobs.Running, asset_id: int) -> Callable[[], bool]:
    """Was the job taken away, or its film cancelled? The second is looked up now and then."""
    looked = [time.monotonic(), False]

    def is_lost() -> bool:
        if time.monotonic() - looked[0] > LOOK_EVERY_S:
            looked[:] = [time.monotonic(), queries.is_failed(asset_id)]
            session.remove()
        return looked[1] or job.is_lost()

    return is_lost


def _first_ones(job: jobs.Running) -> Callable[[], Callable[[], None] | None]:
    """First passes that wait, to be run while a second one stands still; looked up now and then."""
    looked = [time.monotonic()]

    def overtaking() -> Callable[[], None] | None:
        if time.monotonic() - looked[0] < LOOK_EVERY_S:
            return None
        is_wanted = job.is_overtaken(service.SECOND)
        looked[0] = time.monotonic()
        return (lambda: job.let_pass(service.SECOND)) if is_wanted else None

    return overtaking


def _forget(asset_id: int, version: str, is_taken: bool) -> None:
    """What attempts that were killed left behind is nobody's, nor is a version that came too late."""
    if not is_taken:
        shutil.rmtree(queries.folder_of(asset_id, version), ignore_errors=True)
    for left in (settings().media_dir / "work").glob(f"{asset_id}-*"):
        shutil.rmtree(left, ignore_errors=True)


def make_companions(job: jobs.Running) -> None:
    """media.companions: what goes beside one film that plays already. Safe to run twice."""
    asset_id = job.payload["asset_id"]
    asset = queries.get_asset(asset_id)
    kind, source, facts, duration_ms, version = asset.kind, asset.source, asset.facts, asset.duration_ms, asset.version
    is_wanted = asset_id in queries.list_without_companions(asset_id)
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


def sweep_files(_job: jobs.Running) -> None:
    """media.sweep_files: prepared files and originals that no row came to name in time. Safe to run twice."""
    now_s = clock.now().timestamp()
    old, originals = leftovers.list_old(now_s), leftovers.list_old_originals(now_s)
    marks, digests = leftovers.list_marks(), leftovers.digests_among(originals)
    session.remove()
    leftovers.remove(old, marks, now_s)
    leftovers.remove_originals(originals, digests, now_s)
    with writing():
        leftovers.watch_files()


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
