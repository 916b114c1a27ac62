"""Grading, and that nothing a learner sees tells the key."""

import json

import pytest

from guanxue.quizzes import read_gift
from guanxue.quizzes.rules import WHOLE, Option, Question, answer_fault, areas, grade, score, show

SEED = b"s" * 16


def shown(text):
    return show(read_gift(text).questions[0], SEED)


def test_single():
    s = shown("?{=甲 ~乙 ~%50%丙}")
    assert s.question.kind == "single"
    assert [grade(s, i) for i in s.ids] == [1000, 0, 500]
    s = shown("?{=甲 ~乙}")
    assert [grade(s, i) for i in s.ids] == [1000, 0]
    assert grade(s, None) == grade(s, "foreign") == grade(s, [s.ids[0]]) == 0


def test_multiple_gives_part_and_never_less_than_nothing():
    s = shown("?{~%33.33333%a ~%33.33333%b ~%33.33333%c ~%-100%d}")
    a, b, c, d = s.ids
    assert grade(s, [a, b, c]) == grade(s, [c, a, b]) == 1000
    assert grade(s, [a]) == 333
    assert grade(s, [a, b, c, d]) == 0
    assert grade(s, []) == 0


def test_true_false_wants_a_boolean():
    s = shown("?{TRUE}")
    assert (grade(s, True), grade(s, False), grade(s, 1), grade(s, "true")) == (1000, 0, 0, 0)


@pytest.mark.parametrize(("answer", "points"), [("G50", 1000), ("ｇ５０", 1000), (" g 50 ", 1000), ("G5", 0), ("", 0)])
def test_fill_in_folds_width_case_and_blanks(answer, points):
    assert grade(shown("用{=G50 =g50}指令"), answer) == points


@pytest.mark.parametrize(("answer", "points"), [(637, 1000), (632, 1000), (642.0, 1000), (642.01, 0), (float("nan"), 0),
                                                (float("inf"), 0), (True, 0), ("637", 0), (1e300, 0)])
def test_numeric_within_tolerance(answer, points):
    assert grade(shown("?{#637:5}"), answer) == points


def test_a_decimal_edge_is_inside():
    assert grade(shown("?{#0.3:0.1}"), 0.4) == grade(shown("?{#0.3:0.1}"), 0.2) == 1000


def test_matching_counts_right_pairs_and_equal_right_sides_are_equal():
    s = shown("?{=a -> x\n=b -> y\n=c -> x}")
    a, b, c = s.ids
    x, y, x2 = s.choice_ids
    assert grade(s, {a: x, b: y, c: x2}) == grade(s, {a: x2, b: y, c: x}) == 1000
    assert grade(s, {a: y, b: y}) == 333


@pytest.mark.parametrize(("text", "bad"), [
    ("?{=a ~b}", ["x", 1, None, ["x"], {}]), ("?{~%50%a ~%50%b}", ["x", ["x"], [1], list(range(100000))]),
    ("?{#1}", ["1", True, float("nan"), []]), ("用{=a}", [1, ["a"], "x" * 501]), ("?{=a -> b\n=c -> d}", [[], {"x": "y"}, "x"]),
])
def test_impossible_answers_are_faults(text, bad):
    assert all(answer_fault(shown(text), b) for b in bad)


def test_option_ids_differ_between_attempts_and_say_nothing():
    q = read_gift("?{=a ~b ~c ~d}").questions[0]
    one, two = show(q, b"1" * 16), show(q, b"2" * 16)
    assert not set(one.ids) & set(two.ids)
    firsts = [show(q, bytes([i]) * 16).order[0] for i in range(200)]
    assert all(30 < firsts.count(i) < 75 for i in range(4))


def test_score_rounds_down_once():
    assert score([1000, 333, 333]) == 55
    assert score([]) == 0
    assert json.dumps(score([1000] * 13)) == "100"


@pytest.mark.parametrize("sizes, told", [
    ({"停机": 1, "测量": 1}, []),
    ({"停机": 3, "测量": 4}, ["停机", "测量"]),
    ({"停机": 3, "测量": 1}, []),  # what the line left of the score would be that one question
    ({"停机": 4, "测量": 3, "清扫": 1}, ["停机", ""]),
    ({"停机": 3, "测量": 1, "清扫": 1, "": 1}, ["停机", ""]),
    ({"停机": 5}, []), ({"": 5}, []), ({}, []),
])
def test_no_line_about_an_area_tells_of_fewer_than_three_questions(sizes, told):
    found = areas({area: [WHOLE] * (n - 1) + [0] for area, n in sizes.items()})
    assert [area for area, _permille in found] == told


def test_absurd_numbers_are_no_answers_and_no_crash():
    shown = show(Question("n", "numeric", "?", (Option("1..2", WHOLE),)), b"seed")
    for absurd in (10**400, -10**400, float("inf"), float("nan"), True, "1"):
        assert answer_fault(shown, absurd)
    assert not answer_fault(shown, 1.5) and not answer_fault(shown, 10**15)
