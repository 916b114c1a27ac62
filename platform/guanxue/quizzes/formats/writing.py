"""Questions out, in every form we write, each with what it cannot say."""

from __future__ import annotations

from guanxue.quizzes.formats.aiken import write_aiken
from guanxue.quizzes.formats.moodle_out import PictureOf, write_moodle
from guanxue.quizzes.formats.plain_text import write_plain
from guanxue.quizzes.formats.reports import Written
from guanxue.quizzes.formats.table_writing import write_workbook
from guanxue.quizzes.gift_writing import write_gift, write_moodle_gift
from guanxue.quizzes.rules import Question

FORMS = ("gift", "moodle-gift", "moodle", "aiken", "xlsx", "text")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_questions(form: str, questions: list[Question], picture_of: PictureOf | None = None) -> Written:
    """The file of one of FORMS, and its losses."""
    if form == "xlsx":
        data, losses = write_workbook(questions)
        return Written(data, ".xlsx", _XLSX, losses)
    if form == "moodle":
        data, losses = write_moodle(questions, picture_of)
        return Written(data, ".xml", "application/xml", losses)
    if form == "gift":
        return Written(write_gift(questions).encode(), ".gift", "text/plain; charset=utf-8")
    text, losses = {"moodle-gift": write_moodle_gift, "aiken": write_aiken, "text": write_plain}[form](questions)
    return Written(text.encode(), "-moodle.gift" if form == "moodle-gift" else ".txt", "text/plain; charset=utf-8", losses)
