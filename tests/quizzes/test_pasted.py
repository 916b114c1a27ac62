"""Questions as teachers type them: twenty-nine habits, and the slips that come with them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanxue.quizzes import read_text
from guanxue.quizzes.formats.pasted import read_pasted

SAMPLES = Path(__file__).parent / "samples"
# file: (questions, left out, kinds in order)
WANTED = {
    "01-classic": "single single single single truefalse truefalse",
    "02-brackets": "single single single multiple",
    "03-answers-last": "single single single single single truefalse truefalse truefalse",
    "04-answers-pairs": "single single single truefalse truefalse",
    "05-no-numbers": "single single single truefalse truefalse truefalse",
    "06-bank": "single multiple truefalse fillin short",
    "07-ticks": " ".join(["truefalse"] * 8),
    "08-gaps": "fillin fillin fillin fillin fillin fillin fillin numeric numeric",
    "09-named": "single single multiple truefalse truefalse",
    "10-circled": "single single multiple",
    "11-lists": "matching matching ordering ordering short short",
    "12-word-signs": "single truefalse fillin single single",
    "14-end-notes": "single single truefalse truefalse fillin fillin short",
    "15-english-marks": "single single multiple",
    "16-han-numbers": "single single single",
    "18-answer-table": "single single multiple",
    "19-page-feet": "single truefalse fillin",
    "20-marked-options": "single multiple single single",
    "21-scores-and-corrections": "multiple multiple truefalse truefalse truefalse single single",
    "22-english-paper": "single single truefalse truefalse fillin",
    "23-keys-by-part": "single single truefalse truefalse",
    "24-markdown": "single single",
    "25-materials": "single multiple single",
    "26-word-dots": "single single",
    "27-lost-breaks": "single single single",
    "28-lists-inside": "short short",
    "29-columns": "single matching ordering",
    "17-twenty": " ".join(["single"] * 10 + ["multiple"] * 2 + ["truefalse"] * 4 + ["fillin"] * 2 + ["numeric", "short"]),
}


def read(name: str):
    return read_text((SAMPLES / f"{name}.txt").read_text("utf-8"))


def right(question) -> list[str]:
    return [o.text for o in question.options if o.permille > 0]


def why(report, line: int) -> str:
    return "".join(str(x.reason) for x in (*report.left_out, *report.doubts) if x.line == line)


@pytest.mark.parametrize("name", WANTED)
def test_a_teachers_paper_is_read_whole(name):
    report = read(name)
    assert [q.kind for q in report.questions] == WANTED[name].split()
    assert report.left_out == [] and report.is_balanced and report.format == "text"


def test_every_sample_is_tried():
    assert {p.stem for p in SAMPLES.glob("*.txt")} == {*WANTED, "13-slips"}


def test_answers_at_the_end_reach_their_questions():
    ranges, pairs, noted = (read(n).questions for n in ("03-answers-last", "04-answers-pairs", "14-end-notes"))
    assert [right(q)[0] for q in ranges[:3]] == ["100～200 mm", "倒车行驶", "5 km/h"] and [q.truth for q in ranges[5:]] == [False, True, True]
    assert [right(q)[0] for q in pairs[:3]] == ["100～120", "5～6 cm", "30:2"] and pairs[3].truth is True
    assert right(noted[0]) == ["电焊面罩"] and noted[3].explanation == "必须有人监护。" and right(noted[5]) == ["氩气", "Ar"]


def test_a_list_of_steps_inside_an_answer_begins_no_questions():
    assert read("11-lists").questions[-1].explanation == "1. 提起灭火器\n2. 拔掉保险销\n3. 对准火焰根部喷射"
    assert read("06-bank").questions[-1].explanation.count("\n") == 3


def test_gaps_hold_their_own_answers_and_several_ways_of_saying_them():
    questions = read("08-gaps").questions
    assert [(o.text, o.gap) for o in questions[2].options] == [("禁止", 0), ("停止", 0), ("警告", 1), ("提示", 2), ("安全", 2)]
    assert [(o.text, o.gap) for o in questions[1].options] == [("380", 0), ("220", 1)]
    assert right(questions[6]) == ["I=U/R"], "a stroke in a formula is no second answer"
    assert questions[7].options[0].text == "439..441"


def test_what_a_question_had_besides_is_named():
    assert [str(w) for w in read("06-bank").dropped[0].what] == ["难度：易", "知识点：成型零件"]


def test_whole_or_nothing_is_read_from_the_heading():
    assert [q.rule for q in read("10-circled").questions] == ["", "", "whole"]


def test_ordering_and_matching_are_read_from_letters_arrows_and_lists():
    questions = read("11-lists").questions
    assert [(o.text, o.match) for o in questions[1].options] == [("红色", "禁止"), ("黄色", "警告"), ("绿色", "提示")]
    assert [o.text for o in questions[2].options] == ["停电", "验电", "挂接地线", "挂标示牌"]


def test_every_slip_is_named_at_its_line():
    report = read("13-slips")
    assert report.total == 9 and report.is_balanced
    assert {x.line for x in report.left_out} == {4, 19, 23, 26}
    for line, word in ((4, "选项里没有 D"), (9, "单选题给了 2 个答案"), (11, "选项里缺 C"), (15, "题号 3 重复"), (19, "没有找到答案"),
                       (23, "2 个空"), (26, "A 出现了两次"), (29, "图"), (33, "没有看到空")):
        assert word in why(report, line), (line, why(report, line))


KEYS = {
    "18-answer-table": ["10～30 cm", "不可以 任何时候都不可以", "转弯 倒车"], "19-page-feet": ["关电源", "错", "当场"],
    "20-marked-options": ["防止夹伤", "关料阀 挂牌上锁", "材料说明书", "上防锈油"],
    "21-scores-and-corrections": ["高处坠落 物体打击", "电 气", "错", "对", "错", "断电", "119"],
    "22-english-paper": ["Z", "personal protective equipment", "错", "对", "red"], "23-keys-by-part": ["放在烙铁架", "接地", "对", "错"],
    "24-markdown": ["建立坐标系", "确定刀具位置"], "25-materials": ["没有停机", "停机清理 不戴手套", "报废更换"], "26-word-dots": ["面罩", "焊缝"],
    "27-lost-breaks": ["切断电源", "两人", "试验电笔"],
}


@pytest.mark.parametrize("name", KEYS)
def test_the_key_of_a_paper_is_the_one_its_teacher_meant(name):
    found = [("对" if q.truth else "错") if q.kind == "truefalse" else " ".join(right(q)) for q in read(name).questions]
    assert found == KEYS[name]


def test_heads_and_feet_of_pages_go_into_no_question_and_are_named():
    assert [x.line for x in read("19-page-feet").doubts if "页眉页脚" in str(x.reason)] == [1, 5, 8, 10, 12]


def test_an_answers_table_with_a_cell_too_few_gives_nobody_an_answer():
    text = "1. 甲？\nA. 一\nB. 二\n2. 乙？\nA. 一\nB. 二\n3. 丙？\nA. 一\nB. 二\n题号\t1\t2\t3\n答案\tA\tB\n"
    report = read_pasted(text)
    assert report.questions == [] and len(report.left_out) == 3 and "应有 3 个答案，这里有 2 个" in why(report, 11)


def test_what_a_bracket_says_of_points_is_no_answer_and_is_named():
    report = read("21-scores-and-corrections")
    assert [str(w) for w in report.dropped[0].what] == ["计分说明：少选得1分"] and report.questions[2].explanation == "不准戴手套。"
    whole = read_pasted("1. 甲？\nA. 一\nB. 二\nC. 三\n答案：AB（少选不得分）").questions[0]
    assert whole.rule == "whole"


def test_ticks_on_options_are_named_and_an_answer_beside_them_holds():
    assert [x.line for x in read("20-marked-options").doubts] == [8, 12]
    report = read_pasted("1. 甲？\nA. 一 √\nB. 二\n答案：B")
    assert right(report.questions[0]) == ["二"] and "不一样" in why(report, 4)
    assert right(read_pasted("1. 甲？\n* A. 一\n* B. 二\n答案：A").questions[0]) == ["一"], "bullets are no ticks"


def test_an_answer_in_letters_without_any_option_is_no_word_to_fill_in():
    report = read_pasted("开机前查什么？\n油位\n气压\n答案：A")
    assert report.questions == [] and "没有找到选项" in str(report.left_out[0].reason)


def test_a_list_in_han_numbers_stays_inside_its_answer():
    assert [q.explanation for q in read("28-lists-inside").questions] == ["一、检查油位\n二、检查气压", "1. 判断意识\n2. 呼救\n3. 按压"]


def test_a_sentence_that_ends_in_a_word_for_true_is_no_answer_unless_it_stands_apart():
    assert read_pasted("1. 下列说法 正确").questions == [] and read_pasted("1. The statement is True").questions == []
    assert [q.truth for q in read_pasted("一、判断题\n1. 停机 正确\n2. Run. False\n").questions] == [True, False]


def test_an_english_question_that_begins_like_a_heading_is_a_question():
    report = read_pasted("True or false: gloves on a lathe are safe.\nAnswer: False")
    assert [q.truth for q in report.questions] == [False] and report.is_balanced


def test_letters_of_a_list_in_html_are_options():
    html = '<ol><li>哪个？<ol type="A"><li>停机</li><li>测量</li></ol></li></ol><p>答案：A</p>'
    assert right(read_text(html).questions[0]) == ["停机"]


def test_a_wrong_number_of_answers_in_a_range_is_no_answer():
    report = read_pasted("1. 甲？\nA. 一\nB. 二\n2. 乙？\nA. 一\nB. 二\n答案：1-2 A")
    assert report.questions == [] and len(report.left_out) == 2 and "应有 2 个答案" in why(report, 7)


def test_the_same_question_twice_is_taken_once_and_another_key_is_said():
    text = "1. 甲？\nA. 一\nB. 二\n答案：A\n2. 甲？\nA. 一\nB. 二\n答案：{}\n"
    assert "完全一样" in str(read_pasted(text.format("A")).left_out[0].reason)
    assert "答案却不同" in str(read_pasted(text.format("B")).left_out[0].reason)


def test_a_choice_in_a_part_of_short_answers_is_still_a_choice():
    question = read_pasted("一、简答题\n1. 哪个对？\nA. 一\nB. 二\n答案：B").questions[0]
    assert question.kind == "single" and right(question) == ["二"]


def test_html_from_a_clipboard_is_read_as_words():
    html = "<html><body><!--StartFragment--><p>1. 甲<b>乙</b>？</p><p>A. 一&nbsp;&nbsp;B. 二</p><p>答案：B</p><script>x</script></body></html>"
    report = read_text(html)
    assert report.format == "html" and report.questions[0].stem == "甲乙？" and right(report.questions[0]) == ["二"]


def test_a_table_pasted_out_of_word_is_read_as_a_table():
    report = read_text("题型\t题干\tA\tB\t答案\n单选\t哪根轴？\tX\tZ\tB\n判断\t要停机。\t\t\t对\n")
    assert report.format == "table" and [q.kind for q in report.questions] == ["single", "truefalse"]


def papers(seed: int) -> tuple[str, int]:
    """A paper by chance in one of many habits, and how many questions it has."""
    chance = random.Random(seed)  # noqa: S311
    mark = chance.choice(["{}. ", "{}、", "（{}）", "第{}题 ", "{}．"])
    style = chance.choice(["lines", "one line", "tight"])
    told = chance.choice(["line", "bracket", "end"])
    count, out, key = chance.randint(1, 12), [], []
    for n in range(1, count + 1):
        letters = "ABCD"[: chance.randint(2, 4)]
        answer = chance.choice(letters)
        out.append(mark.format(n) + f"第{n}个关于{chance.choice('甲乙丙丁')}的问题" + (f"（ {answer} ）" if told == "bracket" else "（  ）") + "。")
        options = [f"{c}{chance.choice('.、')}选项{c}{n}" for c in letters]
        out += options if style == "lines" else [("   " if style == "one line" else "").join(options)]
        if told == "line":
            out.append(f"答案：{answer}")
        key.append(answer)
        out += [""] * chance.randint(0, 2)
    if told == "end":
        out.append(f"答案：1-{count} {''.join(key)}" if count > 1 else "答案：" + key[0])
    return "\n".join(out), count


@pytest.mark.parametrize("seed", range(150))
def test_papers_of_every_habit_are_read_whole(seed):
    text, count = papers(seed)
    report = read_pasted(text)
    assert (len(report.questions), report.left_out, report.total) == (count, [], count), text


LINES = st.lists(st.sampled_from([
    "1. 甲是什么？", "2、乙（ ）", "3. 丙____。", "A. 一", "B. 二", "C、三", "A.一 B.二", "答案：A", "答案：对", "【答案】B", "解析：因为", "",
    "一、单选题", "二、判断题（每题2分）", "参考答案", "1-3 ABC", "1.A 2.B", "说明文字", "（√）1. 丁", "4. 戊。（×）", "难度：易", "①子 ②丑",
]), max_size=25)


@given(LINES)
def test_nothing_of_any_jumble_goes_in_silence(lines):
    report = read_pasted("\n".join(lines))
    assert report.is_balanced or any(x.line == 0 for x in report.doubts)
    assert len(report.lines) == len(report.questions)


def test_underscores_in_a_pictures_address_are_no_gaps():
    report = read_pasted("1. 看图 ![轴](/media/files/k/a__b_c.png)，它叫____。\n答案：主轴")
    assert report.questions[0].stem == "看图 ![轴](/media/files/k/a__b_c.png)，它叫" and report.questions[0].tail == "。"


def test_axes_called_x_and_y_are_no_cross_and_no_yes():
    question = read_pasted("1. 横向轴是？\nA. X\nB. Y\n答案：A").questions[0]
    assert question.kind == "single" and right(question) == ["X"]
    assert read_pasted("1. 要停机。\nA. 对\nB. 错\n答案：A").questions[0].truth is True
