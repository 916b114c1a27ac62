"""A file or a text of questions, whatever it is: what it is is told by what it holds, not by its name."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN, PLAIN_METHODS, listing_of
from guanxue.quizzes.formats import documents, markup, tables
from guanxue.quizzes.formats.aiken import is_aiken, read_aiken
from guanxue.quizzes.formats.moodle_in import KeepPicture, read_moodle
from guanxue.quizzes.formats.pasted import read_pasted
from guanxue.quizzes.formats.reports import Doubt, Report, Unreadable
from guanxue.quizzes.gift import read_gift

MOST_FILE_BYTES = 8 * 1024**2
MOST_LISTING_BYTES = 1024**2
MOST_CHARACTERS = 1_000_000
LONGEST_LINE = 10_000  # of a paper: each line is looked at many times, from many places
FORMAT_NAMES = {
    "text": _("粘贴的文字"), "gift": "GIFT", "moodle": "Moodle XML", "aiken": "Aiken", "xlsx": "Excel", "csv": _("表格（CSV）"),
    "table": _("粘贴的表格"), "docx": _("Word 文档"), "html": _("网页文字"),
}
_ANSWER_BRACES = re.compile(
    r"(?<!\\)\{\s*(?:[=~#>]|(?:TRUE|FALSE|T|F|对|错|√|×)\s*(?:#|\})|\})|^[^\S\n]*(?:::|\$CATEGORY:)", re.M)
_IS_MOODLE = re.compile(
    r"(?:ï»¿|\ufeff)?\s*+(?:(?><\?xml[^>]*>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>)\s*+)*+<quiz\b", re.S)
_PAPER = re.compile(
    r"^[^\S\n]*(?:\d{1,3}\s*[.、．)）]|第\s*\d+\s*题|[（(]\d{1,3}[)）]|(?:[【\[]\s*)?(?:参考|正确)?答案"
    r"|ANSWER:\s*[A-Z]\s*$)", re.M)


def read_file(data: bytes, keep_picture: KeepPicture | None = None) -> Report:
    """Every question of a file. Raises Unreadable with a sentence for people."""
    if not data.strip():
        raise Unreadable(_("文件是空的。"))
    if len(data) > MOST_FILE_BYTES:
        raise Unreadable(_("文件太大，最多 %(n)s MB。", n=MOST_FILE_BYTES // 1024**2))
    if data.startswith(b"PK"):
        return _read_packed(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_("这是旧格式的 .xls 或 .doc；请另存为 .xlsx 或 .docx，或者把文字复制粘贴进来。"))
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf")):
        raise Unreadable(_("PDF、图片和 RTF 里的题读不了；请打开它，把文字复制粘贴进来。"))
    if _IS_MOODLE.match(data[:4096].decode("latin-1")):
        return read_moodle(data, keep_picture)
    return read_text(decoded(data))


def _read_packed(data: bytes) -> Report:
    try:
        names = _names_in(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise Unreadable(_("这个文件不完整，请重新保存后再试。"))
    if "xl/workbook.xml" in names:
        return tables.read_workbook(data)
    if "word/document.xml" in names:
        text, pictures = documents.text_of_docx(data)
        report = replace(_read_words(text), format="docx")
        if pictures:
            report.doubts.insert(0, Doubt(0, "", _("文档里有 %(n)s 张图没有收进来，请在题里补上。", n=pictures)))
        return report
    raise Unreadable(_("认不出这是什么文件。题目可以是 Excel、Word、CSV、GIFT、Moodle XML、Aiken 或文本文件。"))


def is_packed(path: Path) -> bool:
    """Is this file an Excel workbook or a Word document, whatever it is called?"""
    try:
        with path.open("rb") as f:
            return bool({"xl/workbook.xml", "word/document.xml"} & _names_in(f))
    except (*BROKEN, OSError):
        return False


def _names_in(stream: BinaryIO) -> set[str]:
    """Raises BadZipFile, also where the list of names is larger than any such file's, or packed as none of them is."""
    if listing_of(stream)[1] > MOST_LISTING_BYTES:
        raise zipfile.BadZipFile
    with zipfile.ZipFile(stream) as archive:
        if any(x.compress_type not in PLAIN_METHODS for x in archive.infolist()):
            raise zipfile.BadZipFile
        return set(archive.namelist())


def decoded(data: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or GB18030. Raises Unreadable."""
    for mark, name in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return _checked(data, name)
    try:
        return _checked(data, "utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return _checked(data, "gb18030")
    except UnicodeDecodeError:
        raise Unreadable(_("文字编码认不出来，请另存为 UTF-8 再试。"))


def _checked(data: bytes, name: str) -> str:
    text = data.decode(name)
    if "\0" in text:
        raise Unreadable(_("不是文本文件。"))
    return text


def read_text(text: str) -> Report:
    """Every question of a text: GIFT, Moodle XML, Aiken, a table, or words as teachers type them. Raises Unreadable."""
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(_("文字太多，一次最多 %(n)s 万个字；请分成几次。", n=MOST_CHARACTERS // 10_000))
    if _IS_MOODLE.match(text[:4096]):
        return read_moodle(text.encode("utf-8", "replace"))
    if markup.looks_like_html(text):
        return replace(_read_words(markup.text_of_html(text, is_marked=False)), format="html")
    return _read_words(text)


def _read_words(text: str) -> Report:
    if tables.has_heading(text):
        return tables.read_csv(text, format="table" if "\t" in text.split("\n", 1)[0] else "csv")
    if is_gift(text):
        return read_gift(text, is_ours=False)
    long = next((n for n, line in enumerate(text.split("\n"), 1) if len(line) > LONGEST_LINE), None)
    if long is not None:
        raise Unreadable(_("第 %(n)s 行超过 %(m)s 个字，多半是换行丢了；请从原来的文件重新复制，或者直接选那个文件。",
                           n=long, m=LONGEST_LINE))
    return read_aiken(text) if is_aiken(text) else read_pasted(text)


def is_gift(text: str) -> bool:
    """Braces with answers inside, and more of them than lines of a paper?"""
    braces = len(_ANSWER_BRACES.findall(text))
    return braces > 0 and braces * 2 >= len(_PAPER.findall(text))
