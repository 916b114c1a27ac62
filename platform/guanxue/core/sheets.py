"""Tables for Excel and WPS: whatever people wrote stays text in them, also where it begins like a formula; and read again."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal

from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN

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


Sheet = tuple[str, Sequence[str], Iterable[Sequence[Cell]], Sequence[int]]  # title, heading, rows, widths of the columns


def write_workbook(title: str, heading: Sequence[str], rows: Iterable[Sequence[Cell]], widths: Sequence[int] = ()) -> bytes:
    """A workbook of one sheet whose text cells are said to be text; `widths` of its columns, in characters."""
    return write_sheets([(title, heading, rows, widths)])


def write_sheets(sheets: Iterable[Sheet]) -> bytes:
    """The same of several sheets."""
    from openpyxl import Workbook  # 20 MB that a web process has no need of until somebody wants a table
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)

    def cell(sheet, value: Cell, *, wraps: bool, font: Font | None = None) -> WriteOnlyCell:
        made = WriteOnlyCell(sheet, value=None if value == "" else value)
        if isinstance(value, str) and value:
            made.data_type = "s"
            made.number_format = "@"
        made.alignment = Alignment(wrap_text=wraps, vertical="top")
        if font:
            made.font = font
        return made

    for title, heading, rows, widths in sheets:
        sheet, wraps = book.create_sheet(title[:31]), bool(widths)
        sheet.freeze_panes = "A2"
        for number, width in enumerate(widths, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.append([cell(sheet, word, wraps=wraps, font=Font(bold=True)) for word in heading])
        for row in rows:
            sheet.append([cell(sheet, value, wraps=wraps) for value in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


# ---- reading

MOST_FILE_BYTES, MOST_UNPACKED_BYTES, MOST_TAGS = 2 * 1024**2, 32 * 1024**2, 400_000
MOST_COLUMNS, LONGEST_CELL = 40, 300


def read_table(data: bytes, filename: str, *, most_rows: int) -> list[tuple[int, list[str]]]:
    """(number of the row, its cells as text) of a workbook's first sheet with anything in it, or of a CSV in UTF-8 or GBK.

    Numbers come as people would write them, formulas as the text they are. Raises Invalid where it is none, or too large.
    """
    if len(data) > MOST_FILE_BYTES:
        raise Invalid(_("文件太大。表格最大 %(n)s MB。", n=MOST_FILE_BYTES // 1024**2))
    if data.startswith(b"PK\x03\x04"):
        return _read_workbook(data, most_rows)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(_("这是旧格式的 Excel 文件（.xls）。请用 Excel 或 WPS 另存为 .xlsx 再传。"))
    return _read_csv(data, most_rows)


def _read_workbook(data: bytes, most_rows: int) -> list[tuple[int, list[str]]]:
    from openpyxl import load_workbook  # as above

    _must_be_small(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        for sheet in book.worksheets[:10]:
            sheet.reset_dimensions()  # what the file says of its own size may be wrong
            values = sheet.iter_rows(values_only=True, max_row=most_rows + 1, max_col=MOST_COLUMNS)
            rows = [(n, cells) for n, row in enumerate(values, 1) if any(cells := [text_of(v) for v in row])]
            if rows:
                return _counted(rows, most_rows)
    except Invalid:
        raise
    except Exception:  # a broken workbook fails in a hundred ways inside the library
        raise Invalid(_("这个 Excel 文件打不开，请用 Excel 或 WPS 另存一次再试。")) from None
    raise Invalid(_("表格是空的。"))


def _must_be_small(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            if len(parts) > 500 or sum(p.file_size for p in parts) > MOST_UNPACKED_BYTES:
                raise Invalid(_("这个文件解开以后太大了，请分成几个文件。"))
            tags = sum(archive.read(p).count(b"<") for p in parts)  # whatever its parts are called
    except (*BROKEN, OSError):
        raise Invalid(_("这个文件不完整，请重新保存后再试。")) from None
    if tags > MOST_TAGS:
        raise Invalid(_("这个文件解开以后太大了，请分成几个文件。"))


def _read_csv(data: bytes, most_rows: int) -> list[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            raise Invalid(_("这个文件读不出文字。请存成 .xlsx 或 UTF-8 的 .csv。")) from None
    if "\0" in text:
        raise Invalid(_("这个文件不是表格。请传 .xlsx 或 .csv。"))
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=max("\t,;", key=lambda s: (first.count(s), s == ",")))
    rows: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                rows.append((reader.line_num, [text_of(c) for c in cells[:MOST_COLUMNS]]))
            if len(rows) > most_rows:
                break
    except csv.Error:
        raise Invalid(_("这个 CSV 文件第 %(n)s 行附近读不下去，请检查引号。", n=reader.line_num)) from None
    if not rows:
        raise Invalid(_("表格是空的。"))
    return _counted(rows, most_rows)


def _counted(rows: list[tuple[int, list[str]]], most_rows: int) -> list[tuple[int, list[str]]]:
    if len(rows) > most_rows:
        raise Invalid(_("行太多：一次最多 %(n)s 行，请分几次。", n=most_rows))
    return rows


def text_of(value: object) -> str:
    """What a cell says: 13800138000.0 without its point, a date as it reads, nothing for nothing."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    return str(value).strip()[:LONGEST_CELL]
