"""How texts become terms, what is guessed, what is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxue import search
from guanxue.search import analysis, guessing


def test_width_and_case_do_not_matter():
    assert analysis.normal("ＣＮＣ　Ｐｌｃ") == "cnc plc"


def test_words_and_codes_of_the_trade_stay_whole_and_are_found_by_their_parts():
    terms_of = analysis.by_dictionary().terms_of
    assert {"g71", "g", "71"} <= set(terms_of("G71粗车复合循环"))
    assert {"s7-1200", "s7", "1200"} <= set(terms_of("S7-1200"))
    assert {"数控", "车床", "控车"} <= set(terms_of("数控车床"))


def test_questions_lose_the_words_that_say_nothing():
    words_of = analysis.by_dictionary().words_of
    assert words_of("我想学叉车") == ["叉车"]
    assert words_of("的") == ["的"]  # unless there is nothing else


def test_a_title_sounds_like_its_words_and_neighbours():
    sounds = analysis.by_dictionary().sounds_of("数控车床编程")
    assert {"shukong", "sk", "chechuang", "shukongchechuang", "skcc", "skccbc"} <= sounds


@pytest.fixture(scope="module")
def vocabulary() -> guessing.Vocabulary:
    return guessing.Vocabulary(["数控车床编程", "叉车安全", "模具装配", "心肺复苏", "无人机航拍", "变频器与伺服", "Excel表格", "垃圾分类"],
                               analysis.by_dictionary())


@pytest.mark.parametrize(("typed", "meant"), [
    ("插车", "叉车"), ("数孔车床", "数控车床"), ("磨具", "模具"), ("新肺复苏", "心肺复苏"), ("无人鸡", "无人机"), ("变平器", "变频器"),
    ("垃级分类", "垃圾分类"), ("叉车", "叉车"), ("量子", "量子"),
])
def test_ideographs_typed_by_ear_are_righted_and_others_left(vocabulary, typed, meant):
    assert vocabulary.rewrite(typed, lambda _word: False) == meant


@pytest.mark.parametrize(("typed", "meant"), [
    ("sukong", "数控"), ("chahce", "叉车"), ("wurengji", "无人机"), ("muujv", None), ("excle", "excel"), ("xinfeifushu", "心肺复苏"),
])
def test_letters_astray_and_southern_sounds_are_understood(vocabulary, typed, meant):
    guesses = [guess.word for guess in vocabulary.meant(typed)]
    assert (guesses[:1] or [None]) == [meant]


def pieces(text: str, *terms: str) -> list[tuple[str, bool]]:
    return [(piece.text, piece.is_marked) for piece in search.mark(text, terms)]


def test_marking_keeps_the_text_and_marks_what_was_looked_for():
    assert pieces("数控车床：CNC入门", "数控", "cnc") == [("数控", True), ("车床：", False), ("CNC", True), ("入门", False)]
    assert pieces("ＣＮＣ入门", "cnc") == [("ＣＮＣ", True), ("入门", False)]
    assert pieces("<b>数控</b>", "数控") == [("<b>", False), ("数控", True), ("</b>", False)]
    assert pieces("叉车") == [("叉车", False)]
    assert pieces("", "叉车") == []


@given(st.text(), st.lists(st.text(max_size=4), max_size=4))
def test_marked_pieces_together_are_the_text(text, terms):
    marked = search.mark(text, terms)
    assert "".join(piece.text for piece in marked) == text
    assert all(a.is_marked != b.is_marked for a, b in zip(marked, marked[1:], strict=False))


@given(st.text(max_size=80))
def test_any_text_can_be_asked(asker, text):
    result = asker.ask(text, None)
    assert result.total == len({hit.id for hit in result.hits})
