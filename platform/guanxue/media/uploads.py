"""Files on their way in: beginning one, taking its pieces, making the whole file a video. The bytes are arriving.py's.

What is slow (reading a piece off the line, hashing, moving) asks no database: receive(), keep_upload(). The edges call those
between two short transactions, so that a phone that takes minutes holds up nobody.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select

from guanxue import audit, jobs
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session, wait_for_turn
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media import arriving, rules
from guanxue.media.errors import NoSuchUpload, NotWhole, TurnTaken, UploadGone, WrongChecksum
from guanxue.media.models import DROPPED, EXPIRED, OPEN, WHOLE, Asset, Upload
from guanxue.media.queries import get_asset
from guanxue.media.service import create_from_original

PIECE_BYTES = 64 * 1024  # what is read at once: so much at most is lost of what came before a line broke
KEPT_AFTER = timedelta(days=7)  # the rows of what ended are remembered that long, so that a late question gets its answer
SWEEP_EVERY = timedelta(hours=1)
CHECKSUMS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}  # noqa: S324 the protocol's own; against damage, not malice


# ---- beginning, finding, ending


def begin_upload(actor: Actor, file: rules.Announced) -> Upload:
    """A new upload, with nothing of it here yet. Needs "teach". Refuses by size, kind, quota and room of the disk.

    Raises Invalid, TooLarge, TooMany, WrongKind, NoRoom.
    """
    actor.require("teach")
    rules.must_be_welcome(file)
    wait_for_turn("media.uploads")  # two at once may not both get what is left
    now = clock.now()
    mine = Upload.person_id == actor.id
    unfinished = session.scalar(select(func.coalesce(func.sum(Upload.size_bytes), 0)).where(mine, _is_open(now)))
    today = session.scalar(select(func.count()).where(mine, Upload.created_at > now - timedelta(days=1)))
    rules.must_be_within_quota(file.size_bytes, unfinished, today)
    rules.must_have_room(file.size_bytes, shutil.disk_usage(settings().media_dir).free, _promised_bytes(now))
    upload = Upload(code=secrets.token_hex(16), person_id=actor.id, filename=file.filename, metadata_text=file.metadata,
                    aim=file.aim, modified_ms=file.modified_ms, size_bytes=file.size_bytes, arrived_bytes=0, state=OPEN,
                    created_at=now, expires_at=now + rules.UPLOAD_HOLDS)
    arriving.make(upload.code)
    session.add(upload)
    session.flush()
    jobs.enqueue("media.sweep_uploads", {}, key="sweep", run_at=now + SWEEP_EVERY)
    return upload


def _is_open(now):
    return (Upload.state == OPEN) & (Upload.expires_at > now)


def _promised_bytes(now) -> int:
    """What is still to come of everybody's unfinished uploads."""
    return session.scalar(select(func.coalesce(func.sum(Upload.size_bytes - Upload.arrived_bytes), 0)).where(_is_open(now)))


def get_upload(actor: Actor, code: str) -> Upload:
    """The actor's own upload, open or whole. Raises NoSuchUpload (also for somebody else's), UploadGone."""
    upload = session.scalar(select(Upload).where(Upload.code == code, Upload.person_id == actor.id))
    if upload is None:
        raise NoSuchUpload(_("没有这次上传。"))
    if upload.state in (EXPIRED, DROPPED) or (upload.state == OPEN and upload.expires_at <= clock.now()):
        raise UploadGone(_("这次上传已经过期或删除了，请重新选择文件上传。"))
    return upload


@dataclass(frozen=True)
class Waiting:
    """An upload that no lesson has taken: how much of it is here, until when it waits, and what it is for."""

    code: str
    filename: str
    size_bytes: int
    arrived_bytes: int
    modified_ms: int
    aim: str
    expires_at: object

    @property
    def is_whole(self) -> bool:
        """Has its last byte come?"""
        return self.arrived_bytes == self.size_bytes


def list_waiting(actor: Actor, *, packages: bool = False) -> list[Waiting]:
    """The actor's films, or course packages, that are not finished or that nothing took, newest first."""
    now = clock.now()
    rows = session.scalars(select(Upload).where(
        Upload.person_id == actor.id, Upload.expires_at > now, Upload.state.in_((OPEN, WHOLE)), Upload.used_at.is_(None),
        Upload.aim == rules.PACKAGE if packages else Upload.aim != rules.PACKAGE)
        .order_by(Upload.id.desc()))
    return [Waiting(u.code, u.filename, u.size_bytes, _arrived(u), u.modified_ms, u.aim, u.expires_at) for u in rows]


def _arrived(upload: Upload) -> int:
    if upload.state == WHOLE:
        return upload.size_bytes
    return max(arriving.arrived_bytes(upload.code), upload.arrived_bytes)


def drop_upload(actor: Actor, code: str) -> None:
    """The teacher does not want it any more; forget_arrived() afterwards, when that is certain. Raises what get_upload does."""
    upload = get_upload(actor, code)
    upload.state, upload.expires_at = DROPPED, clock.now()
    session.flush()


def forget_arrived(codes: Iterable[str]) -> None:
    """Remove what has arrived of uploads that ended. Asks no database."""
    for code in codes:
        arriving.forget(code)


# ---- its pieces


@dataclass(frozen=True)
class Checksum:
    """What a piece should hash to: an algorithm of CHECKSUMS, and its digest."""

    algorithm: str
    digest: bytes


def take_turn(upload_code: str, size: int) -> int:
    """How much of it is here; whoever wrote is out, once what had come is written. Asks no database. Raises UploadGone."""
    arriving.let_finish(upload_code)
    here = arriving.take_turn(upload_code)
    return size if here is None else here


def receive(code: str, size: int, offset: int, read: Callable[[int], bytes], length: int | None,
            checksum: Checksum | None = None) -> int:
    """Append what read() gives, `length` bytes (None: until it ends), to a file that is `offset` long; how long it is then.

    Less than `length` means that the sender is gone; what came is kept, but for a piece with a checksum. Asks no database.
    Raises WrongOffset, TurnTaken, TooLarge, NoRoom, WrongChecksum.
    """
    if offset <= size:
        rules.must_fit(size, offset, length)
    with arriving.Writer(code, offset, is_checked=checksum is not None) as writer:
        made = CHECKSUMS[checksum.algorithm]() if checksum else None
        left = size - offset + 1 if length is None else length  # one byte more shows that there is too much
        while left and (piece := read(min(PIECE_BYTES, left))):
            left -= len(piece)
            if writer.offset + len(piece) > size:
                writer.undo()
                rules.must_fit(size, writer.offset, size - writer.offset + 1)
            writer.append(piece)
            if made:
                made.update(piece)
        is_cut = length is not None and left > 0
        if checksum:
            _compare(writer, made.digest() == checksum.digest, is_cut)
        writer.sync()
        return writer.offset


def _compare(writer: arriving.Writer, is_right: bool, is_cut: bool) -> None:
    if is_right and not is_cut:
        writer.accept()
        return
    with contextlib.suppress(TurnTaken):
        writer.undo()
    if not is_cut:
        raise WrongChecksum(_("这一段在路上传坏了，请重新传这一段。"))


def note_arrived(actor: Actor, code: str, arrived: int) -> Upload:
    """Something came: the upload waits seven more days."""
    upload = get_upload(actor, code)
    if upload.state == OPEN:
        upload.arrived_bytes, upload.expires_at = arrived, clock.now() + rules.UPLOAD_HOLDS
        session.flush()
    return upload


# ---- the whole file


def keep_upload(code: str, size: int) -> str:
    """Move the whole file among the originals; its digest. Again is the same. Asks no database. Raises NotWhole, UploadGone."""
    return arriving.keep(code, size)


def finish_upload(actor: Actor, code: str, digest: str) -> Asset:
    """The file of keep_upload() becomes a video, which a job makes. Again is the same."""
    upload = get_upload(actor, code)
    if upload.state == WHOLE:
        return get_asset(upload.asset_id)
    asset = create_from_original(actor, upload.filename or "video", digest)
    upload.state, upload.asset_id, upload.arrived_bytes = WHOLE, asset.id, upload.size_bytes
    upload.expires_at = clock.now() + KEPT_AFTER
    session.flush()
    audit.record(actor, "media.upload.finished", f"upload:{upload.id}", {"asset": asset.id, "sha256": digest})
    return asset


def note_used(actor: Actor, code: str) -> Asset:
    """A lesson takes the upload's video. Again is the same. Raises NotWhole before finish_upload()."""
    upload = get_upload(actor, code)
    if upload.state != WHOLE:
        raise NotWhole(_("这个文件还没有传完。"))
    upload.used_at = clock.now()
    session.flush()
    return get_asset(upload.asset_id)


def take_package(code: str, size: int, target: Path) -> None:
    """Move a whole course package out of what arrives, to `target` on the same disk or another; drop_upload() afterwards.

    Asks no database. Raises NotWhole, UploadGone.
    """
    if arriving.arrived_bytes(code) != size:
        raise NotWhole(_("这个文件还没有传完。"))
    arriving.hand_over(code, target)


# ---- sweeping


def sweep_uploads() -> list[str]:
    """Uploads that nothing came for in seven days expire, ended ones are forgotten; codes whose files may be removed.

    Asks for the next sweep while there is something to sweep.
    """
    now = clock.now()
    late = list(session.scalars(select(Upload).where(Upload.state == OPEN, Upload.expires_at <= now)))
    for upload in late:
        upload.state = EXPIRED
    session.flush()
    ended = list(session.scalars(select(Upload.code).where(Upload.state.in_((EXPIRED, DROPPED)))))
    session.execute(delete(Upload).where(Upload.state != OPEN, Upload.expires_at <= now - KEPT_AFTER))
    known = set(session.scalars(select(Upload.code)))
    if known or not arriving.is_empty():
        jobs.enqueue("media.sweep_uploads", {}, key="sweep", run_at=now + SWEEP_EVERY)
    return [*ended, *arriving.list_strays(known)]
