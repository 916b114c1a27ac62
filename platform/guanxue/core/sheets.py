"""Tables for Excel and WPS: whatever people wrote stays text in them, also where it begins like a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so is reckoned out by a spreadsheet when it opens a CSV (owasp.org, "CSV Injection").
_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Cell = str | int | float | None


def write_csv(heading: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """UTF-8 with a byte-order mark, by which Excel knows Chinese; text that begins like a formula gets an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_plain(word) for word in heading])
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _plain(cell: Cell) -> Cell:
    return "'" + cell if isinstance(cell, str) and cell.startswith(_BEGINNINGS) else cell


def write_workbook(title: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int] = ()) -> bytes:
    """A workbook of one sheet whose text cells are said to be text; `widths` of its columns, in characters."""
    from openpyxl import Workbook  # 20 MB that a web process has no need of until somebody wants a table
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    for number, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width

    def cell(value: Cell, font: Font | None = None) -> WriteOnlyCell:
        made = WriteOnlyCell(sheet, value=None if value == "" else value)
        if isinstance(value, str) and value:
            made.data_type = "s"
            made.number_format = "@"
        made.alignment = Alignment(wrap_text=bool(widths), vertical="top")
        if font:
            made.font = font
        return made

    sheet.append([cell(word, Font(bold=True)) for word in heading])
    for row in rows:
        sheet.append([cell(value) for value in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
