"""Questions out, in every form we write, each with what it cannot say."""

from __future__ import annotations

from dataclasses import replace

from guanxue.quizzes.formats.aiken import write_aiken
from guanxue.quizzes.formats.moodle_out import PictureOf, write_moodle
from guanxue.quizzes.formats.plain_text import write_plain
from guanxue.quizzes.formats.proving import found_changed
from guanxue.quizzes.formats.reports import Written
from guanxue.quizzes.formats.table_writing import write_workbook
from guanxue.quizzes.gift_writing import write_gift, write_moodle_gift
from guanxue.quizzes.rules import Question

FORMS = ("gift", "moodle-gift", "moodle", "aiken", "xlsx", "text")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def write_questions(form: str, questions: list[Question], picture_of: PictureOf | None = None) -> Written:
    """The file of one of FORMS and its losses, those included that only reading it again shows."""
    taken: dict[bytes, str] = {}

    def find(address: str) -> tuple[str, bytes] | None:
        found = picture_of(address) if picture_of is not None else None
        if found is not None:
            taken[found[1]] = address
        return found

    written = _written(form, questions, find)
    changed = found_changed(written.data, questions, written.losses, lambda name, data: taken.get(data, name))
    return replace(written, losses=sorted(written.losses + changed, key=lambda x: x.number))


def _written(form: str, questions: list[Question], picture_of: PictureOf) -> Written:
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
