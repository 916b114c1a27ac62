"""Course packages: a .zip of one course folder, opened with every guard and written the same from the same folder.

Nothing of a package is believed: names, counts and sizes are judged before a byte is unpacked, and what is unpacked is
counted again.
"""

from __future__ import annotations

import os
import secrets
import stat
import tempfile
import unicodedata
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN, PLAIN_METHODS, listing_of
from guanxue.courses.errors import BadFolder

MOST_FILES = 2000
MOST_BYTES = 4 * 1024**3  # of all files, unpacked
MOST_DIRECTORY_BYTES = 1024**2  # of the list of names at the end of the package
MOST_RATIO = 200  # unpacked to packed; texts stay below 20
SMALL_BYTES = 256 * 1024  # a file this small may be as dense as it likes
LONGEST_NAME, LONGEST_PART = 400, 250  # bytes of a path, and of a name in it
CHUNK = 1024 * 1024
PACKED_ALREADY = {".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4a", ".mp3", ".jpg", ".png", ".webp"}


def is_package(path: Path) -> bool:
    """Does the file begin like a .zip?"""
    if not path.is_file():
        return False
    with path.open("rb") as f:
        return f.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


@contextmanager
def opened(path: Path, beside: Path | None = None) -> Iterator[Path]:
    """The course folder at `path`: itself, or what a package holds, unpacked for the length of the block. BadFolder.

    It is unpacked in the folder `beside`, where whoever sweeps finds what a process that was killed left; else among the
    system's temporary files.
    """
    if path.is_dir():
        yield path
        return
    if not is_package(path):
        raise BadFolder(_("这不是课程文件夹，也不是课程包（.zip）。"))
    with tempfile.TemporaryDirectory(prefix="guanxue-course-", dir=beside) as folder:
        try:
            root = unpack(path, Path(folder))
        except (*BROKEN, ValueError):
            raise BadFolder(_("课程包已经损坏，打不开。")) from None
        yield root


def unpack(package: Path, folder: Path) -> Path:
    """Unpack into the empty `folder`; gives the folder that holds course.yaml. Raises BadFolder, BadZipFile."""
    _refuse_long_directory(package)
    with zipfile.ZipFile(package) as archive:
        wanted = _judged(archive.infolist())
        left = MOST_BYTES
        for info in wanted:
            left = _take(archive, info, folder / info.filename, left)
    roots = {info.filename.split("/")[0] for info in wanted}
    if not (folder / "course.yaml").is_file() and len(roots) == 1:
        return folder / roots.pop()
    return folder


def _refuse_long_directory(package: Path) -> None:
    with package.open("rb") as f:
        count, length = listing_of(f)
    if count > MOST_FILES or length > MOST_DIRECTORY_BYTES:
        raise BadFolder(_("课程包里的文件太多，最多 %(most)s 个。", most=MOST_FILES))


def _judged(infos: list[zipfile.ZipInfo]) -> list[zipfile.ZipInfo]:
    """The files to unpack, folders and what macOS adds left out. Raises BadFolder that names every fault."""
    faults: list[dict] = []
    files, seen, folders = [], set(), set()
    for info in infos:
        why = _fault(info)
        parts = _same(info.filename).rstrip("/").split("/")
        if why is None and not info.is_dir():
            folders |= {"/".join(parts[:n]) for n in range(1, len(parts))}
            if "/".join(parts) in seen:
                why = _("和另一个文件同名（不分大小写）。")
            seen.add("/".join(parts))
        if why is not None:
            faults.append({"field": info.filename[:LONGEST_NAME], "message": why})
        elif not info.is_dir() and not _is_stray(info.filename):
            files.append(info)
    if seen & folders:
        faults.append({"field": sorted(seen & folders)[0], "message": _("既是文件又是文件夹。")})
    if len(files) > MOST_FILES:
        faults.append({"field": "", "message": _("课程包里的文件太多，最多 %(most)s 个。", most=MOST_FILES)})
    if sum(info.file_size for info in files) > MOST_BYTES:
        faults.append({"field": "", "message": _("解开后超过 4 GB。")})
    if faults:
        raise BadFolder(_("课程包不安全，没有打开：%(where)s：%(why)s", where=faults[0]["field"] or "zip",
                          why=faults[0]["message"]), fields=faults)
    return files


def _is_stray(name: str) -> bool:
    """Something that macOS adds by itself?"""
    return name.startswith("__MACOSX/") or name.split("/")[-1] == ".DS_Store"


def list_strays(path: Path) -> list[str]:
    """Files of a package that opened() took that were not unpacked; none of a folder."""
    if path.is_dir():
        return []
    with zipfile.ZipFile(path) as archive:
        return [info.filename for info in archive.infolist() if not info.is_dir() and _is_stray(info.filename)]


def _same(name: str) -> str:
    """Equal for names that one disk or another takes for the same."""
    return unicodedata.normalize("NFC", name).casefold()


def _fault(info: zipfile.ZipInfo) -> object | None:
    """Why this member is not unpacked."""
    name, mode = info.orig_filename, info.external_attr >> 16
    length = max(len(part.encode("utf-8", "replace")) for part in name.split("/"))
    if length > LONGEST_PART or len(name.encode("utf-8", "replace")) > LONGEST_NAME or any(
            ord(c) < 32 or c in '\\:*?"<>|' for c in name):
        return _("文件名太长或有不允许的字符。")
    if name.startswith("/") or any(part in ("", ".", "..") for part in name.removesuffix("/").split("/")):
        return _("路径指向了包外面。")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return _("是链接或特殊文件，只能放普通文件。")
    if info.flag_bits & 0x1:
        return _("加了密码。")
    if info.compress_type not in PLAIN_METHODS:
        return _("用了不支持的压缩方式。")
    if info.file_size > SMALL_BYTES and info.file_size > MOST_RATIO * max(1, info.compress_size):
        return _("压缩得异常地紧，像是压缩炸弹。")
    return None


def _take(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Unpack one file; gives how many bytes may still come."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(info) as source, target.open("xb") as out:
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise BadFolder(_("解开后超过 4 GB。"))
            out.write(chunk)
    return left


def pack(folder: Path, package: Path, top: str) -> None:
    """Write the folder as a package below one folder `top`; the same folder gives the same bytes. Whole or not at all."""
    draft = package.with_name(f".{package.name}.{secrets.token_hex(4)}")
    try:
        with zipfile.ZipFile(draft, "x") as archive:
            for path in sorted(p for p in folder.rglob("*") if p.is_file()):
                info = zipfile.ZipInfo(f"{top}/{path.relative_to(folder).as_posix()}")  # its date stays 1980-01-01
                info.external_attr = (stat.S_IFREG | 0o644) << 16
                is_packed = path.suffix.lower() in PACKED_ALREADY
                info.compress_type = zipfile.ZIP_STORED if is_packed else zipfile.ZIP_DEFLATED
                info.file_size = path.stat().st_size
                with path.open("rb") as source, archive.open(info, "w") as out:
                    while chunk := source.read(CHUNK):
                        out.write(chunk)
        os.rename(draft, package)
    finally:
        draft.unlink(missing_ok=True)
