"""Draws one paper as PDF. A program of its own: reads what to draw as JSON on stdin, writes the PDF to stdout.

A process of its own because the font is large (65,000 glyphs): reading and subsetting it costs about a second and 150 MB,
which a web worker neither waits for nor keeps. Only the glyphs that are used are embedded.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import TextMode

WIDTH, HEIGHT, EDGE = 210.0, 297.0, 14.0  # A4, millimetres
LEFT, INNER = 30.0, 150.0
WIDTHS = (24.0, 74.0, 26.0, 26.0)  # of a statement's columns
# What stays together in a line: a number or word, else one character; with opening marks before and closing ones behind.
PIECE = re.compile(r"[（“‘《〈【]*(?:[!-~]+|.)[），。；：、！？”’》〉】…]*")
INK, MUTED, LINE, RED = (20, 20, 20), (90, 90, 90), (150, 150, 150), (179, 38, 46)


class Paper(FPDF):
    """A4 upright, one font."""

    def __init__(self, told: dict) -> None:
        super().__init__(format="A4")
        self.set_auto_page_break(False)
        self.set_margin(0)
        self.add_font("cjk", fname=told["font"], collection_font_number=told["face"])
        self.set_title(told["title"])
        self.set_author(told["issuer"])
        self.set_subject(told["number"])
        self.set_lang("zh-CN")
        self.set_creation_date(datetime.fromisoformat(told["issued_at"]))

    def words(self, x: float, y: float, text: str, size: float, *, colour: tuple = INK, bold: bool = False, width: float = 0,
              align: str = "L", leading: float = 1.55) -> float:
        """Text in a column of `width` (to the edge by default), in as many lines as it takes; where the next thing may begin.

        Bold is a stroke around the same outlines, so that no second font has to be embedded.
        """
        self.set_font("cjk", size=size)
        self.set_text_color(*colour)
        self.set_draw_color(*colour)
        if bold:
            self.text_mode, self.line_width = TextMode.FILL_STROKE, size * 0.012
        room = width or WIDTH - EDGE - x
        for line in self.lines_of(text, room - 2):
            self.set_xy(x, y)
            self.cell(room, size * leading * 0.3528, line, align=align)
            y += size * leading * 0.3528
        self.text_mode, self.line_width = TextMode.FILL, 0.2
        return y

    def lines_of(self, text: str, room: float) -> list[str]:
        """The text in lines that fit: broken between Chinese characters, not inside a number or an English word, and never
        before a closing mark or behind an opening one."""
        found = []
        for part in text.split("\n"):
            line = ""
            for piece in PIECE.findall(part):
                if line and self.get_string_width(line + piece) > room:
                    found.append(line)
                    line = ""
                for char in piece if self.get_string_width(piece) > room else [piece]:  # a word longer than a line
                    if line and self.get_string_width(line + char) > room:
                        found.append(line)
                        line = ""
                    line += char
            found.append(line)
        return found

    def woven_edge(self) -> None:
        """A double hairline with a band of crossing strands between: black on white, it survives a photocopier."""
        self.set_draw_color(*INK)
        for inset, line in ((EDGE - 4, 0.35), (EDGE, 0.12)):
            self.set_line_width(line)
            self.rect(inset, inset, WIDTH - 2 * inset, HEIGHT - 2 * inset)
        self.set_line_width(0.12)
        near, far = EDGE - 3.4, EDGE - 0.6
        for side in ("top", "bottom", "left", "right"):
            self._band(side, near, far)

    def _band(self, side: str, near: float, far: float) -> None:
        length = WIDTH if side in ("top", "bottom") else HEIGHT
        at, step = near, 2.8
        while at + step <= length - near + 0.01:
            for low, high in ((near, far), (far, near)):
                ends = [(at, low), (at + step, high)]
                if side in ("bottom", "right"):
                    across = HEIGHT if side == "bottom" else WIDTH
                    ends = [(a, across - b) for a, b in ends]
                points = ends if side in ("top", "bottom") else [(b, a) for a, b in ends]
                self.line(*points[0], *points[1])
            at += step

    def seal(self, x: float, y: float, size: float, text: str) -> None:
        """The square seal of the house, outlined, so that it stays readable in black and white."""
        self.set_draw_color(*RED)
        self.set_line_width(0.9)
        self.rect(x, y, size, size)
        self.set_line_width(0.25)
        self.rect(x + 1.3, y + 1.3, size - 2.6, size - 2.6)
        for n, line in enumerate((text[:2], text[2:])):
            self.words(x, y + size * (0.17 + 0.34 * n), line, size * 0.92, colour=RED, bold=True, width=size, align="C",
                       leading=1.0)

    def code(self, matrix: list[str], x: float, y: float, size: float) -> None:
        """A QR code, drawn as black squares with the quiet edge it needs (four modules)."""
        module = size / (len(matrix) + 8)
        self.set_fill_color(0, 0, 0)
        for row, bits in enumerate(matrix):
            start = 0
            while (begin := bits.find("1", start)) >= 0:
                end = bits.find("0", begin)
                end = len(bits) if end < 0 else end
                self.rect(x + (begin + 4) * module, y + (row + 4) * module, (end - begin) * module, module, style="F")
                start = end

    def rows(self, rows: list[list[str]], y: float, size: float = 11) -> float:
        """Labels and what stands behind them, a hairline under each."""
        for label, text in rows:
            self.words(LEFT, y + 1.6, label, size - 1.5, colour=MUTED, width=38)
            y = max(self.words(LEFT + 40, y + 1.3, text, size, width=INNER - 40) + 1.3, y + size * 0.68)
            self.set_draw_color(*LINE)
            self.set_line_width(0.1)
            self.line(LEFT, y, LEFT + INNER, y)
        return y


def certificate(told: dict) -> Paper:
    """One page: title, sentence, facts, code and seal."""
    paper = Paper(told)
    paper.add_page()
    paper.woven_edge()
    y = paper.words(LEFT, 30, told["issuer"], 13, width=INNER, align="C")
    y = paper.words(LEFT, y + 7, told["title"], 30, bold=True, width=INNER, align="C")
    y = paper.words(LEFT, y + 1, told["english"], 11, colour=MUTED, width=INNER, align="C")
    y = paper.words(LEFT, y + 8, told["sentence"], 14, width=INNER, leading=1.9)
    y = paper.rows(told["rows"], y + 6)
    _foot(paper, told, max(y + 6, 216))
    return paper


def statement(told: dict) -> Paper:
    """As many pages as there are lines; each says which it is."""
    paper, widths = Paper(told), told.get("widths", WIDTHS)
    pages, room = [[]], told.get("first_page", 20)
    for line in told["lines"]:
        tall = max(len(lines) for lines in _in_columns(paper, line, widths))
        if tall > room:
            pages.append([])
            room = 40
        pages[-1].append(line)
        room -= tall
    for number, part in enumerate(pages, 1):
        paper.add_page()
        paper.woven_edge()
        y = 26.0
        if number == 1:
            y = paper.words(LEFT, y, told["issuer"], 12, width=INNER, align="C")
            y = paper.words(LEFT, y + 3, told["title"], 24, bold=True, width=INNER, align="C")
            y = paper.words(LEFT, y, told["english"], 10, colour=MUTED, width=INNER, align="C")
            y = paper.rows(told["rows"], y + 3, 10) + 4
        y = _table(paper, told["columns"], part, y, widths)
        if number == 1:
            _foot(paper, told, 222)
        paper.words(LEFT, HEIGHT - 22, f"{told['number']}    {number} / {len(pages)}", 8, colour=MUTED, width=INNER, align="C")
    return paper


def _table(paper: Paper, columns: list[str], lines: list[list[str]], y: float, widths: list[float]) -> float:
    aligns = ["L"] * (len(widths) - 2) + ["R", "R"]
    for n, line in enumerate([columns, *lines]):
        x, told = LEFT, _in_columns(paper, line, widths)
        for parts, width, align in zip(told, widths, aligns, strict=True):
            paper.words(x, y, "\n".join(parts), 9, colour=MUTED if n == 0 else INK, width=width, align=align)
            x += width
        y += 5.2 * max(map(len, told))
        paper.set_draw_color(*LINE)
        paper.set_line_width(0.1)
        paper.line(LEFT, y, LEFT + INNER, y)
    return y


def _in_columns(paper: Paper, line: list[str], widths: list[float]) -> list[list[str]]:
    """What stands in each column, in as many lines as it takes; of a name that takes more than two the rest is left out."""
    paper.set_font("cjk", size=9)
    found = [paper.lines_of(text, width - 3) for text, width in zip(line, widths, strict=True)]
    return [lines if len(lines) < 3 else [lines[0], lines[1][:-1] + "…"] for lines in found]


def _foot(paper: Paper, told: dict, y: float) -> None:
    """The code to check by, what it is for, the seal, and what this paper is not."""
    paper.code(told["matrix"], LEFT - 3, y, 36)
    end = paper.words(LEFT + 38, y + 4, told["check"], 9.5, width=74)
    paper.words(LEFT + 38, end + 1, told["address"], 8.5, colour=MUTED, width=76)
    if told["seal"]:
        paper.seal(LEFT + INNER - 24, y + 5, 24, told["seal"])
    paper.words(LEFT, 264, told["note"], 8, colour=MUTED, width=INNER)


def main() -> None:
    """Read, draw, write."""
    logging.disable(logging.WARNING)  # the font library tells of tables it leaves out
    told = json.load(sys.stdin)
    paper = (statement if told["kind"] == "statement" else certificate)(told)
    sys.stdout.buffer.write(bytes(paper.output()))


if __name__ == "__main__":
    main()
