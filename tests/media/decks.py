"""Decks for tests: PDFs and .pptx files, good and bad."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

from PIL import Image, ImageDraw

A = 'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
P = 'xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"'
R = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
COLOURS = ("#B3262E", "#1F6B4A", "#2F5C8F", "#8A5A00")


def picture(n: int = 0, size: tuple[int, int] = (960, 540)) -> Image.Image:
    """A page that is told from others by its colour."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((size[0] // 4, size[1] // 4, size[0] * 3 // 4, size[1] * 3 // 4), fill=COLOURS[n % 4])
    return image


def png(n: int = 0, size: tuple[int, int] = (960, 540)) -> bytes:
    out = io.BytesIO()
    picture(n, size).save(out, "PNG")
    return out.getvalue()


def pdf(*sizes: tuple[int, int]) -> bytes:
    """A PDF whose pages have those sizes in points."""
    out, pages = io.BytesIO(), [picture(n, size) for n, size in enumerate(sizes)]
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:])
    return out.getvalue()


def plain_pdf(*boxes: str, root: str = "", more: str = "", trailer: str = "") -> bytes:
    """A hand-written PDF of empty pages with those MediaBoxes; `root` goes into its catalogue, `more` are further objects."""
    kids = " ".join(f"{n + 3} 0 R" for n in range(len(boxes)))
    objects = [f"<</Type/Catalog/Pages 2 0 R {root}>>", f"<</Type/Pages/Kids[{kids}]/Count {len(boxes)}>>",
               *(f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]>>" for box in boxes), *([more] if more else [])]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for n, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{n} 0 obj\n{body}\nendobj\n".encode()
    at = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode() + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += f"trailer\n<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{at}\n%%EOF\n".encode()
    return bytes(out)


def notes_xml(text: str, *, before: str = "") -> str:
    """Notes of a slide, with the placeholders for its picture and number that every program adds."""
    said = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in text.split("\n"))
    def shape(kind: str, body: str) -> str:
        return f'<p:sp><p:nvSpPr><p:nvPr><p:ph type="{kind}"/></p:nvPr></p:nvSpPr><p:txBody>{body}</p:txBody></p:sp>'
    number = shape("sldNum", "<a:p><a:fld><a:t>7</a:t></a:fld></a:p>")
    return f'{before}<p:notes {A} {P}><p:cSld><p:spTree>{number}{shape("body", said)}</p:spTree></p:cSld></p:notes>'


def pptx(notes: Sequence[str | None], *, hidden: Sequence[int] = (), parts: dict[str, str | bytes] | None = None) -> bytes:
    """A .pptx whose slides (stored in another order than they are shown in) have those notes; `parts` replaces or adds parts."""
    count = len(notes)
    file_of = {n: count - n for n in range(count)}  # the first slide lies in the last file
    ids = "".join(f'<p:sldId id="{256 + n}" r:id="rId{n}"/>' for n in range(count))
    made: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "ppt/presentation.xml": f"<p:presentation {P} {R}><p:sldIdLst>{ids}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": _rels([(f"rId{n}", "slide", f"slides/slide{file_of[n]}.xml") for n in range(count)])}
    for n, said in enumerate(notes):
        show = ' show="0"' if n in hidden else ""
        made[f"ppt/slides/slide{file_of[n]}.xml"] = f"<p:sld {P}{show}/>"
        if said is not None:
            made[f"ppt/slides/_rels/slide{file_of[n]}.xml.rels"] = _rels([("rId1", "notesSlide", f"../notesSlides/notesSlide{n}.xml")])
            made[f"ppt/notesSlides/notesSlide{n}.xml"] = notes_xml(said)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, body in {**made, **(parts or {})}.items():
            package.writestr(name, body)
    return out.getvalue()


def _rels(rows: list[tuple[str, str, str]]) -> str:
    inside = "".join(f'<Relationship Id="{i}" Type="{KIND}/{kind}" Target="{target}"/>' for i, kind, target in rows)
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'


def packed_otherwise(package: bytes) -> bytes:
    """The same parts, packed by a method that no Office program uses, and broken behind its head."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        for name in parts.namelist():
            archive.writestr(name, parts.read(name))
    whole, place = bytearray(out.getvalue()), 0
    while (place := whole.find(b"PK\x03\x04", place)) >= 0:
        packed = place + 30 + int.from_bytes(whole[place + 26:place + 28], "little")
        whole[packed + 9:packed + 19] = b"\xff" * 10
        place = packed
    return bytes(whole)
