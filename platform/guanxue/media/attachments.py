"""Attachments: is this a file that readers may take along? Told by its content, never by its name."""

from __future__ import annotations

import zipfile
from pathlib import Path

from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN, listing_of
from guanxue.media.errors import BadFile

# What an Office file of the open format has in it, by the extension it gets.
OFFICE = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
MOST_LISTING_BYTES = 2 * 1024**2


def extension_of(path: Path, head: bytes) -> str:
    """"pdf", "docx", "xlsx" or "pptx" by what is in the file. Raises BadFile with what to do instead."""
    if head.startswith(b"%PDF-"):
        return "pdf"
    names = _listed(path)
    if any("vbaProject" in name for name in names):
        raise BadFile(_("文件里有宏，不能收；请另存为不带宏的 docx、xlsx 或 pptx。"))
    for extension, part in OFFICE.items():
        if part in names and "[Content_Types].xml" in names:
            return extension
    raise BadFile(_("压缩包不能收；请解开后把里面的文件一个一个加进来。"))


def _listed(path: Path) -> set[str]:
    """The names in a zip file, whose listing must be of a size that no memory minds."""
    try:
        with path.open("rb") as f:
            _count, length = listing_of(f)
            if length <= MOST_LISTING_BYTES:
                with zipfile.ZipFile(f) as opened:
                    return set(opened.namelist())
    except (*BROKEN, OSError, ValueError):
        pass
    raise BadFile(_("文件读不出来，可能没有传完或已经损坏。"))
