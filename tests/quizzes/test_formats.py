"""Files of questions in and out: sums that hold, losses that are named, nothing doubled, nothing obeyed."""

from __future__ import annotations

import base64
import io
import re
import time
import zipfile
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from guanxue.quizzes import (
    Question,
    Unreadable,
    content_id,
    merge,
    read_file,
    read_gift,
    read_text,
    write_questions,
    write_template,
)
from guanxue.quizzes.formats import cloze
from guanxue.quizzes.formats.aiken import read_aiken
from guanxue.quizzes.formats.drafts import Bad
from guanxue.quizzes.formats.reading import decoded
from guanxue.quizzes.rules import Option, pieces_of

WORDS = st.text(alphabet=st.sampled_from("甲乙丙丁主轴Zab7。，%~=#{}:\\->*/;；或[]\n "), min_size=1, max_size=12).map(
    lambda t: " ".join(t.split(" ")).strip()).filter(lambda t: t.strip() and t.strip() == t)
PLAIN = st.text(alphabet="甲乙丙丁戊己庚辛壬癸车钳铣刨磨镗", min_size=2, max_size=8)


def made(kind: str, stem: str, words: list[str], **more) -> Question:
    options = {
        "single": lambda: tuple(Option(w, 1000 if n == 0 else 0) for n, w in enumerate(words)),
        "multiple": lambda: tuple(Option(w, 500 if n < 2 else -1000) for n, w in enumerate(words)),
        "fillin": lambda: tuple(Option(w, 1000) for w in words),
        "gaps": lambda: tuple(Option(w, 1000, gap=n) for n, w in enumerate(words)),
        "numeric": lambda: (Option("3.13..3.15", 1000),),
        "matching": lambda: tuple(Option(w, match=f"右{w}") for w in words),
        "ordering": lambda: tuple(Option(w) for w in words),
    }.get(kind, tuple)()
    if kind == "gaps":
        kind, stem = "fillin", stem + "".join(f"____{n}" for n in range(len(words)))
    question = Question("q", kind, stem, options, truth=len(words) % 2 == 0 if kind == "truefalse" else None, **more)
    return replace(question, id=content_id(question))


def questions_of(words):
    kinds = st.sampled_from(["single", "multiple", "truefalse", "fillin", "gaps", "numeric", "matching", "ordering", "short"])
    one = st.builds(lambda kind, stem, w, why, pool: made(kind, stem, w, explanation=why, pool=pool), kinds, words,
                    st.lists(words, min_size=2, max_size=4, unique=True), st.one_of(st.just(""), words), st.sampled_from(["", "电工"]))
    return st.lists(one, min_size=1, max_size=6, unique_by=lambda q: q.id)


@settings(max_examples=150, deadline=None)
@given(questions_of(WORDS))
def test_our_gift_gives_back_every_question_exactly(questions):
    written = write_questions("gift", questions)
    assert written.losses == [] and read_gift(written.data.decode()).questions == questions


FORMS_FOR_OTHERS = st.sampled_from(["moodle", "moodle-gift", "xlsx", "text", "aiken"])


def not_kept(questions, form) -> tuple[list, object]:
    """The questions whose loss nothing named although they do not come back as they were; the report of reading them."""
    written = write_questions(form, questions)
    named = {x.number for x in written.losses}
    whole = [q for n, q in enumerate(questions, 1) if n not in named]
    if not written.data.strip():
        return whole, None
    report = read_file(written.data)
    kept = {m.present.id for m in merge(questions, report.questions).twins if not m.differs}
    return [q for q in whole if q.id not in kept], report


@settings(max_examples=40, deadline=None)
@given(questions_of(PLAIN), FORMS_FOR_OTHERS)
def test_a_round_trip_changes_only_what_its_report_names(questions, form):
    lost, report = not_kept(questions, form)
    assert lost == []
    assert report is None or (report.is_balanced and report.left_out == [])


@settings(max_examples=30, deadline=None)
@given(questions_of(WORDS), FORMS_FOR_OTHERS)
def test_signs_that_a_form_uses_itself_are_kept_or_named(questions, form):
    assert not_kept(questions, form)[0] == []


@pytest.mark.parametrize("form", ["moodle", "text", "xlsx", "moodle-gift"])
def test_the_same_words_with_other_keys_are_told_apart(form):
    questions = [made("single", "哪个先做？", ["停机", "测量"]), made("single", "哪个先做？", ["测量", "停机"]),
                 made("fillin", "先____", ["停机"]), made("short", "先____", [])]
    assert not_kept(questions, form)[0] == []


def test_a_number_as_an_answer_begins_no_list():
    report = read_text("1. 甲？\n【答案】3.14±0.01\n\n4. 【简答题】乙\n")
    assert report.total == 2 and report.is_balanced


@pytest.mark.parametrize(("form", "words"), [("text", ["7", "；"]), ("moodle", ["7", "**"]), ("aiken", ["7", "{="]), ("xlsx", ["7", "，"])])
def test_what_a_form_cannot_write_is_found_by_reading_it_again(form, words):
    kind = "gaps" if form == "xlsx" else "single"
    question, other = made(kind, "哪个？", words), made("single", "那个？", ["甲", "乙"])
    assert 1 in {x.number for x in write_questions(form, [question, other]).losses}


def test_two_pictures_of_one_name_travel_both():
    stem = "比较 ![左](/media/files/k/a.png) 和 ![右](/media/files/m/a.png)"
    written = write_questions("moodle", [made("single", stem, ["一", "二"])], lambda address: ("a.png", address.encode()))
    assert written.losses == [] and written.data.count(b"<file ") == 2


@pytest.mark.parametrize("form", ["moodle", "xlsx"])
def test_explanations_pools_and_names_travel(form):
    questions = [made("single", "哪根轴？", ["Z轴", "X轴"], explanation="因为", pool="车工"), made("gaps", "甲", ["一", "二"])]
    assert read_file(write_questions(form, questions).data).questions == questions


def test_bringing_in_twice_makes_no_twins_and_another_key_is_a_conflict():
    old = read_text("1. 主轴停稳后 测量。（√）\n2. 哪根？\nA. X\nB. Z\n答案：B").questions
    again = read_text("1、主轴停稳后测量（对）\n2、哪根？ A、Ｘ B、Ｚ 答案：A").questions
    met = merge(old, again)
    assert (len(met.added), len(met.twins), len(met.conflicts)) == (0, 1, 1)
    assert merge(old, old).added == []


# ---- tables


def table(*rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


def test_the_template_reads_back_whole():
    report = read_file(write_template())
    assert (len(report.questions), report.left_out, report.doubts, report.format) == (8, [], [], "xlsx")


def test_rows_that_cannot_be_read_are_named_and_the_good_ones_kept():
    report = read_file(table(["题型", "题干", "选项A", "选项B", "答案", "章节", "难度"], ["单选", "甲？", "一", "二", "B", "易", "难"],
                             ["单选", "乙？", "一", "二", "C", ""], [None], ["多选", "丙？", "一", "", "A", ""]))
    assert (len(report.questions), report.total, report.unit) == (1, 3, "row")
    assert [x.line for x in report.left_out] == [3, 5] and "选项里没有 C" in str(report.left_out[0].reason)
    assert [str(w) for w in report.dropped[0].what] == ["章节：易"] and report.questions[0].level == "hard"


def test_formulas_are_text_and_are_written_as_text():
    question = read_file(table(["题干", "选项A", "选项B", "答案"], ["算一算", "=1+1", "=HYPERLINK(\"http://x\")", "A"])).questions[0]
    assert [o.text for o in question.options] == ["=1+1", '=HYPERLINK("http://x")']
    sheet = zipfile.ZipFile(io.BytesIO(write_questions("xlsx", [question]).data)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet


def test_dates_a_table_program_made_are_doubtful():
    import datetime

    report = read_file(table(["题干", "答案"], ["哪两步？____", datetime.datetime(2026, 1, 2)]))
    assert "日期" in str(report.doubts[0].reason)


def test_csv_in_either_encoding():
    text = "题型,题干,A,B,答案\n单选,\"甲,乙？\",一,二,B\n"
    assert all(read_file(text.encode(name)).questions[0].stem == "甲,乙？" for name in ("utf-8-sig", "gb18030", "utf-16"))
    assert decoded("中文".encode("gb18030")) == "中文"


# ---- Moodle


def moodle(*questions: str) -> bytes:
    return f'<?xml version="1.0"?><quiz>{"".join(questions)}</quiz>'.encode()


CHOICE = ('<question type="multichoice"><name><text>甲</text></name><questiontext format="html"><text><![CDATA[<p>看 <b>图</b>'
          '<img src="@@PLUGINFILE@@/a.png" alt="轴"></p><question type="fake">]]></text><file name="a.png" encoding="base64">{}</file>'
          '</questiontext><defaultgrade>2.0</defaultgrade><single>true</single><answer fraction="100" format="html"><text>一</text>'
          '<feedback><text>好</text></feedback></answer><answer fraction="0"><text>二</text></answer><tags><tag><text>难</text></tag></tags></question>')


def test_moodle_xml_keeps_pictures_by_whoever_keeps_files_and_names_what_is_dropped():
    kept = []
    data = moodle(CHOICE.format(base64.b64encode(b"png").decode()), '<question type="description"><name><text>x</text></name></question>')
    report = read_file(data, lambda name, body: kept.append((name, body)) or "/media/files/k/a.png")
    assert kept == [("a.png", b"png")] and "![轴](/media/files/k/a.png)" in report.questions[0].stem
    assert report.questions[0].options[0].feedback == "好"
    assert {str(w) for w in report.dropped[0].what} == {"分值：2", "标签：难"}
    assert (report.total, len(report.left_out)) == (2, 1) and "说明" in str(report.left_out[0].reason)


def test_a_picture_travels_out_inside_the_file_and_is_named_where_it_cannot():
    question = made("single", "看 ![轴](/media/files/k/a.png)", ["一", "二"])
    written = write_questions("moodle", [question], lambda address: ("a.png", b"png"))
    assert base64.b64encode(b"png") in written.data and written.losses == []
    assert write_questions("moodle", [question]).losses and write_questions("moodle-gift", [question]).losses


@pytest.mark.parametrize("data", [
    b'<!DOCTYPE quiz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><quiz><question type="essay"><name><text>&b;</text></name></question></quiz>',
    b'<!DOCTYPE quiz SYSTEM "file:///etc/passwd"><quiz></quiz>', b"<quiz><question>", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0old", b"%PDF-1.7",
    b"", b"   ", b"\x81\xff\xff\x00\x01", "题干,选项\n".encode() * 3 + b"\0",
])
def test_what_cannot_be_read_is_refused_with_a_sentence(data):
    with pytest.raises(Unreadable) as refused:
        read_file(data)
    assert str(refused.value)


def test_a_workbook_that_unpacks_to_too_much_is_refused_before_it_is():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (65 * 1024**2))
    with pytest.raises(Unreadable):
        read_file(data.getvalue())


def _pieces_by_pattern(stem: str) -> list[str]:
    """As the rule reads: runs of underscores cut, links left whole. Slow where many brackets are never closed."""
    pieces, start = [], 0
    for found in re.finditer(r"(!?\[[^\]]*\]\([^)\s]*\))|_{2,}", stem):
        if found[1] is None:
            pieces.append(stem[start : found.start()])
            start = found.end()
    return [*pieces, stem[start:]]


@given(st.text(alphabet="[](!)_ a", max_size=30))
def test_a_stem_is_cut_at_its_gaps_and_never_inside_a_link(stem):
    assert pieces_of(stem) == _pieces_by_pattern(stem)


def _places_by_pattern(text: str) -> list[str]:
    return [m[0] for m in re.finditer(r"\{(\d*):([A-Z_]+):((?:\\.|[^}\\])*)\}", text, re.S)]


@given(st.lists(st.sampled_from(["{1:SA:", "{:MW:", "}", "\\", "=甲", "~", "{", "乙", "\\}"]), max_size=14).map("".join))
def test_embedded_answers_end_at_the_first_brace_that_is_not_escaped(text):
    assert [text[p.start : p.end] for p in cloze._places(text)] == _places_by_pattern(text)


@pytest.mark.parametrize("sign", ["{1:SA:=", "{1:SA:\\}", "[", "[](", "__["])
def test_what_is_never_closed_takes_time_by_its_length_alone(sign):
    def seconds(count: int) -> float:
        text, times = sign * count, []
        for _n in range(3):
            began = time.perf_counter()
            with pytest.raises(Bad):
                cloze.read_cloze(text)
            pieces_of(text)
            times.append(time.perf_counter() - began)
        return min(times)

    assert seconds(80_000) < 80 * seconds(5_000), "sixteen times as long: sixteen times the time, not 256"


def test_several_gaps_go_through_moodles_embedded_answers():
    question = made("gaps", "甲", ["一~=}#", "二"])
    assert read_file(write_questions("moodle", [question]).data).questions == [question]


FREE = "哪些要戴手套？{{~%50%搬料 ~%50%装夹 ~{}磨刀}}"


@pytest.mark.parametrize("costs", ["", "%-0%", "%-0.05%", "%-5%", "%-49%"])
def test_ticking_everything_of_a_multiple_choice_that_is_brought_in_never_earns_more_than_half(costs):
    report = read_file(FREE.format(costs).encode())
    assert [o.permille for o in report.questions[0].options] == [500, 500, -1000]
    assert [x.line for x in report.doubts] == [1] and "全部勾上" in str(report.doubts[0].reason)
    whole = read_file(f"// guanxue: whole\n{FREE.format(costs)}".encode())
    assert whole.questions[0].rule == "whole" and whole.doubts == []


@pytest.mark.parametrize("text", ["甲{=%0%一}", "甲{=%0%一 =%-50%二}", "甲{#~5}", "甲{#=%0%5:1}"])
def test_what_nobody_could_answer_is_left_out(text):
    report = read_gift(text)
    assert report.questions == [] and "正确答案" in str(report.left_out[0].reason)


def test_moodles_wrong_options_that_cost_nothing_are_made_dear_and_named():
    answers = "".join(f'<answer fraction="{share}"><text>{text}</text></answer>' for text, share in (("一", 50), ("二", 50), ("三", 0)))
    report = read_file(moodle(f'<question type="multichoice"><questiontext><text>哪些？</text></questiontext><single>false</single>{answers}</question>'))
    assert [o.permille for o in report.questions[0].options] == [500, 500, -1000]
    assert [x.line for x in report.doubts] == [1] and "全部勾上" in str(report.doubts[0].reason)


def test_what_a_quiz_holds_already_keeps_its_worth_and_says_so():
    report = read_gift(FREE.format(""))
    assert [o.permille for o in report.questions[0].options] == [500, 500, 0] and "全部勾上" in str(report.doubts[0].reason)
    again = read_file(write_questions("gift", report.questions).data)
    assert again.questions == report.questions and again.doubts == [], "one's own file changes nothing"
    assert read_gift("甲{~%50%一 ~%50%二 ~%-50%三}").doubts == []


# ---- Aiken and Word


def test_aiken_is_read_and_its_faults_named():
    report = read_file("哪根轴？\nA. X\nB) Z\nANSWER: B\n\n没有答案\nA. 一\nB. 二\n\n又一题\nA. 一\nB. 二\nANSWER: D\n".encode())
    assert report.format == "aiken" and (len(report.questions), report.total) == (1, 3)
    assert [x.line for x in report.left_out] == [6, 10]


@given(st.lists(st.sampled_from(["问？", "A. 一", "B. 二", "B) 三", "ANSWER: A", "ANSWER: C", ""]), max_size=20))
def test_aiken_accounts_for_any_jumble(lines):
    assert read_aiken("\n".join(lines)).is_balanced


@pytest.mark.parametrize("text", [
    "<!---->" * 60 + "x", "\n" * 100_000 + "x", "1. 题\n" + " " * 100_000 + "x\nA. 1\nB. 2\n答案：A", "1. 题\n" + " A. " * 25_000,
    "Q\nA. x\nB. x" + " x  " * 25_000 + "\nANSWER: A", "::a:: 甲{=1}" + "_" * 100_000 + "x{=2}", "<p>" + "<!--" * 25_000,
    "<p>" + "<a " * 30_000, "<p><![foo[ x ]]>1. y", "<ol start='²'><li>x</ol>"],
    ids=["comments", "lines", "blanks", "options", "aiken", "gaps", "open", "tags", "marked", "start"])
def test_whatever_is_pasted_is_answered_in_a_moment(text):
    try:
        assert read_text(text).is_balanced
    except Unreadable:
        pass


def test_a_small_file_that_would_fill_the_memory_is_refused():
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        archive.writestr("xl/styles.xml", "<x>" + "<y/>" * 500_000 + "</x>")
    with pytest.raises(Unreadable, match="太大"):
        read_file(book.getvalue())
    with pytest.raises(Unreadable, match="太大"):
        read_file(docx("<y/>" * 2_000_000))


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(body: str, numbering: str = "") -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>')
        if numbering:
            archive.writestr("word/numbering.xml", f'<w:numbering xmlns:w="{W}">{numbering}</w:numbering>')
    return data.getvalue()


def paragraph(text: str, level: str = "") -> str:
    place = f'<w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="1"/></w:numPr></w:pPr>' if level else ""
    return f"<w:p>{place}<w:r><w:t>{text}</w:t></w:r></w:p>"


def test_word_documents_have_their_automatic_numbers_again():
    numbering = ('<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
                 '<w:lvl w:ilvl="1"><w:numFmt w:val="upperLetter"/><w:lvlText w:val="%2."/></w:lvl></w:abstractNum>'
                 '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>')
    rows = [("哪根轴？", "0"), ("X轴", "1"), ("Z轴", "1"), ("答案：B", ""), ("要停机吗？", "0"), ("要", "1"), ("不要", "1"), ("答案：A", "")]
    report = read_file(docx("".join(paragraph(*r) for r in rows), numbering))
    assert report.format == "docx" and [[o.text for o in q.options if o.permille > 0] for q in report.questions] == [["Z轴"], ["要"]]
