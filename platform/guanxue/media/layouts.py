"""How a slide is drawn where its text says so: a fenced block that begins with the layout's name (courses/README.md).

Reading it and its bounds stand first, then a drawer for each. Everything is readable on a phone 360 px wide.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass

from defusedxml import DefusedXmlException, ElementTree
from PIL import Image, ImageDraw

from guanxue.core.i18n import lazy as _
from guanxue.media.palette import (
    AMBER,
    AMBER_TINT,
    CARD,
    DEEP,
    INK,
    LINE,
    LITCHI,
    LITCHI_TINT,
    MUTED,
    SEDGE,
    TINT,
    font,
)

# How many lines and cells each has, and how many characters a cell: (fewest lines, most, fewest cells, most, length by cell).
BOUNDS: dict[str, tuple[int, int, int, int, tuple[int, ...]]] = {
    "steps": (2, 5, 1, 1, (10,)),
    "process": (3, 5, 1, 2, (6, 8)),
    "compare": (2, 5, 2, 2, (9, 9)),
    "table": (3, 6, 2, 3, (8, 8, 8)),
    "warning": (1, 2, 1, 1, (10, 16)),
    "number": (2, 2, 1, 1, (8, 18)),
    "part": (2, 5, 2, 2, (8, 8)),
}
LAYOUTS = tuple(BOUNDS)
BY_LINE = frozenset(("warning", "number"))  # their lengths hold by line, not by cell
PICTURE_WIDTH, PICTURE_HEIGHT = 400, 300  # what the labels of a part are measured in
MOST_PICTURE_SIGNS = 20_000
SHAPES = frozenset(("svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"))
ATTRIBUTES = frozenset((
    "viewBox", "width", "height", "fill", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-dasharray",
    "fill-rule", "opacity", "fill-opacity", "stroke-opacity", "transform", "d", "x", "y", "rx", "ry", "cx", "cy", "r", "x1",
    "y1", "x2", "y2", "points", "id"))
_SVG = "{http://www.w3.org/2000/svg}"


@dataclass(frozen=True)
class Layout:
    """What a slide shows: the layout's name, its lines of cells, and of a part its vector drawing."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    picture: str = ""


class BadLayout(ValueError):
    """A block that cannot be drawn; args[0] says why."""


def read_layout(text: str) -> Layout:
    """The block without its fences: the name, then a line each; of a part the drawing comes before its labels. BadLayout."""
    lines = [line.strip() for line in text.strip().split("\n")]
    name = lines[0].split()[0] if lines[0] else ""
    if name not in BOUNDS:
        raise BadLayout(_("没有叫“%(name)s”的版式。", name=name[:20]))
    lines, picture = [x for x in lines[1:] if x], ""
    if name == "part":
        picture, lines = _take_picture(lines)
    rows = tuple(tuple(cell.strip() for cell in line.split("|")) for line in lines)
    _check(name, rows)
    return Layout(name, rows, picture)


def _take_picture(lines: list[str]) -> tuple[str, list[str]]:
    text = "\n".join(lines)
    head, end, rest = text.partition("</svg>")
    if not head.startswith("<svg") or not end:
        raise BadLayout(_("部件图缺少图形。"))
    _check_picture(head + end)
    return head + end, [x for x in rest.split("\n") if x]


def _check_picture(svg: str) -> None:
    """A drawing of plain shapes. Raises BadLayout."""
    if len(svg) > MOST_PICTURE_SIGNS:
        raise BadLayout(_("图形太大。"))
    try:
        root = ElementTree.fromstring(svg)
    except (ElementTree.ParseError, DefusedXmlException):  # no XML, or what it forbids
        raise BadLayout(_("图形不是正确的 SVG。")) from None
    for node in root.iter():
        name = str(node.tag).removeprefix(_SVG)
        strange = [x for x in node.attrib if x not in ATTRIBUTES] if name in SHAPES else [name]
        if strange:
            raise BadLayout(_("图形里不能有 %(what)s。", what=strange[0][:40]))
    if root.get("viewBox") != f"0 0 {PICTURE_WIDTH} {PICTURE_HEIGHT}":
        raise BadLayout(_("图形的 viewBox 应为 0 0 400 300。"))


def _check(name: str, rows: tuple[tuple[str, ...], ...]) -> None:
    fewest, most, narrow, wide, lengths = BOUNDS[name]
    if not fewest <= len(rows) <= most:
        raise BadLayout(_("“%(name)s”应有 %(low)s 到 %(high)s 行。", name=name, low=fewest, high=most))
    if any(not narrow <= len(row) <= wide for row in rows) or (name == "table" and len({len(row) for row in rows}) > 1):
        raise BadLayout(_("“%(name)s”每行的格数不对。", name=name))
    for n, row in enumerate(rows):
        for k, cell in enumerate(row):
            longest = lengths[n if name in BY_LINE else k]
            if not cell or _width(cell) > longest:
                raise BadLayout(_("“%(cell)s”应有 1 到 %(n)s 个字。", cell=cell, n=longest))
    if name == "part" and any(_point(row[1]) is None for row in rows):
        raise BadLayout(_("部件的位置应写成“x y”，在图形之内。"))


def _width(text: str) -> float:
    """In characters; a Latin letter or a digit is little more than half of one."""
    return sum(0.6 if sign.isascii() else 1 for sign in text)


def _point(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"(\d{1,3}) +(\d{1,3})", text)
    x, y = (int(found[1]), int(found[2])) if found else (-1, -1)
    return (x, y) if 0 <= x <= PICTURE_WIDTH and 0 <= y <= PICTURE_HEIGHT else None


# ---- drawing


@dataclass(frozen=True)
class Field:
    """Where a layout is drawn, in pixels."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """From left to right."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """From top to bottom."""
        return self.bottom - self.top


def draw_layout(image: Image.Image, layout: Layout, field: Field) -> None:
    """Draw it on the picture, within the field."""
    _DRAWERS[layout.name](image, ImageDraw.Draw(image), layout, field)


def _fitting(texts: list[str], width: int, sizes: tuple[int, ...]) -> int:
    """The first size at which each is that narrow, the last where none is."""
    return next((size for size in sizes if max(font(size).getlength(t) for t in texts) <= width), sizes[-1])


def _put(draw: ImageDraw.ImageDraw, text: str, centre: tuple[float, float], width: int, size: int, fill: str, *,
         bold: bool = True) -> None:
    """Words around a point, in two lines where one is too narrow for them."""
    letters = font(size, bold=bold)
    lines = [text] if letters.getlength(text) <= width else _halves(text)
    for n, line in enumerate(lines):
        y = centre[1] + (n - (len(lines) - 1) / 2) * size * 1.2
        draw.text((centre[0], y), line, font=letters, fill=fill, anchor="mm")


def _halves(text: str) -> list[str]:
    """Two lines of about equal length; a figure and its letters stay together."""
    places = [n for n in range(1, len(text)) if not (text[n - 1].isascii() and text[n].isascii() and text[n - 1] != " ")]
    if not places:
        return [text]
    middle = min(places, key=lambda n: abs(_width(text[:n]) - _width(text) / 2))
    return [text[:middle].strip(), text[middle:].strip()]


def _card(draw: ImageDraw.ImageDraw, box: tuple[float, float, float, float], fill: str, line: str, width: int = 3) -> None:
    draw.rounded_rectangle(box, 16, fill=fill, outline=line, width=width)


def _draw_steps(_image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    count, gap = len(layout.rows), 14
    height = min(104, (field.height - (count - 1) * gap) // count)
    top = field.top + (field.height - count * height - (count - 1) * gap) // 2
    words = [row[0] for row in layout.rows]
    size = _fitting(words, field.width - 150, (54, 48, 44) if height > 80 else (44, 42) if height > 66 else (40,))
    for n, text in enumerate(words):
        y = top + n * (height + gap)
        _card(draw, (field.left, y, field.right, y + height), CARD, LINE)
        middle = y + height / 2
        radius = min(27, height / 2 - 5)
        draw.ellipse((field.left + 49 - radius, middle - radius, field.left + 49 + radius, middle + radius), fill=SEDGE)
        draw.text((field.left + 49, middle), str(n + 1), font=font(36), fill=CARD, anchor="mm")
        draw.text((field.left + 104, middle), text, font=font(size), fill=INK, anchor="lm")
        if n < count - 1:
            x, foot = field.left + 49, y + height
            draw.polygon([(x - 12, foot + 1), (x + 12, foot + 1), (x, foot + gap - 1)], fill=SEDGE)


def _draw_process(_image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    count, gap = len(layout.rows), 34
    width = (field.width - (count - 1) * gap) // count
    is_noted = any(len(row) > 1 for row in layout.rows)
    height = 300 if is_noted else 180
    top = field.top + (field.height - height) // 2
    for n, row in enumerate(layout.rows):
        x = field.left + n * (width + gap)
        _card(draw, (x, top, x + width, top + height), TINT, SEDGE, 4)
        size = _fitting(_halves(row[0]), width - 20, (52, 46, 42, 40))
        _put(draw, row[0], (x + width / 2, top + height * (0.3 if is_noted else 0.5)), width - 20, size, DEEP)
        if len(row) > 1:
            note = _fitting(_halves(row[1]), width - 16, (40, 36))
            _put(draw, row[1], (x + width / 2, top + height * 0.75), width - 16, note, MUTED, bold=False)
        if n < count - 1:
            middle, tip = top + height / 2, x + width + gap - 5
            draw.polygon([(x + width + 6, middle - 17), (tip, middle), (x + width + 6, middle + 17)], fill=SEDGE)


def _draw_compare(_image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    gap = 28
    width = (field.width - gap) // 2
    count = len(layout.rows) - 1
    height = min(96, (field.height - 92) // count)
    top = field.top + (field.height - 92 - count * height) // 2
    for k, (tint, strong, mark) in enumerate(((TINT, SEDGE, _tick), (LITCHI_TINT, LITCHI, _cross))):
        x = field.left + k * (width + gap)
        _card(draw, (x, top, x + width, top + 84 + count * height + 8), CARD, strong, 4)
        draw.rounded_rectangle((x, top, x + width, top + 76), 16, fill=strong, corners=(True, True, False, False))
        mark(draw, x + 44, top + 38)
        draw.text((x + width / 2 + 20, top + 38), layout.rows[0][k], font=font(42), fill=CARD, anchor="mm")
        size = _fitting([row[k] for row in layout.rows[1:]], width - 36, (48, 44, 40))
        for n, row in enumerate(layout.rows[1:]):
            y = top + 80 + n * height
            if n % 2:
                draw.rectangle((x + 4, y, x + width - 4, y + height), fill=tint)
            draw.text((x + width / 2, y + height / 2), row[k], font=font(size), fill=INK, anchor="mm")


def _tick(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    draw.line((x - 16, y, x - 5, y + 12, x + 16, y - 13), fill=CARD, width=7, joint="curve")


def _cross(draw: ImageDraw.ImageDraw, x: float, y: float) -> None:
    draw.line((x - 13, y - 13, x + 13, y + 13), fill=CARD, width=7)
    draw.line((x - 13, y + 13, x + 13, y - 13), fill=CARD, width=7)


def _draw_table(_image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    columns, count = len(layout.rows[0]), len(layout.rows)
    width, height = field.width / columns, min(84, field.height // count)
    top = field.top + (field.height - count * height) // 2
    _card(draw, (field.left, top, field.right, top + count * height), CARD, SEDGE, 4)
    draw.rounded_rectangle((field.left, top, field.right, top + height), 16, fill=SEDGE, corners=(True, True, False, False))
    sizes = (46, 42, 40, 38) if height > 66 else (40, 38)
    size = _fitting([cell for row in layout.rows for cell in row], int(width - 20), sizes)
    for n, row in enumerate(layout.rows):
        y = top + n * height
        if n > 1:
            draw.line((field.left + 16, y, field.right - 16, y), fill=LINE, width=2)
        for k, cell in enumerate(row):
            draw.text((field.left + (k + 0.5) * width, y + height / 2), cell, font=font(size), anchor="mm",
                      fill=CARD if n == 0 else DEEP if k == 0 else INK)


def _draw_warning(_image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    height = min(field.height, 320)
    top = field.top + (field.height - height) // 2
    _card(draw, (field.left, top, field.right, top + height), AMBER_TINT, AMBER, 5)
    x, y = field.left + 120, top + height / 2
    draw.polygon([(x, y - 78), (x - 88, y + 70), (x + 88, y + 70)], fill=CARD, outline=AMBER, width=10)
    draw.rounded_rectangle((x - 8, y - 32, x + 8, y + 22), 8, fill=AMBER)
    draw.ellipse((x - 10, y + 33, x + 10, y + 53), fill=AMBER)
    left, words = field.left + 240, [row[0] for row in layout.rows]
    size = _fitting(words[:1], field.right - left - 30, (76, 68, 62))
    lift = 40 if len(words) > 1 else 0
    draw.text((left, y - lift), words[0], font=font(size), fill=INK, anchor="lm")
    if lift:
        below = _fitting(words[1:], field.right - left - 30, (48, 44, 40))
        draw.text((left, y + 62), words[1], font=font(below), fill=DEEP, anchor="lm")


def _draw_number(_image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    figure, of = layout.rows[0][0], layout.rows[1][0]
    height = min(field.height, 340)
    top = field.top + (field.height - height) // 2
    _card(draw, (field.left, top, field.right, top + height), CARD, LINE)
    size = _fitting([figure], field.width - 80, (170, 150, 128, 110))
    middle = (field.left + field.right) / 2
    draw.text((middle, top + height * 0.4), figure, font=font(size), fill=SEDGE, anchor="mm")
    below = font(_fitting([of], field.width - 60, (50, 46, 42)))
    draw.text((middle, top + height * 0.82), of, font=below, fill=INK, anchor="mm")


def _draw_part(image: Image.Image, draw: ImageDraw.ImageDraw, layout: Layout, field: Field) -> None:
    """The drawing in the middle; labels on both sides, each with a line to its place."""
    import resvg_py  # noqa: PLC0415 only the process that draws needs it
    scale = min(field.height / PICTURE_HEIGHT, (field.width - 2 * 250) / PICTURE_WIDTH)
    width, height = round(PICTURE_WIDTH * scale), round(PICTURE_HEIGHT * scale)
    x, y = field.left + (field.width - width) // 2, field.top + (field.height - height) // 2
    picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(
        svg_string=layout.picture, width=width, height=height, skip_system_fonts=True)))).convert("RGBA")
    image.paste(picture, (x, y), picture)
    points = sorted(((row[0], _point(row[1])) for row in layout.rows), key=lambda p: p[1][0])
    half = (len(points) + 1) // 2
    for side, some in ((-1, points[:half]), (1, points[half:])):
        ordered = sorted(some, key=lambda p: p[1][1])
        for n, (label, at) in enumerate(ordered):
            spot = (x + at[0] * scale, y + at[1] * scale)
            beside = field.top + field.height * (n + 0.5) / len(ordered)
            edge = x - 14 if side < 0 else x + width + 14
            draw.line((*spot, edge, beside), fill=LITCHI, width=4)
            draw.ellipse((spot[0] - 8, spot[1] - 8, spot[0] + 8, spot[1] + 8), fill=LITCHI)
            room = edge - field.left if side < 0 else field.right - edge
            size = _fitting(_halves(label), int(room - 10), (46, 42, 40))
            lines = [label] if font(size).getlength(label) <= room - 10 else _halves(label)
            for k, line in enumerate(lines):
                draw.text((edge + side * 8, beside + (k - (len(lines) - 1) / 2) * size * 1.2), line, font=font(size), fill=INK,
                          anchor="rm" if side < 0 else "lm")


_DRAWERS: dict[str, Callable[[Image.Image, ImageDraw.ImageDraw, Layout, Field], None]] = {
    "steps": _draw_steps, "process": _draw_process, "compare": _draw_compare, "table": _draw_table, "warning": _draw_warning,
    "number": _draw_number, "part": _draw_part,
}
