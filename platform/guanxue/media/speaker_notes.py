"""What stands in the notes of a .pptx, slide by slide. Only those parts are unpacked, each within limits; nothing is drawn."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN, PLAIN_METHODS
from guanxue.media import attachments
from guanxue.media.errors import BadFile

MOST_SLIDES, MOST_PART_BYTES, MOST_READ_BYTES = 500, 4 * 1024**2, 64 * 1024**2
LONGEST_NOTES = 5000  # characters beside one slide: a quarter of an hour of speech
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_REL = "{http://schemas.openxmlformats.org/package/2006/relationships}"


@dataclass(frozen=True)
class Notes:
    """The notes of every slide in order ("" where there are none): of those that are shown, and of all."""

    shown: list[str]
    all: list[str]


def read(path: Path) -> Notes:
    """The notes of a .pptx. Raises BadFile with a sentence."""
    with path.open("rb") as f:
        kind = attachments.extension_of(path, f.read(16))
    if kind != "pptx":
        raise BadFile(_("这是 %(kind)s 文件，不是幻灯片；请给 PDF 或图片，备注给 .pptx。", kind=kind))
    try:
        with zipfile.ZipFile(path) as opened:
            told = _read(_Parts(opened))
    except (*BROKEN, OSError, ValueError, ParseError, DefusedXmlException):
        raise _unreadable() from None
    return Notes([notes for notes, is_shown in told if is_shown], [notes for notes, _is_shown in told])


def _unreadable() -> BadFile:
    return BadFile(_(".pptx 里的备注读不出来，文件可能损坏；请用 WPS 或 PowerPoint 另存一份，再上传。"))


class _Parts:
    """Parts of the package as XML; together they may not be larger than a memory minds."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self._opened, self._left = opened, MOST_READ_BYTES

    def has(self, name: str) -> bool:
        return name in self._opened.NameToInfo

    def read(self, name: str) -> Element:
        """Counted while it is unpacked: what a package says of its sizes is not believed."""
        if self._opened.getinfo(name).compress_type not in PLAIN_METHODS:
            raise zipfile.BadZipFile
        most = min(MOST_PART_BYTES, self._left)
        with self._opened.open(name) as part:
            body = part.read(most + 1)
        if len(body) > most:
            raise BadFile(_(".pptx 里的内容太大，没有读；请另存一份，或把备注复制到讲稿里。"))
        self._left -= len(body)
        return fromstring(body, forbid_dtd=True)

    def related(self, name: str) -> dict[str, tuple[str, str]]:
        """(kind, part) by the ids that a part uses for what belongs to it."""
        folder, _slash, last = name.rpartition("/")
        rels = f"{folder}/_rels/{last}.rels"
        if not self.has(rels):
            return {}
        return {rel.get("Id", ""): (rel.get("Type", "").rpartition("/")[2],
                                    posixpath.normpath(posixpath.join("/", folder, rel.get("Target", ""))).lstrip("/"))
                for rel in self.read(rels).iter(f"{_REL}Relationship") if rel.get("TargetMode") != "External"}


def _read(parts: _Parts) -> list[tuple[str, bool]]:
    """(notes, is it shown) of every slide, in the order of the presentation."""
    main = "ppt/presentation.xml"
    related = parts.related(main)
    ids = [x.get(f"{_R}id", "") for x in parts.read(main).iter(f"{_P}sldId")]
    if len(ids) > MOST_SLIDES:
        raise BadFile(_(".pptx 超过 %(n)s 页，没有读备注。", n=MOST_SLIDES))
    return [_of_slide(parts, related[x][1]) for x in ids if x in related]


def _of_slide(parts: _Parts, slide: str) -> tuple[str, bool]:
    notes = next((part for kind, part in parts.related(slide).values() if kind == "notesSlide"), "")
    said = _said(parts.read(notes)) if notes and parts.has(notes) else ""
    return said, parts.read(slide).get("show", "1") not in ("0", "false")


def _said(notes: Element) -> str:
    """The paragraphs of the notes' own box: not the page's number, not its date."""
    paragraphs = []
    for shape in notes.iter(f"{_P}sp"):
        place = shape.find(f"./{_P}nvSpPr/{_P}nvPr/{_P}ph")
        if place is None or place.get("type") != "body":
            continue
        for paragraph in shape.iter(f"{_A}p"):
            pieces = (x for x in paragraph.iter() if x.tag in (f"{_A}t", f"{_A}br"))
            said = "".join(x.text or "" if x.tag == f"{_A}t" else "\n" for x in pieces)
            paragraphs += [line.strip() for line in said.replace("\v", "\n").split("\n")]
    return "\n\n".join(filter(None, paragraphs))[:LONGEST_NOTES]
