"""The words of a Word document (.docx): paragraphs as lines, table rows with tabs, automatic numbers written out."""

from __future__ import annotations

import io
import zipfile
from collections import defaultdict
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN
from guanxue.quizzes.formats.reports import Unreadable
from guanxue.quizzes.formats.tables import must_have_few_tags

MOST_XML_BYTES, MOST_TAGS = 32 * 1024**2, 1_500_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HAN = "零一二三四五六七八九十"


def text_of_docx(data: bytes) -> tuple[str, int]:
    """(the text, how many pictures it had, which are not read). Raises Unreadable."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            body = _part(archive, "word/document.xml")
            numbers = _part(archive, "word/numbering.xml") if "word/numbering.xml" in archive.namelist() else None
    except (*BROKEN, OSError):
        raise Unreadable(_("这个 Word 文件打不开，请另存一次，或者把文字复制粘贴进来。"))
    writer = _Numbers(numbers)
    lines = [line for block in body.iter(f"{_W}body") for child in block for line in _block(child, writer)]
    pictures = sum(1 for _x in body.iter(f"{_W}drawing")) + sum(1 for _x in body.iter(f"{_W}pict"))
    return "\n".join(lines), pictures


def _part(archive: zipfile.ZipFile, name: str) -> Element:
    if archive.getinfo(name).file_size > MOST_XML_BYTES:
        raise Unreadable(_("这个文件解开以后太大了，请把题目分成几个文件。"))
    must_have_few_tags(archive, name, MOST_TAGS)
    with archive.open(name) as part:
        data = part.read(MOST_XML_BYTES + 1)
    try:
        return fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        raise Unreadable(_("这个 Word 文件打不开，请另存一次，或者把文字复制粘贴进来。"))


def _block(element: Element, numbers: _Numbers) -> list[str]:
    if element.tag == f"{_W}p":
        return [numbers.mark(element) + _words(element)]
    if element.tag == f"{_W}tbl":
        return ["\t".join(" ".join(_words(p) for p in cell.iter(f"{_W}p")).strip() for cell in row.iter(f"{_W}tc"))
                for row in element.iter(f"{_W}tr")]
    if element.tag == f"{_W}sdt":
        return [line for content in element.iter(f"{_W}sdtContent") for child in content for line in _block(child, numbers)]
    return []


def _words(paragraph: Element) -> str:
    """The text of a paragraph; what was deleted in tracked changes is not there, what was inserted is."""
    out = []
    for run in paragraph.iter(f"{_W}r"):
        for piece in run:
            if piece.tag == f"{_W}t":
                out.append(piece.text or "")
            elif piece.tag == f"{_W}tab":
                out.append("\t")
            elif piece.tag in (f"{_W}br", f"{_W}cr"):
                out.append("\n")
            elif piece.tag == f"{_W}noBreakHyphen":
                out.append("-")
    text = "".join(out)
    is_gap = text and not text.strip() and any(u.get(f"{_W}val") not in (None, "none") for u in paragraph.iter(f"{_W}u"))
    return "____" if is_gap else text


class _Numbers:
    """Counts Word's automatic numbers, so that they stand in the text again."""

    def __init__(self, part: Element | None) -> None:
        self._forms: dict[str, dict[str, tuple[str, str]]] = {}
        self._at: dict[tuple[str, str], int] = defaultdict(int)
        if part is None:
            return
        abstract = {a.get(f"{_W}abstractNumId"): {
            level.get(f"{_W}ilvl"): (_value(level, "numFmt"), _value(level, "lvlText")) for level in a.iter(f"{_W}lvl")}
            for a in part.iter(f"{_W}abstractNum")}
        for number in part.iter(f"{_W}num"):
            self._forms[number.get(f"{_W}numId")] = abstract.get(_value(number, "abstractNumId"), {})

    def mark(self, paragraph: Element) -> str:
        """The number Word would show before this paragraph, or ""."""
        place = paragraph.find(f"{_W}pPr/{_W}numPr")
        if place is None or not "".join(t.text or "" for t in paragraph.iter(f"{_W}t")).strip():
            return ""
        number, level = _value(place, "numId"), _value(place, "ilvl") or "0"
        form, pattern = self._forms.get(number, {}).get(level, ("", ""))
        if not form or form in ("bullet", "none"):
            return ""
        self._at[number, level] += 1
        for key in [k for k in self._at if k[0] == number and k[1] > level]:
            self._at[key] = 0
        written = _written(form, self._at[number, level])
        text = pattern.replace(f"%{int(level) + 1}", written)
        return f"{text if '%' not in text else written + '.'} "


def _value(element: Element, name: str) -> str:
    found = element.find(f"{_W}{name}")
    return (found.get(f"{_W}val") or "") if found is not None else ""


def _written(form: str, n: int) -> str:
    if form in ("upperLetter", "lowerLetter"):
        letter = chr(64 + n) if n <= 26 else "Z"
        return letter if form == "upperLetter" else letter.lower()
    if form in ("chineseCounting", "chineseCountingThousand", "japaneseCounting", "ideographTraditional") and n < 20:
        return _HAN[n] if n <= 10 else f"十{_HAN[n - 10]}"
    if form == "decimalEnclosedCircle" and n <= 12:
        return "①②③④⑤⑥⑦⑧⑨⑩⑪⑫"[n - 1]
    return str(n)
