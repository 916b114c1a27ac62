"""Pictures and PDFs of certificates: sealed on the disk (media/proofs), for their owner and for officers who say why.

A picture is drawn anew, so that nothing of the camera stays; what a file is, its content says, never its name. It is kept
before its form is read, so that a form with a fault keeps it, too; what no form took is deleted after a day.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, func, select

from guanxue import jobs, media
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.errors import Invalid, TooLarge, TooMany
from guanxue.core.i18n import lazy as _
from guanxue.core.sealing import CannotOpen, seal_bytes, unseal_bytes
from guanxue.core.settings import settings
from guanxue.recognition.errors import NoSuchProof
from guanxue.recognition.models import Proof

MOST_FILES, MOST_A_DAY = 3, 30
MOST_PICTURE_BYTES, MOST_PDF_BYTES = 15 * 1024**2, 5 * 1024**2
WAITS = timedelta(days=1)
JOB = "recognition.sweep"
_PURPOSE = "certificate-proof"
_PICTURES = ((0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"GIF8"), (8, b"WEBP"))
_APPLE_PHOTO = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")


@dataclass(frozen=True)
class Prepared:
    """A file that was looked at: jpg, png or pdf, and what will be kept."""

    form: str
    body: bytes


def prepare_proof(stream: BinaryIO) -> Prepared:
    """Look at what somebody sent; slow, asks no database. Raises media.BadFile, TooLarge with a sentence."""
    head = stream.read(16)
    if head.startswith(b"%PDF-"):
        return Prepared("pdf", _taken(head, stream, MOST_PDF_BYTES))
    if head[4:8] == b"ftyp" and head[8:12] in _APPLE_PHOTO:
        raise media.BadFile(_("这是苹果手机的 HEIC 照片；请在“设置—相机—格式”里选“兼容性最佳”，或先存成 JPG。"))
    if not any(head[at:at + len(magic)] == magic for at, magic in _PICTURES):
        raise media.BadFile(_("请传证书的照片（JPG、PNG、WebP）或 PDF。"))
    with tempfile.TemporaryDirectory(prefix="guanxue-proof-") as work:
        draft = Path(work) / "draft"
        draft.write_bytes(_taken(head, stream, MOST_PICTURE_BYTES))
        drawn = media.redraw(draft)
    return Prepared(drawn.extension, drawn.body)


def _taken(head: bytes, stream: BinaryIO, most: int) -> bytes:
    body = head + stream.read(most + 1)
    if len(body) > most:
        raise TooLarge(_("文件太大，最大 %(n)s MB。", n=most // 1024**2))
    return body


def keep_proof(actor: Actor, prepared: Prepared) -> Proof:
    """Seal it on the disk and give it its row, for a form that follows. Raises TooMany."""
    actor.must_be_person()
    since = clock.now() - WAITS
    count = session.scalar(select(func.count()).select_from(Proof).where(
        Proof.person_id == actor.id, Proof.added_at > since)) or 0
    if count >= MOST_A_DAY:
        raise TooMany(_("今天传的图片很多了，请明天再传。"), retry_after_s=86_400)
    code = secrets.token_hex(16)
    place = _place(code)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f".{code}.part")
    draft.write_bytes(seal_bytes(_PURPOSE, code, prepared.body))
    os.replace(draft, place)
    made = Proof(code=code, person_id=actor.id, form=prepared.form, size_bytes=len(prepared.body),
                 digest=hashlib.sha256(prepared.body).hexdigest(), added_at=clock.now())
    session.add(made)
    session.flush()
    return made


def _place(code: str) -> Path:
    return settings().media_dir / "proofs" / code[:2] / code


def list_pending(person_id: int, codes: list[str]) -> list[Proof]:
    """Of these codes those of the person that no form took yet, in order; at most MOST_FILES."""
    rows = session.scalars(select(Proof).where(
        Proof.code.in_(codes[:50]), Proof.person_id == person_id, Proof.filing_id.is_(None), Proof.gone_at.is_(None))
        .order_by(Proof.id)).all()
    return list(rows)[:MOST_FILES]


def take_proofs(person_id: int, codes: list[str], filing_id: int) -> list[Proof]:
    """Give the filing its pictures. Raises Invalid without one."""
    found = list_pending(person_id, codes)
    if not found:
        raise Invalid(_("请拍一张证书的照片，或选一个文件。"),
                      fields=[{"field": "file", "message": _("请拍一张证书的照片，或选一个文件。")}])
    for proof in found:
        proof.filing_id = filing_id
    session.flush()
    return found


def list_proofs(filing_id: int) -> list[Proof]:
    """A filing's pictures, those that are still there."""
    return list(session.scalars(select(Proof).where(Proof.filing_id == filing_id, Proof.gone_at.is_(None)).order_by(Proof.id)))


def open_proof(filing_id: int | None, code: str) -> tuple[Proof, bytes]:
    """A picture of a filing, or of none yet, with what is in it. Raises NoSuchProof. Who may see it is asked before."""
    its = Proof.filing_id.is_(None) if filing_id is None else Proof.filing_id == filing_id
    proof = session.scalar(select(Proof).where(Proof.code == code, its, Proof.gone_at.is_(None)))
    try:
        if proof is not None:
            return proof, unseal_bytes(_PURPOSE, code, _place(code).read_bytes())
    except (OSError, CannotOpen):
        pass  # a disk that came back without its files, or with another site's
    raise NoSuchProof(_("没有这张图片，可能已经删除。"))


# ---- forgetting


def delete_proofs(person_id: int) -> None:
    """Delete all pictures of a person who goes; that there were some stays with what was filed."""
    for proof in session.scalars(select(Proof).where(Proof.person_id == person_id, Proof.gone_at.is_(None))):
        proof.gone_at = clock.now()
        _place(proof.code).unlink(missing_ok=True)
    session.flush()
    session.execute(delete(Proof).where(Proof.person_id == person_id, Proof.filing_id.is_(None)))


def drop_forgotten() -> int:
    """Delete what no form took within a day, and files on the disk that no row names; how many."""
    old = clock.now() - WAITS
    rows = session.scalars(select(Proof).where(Proof.filing_id.is_(None), Proof.added_at <= old)).all()
    for proof in rows:
        _place(proof.code).unlink(missing_ok=True)
        proof.gone_at = proof.gone_at or clock.now()
        session.flush()
        session.delete(proof)
    session.flush()
    return len(rows) + _drop_nameless(old.timestamp())


def _drop_nameless(old_s: float) -> int:
    count = 0
    known = set(session.scalars(select(Proof.code).where(Proof.gone_at.is_(None))))
    for path in (settings().media_dir / "proofs").glob("*/*"):
        if path.name not in known and path.stat().st_mtime <= old_s:
            path.unlink(missing_ok=True)
            count += 1
    return count


def watch_proofs() -> None:
    """Have what is left over looked at tomorrow; asked for again it is the same."""
    jobs.enqueue(JOB, {}, key="daily", run_at=clock.now() + timedelta(days=1))
