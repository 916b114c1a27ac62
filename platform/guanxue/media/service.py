"""Asking for videos, and the steps of making one."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import select, update

from guanxue import audit, jobs
from guanxue.core import clock, events
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media.errors import BadVideo
from guanxue.media.events import AssetFailed, AssetReady, CompanionsMade
from guanxue.media.models import FAILED, READY, WAITING, WORKING, Asset
from guanxue.media.queries import get_asset, list_without_companions
from guanxue.media.rules import NarrationSpec

MOST_BYTES = 2 * 1024**3
CHUNK = 1024 * 1024


def create_narrated(actor: Actor, spec: NarrationSpec) -> Asset:
    """The video of this narration; made by a job the first time it is asked for. Raises BadVideo for an empty text."""
    if not any(s.sentences for s in spec.slides):
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
        asset.state, asset.failure, asset.progress_permille = WAITING, "", 0
    jobs.enqueue("media.make", {"asset_id": asset.id}, key=str(asset.id))
    return asset


def note_progress(asset_id: int, stage: str, permille: int) -> None:
    """How far the making is; a ready asset is left alone."""
    session.execute(update(Asset).where(Asset.id == asset_id, Asset.state.in_((WAITING, WORKING)))
                    .values(state=WORKING, stage=stage, progress_permille=permille))


def finish_asset(asset_id: int, *, version: str, duration_ms: int, facts: dict) -> None:
    """Everything is in place: from now on it plays. Again is the same."""
    asset = get_asset(asset_id)
    if asset.state == READY:
        return
    asset.state, asset.stage, asset.progress_permille, asset.failure = READY, "", 1000, ""
    asset.version, asset.duration_ms, asset.facts, asset.ready_at = version, duration_ms, facts, clock.now()
    session.flush()
    _want_companions(asset.id)
    events.emit(AssetReady(asset.id, duration_ms))


def _want_companions(asset_id: int) -> None:
    # After the films that wait: a film can be studied without, and a course that opens is worth more than a smaller one.
    jobs.enqueue("media.companions", {"asset_id": asset_id}, key=str(asset_id), priority=60)


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
