"""What teachers write as an answer: no letter, tolerance or word of it is taken for another."""

from __future__ import annotations

import pytest

from guanxue.quizzes import read_text
from guanxue.quizzes.formats.answers import accepted, letters_of, range_of


@pytest.mark.parametrize(("raw", "letters"), [
    ("B", "B"), ("A、C", "AC"), ("选B。", "B"), ("B. 停机", "B"), ("B，停机", "B"), ("（A）停机", "A"), ("B. 停机，A相断电", "B"),
    ("B，因为A、C不对", "B"), ("B. 用 C 型钳", "B")])
def test_an_answer_names_its_letters(raw, letters):
    assert letters_of(raw) == letters


@pytest.mark.parametrize("raw", [
    "A.停机；C.断电", "A. 停机\nC. 断电", "A:停机 C:断电", "A.B.C", "（A）（C）", "B,C（多选）", "A、B、C（全选）", "B, C 都对", "B、C都对"])
def test_of_several_letters_with_words_between_the_first_alone_is_no_answer(raw):
    assert letters_of(raw) is None


@pytest.mark.parametrize(("raw", "bounds"), [
    ("3.14±0.01", ("3.13..3.15", "")), ("220V±10V", ("210..230", "V")), ("50%±5%", ("45..55", "%")),
    ("220V±10%", ("198..242", "V")), ("-200 mm±5‰", ("-201..-199", "mm")), ("5mm±0.1", ("4.9..5.1", "mm"))])
def test_a_tolerance_in_percent_is_of_the_number_it_stands_behind(raw, bounds):
    assert range_of(raw) == bounds


@pytest.mark.parametrize("raw", ["5cm±2mm", "1cm~2m"])
def test_two_units_are_no_number(raw):
    assert range_of(raw) is None


@pytest.mark.parametrize(("raw", "words"), [
    ("停机/关机", ["停机", "关机"]), ("停机或关机", ["停机", "关机"]), ("停机 或者 关机", ["停机", "关机"]), ("或门", ["或门"]),
    ("与门/或门", ["与门", "或门"]), ("或非门|或门", ["或非门", "或门"]), ("I=U/R", ["I=U/R"])])
def test_a_word_that_begins_with_or_is_one_answer(raw, words):
    assert accepted(raw) == words


def test_marks_of_a_list_in_the_stem_are_found_among_the_options():
    question = read_text("1. 哪些要戴手套？①磨刀 ②搬料 ③量尺寸\nA. ①②  B. ①③  C. ②③\n答案：①③").questions[0]
    assert [o.text for o in question.options if o.permille > 0] == ["①③"]
