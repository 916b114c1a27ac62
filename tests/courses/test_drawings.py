"""Slides whose text says how they are drawn, and courses that wait for a person of the trade."""

from __future__ import annotations

import pytest
from tests.courses.test_commands import FACTS, write_course
from tests.factories import GIFT

from guanxue import courses, media
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.courses import rules
from guanxue.courses.errors import BadFolder
from guanxue.courses.models import Course, Lesson
from guanxue.media.models import Asset

SVG = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"\n  viewBox="0 0 400 300">\n\n<circle cx="200" cy="150" r="90"/>\n</svg>\n'
BODY = """## 先停机

```steps
按下急停
等它停稳
```

机器转着不能伸手。停稳了再说。

## 验电笔有三处

```part pen
笔尖 | 120 90
握手处 | 200 200
```

手不要碰到金属的地方。

```
这不是版式，
```

照样念。
"""


def write(folder, facts: str = "", body: str = BODY):
    write_course(folder, FACTS + facts, f"# 先停机\n\n{body}", GIFT)
    (folder / "drawings").mkdir()
    (folder / "drawings" / "pen.svg").write_text(SVG)
    return folder


def bring(path) -> Course:
    with writing():
        courses.import_folder(SYSTEM, path)
    return session.query(Course).filter_by(slug="safe-work").one()


def test_a_drawing_is_shown_and_never_spoken():
    slides = rules.slides_of(BODY)
    assert [s.headline for s in slides] == ["先停机", "验电笔有三处"]
    assert slides[0].drawing == "steps\n按下急停\n等它停稳" and slides[0].sentences == ["机器转着不能伸手。", "停稳了再说。"]
    assert "急停" not in rules.spoken_text(BODY) and "这不是版式" in rules.spoken_text(BODY)


def test_a_part_comes_in_with_its_drawing_and_the_film_is_made_from_it(bare_app, tmp_path):
    with bare_app.test_request_context():
        course = bring(write(tmp_path / "c"))
        lesson = session.query(Lesson).filter_by(course_id=course.id, kind="video").one()
        assert "```part\n<svg" in lesson.body and "笔尖 | 120 90" in lesson.body
        spec = media.NarrationSpec.from_document(session.get(Asset, lesson.asset_id).source["spec"])
        assert [media.read_layout(s.drawing).name for s in spec.slides] == ["steps", "part"]
        courses.export_folder("safe-work", tmp_path / "out")
        again = courses.read_folder(tmp_path / "out")
        assert again.faults == [] and again.lessons[0].body == lesson.body


@pytest.mark.parametrize(("body", "says"), [
    (BODY.replace("按下急停", "按下那个红色的蘑菇头急停按钮"), "先停机"), (BODY.replace("part pen", "part pencil"), "pencil"),
    (BODY.replace("120 90", "420 90"), "验电笔有三处")])
def test_what_cannot_be_drawn_keeps_the_folder_out(bare_app, tmp_path, body, says):
    with bare_app.test_request_context(), pytest.raises(BadFolder) as refused:
        bring(write(tmp_path / "c", body=body))
    assert says in "".join(f"{x['field']} {x['message']}" for x in refused.value.fields)


def test_a_draft_whose_slide_cannot_be_drawn_is_not_published(app):
    course = courses.create_course(SYSTEM, title="画图", kind="skills-upgrading", slug="drawn", summary="")
    courses.add_lesson(SYSTEM, course, title="一", kind="video", body="## 步骤\n\n```steps\n只有一步\n```\n\n说一句。")
    courses.add_lesson(SYSTEM, course, title="考核", kind="quiz", body=GIFT)
    assert any("步骤" in str(x["message"]) for x in courses.list_missing(course))


@pytest.mark.parametrize(("told", "shown"), [
    ("", None), ("expert_review: awaited\n", "待专业人员审读"),
    ("expert_review: {by: 陈师傅, role: 电工技师, day: 2026-11-30}\n", "陈师傅（电工技师）审读过，2026-11-30 签字")])
def test_readers_see_whether_a_person_of_the_trade_has_signed(any_app, tmp_path, told, shown):
    with any_app.test_request_context():
        bring(write(tmp_path / "c", told))
        courses.export_folder("safe-work", tmp_path / "out")
        assert courses.read_folder(tmp_path / "out").expert_review == courses.read_folder(tmp_path / "c").expert_review
    client = any_app.test_client()
    page = client.get("/courses/safe-work").get_data(as_text=True)
    assert (shown in page) if shown else "审读" not in page


@pytest.mark.parametrize("told", ["expert_review: yes\n", "expert_review: {by: 陈师傅}\n", "expert_review: {by: 陈, role: 电工, day: 昨天}\n"])
def test_a_signature_without_name_trade_and_day_is_none(bare_app, tmp_path, told):
    with bare_app.test_request_context(), pytest.raises(BadFolder):
        bring(write(tmp_path / "c", told))
