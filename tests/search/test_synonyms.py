"""The shipped table of what the shop floor calls things."""

from __future__ import annotations

import csv

import pytest

from guanxue.config import ROOT
from guanxue.search import analysis

TABLE = ROOT / "courses/synonyms.csv"


def rows() -> list[dict]:
    with TABLE.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_the_table_is_large_and_every_row_says_something():
    assert len(rows()) >= 150
    for row in rows():
        assert set(row) == {"words", "near"}
        assert len(row["words"].split(";")) >= 2 or row["near"], row


def test_no_word_stands_twice_in_a_row_and_none_is_empty():
    for row in rows():
        words = row["words"].split(";")
        assert len(set(words)) == len(words), row
        assert all(word == word.strip() and word for word in words), row


def test_same_words_find_each_other_and_near_ones_only_one_way(tmp_path):
    table = tmp_path / "synonyms.csv"
    table.write_text("words,near\n月嫂; 母婴护理,育婴\nＣＮＣ;数控,\n", "utf-8")
    synonyms = analysis.read_synonyms(table)
    assert synonyms.same == {"月嫂": ("母婴护理",), "母婴护理": ("月嫂",), "cnc": ("数控",), "数控": ("cnc",)}
    assert synonyms.near == {"月嫂": ("育婴",), "母婴护理": ("育婴",)}


def test_a_site_without_a_table_has_no_synonyms(tmp_path):
    assert analysis.read_synonyms(tmp_path / "none.csv").words() == []


def test_what_a_trade_says_finds_the_word_of_the_texts_and_not_the_other_way_round(tmp_path):
    page = tmp_path / "08-words.md"
    page.write_text("# 词语和依据\n\n## 词语\n\n- **验电器**（也叫：电笔、测电笔、笔）：查有没有电。\n- **接地线**：保命的线。\n\n## 依据\n\n- 先验电。——GB 26860\n", "utf-8")
    synonyms = analysis.read_synonyms(tmp_path / "none.csv", [page])
    assert synonyms.same == {"电笔": ("验电器",), "测电笔": ("验电器",)}  # one character alone means too much


@pytest.mark.parametrize(("said", "meant"), [
    ("cnc", "数控"), ("电脑锣", "加工中心"), ("啤机", "注塑"), ("行车", "起重机"), ("家私", "家具"), ("打版", "制版"), ("3D打印", "增材"),
    ("六s", "现场管理"), ("first aid", "急"), ("讨薪", "拖欠工资"), ("machining center", "加工中心"), ("白话", "粤语"),
])
def test_what_the_shop_floor_says_finds_the_course(asker, said, meant):
    assert meant in asker.ask(said, None).hits[0].title
