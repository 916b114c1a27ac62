"""Reading questions from a table: an Excel workbook, CSV, or cells pasted out of one. A row is a question.

Formulas are taken as the text they are, never computed. The first row that names a stem and an answer is the heading.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from guanxue.core.i18n import lazy as _
from guanxue.core.zips import BROKEN
from guanxue.quizzes.formats import headings
from guanxue.quizzes.formats.assembling import assemble
from guanxue.quizzes.formats.drafts import Bad, Draft
from guanxue.quizzes.formats.lines import fold
from guanxue.quizzes.formats.pasted import again
from guanxue.quizzes.formats.reports import ROW, Doubt, Dropped, LeftOut, Report, Unreadable
from guanxue.quizzes.rules import LEVELS, Question

MOST_ROWS, MOST_COLUMNS, MOST_SHEETS, LONGEST_CELL = 5000, 60, 30, 5000
MOST_UNPACKED_BYTES = 64 * 1024**2
MOST_TAGS, MOST_STYLE_TAGS = 2_000_000, 60_000
COLUMNS = {
    "kind": ("题型", "类型", "题目类型", "试题类型", "type"),
    "stem": ("题干", "题目", "试题", "问题", "题目内容", "试题内容", "题目名称", "question", "stem"),
    "answer": ("答案", "正确答案", "参考答案", "标准答案", "answer", "key"),
    "explanation": ("解析", "答案解析", "试题解析", "题目解析", "说明", "explanation"),
    "pool": ("题库", "题组", "抽题组", "pool"),
    "level": ("难度", "难易", "难易度", "难易程度", "level"),
    "rule": ("多选计分", "计分", "计分方式", "rule"),
    "id": ("题号", "名称", "编号", "id", "name"),
    "number": ("序号", "行号", "no", "no."),
}
_LONG_BLANK = re.compile(r"\s{9,}")  # nobody means more by more; thousands would be tried in thousands of ways
LEVEL_WORDS = {"易": "easy", "容易": "easy", "简单": "easy", "中": "middle", "中等": "middle", "一般": "middle", "难": "hard",
               "困难": "hard", **{word: word for word in LEVELS}}
WHOLE_WORDS = ("全对才得分", "全对得分", "whole")


@dataclass(frozen=True)
class Cell:
    """What a cell says. `was_date`: a table program has made a date of it, which may not be what was typed."""

    text: str
    was_date: bool = False


_EMPTY = Cell("")
Row = tuple[int, list[Cell]]  # (number from 1 as the table shows it, cells)


def read_workbook(data: bytes) -> Report:
    """Every sheet of an Excel workbook that has the heading. Raises Unreadable."""
    from openpyxl import load_workbook  # 20 MB that a web process has no need of until somebody brings a table

    _must_be_small(data)
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        sheets = [(sheet.title, list(_rows(sheet))) for sheet in book.worksheets[:MOST_SHEETS]]
    except Unreadable:
        raise
    except Exception:  # a broken workbook fails in a hundred ways inside the library
        raise Unreadable(_("这个 Excel 文件打不开，请用 Excel 或 WPS 另存一次再试。"))
    return _read_sheets(sheets, "xlsx")


def _must_be_small(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(x.file_size for x in archive.infolist()) > MOST_UNPACKED_BYTES or len(archive.infolist()) > 1000:
                raise Unreadable(_("这个文件解开以后太大了，请把题目分成几个文件。"))
            for part in archive.namelist():
                must_have_few_tags(archive, part, MOST_STYLE_TAGS if part.endswith("styles.xml") else MOST_TAGS)
    except (*BROKEN, OSError):
        raise Unreadable(_("这个文件不完整，请重新保存后再试。"))


def must_have_few_tags(archive: zipfile.ZipFile, name: str, most: int) -> None:
    """Raises Unreadable where a part has more tags than that: each takes a hundred times its bytes once it is read."""
    if not name.endswith((".xml", ".rels")):
        return
    with archive.open(name) as part:
        tags = sum(piece.count(b"<") for piece in iter(lambda: part.read(256 * 1024), b""))
    if tags > most:
        raise Unreadable(_("这个文件解开以后太大了，请把题目分成几个文件。"))


def _rows(sheet) -> Iterator[Row]:
    sheet.reset_dimensions()  # what the file says of its own size may be wrong
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_row=MOST_ROWS + 20, max_col=MOST_COLUMNS), 1):
        cells = [cell_of(v) for v in values]
        if any(c.text for c in cells):
            yield number, cells


def cell_of(value: object) -> Cell:
    """The text of a cell's value: whole numbers without a point, dates as they read, nothing computed."""
    if value is None:
        return _EMPTY
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, datetime | date | time):
        return Cell(value.strftime("%Y-%m-%d") if isinstance(value, datetime) else value.isoformat(), was_date=True)
    if isinstance(value, float):
        return Cell(format(Decimal(repr(value)).normalize(), "f"))
    text = getattr(value, "text", None)  # a formula that spans cells
    words = str(text if isinstance(text, str) else value).strip()[:LONGEST_CELL]
    return Cell(_LONG_BLANK.sub(lambda m: "\n" if "\n" in m[0] else " " * 8, words))


def read_csv(text: str, *, format: str = "csv") -> Report:
    """A table of text: commas, semicolons or tabs between, quotes as usual."""
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    separator = max("\t,;", key=lambda s: (first.count(s), s == ","))
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=separator)
    rows: list[Row] = []
    try:
        for cells in reader:
            if any(c.strip() for c in cells):
                rows.append((reader.line_num, [cell_of(c) for c in cells[:MOST_COLUMNS]]))
            if len(rows) > MOST_ROWS + 20:
                break
    except csv.Error:
        raise Unreadable(_("这个 CSV 文件第 %(n)s 行附近读不下去，请检查引号。", n=reader.line_num))
    return _read_sheets([("", rows)], format)


def has_heading(text: str) -> bool:
    """Does a text begin as a table with a heading?"""
    for line in text.lstrip("\ufeff").split("\n")[:10]:
        for separator in "\t,;":
            if line.count(separator) > 1 and _columns([Cell(c.strip(' "\r')) for c in line.split(separator)]) is not None:
                return True
    return False


def _columns(cells: Iterable[Cell]) -> dict[int, str] | None:
    """{column: what it holds} of a heading: a name of COLUMNS, an option's letter, "?word" for others; None for other rows."""
    found: dict[int, str] = {}
    for at, cell in enumerate(cells):
        word = fold(cell.text).strip().strip("*").replace(" ", "").casefold()
        name = next((n for n, words in COLUMNS.items() if word in words and n not in found.values()), None)
        letter = word.removeprefix("选项").removeprefix("答案").upper() if word != "答案" else ""
        if name:
            found[at] = name
        elif len(letter) == 1 and "A" <= letter <= "L":
            found[at] = letter
        elif word:
            found[at] = f"?{cell.text.strip()}"
    return found if {"stem", "answer"} <= set(found.values()) else None


def _read_sheets(sheets: list[tuple[str, list[Row]]], format: str) -> Report:
    report = Report(format=format, unit=ROW)
    total, is_any = 0, False
    for title, rows in sheets:
        head = next((n for n, (_number, cells) in enumerate(rows[:10]) if _columns(cells)), None)
        if head is None:
            if rows:
                report.doubts.append(Doubt(rows[0][0], title, _(
                    "工作表“%(title)s”里没有找到“题干”和“答案”两列，没有读。", title=title)))
            continue
        is_any = True
        for number, cells in rows[:head]:
            report.doubts.append(Doubt(number, _begins(cells), _("当作标题或说明，没有收进题里。")))
        if len(rows) - head - 1 > MOST_ROWS:
            raise Unreadable(_("表格超过 %(n)s 行，请分成几个文件。", n=MOST_ROWS))
        total += sum(1 for _n, cells in rows[head + 1 :] if any(c.text for c in cells))  # rows, counted before any is read
        _read_rows(report, _columns(rows[head][1]), rows[head + 1 :])
    if not is_any:
        raise Unreadable(_("没有找到表头：要有“题干”和“答案”两列。可以下载模板照着填。"))
    return Report(report.questions, report.left_out, total, format, ROW, report.lines, report.doubts, report.dropped)


def _begins(cells: list[Cell]) -> str:
    return " ".join(c.text for c in cells if c.text)[:40]


def _read_rows(report: Report, columns: dict[int, str], rows: list[Row]) -> None:
    for number, cells in rows:
        draft = _draft(number, columns, cells)
        try:
            question = assemble(draft, report.doubts)
            _must_be_new(report.questions, question)
        except Bad as bad:
            report.left_out.append(LeftOut(number, draft.begins() or _begins(cells), bad.message))
            continue
        report.questions.append(question)
        report.lines.append(number)
        for at, cell in enumerate(cells):
            if cell.was_date and columns.get(at, "?")[0] != "?":
                report.doubts.append(Doubt(number, cell.text, _("这一格被表格程序变成了日期，请核对原来写的是什么。")))
        if draft.dropped:
            report.dropped.append(Dropped(number, draft.begins(), tuple(draft.dropped)))


def _must_be_new(questions: list[Question], question: Question) -> None:
    before = next((q for q in questions if q.id == question.id), None)
    if before is not None and before.stem != question.stem:
        raise Bad(_("题号“%(name)s”和前面的题重复。", name=question.id))
    if before is not None:
        raise Bad(again(before, question))


def _draft(number: int, columns: dict[int, str], cells: list[Cell]) -> Draft:
    said = {columns[at]: cell.text for at, cell in enumerate(cells) if at in columns and cell.text}
    word = fold(said.get("kind", "")).strip().strip("【】[]()")
    draft = Draft(number, stem=said.get("stem", ""), kind=headings.kind_named(word), answer=said.get("answer"),
                  explanation=said.get("explanation", ""), pool=said.get("pool", ""), id=said.get("id", ""),
                  rule="whole" if said.get("rule", "").strip() in WHOLE_WORDS else "",
                  level=LEVEL_WORDS.get(said.get("level", "").strip().lower(), ""))
    if said.get("level", "").strip() and not draft.level:
        draft.dropped.append(_("难度“%(what)s”没有这一种，没有填。", what=said["level"].strip()[:20]))
    if word and not draft.kind:
        draft.dropped.append(_("题型“%(what)s”没有这一种，按内容判断。", what=word[:20]))
    draft.options = [(letter, said[letter]) for letter in sorted(k for k in said if len(k) == 1 and k != "?")]
    draft.dropped += [f"{name[1:]}：{text[:40]}" for name, text in said.items() if name.startswith("?")]
    beyond = [cell.text for at, cell in enumerate(cells) if at not in columns and cell.text]
    if beyond:
        draft.dropped.append(_("没有表头的格子：%(what)s", what="、".join(beyond)[:40]))
    return draft
