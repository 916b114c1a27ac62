"""Slides drawn by the machine: the point in large type, a simple drawing that fits it, a woven band. 1280×720.

Colours and the weave follow the house's look (woven, drawn, stamped); words are readable on a phone 360 px wide.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageOps

from guanxue.media import layouts
from guanxue.media.palette import AMBER, AMBER_TINT, CARD, DEEP, INK, LINE, MUTED, PAPER, SEDGE, TINT, font

WIDTH, HEIGHT = 1280, 720
MOST_WIDE, MOST_HIGH = 8 / 3, 0.5  # shapes of films; slides beyond get some ground beside them
LABEL = "合成语音"
# Two strands an industry; the second is always the darker one.
STRANDS = {
    "equipment": ("#8FA8B8", "#3C5A6E"), "textiles": ("#D8A7A0", "#8E3F45"), "care": ("#E3B5A4", "#A4493D"),
    "commerce": ("#D9C08A", "#86641A"), "logistics": ("#B9C2A0", "#5A6B35"), "safety": ("#E0C078", "#8A5A00"),
    "electronics": ("#9DB7D6", "#2F5C8F"), "food": ("#E2C391", "#97601F"), "quality": ("#A9C7BE", "#2E6E63"),
}
_WARNING = re.compile(r"不|禁|勿|别|严|防|危|险|停|断")
_AMOUNT = re.compile(r"[\d一二三四五六七八九十百千两半]+(?:点[一二三四五六七八九零]+)?"
                     r"(?:秒|分钟|毫米|厘米|米|度|次|个|天|小时|步|种|伏|倍|成)")
_CODE = re.compile(r"[A-Za-z]*\d+[A-Za-z]*")


@dataclass(frozen=True)
class SlideFace:
    """What one slide shows. `number` of `count` slides; `drawing` is a layout as its text says it."""

    course_title: str
    lesson_title: str
    headline: str
    accent: str
    number: int
    count: int
    label: str
    drawing: str = ""


def draw_slide(face: SlideFace, path: Path) -> None:
    """Draw one slide as PNG."""
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    _weave(image, face)
    draw.text((72, 56), face.course_title, font=font(28, bold=False), fill=MUTED)
    draw.text((72, 98), face.lesson_title, font=font(34), fill=DEEP)
    draw.line((72, 158, 860, 158), fill=LINE, width=2)
    clauses = [c for c in re.split(r"[，；。,;]", face.headline or face.lesson_title) if c.strip()]
    if face.drawing:
        _short_headline(draw, face.headline or face.lesson_title)
        layouts.draw_layout(image, layouts.read_layout(face.drawing), layouts.Field(72, 262, 1100, 620))
    else:
        _headline(draw, clauses)
        _figure(draw, face, clauses)
    _foot(draw, face)
    image.save(path, optimize=False, compress_level=1)


# ---- a teacher's own slides


def frame_of(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    """The film's width and height for slides of those sizes: the shape that most of them have, its shorter side HEIGHT."""
    about = [round(width / height, 2) for width, height in sizes]
    width, height = sizes[about.index(max(about, key=lambda s: (about.count(s), -about.index(s))))]
    shape = min(MOST_WIDE, max(MOST_HIGH, width / height))
    return (HEIGHT, round(HEIGHT / shape / 2) * 2) if shape < 1 else (round(HEIGHT * shape / 2) * 2, HEIGHT)


def draw_page(picture: Path, frame: tuple[int, int], label: str, path: Path) -> None:
    """A slide of a teacher's as PNG of the frame's size: whole, on plain ground where its shape is another.

    `label` says in a corner that a machine speaks. Raises OSError for a picture that is gone.
    """
    with Image.open(picture, formats=("JPEG", "PNG")) as opened:
        shown = ImageOps.contain(opened.convert("RGB"), frame, Image.Resampling.LANCZOS)
    image = Image.new("RGB", frame, PAPER)
    image.paste(shown, ((frame[0] - shown.width) // 2, (frame[1] - shown.height) // 2))
    if label:
        draw, letters = ImageDraw.Draw(image), font(20, bold=False)
        left = frame[0] - 24 - round(letters.getlength(label))
        draw.rounded_rectangle((left - 10, frame[1] - 42, frame[0] - 12, frame[1] - 10), 6, fill=PAPER)
        draw.text((left, frame[1] - 14), label, font=letters, fill=MUTED, anchor="ld")
    image.save(path, optimize=False, compress_level=1)


def _headline(draw: ImageDraw.ImageDraw, clauses: list[str]) -> None:
    longest = max(map(len, clauses))
    size = 76 if longest <= 10 else 66 if longest <= 12 else 56
    per_line = 780 // size
    blocks = [_wrapped(clause, per_line) for clause in clauses]
    y = 380 - sum(map(len, blocks)) * (size + 26) // 2
    for lines in blocks:
        foot = y + (len(lines) - 1) * (size + 26) + size + 6
        draw.rounded_rectangle((72, y + 10, 82, foot), 5, fill=SEDGE)
        for text in lines:
            draw.text((108, y - size // 6), text, font=font(size), fill=INK)
            y += size + 26


def _short_headline(draw: ImageDraw.ImageDraw, text: str) -> None:
    """In one line above what is drawn."""
    size = next((n for n in (56, 50, 46, 42) if font(n).getlength(text) <= 990), 40)
    draw.rounded_rectangle((72, 184, 82, 184 + size + 10), 5, fill=SEDGE)
    draw.text((104, 184 + size // 2 + 5), text, font=font(size), fill=INK, anchor="lm")


def _wrapped(clause: str, per_line: int) -> list[str]:
    """The clause in lines of about equal length, broken after 、 where that fits, never inside a code such as G71."""
    count = -(-len(clause) // per_line)
    if count <= 1:
        return [clause]
    even = len(clause) / count

    def cost(at: int) -> float:
        inside_code = clause[at - 1:at + 1].isascii() and clause[at - 1:at + 1].isalnum()
        return abs(at - even) - (3 if clause[at - 1] == "、" else 0) + (9 if inside_code or clause[at] == "、" else 0)

    at = min(range(max(1, len(clause) - per_line * (count - 1)), per_line + 1), key=cost)
    return [clause[:at], *_wrapped(clause[at:], per_line)]


def _weave(image: Image.Image, face: SlideFace) -> None:
    """A band of crossing strands down the right edge; its rhythm comes from the course's title."""
    light, dark = STRANDS.get(face.accent, ("#A8C9B6", SEDGE))
    seed = hashlib.sha256(face.course_title.encode()).digest()
    step, gap = 20 + seed[0] % 6, 4
    skip = 2 + seed[1] % 2
    draw = ImageDraw.Draw(image)
    left = WIDTH - step * 5
    for row, y in enumerate(range(0, HEIGHT, step)):
        for column in range(5):
            x = left + column * step
            over = (row * (1 + seed[2] % 2) + column) % skip == 0
            box = (x, y + gap, x + step, y + step - gap) if over else (x + gap, y, x + step - gap, y + step)
            draw.rectangle(box, fill=dark if over else light)


def _figure(draw: ImageDraw.ImageDraw, face: SlideFace, clauses: list[str]) -> None:
    """One drawing on the right, chosen by what the headline says."""
    x, y, side = 890, 210, 250
    draw.rounded_rectangle((x, y, x + side, y + side), 24, fill=CARD, outline=LINE, width=3)
    centre = (x + side // 2, y + side // 2)
    amount = _AMOUNT.search(face.headline) or _CODE.search(face.headline)
    if amount:
        text = amount[0]
        size = next((n for n in (76, 64, 56, 48, 40) if font(n).getlength(text) <= 172), 32)  # inside the ring
        draw.ellipse((x + 28, y + 28, x + side - 28, y + side - 28), outline=SEDGE, width=8)
        draw.text(centre, text, font=font(size), fill=DEEP, anchor="mm")
    elif _WARNING.search(face.headline):
        corners = [(centre[0], y + 40), (x + 32, y + 206), (x + side - 32, y + 206)]
        draw.polygon(corners, fill=AMBER_TINT, outline=AMBER, width=8)
        draw.rounded_rectangle((centre[0] - 7, y + 96, centre[0] + 7, y + 158), 7, fill=AMBER)
        draw.ellipse((centre[0] - 9, y + 170, centre[0] + 9, y + 188), fill=AMBER)
    elif len(clauses) > 1:
        _steps(draw, x, y, side, min(3, len(clauses)))
    else:
        draw.ellipse((x + 40, y + 40, x + side - 40, y + side - 40), outline=SEDGE, width=8)
        draw.line((x + 82, y + 128, x + 114, y + 160, x + 170, y + 92), fill=SEDGE, width=14, joint="curve")


def _steps(draw: ImageDraw.ImageDraw, x: int, y: int, side: int, count: int) -> None:
    height = (side - 40 - (count - 1) * 22) // count
    for n in range(count):
        top = y + 20 + n * (height + 22)
        draw.rounded_rectangle((x + 36, top, x + side - 36, top + height), 12, fill=TINT, outline=SEDGE, width=5)
        draw.text((x + side // 2, top + height // 2), str(n + 1), font=font(44), fill=DEEP, anchor="mm")
        if n < count - 1:
            middle = x + side // 2
            below = top + height
            draw.polygon([(middle - 12, below + 4), (middle + 12, below + 4), (middle, below + 19)], fill=SEDGE)


def _foot(draw: ImageDraw.ImageDraw, face: SlideFace) -> None:
    y = 640 if face.drawing else 560
    for n in range(face.count):
        x = 72 + n * 40
        draw.rounded_rectangle((x, y, x + 30, y + 8), 4, fill=SEDGE if n < face.number else LINE)
    draw.text((72 + face.count * 40 + 12, y - 11), f"{face.number} / {face.count}", font=font(22, bold=False), fill=MUTED)
    draw.text((1140, y - 1), face.label, font=font(20, bold=False), fill=MUTED, anchor="ra")
