"""Layouts of slides: what they may hold, and that something is drawn."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from guanxue.media import layouts, slides
from guanxue.media.layouts import BadLayout, read_layout

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 300"><rect x="50" y="50" width="300" height="200" fill="#8FA8B8"/></svg>'
GOOD = {
    "steps": "steps\n断开断路器\n拉开隔离开关\n等电容放完电",
    "process": "process\n来料 | 看外观\n贴片\n回流焊 | 240 ℃",
    "compare": "compare\n对 | 错\n先接接地端 | 先接导体端",
    "table": "table\n规格 | 扭矩\nM6 | 12 N·m\nM8 | 25 N·m",
    "warning": "warning\n带电不挂接地线\n先验电，再接地",
    "number": "number\n30 mA\n漏电保护器的动作电流",
    "part": f"part\n{PICTURE}\n外壳 | 100 100\n底座 | 200 240",
}


def face(drawing: str) -> slides.SlideFace:
    return slides.SlideFace("低压电工", "停电验电", "检修先停电，顺序不能颠倒", "safety", 1, 5, slides.LABEL, drawing)


@pytest.mark.parametrize("name", layouts.LAYOUTS)
def test_each_is_read_and_drawn_within_its_field(name, tmp_path):
    assert read_layout(GOOD[name]).name == name
    slides.draw_slide(face(GOOD[name]), tmp_path / "drawn.png")
    slides.draw_slide(face("number\n1\n空"), tmp_path / "other.png")
    with Image.open(tmp_path / "drawn.png") as drawn, Image.open(tmp_path / "other.png") as other:
        assert drawn.size == (slides.WIDTH, slides.HEIGHT)
        changed = ImageChops.difference(drawn, other).getbbox()
    if name != "number":
        assert changed is not None
    assert changed is None or (changed[0] >= 72 and changed[1] >= 262 and changed[2] <= 1101 and changed[3] <= 621), changed


@pytest.mark.parametrize(("block", "says"), [
    ("spiral\na\nb", "spiral"), ("steps\n只有一步", "2 到 5"), ("steps\n" + "\n".join("一二三四五六"), "2 到 5"),
    ("steps\n这一步的名字写得实在是太长了\n第二步", "10"), ("compare\n对 | 错\n先接接地端", "格数"), ("table\n甲 | 乙\n丙 | 丁\n戊", "格数"),
    ("number\n30 mA", "2 到 2"), ("part\n外壳 | 1 1\n底座 | 2 2", "图形"), (f"part\n{PICTURE}\n外壳 | 500 20\n底座 | 1 1", "x y"),
    (f"part\n{PICTURE.replace('rect', 'image')}\n外壳 | 1 1\n底座 | 2 2", "image"),
    (f"part\n{PICTURE.replace('fill=', 'onload=')}\n外壳 | 1 1\n底座 | 2 2", "onload"),
    (f"part\n{PICTURE.replace('400 300', '40 30')}\n外壳 | 1 1\n底座 | 2 2", "viewBox"),
    ("part\n<!DOCTYPE x [<!ENTITY a 'b'>]><svg/></svg>\n外壳 | 1 1\n底座 | 2 2", "图形"), ("warning\n" + "长" * 11, "10")])
def test_what_cannot_be_drawn_is_refused_with_a_sentence(block, says):
    with pytest.raises(BadLayout) as refused:
        read_layout(block)
    assert says in str(refused.value.args[0])
