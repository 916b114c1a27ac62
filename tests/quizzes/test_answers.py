"""What teachers write as an answer: no letter, tolerance or word of it is taken for another."""

from __future__ import annotations

import pytest

from guanxue.quizzes import Question, read_file, read_text, write_questions
from guanxue.quizzes.formats.answers import accepted, letters_of, range_of
from guanxue.quizzes.rules import Option


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
    ("与门/或门", ["与门", "或门"]), ("或非门|或门", ["或非门", "或门"]), ("I=U/R", ["I=U/R"]), ("停机／关机", ["停机", "关机"])])
def test_a_word_that_begins_with_or_is_one_answer(raw, words):
    assert accepted(raw) == words


def test_marks_of_a_list_in_the_stem_are_found_among_the_options():
    question = read_text("1. 哪些要戴手套？①磨刀 ②搬料 ③量尺寸\nA. ①②  B. ①③  C. ②③\n答案：①③").questions[0]
    assert [o.text for o in question.options if o.permille > 0] == ["①③"]


@pytest.mark.parametrize("raw", ["380V/220V", "220/380V", "10mm/1cm", "1/2", "100 r/min", "AC/DC", "±0.02/100", "2026/1/2"])
def test_a_stroke_inside_a_value_or_a_name_parts_nothing_and_is_named(raw):
    report = read_text(f"1. 铭牌上写着____。\n答案：{raw}")
    assert [o.text for o in report.questions[0].options] == [raw]
    assert [x.line for x in report.doubts] == [2] and "没有按“/”拆开" in str(report.doubts[0].reason)


@pytest.mark.parametrize("raw", ["G00/G0", "M8/M10", "100r/min/一百转"])
def test_a_stroke_that_may_be_meant_both_ways_is_named_with_how_to_write_one_answer(raw):
    report = read_text(f"1. 甲____，乙____。\n答案：{raw}；停机")
    assert len(report.questions[0].options) > 2 and str(report.doubts[0].reason).endswith(f"请写成 {raw.replace('/', chr(92) + '/')}。")


@pytest.mark.parametrize(("raw", "words"), [("380V / 220V", ["380V", "220V"]), ("380V|220V", ["380V", "220V"]), ("停机\\/关机", ["停机/关机"])])
def test_who_says_how_many_answers_he_means_is_not_asked(raw, words):
    report = read_text(f"1. 铭牌上写着____。\n答案：{raw}")
    assert [o.text for o in report.questions[0].options] == words and report.doubts == []


@pytest.mark.parametrize("words", [["380V/220V"], ["380V", "220V"], ["停机/关机", "急停"], ["G00", "G0"], ["a|b"], ["\\/"]])
@pytest.mark.parametrize("form", ["text", "xlsx"])
def test_answers_with_strokes_travel(words, form):
    question = Question("q-1", "fillin", "铭牌上写着____多少。", tuple(Option(w, 1000) for w in words))
    question = read_file(write_questions("gift", [question]).data).questions[0]
    written = write_questions(form, [question])
    assert written.losses == [] and read_file(written.data).questions[0].options == question.options
