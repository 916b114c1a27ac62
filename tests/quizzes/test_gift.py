"""GIFT as Moodle documents it; nothing is lost in silence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxue.quizzes import read_gift, write_gift
from guanxue.quizzes.gift import count_blocks

COURSES = Path(__file__).resolve().parents[2] / "courses"


def only(text):
    report = read_gift(text)
    assert report.left_out == [] and report.total == 1, report
    return report.questions[0]


def test_our_68_sample_questions_are_all_read():
    report = read_gift((COURSES / "samples/sample_quiz.gift").read_text("utf-8"))
    assert (len(report.questions), len(report.left_out), report.total) == (68, 0, 68)
    kinds = [q.kind for q in report.questions]
    assert {k: kinds.count(k) for k in set(kinds)} == {"single": 38, "truefalse": 14, "multiple": 9, "fillin": 7}


@pytest.mark.parametrize(("text", "kind"), [
    ("Who's buried in Grant's tomb?{~Grant ~Jefferson =no one}", "single"),
    ("Grant is {~buried =entombed ~living} in Grant's tomb.", "single"),
    ("Grant is buried in Grant's tomb.{FALSE}", "truefalse"),
    ("The sun rises in the East.{T#right#wrong}", "truefalse"),
    ("Who's buried in Grant's tomb?{=no one =nobody}", "fillin"),
    ("When was Ulysses S. Grant born?{#1822}", "numeric"),
    ("What is the value of pi (to 3 decimal places)? {#3.1415:0.0005}.", "numeric"),
    ("What is the value of pi? {#3.141..3.142}", "numeric"),
    ("When was Ulysses S. Grant born? {#\n=1822:0\n=%50%1822:2}", "numeric"),
    ("Match.{\n=Canada -> Ottawa\n=Italy -> Rome\n=Japan -> Tokyo\n}", "matching"),
    ("What two people are entombed?{\n~%-100%No one\n~%50%Grant\n~%50%Grant's wife\n~%-100%Grant's father\n}", "multiple"),
    ("::Grants tomb::[markdown]Who is **buried**?{=x ~y#no####all}", "single"),
    ("// a comment\n::n::Is 1\\=1 \\{set\\}? {TRUE}", "truefalse"),
])
def test_moodles_documented_forms(text, kind):
    assert only(text).kind == kind


def test_escapes_names_and_feedback():
    q = only("::第\\:1 题::算式 2\\=1+1 \\{对\\}？{=对#好 ~错####因为\\n如此}")
    assert (q.id, q.stem, q.explanation) == ("第:1 题", "算式 2=1+1 {对}？", "因为\n如此")
    assert q.options[0].feedback == "好"


def test_byte_order_mark_and_windows_lines():
    assert only("\ufeff甲？{\r\n=乙\r\n~丙\r\n}").kind == "single"


@pytest.mark.parametrize("broken", [
    "没有花括号的一段", "没有右括号{=a ~b", "没有正确答案{~a ~b}", "重复选项{=a ~a}", "一个选项{~a}", "两个空{=a}和{~b}", "空比花括号多____{=a}和____又____{=b}", "排序{>3 ALL\n一项\n}",
    "数字{#abc}", "{=只有答案}", "匹配{=a -> \n=b -> c}", "怪{a b}",
])
def test_what_is_no_question_is_left_out_with_its_line_and_a_reason(broken):
    report = read_gift(f"好题{{=a ~b}}\n\n{broken}\n")
    assert len(report.questions) == 1
    assert [(x.line, bool(str(x.reason))) for x in report.left_out] == [(3, True)]
    assert report.total == 2


def test_equal_names_are_not_two_questions():
    report = read_gift("::a::x{=1 ~2}\n\n::a::y{=1 ~2}")
    assert (len(report.questions), len(report.left_out)) == (1, 1)


TEXT = st.text(alphabet=st.sampled_from("甲乙丙abc~=#{}:\\->%\n 1.*$/[]"), min_size=1, max_size=200)


@given(TEXT)
def test_imported_and_left_out_make_the_total_for_any_text(text):
    report = read_gift(text)
    assert len(report.questions) + len(report.left_out) == report.total == count_blocks(text.replace("\r", "\n"))


@pytest.mark.parametrize("path", sorted(COURSES.glob("*/quiz.gift")) + [COURSES / "samples/sample_quiz.gift"], ids=lambda p: p.parent.name)
def test_writing_and_reading_gives_the_same(path):
    questions = read_gift(path.read_text("utf-8")).questions
    assert read_gift(write_gift(questions)).questions == questions


def test_a_forgotten_brace_does_not_swallow_the_next_question():
    report = read_gift("::a::甲{=x ~y\n\n::b::乙{=p ~q}\n\n// 注\n::c::丙{TRUE}\n")
    assert report.total == 3 == len(report.questions) + len(report.left_out)
    assert [q.id for q in report.questions] == ["b", "c"] and report.left_out[0].line == 1


def test_several_groups_of_braces_are_several_gaps():
    q = only("G00 是____{=快速定位 =%50%快移}，G01 是{=直线插补}。")
    assert (q.kind, q.stem, q.tail, q.gap_count) == ("fillin", "G00 是____，G01 是____。", "", 2)
    assert [(o.text, o.permille, o.gap) for o in q.options] == [("快速定位", 1000, 0), ("快移", 500, 0), ("直线插补", 1000, 1)]


def test_empty_braces_are_a_short_answer_whose_explanation_is_the_reference():
    q = only("为什么？{####会被卷入。}")
    assert (q.kind, q.options, q.explanation) == ("short", (), "会被卷入。")


def test_ordering_is_read_as_moodles_own_type_writes_it_and_its_settings_are_named():
    report = read_gift("先后{>2 RANDOM VERTICAL RELATIVE\n停电\n验电\n}")
    assert [o.text for o in report.questions[0].options] == ["停电", "验电"]
    assert "RANDOM" in str(report.dropped[0].what[0]) and "RELATIVE" in str(report.dropped[0].what[0])


def test_categories_are_pools_until_the_next_one():
    report = read_gift("a{T}\n\n$CATEGORY: $course$/top/电工\n\nb{T}\n\nc{T}\n\n$CATEGORY: $course$/top\n\nd{T}")
    assert [q.pool for q in report.questions] == ["", "电工", "电工", ""]


def test_a_comment_says_what_gift_has_no_sign_for_and_holds_for_one_question():
    report = read_gift("// guanxue: multiple, whole\na{~%100%x ~y}\n\nb{~%50%x ~%50%y}")
    assert [(q.kind, q.rule) for q in report.questions] == [("multiple", "whole"), ("multiple", "")]


def test_the_remarks_of_true_and_false_are_named_as_dropped_those_of_numbers_are_kept():
    report = read_gift("a{T#wrong#right}\n\nb{#=3:1#好}")
    assert len(report.dropped) == 1 and report.questions[1].options[0].feedback == "好"
