"""Tables for a spreadsheet: Chinese opens right, and nothing that people wrote is reckoned out."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook

from guanxue.core.sheets import write_csv, write_workbook

NASTY = ["=1+1", "+86 13800000001", "-2+3", "@SUM(A1)", "\t=1", "＝1+1", '=HYPERLINK("http://x")']


@pytest.mark.parametrize("text", NASTY)
def test_text_that_begins_like_a_formula_is_text_in_csv(text):
    _heading, row = csv.reader(io.StringIO(write_csv(["题干"], [[text]]).decode("utf-8-sig")))
    assert row == ["'" + text]


def test_numbers_stay_numbers_in_csv_also_below_zero():
    assert write_csv(["区分度"], [[-0.25, None]]).decode("utf-8-sig").splitlines()[1] == "-0.25,"


def test_excel_is_told_that_csv_is_utf_8():
    assert write_csv(["学员"], []).startswith(b"\xef\xbb\xbf")


@pytest.mark.parametrize("text", NASTY)
def test_text_that_begins_like_a_formula_is_text_in_a_workbook(text):
    sheet = load_workbook(io.BytesIO(write_workbook("题目", ["题干", "答卷"], [[text, 3]]))).active
    assert (sheet["A2"].data_type, sheet["A2"].value, sheet["B2"].value) == ("s", text, 3)
