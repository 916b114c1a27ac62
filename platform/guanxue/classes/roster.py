"""Reading a roster that somebody brings: a workbook, CSV, or lines pasted from anywhere. Nothing is written here.

Spreadsheets make numbers of phone numbers (13800138000.0, 1.3800138E+10) and put a title above the heading; a person puts a
blank into a number and the name behind it. Every line that cannot be taken is told with its number and the reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from guanxue import accounts
from guanxue.core.errors import Invalid
from guanxue.core.i18n import lazy as _
from guanxue.core.plain import plain_text
from guanxue.core.sheets import read_table

MOST_LINES = 500
LONGEST_NAME = 40
_HEADINGS = {"name": ("姓名", "名字", "学员姓名", "学员", "name"),
             "phone": ("手机号", "手机", "手机号码", "电话", "联系电话", "联系方式", "phone", "mobile", "tel")}
_NUMBER = re.compile(r"[+\d][\d\s\-()]{9,20}\d")


@dataclass(frozen=True)
class Line:
    """Somebody of a roster: as which line they stand, name, number."""

    number: int
    name: str
    phone: str


@dataclass(frozen=True)
class Refused:
    """A line that cannot be taken, and why."""

    number: int
    text: str
    why: object


@dataclass(frozen=True)
class Read:
    """A roster as it was read."""

    lines: list[Line]
    refused: list[Refused]


def read_roster(data: bytes, filename: str) -> Read:
    """The lines of a file. Raises Invalid where it is no table at all."""
    return _read([(number, cells) for number, cells in read_table(data, filename, most_rows=MOST_LINES + 50) if any(cells)])


def read_lines(text: str) -> Read:
    """The lines of what was pasted: name and number with anything between."""
    rows = [(number, _apart(line)) for number, line in enumerate(text.replace("\r", "\n").split("\n"), 1) if line.strip()]
    return _read(rows)


def _apart(line: str) -> list[str]:
    between = r"\t+" if "\t" in line else r"[,，;；、]+"  # in lines of a spreadsheet a comma is part of a name
    cells = [c.strip() for c in re.split(between, line) if c.strip()]
    if len(cells) > 1:
        return cells
    found = _NUMBER.search(line)
    return [line[:found.start()] + line[found.end():], found[0]] if found else [line]


def _read(rows: list[tuple[int, list[str]]]) -> Read:
    columns, rows = _columns(rows)
    lines: list[Line] = []
    refused: list[Refused] = []
    seen: dict[str, int] = {}
    for number, cells in rows:
        found = _line(number, cells, columns)
        if isinstance(found, Line) and found.phone in seen:
            found = Refused(number, _told(cells), _("和第 %(n)s 行是同一个手机号。", n=seen[found.phone]))
        if isinstance(found, Line):
            seen[found.phone] = number
            lines.append(found)
        else:
            refused.append(found)
    if len(lines) + len(refused) > MOST_LINES:
        raise Invalid(_("一次最多 %(n)s 行，请分几次。", n=MOST_LINES))
    if not lines and not refused:
        raise Invalid(_("里面没有名单。请放“姓名”和“手机号”两列。"))
    return Read(lines, refused)


def _columns(rows: list[tuple[int, list[str]]]) -> tuple[dict[str, int] | None, list[tuple[int, list[str]]]]:
    """(where name and phone stand, None where nothing says so; the rows below the heading)."""
    for at, (_number, cells) in enumerate(rows[:10]):
        folded = [c.strip().lower().rstrip("：:*") for c in cells]
        places = {what: next((i for i, c in enumerate(folded) if c in words), None) for what, words in _HEADINGS.items()}
        if places["phone"] is not None and places["name"] is not None:
            return places, rows[at + 1:]
    return None, rows


def _line(number: int, cells: list[str], columns: dict[str, int] | None) -> Line | Refused:
    name, phone = _picked(cells, columns) if columns else _guessed(cells)
    name = " ".join(plain_text(name).split())
    if not phone:
        return Refused(number, _told(cells), _("没有手机号。"))
    normal = phone_of(phone)
    if normal is None:
        return Refused(number, _told(cells), _("手机号不对：应是 11 位。"))
    if not name:
        return Refused(number, _told(cells), _("没有姓名。"))
    if len(name) > LONGEST_NAME:
        return Refused(number, _told(cells), _("姓名太长。"))
    return Line(number, name, normal)


def _picked(cells: list[str], columns: dict[str, int]) -> tuple[str, str]:
    return tuple(cells[columns[w]] if columns[w] < len(cells) else "" for w in ("name", "phone"))


def _guessed(cells: list[str]) -> tuple[str, str]:
    """Without a heading: what is a number is the phone, the first of the rest that is no number is the name."""
    phone = next((c for c in cells if phone_of(c)), None) or next((c for c in cells if sum(x.isdigit() for x in c) > 6), "")
    return next((c for c in cells if c != phone and c.strip() and not c.strip().isdigit()), ""), phone


def phone_of(cell: str) -> str | None:
    """The eleven digits, also where a spreadsheet made a number of them; None where it is none."""
    text = cell.strip().lstrip("'").replace("\u00a0", " ")
    if re.fullmatch(r"\d+\.0*|\d(\.\d+)?[eE]\+?\d+", text):
        try:
            text = format(Decimal(text).quantize(Decimal(1)), "f")
        except InvalidOperation:
            return None
    try:
        return accounts.checked_phone(text)
    except Invalid:
        return None


def _told(cells: list[str]) -> str:
    return " ".join(c for c in cells if c)[:60]
