"""How words are read: as pypinyin reads them, of which every process would have to hold 55 MB."""

from __future__ import annotations

import csv

from pypinyin import Style, lazy_pinyin

from guanxue.media.narration import READINGS
from guanxue.search import analysis


def test_words_of_the_catalogue_are_read_as_pypinyin_reads_them(shipped):
    with READINGS.open(encoding="utf-8", newline="") as file:
        spoken = [row["words"] for row in csv.DictReader(file)]  # the voice teaches pypinyin these, where it spoke before
    words = {word for d in shipped for text in (d.title, *d.keywords, d.body) for word in analysis.by_dictionary().words_of(text)
             if not any(x in word for x in spoken)}
    said = {word: lazy_pinyin(word, style=Style.NORMAL, errors="default") for word in words}
    otherwise = {word: analysis.syllables(word) for word, how in said.items() if list(analysis.syllables(word)) != how}
    assert len(words) > 5000 and len(otherwise) <= len(words) / 1000, otherwise  # 生长发育 has 长发 in it


def test_ideographs_are_read_as_the_word_has_them_and_other_letters_stay():
    assert [analysis.pinyin_of(word) for word in ("银行", "行走", "重庆", "绿色", "3d打印", "plc")] == \
        ["yinhang", "xingzou", "chongqing", "lvse", "3ddayin", "plc"]
    assert analysis.initials_of("银行") == "yh"


def test_those_who_ask_cut_titles_as_those_who_wrote_them(asker, shipped):
    written, asked = analysis.by_dictionary(), asker.reader.splitter
    otherwise = [d.title for d in shipped if written.words_of(d.title) != asked.words_of(d.title)]
    assert len(otherwise) <= len(shipped) * 0.03, otherwise
