"""A quiz's page: pasting, looking first, the report that stays, one question at a time, order, files out."""

from __future__ import annotations

import base64
import io
import re

import pytest
from PIL import Image
from tests.clients import Browser, words
from tests.factories import make_person

from guanxue import quizzes
from guanxue.core.db import writing
from guanxue.courses.routes import question_form
from guanxue.courses.routes import questions as question_pages
from guanxue.quizzes import write_template
from guanxue.quizzes.rules import Option

PAPER = "1. 哪根轴和主轴平行？\nA. X轴  B. Z轴\n答案：B\n2. 停稳后才能测量。（√）\n3. 没有答案的题？\nA. 一  B. 二\n"


@pytest.fixture
def teacher(bare_app):
    """An instructor with an empty draft."""
    with bare_app.test_request_context(), writing():
        make_person("13800000002", "陈志强", "instructor")
    browser = Browser(bare_app, "13800000002")
    browser.see("/teach/new")
    made = browser.send("/teach/new", title="数控车床", kind="skills-upgrading", summary="先看什么。", level="", industry="")
    browser.at = f"/teach/{made.headers['Location'].rpartition('/')[2]}/questions"
    browser.see(browser.at)
    return browser


def listed(page: str) -> list[str]:
    return re.findall(r'<li class="card question".*?q-stem"><strong>(.*?)</strong>', page, re.S)


def brought(teacher, text: str, mode: str = "add") -> str:
    teacher.send(f"{teacher.at}/import", 303, text=text, mode=mode)
    return teacher.see(teacher.at)


def test_a_paste_is_looked_at_first_and_nothing_is_written(teacher):
    page = teacher.send(f"{teacher.at}/preview", 200, text=PAPER).get_data(as_text=True)
    assert "数出来 3 道题" in page and "读到 2 道" in page and "漏下 1 道" in page and "没有找到答案" in page
    assert 'class="marked bad"' in page and listed(teacher.see(teacher.at)) == []


def test_a_script_gets_the_look_alone(teacher):
    answer = teacher.client.post(f"{teacher.at}/preview", data={"text": PAPER, "csrf_token": teacher.token}, headers={"X-Piece": "1"})
    piece = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "<html" not in piece and "读到 2 道" in piece


def test_the_sum_of_a_look_holds_however_many_are_left_out(teacher):
    text = "\n".join(f"{n}. 第{n}个没有答案？\nA. 一\nB. 二" for n in range(1, 251))
    page = words(teacher.send(f"{teacher.at}/preview", 200, text=text))
    assert "数出来 250 道题 ＝ 读到 0 道 ＋ 漏下 250 道" in page and "只列出前 200 道" in page


def test_what_is_said_of_many_lines_stands_once_with_all_of_them(teacher):
    text = "第 1 页 共 3 页\n1. 甲。（√）\n第 2 页 共 3 页\n2. 乙。（×）\n第 3 页 共 3 页\n3. 丙有几个？\n答案：1/2\n"
    page = words(teacher.send(f"{teacher.at}/preview", 200, text=text))
    assert "第 1、3、5 行" in page and page.count("页眉页脚") == 4 and "请核对 5 处" in page, "once in the list, thrice in the text"
    page = brought(teacher, text)
    assert page.count("页眉页脚") == 1 and "第 1、3、5 行" in page, "in the report that stays as well"


def test_a_long_paste_is_looked_at_and_brought_in_and_a_longer_one_stands_in_its_box_again(teacher):
    text = PAPER + f"解析：{'这一段很长。' * 1000}\n" + "\n".join("说明。" * 1000 for _n in range(60))
    page = teacher.send(f"{teacher.at}/preview", 200, multipart=True, text=text).get_data(as_text=True)
    assert len(text.encode()) > 500_000 and "读到 2 道" in page and 'enctype="multipart/form-data" class="stack"' in page
    teacher.send(f"{teacher.at}/import", 303, multipart=True, text=text, mode="add")
    page = teacher.send(f"{teacher.at}/preview", 422, multipart=True, text="很长\n" * 340_000).get_data(as_text=True)
    assert "一次最多 100 万个字" in page and page.count("很长") > 339_000
    assert "分成几次" in teacher.send(f"{teacher.at}/preview", 413, multipart=True, text="长" * 1_500_000).get_data(as_text=True)


def test_what_was_pasted_is_there_and_its_report_stays(teacher):
    page = brought(teacher, PAPER)
    assert listed(page) == ["哪根轴和主轴平行？", "停稳后才能测量。"]
    again = teacher.see(teacher.at)
    assert "上次导入的报告" in again and "漏下 1 道" in again and "没有找到答案" in again


def test_a_file_brings_in_so_many_pictures_and_takes_so_many_along(teacher, monkeypatch):
    monkeypatch.setattr(question_pages, "MOST_PICTURES", 1)
    drawn = io.BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    here = f'<file name="a.png" path="/" encoding="base64">{base64.b64encode(drawn.getvalue()).decode()}</file>'
    asks = "".join(
        f'<question type="truefalse"><name><text>q{n}</text></name><questiontext format="html"><text><![CDATA[<p>看图{n}<img '
        f'src="@@PLUGINFILE@@/a.png" alt="图"></p>]]></text>{here}</questiontext><answer fraction="100"><text>true</text></answer>'
        f'<answer fraction="0"><text>false</text></answer></question>' for n in (1, 2))
    page = teacher.send(f"{teacher.at}/preview", 200, multipart=True, file=(io.BytesIO(f"<quiz>{asks}</quiz>".encode()), "q.xml")).get_data(as_text=True)
    teacher.send(f"{teacher.at}/import", 303, text="", mode="add", ticket=re.search(r'name="ticket" value="(\w+)"', page)[1])
    assert len(re.findall(r"<img [^>]*/media/files/", teacher.see(teacher.at))) == 1
    assert b"PLUGINFILE" in teacher.get(f"{teacher.at}/export?as=moodle").data
    monkeypatch.setattr(question_pages, "MOST_PICTURE_BYTES", 10)
    assert b"PLUGINFILE" not in teacher.get(f"{teacher.at}/export?as=moodle").data


def test_bringing_in_twice_makes_no_twins_and_replacing_replaces(teacher):
    brought(teacher, PAPER)
    assert len(listed(brought(teacher, PAPER.replace("。", " 。")))) == 2
    assert listed(brought(teacher, "1. 只有这道。（×）", mode="replace")) == ["只有这道。"]


def test_the_same_question_with_another_key_is_shown_and_not_doubled(teacher):
    brought(teacher, PAPER)
    page = teacher.send(f"{teacher.at}/preview", 200, text=PAPER.replace("答案：B", "答案：A")).get_data(as_text=True)
    assert "这里的答案：Z轴" in page and "文件里的答案：X轴" in page
    assert len(listed(brought(teacher, PAPER.replace("答案：B", "答案：A")))) == 2


def test_a_file_waits_for_its_sender_between_the_look_and_the_import(teacher):
    answer = teacher.client.post(f"{teacher.at}/preview", data={
        "csrf_token": teacher.token, "text": "", "file": (io.BytesIO(write_template()), "题.xlsx")}, content_type="multipart/form-data")
    page = answer.get_data(as_text=True)
    ticket = re.search(r'name="ticket" value="([0-9a-f]{32})"', page)[1]
    teacher.send(f"{teacher.at}/import", 303, ticket=ticket, name="题.xlsx", text="")
    assert len(listed(teacher.see(teacher.at))) == 8
    teacher.send(f"{teacher.at}/import", 422, ticket=ticket, text="")
    teacher.send(f"{teacher.at}/import", 422, ticket="../../etc/passwd", text="")


@pytest.mark.parametrize(("typed", "kind", "shown"), [
    ({"kind": "single", "options": "停机\n*测量"}, "single", "测量"), ({"kind": "multiple", "options": "* A. 甲\n*乙\n丙"}, "multiple", "甲"),
    ({"kind": "truefalse", "answer": "错"}, "truefalse", "错"), ({"kind": "fillin", "stem": "G00 是____。", "answer": "快移/快速定位"}, "fillin", "快移"),
    ({"kind": "numeric", "answer": "3.14±0.01"}, "numeric", "3.14±0.01"), ({"kind": "matching", "options": "红 -> 停\n绿 → 行"}, "matching", "停"),
    ({"kind": "ordering", "options": "停电\n验电\n挂线"}, "ordering", "验电"), ({"kind": "short", "answer": "会卷入。\n很危险。"}, "short", "会卷入。"),
])
def test_a_question_of_every_kind_is_written_and_changed(teacher, typed, kind, shown):
    typed = {"stem": "先做什么？", **typed}
    teacher.send(teacher.at, 303, **typed)
    page = teacher.see(teacher.at)
    assert len(listed(page)) == 1 and shown in page
    name = re.search(r'data-id="([^"]+)"', page)[1]
    form = teacher.see(f"{teacher.at}?edit={name}")
    assert re.search(rf'<option value="{kind}" selected', form)
    version = re.search(r'id="write-form".*?name="version" value="(\d+)"', form, re.S)[1]
    teacher.send(teacher.at, 303, id=name, version=version, explanation="因为如此", **typed)
    assert "因为如此" in teacher.see(teacher.at) and len(listed(teacher.see(teacher.at))) == 1


ODD_WORDS = ["√ 表示合格", "*号键", "A. 相断电", "\\反斜杠", "＊＊", "停机"]


@pytest.mark.parametrize("kind", ["single", "multiple", "ordering"])
@pytest.mark.parametrize("first", range(6))
def test_an_option_that_begins_like_a_mark_is_held_by_the_form(kind, first):
    words = ODD_WORDS[first:] + ODD_WORDS[:first]
    worth = {"single": [1000, 0, 0, 0, 0, 0], "multiple": [500, 500, -1000, -1000, -1000, -1000], "ordering": [0] * 6}[kind]
    question = quizzes.Question("a", kind, "哪个？", tuple(Option(w, p) for w, p in zip(words, worth, strict=True)))
    values = question_form.values_of(question)
    assert not values["is_odd"] and question_form.question_from(values).options == question.options


def test_a_backslash_makes_a_tick_part_of_an_option():
    typed = {"kind": "single", "stem": "合格怎么记？", "options": "\\√\n*\\*\n× A"}
    made = question_form.question_from(typed)
    assert [(o.text, o.permille) for o in made.options] == [("√", 0), ("*", 1000), ("× A", 0)]


@pytest.mark.parametrize("question", [
    quizzes.Question("a", "matching", "连一连。", (Option("1. 红", match="停"), Option("2. 绿", match="行"))),
    quizzes.Question("a", "single", "哪个？", (Option("停\n机", 1000), Option("测量"))),
])
def test_what_the_form_would_change_is_sent_to_the_text_instead(question):
    assert question_form.values_of(question)["is_odd"]


def test_a_form_that_cannot_be_saved_keeps_what_was_typed_and_says_why(teacher):
    page = teacher.send(teacher.at, 422, kind="single", stem="哪个？", options="甲\n乙").get_data(as_text=True)
    assert "对的选项前面加 *" in page and "甲\n乙</textarea>" in page
    teacher.send(teacher.at, 422, kind="rhyme", stem="哪个？")
    teacher.send(teacher.at, 422, kind="numeric", stem="多少？", answer="很多")


def test_what_the_form_does_not_show_survives_a_change(teacher):
    gift = "::a::哪个？{\n=对#好\n~%50%半对\n~错\n}\n"
    page = brought(teacher, gift)
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    teacher.send(teacher.at, 303, id="a", version=version, kind="single", stem="哪一个？", options="*对\n半对\n错")
    told = quizzes.read_gift(teacher.get(f"{teacher.at}/export?as=gift").get_data(as_text=True)).questions[0]
    assert [(o.permille, o.feedback) for o in told.options] == [(1000, "好"), (500, ""), (0, "")] and told.stem == "哪一个？"


def test_a_choice_that_ticking_everything_wins_is_marked_and_mended_by_saving_it(teacher):
    form = "// guanxue: free\n::a::哪些要戴手套？{\n~%50%搬料\n~%50%装夹\n~磨刀\n}\n"
    page = brought(teacher, form)
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    assert "全部勾上也能得一半以上的分" in page
    teacher.send(teacher.at, 303, id="a", version=version, kind="multiple", stem="哪些要戴手套？", options="*搬料\n*装夹\n磨刀")
    assert "全部勾上也能得一半以上的分" not in teacher.see(teacher.at)


def test_an_older_version_overwrites_nothing(teacher):
    page = brought(teacher, PAPER)
    name, version = re.search(r'data-id="([^"]+)"', page)[1], re.search(r'name="version" value="(\d+)"', page)[1]
    teacher.send(f"{teacher.at}/arrange", 303, id=name, way="down", version=version)
    page = teacher.send(teacher.at, 409, id=name, version=version, kind="truefalse", stem="我改的", answer="对").get_data(as_text=True)
    assert "我改的" in page and "我改的" not in teacher.see(teacher.at)


def test_questions_move_and_go_but_the_last_one_stays(teacher):
    page = brought(teacher, PAPER)
    first, second = re.findall(r'data-id="([^"]+)"', page)
    teacher.send(f"{teacher.at}/arrange", 303, id=first, way="down")
    assert re.findall(r'data-id="([^"]+)"', teacher.see(teacher.at)) == [second, first]
    teacher.send(f"{teacher.at}/arrange", 303, id=first, way="remove")
    teacher.send(f"{teacher.at}/arrange", 422, id=second, way="remove")
    teacher.send(f"{teacher.at}/arrange", 404, id="nobody", way="up")
    teacher.send(f"{teacher.at}/arrange", 422, id=second, way="sideways")


@pytest.mark.parametrize("form", quizzes.FORMS)
def test_every_form_goes_out_and_what_it_cannot_say_stands_beside(teacher, form):
    page = brought(teacher, PAPER)
    assert f"as={form}" in page and "Aiken 只有单选题" in page
    answer = teacher.get(f"{teacher.at}/export?as={form}")
    assert "attachment" in answer.headers["Content-Disposition"] and answer.get_data()
    teacher.get(f"{teacher.at}/export?as=pdf", 404)


def test_strangers_see_nothing_of_it(bare_app, teacher):
    with bare_app.test_request_context(), writing():
        make_person("13800000003", "李四", "instructor")
    stranger = Browser(bare_app, "13800000003")
    stranger.get(teacher.at, 404)
    stranger.send(f"{teacher.at}/import", 404, text=PAPER)
