"""Asking for videos, and the steps of making one."""

from __future__ import annotations

import hashlib
import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select, update

from guanxue import audit, jobs
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Forbidden, TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media.errors import BadVideo
from guanxue.media.events import AssetFailed, AssetImproved, AssetReady, CompanionsMade
from guanxue.media.models import FAILED, IMPROVING, READY, WAITING, WORKING, Asset
from guanxue.media.queries import count_in_making, get_asset, list_without_companions
from guanxue.media.rules import HOLDS_S, STEP_S, NarrationSpec

MOST_BYTES = 2 * 1024**3
CHUNK = 1024 * 1024
# In the order they are made: what can be watched soon, what is better, what goes beside; within, fair between teachers.
FIRST, SECOND, BESIDE, MOST_BEHIND = 50, 70, 90, 15
# No address that was signed for a version holds longer than this after it was replaced.
NOBODY_HOLDS = timedelta(seconds=STEP_S + HOLDS_S + 3600)


def create_narrated(actor: Actor, spec: NarrationSpec) -> Asset:
    """The video of this narration; made by a job the first time it is asked for. Raises BadVideo for an empty text."""
    if not any(s.sentences or s.recording for s in spec.slides):
        raise BadVideo(_("没有可以朗读的内容。"))
    return _asset(actor, spec.digest, "narrated", {"spec": spec.to_document()})


def create_from_upload(actor: Actor, filename: str, stream: BinaryIO) -> Asset:
    """Take a video file and make its asset: keep_original() and create_from_original() in one."""
    return create_from_original(actor, filename, keep_original(stream))


def create_from_original(actor: Actor, filename: str, digest: str) -> Asset:
    """The asset of a kept file; the same bytes are the same asset. What kind of file it is the job finds out."""
    return _asset(actor, digest, "upload", {"filename": Path(filename).name[:120]})


def keep_original(stream: BinaryIO) -> str:
    """Keep a file of at most 2 GB and give its digest; asks no database. Raises TooLarge, BadVideo for no bytes."""
    folder = settings().media_dir / "originals"
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{secrets.token_hex(8)}.part"
    try:
        digest = _take(stream, draft)
        os.replace(draft, folder / digest)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def _take(stream: BinaryIO, draft: Path) -> str:
    digest, size = hashlib.sha256(), 0
    with draft.open("wb") as out:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > MOST_BYTES:
                raise TooLarge(_("视频超过 2 GB，请压缩或剪成几节。"))
            digest.update(chunk)
            out.write(chunk)
    if not size:
        raise BadVideo(_("文件是空的，请检查后重新上传。"))
    return digest.hexdigest()


def _asset(actor: Actor, digest: str, kind: str, source: dict) -> Asset:
    asset = session.scalar(select(Asset).where(Asset.digest == digest))
    if asset is None:
        asset = Asset(digest=digest, kind=kind, source=source, state=WAITING, facts={}, created_by=actor.ref,
                      created_at=clock.now())
        session.add(asset)
        session.flush()
        audit.record(actor, "media.asset.created", f"asset:{asset.id}", {"kind": kind})
    elif asset.state != FAILED:
        return asset
    else:
        _begin_again(asset)
    _want_film(asset)
    return asset


def _begin_again(asset: Asset) -> None:
    asset.state, asset.stage, asset.failure, asset.progress_permille = WAITING, "", "", 0
    session.flush()


def _want_film(asset: Asset) -> None:
    jobs.enqueue("media.make", {"asset_id": asset.id}, key=str(asset.id), priority=FIRST + _behind(asset))


def _behind(asset: Asset) -> int:
    """How far back in the queue: whoever has others in the making waits behind whoever has none."""
    return min(MOST_BEHIND, max(0, count_in_making(asset.created_by) - 1))


def retry_asset(actor: Actor, asset_id: int) -> Asset:
    """Make a film that failed once more, or the better sizes that failed; does nothing to any other."""
    asset = get_asset(asset_id)
    if asset.state == FAILED:
        _begin_again(asset)
        _want_film(asset)
    elif asset.state == READY and asset.facts.get("is_rough"):
        asset.facts = {**asset.facts, "is_partial": True, "is_rough": False}
        _want_better(asset)
    else:
        return asset
    audit.record(actor, "media.asset.retried", f"asset:{asset.id}")
    return asset


def cancel_asset(actor: Actor, asset_id: int) -> Asset:
    """Stop making a film that cannot be watched yet; only by whoever brought it. Again is the same."""
    asset = get_asset(asset_id)
    if asset.created_by != actor.ref:
        raise Forbidden(_("这个视频是别人上传的，不能取消。"))
    if asset.state in (WAITING, WORKING):
        audit.record(actor, "media.asset.cancelled", f"asset:{asset.id}")
        fail_asset(asset.id, str(_("已取消。文件还在，点“再试一次”就重新转换。")))
    return asset


def note_progress(asset_id: int, stage: str, permille: int) -> None:
    """How far the making is; a ready asset is left alone, but while its better sizes are made."""
    is_in_making = Asset.state.in_((WAITING, WORKING))
    if stage == IMPROVING:
        session.execute(update(Asset).where(Asset.id == asset_id, Asset.state == READY, Asset.stage == IMPROVING)
                        .values(progress_permille=permille))
    else:
        session.execute(update(Asset).where(Asset.id == asset_id, is_in_making)
                        .values(state=WORKING, stage=stage, progress_permille=permille))


def finish_asset(asset_id: int, *, version: str, duration_ms: int, facts: dict) -> bool:
    """Everything is in place: from now on it plays. False where it was made or given up meanwhile."""
    asset = get_asset(asset_id)
    if asset.state in (READY, FAILED):
        return False
    asset.state, asset.stage, asset.progress_permille, asset.failure = READY, "", 1000, ""
    asset.version, asset.duration_ms, asset.facts, asset.ready_at = version, duration_ms, facts, clock.now()
    session.flush()
    if facts.get("is_partial"):
        _want_better(asset)
    else:
        _want_companions(asset.id)
    events.emit(AssetReady(asset.id, duration_ms))
    return True


def _want_better(asset: Asset) -> None:
    asset.stage, asset.progress_permille = IMPROVING, 0
    session.flush()
    jobs.enqueue("media.improve", {"asset_id": asset.id}, key=str(asset.id), priority=SECOND + _behind(asset))


def improve_asset(asset_id: int, *, before: str, version: str, facts: dict) -> bool:
    """A whole version takes the first one's place; its length stays. Who plays the first one goes on doing so."""
    asset = get_asset(asset_id)
    if asset.state != READY or asset.version != before:
        return False
    kept = {k: v for k, v in asset.facts.items() if k == "transcript"}  # somebody may have asked for it meanwhile
    asset.version, asset.facts, asset.stage, asset.progress_permille = version, {**facts, **kept}, "", 1000
    session.flush()
    jobs.enqueue("media.sweep_version", {"asset_id": asset_id, "version": before}, key=f"{asset_id}-{before}",
                 run_at=clock.now() + NOBODY_HOLDS)
    _want_companions(asset_id)
    events.emit(AssetImproved(asset_id))
    return True


def leave_rough(asset_id: int) -> None:
    """The better sizes could not be made: it stays as it is, and that is said."""
    asset = get_asset(asset_id)
    if asset.state != READY or not asset.facts.get("is_partial"):
        return
    asset.facts, asset.stage, asset.progress_permille = {**asset.facts, "is_partial": False, "is_rough": True}, "", 1000
    session.flush()
    _want_companions(asset_id)


def _want_companions(asset_id: int) -> None:
    # After the films that wait: a film can be studied without, and a course that opens is worth more than a smaller one.
    jobs.enqueue("media.companions", {"asset_id": asset_id}, key=str(asset_id), priority=BESIDE)


def want_companions() -> int:
    """Ask for what goes beside every film that plays and lacks it; how many. Call inside writing()."""
    lacking = list_without_companions()
    for asset_id in lacking:
        _want_companions(asset_id)
    return len(lacking)


def note_companions(asset_id: int, version: str, told: dict) -> None:
    """Everything beside the film is in place. Does nothing when the film was made anew meanwhile."""
    asset = get_asset(asset_id)
    if asset.state != READY or asset.version != version:
        return
    asset.facts = {**asset.facts, "companions": told}
    session.flush()
    events.emit(CompanionsMade(asset_id))


def fail_asset(asset_id: int, reason: str) -> None:
    """The source cannot become a video."""
    asset = get_asset(asset_id)
    if asset.state == READY:
        return
    asset.state, asset.stage, asset.failure = FAILED, "", reason
    session.flush()
    events.emit(AssetFailed(asset.id, reason))
