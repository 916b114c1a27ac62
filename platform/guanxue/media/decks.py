"""Slides as teachers have them: the pages of a PDF or pictures in order, made into pictures of one kind; notes of a .pptx.

Poppler's pdfinfo and pdftoppm draw the pages, one at a time, through the one runner of programs.py: no script of a PDF runs,
nothing it names is fetched, nothing in it is unpacked. A .pptx is never drawn, only its speaker notes are read.
"""

from __future__ import annotations

import io
import re
import secrets
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from guanxue.core.enclosures import PICTURE
from guanxue.core.errors import TooLarge
from guanxue.core.i18n import lazy as _
from guanxue.core.settings import settings
from guanxue.media import speaker_notes
from guanxue.media.errors import BadFile, Busy
from guanxue.media.files import CHUNK, Prepared, prepare_drawn, prepare_file
from guanxue.media.pictures import LONGEST_SIDE, Drawn
from guanxue.media.programs import ProgramFailed, run

MOST_PAGES, MOST_BYTES = 100, 100 * 1024**2
LEAST_POINTS, MOST_RATIO = 30.0, 4.0  # a page's shorter side; its longer side to its shorter one
PAGE_S, WHOLE_S, WAIT_S = 20, 180, 30  # what drawing one page may take, all of them, and waiting for one's turn
MEMORY = "--as=1073741824"
_SIZE = re.compile(r"^Page\s+(\d+) size:\s+([\d.]+) x ([\d.]+) pts", re.M)
_NUMBER = re.compile(r"(\d+)")
_one_at_a_time = threading.Semaphore(1)


@dataclass(frozen=True)
class Deck:
    """What came: the pages ready for their rows, in order, and what a .pptx says beside each slide that is shown.

    `all_notes` are those of hidden slides as well: some programs print those too.
    """

    pages: list[Prepared] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    all_notes: list[str] = field(default_factory=list)


def read_deck(files: Iterable[tuple[str, BinaryIO]], most_pages: int = MOST_PAGES) -> Deck:
    """Read files (name, stream) of one deck; asks no database. Pictures alone are put in the order of their names.

    Raises BadFile, TooLarge with a sentence; Busy when somebody else's pages are being drawn.
    """
    given = list(files)
    heads = [_head(stream) for _name, stream in given]
    if not any(head.startswith((b"%PDF-", b"PK\x03\x04")) for head in heads):
        order = sorted(range(len(given)), key=lambda n: _natural(given[n][0]))
        given, heads = [given[n] for n in order], [heads[n] for n in order]
    deck, until = Deck(), time.monotonic() + WHOLE_S
    with _turn():
        for (name, stream), head in zip(given, heads, strict=True):
            if head.startswith(b"PK\x03\x04"):
                told = _notes(stream)
                deck.notes.extend(told.shown)
                deck.all_notes.extend(told.all)
            elif head.startswith(b"%PDF-"):
                deck.pages.extend(_pdf(name, stream, most_pages - len(deck.pages), until))
            else:
                deck.pages.append(_picture(name, stream))
            if len(deck.pages) > most_pages:
                raise _too_many(most_pages)
    return deck


def _head(stream: BinaryIO) -> bytes:
    head = stream.read(16)
    stream.seek(0)
    return head


def _natural(name: str) -> list:
    """2.png before 10.png."""
    return [(int(part), "") if part.isdecimal() else (-1, part.lower()) for part in _NUMBER.split(name) if part]


@contextmanager
def _turn() -> Iterator[None]:
    if not _one_at_a_time.acquire(timeout=WAIT_S):
        raise Busy(_("正在处理别人的幻灯片，请过一分钟再试。"), retry_after_s=30)
    try:
        yield
    finally:
        _one_at_a_time.release()


def _too_many(most: int) -> BadFile:
    if most < MOST_PAGES:
        return BadFile(_("一节课最多 %(n)s 页，只剩 %(left)s 页可以加；请分成几节课。", n=MOST_PAGES, left=max(0, most)))
    return BadFile(_("一节课最多 %(n)s 页；请分成几节课。", n=MOST_PAGES))


def _picture(name: str, stream: BinaryIO) -> Prepared:
    prepared = prepare_file(name, stream)
    if prepared.enclosure.kind != PICTURE:
        raise BadFile(_("“%(name)s”不是幻灯片。幻灯片收 PDF，或 JPG、PNG 图片；备注收 .pptx。", name=name[:80]))
    return prepared


@contextmanager
def _kept(stream: BinaryIO, most: int) -> Iterator[tuple[Path, Path]]:
    """The stream as a file in a folder of its own, gone afterwards: (file, folder)."""
    place = settings().media_dir / "work"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f"deck-{secrets.token_hex(3)}-", dir=place) as folder:
        path, size = Path(folder) / "deck", 0
        with path.open("wb") as out:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > most:
                    raise TooLarge(_("文件太大，最大 %(n)s MB。", n=most // 1024**2))
                out.write(chunk)
        yield path, Path(folder)


# ---- a .pptx


def _notes(stream: BinaryIO) -> speaker_notes.Notes:
    with _kept(stream, MOST_BYTES) as (path, _folder):
        return speaker_notes.read(path)


# ---- a PDF


def _pdf(name: str, stream: BinaryIO, most_pages: int, until: float) -> Iterator[Prepared]:
    stem = name.rpartition(".")[0] or "page"
    with _kept(stream, MOST_BYTES) as (path, folder):
        _must_be_whole(path)
        for n in range(1, _count(path, most_pages) + 1):
            if time.monotonic() > until:
                raise _too_slow(n)
            yield prepare_drawn(f"{stem}-{n}.jpg", _page(path, folder / "page", n))


def _must_be_whole(path: Path) -> None:
    with path.open("rb") as f:
        f.seek(max(0, path.stat().st_size - 2048))
        if b"%%EOF" not in f.read():
            raise BadFile(_("PDF 不完整，可能没有传完；请重新导出，再上传。"))


def _count(path: Path, most_pages: int) -> int:
    """How many pages it has, each of a shape that can be shown. Raises BadFile."""
    pages, _sizes = _told(path, 1)
    if not pages:
        raise _empty()
    if pages > most_pages:
        raise _too_many(most_pages)
    for number, width, height in _told(path, pages)[1]:
        short, long = sorted((float(width), float(height)))
        if short < LEAST_POINTS or long > MOST_RATIO * short:
            raise BadFile(_("第 %(n)s 页太窄或太小，学员看不清；请改成正常的页面尺寸再导出。", n=number))
    return pages


def _asked(path: Path, last: int) -> str:
    try:
        return run(["prlimit", MEMORY, "--", "pdfinfo", "-f", "1", "-l", str(last), str(path)], timeout_s=PAGE_S)
    except ProgramFailed as failure:
        if "password" in str(failure).lower():
            raise BadFile(_("PDF 加了密码，打不开；请导出一份不加密的。")) from None
        if "page range" in str(failure):
            raise _empty() from None
        raise BadFile(_("PDF 读不出来，可能没有传完或已经损坏；请重新导出，再上传。")) from None


def _told(path: Path, last: int) -> tuple[int, list[tuple[str, str, str]]]:
    """(how many pages, (number, width, height) of those up to the last). A title before them may be of any lines."""
    _before, _pages, told = f"\n{_asked(path, last)}".rpartition("\nPages:")
    count = told.partition("\n")[0].strip()
    return int(count) if count.isdecimal() else 0, _SIZE.findall(told)


def _page(path: Path, target: Path, n: int) -> Drawn:
    """One page as a picture whose longer side is LONGEST_SIDE, whatever its size on paper."""
    drawn = target.with_suffix(".ppm")
    try:
        run(["prlimit", MEMORY, "--", "pdftoppm", "-cropbox", "-scale-to", str(LONGEST_SIDE), "-f", str(n), "-l", str(n),
             "-singlefile", str(path), str(target)], timeout_s=PAGE_S, file_bytes=LONGEST_SIDE**2 * 3 + 4096)
        with Image.open(drawn, formats=("PPM",)) as opened:
            image = opened.convert("RGB")
    except ProgramFailed as failure:
        if "no end after" in str(failure):
            raise _too_slow(n) from None
        raise _undrawn(n) from None
    except (OSError, ValueError):
        raise _undrawn(n) from None
    finally:
        drawn.unlink(missing_ok=True)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, subsampling=0, optimize=True)  # full colour: letters keep their edges
    return Drawn(out.getvalue(), "jpg", b"", *image.size)


def _empty() -> BadFile:
    return BadFile(_("PDF 里没有页面；请重新导出，再上传。"))


def _undrawn(n: int) -> BadFile:
    return BadFile(_("第 %(n)s 页画不出来，PDF 可能已经损坏；请重新导出，再上传。", n=n))


def _too_slow(n: int) -> BadFile:
    return BadFile(_("第 %(n)s 页太复杂，画得太慢；请把这一页简化，或把每一页另存为图片再上传。", n=n))
