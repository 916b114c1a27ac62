"""Files beside lessons: pictures, sounds and attachments, from a teacher's phone to an address that never changes.

The slow part (looking, drawing anew, converting) asks no database: prepare_file(). The row is quick: keep_file(). A file is
known by what it holds, so the same picture twice is one file; a text names it by its address (core/enclosures.py), and
whoever has that may fetch it.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select

from guanxue import audit
from guanxue.core import clock
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.enclosures import ATTACHMENT, EXTENSIONS, MARK_LENGTH, PICTURE, SOUND, Enclosure, list_enclosures, plain_name
from guanxue.core.errors import TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media import attachments, leftovers, pictures, sounds
from guanxue.media.errors import BadFile
from guanxue.media.models import File

MOST_BYTES = {PICTURE: 20 * 1024**2, SOUND: 20 * 1024**2, ATTACHMENT: 50 * 1024**2}
MOST_OF_A_TEACHER_BYTES = 2 * 1024**3
CHUNK = 256 * 1024
_PICTURES = ((0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (0, b"GIF8"), (8, b"WEBP"))
_SOUNDS = ((0, b"ID3"), (0, b"OggS"), (0, b"fLaC"), (8, b"WAVE"), (0, b"#!AMR"), (0, b"caff"), (4, b"ftyp"),
           (0, b"\x1aE\xdf\xa3"), *((0, bytes((0xFF, second))) for second in (0xFB, 0xFA, 0xF3, 0xF2, 0xE3, 0xF1, 0xF9)))
_APPLE_PHOTO = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"heis")
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Prepared:
    """A file that lies in its place, ready for its row. `taken_bytes` is what it takes of the disk."""

    enclosure: Enclosure
    taken_bytes: int


def prepare_file(filename: str, stream: BinaryIO) -> Prepared:
    """Look at a file and make of it what is served; asks no database. Raises BadFile, TooLarge with a sentence.

    What the site serves already, fetched and brought back, is the same file still.
    """
    folder = settings().media_dir / "files"
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{secrets.token_hex(8)}.part"
    try:
        head = stream.read(4096)
        kind = _kind(head)
        _take(head, stream, draft, MOST_BYTES[kind])
        return _served(filename, draft, kind) or {
            PICTURE: _picture, SOUND: _sound, ATTACHMENT: _attachment}[kind](filename, draft, head)
    finally:
        draft.unlink(missing_ok=True)


def is_sound(stream: BinaryIO) -> bool:
    """Does it begin like a sound, whose conversion takes a program and a while? Nothing is taken from the stream."""
    at = stream.tell()
    head = stream.read(16)
    stream.seek(at)
    return _begins(head, _SOUNDS) and head[8:12] not in _APPLE_PHOTO


def _begins(head: bytes, magics: tuple) -> bool:
    return any(head[at:at + len(magic)] == magic for at, magic in magics)


def _kind(head: bytes) -> str:
    """What the file is by how it begins. Raises BadFile with what to do instead."""
    if not head:
        raise BadFile(_("文件是空的，请检查后重新上传。"))
    if _begins(head, _PICTURES):
        return PICTURE
    if head[4:8] == b"ftyp" and head[8:12] in _APPLE_PHOTO:
        raise BadFile(_("这是苹果手机的 HEIC 照片；请在“设置—相机—格式”里选“兼容性最佳”，或先存成 JPG。"))
    if _begins(head, _SOUNDS):
        return SOUND
    if head.startswith((b"%PDF-", b"PK\x03\x04")):
        return ATTACHMENT
    if head.startswith(_OLD_OFFICE):
        raise BadFile(_("这是旧格式的 Office 文件；请另存为 docx、xlsx、pptx，或导出成 PDF。"))
    raise BadFile(_("这种文件不能收。图片收 JPG、PNG、WebP、GIF；声音收 MP3、M4A、WAV 等；附件收 PDF、docx、xlsx、pptx。"))


def _take(head: bytes, stream: BinaryIO, draft: Path, most: int) -> None:
    size, chunk = 0, head
    with draft.open("wb") as out:
        while chunk:
            size += len(chunk)
            if size > most:
                raise TooLarge(_("文件太大，最大 %(n)s MB。", n=most // 1024**2))
            out.write(chunk)
            chunk = stream.read(CHUNK)


def examine_file(path: Path) -> None:
    """Would prepare_file() take it? Keeps nothing, needs no site. Raises BadFile, TooLarge with a sentence."""
    with path.open("rb") as stream, tempfile.TemporaryDirectory(prefix="guanxue-file-") as work:
        draft, head = Path(work) / "draft", stream.read(4096)
        kind = _kind(head)
        _take(head, stream, draft, MOST_BYTES[kind])
        if kind == PICTURE:
            pictures.redraw(draft)
        elif kind == SOUND:
            sounds.convert(draft, Path(work) / "made.m4a")
        else:
            attachments.extension_of(draft, head)


def is_served(path: Path) -> bool:
    """Does a file of the site hold the same bytes, or would prepare_file() keep them? Else they are drawn or converted anew."""
    with path.open("rb") as f:
        kind = _kind(f.read(4096))
    return kind == ATTACHMENT or any(_path(mark_of(path), e).is_file() for e in EXTENSIONS[kind])


def _served(filename: str, draft: Path, kind: str) -> Prepared | None:
    """The draft, where the same bytes stand among the served files: drawn or converted again it would be another."""
    if kind == ATTACHMENT:
        return None
    mark = mark_of(draft)
    extension = next((e for e in EXTENSIONS[kind] if _path(mark, e).is_file()), None)
    if extension is None:
        return None
    os.utime(_path(mark, extension))  # whoever sweeps leaves it alone until it has its row
    size, name = draft.stat().st_size, plain_name(filename, extension)
    os.utime(_path(mark, extension))  # it is wanted again: not for the next sweep
    if kind == SOUND:
        return Prepared(Enclosure(mark, kind, name, size, duration_s=sounds.length(draft)), size)
    smaller = _path(mark, "webp")
    taken = size + (smaller.stat().st_size if smaller.is_file() else 0)
    return Prepared(Enclosure(mark, kind, name, size, *pictures.measures(draft)), taken)


def _picture(filename: str, draft: Path, _head: bytes) -> Prepared:
    return prepare_drawn(filename, pictures.redraw(draft))


def prepare_drawn(filename: str, drawn: pictures.Drawn) -> Prepared:
    """A picture that we drew ourselves, put where it is served from; asks no database."""
    mark = _mark(drawn.body)
    _put(mark, drawn.extension, drawn.body)
    if drawn.webp:
        _put(mark, "webp", drawn.webp)
    enclosure = Enclosure(mark, PICTURE, plain_name(filename, drawn.extension), len(drawn.body), drawn.width, drawn.height)
    return Prepared(enclosure, len(drawn.body) + len(drawn.webp))


def _sound(filename: str, draft: Path, _head: bytes) -> Prepared:
    made = draft.with_suffix(".m4a")
    try:
        seconds = sounds.convert(draft, made)
        body = made.read_bytes()
    finally:
        made.unlink(missing_ok=True)
    mark = _mark(body)
    _put(mark, "m4a", body)
    return Prepared(Enclosure(mark, SOUND, plain_name(filename, "m4a"), len(body), duration_s=seconds), len(body))


def _attachment(filename: str, draft: Path, head: bytes) -> Prepared:
    extension = attachments.extension_of(draft, head)
    with draft.open("rb") as f:
        mark = _shortened(hashlib.file_digest(f, "sha256").digest())
    size = draft.stat().st_size
    target = _path(mark, extension)
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(draft, target)
    return Prepared(Enclosure(mark, ATTACHMENT, plain_name(filename, extension), size), size)


def mark_of(path: Path) -> str:
    """How an address would tell that file's content, as it stands."""
    with path.open("rb") as f:
        return _shortened(hashlib.file_digest(f, "sha256").digest())


def _mark(body: bytes) -> str:
    return _shortened(hashlib.sha256(body).digest())


def _shortened(digest: bytes) -> str:
    return base64.b32encode(digest[:MARK_LENGTH * 5 // 8]).decode().lower()


def _path(mark: str, extension: str) -> Path:
    return settings().media_dir / "files" / mark[:2] / f"{mark}.{extension}"


def _put(mark: str, extension: str, body: bytes) -> None:
    target = _path(mark, extension)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{secrets.token_hex(8)}.part")
    draft.write_bytes(body)
    os.replace(draft, target)


def note_prepared(actor: Actor, prepared: Prepared) -> Prepared:
    """Count it for the teacher who sent it, whatever becomes of the form it came with. Asks no database."""
    leftovers.note(actor.ref, prepared.enclosure.key, prepared.taken_bytes)
    return prepared


def keep_file(actor: Actor, prepared: Prepared) -> Enclosure:
    """Give a prepared file its row, once for each content; what a text names. Needs "teach". Raises TooLarge over the quota."""
    actor.require("teach")
    told = prepared.enclosure
    if session.scalar(select(File.id).where(File.key == told.key)) is None:
        if actor.kind != "system":
            must_have_room(actor, prepared.taken_bytes, told.key)
        _add(actor, prepared)
    return told


def _add(actor: Actor, prepared: Prepared) -> None:
    told = prepared.enclosure
    session.add(File(key=told.key, kind=told.kind, name=told.name, size_bytes=prepared.taken_bytes,
                     width=told.width or None, height=told.height or None, created_by=actor.ref, created_at=clock.now(),
                     facts={"duration_s": told.duration_s} if told.kind == SOUND else {}))
    session.flush()
    audit.record(actor, "media.file.kept", f"file:{told.key}", {"kind": told.kind, "bytes": prepared.taken_bytes})


def keep_named(actor: Actor, text: str) -> None:
    """Give a row to every file that a text names and that lies here without one: or the sweep would take it from the text.

    It came with a form that was refused (somebody had saved newer words), whose answer offered its address. The quota was
    asked when it was prepared.
    """
    named = {x.key: x for x in list_enclosures(text)}
    there = set(session.scalars(select(File.key).where(File.key.in_(named)))) if named else set()
    for key, told in named.items():
        found = find_kept(told) if key not in there else None
        if found is not None and session.scalar(select(File.id).where(File.key.startswith(told.mark)).limit(1)) is None:
            smaller = _path(told.mark, "webp")
            taken = found[0].stat().st_size + (smaller.stat().st_size if smaller.is_file() else 0)
            _add(actor, Prepared(told, taken))


def must_have_room(actor: Actor, more_bytes: int = 0, key: str = "") -> None:
    """Raises TooLarge when the teacher's files would take more than the quota; also asked before a byte is taken.

    `key` is the file's whose bytes these are, where it lies on the disk already.
    """
    if bytes_kept_by(actor.ref) + leftovers.bytes_waiting_of(actor.ref, but=key) + more_bytes > MOST_OF_A_TEACHER_BYTES:
        raise TooLarge(_("你的图片和附件已经放满 %(n)s GB；请用已经传过的，或找管理员。", n=MOST_OF_A_TEACHER_BYTES // 1024**3))


def bytes_kept_by(ref: str) -> int:
    """What the files of "person:17" take of the disk."""
    return session.scalar(select(func.coalesce(func.sum(File.size_bytes), 0)).where(File.created_by == ref))


def find_kept(told: Enclosure, *, takes_webp: bool = False) -> tuple[Path, str] | None:
    """(file, extension) to serve for an address, the smaller WebP where it is taken and there; asks no database."""
    if told.kind == PICTURE and takes_webp and (smaller := _path(told.mark, "webp")).is_file():
        return smaller, "webp"
    path = _path(told.mark, told.extension)
    return (path, told.extension) if path.is_file() else None
